/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP exchange, redirects included, and what its headers say. */
#ifndef PINTLE_SRC_OS_HTTP_TRANSFER_H
#define PINTLE_SRC_OS_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "os/http.h"

/* All header lines of an exchange together, those of redirects and interim answers too. */
#define PINTLE__HTTP_HEADERS_MAX_LEN ((size_t)128 * 1024)

/*
 * What was understood of the headers of the last answer.
 *
 * etag          "" if there is none, or one that is malformed, too long or said twice
 * length        Content-Length, or -1
 * range_start, range_end, range_total
 *               Content-Range (RFC 9110 section 14.4), inclusive; -1 each if there is none that can
 *               be understood. range_total is -1 for "*"
 */
struct pintle__http_headers {
    long status;
    char etag[PINTLE__ETAG_SIZE];
    bool etag_seen;
    int64_t length;
    int64_t range_start;
    int64_t range_end;
    int64_t range_total;
};

void pintle__http_headers_init(struct pintle__http_headers *headers);

/* Take in one line, as libcurl hands them out; a status line begins anew. */
void pintle__http_headers_add(struct pintle__http_headers *headers, const char *line, size_t len);

/* RFC 9110 section 8.8.3: an entity tag in quotes, possibly weak. */
bool pintle__http_etag_is_valid(const char *etag, size_t len);

/* May it stand for the very same bytes? */
bool pintle__http_etag_is_strong(const char *etag);

/* Why an exchange was ended by us. */
enum pintle__http_end {
    PINTLE__HTTP_NOT_ENDED = 0,
    PINTLE__HTTP_TOO_LARGE,
    PINTLE__HTTP_HEADERS_TOO_LARGE,
    PINTLE__HTTP_UNWANTED, /* the body of this answer is of no use to us */
    PINTLE__HTTP_ENOUGH,   /* what counts is known */
    PINTLE__HTTP_TIMED_OUT,
    PINTLE__HTTP_STOPPED,
    PINTLE__HTTP_NO_MEMORY
};

/*
 * An exchange.
 *
 * accept    called at the first byte of a body, to take, restart or refuse it; may be NULL
 * body      so far, `len` bytes of `size`; from earlier exchanges too
 * drop      read the body and keep none of it
 */
struct pintle__http_transfer {
    const char *url;
    const struct pintle__http_options *options;
    CURL *easy;
    struct curl_slist *lines;
    char reason[CURL_ERROR_SIZE];
    struct pintle__http_headers headers;
    size_t headers_len;
    enum pintle__http_end (*accept)(struct pintle__http_transfer *transfer);
    bool accepted;
    enum pintle__http_end end;
    char *body;
    size_t len;
    size_t size;
    bool drop;
    void *ctx;
};

/* E_HTTP, E_NOMEM. Ends with pintle__http_clear(), also after a failure. */
PINTLE_MUST_USE enum pintle_status pintle__http_init(struct pintle__http_transfer *transfer,
                                                     const char *url,
                                                     const struct pintle__http_options *options,
                                                     struct pintle_error *err);
PINTLE_MUST_USE enum pintle_status pintle__http_add_line(struct pintle__http_transfer *transfer,
                                                         const char *line,
                                                         struct pintle_error *err);

/* Do it. libcurl's word; CURLE_ABORTED_BY_CALLBACK if transfer->end says why. */
CURLcode pintle__http_run(struct pintle__http_transfer *transfer);

/* What that means. PINTLE_OK for CURLE_OK. */
PINTLE_MUST_USE enum pintle_status pintle__http_status(const struct pintle__http_transfer *transfer,
                                                       CURLcode code, struct pintle_error *err);

/* E_HTTP with the URL and these words. */
enum pintle_status pintle__http_useless(const struct pintle__http_transfer *transfer,
                                        const char *words, struct pintle_error *err);

void pintle__http_clear(struct pintle__http_transfer *transfer);

#endif
