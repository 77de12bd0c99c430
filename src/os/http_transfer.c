/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange over libcurl, and what its errors mean. */
#include "os/http_transfer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/error.h"

#define REDIRECTS_MAX 5

/* How long the stop flag may go unseen. */
#define POLL_MS 50

/* Of a URL in an error text. */
#define URL_SHOWN 100

int64_t pintle__http_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- errors ----------------------------------------------------------------------------------------- */

/* A URL with a password in it is refused, and the password not shown. */
static const char *shown_url(const char *url)
{
    const char *host = strstr(url, "://");
    const char *at;

    if (host == NULL)
        return url;
    host += 3;
    at = host + strcspn(host, "/?#");
    while (at > host && at[-1] != '@')
        at--;
    return at > host ? at : url;
}

static enum pintle_status say(const struct pintle__http_transfer *transfer,
                              enum pintle_status status, const char *words,
                              struct pintle_error *err)
{
    pintle__error_set(err, status, "%.*s: %s", URL_SHOWN, shown_url(transfer->url), words);
    return status;
}

enum pintle_status pintle__http_useless(const struct pintle__http_transfer *transfer,
                                        const char *words, struct pintle_error *err)
{
    return say(transfer, PINTLE_E_HTTP, words, err);
}

static enum pintle_status say_end(const struct pintle__http_transfer *transfer,
                                  struct pintle_error *err)
{
    switch (transfer->end) {
    case PINTLE__HTTP_TOO_LARGE:
        return say(transfer, PINTLE_E_LIMIT, "the answer is too large", err);
    case PINTLE__HTTP_HEADERS_TOO_LARGE:
        return say(transfer, PINTLE_E_LIMIT, "the answer's header is too large", err);
    case PINTLE__HTTP_TIMED_OUT:
        return say(transfer, PINTLE_E_TIMEOUT, "timed out", err);
    case PINTLE__HTTP_STOPPED:
        return say(transfer, PINTLE_E_TIMEOUT, "was told to stop", err);
    case PINTLE__HTTP_NO_MEMORY:
        return say(transfer, PINTLE_E_NOMEM, "out of memory", err);
    case PINTLE__HTTP_UNWANTED:
    case PINTLE__HTTP_ENOUGH:
    case PINTLE__HTTP_NOT_ENDED:
        break;
    }
    return say(transfer, PINTLE_E_HTTP, "another part than was asked for", err);
}

static enum pintle_status class_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return PINTLE_E_RESOLVE;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
        return PINTLE_E_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return PINTLE_E_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_USE_SSL_FAILED:
        return PINTLE_E_TLS;
    case CURLE_FILESIZE_EXCEEDED:
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
        return PINTLE_E_LIMIT;
    case CURLE_OUT_OF_MEMORY:
        return PINTLE_E_NOMEM;
    default:
        return PINTLE_E_HTTP;
    }
}

/* Before 8.6 libcurl calls a header line that is too long for it "out of memory". */
static bool is_long_line(const struct pintle__http_transfer *transfer, CURLcode code)
{
    curl_off_t first_byte_us = 0;

    return code == CURLE_OUT_OF_MEMORY && !transfer->accepted &&
           curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us) ==
               CURLE_OK &&
           first_byte_us > 0;
}

enum pintle_status pintle__http_status(const struct pintle__http_transfer *transfer, CURLcode code,
                                       struct pintle_error *err)
{
    const char *reason = transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(code);

    if (code == CURLE_OK)
        return PINTLE_OK;
    if (transfer->end != PINTLE__HTTP_NOT_ENDED)
        return say_end(transfer, err);
    if (is_long_line(transfer, code))
        return say(transfer, PINTLE_E_LIMIT, "the answer's header is too large", err);
    return say(transfer, class_of(code), reason, err);
}

/* --- what libcurl calls -------------------------------------------------------------------------------- */

/* A count other than what was given ends the exchange. */
static size_t end_with(struct pintle__http_transfer *transfer, enum pintle__http_end end)
{
    transfer->end = end;
    return 0;
}

static size_t on_header(char *line, size_t one, size_t len, void *ctx)
{
    struct pintle__http_transfer *transfer = ctx;

    (void)one;
    transfer->headers_len += len;
    if (transfer->headers_len > PINTLE__HTTP_HEADERS_MAX_LEN)
        return end_with(transfer, PINTLE__HTTP_HEADERS_TOO_LARGE);
    pintle__http_headers_add(&transfer->headers, line, len);
    return len;
}

/* Room for `more` bytes and the NUL. */
static bool grow(struct pintle__http_transfer *transfer, size_t more)
{
    size_t wanted = transfer->len + more + 1;
    size_t size = transfer->size < 4096 ? 4096 : transfer->size;
    char *body;

    if (wanted <= transfer->size)
        return true;
    while (size < wanted)
        size *= 2;
    body = realloc(transfer->body, size);
    if (body == NULL)
        return false;
    transfer->body = body;
    transfer->size = size;
    return true;
}

static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
    struct pintle__http_transfer *transfer = ctx;

    (void)one;
    if (len == 0)
        return 0;
    if (!transfer->accepted) {
        enum pintle__http_end end = PINTLE__HTTP_NOT_ENDED;

        transfer->accepted = true;
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->headers.status);
        if (transfer->accept != NULL)
            end = transfer->accept(transfer);
        if (end != PINTLE__HTTP_NOT_ENDED)
            return end_with(transfer, end);
    }
    if (len > transfer->options->max_len || transfer->len > transfer->options->max_len - len)
        return end_with(transfer, transfer->drop ? PINTLE__HTTP_ENOUGH : PINTLE__HTTP_TOO_LARGE);
    if (!transfer->drop) {
        if (!grow(transfer, len))
            return end_with(transfer, PINTLE__HTTP_NO_MEMORY);
        memcpy(transfer->body + transfer->len, data, len);
    }
    transfer->len += len;
    return len;
}

