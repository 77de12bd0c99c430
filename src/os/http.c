/* SPDX-License-Identifier: Apache-2.0 */
/* GET, which goes on where a body broke off, and POST. */
#include "os/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/http_transfer.h"

/* After the first. */
#define RESUMES_MAX 3

/*
 * A body that is being put together.
 *
 * etag   strong validator of what we have, or "": then nothing of it is kept for another try
 * total  its whole length, or -1 while unknown
 * from   where this try goes on; 0 begins anew
 * wrong  the server sent another part than it was asked for
 */
struct download {
    char etag[PINTLE__ETAG_SIZE];
    int64_t total;
    size_t from;
    bool wrong;
};

/*
 * A part counts only if it is the one that was asked for, up to the end (RFC 9110 section 15.3.7),
 * of a whole whose length is known.
 */
static bool fits(struct download *download, const struct pintle__http_headers *headers)
{
    if (download->total < 0)
        download->total = headers->range_total;
    return download->from > 0 && headers->range_start == (int64_t)download->from &&
           headers->range_end == download->total - 1 &&
           (headers->range_total < 0 || headers->range_total == download->total) &&
           (headers->etag[0] == '\0' || strcmp(headers->etag, download->etag) == 0);
}

/* Of an answer to be kept from its beginning. */
static void start_over(struct pintle__http_transfer *transfer)
{
    struct download *download = transfer->ctx;
    const struct pintle__http_headers *headers = &transfer->headers;

    transfer->len = 0;
    download->from = 0;
    download->total = headers->length;
    download->etag[0] = '\0';
    if (headers->status == 200 && pintle__http_etag_is_strong(headers->etag))
        memcpy(download->etag, headers->etag, sizeof(download->etag));
}

/* Called at the first byte of a body, or when an answer without one is complete. */
static enum pintle__http_end accept_body(struct pintle__http_transfer *transfer)
{
    struct download *download = transfer->ctx;
    const struct pintle__http_headers *headers = &transfer->headers;

    if (headers->status == 206) {
        download->wrong = !fits(download, headers);
        return download->wrong ? PINTLE__HTTP_UNWANTED : PINTLE__HTTP_NOT_ENDED;
    }
    if (headers->status == 416 && download->from > 0) {
        download->wrong = true;
        return PINTLE__HTTP_UNWANTED;
    }
    start_over(transfer);
    if (headers->length >= 0 && (uint64_t)headers->length > transfer->options->max_len)
        return PINTLE__HTTP_TOO_LARGE;
    return PINTLE__HTTP_NOT_ENDED;
}

/* Did a good answer break off, now or before? */
static bool is_broken_off(const struct pintle__http_transfer *transfer, CURLcode code, bool before)
{
    const long status = transfer->headers.status;

    return transfer->end == PINTLE__HTTP_NOT_ENDED &&
           (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING) &&
           (status == 200 || status == 206 || (status == 0 && before));
}

/* "If-Range: " and an ETag */
#define LINE_SIZE (PINTLE__ETAG_SIZE + 24)

static enum pintle_status add_etag_line(struct pintle__http_transfer *transfer, const char *name,
                                        const char *etag, struct pintle_error *err)
{
    char line[LINE_SIZE];

    (void)snprintf(line, sizeof(line), "%s: %s", name, etag);
    return pintle__http_add_line(transfer, line, err);
}

/* What this try asks for. */
static enum pintle_status ask(struct pintle__http_transfer *transfer, struct pintle_error *err)
{
    struct download *download = transfer->ctx;
    const char *etag = transfer->options->etag;
    char range[32];

    curl_slist_free_all(transfer->lines);
    transfer->lines = NULL;
    download->wrong = false;
    if (download->etag[0] == '\0')
        transfer->len = 0;
    download->from = transfer->len;
    (void)snprintf(range, sizeof(range), "%zu-", download->from);
    if (curl_easy_setopt(transfer->easy, CURLOPT_RANGE, download->from > 0 ? range : NULL) !=
        CURLE_OK) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    if (download->from > 0)
        return add_etag_line(transfer, "If-Range", download->etag, err);
    if (etag != NULL && pintle__http_etag_is_valid(etag, strlen(etag)))
        return add_etag_line(transfer, "If-None-Match", etag, err);
    return PINTLE_OK;
}

/* An answer is complete: is it all of what we wanted? */
static enum pintle_status finish(struct pintle__http_transfer *transfer, struct pintle_error *err)
{
    const struct download *download = transfer->ctx;

