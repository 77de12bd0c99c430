/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where handshake.c's difference comes from: the time inside pintle's hooks, directly measured. The
 * linker hands us the calls by which the adapter installs them (see bench/CMakeLists.txt), so that
 * each is called through a stop-watch. OpenSSL's own share, such as an ex_data more to free, is not
 * in it.
 */
#define _POSIX_C_SOURCE 200809L

#include "bench.h"
#include "pipe.h"

#include <stdio.h>
#include <time.h>

#include <pintle/openssl.h>

#define CONNECTIONS 1500
#define BLOCKS 9

/* What the stop-watches tell apart; nanoseconds of one connection, and how often they were read. */
enum part {
    VERIFY, /* the verify hook, path validation included */
    PATH,   /* X509_verify_cert() in it */
    INFO,   /* the info callback and the ClientHello hook */
    NAMING, /* pintle_openssl_set_host(), or SNI and SSL_set1_host() */
    PARTS
};

static double spent[PARTS];
static size_t reads[PARTS];
static bool naming;

typedef int verify_fn(X509_STORE_CTX *ctx, void *arg);
typedef void info_fn(const SSL *ssl, int where, int ret);

static verify_fn *verify_hook;
static info_fn *info_hook;
static SSL_custom_ext_add_cb_ex hello_hook;

/* A vDSO clock: CPU time would cost a system call for each hook. Medians leave out preemption. */
static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void stop(enum part part, double start)
{
    spent[part] += now() - start;
    reads[part]++;
}

static int timed_verify(X509_STORE_CTX *ctx, void *arg)
{
    double start = now();
    int result = verify_hook(ctx, arg);

    stop(VERIFY, start);
    return result;
}

static void timed_info(const SSL *ssl, int where, int ret)
{
    double start = now();

    info_hook(ssl, where, ret);
    stop(INFO, start);
}

static int timed_hello(SSL *ssl, unsigned type, unsigned context, const unsigned char **out,
                       size_t *len, X509 *cert, size_t index, int *alert, void *arg)
{
    double start = now();
    int result = hello_hook(ssl, type, context, out, len, cert, index, alert, arg);

    stop(INFO, start);
    return result;
}

/* --- what the linker puts in the way of the calls -------------------------------------------- */

#define WRAP(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

WRAP(void, SSL_CTX_set_cert_verify_callback, SSL_CTX *ctx, verify_fn *hook, void *arg)
{
    verify_hook = hook;
    __real_SSL_CTX_set_cert_verify_callback(ctx, timed_verify, arg);
}

WRAP(void, SSL_set_info_callback, SSL *ssl, info_fn *hook)
{
    info_hook = hook;
    __real_SSL_set_info_callback(ssl, timed_info);
}

/* The adapter must find what it installed. */
WRAP(info_fn *, SSL_get_info_callback, const SSL *ssl)
{
    info_fn *hook = __real_SSL_get_info_callback(ssl);

    return hook == timed_info ? info_hook : hook;
}

WRAP(int, SSL_CTX_add_custom_ext, SSL_CTX *ctx, unsigned type, unsigned context,
     SSL_custom_ext_add_cb_ex add, SSL_custom_ext_free_cb_ex release, void *add_arg,
     SSL_custom_ext_parse_cb_ex parse, void *parse_arg)
{
    hello_hook = add;
    return __real_SSL_CTX_add_custom_ext(ctx, type, context, timed_hello, release, add_arg, parse,
                                         parse_arg);
}

WRAP(int, X509_verify_cert, X509_STORE_CTX *ctx)
{
    double start = now();
    int result = __real_X509_verify_cert(ctx);

    stop(PATH, start);
    return result;
}

WRAP(enum pintle_status, pintle_openssl_set_host, SSL *ssl, const char *host, uint16_t port,
     struct pintle_error *err)
{
    double start = now();
    enum pintle_status status;

