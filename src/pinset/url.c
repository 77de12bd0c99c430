/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset/url.h"

#include <string.h>

/* The length of "http://" or "https://" (schemes ignore case, section 3.1), or 0. */
static size_t scheme_len(const char *url)
{
    static const char scheme[] = "https";
    size_t len = 0;

    while (scheme[len] != '\0' && (url[len] | 0x20) == scheme[len])
        len++;
    if (len < 4 || strncmp(url + len, "://", 3) != 0)
        return 0;
    return len + 3;
}

const char *pintle__url_fault(const char *url)
{
    size_t scheme = scheme_len(url);

    if (scheme == 0)
        return "is no http or https URL";
    if (strchr("/?#:@", url[scheme]) != NULL)
        return "is a URL without a host";
    for (; *url != '\0'; url++) {
        if (*url <= ' ' || *url > '~')
            return "holds a character that does not belong in a URL";
    }
    return NULL;
}

/* ":8443" up to `end`. Nothing, with or without the colon, means the scheme's own port. */
static bool read_port(uint16_t *out, const char *text, const char *end)
{
    unsigned port = 0;

    if (end - text <= 1)
        return true;
    for (text++; text < end; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned)(*text - '0');
        if (port > UINT16_MAX)
            return false;
    }
    *out = (uint16_t)port;
    return port != 0;
}

bool pintle__url_endpoint(struct pintle__endpoint *out, const char *url)
{
    size_t scheme = scheme_len(url);
    const char *host = url + scheme;
    const char *end = host + strcspn(host, "/?#");
    const char *host_end;

    out->tls = scheme == strlen("https://");
    out->port = out->tls ? 443 : 80;
    /* Section 3.2.1: user information ends at '@'. */
    for (const char *c = host; c < end; c++) {
        if (*c == '@')
            host = c + 1;
    }
    if (*host == '[') {
        host++;
        host_end = memchr(host, ']', (size_t)(end - host));
        if (host_end == NULL || (host_end + 1 < end && host_end[1] != ':'))
            return false;
        return read_port(&out->port, host_end + 1, end) &&
               pintle_host_parse(&out->host, host, (size_t)(host_end - host), NULL) == PINTLE_OK;
    }
    host_end = memchr(host, ':', (size_t)(end - host));
    if (host_end == NULL)
        host_end = end;
    return read_port(&out->port, host_end, end) &&
           pintle_host_parse(&out->host, host, (size_t)(host_end - host), NULL) == PINTLE_OK;
}
