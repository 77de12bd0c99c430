/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/tls_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

/* Rounds after which two ends that still talk to each other are given up. */
#define ROUNDS_MAX 100000

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "TLS pair: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(EXIT_FAILURE);
}

/* --- contexts -------------------------------------------------------------------------------- */

static SSL_CTX *new_ctx(const SSL_METHOD *method, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    need(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
             SSL_CTX_set_max_proto_version(ctx, version) == 1,
         "context");
    return ctx;
}

SSL_CTX *tls_server_ctx(int version, const struct pki_cert *leaf,
                        const struct pki_cert *const *others, size_t count)
{
    SSL_CTX *ctx = new_ctx(TLS_server_method(), version);

    need(SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"server", 6) == 1, "id");
    if (leaf == NULL)
        return ctx;
    need(SSL_CTX_use_certificate(ctx, leaf->x509) == 1 &&
             SSL_CTX_use_PrivateKey(ctx, leaf->key) == 1,
         "server certificate");
    for (size_t i = 0; i < count; i++)
        need(SSL_CTX_add1_chain_cert(ctx, others[i]->x509) == 1, "served chain");
    return ctx;
}

void tls_server_swap(SSL *server, const struct pki_cert *leaf)
{
    need(SSL_clear_chain_certs(server) == 1 && SSL_use_certificate(server, leaf->x509) == 1 &&
             SSL_use_PrivateKey(server, leaf->key) == 1,
         "other server certificate");
}

SSL_CTX *tls_client_ctx(int version, const struct pki_cert *const *trusted, size_t count)
{
    SSL_CTX *ctx = new_ctx(TLS_client_method(), version);

    SSL_CTX_set_cert_store(ctx, pki_store(trusted, count));
    return ctx;
}

/* --- what the server sees -------------------------------------------------------------------- */

/* Alerts and client certificates, from the messages as they arrive. */
static void watch(int writes, int version, int type, const void *data, size_t len, SSL *ssl,
                  void *arg)
{
    struct tls_pair *pair = arg;
    const uint8_t *bytes = data;

    (void)version;
    if (writes != 0 || len < 2)
        return;
    if (type == SSL3_RT_ALERT && ssl == pair->server)
        pair->alert_at_server = bytes[1];
    if (type == SSL3_RT_ALERT && ssl == pair->client)
        pair->alert_at_client = bytes[1];
    if (type == SSL3_RT_HANDSHAKE && bytes[0] == SSL3_MT_CERTIFICATE && ssl == pair->server)
        pair->client_certs++;
}

static void wire(SSL *ssl, BIO **in, BIO **out)
{
    BIO_free(*in);
    BIO_free(*out);
    *in = BIO_new(BIO_s_mem());
    *out = BIO_new(BIO_s_mem());
    need(*in != NULL && *out != NULL && BIO_up_ref(*in) == 1 && BIO_up_ref(*out) == 1, "BIOs");
    BIO_set_mem_eof_return(*in, -1);
    SSL_set_bio(ssl, *in, *out);
}

void tls_pair_rewire(struct tls_pair *pair)
{
    wire(pair->client, &pair->client_in, &pair->client_out);
    wire(pair->server, &pair->server_in, &pair->server_out);
}

void tls_pair_init(struct tls_pair *pair, SSL_CTX *client_ctx, SSL_CTX *server_ctx)
{
    memset(pair, 0, sizeof(*pair));
    pair->alert_at_server = TLS_NO_ALERT;
    pair->alert_at_client = TLS_NO_ALERT;
    pair->client = SSL_new(client_ctx);
    pair->server = SSL_new(server_ctx);
    need(pair->client != NULL && pair->server != NULL, "connections");
    SSL_set_connect_state(pair->client);
    SSL_set_accept_state(pair->server);
    SSL_set_msg_callback(pair->client, watch);
    SSL_set_msg_callback_arg(pair->client, pair);
    SSL_set_msg_callback(pair->server, watch);
    SSL_set_msg_callback_arg(pair->server, pair);
    tls_pair_rewire(pair);
}

void tls_pair_clear(struct tls_pair *pair)
{
    SSL_free(pair->client);
    SSL_free(pair->server);
    BIO_free(pair->client_in);
    BIO_free(pair->client_out);
    BIO_free(pair->server_in);
    BIO_free(pair->server_out);
    free(pair->from_client.data);
    free(pair->from_server.data);
    memset(pair, 0, sizeof(*pair));
}

/* --- the wire -------------------------------------------------------------------------------- */

static void keep(struct tls_capture *capture, const uint8_t *bytes, size_t len)
{
    uint8_t *more = realloc(capture->data, capture->len + len);

    need(more != NULL, "capture");
    memcpy(more + capture->len, bytes, len);
    capture->data = more;
    capture->len += len;
}

static bool move(BIO *from, BIO *to, size_t step, struct tls_capture *capture)
{
    uint8_t bytes[16384];
    size_t most = step != 0 && step < sizeof(bytes) ? step : sizeof(bytes);
    int len = BIO_read(from, bytes, (int)most);

    if (len <= 0)
        return false;
    keep(capture, bytes, (size_t)len);
    need(BIO_write(to, bytes, len) == len, "wire");
    return true;
}

bool tls_pair_move(struct tls_pair *pair)
{
    bool up = move(pair->client_out, pair->server_in, pair->step, &pair->from_client);
    bool down = move(pair->server_out, pair->client_in, pair->step, &pair->from_server);

    return up || down;
}

/* One step of a handshake, unless it is over. */
static int shake(SSL *ssl)
{
    return SSL_is_init_finished(ssl) ? 1 : SSL_do_handshake(ssl);
}

bool tls_pair_handshake(struct tls_pair *pair)
{
    for (int i = 0; i < ROUNDS_MAX; i++) {
        bool moved;

        pair->client_result = shake(pair->client);
        moved = tls_pair_move(pair);
        pair->server_result = shake(pair->server);
        moved = tls_pair_move(pair) || moved;
        if (!moved)
            break;
    }
    return pair->client_result == 1 && pair->server_result == 1;
}

void tls_pair_serve(struct tls_pair *pair)
{
    uint8_t bytes[4096];
    int len;

    for (int i = 0; i < ROUNDS_MAX; i++) {
        bool moved = tls_pair_move(pair);

        while ((len = SSL_read(pair->server, bytes, sizeof(bytes))) > 0)
            pair->app_bytes += (size_t)len;
        if (!moved)
            break;
    }
}

void tls_pair_settle(struct tls_pair *pair)
{
    uint8_t bytes[4096];

    for (int i = 0; i < ROUNDS_MAX; i++) {
        bool moved;

        (void)SSL_read(pair->client, bytes, sizeof(bytes));
        moved = tls_pair_move(pair);
        tls_pair_serve(pair);
        moved = tls_pair_move(pair) || moved;
        if (!moved)
            break;
    }
}

bool tls_capture_contains(const struct tls_capture *capture, const void *bytes, size_t len)
{
    for (size_t i = 0; i + len <= capture->len; i++) {
        if (memcmp(capture->data + i, bytes, len) == 0)
            return true;
    }
    return false;
}
