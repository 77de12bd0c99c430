/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks around a handshake: what is offered to the server, and that nothing goes unjudged. */
#include <string.h>

#include <openssl/err.h>

#include "tls/openssl/conn.h"

/*
 * For the ClientHello hook's alert: sends none, because nobody is there yet to be alerted. It is no
 * alert of RFC 8446 section 6, and OpenSSL sends only those.
 */
#define NO_ALERT (-1)

/* Reasons of ERR_LIB_USER: those of the verdict, clear of the ones OpenSSL gives every library. */
#define ERR_REASON_BASE 100

static const char unjudged[] = "the handshake showed no certificate to the check";
static const char moved[] = "the connection was moved to another context";
static const char foreign_session[] = "the session on offer was not made under this host, port and "
                                      "pin-set";

/* --- verdicts ------------------------------------------------------------------------------ */

int pintle__verdict_x509(const struct pintle_verdict *verdict, int path_error)
{
    switch (verdict->reason) {
    case PINTLE_REASON_MISMATCH:
    case PINTLE_REASON_DENIED:
        return X509_V_ERR_CERT_REJECTED;
    case PINTLE_REASON_PATH_INVALID:
    case PINTLE_REASON_NAME_MISMATCH:
        /* Only a path that is valid, but longer than is looked at, has no error of its own. */
        return path_error != X509_V_OK ? path_error : X509_V_ERR_CERT_CHAIN_TOO_LONG;
    case PINTLE_REASON_NO_RULE:
    case PINTLE_REASON_NO_HOST:
    case PINTLE_REASON_UNCHECKED:
        return X509_V_ERR_APPLICATION_VERIFICATION;
    case PINTLE_REASON_INTERNAL:
    case PINTLE_REASON_MEMORY:
    case PINTLE_REASON_MATCH:
    case PINTLE_REASON_FIRST_USE:
    case PINTLE_REASON_OFF:
    case PINTLE_REASON_PLAINTEXT:
        break;
    }
    return X509_V_ERR_UNSPECIFIED;
}

void pintle__conclude(struct pintle__guard *guard, const struct pintle_verdict *verdict)
{
    char text[512];

    /* Libraries that are told by hook expect OpenSSL's own error first in the queue. */
    if (guard->hooks.concluded != NULL)
        guard->hooks.concluded(guard->hooks.ctx, verdict);
    else if (verdict->decision != PINTLE_ACCEPT)
        ERR_raise_data(ERR_LIB_USER, ERR_REASON_BASE + (int)verdict->reason, "%s",
                       pintle_verdict_format(verdict, text, sizeof(text)));
}

void pintle__conn_refuse(struct pintle__conn *conn, enum pintle_reason reason, const char *detail)
{
    pintle_decide_refusal(&conn->verdict, conn->guard->engine, &conn->host, conn->port, reason,
                          detail);
    conn->judged = true;
    conn->fresh = false;
    SSL_set_verify_result(conn->ssl, pintle__verdict_x509(&conn->verdict, X509_V_OK));
    pintle__conclude(conn->guard, &conn->verdict);
}

void pintle__refuse_unhosted(SSL *ssl, struct pintle__guard *guard)
{
    struct pintle_verdict verdict;

    pintle_decide_refusal(&verdict, guard->engine, NULL, 0, PINTLE_REASON_NO_HOST, NULL);
    SSL_set_verify_result(ssl, pintle__verdict_x509(&verdict, X509_V_OK));
    pintle__conclude(guard, &verdict);
}

/* There is no verdict on the handshake that begins. */
void pintle__conn_forget(struct pintle__conn *conn)
{
    conn->judged = false;
    if (conn->fresh)
        return;
    conn->fresh = true;
    pintle_verdict_init(&conn->verdict);
    conn->verdict.reason = PINTLE_REASON_UNCHECKED;
    conn->verdict.host = conn->host;
    conn->verdict.port = conn->port;
}

/* --- stopping a connection ----------------------------------------------------------------- */

/*
 * Give the connection an output that takes nothing. The program may hold a pointer to its own one,
 * which must stay good: it is kept.
 */
static void take_output(SSL *ssl, struct pintle__conn *conn)
{
    BIO *wall = BIO_new_mem_buf("", 0); /* read-only; without memory for it there is no output */
    BIO *output = SSL_get_wbio(ssl);

    if (conn != NULL && output != NULL && BIO_up_ref(output) == 1) {
        BIO_free_all(conn->parked);
        conn->parked = output;
    }
    if (conn != NULL) {
        BIO_free(conn->wall);
        conn->wall = wall != NULL && BIO_up_ref(wall) == 1 ? wall : NULL;
    }
    SSL_set0_wbio(ssl, wall);
}

