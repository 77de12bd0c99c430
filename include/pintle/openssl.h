/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/openssl.h: pinning for programs that use OpenSSL 3. Link libpintle-openssl.
 *
 * Two calls adopt it:
 *
 *   pintle_openssl_guard(ctx, engine, &err);                         once per SSL_CTX
 *   pintle_openssl_set_host(ssl, "api.example.com", 443, &err);      once per connection
 *
 * From then on every handshake of `ssl`, explicit or implicit, first or renegotiated, full or
 * resumed, blocking or not, over any BIO, ends in a verdict before the first byte of application
 * data and before a client certificate is shown. A refusal fails the handshake; the server gets the
 * alert that fits. Forgetting set_host refuses before a byte is sent.
 *
 * What guard takes over:
 *
 * - Path validation. X509_verify_cert() still does the work, with the context's store and
 *   parameters, for the dialled host and no other name. A verify callback installed with
 *   SSL_CTX_set_verify() or SSL_set_verify() is called, and may refuse more, never less.
 * - SSL_VERIFY_PEER. Setting SSL_VERIFY_NONE has no effect.
 * - Resumption. A session is offered only if a handshake for this host and port was accepted under
 *   this very pin-set, and not by keys that were learned from the host (FIRST_USE, `learned`); any
 *   other one is dropped, and a full handshake made. This holds for sessions from
 *   i2d_SSL_SESSION() too, and for early data. Taken for it: the session id context and, in
 *   sessions, the ticket application data.
 * - Pre-shared keys: callbacks for them are removed, for a server is to show a certificate.
 * - DANE is ignored: pins need a PKIX path (or "trust": "key").
 * - The certificate verification callback of the context (one of the program's is lost, with the
 *   checks it made) and the info callback of context and connection. An info callback that was set
 *   before the handshake is still called.
 *
 * A program that replaces the certificate verification callback (SSL_CTX_set_cert_verify_callback)
 * afterwards, or moves a connection to another context (SSL_set_SSL_CTX), gets its handshakes
 * refused as UNCHECKED, without an alert. What guard does not survive is a program that replaces
 * the verification callback *and*, while a handshake is under way, the connection's info callback,
 * or that moves a connection to an unguarded context and replaces its info callback.
 *
 * Keys are learned (trust "tofu") once the server has proved that it holds them, at the end of its
 * last flight; in TLS 1.2 with RSA key exchange that is the end of the handshake. If they cannot be
 * kept then, SSL_connect() may return 1 all the same: the verdict is a refusal, and nothing is
 * written or read.
 *
 * Only clients are guarded; a handshake in the server's role is refused. So is one on a connection
 * that was made before its context was guarded, and one on a copy by SSL_dup() without a host of
 * its own.
 *
 * After a refusal SSL_get_verify_result() says X509_V_ERR_CERT_REJECTED (mismatch, denied), the
 * path's own error (path-invalid, name-mismatch), X509_V_ERR_APPLICATION_VERIFICATION (no rule, no
 * host, unchecked) or X509_V_ERR_UNSPECIFIED (internal, memory). The first entry in the error queue is of
 * ERR_LIB_USER, with reason 100 + enum pintle_reason and the verdict as text;
 * pintle_openssl_get_verdict() says all of it.
 *
 * Thread safety follows OpenSSL: one SSL on one thread at a time, an SSL_CTX may be shared once it
 * is guarded.
 */
#ifndef PINTLE_OPENSSL_H
#define PINTLE_OPENSSL_H

#include <openssl/ssl.h>

#include <pintle/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* SHA-256 through OpenSSL's EVP. Process-wide, never freed; NULL if OpenSSL has no SHA-256. */
PINTLE_API const struct pintle_crypto *pintle_openssl_crypto(void);

/*
 * Guard a client context. Call it after the context is set up and before the first SSL_new().
 * The context owns one reference on the engine until it is freed.
 * E_STATE if it is guarded already; E_NOMEM; E_INTERNAL if OpenSSL refuses a hook.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_openssl_guard(SSL_CTX *ctx,
                                                                   struct pintle *engine,
                                                                   struct pintle_error *err);

/*
 * For guarding libraries that make their own connections (as pintle/curl.h does with libcurl) and
 * never call pintle_openssl_set_host().
 *
 * find_host  asked at the start of the first handshake of a connection without a host: sets *host
 *            and *port, or returns false to refuse with NO_HOST. SNI is left as the library set it
 * concluded  told every verdict on a connection of this context, on that connection's thread; an
 *            entry of ERR_LIB_USER is then not left in the error queue; may be NULL
 * release    called once, when the context and all its connections are gone; may be NULL
 * ctx        passed to all three
 */
struct pintle_openssl_hooks {
    bool (*find_host)(void *ctx, SSL *ssl, struct pintle_host *host, uint16_t *port);
    void (*concluded)(void *ctx, const struct pintle_verdict *verdict);
    void (*release)(void *ctx);
    void *ctx;
};

/*
 * As pintle_openssl_guard(), with hooks (copied). On failure `release` is not called.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_openssl_guard_with(
    SSL_CTX *ctx, struct pintle *engine, const struct pintle_openssl_hooks *hooks,
    struct pintle_error *err);

/*
 * Say which host a connection is for: sets SNI (not for IP addresses), the name that the
 * certificate must have, and the rule. Call it before the handshake; calling it again before a
 * handshake replaces the host.
 *
 * host  as dialled; normalised by pintle_host_parse() (E_HOST)
 * port  1 to 65535 (E_ARGUMENT)
 *
 * E_STATE if the context is not guarded, E_NOMEM: after these and the failures above, the
 * connection is refused. E_STATE if a handshake has begun: the connection stays as it was.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_openssl_set_host(SSL *ssl, const char *host,
                                                                      uint16_t port,
                                                                      struct pintle_error *err);

/*
 * The verdict on the connection's last handshake: REFUSE/UNCHECKED while there is none. Lent until
 * the next handshake of `ssl` or SSL_free(). NULL if `ssl` has no host. It judges the certificate:
 * an acceptance counts once SSL_connect(), SSL_do_handshake(), SSL_read() or SSL_write() has
 * succeeded.
 */
PINTLE_API const struct pintle_verdict *pintle_openssl_get_verdict(SSL *ssl);

/* The engine that guards the connection, or NULL if nothing does. Lent as long as `ssl`. */
PINTLE_API struct pintle *pintle_openssl_get_engine(const SSL *ssl);

/*
 * Decide again, under the pin-set in force now, on a connection whose handshake is over: for
 * connections kept open across a change of pins. Looks at the path that was accepted; a resumed
 * connection has none and is accepted only if its session is still bound to this host, port and
 * pin-set. Other valid paths are not looked for: a new handshake may find one. Sets *verdict and
 * nothing else: to obey it is the caller's. NULL `ssl`, no host, no
 * handshake or one that was refused refuse.
 */
PINTLE_API void pintle_openssl_recheck(SSL *ssl, struct pintle_verdict *verdict);

#ifdef __cplusplus
}
#endif
#endif