/* The bodies of redirects pass by on_body(): they are bounded here. */
static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    struct pintle__http_transfer *transfer = ctx;
    uint64_t max_len = (uint64_t)transfer->options->max_len + PINTLE__HTTP_HEADERS_MAX_LEN;

    (void)total;
    (void)up_total;
    (void)up_now;
    if (now < 0 || (uint64_t)now <= max_len)
        return 0;
    transfer->end = PINTLE__HTTP_TOO_LARGE;
    return 1;
}

/* --- the handle ------------------------------------------------------------------------------------------ */

static void init_library(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Not thread-safe in every libcurl; never undone, for others in this process may use it. */
static void init_library_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, init_library);
}

static bool limit_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS,
                            (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK;
#endif
}

/* A look-up that hangs must not hold us beyond the deadline. */
static bool leave_resolver_behind(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
#else
    (void)easy;
    return true;
#endif
}

/* What is not said here is off by default: cookies, netrc, encodings, HTTP/0.9, HSTS, Alt-Svc. */
static bool set_bounds(CURL *easy)
{
    return limit_protocols(easy) && leave_resolver_behind(easy) &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "pintle") == CURLE_OK;
}

static bool set_callbacks(struct pintle__http_transfer *transfer)
{
    CURL *easy = transfer->easy;

    return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

static bool set_trust(CURL *easy, const char *ca_file)
{
    return ca_file == NULL || (curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
                               curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK);
}

static bool is_http(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

enum pintle_status pintle__http_init(struct pintle__http_transfer *transfer, const char *url,
                                     const struct pintle__http_options *options,
                                     struct pintle_error *err)
{
    memset(transfer, 0, sizeof(*transfer));
    transfer->url = url;
    transfer->options = options;
    pintle__http_headers_init(&transfer->headers);
    if (!is_http(url))
        return pintle__http_useless(transfer, "no http or https URL", err);
    init_library_once();
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !set_bounds(transfer->easy) || !set_callbacks(transfer) ||
        !set_trust(transfer->easy, options->ca_file) ||
        curl_easy_setopt(transfer->easy, CURLOPT_URL, url) != CURLE_OK)
        return say(transfer, PINTLE_E_NOMEM, "libcurl could not be set up", err);
    return PINTLE_OK;
}

enum pintle_status pintle__http_add_line(struct pintle__http_transfer *transfer, const char *line,
                                         struct pintle_error *err)
{
    struct curl_slist *lines = curl_slist_append(transfer->lines, line);

    if (lines == NULL)
        return say(transfer, PINTLE_E_NOMEM, "out of memory", err);
    transfer->lines = lines;
    return PINTLE_OK;
}

void pintle__http_clear(struct pintle__http_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->lines);
    free(transfer->body);
    transfer->easy = NULL;
    transfer->lines = NULL;
    transfer->body = NULL;
}

/* --- running it -------------------------------------------------------------------------------------------- */

static bool must_stop(struct pintle__http_transfer *transfer)
{
    const struct pintle__http_options *options = transfer->options;

    if (options->stop != NULL && atomic_load(options->stop))
        transfer->end = PINTLE__HTTP_STOPPED;
    else if (pintle__http_now_ms() >= options->end_ms)
        transfer->end = PINTLE__HTTP_TIMED_OUT;
    return transfer->end != PINTLE__HTTP_NOT_ENDED;
}

/* How long to wait for something to happen. */
static int patience_ms(const struct pintle__http_transfer *transfer)
{
    int64_t left_ms = transfer->options->end_ms - pintle__http_now_ms();

    return left_ms > POLL_MS ? POLL_MS : left_ms > 1 ? (int)left_ms : 1;
}

/* How it ended, once it has. */
static bool has_ended(CURLM *multi, CURLcode *code)
{
    int left;
    const CURLMsg *message = curl_multi_info_read(multi, &left);

    if (message == NULL || message->msg != CURLMSG_DONE)
        return false;
    *code = message->data.result;
    return true;
}

static CURLcode drive(struct pintle__http_transfer *transfer, CURLM *multi)
{
    CURLcode code = CURLE_OK;
    int running = 1;

    for (;;) {
        if (must_stop(transfer))
            return CURLE_ABORTED_BY_CALLBACK;
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return CURLE_OUT_OF_MEMORY;
        if (has_ended(multi, &code))
            return code;
        if (curl_multi_poll(multi, NULL, 0, patience_ms(transfer), NULL) != CURLM_OK)
            return CURLE_OUT_OF_MEMORY;
    }
}

CURLcode pintle__http_run(struct pintle__http_transfer *transfer)
{
    CURLM *multi = curl_multi_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;

    transfer->end = PINTLE__HTTP_NOT_ENDED;
    transfer->accepted = false;
    transfer->headers_len = 0;
    pintle__http_headers_init(&transfer->headers);
    transfer->reason[0] = '\0';
    if (multi != NULL &&
        curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->lines) == CURLE_OK &&
        curl_multi_add_handle(multi, transfer->easy) == CURLM_OK) {
        code = drive(transfer, multi);
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->headers.status);
        (void)curl_multi_remove_handle(multi, transfer->easy);
    }
    (void)curl_multi_cleanup(multi);
    return code;
}
