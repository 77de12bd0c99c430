/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tools' TLS client. OpenSSL judges a failed call by the thread's error queue, so every call
 * here that can fail begins with an empty one and leaves it empty.
 */
#include "tls/openssl/client.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <pintle/openssl.h>

#include "base/error.h"
#include "tls/openssl/queue.h"

/* --- errors ----------------------------------------------------------------------------------- */

/* UNCHECKED without a word is what stands in the verdict until there is one. */
static bool is_refused(const struct pintle_client *client)
{
    const struct pintle_verdict *verdict = pintle_client_get_verdict(client);

    return verdict != NULL && verdict->decision != PINTLE_ACCEPT &&
           (verdict->reason != PINTLE_REASON_UNCHECKED || verdict->detail[0] != '\0');
}

static enum pintle_status fail_refused(const struct pintle_client *client, struct pintle_error *err)
{
    const struct pintle_verdict *verdict = pintle_client_get_verdict(client);
    char text[PINTLE_ERROR_TEXT_SIZE] = "refused";

    if (verdict != NULL)
        pintle_verdict_format(verdict, text, sizeof(text));
    pintle__error_set(err, PINTLE_E_REFUSED, "%s", text);
    return PINTLE_E_REFUSED;
}

/* What a failed call means, in words. */
static const char *explain(const struct pintle_client *client, int ssl_error,
                           const struct pintle__failure *failure, char *buf, size_t size)
{
    if (ssl_error == SSL_ERROR_SYSCALL && client->socket.error != 0)
        return strerror_r(client->socket.error, buf, size) == 0 ? buf : "input or output failed";
    if (ssl_error == SSL_ERROR_SYSCALL || ssl_error == SSL_ERROR_ZERO_RETURN ||
        failure->code == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return "the server closed the connection without ending it (cut off?)";
    if (failure->code == SSL_R_WRONG_VERSION_NUMBER || failure->code == SSL_R_HTTP_REQUEST)
        return "the server does not speak TLS";
    return failure->reason;
}

static enum pintle_status fail_tls(const struct pintle_client *client, int ssl_error,
                                   struct pintle_error *err)
{
    struct pintle__failure failure = pintle__queue_drain();
    char buf[128];

    if (is_refused(client))
        return fail_refused(client, err);
    if (failure.nomem) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the connection");
        return PINTLE_E_NOMEM;
    }
    pintle__error_set(err, PINTLE_E_TLS, "%s",
                      explain(client, ssl_error, &failure, buf, sizeof(buf)));
    return PINTLE_E_TLS;
}

/* After a call of OpenSSL that did not succeed: PINTLE_OK to call it again. */
static enum pintle_status wait_or_fail(struct pintle_client *client, int result,
                                       struct pintle_error *err)
{
    int ssl_error = SSL_get_error(client->ssl, result);
    bool to_read = ssl_error == SSL_ERROR_WANT_READ;

    if (!to_read && ssl_error != SSL_ERROR_WANT_WRITE)
        return fail_tls(client, ssl_error, err);
    if (client->wait == NULL) {
        pintle__error_set(err, PINTLE_E_TIMEOUT, "timed out waiting for the server");
        return PINTLE_E_TIMEOUT;
    }
    return client->wait(client->wait_ctx, client->socket.fd,
                        to_read ? PINTLE_WAIT_READ : PINTLE_WAIT_WRITE, err);
}

/* --- setting up ------------------------------------------------------------------------------- */

static enum pintle_status fail_setup(struct pintle_error *err)
{
    return pintle__queue_fail(err, PINTLE_E_INTERNAL, "OpenSSL could not be set up");
}

static enum pintle_status check_options(const struct pintle_client_options *options, uint16_t port,
                                        struct pintle_error *err)
{
    if (port == 0) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "port 0");
        return PINTLE_E_ARGUMENT;
    }
    if ((options->cert_file == NULL) != (options->key_file == NULL)) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "a client certificate needs its key");
        return PINTLE_E_ARGUMENT;
    }
    if (options->alpn != NULL && (options->alpn[0] == '\0' || strlen(options->alpn) > 255)) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "an ALPN name has 1 to 255 bytes");
        return PINTLE_E_ARGUMENT;
    }
    return PINTLE_OK;
}