    naming = true;
    status = __real_pintle_openssl_set_host(ssl, host, port, err);
    naming = false;
    stop(NAMING, start);
    return status;
}

WRAP(int, SSL_set1_host, SSL *ssl, const char *host)
{
    double start = now();
    int result = __real_SSL_set1_host(ssl, host);

    stop(NAMING, start);
    return result;
}

WRAP(long, SSL_ctrl, SSL *ssl, int command, long number, void *pointer)
{
    double start = now();
    long result = __real_SSL_ctrl(ssl, command, number, pointer);

    if (!naming && command == SSL_CTRL_SET_TLSEXT_HOSTNAME)
        stop(NAMING, start);
    return result;
}

/* --- measuring ---------------------------------------------------------------------------------
 */

/* What reading the stop-watch adds to what it shows. */
static double reading_cost(void)
{
    double costs[101];

    for (size_t i = 0; i < 101; i++) {
        double start = now();
        costs[i] = now() - start;
    }
    return bench_median(costs, 101);
}

/* Median nanoseconds of each part over many connections. */
static void run_block(double median[PARTS], SSL_CTX *client, SSL_CTX *server, bool guarded,
                      bool resumed)
{
    static double values[PARTS][CONNECTIONS];
    SSL_SESSION *session = resumed ? pipe_session(client, server, guarded) : NULL;
    double cost = reading_cost();

    for (size_t i = 0; i < CONNECTIONS; i++) {
        for (size_t part = 0; part < PARTS; part++) {
            spent[part] = 0;
            reads[part] = 0;
        }
        pipe_connect(client, server, guarded, session);
        for (size_t part = 0; part < PARTS; part++)
            values[part][i] = spent[part] - (double)reads[part] * cost;
    }
    for (size_t part = 0; part < PARTS; part++)
        median[part] = bench_median(values[part], CONNECTIONS);
    SSL_SESSION_free(session);
}

static void print(const char *setup, const char *part, struct bench_samples *samples)
{
    char row[96];

    snprintf(row, sizeof(row), "%s: %s", setup, part);
    bench_row(row, samples, "ns", BENCH_INFO, "directly, between stop-watches, wall");
}

static void run_setup(const char *name, int version, bool resumed, struct pintle *engine,
                      const char *dir)
{
    struct bench_samples verify = {.count = 0};
    struct bench_samples info = {.count = 0};
    struct bench_samples host = {.count = 0};
    SSL_CTX *server = pipe_server_context(dir);
    struct pintle_error err;

    for (size_t block = 0; block < BLOCKS; block++) {
        SSL_CTX *plain = pipe_client_context(dir, version);
        SSL_CTX *guarded = pipe_client_context(dir, version);
        double p[PARTS];
        double g[PARTS];
        bench_must(pintle_openssl_guard(guarded, engine, &err), "guard", &err);
        run_block(p, plain, server, false, resumed);
        run_block(g, guarded, server, true, resumed);
        bench_add(&verify, g[VERIFY] - g[PATH]);
        bench_add(&info, g[INFO]);
        bench_add(&host, g[NAMING] - p[NAMING]);
        SSL_CTX_free(plain);
        SSL_CTX_free(guarded);
    }
    print(name, "in the verify hook, path validation apart", &verify);
    print(name, "in the info and ClientHello hooks", &info);
    print(name, "set_host beside SNI and SSL_set1_host", &host);
    SSL_CTX_free(server);
}

int main(int argc, char **argv)
{
    static struct bench_chain chain;
    struct pintle *engine = NULL;

    if (argc != 2)
        bench_die("usage: bench_hooks DIR");
    bench_chain_load(&chain, argv[1]);
    engine = bench_engine(10, &chain.pin[1], "enforce", 0);
    run_setup("TLS 1.3 full", TLS1_3_VERSION, false, engine, argv[1]);
    run_setup("TLS 1.3 resumed", TLS1_3_VERSION, true, engine, argv[1]);
    pintle_free(engine);
    return 0;
}