/* The connection begins anew, after SSL_clear(): it may write again. */
static void give_output_back(struct pintle__conn *conn)
{
    if (conn->walled && SSL_get_wbio(conn->ssl) == conn->wall) {
        SSL_set0_wbio(conn->ssl, conn->parked);
        conn->parked = NULL;
    }
    conn->walled = false;
    BIO_free(conn->wall);
    conn->wall = NULL;
}

/*
 * No byte leaves from here on and none is read. The shutdown flags stop SSL_write() and SSL_read(),
 * but not an SSL_write() that is making the handshake right now: it would go on to write. So the
 * output goes as well.
 */
static void wall_off(SSL *ssl, struct pintle__conn *conn)
{
    if (conn == NULL || !conn->walled || SSL_get_wbio(ssl) != conn->wall)
        take_output(ssl, conn);
    if (conn != NULL)
        conn->walled = true;
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

/* The server's role: no version of TLS is left to agree on, so the handshake fails. */
static void forbid_all_versions(SSL *ssl)
{
    (void)SSL_set_min_proto_version(ssl, TLS1_3_VERSION);
    (void)SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
}

/* --- the hooks ------------------------------------------------------------------------------ */

/* A connection without a host: perhaps the library that made it is asked for one. */
static struct pintle__conn *find_host(SSL *ssl)
{
    struct pintle__guard *guard = pintle__guard_of(ssl);
    struct pintle__conn *conn = pintle__conn_get(ssl);
    struct pintle_host host;
    uint16_t port = 0;

    if ((conn != NULL && (conn->has_host || conn->failed)) || guard == NULL ||
        guard->hooks.find_host == NULL)
        return conn;
    memset(&host, 0, sizeof(host));
    if (!guard->hooks.find_host(guard->hooks.ctx, ssl, &host, &port) || host.len == 0 || port == 0)
        return conn;
    conn = pintle__conn_make(ssl);
    if (conn == NULL)
        return NULL;
    conn->host = host;
    conn->port = port;
    conn->has_host = true;
    conn->fresh = false;
    pintle__conn_forget(conn);
    return conn;
}

/* A pre-shared key would stand in for the certificate that is to be checked. */
static void drop_psk(SSL *ssl)
{
#ifndef OPENSSL_NO_PSK
    SSL_set_psk_client_callback(ssl, NULL);
#endif
    SSL_set_psk_use_session_callback(ssl, NULL);
}

/* HANDSHAKE_START. Also comes when the server asks for a renegotiation that is then declined. */
static void start(SSL *ssl)
{
    struct pintle__conn *conn = SSL_is_server(ssl) ? pintle__conn_get(ssl) : find_host(ssl);

    if (SSL_is_server(ssl))
        forbid_all_versions(ssl);
    if (conn == NULL || !conn->has_host)
        return;
    if (SSL_in_before(ssl)) {
        give_output_back(conn);
        pintle__conn_forget(conn);
    }
    drop_psk(ssl);
    pintle__session_prepare(conn);
    pintle__session_drop_foreign(conn);
    conn->prepared = true;
}

static bool may_greet(struct pintle__conn *conn)
{
    SSL_SESSION *session = SSL_get_session(conn->ssl);

    if (!conn->prepared) /* START did not come: the program took the info callback */
        pintle__session_prepare(conn);
    /* The info callback alone judges handshakes without certificates: take it back if it is lost. */
    (void)pintle__conn_make(conn->ssl);
    conn->prepared = false;
    conn->greeted = true;
    pintle__conn_forget(conn);
    drop_psk(conn->ssl);
    if (pintle__guard_of(conn->ssl) != conn->guard) {
        pintle__conn_refuse(conn, PINTLE_REASON_UNCHECKED, moved);
        return false;
    }
    if (!conn->ready) {
        pintle__conn_refuse(conn, PINTLE_REASON_INTERNAL, "the session binding cannot be made");
        return false;
    }
    if (session != NULL && SSL_SESSION_is_resumable(session) == 1 &&
        !pintle__session_is_bound(conn, session)) {
        pintle__conn_refuse(conn, PINTLE_REASON_UNCHECKED, foreign_session);
        return false;
    }
    return true;
}

/* NOLINTNEXTLINE(readability-function-size): OpenSSL's signature */
int pintle__greet(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *len,
                  X509 *cert, size_t index, int *alert, void *arg)
{
    struct pintle__guard *guard = arg;
    struct pintle__conn *conn = find_host(ssl);

    (void)type;
    (void)context;
    (void)out;
    (void)len;
    (void)cert;
    (void)index;
    *alert = NO_ALERT;
    if (conn == NULL || !conn->has_host) {
        pintle__refuse_unhosted(ssl, guard);
        return -1;
    }
    return may_greet(conn) ? 0 : -1;
}

/* Nobody judged this handshake: it is a resumption under the binding, or nothing we know. */
static void judge_unjudged(struct pintle__conn *conn)
{
    if (SSL_session_reused(conn->ssl) != 1 ||
        !pintle__session_is_bound(conn, SSL_get_session(conn->ssl))) {
        pintle__conn_refuse(conn, PINTLE_REASON_UNCHECKED, unjudged);
        return;
    }
    conn->fresh = false;
    pintle_decide_resumed(&conn->verdict, conn->guard->engine, &conn->host, conn->port);
    if (memcmp(conn->verdict.set_digest, conn->binding.set_digest, PINTLE_DIGEST_LEN) != 0) {
        pintle__conn_refuse(conn, PINTLE_REASON_UNCHECKED, "the pin-set changed meanwhile");
        return;
    }
    conn->judged = true;
    pintle__conclude(conn->guard, &conn->verdict);
}

static void settle(SSL *ssl, struct pintle__conn *conn)
{
    if (conn != NULL && conn->greeted && !conn->judged)
        judge_unjudged(conn);
    if (conn != NULL && conn->verdict.decision == PINTLE_ACCEPT)
        return;
    if (conn == NULL && pintle__guard_of(ssl) != NULL)
        pintle__refuse_unhosted(ssl, pintle__guard_of(ssl));
    wall_off(ssl, conn);
}

/*
 * OpenSSL calls a handshake done when the client, its ClientHello written, may write early data.
 * Nothing was judged yet; the session's own handshake must have been.
 */
static void settle_early(SSL *ssl, struct pintle__conn *conn)
{
    if (conn != NULL && pintle__session_is_bound(conn, SSL_get_session(ssl)))
        return;
    if (conn != NULL && !conn->judged)
        pintle__conn_refuse(conn, PINTLE_REASON_UNCHECKED, "early data without a bound session");
    settle(ssl, conn);
}

/* Has the server shown all that it will before the client's last flight? */
static bool is_time_to_settle(OSSL_HANDSHAKE_STATE state)
{
    return state == TLS_ST_CR_SRVR_DONE || state == TLS_ST_CR_FINISHED;
}

/*
 * Has the server proved by then that it holds its key? TLS 1.3: by CertificateVerify (RFC 8446
 * section 4.4.3). TLS 1.2: by signing ServerKeyExchange (RFC 5246 section 7.4.3), or, where the
 * client sends it a secret to decrypt, only by its Finished.
 */
static bool has_proved(const SSL *ssl)
{
    const SSL_CIPHER *cipher;
    int exchange;

    if (SSL_get_state(ssl) != TLS_ST_CR_SRVR_DONE)
        return true;
    cipher = SSL_get_pending_cipher(ssl);
    exchange = cipher != NULL ? SSL_CIPHER_get_kx_nid(cipher) : NID_undef;
    return exchange == NID_kx_ecdhe || exchange == NID_kx_dhe;
}

static void prove(SSL *ssl, struct pintle__conn *conn)
{
    if (conn != NULL && conn->judged && conn->verdict.pending && has_proved(ssl))
        pintle__conn_prove(conn);
}

static void done(SSL *ssl, struct pintle__conn *conn)
{
    OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl);

    if (state == TLS_ST_EARLY_DATA || state == TLS_ST_PENDING_EARLY_DATA_END) {
        settle_early(ssl, conn);
        return;
    }
    prove(ssl, conn);
    settle(ssl, conn);
    if (conn != NULL) {
        conn->greeted = false;
        conn->prepared = false;
    }
}

