/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a decision costs beside the hashing it cannot do without: pintle_decide() on the DER of a
 * chain of three, host lookup included, against hashing the same SubjectPublicKeyInfos through the
 * same provider.
 */
#include "bench.h"
#include "count.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <pintle/openssl.h>

#define ROUNDS 31
#define CALLS 20000

static struct bench_chain chain;

/* What one case decides, and how many certificates it must hash. */
struct decision_case {
    const char *name;
    struct pintle *engine;
    struct pintle_peer peer;
    size_t hashed;
    enum pintle_reason reason;
    double target;
};

static double time_decide(const struct decision_case *c)
{
    struct pintle_verdict verdict;
    double start = bench_now();

    for (int i = 0; i < CALLS; i++) {
        pintle_decide(&verdict, c->engine, &c->peer);
        bench_keep(&verdict);
    }
    return (bench_now() - start) / CALLS;
}

static double time_provider(size_t count)
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();
    uint8_t digest[PINTLE_DIGEST_LEN];
    double start = bench_now();

    for (int i = 0; i < CALLS; i++) {
        for (size_t k = 0; k < count; k++) {
            if (!crypto->sha256(crypto->ctx, chain.spki[k].data, chain.spki[k].len, digest))
                bench_die("cannot hash");
            bench_keep(digest);
        }
    }
    return (bench_now() - start) / CALLS;
}

/* The quickest documented way without deprecated calls: a fetched digest and a reused context. */
static double time_evp(size_t count)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t digest[PINTLE_DIGEST_LEN];
    double start = bench_now();

    for (int i = 0; i < CALLS; i++) {
        for (size_t k = 0; k < count; k++) {
            if (EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
                EVP_DigestUpdate(ctx, chain.spki[k].data, chain.spki[k].len) != 1 ||
                EVP_DigestFinal_ex(ctx, digest, NULL) != 1)
                bench_die("cannot hash");
            bench_keep(digest);
        }
    }
    start = (bench_now() - start) / CALLS;
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    return start;
}

static double time_one_shot(size_t count)
{
    uint8_t digest[PINTLE_DIGEST_LEN];
    double start = bench_now();

    for (int i = 0; i < CALLS; i++) {
        for (size_t k = 0; k < count; k++)
            bench_keep(SHA256(chain.spki[k].data, chain.spki[k].len, digest));
    }
    return (bench_now() - start) / CALLS;
}

static void check(const struct decision_case *c)
{
    struct pintle_verdict verdict;

    pintle_decide(&verdict, c->engine, &c->peer);
    if (verdict.decision != PINTLE_ACCEPT || verdict.reason != c->reason)
        bench_die("%s: decided %s", c->name, pintle_reason_name(verdict.reason));
}

static void run_case(const struct decision_case *c)
{
    struct bench_samples ratio = {.count = 0};
    struct bench_samples decide = {.count = 0};
    char name[96];

    check(c);
    time_decide(c);
    time_provider(c->hashed);
    for (int round = 0; round < ROUNDS; round++) {
        double ours = time_decide(c);
        bench_add(&decide, ours);
        bench_add(&ratio, ours / time_provider(c->hashed));
    }
    snprintf(name, sizeof(name), "%s / hashing", c->name);
    bench_row(name, &ratio, "x", c->target, "pintle_decide over the provider's sha256, both in ns");
    bench_row(c->name, &decide, "ns", BENCH_INFO, "one decision, host lookup included");
}

static void run_hashing(void)
{
    struct bench_samples provider = {.count = 0};
    struct bench_samples evp = {.count = 0};
    struct bench_samples one_shot = {.count = 0};

    for (int round = 0; round < ROUNDS; round++) {
        bench_add(&provider, time_provider(BENCH_CHAIN_COUNT));
        bench_add(&evp, time_evp(BENCH_CHAIN_COUNT));
        bench_add(&one_shot, time_one_shot(BENCH_CHAIN_COUNT));
    }
    bench_row("three SPKIs, pintle's provider", &provider, "ns", BENCH_INFO, "the denominator");
    bench_row("three SPKIs, EVP, reused context", &evp, "ns", BENCH_INFO,
              "fetched digest, EVP_DigestInit_ex2");
    bench_row("three SPKIs, SHA256()", &one_shot, "ns", BENCH_INFO, "implicit fetch each time");
}

