/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl with pintle's guard beside libcurl with its own CURLOPT_PINNEDPUBLICKEY and with no pin,
 * in one process: a fresh connection and a full handshake for every transfer, in changing order,
 * from an nginx on loopback that bench/run starts.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <pintle/curl.h>

#define ROUNDS 9
#define TRANSFERS 200
#define HOST "host000002.example.test"

enum side {
    GUARDED,
    CURL_PIN,
    NO_PIN,
    SIDES
};

struct target {
    char ca[1024];
    char url[64];
    struct curl_slist *resolve;
    char pin[PINTLE_PIN_TEXT_SIZE + 1];
};

static size_t discard(char *data, size_t size, size_t count, void *ctx)
{
    (void)data;
    (void)ctx;
    return size * count;
}

static void set(CURLcode code)
{
    if (code != CURLE_OK)
        bench_die("curl_easy_setopt: %s", curl_easy_strerror(code));
}

static CURL *make_easy(const struct target *target)
{
    CURL *easy = curl_easy_init();

    if (easy == NULL)
        bench_die("curl_easy_init");
    set(curl_easy_setopt(easy, CURLOPT_URL, target->url));
    set(curl_easy_setopt(easy, CURLOPT_RESOLVE, target->resolve));
    set(curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca));
    set(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard));
    set(curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L));
    set(curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L));
    set(curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L));
    return easy;
}

static double transfer(CURL *easy)
{
    double start = bench_now();
    CURLcode code = curl_easy_perform(easy);

    if (code != CURLE_OK)
        bench_die("transfer: %s", curl_easy_strerror(code));
    return bench_now() - start;
}

static void run(CURL *const easy[SIDES], double *pinned, double *none, double *cpu_us)
{
    static double t[SIDES][TRANSFERS];
    double median[SIDES];

    for (size_t i = 0; i < TRANSFERS; i++) {
        for (size_t k = 0; k < SIDES; k++) {
            size_t side = i % 2 == 0 ? (i + k) % SIDES : (i + SIDES - k) % SIDES;
            t[side][i] = transfer(easy[side]);
        }
    }
    for (size_t side = 0; side < SIDES; side++)
        median[side] = bench_median(t[side], TRANSFERS);
    *pinned = median[GUARDED] / median[CURL_PIN];
    *none = median[GUARDED] / median[NO_PIN];
    *cpu_us = median[GUARDED] / 1000;
}

static void measure(CURL *const easy[SIDES])
{
    struct bench_samples pinned = {.count = 0};
    struct bench_samples none = {.count = 0};
    struct bench_samples cpu = {.count = 0};

    for (int round = -1; round < ROUNDS; round++) {
        double a;
        double b;
        double c;
        run(easy, &a, &b, &c);
        if (round < 0)
            continue; /* warm-up */
        bench_add(&pinned, a);
        bench_add(&none, b);
        bench_add(&cpu, c);
    }
    bench_row("libcurl guarded / CURLOPT_PINNEDPUBLICKEY", &pinned, "x", 1.05,
              "one process, 200 fresh connections a round, CPU medians");
    bench_row("libcurl guarded / no pin", &none, "x", BENCH_INFO, "the same");
    bench_row("libcurl guarded, one transfer", &cpu, "us", BENCH_INFO,
              "CPU, system calls included");
}

int main(int argc, char **argv)
{
    static struct bench_chain chain;
    struct target target = {.resolve = NULL};
    struct pintle_error err;
    struct pintle_curl *guard = NULL;
    struct pintle *engine = NULL;
    CURL *easy[SIDES];
    char resolve[96];
    char pin[PINTLE_PIN_TEXT_SIZE];

    if (argc != 3 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        bench_die("usage: bench_transfer DIR PORT");
    bench_chain_load(&chain, argv[1]);
    snprintf(target.ca, sizeof(target.ca), "%s/root.pem", argv[1]);
    snprintf(target.url, sizeof(target.url), "https://" HOST ":%s/", argv[2]);
    snprintf(resolve, sizeof(resolve), HOST ":%s:127.0.0.1", argv[2]);
    target.resolve = curl_slist_append(NULL, resolve);
    /* curl writes sha256// where everybody else writes sha256/. */
    snprintf(target.pin, sizeof(target.pin), "sha256/%s",
             pintle_pin_format(&chain.pin[0], pin) + sizeof("sha256") - 1);
    for (size_t i = 0; i < SIDES; i++)
        easy[i] = make_easy(&target);
    set(curl_easy_setopt(easy[CURL_PIN], CURLOPT_PINNEDPUBLICKEY, target.pin));
    engine = bench_engine(10, &chain.pin[0], "enforce", 0);
    bench_must(pintle_curl_attach(&guard, easy[GUARDED], engine, NULL, &err), "attach", &err);
    measure(easy);
    for (size_t i = 0; i < SIDES; i++)
        curl_easy_cleanup(easy[i]);
    pintle_curl_free(guard);
    pintle_free(engine);
    curl_slist_free_all(target.resolve);
    curl_global_cleanup();
    return 0;
}