void pintle__conn_catch_up(struct pintle__conn *conn)
{
    if (conn->greeted && SSL_is_init_finished(conn->ssl))
        done(conn->ssl, conn);
}

/* OpenSSL hands its own, writable connection to info callbacks as const. */
static SSL *writable(const SSL *ssl)
{
    const union {
        const SSL *lent;
        SSL *own;
    } same = {ssl};

    return same.own;
}

void pintle__info(const SSL *ssl, int where, int ret)
{
    (void)ret;
    if ((where & SSL_CB_HANDSHAKE_START) != 0)
        start(writable(ssl));
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0) {
        done(writable(ssl), pintle__conn_get(ssl));
    } else if ((where & SSL_CB_LOOP) != 0 && is_time_to_settle(SSL_get_state(ssl))) {
        prove(writable(ssl), pintle__conn_get(ssl));
        settle(writable(ssl), pintle__conn_get(ssl));
    }
}

void pintle__info_and_next(const SSL *ssl, int where, int ret)
{
    struct pintle__conn *conn;

    pintle__info(ssl, where, ret);
    conn = pintle__conn_get(ssl);
    if (conn == NULL) {
        const struct pintle__guard *guard = pintle__guard_of(ssl);

        if (guard != NULL && guard->info != NULL)
            guard->info(ssl, where, ret);
    } else if (conn->info != NULL && !conn->in_info) {
        conn->in_info = true; /* the other one may call this one in turn */
        conn->info(ssl, where, ret);
        conn->in_info = false;
    }
}