    if (transfer->headers.status == 206 &&
        (!transfer->accepted || (int64_t)transfer->len != download->total))
        return pintle__http_useless(transfer, "a part is missing", err);
    if (!transfer->accepted)
        start_over(transfer);
    return PINTLE_OK;
}

/* The server no longer has what it began to send, or knows no such part: once more, from the start. */
static bool must_start_over(const struct pintle__http_transfer *transfer, CURLcode code)
{
    const struct download *download = transfer->ctx;

    return download->from > 0 &&
           (download->wrong || (code == CURLE_OK && transfer->headers.status == 416));
}

static enum pintle_status download_all(struct pintle__http_transfer *transfer,
                                       struct pintle_error *err)
{
    struct download *download = transfer->ctx;
    enum pintle_status status = PINTLE_OK;

    for (int i = 0; i <= RESUMES_MAX; i++) {
        CURLcode code;

        status = ask(transfer, err);
        if (status != PINTLE_OK)
            return status;
        code = pintle__http_run(transfer);
        if (must_start_over(transfer, code)) {
            status = pintle__http_useless(transfer, "another part than was asked for", err);
            download->etag[0] = '\0';
        } else if (is_broken_off(transfer, code, i > 0)) {
            status = pintle__http_status(transfer, code, err);
        } else {
            status = pintle__http_status(transfer, code, err);
            return status == PINTLE_OK ? finish(transfer, err) : status;
        }
    }
    return status;
}

/* Hand the body over. One of an answer without a body is empty, not NULL, but for 304. */
static enum pintle_status take_answer(struct pintle__http_answer *out,
                                      struct pintle__http_transfer *transfer,
                                      struct pintle_error *err)
{
    const struct download *download = transfer->ctx;

    out->status = transfer->headers.status;
    /* of a part, the whole's validator */
    memcpy(out->etag, out->status == 206 ? download->etag : transfer->headers.etag,
           sizeof(out->etag));
    if (out->status == 206)
        out->status = 200;
    if (out->status == 304)
        return PINTLE_OK;
    if (transfer->body == NULL)
        transfer->body = calloc(1, 1);
    if (transfer->body == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    transfer->body[transfer->len] = '\0';
    out->body = transfer->body;
    out->len = transfer->len;
    transfer->body = NULL;
    return PINTLE_OK;
}

enum pintle_status pintle__http_get(struct pintle__http_answer *out, const char *url,
                                    const struct pintle__http_options *options,
                                    struct pintle_error *err)
{
    struct download download = {.total = -1};
    struct pintle__http_transfer transfer;
    enum pintle_status status;

    memset(out, 0, sizeof(*out));
    status = pintle__http_init(&transfer, url, options, err);
    transfer.accept = accept_body;
    transfer.ctx = &download;
    if (status == PINTLE_OK)
        status = download_all(&transfer, err);
    if (status == PINTLE_OK)
        status = take_answer(out, &transfer, err);
    pintle__http_clear(&transfer);
    return status;
}

static enum pintle_status set_post(struct pintle__http_transfer *transfer, const char *json,
                                   size_t len, struct pintle_error *err)
{
    if (curl_easy_setopt(transfer->easy, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L) != CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) !=
            CURLE_OK ||
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, json) != CURLE_OK) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    return pintle__http_add_line(transfer, "Content-Type: application/json", err);
}

enum pintle_status pintle__http_post_json(long *http_status, const char *url, const char *json,
                                          size_t len, const struct pintle__http_options *options,
                                          struct pintle_error *err)
{
    struct pintle__http_transfer transfer;
    enum pintle_status status = pintle__http_init(&transfer, url, options, err);
    CURLcode code = CURLE_OK;

    *http_status = 0;
    transfer.drop = true;
    if (status == PINTLE_OK)
        status = set_post(&transfer, json, len, err);
    if (status == PINTLE_OK) /* no waiting for a "100 Continue" */
        status = pintle__http_add_line(&transfer, "Expect:", err);
    if (status == PINTLE_OK) {
        code = pintle__http_run(&transfer);
        if (transfer.end !=
            PINTLE__HTTP_ENOUGH) /* else the status is known, and was all we wanted */
            status = pintle__http_status(&transfer, code, err);
    }
    if (status == PINTLE_OK)
        *http_status = transfer.headers.status;
    pintle__http_clear(&transfer);
    return status;
}
