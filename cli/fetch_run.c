/* SPDX-License-Identifier: Apache-2.0 */
/* Hops and tries. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "os/net.h"
#include "verdict.h"

/* Waiting for another try: doubles from the first to the last. */
#define WAIT_FIRST_S 1
#define WAIT_LAST_S 60

/* --- what an answer means -------------------------------------------------------------------- */

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* RFC 9110, section 9.2.2. */
static bool is_idempotent(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(method, methods[i]) == 0)
            return true;
    return false;
}

static bool is_transient_status(long status)
{
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

static bool is_transient_error(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

bool fetch_drops(const struct fetch *f, long status)
{
    if (is_redirect(status) && f->located && f->options->location)
        return true;
    if (is_transient_status(status) && f->tries > 0 && is_idempotent(f->method))
        return true;
    return f->options->fail && status >= 400;
}

static enum cli_exit exit_for(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return CLI_USAGE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_USE_SSL_FAILED:
        return CLI_TLS;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_READ_ERROR:
    case CURLE_WRITE_ERROR:
        return CLI_INPUT;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
        return CLI_INTERNAL;
    default:
        return CLI_UNREACHABLE;
    }
}

/* --- one transfer ----------------------------------------------------------------------------- */

/* A verdict that refuses explains a failure, unless there was no handshake to judge. */
static bool was_refused(CURLcode code, const struct pintle_verdict *verdict)
{
    if (verdict->decision == PINTLE_ACCEPT)
        return false;
    return code == CURLE_OK || verdict->reason != PINTLE_REASON_UNCHECKED ||
           verdict->detail[0] != '\0';
}

/* False without memory. */
static bool note_hop(struct fetch *f)
{
    struct fetch_hop *hop = &f->hops[f->hop_count];

    free(hop->url);
    hop->url = strdup(f->url.text);
    hop->verdict = *pintle_curl_get_verdict(f->guard);
    hop->status = 0;
    hop->hpkp.action = NULL;
    (void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &hop->status);
    return hop->url != NULL;
}

static enum cli_exit tell_failure(const struct fetch *f, CURLcode code)
{
    const char *reason = f->reason[0] != '\0' ? f->reason : curl_easy_strerror(code);

    if (cli_interrupted != 0)
        return CLI_INTERNAL;
    if (f->sink.broken) {
        if (f->sink.err.text[0] != '\0')
            cli_error("%s", f->sink.err.text);
        return cli_exit_for(f->sink.err.status);
    }
    if (f->source.broken)
        cli_error("%s: cannot be read", cli_safe(f->options->upload));
    else
        cli_error("%s: %s", f->url.target.text, cli_safe(reason));
    return exit_for(code);
}

/* *again: it failed in a way that may pass. */
static enum cli_exit transfer(struct fetch *f, bool *again)
{
    const struct pintle_verdict *verdict;
    CURLcode code;

    *again = false;
    if (!fetch_setup_hop(f)) {
        cli_error("libcurl cannot be set up: out of memory?");
        return CLI_INTERNAL;
    }
    code = curl_easy_perform(f->easy);
    fetch_progress_end(f);
    if (!note_hop(f)) {
        cli_error("out of memory");
        return CLI_INTERNAL;
    }
    verdict = &f->hops[f->hop_count].verdict;
    fetch_report_hop(f, was_refused(code, verdict));
    fetch_hpkp_report(f);
    if (was_refused(code, verdict))
        return verdict_exit(verdict);
    if (code == CURLE_OK) {
        f->sink.dropped = fetch_drops(f, f->hops[f->hop_count].status);
        if (!fetch_sink_flush_head(&f->sink))
            code = CURLE_WRITE_ERROR;
    }
    *again = code == CURLE_OK ? is_transient_status(f->hops[f->hop_count].status)
                              : is_transient_error(code);
    if (code != CURLE_OK)
        return tell_failure(f, code);
    return fetch_hpkp_obey(f);
}

/* --- tries ----------------------------------------------------------------------------------- */

/* What the server asks for (RFC 9110, section 10.2.3), or twice as long each time. */
static int64_t wait_s(const struct fetch *f)
{
    int64_t seconds = WAIT_FIRST_S;
    curl_off_t asked = 0;

    for (uint64_t i = 0; i < f->retried && seconds < WAIT_LAST_S; i++)
        seconds *= 2;
    if (curl_easy_getinfo(f->easy, CURLINFO_RETRY_AFTER, &asked) == CURLE_OK && asked > seconds)
        seconds = asked;
    return seconds < WAIT_LAST_S ? seconds : WAIT_LAST_S;
}

static bool wait_for_next(struct fetch *f)
{
    int64_t seconds = wait_s(f);
    int64_t end = os_now_ms() + seconds * 1000;

    cli_note("trying again in %lld s, %ld tries left", (long long)seconds, f->tries);
    while (cli_interrupted == 0 && os_now_ms() < end)
        (void)poll(NULL, 0, 100);
    return cli_interrupted == 0;
}

/* One hop, until it succeeds, is refused, or no try is left. */
static enum cli_exit try_hop(struct fetch *f)
{
    for (;;) {
        bool again;
        enum cli_exit code = transfer(f, &again);

        if (!again || f->tries == 0 || !is_idempotent(f->method) || cli_interrupted != 0)
            return code;
        if (!fetch_source_rewind(&f->source) || !fetch_sink_restart(&f->sink))
            return code != CLI_OK ? code : CLI_INPUT;
        f->tries--;
        if (!wait_for_next(f))
            return CLI_INTERNAL;
        f->retried++;
    }
}

/* --- hops ------------------------------------------------------------------------------------ */

/* RFC 9110, section 15.4: a redirect may change the method and so drop the body. */
static void change_method(struct fetch *f, long status)
{
    bool post = strcmp(f->method, "POST") == 0;

    if (status == 303 ? strcmp(f->method, "HEAD") != 0 && strcmp(f->method, "GET") != 0
                      : (status == 301 || status == 302) && post) {
        f->method = "GET";
        fetch_source_clear(&f->source);
    }
}

/* What was meant for one origin stays there. */
static enum cli_exit enter(struct fetch *f, struct fetch_url *next)
{
    bool crossing = !fetch_url_same_origin(&f->first, next);

    if (next->plain && !f->url.plain) {
        cli_error("%s: redirects to plain http, not followed", f->url.target.text);
        return CLI_REFUSED;
    }
    if (crossing && !fetch_source_is_empty(&f->source)) {
        cli_error("%s: redirects the request's body to %s, not followed", f->url.target.text,
                  next->target.text);
        return CLI_REFUSED;
    }
    if (crossing && f->own && f->headers != NULL)
        cli_note("redirected to %s: headers of -H are not sent there", next->target.text);
    f->own = f->own && !crossing;
    if (!fetch_source_rewind(&f->source)) {
        cli_error("%s: redirects, and the body cannot be read again", f->url.target.text);
        return CLI_INPUT;
    }
    fetch_url_clear(&f->url);
    f->url = *next;
    *next = (struct fetch_url){0};
    return learning_cover(&f->learning, f->engine, &f->url.target);
}

/* Go to where the answer points. */
static enum cli_exit follow(struct fetch *f, const char *location)
{
    struct fetch_url next;
    struct pintle_error err = {0};
    enum cli_exit code;

    if ((long)f->hop_count >= f->options->max_redirs) {
        cli_error("%s: more than %ld redirects", f->first.target.text, f->options->max_redirs);
        return CLI_REFUSED;
    }
    if (fetch_url_parse(&next, location, &err) != PINTLE_OK) {
        cli_error("%s: redirects to '%s': %s", f->url.target.text, cli_safe(location), err.text);
        code = CLI_REFUSED;
    } else {
        change_method(f, f->hops[f->hop_count].status);
        code = enter(f, &next);
    }
    fetch_url_clear(&next);
    f->hop_count++;
    return code;
}

static enum cli_exit conclude(struct fetch *f)
{
    struct pintle_error err = {0};
    long status = f->hops[f->hop_count].status;

    f->hop_count++;
    if (f->options->fail && status >= 400) {
        cli_error("%s: the server answers %ld", f->url.target.text, status);
        return CLI_REFUSED;
    }
    if (fetch_sink_commit(&f->sink, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    return CLI_OK;
}

enum cli_exit fetch_run(struct fetch *f)
{
    for (;;) {
        enum cli_exit code = try_hop(f);
        char *location = NULL;

        if (code != CLI_OK)
            return code;
        if (f->options->location && is_redirect(f->hops[f->hop_count].status))
            (void)curl_easy_getinfo(f->easy, CURLINFO_REDIRECT_URL, &location);
        if (location == NULL)
            return conclude(f);
        code = follow(f, location);
        if (code != CLI_OK)
            return code;
    }
}
