/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guarded contexts and connections carry, and the hooks that look after one connection.
 *
 * A handshake passes them in this order; each refuses alone if another was lost:
 *
 *   start   info callback, HANDSHAKE_START: compute the binding, drop a foreign session
 *   greet   ClientHello is built: no host, or a foreign session on offer, ends the handshake
 *   verify  the server's certificate: path, name and pins (verify.h)
 *   settle  info callback, before the client's last flight and at HANDSHAKE_DONE: a handshake that
 *           nobody judged is a resumed one under its binding, or a refusal
 *   prove   at the same moments, before settle: once it is known that the server holds the key it
 *           showed, keys are learned
 */
#ifndef PINTLE_SRC_TLS_OPENSSL_CONN_H
#define PINTLE_SRC_TLS_OPENSSL_CONN_H

#include <stdatomic.h>

#include <pintle/openssl.h>

typedef void pintle__info_fn(const SSL *ssl, int where, int ret);

/* States of closed connections kept for the next ones. */
#define PINTLE__SPARES 4

struct pintle__conn;

/*
 * Of a context. Never changes once it is set but for the spares, and lives as long as the context.
 *
 * info    the context's info callback before it was guarded, or NULL
 * spares  memory for connections: what a handshake costs us is largely asking for it
 */
struct pintle__guard {
    struct pintle *engine;
    struct pintle_openssl_hooks hooks;
    pintle__info_fn *info;
    _Atomic(struct pintle__conn *) spares[PINTLE__SPARES];
};

/* One run of path validation: the program's own callback and the first error ours saw. */
struct pintle__check {
    X509_STORE_CTX_verify_cb callback;
    int first_error;
};

/*
 * Of a connection.
 *
 * ctx         the context that guard belongs to: one reference
 * info        the info callback to be called after ours, or NULL
 * has_host    host and port are those that were dialled
 * failed      set_host failed: no hook may say another host
 * prepared    START has computed the binding for the handshake that comes
 * ready       the binding is valid
 * fresh       the verdict says that there is none yet
 * greeted     a ClientHello was built, the handshake is not over
 * judged      the verdict is that of the handshake under way, or of the last one
 * walled      a refusal took the connection's output away
 * wall        what it writes to since: one reference, so that no other BIO can have its address;
 *             NULL if there was no memory for one
 * path        how the path that was accepted had ended
 * binding     what a session must be bound to now
 * check       set while path validation runs
 * parked      the connection's own output behind the `wall`: one reference
 */
struct pintle__conn {
    SSL *ssl;
    SSL_CTX *ctx;
    struct pintle__guard *guard;
    pintle__info_fn *info;
    bool has_host;
    bool failed;
    bool prepared;
    bool ready;
    bool fresh;
    bool greeted;
    bool judged;
    bool in_info;
    uint16_t port;
    enum pintle_path path;
    struct pintle_host host;
    struct pintle_binding binding;
    struct pintle__check *check;
    bool walled;
    BIO *wall;
    BIO *parked;
    struct pintle_verdict verdict;
};

/* --- state.c: where they are kept ------------------------------------------------------------ */

/* The guard of a context or of a connection's present context, or NULL. */
struct pintle__guard *pintle__guard_get(const SSL_CTX *ctx);
struct pintle__guard *pintle__guard_of(const SSL *ssl);

/* Hand a guard to a context. False for want of memory: it is then still the caller's. */
bool pintle__guard_set(SSL_CTX *ctx, struct pintle__guard *guard);

/* Take it back. */
void pintle__guard_unset(SSL_CTX *ctx);

/* Free a guard without telling hooks.release. NULL is allowed. */
void pintle__guard_free(struct pintle__guard *guard);

/* The state of a connection, or NULL. */
struct pintle__conn *pintle__conn_get(const SSL *ssl);

/*
 * The same, made if there is none. The connection's info callback becomes ours. NULL if its context
 * is not guarded, or for want of memory.
 */
struct pintle__conn *pintle__conn_make(SSL *ssl);

/* --- session.c: which sessions may be offered ------------------------------------------------ */

/* Compute the binding under the pin-set in force and give it to the connection. */
void pintle__session_prepare(struct pintle__conn *conn);

/* True if the session was made by a handshake that was accepted under the present binding. */
bool pintle__session_is_bound(const struct pintle__conn *conn, SSL_SESSION *session);

/* The same for any binding. */
bool pintle__session_is_bound_to(const struct pintle_binding *binding, SSL_SESSION *session);

/* The handshake under way was accepted under the binding: its session may be resumed. */
void pintle__session_bind(struct pintle__conn *conn);

/* Its session must never be resumed. */
void pintle__session_unbind(struct pintle__conn *conn);

/*
 * One or the other, as the verdict says. What was accepted by keys that were learned is not bound:
 * they may be forgotten or replaced at any time, and no session would know.
 */
void pintle__session_settle(struct pintle__conn *conn);

/* Before the handshake: see to it that no foreign session is offered. */
void pintle__session_drop_foreign(struct pintle__conn *conn);

/* --- handshake.c: the hooks ------------------------------------------------------------------ */

/* The info callback, and the same for where another one is to be called after it. */
void pintle__info(const SSL *ssl, int where, int ret);
void pintle__info_and_next(const SSL *ssl, int where, int ret);

/* The ClientHello hook: a custom extension that never adds one. */
int pintle__greet(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *len,
                  X509 *cert, size_t index, int *alert, void *arg);

/* If the handshake is over and nobody settled it (the info callback is gone), settle it now. */
void pintle__conn_catch_up(struct pintle__conn *conn);

/* There is no verdict on the handshake that begins. */
void pintle__conn_forget(struct pintle__conn *conn);

/* Record a refusal that needs no chain, and tell of it. */
void pintle__conn_refuse(struct pintle__conn *conn, enum pintle_reason reason, const char *detail);

/* The same for a connection without a host. */
void pintle__refuse_unhosted(SSL *ssl, struct pintle__guard *guard);

/* Tell the hook and, for a refusal, the error queue of a verdict. */
void pintle__conclude(struct pintle__guard *guard, const struct pintle_verdict *verdict);

/* What SSL_get_verify_result() says of a refusal; path_error is path validation's own. */
int pintle__verdict_x509(const struct pintle_verdict *verdict, int path_error);

/* --- recheck.c --------------------------------------------------------------------------------- */

/* The server has proved that it holds its key: take a pending decision again. */
void pintle__conn_prove(struct pintle__conn *conn);

#endif
