/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sessions may be resumed.
 *
 * A session carries the binding of the connection it was made on twice. As its session id context,
 * which OpenSSL compares when the server resumes, also on clients and also for sessions read from a
 * file: a second lock behind ours. OpenSSL gives that to every session at birth, though, whatever
 * becomes of its handshake. So the binding is also written as ticket application data (which means
 * nothing to a client otherwise, is serialised, and is inherited by later tickets), and that only
 * once the certificate was accepted.
 */
#include <string.h>

#include "tls/openssl/conn.h"

void pintle__session_prepare(struct pintle__conn *conn)
{
    conn->ready =
        pintle_session_binding(&conn->binding, conn->guard->engine, &conn->host, conn->port,
                               NULL) == PINTLE_OK &&
        SSL_set_session_id_context(conn->ssl, conn->binding.digest, PINTLE_DIGEST_LEN) == 1;
}

bool pintle__session_is_bound_to(const struct pintle_binding *binding, SSL_SESSION *session)
{
    const unsigned char *context;
    unsigned context_len;
    void *mark;
    size_t mark_len;

    if (session == NULL)
        return false;
    context = SSL_SESSION_get0_id_context(session, &context_len);
    return context_len == PINTLE_DIGEST_LEN &&
           memcmp(context, binding->digest, PINTLE_DIGEST_LEN) == 0 &&
           SSL_SESSION_get0_ticket_appdata(session, &mark, &mark_len) == 1 &&
           mark_len == PINTLE_DIGEST_LEN && memcmp(mark, binding->digest, PINTLE_DIGEST_LEN) == 0;
}

bool pintle__session_is_bound(const struct pintle__conn *conn, SSL_SESSION *session)
{
    return conn->ready && pintle__session_is_bound_to(&conn->binding, session);
}

void pintle__session_unbind(struct pintle__conn *conn)
{
    SSL_SESSION *session = SSL_get_session(conn->ssl);

    if (session == NULL)
        return;
    (void)SSL_SESSION_set1_ticket_appdata(session, NULL, 0);
    (void)SSL_SESSION_set1_id_context(session, (const unsigned char *)"", 0);
}

void pintle__session_bind(struct pintle__conn *conn)
{
    SSL_SESSION *session = SSL_get_session(conn->ssl);
    const struct pintle_binding *binding = &conn->binding;
    bool as_judged =
        memcmp(conn->verdict.set_digest, binding->set_digest, PINTLE_DIGEST_LEN) == 0 &&
        conn->verdict.mode == binding->mode;

    if (session == NULL)
        return;
    if (!conn->ready || !as_judged ||
        SSL_SESSION_set1_id_context(session, binding->digest, PINTLE_DIGEST_LEN) != 1 ||
        SSL_SESSION_set1_ticket_appdata(session, binding->digest, PINTLE_DIGEST_LEN) != 1)
        pintle__session_unbind(conn);
}

void pintle__session_settle(struct pintle__conn *conn)
{
    const struct pintle_verdict *verdict = &conn->verdict;

    if (verdict->decision == PINTLE_ACCEPT && !verdict->softened && !verdict->learned &&
        !verdict->pending && verdict->reason != PINTLE_REASON_FIRST_USE)
        pintle__session_bind(conn);
    else
        pintle__session_unbind(conn);
}

void pintle__session_drop_foreign(struct pintle__conn *conn)
{
    SSL_SESSION *session = SSL_get_session(conn->ssl);

    if (session == NULL || pintle__session_is_bound(conn, session))
        return;
    if (SSL_in_before(conn->ssl))
        (void)SSL_set_session(conn->ssl, NULL);
    else
        /* SSL_set_session() would wipe the state that renegotiation stands on. This marks the
         * connection's own session as not resumable. */
        (void)SSL_CTX_remove_session(SSL_get_SSL_CTX(conn->ssl), session);
}
