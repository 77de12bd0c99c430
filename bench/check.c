/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle's half of the comparison with OkHttp's CertificatePinner.check(): from the host as text to
 * the verdict, over the same certificates and hosts. OkHttpCheck.java is the other half; bench/run
 * runs them in turn and divides.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 9
#define CALLS 20000
#define HOSTS 1024

static char hosts[HOSTS][32];

static double time_checks(struct pintle *engine, const struct bench_chain *chain)
{
    struct pintle_host host;
    struct pintle_peer peer = {.host = &host,
                               .port = 443,
                               .path = PINTLE_PATH_VALID,
                               .chain = pintle_chain_from_views(chain->der, BENCH_CHAIN_COUNT)};
    struct pintle_verdict verdict;
    struct pintle_error err;
    double start = bench_now();

    for (size_t i = 0; i < CALLS; i++) {
        const char *text = hosts[i % HOSTS];
        bench_must(pintle_host_parse(&host, text, strlen(text), &err), text, &err);
        pintle_decide(&verdict, engine, &peer);
        if (verdict.decision != PINTLE_ACCEPT)
            bench_die("%s: %s", text, pintle_reason_name(verdict.reason));
    }
    return (bench_now() - start) / CALLS;
}

static void run(size_t count, const struct bench_chain *chain, size_t pinned, const char *name)
{
    struct pintle *engine = bench_engine(count, &chain->pin[pinned], "enforce", 0);
    double rounds[ROUNDS];

    for (size_t i = 0; i < HOSTS; i++)
        snprintf(hosts[i], sizeof(hosts[i]), BENCH_HOST_FORMAT, bench_random(count / 2) * 2);
    time_checks(engine, chain);
    for (size_t i = 0; i < ROUNDS; i++)
        rounds[i] = time_checks(engine, chain);
    printf("%zu %s %.1f\n", count, name, bench_median(rounds, ROUNDS));
    pintle_free(engine);
}

int main(int argc, char **argv)
{
    static const size_t counts[] = {10, 1000, 100000};
    static struct bench_chain chain;

    if (argc != 2)
        bench_die("usage: bench_check DIR");
    bench_chain_load(&chain, argv[1]);
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        run(counts[i], &chain, 0, "leaf");
        run(counts[i], &chain, 2, "root");
    }
    return 0;
}
