/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/verify.h"

#include <stdatomic.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* RFC 9525 section 6.3: whole-label wildcards, and never the common name. */
#define HOST_FLAGS (X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)

static const char early[] = "the connection was made before its context was guarded";
static const char not_a_client[] = "a handshake in the server's role";
static const char stopped[] = "the connection was refused before";

/* The connection a validation is for. That of a CRL's issuer is run for another validation. */
static SSL *find_ssl(const X509_STORE_CTX *ctx)
{
    const X509_STORE_CTX *parent;

    while ((parent = X509_STORE_CTX_get0_parent_ctx(ctx)) != NULL)
        ctx = parent;
    return X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
}

/* The verify callback: the program's may add errors, but not take one away. */
static int tighten(int ok, X509_STORE_CTX *ctx)
{
    struct pintle__conn *conn = pintle__conn_get(find_ssl(ctx));
    struct pintle__check *check = conn != NULL ? conn->check : NULL;
    int said = ok;

    if (check == NULL)
        return 0;
    if (!ok && check->first_error == X509_V_OK)
        check->first_error = X509_STORE_CTX_get_error(ctx);
    if (check->callback != NULL)
        said = check->callback(ok, ctx);
    if (ok && said > 0)
        return said;
    if (check->first_error == X509_V_OK) /* the program's own refusal */
        check->first_error = X509_STORE_CTX_get_error(ctx);
    if (check->first_error == X509_V_OK)
        check->first_error = X509_V_ERR_APPLICATION_VERIFICATION;
    X509_STORE_CTX_set_error(ctx, check->first_error);
    return 0;
}

/*
 * A store may replace the part of X509_verify_cert() that checks signatures and dates
 * (X509_STORE_set_verify): there is no path without it, so OpenSSL's own is put back.
 */
static bool restore_signature_check(X509_STORE_CTX *ctx)
{
    static _Atomic(X509_STORE_CTX_verify_fn) built_in;
    X509_STORE_CTX_verify_fn have = atomic_load(&built_in);

    if (have == NULL) {
        X509_STORE_CTX *blank = X509_STORE_CTX_new();

        if (blank != NULL && X509_STORE_CTX_init(blank, NULL, NULL, NULL) == 1)
            have = X509_STORE_CTX_get_verify(blank);
        X509_STORE_CTX_free(blank);
        atomic_store(&built_in, have);
    }
    if (have != NULL)
        X509_STORE_CTX_set_verify(ctx, have);
    return have != NULL;
}

bool pintle__verify_path(struct pintle__conn *conn, X509_STORE_CTX *ctx,
                         X509_STORE_CTX_verify_cb callback)
{
    struct pintle__check check = {callback, X509_V_OK};
    struct pintle__check *outer = conn->check;
    int verified;

    if (!restore_signature_check(ctx)) {
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_OUT_OF_MEM);
        return false;
    }
    conn->check = &check;
    X509_STORE_CTX_set_verify_cb(ctx, tighten);
    verified = X509_verify_cert(ctx);
    conn->check = outer;
    if (check.first_error != X509_V_OK)
        X509_STORE_CTX_set_error(ctx, check.first_error);
    else if (verified != 1 && X509_STORE_CTX_get_error(ctx) == X509_V_OK)
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
    return verified == 1 && X509_STORE_CTX_get_error(ctx) == X509_V_OK;
}

/* The name that is checked is the host that was dialled, whatever the parameters said so far. */
static bool set_identity(X509_STORE_CTX *ctx, const struct pintle_host *host)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

    X509_VERIFY_PARAM_set_hostflags(param, HOST_FLAGS);
    if (host->is_ip)
        return X509_VERIFY_PARAM_set1_host(param, NULL, 0) == 1 &&
               X509_VERIFY_PARAM_set1_ip_asc(param, host->text) == 1;
    return X509_VERIFY_PARAM_set1_ip(param, NULL, 0) == 1 &&
           X509_VERIFY_PARAM_set1_host(param, host->text, host->len) == 1;
}

