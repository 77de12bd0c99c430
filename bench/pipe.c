/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe.h"

#include "bench.h"

#include <stdio.h>

#include <openssl/err.h>

#include <pintle/openssl.h>

struct connection {
    SSL *client;
    SSL *server;
    double cpu_ns;
};

static void die_tls(const char *what)
{
    char text[256];

    ERR_error_string_n(ERR_peek_error(), text, sizeof(text));
    bench_die("%s: %s", what, text);
}

SSL_CTX *pipe_client_context(const char *dir, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    char path[1024];

    snprintf(path, sizeof(path), "%s/root.pem", dir);
    if (ctx == NULL || SSL_CTX_load_verify_file(ctx, path) != 1 ||
        SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, version) != 1)
        die_tls("client context");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

SSL_CTX *pipe_server_context(const char *dir)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    char chain[1024];
    char key[1024];

    snprintf(chain, sizeof(chain), "%s/chain.pem", dir);
    snprintf(key, sizeof(key), "%s/leaf.key", dir);
    if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, chain) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_set_num_tickets(ctx, 1) != 1)
        die_tls("server context");
    return ctx;
}

static void open_client(struct connection *c, SSL_CTX *ctx, bool guarded, SSL_SESSION *session)
{
    static char host[] = PIPE_HOST; /* OpenSSL's macro for SNI casts const away */
    struct pintle_error err;

    c->client = SSL_new(ctx);
    if (c->client == NULL)
        die_tls("SSL_new");
    SSL_set_connect_state(c->client);
    if (guarded)
        bench_must(pintle_openssl_set_host(c->client, host, 443, &err), "set_host", &err);
    else if (SSL_set_tlsext_host_name(c->client, host) != 1 || SSL_set1_host(c->client, host) != 1)
        die_tls("SSL_set1_host");
    if (session != NULL && SSL_set_session(c->client, session) != 1)
        die_tls("SSL_set_session");
}

static void open_server(struct connection *c, SSL_CTX *ctx)
{
    BIO *to_server = BIO_new(BIO_s_mem());
    BIO *to_client = BIO_new(BIO_s_mem());

    c->server = SSL_new(ctx);
    if (c->server == NULL || to_server == NULL || to_client == NULL || BIO_up_ref(to_server) != 1 ||
        BIO_up_ref(to_client) != 1)
        die_tls("server");
    SSL_set_bio(c->client, to_client, to_server);
    SSL_set_bio(c->server, to_server, to_client);
    SSL_set_accept_state(c->server);
}

static void step(SSL *ssl, const char *who)
{
    int result = SSL_do_handshake(ssl);

    if (result != 1 && SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ)
        die_tls(who);
}

/* Handshake to the end on both sides; the last read takes in a ticket of TLS 1.3. */
static void shake(struct connection *c)
{
    char byte;
    double start;

    while (!SSL_is_init_finished(c->client) || !SSL_is_init_finished(c->server)) {
        start = bench_now();
        step(c->client, "client");
        c->cpu_ns += bench_now() - start;
        step(c->server, "server");
    }
    start = bench_now();
    if (SSL_read(c->client, &byte, 1) > 0 || SSL_want(c->client) != SSL_READING)
        die_tls("ticket");
    c->cpu_ns += bench_now() - start;
}

static void begin(struct connection *c, SSL_CTX *client, SSL_CTX *server, bool guarded,
                  SSL_SESSION *session)
{
    double start = bench_now();

    c->cpu_ns = 0;
    open_client(c, client, guarded, session);
    c->cpu_ns += bench_now() - start;
    open_server(c, server);
    shake(c);
    if (SSL_session_reused(c->client) != (session != NULL))
        bench_die("session %s", session == NULL ? "resumed" : "not resumed");
}

static void end(struct connection *c)
{
    double start = bench_now();

    SSL_set_quiet_shutdown(c->client, 1);
    SSL_shutdown(c->client); /* an SSL freed without it makes its session unusable */
    SSL_free(c->client);
    c->cpu_ns += bench_now() - start;
    SSL_free(c->server);
}

double pipe_connect(SSL_CTX *client, SSL_CTX *server, bool guarded, SSL_SESSION *session)
{
    struct connection c;

    begin(&c, client, server, guarded, session);
    end(&c);
    return c.cpu_ns;
}

SSL_SESSION *pipe_session(SSL_CTX *client, SSL_CTX *server, bool guarded)
{
    struct connection c;
    SSL_SESSION *session = NULL;

    begin(&c, client, server, guarded, NULL);
    session = SSL_get1_session(c.client);
    end(&c);
    if (session == NULL || SSL_SESSION_is_resumable(session) != 1)
        bench_die("no session to resume");
    return session;
}
