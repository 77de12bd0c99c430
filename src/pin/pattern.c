/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <pintle/host.h>

#include "base/error.h"

enum pintle_status pintle_pattern_parse(struct pintle_pattern *out, const char *text, size_t len,
                                        struct pintle_error *err)
{
    struct pintle_error host_err;
    size_t stars = 0;

    out->kind = PINTLE_PATTERN_EXACT;
    if (len >= 2 && memcmp(text, "*.", 2) == 0) {
        out->kind = PINTLE_PATTERN_ONE;
        stars = 2;
    } else if (len >= 3 && memcmp(text, "**.", 3) == 0) {
        out->kind = PINTLE_PATTERN_ANY;
        stars = 3;
    }
    if (pintle_host_parse(&out->suffix, text + stars, len - stars, &host_err) != PINTLE_OK) {
        out->kind = PINTLE_PATTERN_EXACT;
        pintle__error_at(err, PINTLE_E_PATTERN, stars + host_err.offset, "%s", host_err.text);
        return PINTLE_E_PATTERN;
    }
    if (stars > 0 && out->suffix.is_ip) {
        memset(out, 0, sizeof(*out));
        pintle__error_set(err, PINTLE_E_PATTERN, "star before an IP address");
        return PINTLE_E_PATTERN;
    }
    return PINTLE_OK;
}

static bool is_equal(const struct pintle_host *a, const struct pintle_host *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* How many bytes come before ".suffix" in the host; 0 if it does not end so. */
static size_t prefix_len(const struct pintle_host *suffix, const struct pintle_host *host)
{
    size_t len;

    if (host->is_ip || host->len < suffix->len + 2)
        return 0;
    len = (size_t)host->len - suffix->len - 1;
    if (host->text[len] != '.' || memcmp(host->text + len + 1, suffix->text, suffix->len) != 0)
        return 0;
    return len;
}

bool pintle_pattern_matches(const struct pintle_pattern *pattern, const struct pintle_host *host)
{
    size_t len;

    if (pattern->suffix.len == 0 || host->len == 0)
        return false; /* what failed to parse */
    if (pattern->kind != PINTLE_PATTERN_ONE && is_equal(&pattern->suffix, host))
        return true;
    if (pattern->kind == PINTLE_PATTERN_EXACT)
        return false;
    len = prefix_len(&pattern->suffix, host);
    if (len == 0)
        return false;
    return pattern->kind == PINTLE_PATTERN_ANY || memchr(host->text, '.', len) == NULL;
}
