/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/curl.h: pinning for programs that use libcurl. Link libpintle-curl.
 *
 * One call adopts it:
 *
 *   pintle_curl_attach(&guard, easy, engine, NULL, &err);
 *
 * From then on every transfer of that easy handle is checked before its request is sent: first
 * connections, redirects (by the rule of the host redirected to), reused connections (again, under
 * the pin-set in force now), multi handles, HTTP/1.1 and 2, through HTTP and SOCKS proxies, HTTPS
 * proxies (by the rule of the proxy's own name), and STARTTLS protocols. A transfer without TLS to
 * a host that has a rule, or to an unlisted host while those are refused, is refused as PLAINTEXT
 * before its request is sent.
 *
 * Options the guard uses on the handle, and so takes from you: CURLOPT_SSL_CTX_FUNCTION/_DATA and
 * CURLOPT_PREREQFUNCTION/_DATA. Give yours to the guard instead (struct pintle_curl_options); they
 * are called first. CURLOPT_USE_SSL becomes CURLUSESSL_ALL, because mail and FTP log in before
 * libcurl asks about the first request. CURLOPT_PROTOCOLS_STR becomes what can be guarded: HTTP,
 * WebSocket, FTP, IMAP, POP3 and SMTP, with and without TLS from the start; SSH, SMB and LDAP
 * cannot. CURLOPT_FORBID_REUSE and _FRESH_CONNECT are set when a request is refused and cleared
 * when the next is accepted. CURLOPT_SSL_VERIFYPEER and _VERIFYHOST set to 0 do not weaken
 * the guard. CURLOPT_PORT is not seen: the rule is that of the URL's port.
 *
 * A connection that libcurl would reuse is refused if it no longer matches the pin-set in force
 * (MISMATCH), or if a handle without a guard, or with one of another engine, made it (UNCHECKED).
 * The next transfer makes its own, and libcurl closes the refused one (one of HTTP/2 as soon as no
 * other transfer uses it).
 *
 * Needs libcurl 7.80 or later built on OpenSSL. Name look-ups that libcurl makes itself over
 * DNS-over-HTTPS are connections like any other: they need a rule for the DoH server, or unlisted
 * hosts allowed.
 */
#ifndef PINTLE_CURL_H
#define PINTLE_CURL_H

#include <curl/curl.h>

#include <pintle/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Your own callbacks, called before the guard's; all may be NULL. */
struct pintle_curl_options {
    curl_ssl_ctx_callback ssl_ctx_function;
    void *ssl_ctx_data;
    curl_prereq_callback prereq_function;
    void *prereq_data;
};

struct pintle_curl; /* opaque: one per easy handle */

/*
 * Guard an easy handle. options may be NULL; it is copied. The guard owns a reference on the
 * engine. It must live as long as the handle may make transfers: free it after curl_easy_cleanup()
 * or pintle_curl_detach(). Connections that stay in a pool do not need it. curl_easy_reset() takes
 * the guard off, attaching another one replaces it, and curl_easy_duphandle() makes a handle that
 * is refused: attach again.
 *
 * E_UNSUPPORTED: this libcurl is not built on OpenSSL, or too old. E_NOMEM, E_INTERNAL.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_curl_attach(
    struct pintle_curl **out, CURL *easy, struct pintle *engine,
    const struct pintle_curl_options *options, struct pintle_error *err);

/*
 * The verdict of the last check made for the handle, at a handshake or before a request;
 * REFUSE/UNCHECKED before any. A transfer that fails earlier (no route, no such protocol) leaves it
 * as it was. Lent until the next transfer or pintle_curl_free(). Never NULL.
 */
PINTLE_API const struct pintle_verdict *pintle_curl_get_verdict(const struct pintle_curl *guard);

/*
 * Take the guard off a handle that lives on, between transfers: later transfers are not checked,
 * and options of yours that the guard called are not put back. NULL is allowed.
 */
PINTLE_API void pintle_curl_detach(struct pintle_curl *guard);

/* Free the guard, after curl_easy_cleanup() or pintle_curl_detach(). NULL is allowed. */
PINTLE_API void pintle_curl_free(struct pintle_curl *guard);

#ifdef __cplusplus
}
#endif
#endif