/* Looking sends nothing and trusts nothing, so it may look at what a client must not accept. */
static void allow_weak(SSL_CTX *ctx)
{
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
}

static enum pintle_status set_up_context(struct pintle_client *client,
                                         const struct pintle_client_options *options,
                                         struct pintle_error *err)
{
    enum pintle_status status;

    client->ctx = SSL_CTX_new(TLS_client_method());
    if (client->ctx == NULL || SSL_CTX_set_min_proto_version(client->ctx, TLS1_2_VERSION) != 1)
        return fail_setup(err);
    client->level = SSL_CTX_get_security_level(client->ctx);
    SSL_CTX_set_session_cache_mode(client->ctx, SSL_SESS_CACHE_OFF);
    status = pintle__client_trust(client->ctx, options->ca_file, err);
    if (status == PINTLE_OK && options->cert_file != NULL)
        status = pintle__client_identity(client->ctx, options->cert_file, options->key_file, err);
    if (status != PINTLE_OK)
        return status;
    if (client->guarded)
        return pintle_openssl_guard(client->ctx, options->engine, err);
    allow_weak(client->ctx);
    return PINTLE_OK;
}

static enum pintle_status set_alpn(SSL *ssl, const char *alpn, struct pintle_error *err)
{
    unsigned char wire[256];
    size_t len = strlen(alpn);

    wire[0] = (unsigned char)len;
    memcpy(wire + 1, alpn, len);
    if (SSL_set_alpn_protos(ssl, wire, (unsigned)len + 1) != 0) /* zero is success */
        return fail_setup(err);
    return PINTLE_OK;
}

/* Send `name` as SNI (RFC 6066 section 3: a host name, no address). */
static enum pintle_status set_sni(SSL *ssl, const char *name, struct pintle_error *err)
{
    struct pintle_host host;
    enum pintle_status status = pintle_host_parse(&host, name, strlen(name), err);

    if (status != PINTLE_OK)
        return status;
    if (host.is_ip) {
        pintle__error_set(err, PINTLE_E_HOST, "a server name is not an address");
        return PINTLE_E_HOST;
    }
    if (SSL_set_tlsext_host_name(ssl, host.text) != 1)
        return fail_setup(err);
    return PINTLE_OK;
}

/* The name comes first: the guard sets SNI to the host, which server_name then replaces. */
static enum pintle_status name_server(struct pintle_client *client, uint16_t port,
                                      const char *server_name, struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;

    if (client->guarded)
        status = pintle_openssl_set_host(client->ssl, client->host.text, port, err);
    else if (!client->host.is_ip)
        status = set_sni(client->ssl, client->host.text, err);
    if (status == PINTLE_OK && server_name != NULL)
        status = set_sni(client->ssl, server_name, err);
    return status;
}

static enum pintle_status set_up(struct pintle_client *client, int fd, uint16_t port,
                                 const struct pintle_client_options *options,
                                 struct pintle_error *err)
{
    enum pintle_status status = set_up_context(client, options, err);
    BIO *bio;

    if (status != PINTLE_OK)
        return status;
    client->ssl = SSL_new(client->ctx);
    if (client->ssl == NULL)
        return fail_setup(err);
    bio = pintle__socket_open(&client->socket, fd);
    if (bio == NULL)
        return fail_setup(err);
    SSL_set_bio(client->ssl, bio, bio);
    pintle__client_watch(client);
    status = name_server(client, port, options->server_name, err);
    if (status == PINTLE_OK)
        status = pintle__client_ask_for(client->ssl, options->keys, err);
    if (status == PINTLE_OK && options->alpn != NULL)
        status = set_alpn(client->ssl, options->alpn, err);
    return status;
}

/* --- the handshake ---------------------------------------------------------------------------- */

static enum pintle_status shake_hands(struct pintle_client *client, struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;
    const struct pintle_verdict *verdict;
    int result;

    while (status == PINTLE_OK && (result = SSL_connect(client->ssl)) != 1)
        status = wait_or_fail(client, result, err);
    if (status != PINTLE_OK || !client->guarded)
        return status;
    verdict = pintle_client_get_verdict(client);
    if (verdict == NULL || verdict->decision != PINTLE_ACCEPT)
        return fail_refused(client, err);
    client->can_read = true;
    client->can_write = true;
    return PINTLE_OK;
}

