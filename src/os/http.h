/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP client for files and reports, over libcurl. What it fetches is believed for its
 * signatures and nothing else, so it is pinned by nothing and asks no secret of TLS; it is bounded
 * in time and size against servers that drip, flood or redirect.
 *
 * Only http and https, also behind redirects (5 at most); no proxies but those of the environment;
 * no cookies, credentials, or content encodings. Thread-safe: each call has its own handle.
 */
#ifndef PINTLE_SRC_OS_HTTP_H
#define PINTLE_SRC_OS_HTTP_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <pintle/status.h>

#define PINTLE__ETAG_SIZE 128

/*
 * end_ms   when to give up, in the time of pintle__http_now_ms()
 * ca_file  PEM trust anchors instead of the system's; NULL
 * stop     gives up soon after it is true; may be NULL
 * max_len  a longer body is E_LIMIT, as soon as that is known
 * etag     sent as If-None-Match if not empty; NULL or ""
 */
struct pintle__http_options {
    int64_t end_ms;
    const char *ca_file;
    const atomic_bool *stop;
    size_t max_len;
    const char *etag;
};

/*
 * status  of the last answer: 200, 304 (body is then NULL), 404…
 * body    NUL-terminated behind len bytes; the caller frees it
 */
struct pintle__http_answer {
    long status;
    char *body;
    size_t len;
    char etag[PINTLE__ETAG_SIZE];
};

/* Milliseconds of a clock that only goes forward. */
int64_t pintle__http_now_ms(void);

/*
 * GET. Any complete answer is PINTLE_OK, whatever its status. A body that broke off is asked for
 * again from there (Range, If-Range), up to 3 times; one whose length nobody said ends with its
 * connection, and only its signatures tell that it was cut. E_RESOLVE,
 * E_CONNECT, E_TIMEOUT (also: told to stop), E_TLS, E_HTTP (also: a redirect to another scheme or too
 * many), E_LIMIT, E_NOMEM; err->text begins with the URL.
 */
PINTLE_MUST_USE enum pintle_status pintle__http_get(struct pintle__http_answer *out,
                                                    const char *url,
                                                    const struct pintle__http_options *options,
                                                    struct pintle_error *err);

/*
 * POST JSON; redirects are not followed. The answer's body is read up to max_len and dropped: that it
 * goes on is no failure. The errors of pintle__http_get().
 */
PINTLE_MUST_USE enum pintle_status pintle__http_post_json(
    long *http_status, const char *url, const char *json, size_t len,
    const struct pintle__http_options *options, struct pintle_error *err);

#endif