static void ignore_report(void *ctx, const struct pintle_report *report)
{
    (void)ctx;
    bench_keep(report);
}

/* A softened mismatch that is queued each time, and what taking the reports costs. */
static void run_reports(const struct decision_case *c)
{
    struct bench_samples queued = {.count = 0};
    struct bench_samples taken = {.count = 0};
    struct pintle_verdict verdict;

    for (int round = 0; round < ROUNDS; round++) {
        double decide = 0;
        double take = 0;
        for (int batch = 0; batch < CALLS / PINTLE_REPORT_QUEUE; batch++) {
            double start = bench_now();
            double middle;
            for (int i = 0; i < PINTLE_REPORT_QUEUE; i++)
                pintle_decide(&verdict, c->engine, &c->peer);
            middle = bench_now();
            if (pintle_take_reports(c->engine, ignore_report, NULL) != PINTLE_REPORT_QUEUE)
                bench_die("a report was lost");
            decide += middle - start;
            take += bench_now() - middle;
        }
        bench_add(&queued, decide / (CALLS / PINTLE_REPORT_QUEUE * PINTLE_REPORT_QUEUE));
        bench_add(&taken, take / (CALLS / PINTLE_REPORT_QUEUE * PINTLE_REPORT_QUEUE));
    }
    bench_row("mismatch, every one reported", &queued, "ns", BENCH_INFO,
              "no rate limit: decision and a place in the queue");
    bench_row("taking a report", &taken, "ns", BENCH_INFO, "on the reporter's thread");
}

static void run_allocations(const struct decision_case *cases, size_t count)
{
    struct bench_samples ours = {.count = 0};
    struct bench_samples theirs = {.count = 0};
    size_t ours_before = count_pintle;
    size_t theirs_before = count_openssl;
    double decisions = (double)(count * CALLS);

    for (size_t i = 0; i < count; i++)
        time_decide(&cases[i]);
    bench_add(&ours, (double)(count_pintle - ours_before) / decisions);
    bench_add(&theirs, (double)(count_openssl - theirs_before) / decisions);
    bench_row("allocations in a decision", &ours, "", 0, "malloc, calloc and realloc of pintle");
    bench_row("allocations of EVP in a decision", &theirs, "", BENCH_INFO,
              "OpenSSL 3.0 makes a context anew for every EVP_DigestInit_ex2");
}

int main(int argc, char **argv)
{
    struct pintle_host host = bench_host("host000002.example.test");
    struct pintle_pin other = {{0}};
    struct pintle_peer peer = {.host = &host, .port = 443, .path = PINTLE_PATH_VALID};

    if (argc != 2)
        bench_die("usage: bench_decision DIR");
    if (!count_begin())
        bench_die("cannot count OpenSSL's allocations");
    bench_chain_load(&chain, argv[1]);
    peer.chain = pintle_chain_from_views(chain.der, BENCH_CHAIN_COUNT);
    struct decision_case cases[] = {
        {"root pin", bench_engine(10, &chain.pin[2], "enforce", 0), peer, 3, PINTLE_REASON_MATCH,
         1.3},
        {"root pin, 100 000 rules", bench_engine(100000, &chain.pin[2], "enforce", 0), peer, 3,
         PINTLE_REASON_MATCH, 1.3},
        {"mismatch, report mode", bench_engine(10, &other, "report", INT64_MAX), peer, 3,
         PINTLE_REASON_MISMATCH, BENCH_INFO},
        {"leaf pin", bench_engine(10, &chain.pin[0], "enforce", 0), peer, 1, PINTLE_REASON_MATCH,
         BENCH_INFO},
    };
    struct decision_case reported = {
        "reported", bench_engine(10, &other, "report", -1), peer, 3, PINTLE_REASON_MISMATCH,
        BENCH_INFO};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        run_case(&cases[i]);
    run_hashing();
    run_reports(&reported);
    run_allocations(cases, sizeof(cases) / sizeof(*cases));
    return 0;
}