static enum pintle_status connect_client(struct pintle_client *client, int fd, uint16_t port,
                                         const struct pintle_client_options *options,
                                         struct pintle_error *err)
{
    enum pintle_status status = set_up(client, fd, port, options, err);

    if (status == PINTLE_OK)
        status = shake_hands(client, err);
    if (status == PINTLE_OK)
        return pintle__client_look(client, err);
    if (status == PINTLE_E_REFUSED && pintle__client_look(client, NULL) != PINTLE_OK) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the server's certificates");
        return PINTLE_E_NOMEM;
    }
    return status;
}

static struct pintle_client *new_client(const struct pintle_client_options *options)
{
    struct pintle_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->guarded = options->engine != NULL;
    client->wait = options->wait;
    client->wait_ctx = options->wait_ctx;
    client->info.protocol = "";
    client->info.cipher = "";
    client->info.alpn = client->alpn;
    client->info.path_detail = client->path_detail;
    return client;
}

enum pintle_status pintle_client_new(struct pintle_client **out, int fd, const char *host,
                                     uint16_t port, const struct pintle_client_options *options,
                                     struct pintle_error *err)
{
    struct pintle_client *client;
    enum pintle_status status;

    *out = NULL;
    status = check_options(options, port, err);
    if (status != PINTLE_OK)
        return status;
    client = new_client(options);
    if (client == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the connection");
        return PINTLE_E_NOMEM;
    }
    ERR_clear_error();
    status = pintle_host_parse(&client->host, host, strlen(host), err);
    if (status == PINTLE_OK)
        status = connect_client(client, fd, port, options, err);
    ERR_clear_error();
    if (status != PINTLE_OK && status != PINTLE_E_REFUSED) {
        pintle_client_free(client);
        return status;
    }
    *out = client;
    return status;
}

/* --- after it --------------------------------------------------------------------------------- */

const struct pintle_client_info *pintle_client_get_info(const struct pintle_client *client)
{
    return &client->info;
}

const struct pintle_verdict *pintle_client_get_verdict(const struct pintle_client *client)
{
    return client->guarded ? pintle_openssl_get_verdict(client->ssl) : NULL;
}

static enum pintle_status fail_state(struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_STATE, "no data may flow on this connection");
    return PINTLE_E_STATE;
}

enum pintle_status pintle_client_read(struct pintle_client *client, uint8_t *buf, size_t size,
                                      size_t *out_len, struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;

    *out_len = 0;
    if (!client->can_read)
        return fail_state(err);
    ERR_clear_error();
    while (status == PINTLE_OK && SSL_read_ex(client->ssl, buf, size, out_len) != 1) {
        if (SSL_get_error(client->ssl, 0) == SSL_ERROR_ZERO_RETURN)
            return PINTLE_OK;
        status = wait_or_fail(client, 0, err);
    }
    ERR_clear_error();
    return status;
}

enum pintle_status pintle_client_write(struct pintle_client *client, const uint8_t *data,
                                       size_t len, struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;
    size_t written = 0;

    if (!client->can_write)
        return fail_state(err);
    if (len == 0)
        return PINTLE_OK;
    ERR_clear_error();
    while (status == PINTLE_OK && SSL_write_ex(client->ssl, data, len, &written) != 1)
        status = wait_or_fail(client, 0, err);
    ERR_clear_error();
    return status;
}

size_t pintle_client_pending(const struct pintle_client *client)
{
    int pending = client->can_read ? SSL_pending(client->ssl) : 0;

    return pending > 0 ? (size_t)pending : 0;
}

void pintle_client_shutdown(struct pintle_client *client)
{
    enum pintle_status status = PINTLE_OK;
    int result;

    if (!client->can_write)
        return;
    client->can_write = false;
    ERR_clear_error();
    while (status == PINTLE_OK && (result = SSL_shutdown(client->ssl)) < 0)
        status = wait_or_fail(client, result, NULL);
    ERR_clear_error();
}

void pintle_client_free(struct pintle_client *client)
{
    if (client == NULL)
        return;
    pintle__client_forget(client);
    SSL_free(client->ssl);
    pintle__socket_clear(&client->socket);
    SSL_CTX_free(client->ctx);
    free(client);
}
