/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/certs.h"
#include "tls/openssl/conn.h"

#include <string.h>

static void refuse(const struct pintle__conn *conn, struct pintle_verdict *verdict,
                   const char *detail)
{
    pintle_decide_refusal(verdict, conn->guard->engine, &conn->host, conn->port,
                          PINTLE_REASON_UNCHECKED, detail);
}

/* A resumed connection shows no chain: its session answers for it. */
static void recheck_resumed(const struct pintle__conn *conn, struct pintle_verdict *verdict)
{
    struct pintle_binding binding;

    if (pintle_session_binding(&binding, conn->guard->engine, &conn->host, conn->port, NULL) ==
            PINTLE_OK &&
        pintle__session_is_bound_to(&binding, SSL_get_session(conn->ssl)))
        pintle_decide_resumed(verdict, conn->guard->engine, &conn->host, conn->port);
    else
        refuse(conn, verdict, "the resumed session was checked under another pin-set");
}

/* The path is as valid as it was: only the pins are looked at anew. */
static void recheck_chain(struct pintle__conn *conn, struct pintle_verdict *verdict)
{
    struct pintle__cert_room room;
    struct pintle__certs certs = {SSL_get0_verified_chain(conn->ssl), &room};
    struct pintle_peer peer = {.host = &conn->host, .port = conn->port, .path = conn->path};

    pintle__cert_room_init(&room);
    peer.chain = pintle__certs_chain(&certs);
    pintle_decide(verdict, conn->guard->engine, &peer);
    pintle__cert_room_clear(&room);
}

void pintle__conn_prove(struct pintle__conn *conn)
{
    recheck_chain(conn, &conn->verdict);
    if (conn->verdict.decision != PINTLE_ACCEPT)
        SSL_set_verify_result(conn->ssl, pintle__verdict_x509(&conn->verdict, X509_V_OK));
    pintle__session_settle(conn);
    pintle__conclude(conn->guard, &conn->verdict);
}

void pintle_openssl_recheck(SSL *ssl, struct pintle_verdict *verdict)
{
    struct pintle__conn *conn = pintle__conn_get(ssl);

    pintle_verdict_init(verdict);
    if (conn == NULL || !conn->has_host) {
        verdict->reason = PINTLE_REASON_NO_HOST;
        return;
    }
    pintle__conn_catch_up(conn);
    if (!SSL_is_init_finished(ssl) || conn->verdict.decision != PINTLE_ACCEPT)
        refuse(conn, verdict, "no accepted handshake to check again");
    else if (conn->verdict.resumed)
        recheck_resumed(conn, verdict);
    else
        recheck_chain(conn, verdict);
}
