/* SPDX-License-Identifier: Apache-2.0 */
/* pintle/openssl.h: what programs call. */
#include <openssl/err.h>

#include "base/error.h"
#include "tls/openssl/verify.h"

#include <string.h>

/* For private use (IANA "TLS ExtensionType Values"). It is never sent. */
#define HOOK_EXTENSION 0xff50

static enum pintle_status install(SSL_CTX *ctx, struct pintle__guard *guard,
                                  struct pintle_error *err)
{
    if (!pintle__guard_set(ctx, guard)) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory to guard the context");
        return PINTLE_E_NOMEM;
    }
    if (SSL_CTX_add_custom_ext(ctx, HOOK_EXTENSION, SSL_EXT_CLIENT_HELLO | SSL_EXT_SSL3_ALLOWED,
                               pintle__greet, NULL, guard, NULL, NULL) != 1) {
        pintle__guard_unset(ctx);
        pintle__error_set(err, PINTLE_E_INTERNAL, "the ClientHello hook was refused");
        return PINTLE_E_INTERNAL;
    }
    guard->info = SSL_CTX_get_info_callback(ctx);
    SSL_CTX_set_info_callback(ctx, guard->info != NULL ? pintle__info_and_next : pintle__info);
    SSL_CTX_set_cert_verify_callback(ctx, pintle__verify, guard);
    SSL_CTX_set_verify(ctx, SSL_CTX_get_verify_mode(ctx) | SSL_VERIFY_PEER,
                       SSL_CTX_get_verify_callback(ctx));
    return PINTLE_OK;
}

enum pintle_status pintle_openssl_guard_with(SSL_CTX *ctx, struct pintle *engine,
                                             const struct pintle_openssl_hooks *hooks,
                                             struct pintle_error *err)
{
    struct pintle__guard *guard;
    enum pintle_status status;

    if (pintle__guard_get(ctx) != NULL) {
        pintle__error_set(err, PINTLE_E_STATE, "the context is guarded already");
        return PINTLE_E_STATE;
    }
    guard = OPENSSL_zalloc(sizeof(*guard));
    if (guard == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory to guard the context");
        return PINTLE_E_NOMEM;
    }
    if (hooks != NULL)
        guard->hooks = *hooks;
    guard->engine = pintle_retain(engine);
    status = install(ctx, guard, err);
    if (status != PINTLE_OK)
        pintle__guard_free(guard);
    return status;
}

enum pintle_status pintle_openssl_guard(SSL_CTX *ctx, struct pintle *engine,
                                        struct pintle_error *err)
{
    return pintle_openssl_guard_with(ctx, engine, NULL, err);
}

/*
 * set_host on a context that nobody guards: the program believes in a check that will not happen,
 * so no handshake may. No version of TLS is both at least 1.3 and at most 1.2.
 */
static void disable(SSL *ssl)
{
    (void)SSL_set_min_proto_version(ssl, TLS1_3_VERSION);
    (void)SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
}

static enum pintle_status set_host(struct pintle__conn *conn, const char *host, uint16_t port,
                                   struct pintle_error *err)
{
    enum pintle_status status = pintle_host_parse(&conn->host, host, strlen(host), err);

    if (status != PINTLE_OK)
        return status;
    if (port == 0) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "port 0");
        return PINTLE_E_ARGUMENT;
    }
    conn->port = port;
    /* RFC 6066 section 3: no addresses in SNI. */
    if (SSL_set_tlsext_host_name(conn->ssl, conn->host.is_ip ? NULL : conn->host.text) != 1) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the server name");
        return PINTLE_E_NOMEM;
    }
    return PINTLE_OK;
}

enum pintle_status pintle_openssl_set_host(SSL *ssl, const char *host, uint16_t port,
                                           struct pintle_error *err)
{
    struct pintle__conn *conn;
    enum pintle_status status;

    if (pintle__guard_of(ssl) == NULL) {
        disable(ssl);
        pintle__error_set(err, PINTLE_E_STATE, "the context is not guarded");
        return PINTLE_E_STATE;
    }
    if (!SSL_in_before(ssl)) {
        pintle__error_set(err, PINTLE_E_STATE, "the handshake has begun");
        return PINTLE_E_STATE;
    }
    conn = pintle__conn_make(ssl);
    if (conn == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the connection's state");
        return PINTLE_E_NOMEM;
    }
    if (conn->guard == pintle__guard_of(ssl)) {
        status = set_host(conn, host, port, err);
    } else {
        status = PINTLE_E_STATE;
        pintle__error_set(err, status, "the connection was moved to another context");
    }
    conn->has_host = status == PINTLE_OK;
    conn->failed = status != PINTLE_OK;
    conn->fresh = false;
    pintle__conn_forget(conn);
    return status;
}

const struct pintle_verdict *pintle_openssl_get_verdict(SSL *ssl)
{
    struct pintle__conn *conn = pintle__conn_get(ssl);

    if (conn == NULL || !conn->has_host)
        return NULL;
    pintle__conn_catch_up(conn);
    return &conn->verdict;
}

struct pintle *pintle_openssl_get_engine(const SSL *ssl)
{
    const struct pintle__conn *conn = pintle__conn_get(ssl);

    return conn == NULL ? NULL : conn->guard->engine;
}