static enum pintle_path name_failure(int error)
{
    return error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH
               ? PINTLE_PATH_WRONG_NAME
               : PINTLE_PATH_INVALID;
}

/* Validate the path and have the engine decide. */
static void decide(struct pintle__conn *conn, X509_STORE_CTX *ctx, struct pintle__paths *paths)
{
    struct pintle__certs certs = {NULL, paths->room};
    struct pintle_peer peer = {.host = &conn->host, .port = conn->port, .unproven = true};

    if (pintle__verify_path(conn, ctx, paths->callback)) {
        peer.path = PINTLE_PATH_VALID;
        peer.next_path = pintle__paths_next;
        peer.reset = pintle__paths_reset;
        peer.ctx = paths;
    } else {
        peer.path = name_failure(X509_STORE_CTX_get_error(ctx));
        peer.detail = X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
    }
    certs.certs = X509_STORE_CTX_get0_chain(ctx);
    peer.chain = pintle__certs_chain(&certs);
    conn->path = peer.path;
    pintle_decide(&conn->verdict, conn->guard->engine, &peer);
    if (conn->verdict.decision == PINTLE_ACCEPT && conn->verdict.reason == PINTLE_REASON_MATCH &&
        !pintle__paths_adopt(paths))
        pintle_decide_refusal(&conn->verdict, conn->guard->engine, &conn->host, conn->port,
                              PINTLE_REASON_INTERNAL, "out of memory");
}

static void judge(struct pintle__conn *conn, X509_STORE_CTX *ctx)
{
    struct pintle__cert_room room;
    struct pintle__paths paths;

    conn->fresh = false;
    pintle__cert_room_init(&room);
    pintle__paths_init(&paths, conn, ctx, X509_STORE_CTX_get_verify_cb(ctx), &room);
    if (set_identity(ctx, &conn->host))
        decide(conn, ctx, &paths);
    else
        pintle_decide_refusal(&conn->verdict, conn->guard->engine, &conn->host, conn->port,
                              PINTLE_REASON_INTERNAL, "the host cannot be set for the name check");
    pintle__paths_clear(&paths);
    pintle__cert_room_clear(&room);
    conn->judged = true;
    pintle__conclude(conn->guard, &conn->verdict);
}

/* Turn the verdict into OpenSSL's terms. */
static int answer(struct pintle__conn *conn, X509_STORE_CTX *ctx)
{
    bool accepted = conn->verdict.decision == PINTLE_ACCEPT;

    pintle__session_settle(conn);
    X509_STORE_CTX_set_error(
        ctx,
        accepted ? X509_V_OK : pintle__verdict_x509(&conn->verdict, X509_STORE_CTX_get_error(ctx)));
    return accepted ? 1 : 0;
}

static int verify(SSL *ssl, struct pintle__guard *guard, X509_STORE_CTX *ctx)
{
    struct pintle__conn *conn = pintle__conn_get(ssl);

    if (conn == NULL || !conn->has_host) {
        pintle__refuse_unhosted(ssl, guard);
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    if (SSL_is_server(ssl))
        pintle__conn_refuse(conn, PINTLE_REASON_UNCHECKED, not_a_client);
    else if (!conn->greeted)
        pintle__conn_refuse(conn, PINTLE_REASON_UNCHECKED, early);
    else if (conn->walled)
        pintle__conn_refuse(conn, PINTLE_REASON_UNCHECKED, stopped);
    else
        judge(conn, ctx);
    return answer(conn, ctx);
}

int pintle__verify(X509_STORE_CTX *ctx, void *arg)
{
    SSL *ssl = find_ssl(ctx);
    int result;

    if (ssl == NULL)
        return 0;
    X509_STORE_CTX_set0_dane(ctx, NULL);
    result = verify(ssl, arg, ctx);
    /* OpenSSL reads the mode after this callback: without it, it would ignore the result. */
    SSL_set_verify(ssl, SSL_get_verify_mode(ssl) | SSL_VERIFY_PEER, NULL);
    return result;
}
