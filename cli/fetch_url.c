/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch.h"

#include <stdlib.h>
#include <string.h>

#include "idn.h"

static enum pintle_status fail(struct pintle_error *err, const char *why)
{
    *err = (struct pintle_error){.status = PINTLE_E_HOST};
    (void)snprintf(err->text, sizeof(err->text), "%s", why);
    return PINTLE_E_HOST;
}

static enum pintle_status fail_memory(struct pintle_error *err)
{
    *err = (struct pintle_error){.status = PINTLE_E_NOMEM};
    return PINTLE_E_NOMEM;
}

/* Normalise the host where it stands, as libcurl's own conversion depends on the locale. */
static enum pintle_status normalise_host(CURLU *url, struct pintle_host *out,
                                         struct pintle_error *err)
{
    char *text = NULL;
    char bracketed[PINTLE_HOST_MAX_LEN + 3];
    enum pintle_status status;
    size_t len;
    bool v6;

    if (curl_url_get(url, CURLUPART_HOST, &text, 0) != CURLUE_OK)
        return fail(err, "no host in the URL");
    len = strlen(text);
    v6 = len > 2 && text[0] == '[' && text[len - 1] == ']';
    status =
        v6 ? pintle_host_parse(out, text + 1, len - 2, err) : idn_host_parse(out, text, len, err);
    curl_free(text);
    if (status != PINTLE_OK)
        return status;
    (void)snprintf(bracketed, sizeof(bracketed), v6 ? "[%s]" : "%s", out->text);
    return curl_url_set(url, CURLUPART_HOST, bracketed, 0) == CURLUE_OK
               ? PINTLE_OK
               : fail(err, "libcurl does not take the host");
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

static enum pintle_status read_scheme(CURLU *url, bool *plain, struct pintle_error *err)
{
    char *scheme = NULL;
    bool known;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return fail(err, "no scheme in the URL");
    *plain = strcmp(scheme, "http") == 0;
    known = *plain || strcmp(scheme, "https") == 0;
    curl_free(scheme);
    return known ? PINTLE_OK : fail(err, "only https (and http) is spoken");
}

static enum pintle_status read_port(CURLU *url, uint16_t *port, struct pintle_error *err)
{
    char *text = NULL;
    long value;

    if (curl_url_get(url, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return fail(err, "no port in the URL");
    value = strtol(text, NULL, 10);
    curl_free(text);
    if (value < 1 || value > 65535)
        return fail(err, "port 0 cannot be dialled");
    *port = (uint16_t)value;
    return PINTLE_OK;
}

static enum pintle_status read_parts(CURLU *url, struct fetch_url *out, struct pintle_error *err)
{
    struct pintle_host host;
    uint16_t port = 0;
    char *text = NULL;
    enum pintle_status status = read_scheme(url, &out->plain, err);

    if (status == PINTLE_OK && (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD)))
        return fail(err, "a user name in a URL is seen by all; send a header with -H");
    if (status == PINTLE_OK && has_part(url, CURLUPART_ZONEID))
        return fail(err, "an address with a zone is no identity; dial it with --connect");
    if (status == PINTLE_OK)
        status = normalise_host(url, &host, err);
    if (status == PINTLE_OK)
        status = read_port(url, &port, err);
    if (status != PINTLE_OK)
        return status;
    target_from_host(&out->target, &host, port);
    if (curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
        return fail(err, "malformed URL");
    out->text = strdup(text);
    curl_free(text);
    return out->text != NULL ? PINTLE_OK : fail_memory(err);
}

enum pintle_status fetch_url_parse(struct fetch_url *out, const char *text,
                                   struct pintle_error *err)
{
    CURLU *url = curl_url();
    enum pintle_status status;
    CURLUcode code;

    *out = (struct fetch_url){0};
    if (url == NULL)
        return fail_memory(err);
    code = curl_url_set(url, CURLUPART_URL, text, CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME);
    status = code == CURLUE_OK ? read_parts(url, out, err) : fail(err, curl_url_strerror(code));
    curl_url_cleanup(url);
    return status;
}

void fetch_url_clear(struct fetch_url *url)
{
    free(url->text);
    *url = (struct fetch_url){0};
}

bool fetch_url_same_origin(const struct fetch_url *a, const struct fetch_url *b)
{
    return a->plain == b->plain && strcmp(a->target.text, b->target.text) == 0;
}
