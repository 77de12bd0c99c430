/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts and patterns. The input is a pattern, a newline and a host. What parses is a fixed point of
 * parsing, and pintle_pattern_matches() agrees with a reference that compares label by label.
 */
#include <stdlib.h>
#include <string.h>

#include <pintle/host.h>

#define LABELS_MAX 128

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool parse_host(struct pintle_host *host, const char *text, size_t len)
{
    struct pintle_host again;
    struct pintle_error err;

    if (pintle_host_parse(host, text, len, &err) != PINTLE_OK) {
        require(err.status == PINTLE_E_HOST && err.offset <= len && err.text[0] != '\0');
        require(host->len == 0 && host->text[0] == '\0');
        return false;
    }
    require(host->len > 0 && host->len == strlen(host->text));
    require(pintle_host_parse(&again, host->text, host->len, NULL) == PINTLE_OK);
    require(again.is_ip == host->is_ip && strcmp(again.text, host->text) == 0);
    return true;
}

static bool parse_pattern(struct pintle_pattern *pattern, const char *text, size_t len)
{
    struct pintle_error err;

    if (pintle_pattern_parse(pattern, text, len, &err) != PINTLE_OK) {
        require(err.status == PINTLE_E_PATTERN && err.offset <= len && err.text[0] != '\0');
        require(pattern->suffix.len == 0);
        return false;
    }
    require(pattern->kind == PINTLE_PATTERN_EXACT || !pattern->suffix.is_ip);
    return true;
}

/* Split at dots, the last label first. */
static size_t labels(char *text, const char *out[LABELS_MAX])
{
    size_t count = 0;
    char *dot;

    while ((dot = strrchr(text, '.')) != NULL) {
        *dot = '\0';
        out[count++] = dot + 1;
    }
    out[count++] = text;
    return count;
}

static bool matches(const struct pintle_pattern *pattern, const struct pintle_host *host)
{
    struct pintle_host a = pattern->suffix, b = *host;
    const char *suffix[LABELS_MAX], *name[LABELS_MAX];
    size_t suffix_count, name_count;

    if (a.is_ip || b.is_ip)
        return a.is_ip == b.is_ip && strcmp(a.text, b.text) == 0;
    suffix_count = labels(a.text, suffix);
    name_count = labels(b.text, name);
    if (name_count < suffix_count)
        return false;
    for (size_t i = 0; i < suffix_count; i++) {
        if (strcmp(suffix[i], name[i]) != 0)
            return false;
    }
    if (pattern->kind == PINTLE_PATTERN_EXACT)
        return name_count == suffix_count;
    return pattern->kind == PINTLE_PATTERN_ANY || name_count == suffix_count + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *newline = size > 0 ? memchr(text, '\n', size) : NULL;
    size_t first = newline != NULL ? (size_t)(newline - text) : size;
    size_t second = newline != NULL ? first + 1 : size;
    struct pintle_pattern pattern;
    struct pintle_host host;
    bool both = parse_pattern(&pattern, text, first);

    both = parse_host(&host, text + second, size - second) && both;
    if (both)
        require(pintle_pattern_matches(&pattern, &host) == matches(&pattern, &host));
    else
        require(!pintle_pattern_matches(&pattern, &host));
    return 0;
}
