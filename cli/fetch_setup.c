/* SPDX-License-Identifier: Apache-2.0 */
/* The libcurl handle of a fetch. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fetch.h"

/* Without a byte for so long a transfer is given up, whatever --timeout says. */
#define STALL_S 30L

/* --- callbacks ------------------------------------------------------------------------------- */

static long status_of(CURL *easy)
{
    long status = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t take_head(char *line, size_t size, size_t count, void *arg)
{
    static const char location[] = "location:";
    struct fetch *f = arg;

    if (size * count >= 5 && strncmp(line, "HTTP/", 5) == 0)
        f->located = false;
    if (size * count >= sizeof(location) && strncasecmp(line, location, sizeof(location) - 1) == 0)
        f->located = true;
    if (f->options->learning.hpkp)
        fetch_hpkp_line(&f->hpkp, line, size * count);
    return fetch_sink_head(&f->sink, line, size * count) ? size * count : 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct fetch *f = arg;

    f->sink.dropped = fetch_drops(f, status_of(f->easy));
    return fetch_sink_body(&f->sink, data, size * count) ? size * count : 0;
}

/* --- what stays ------------------------------------------------------------------------------ */

static bool append(struct curl_slist **list, const char *text)
{
    struct curl_slist *grown = curl_slist_append(*list, text);

    if (grown != NULL)
        *list = grown;
    return grown != NULL;
}

static bool set_headers(struct fetch *f)
{
    for (size_t i = 0; i < f->options->headers.count; i++)
        if (!append(&f->headers, f->options->headers.items[i]))
            return false;
    return true;
}

/* "::ADDR:PORT": every host and port is dialled there. */
static bool set_routes(struct fetch *f)
{
    const struct fetch_options *o = f->options;
    char route[600];

    for (size_t i = 0; i < o->resolve.count; i++)
        if (!append(&f->resolve, o->resolve.items[i]))
            return false;
    if (o->connect != NULL) {
        (void)snprintf(route, sizeof(route), "::%s", o->connect);
        if (!append(&f->connect, route))
            return false;
    }
    return curl_easy_setopt(f->easy, CURLOPT_RESOLVE, f->resolve) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_CONNECT_TO, f->connect) == CURLE_OK &&
           (o->proxy == NULL || curl_easy_setopt(f->easy, CURLOPT_PROXY, o->proxy) == CURLE_OK);
}

/* Trust anchors for servers and for HTTPS proxies; the file of --ca stands alone. */
static bool set_trust(CURL *easy, const char *ca)
{
    const char *file = ca != NULL ? ca : opt_env_value("SSL_CERT_FILE");

    if (file != NULL && (curl_easy_setopt(easy, CURLOPT_CAINFO, file) != CURLE_OK ||
                         curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file) != CURLE_OK))
        return false;
    return ca == NULL || (curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
                          curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL) == CURLE_OK);
}

static bool set_identity(CURL *easy, const struct fetch_options *o)
{
    return o->cert == NULL || (curl_easy_setopt(easy, CURLOPT_SSLCERT, o->cert) == CURLE_OK &&
                               curl_easy_setopt(easy, CURLOPT_SSLKEY, o->key) == CURLE_OK);
}

static bool set_times(CURL *easy, const struct fetch_options *o)
{
    return curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, o->connect_timeout) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT, o->timeout) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, STALL_S) == CURLE_OK;
}

static bool set_protocol(CURL *easy, const struct fetch_options *o)
{
    long version = o->http1   ? (long)CURL_HTTP_VERSION_1_1
                   : o->http2 ? (long)CURL_HTTP_VERSION_2_0
                              : (long)CURL_HTTP_VERSION_2TLS;

    return curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version) == CURLE_OK &&
#if LIBCURL_VERSION_NUM >= 0x075500
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
#else
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) ==
               CURLE_OK &&
#endif
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "pintle/" PINTLE_VERSION) == CURLE_OK &&
           (!o->compressed || curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK);
}

static bool set_callbacks(struct fetch *f)
{
    return curl_easy_setopt(f->easy, CURLOPT_HEADERFUNCTION, take_head) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_HEADERDATA, f) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_XFERINFOFUNCTION, fetch_progress) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_XFERINFODATA, f) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_ERRORBUFFER, f->reason) == CURLE_OK;
}

enum cli_exit fetch_setup(struct fetch *f)
{
    struct pintle_error err = {0};

    f->easy = curl_easy_init();
    if (f->easy == NULL || !set_headers(f) || !set_routes(f) ||
        !set_trust(f->easy, f->options->ca) || !set_identity(f->easy, f->options) ||
        !set_times(f->easy, f->options) || !set_protocol(f->easy, f->options) ||
        !set_callbacks(f)) {
        cli_error("libcurl cannot be set up: out of memory?");
        return CLI_INTERNAL;
    }
    if (pintle_curl_attach(&f->guard, f->easy, f->engine, NULL, &err) != PINTLE_OK)
        return cli_fail("libcurl", &err);
    return CLI_OK;
}

/* --- what changes ----------------------------------------------------------------------------- */

/* A request without a body, of any method. HTTPGET takes back what an earlier hop had. */
static bool set_bare(CURL *easy, const char *method)
{
    bool head = strcmp(method, "HEAD") == 0;
    const char *custom = head || strcmp(method, "GET") == 0 ? NULL : method;

    return curl_easy_setopt(easy, CURLOPT_UPLOAD, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOBODY, head ? 1L : 0L) == CURLE_OK &&
           (head || curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK) &&
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom) == CURLE_OK;
}

static bool set_full(struct fetch *f)
{
    return curl_easy_setopt(f->easy, CURLOPT_NOBODY, 0L) == CURLE_OK &&
           fetch_source_attach(&f->source, f->easy) &&
           curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, f->method) == CURLE_OK;
}

bool fetch_setup_hop(struct fetch *f)
{
    bool bare = fetch_source_is_empty(&f->source);

    f->reason[0] = '\0';
    f->sink.dropped = false;
    f->located = false;
    fetch_hpkp_clear(&f->hpkp);
    return curl_easy_setopt(f->easy, CURLOPT_URL, f->url.text) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->own ? f->headers : NULL) == CURLE_OK &&
           (bare ? set_bare(f->easy, f->method) : set_full(f));
}
