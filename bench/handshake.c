/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guarding adds to a handshake: the client's calls only, from SSL_new() to SSL_free(), over
 * memory BIOs. Each round makes a guarded, an unguarded and a second unguarded connection in
 * changing order; the medians of the differences are far steadier than the times themselves. The
 * second unguarded one shows what the method takes for a difference where there is none.
 */
#include "bench.h"
#include "pipe.h"

#include <stdio.h>
#include <stdlib.h>

#include <pintle/openssl.h>

/* Contexts are made afresh in every block, so that no lucky memory layout decides. */
#define BLOCKS 16
#define CONTEXTS 3

enum side {
    GUARDED = 0,
    PLAIN = 1,
    CONTROL = 2
};

struct setup {
    const char *name;
    int version;
    bool resumed;
    size_t rounds;
    double target;
};

struct block {
    double guarded;
    double control;
    double plain;
};

static void make_contexts(SSL_CTX *ctx[CONTEXTS], struct pintle *engine, const char *dir,
                          int version)
{
    struct pintle_error err;

    for (size_t i = 0; i < CONTEXTS; i++)
        ctx[i] = pipe_client_context(dir, version);
    bench_must(pintle_openssl_guard(ctx[GUARDED], engine, &err), "guard", &err);
}

/* Everything the client does for one connection; the median differences of a block of them. */
static struct block run_block(SSL_CTX *const ctx[CONTEXTS], SSL_CTX *server,
                              const struct setup *setup)
{
    SSL_SESSION *session[CONTEXTS] = {NULL};
    double *added = calloc(setup->rounds * 3, sizeof(*added));
    double *control = added + setup->rounds;
    double *plain = control + setup->rounds;
    struct block block;

    if (added == NULL)
        bench_die("out of memory");
    for (size_t i = 0; setup->resumed && i < CONTEXTS; i++)
        session[i] = pipe_session(ctx[i], server, i == GUARDED);
    for (size_t round = 0; round < setup->rounds; round++) {
        double t[CONTEXTS];
        for (size_t k = 0; k < CONTEXTS; k++) {
            size_t i = round % 2 == 0 ? (round + k) % CONTEXTS : (round + CONTEXTS - k) % CONTEXTS;
            t[i] = pipe_connect(ctx[i], server, i == GUARDED, session[i]);
        }
        added[round] = t[GUARDED] - t[PLAIN];
        control[round] = t[CONTROL] - t[PLAIN];
        plain[round] = t[PLAIN];
    }
    block.guarded = bench_median(added, setup->rounds);
    block.control = bench_median(control, setup->rounds);
    block.plain = bench_median(plain, setup->rounds);
    for (size_t i = 0; i < CONTEXTS; i++)
        SSL_SESSION_free(session[i]);
    free(added);
    return block;
}

static void print(const char *name, const char *what, struct bench_samples *samples,
                  const char *unit, double target, const char *note)
{
    char row[96];

    snprintf(row, sizeof(row), "%s: %s", name, what);
    bench_row(row, samples, unit, target, note);
}

static void run_setup(const struct setup *setup, struct pintle *engine, const char *dir)
{
    struct bench_samples percent = {.count = 0};
    struct bench_samples noise = {.count = 0};
    struct bench_samples added = {.count = 0};
    struct bench_samples plain = {.count = 0};
    SSL_CTX *server = pipe_server_context(dir);

    for (size_t i = 0; i <= BLOCKS; i++) {
        SSL_CTX *ctx[CONTEXTS];
        struct block block;
        make_contexts(ctx, engine, dir, setup->version);
        block = run_block(ctx, server, setup);
        for (size_t k = 0; k < CONTEXTS; k++)
            SSL_CTX_free(ctx[k]);
        if (i == 0)
            continue; /* warm-up */
        bench_add(&percent, 100 * block.guarded / block.plain);
        bench_add(&noise, 100 * block.control / block.plain);
        bench_add(&added, block.guarded);
        bench_add(&plain, block.plain);
    }
    print(setup->name, "added by the guard", &percent, "%", setup->target,
          "median of paired differences, client's CPU, SSL_new to SSL_free");
    print(setup->name, "plain against plain", &noise, "%", BENCH_INFO,
          "the same method where nothing differs");
    print(setup->name, "added", &added, "ns", BENCH_INFO, "");
    print(setup->name, "plain client", &plain, "ns", BENCH_INFO,
          "SNI, SSL_set1_host, SSL_VERIFY_PEER");
    SSL_CTX_free(server);
}

int main(int argc, char **argv)
{
    static const struct setup setups[] = {
        {"TLS 1.3 full", TLS1_3_VERSION, false, 240, 0.5},
        {"TLS 1.3 resumed", TLS1_3_VERSION, true, 480, 0.5},
        {"TLS 1.2 full", TLS1_2_VERSION, false, 240, 0.5},
        {"TLS 1.2 resumed", TLS1_2_VERSION, true, 480, BENCH_INFO},
    };
    struct bench_chain chain;
    struct pintle *engine = NULL;

    if (argc != 2)
        bench_die("usage: bench_handshake DIR");
    bench_chain_load(&chain, argv[1]);
    engine = bench_engine(10, &chain.pin[1], "enforce", 0);
    for (size_t i = 0; i < sizeof(setups) / sizeof(*setups); i++)
        run_setup(&setups[i], engine, argv[1]);
    pintle_free(engine);
    return 0;
}
