/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "idn.h"

static enum pintle_status fail(struct pintle_error *err, const char *why)
{
    if (err != NULL) {
        *err = (struct pintle_error){.status = PINTLE_E_HOST};
        (void)snprintf(err->text, sizeof(err->text), "%s", why);
    }
    return PINTLE_E_HOST;
}

static enum pintle_status parse_port(uint16_t *out, const char *text, size_t len,
                                     struct pintle_error *err)
{
    unsigned long port = 0;

    if (len == 0)
        return fail(err, "nothing behind the ':'");
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return fail(err, "the port is not a number");
        port = port * 10 + (unsigned long)(text[i] - '0');
        if (port > 65535)
            return fail(err, "the port is above 65535");
    }
    if (port == 0)
        return fail(err, "port 0 cannot be dialled");
    *out = (uint16_t)port;
    return PINTLE_OK;
}

/* "[v6]" or "[v6]:port". */
static enum pintle_status parse_bracketed(struct target *out, const char *text, size_t len,
                                          struct pintle_error *err)
{
    const char *end = memchr(text, ']', len);
    size_t host_len;
    enum pintle_status status;

    if (end == NULL)
        return fail(err, "'[' without ']'");
    host_len = (size_t)(end - text) - 1;
    if (memchr(text + 1, '%', host_len) != NULL)
        return fail(err, "an address with a zone is no identity; dial it with --connect");
    status = pintle_host_parse(&out->host, text + 1, host_len, err);
    if (status != PINTLE_OK)
        return status;
    if (!out->host.is_ip || strchr(out->host.text, ':') == NULL)
        return fail(err, "only an IPv6 address stands in brackets");
    len -= host_len + 2;
    if (len == 0)
        return PINTLE_OK;
    if (end[1] != ':')
        return fail(err, "something other than a port behind ']'");
    return parse_port(&out->port, end + 2, len - 1, err);
}

static enum pintle_status parse_authority(struct target *out, const char *text, size_t len,
                                          struct pintle_error *err)
{
    const char *colon = memchr(text, ':', len);
    size_t host_len = len;

    if (len > 0 && text[0] == '[')
        return parse_bracketed(out, text, len, err);
    /* More than one colon: an IPv6 address without a port. */
    if (colon != NULL && memchr(colon + 1, ':', len - (size_t)(colon - text) - 1) == NULL) {
        enum pintle_status status;

        host_len = (size_t)(colon - text);
        status = parse_port(&out->port, colon + 1, len - host_len - 1, err);
        if (status != PINTLE_OK)
            return status;
    }
    return idn_host_parse(&out->host, text, host_len, err);
}

static const char *after_scheme(const char *text)
{
    static const char scheme[] = "https://";

    return strncasecmp(text, scheme, sizeof(scheme) - 1) == 0 ? text + sizeof(scheme) - 1 : NULL;
}

void target_from_host(struct target *out, const struct pintle_host *host, uint16_t port)
{
    bool v6 = host->is_ip && strchr(host->text, ':') != NULL;

    out->kind = TARGET_SERVER;
    out->path = NULL;
    if (host != &out->host)
        out->host = *host;
    out->port = port;
    (void)snprintf(out->text, sizeof(out->text), v6 ? "[%s]:%u" : "%s:%u", out->host.text,
                   (unsigned)port);
}

const char *target_url_host(const struct target *target)
{
    static char text[TARGET_TEXT_SIZE];

    (void)snprintf(text, sizeof(text), "%s", target->text);
    if (target->port == 443)
        text[strlen(text) - sizeof(":443") + 1] = '\0';
    return text;
}

enum pintle_status target_parse_server(struct target *out, const char *text, uint16_t port,
                                       struct pintle_error *err)
{
    const char *url = after_scheme(text);
    const char *authority = url != NULL ? url : text;
    size_t len = url != NULL ? strcspn(url, "/?#\\") : strlen(text);
    enum pintle_status status;

    out->port = url != NULL ? 443 : port;
    if (url == NULL && strstr(text, "://") != NULL)
        return fail(err, "only https:// URLs have a certificate to look at");
    if (memchr(authority, '@', len) != NULL)
        return fail(err, "a user name has no place here");
    status = parse_authority(out, authority, len, err);
    if (status == PINTLE_OK)
        target_from_host(out, &out->host, out->port);
    return status;
}

static bool is_file(const char *text)
{
    struct stat info;

    if (strcmp(text, "-") == 0)
        return true;
    if (strstr(text, "://") != NULL)
        return false;
    if (strchr(text, '/') != NULL)
        return true;
    return strchr(text, ':') == NULL && stat(text, &info) == 0 && S_ISREG(info.st_mode);
}

enum pintle_status target_parse(struct target *out, const char *text, uint16_t port,
                                struct pintle_error *err)
{
    if (!is_file(text))
        return target_parse_server(out, text, port, err);
    *out = (struct target){.kind = TARGET_FILE, .path = text};
    return PINTLE_OK;
}
