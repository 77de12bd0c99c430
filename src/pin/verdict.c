/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/verdict.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void pintle_verdict_init(struct pintle_verdict *v)
{
    memset(v, 0, sizeof(*v));
    v->cert_index = -1;
    v->pin_index = -1;
}

const char *pintle_reason_name(enum pintle_reason reason)
{
    switch (reason) {
    case PINTLE_REASON_INTERNAL:
        return "internal";
    case PINTLE_REASON_MATCH:
        return "match";
    case PINTLE_REASON_OFF:
        return "off";
    case PINTLE_REASON_NO_RULE:
        return "no-rule";
    case PINTLE_REASON_NO_HOST:
        return "no-host";
    case PINTLE_REASON_MISMATCH:
        return "mismatch";
    case PINTLE_REASON_DENIED:
        return "denied";
    case PINTLE_REASON_PATH_INVALID:
        return "path-invalid";
    case PINTLE_REASON_NAME_MISMATCH:
        return "name-mismatch";
    case PINTLE_REASON_PLAINTEXT:
        return "plaintext";
    case PINTLE_REASON_UNCHECKED:
        return "unchecked";
    case PINTLE_REASON_FIRST_USE:
        return "first-use";
    case PINTLE_REASON_MEMORY:
        return "memory";
    }
    return "unknown";
}

const char *pintle_reason_text(enum pintle_reason reason)
{
    switch (reason) {
#define REASON_TEXT(name, value, text)                                                             \
    case PINTLE_REASON_##name:                                                                     \
        return text;
        PINTLE_REASON_MAP(REASON_TEXT)
#undef REASON_TEXT
    }
    return "unknown reason";
}

const char *pintle_mode_name(enum pintle_mode mode)
{
    switch (mode) {
    case PINTLE_MODE_ENFORCE:
        return "enforce";
    case PINTLE_MODE_REPORT:
        return "report";
    case PINTLE_MODE_OFF:
        return "off";
    }
    return "unknown";
}

/* A line under construction: always NUL-terminated, cut at its end. */
struct line {
    char *out;
    size_t size;
    size_t len;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    va_list args;
    int wanted;
    size_t room = line->size - line->len;

    va_start(args, format);
    wanted = vsnprintf(line->out + line->len, room, format, args);
    va_end(args);
    if (wanted > 0)
        line->len += (size_t)wanted < room ? (size_t)wanted : room - 1;
    line->out[line->len] = '\0';
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void add_host(struct line *line, const struct pintle_verdict *v)
{
    if (v->host.len == 0)
        return;
    if (v->host.is_ip && strchr(v->host.text, ':') != NULL)
        add(line, " [%s]:%u", v->host.text, (unsigned)v->port);
    else
        add(line, " %s:%u", v->host.text, (unsigned)v->port);
}

/* What stands in the brackets, parted by commas. */
static void add_circumstances(struct line *line, const struct pintle_verdict *v)
{
    const char *comma = " (";

    if (v->rule[0] != '\0') {
        add(line, "%srule \"%s\"", comma, v->rule);
        comma = ", ";
    }
    if (v->softened) {
        add(line, "%sreport mode", comma);
        comma = ", ";
    }
    if (v->unpinned) {
        add(line, "%semergency unpin", comma);
        comma = ", ";
    }
    if (v->learned) {
        add(line, "%slearned keys", comma);
        comma = ", ";
    }
    if (v->chain_count > 0) {
        add(line, "%s%zu certificate%s", comma, v->chain_count, plural(v->chain_count));
        comma = ", ";
    }
    if (v->path_count > 0) {
        add(line, "%s%u path%s", comma, v->path_count, plural(v->path_count));
        comma = ", ";
    }
    if (v->resumed) {
        add(line, "%sresumed", comma);
        comma = ", ";
    }
    if (v->stale) {
        add(line, "%sstale pin-set", comma);
        comma = ", ";
    }
    if (comma[0] == ',')
        add(line, ")");
}

char *pintle_verdict_format(const struct pintle_verdict *v, char *out, size_t size)
{
    struct line line = {out, size, 0};

    out[0] = '\0';
    add(&line, "%s", v->decision == PINTLE_ACCEPT ? "accepted" : "refused");
    add_host(&line, v);
    add(&line, ": %s: %s", pintle_reason_name(v->reason), pintle_reason_text(v->reason));
    if (v->detail[0] != '\0')
        add(&line, ": %s", v->detail);
    add_circumstances(&line, v);
    return out;
}
