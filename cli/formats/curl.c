/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl's --pinnedpubkey, as a line of a configuration file (curl -K). curl matches the leaf's key alone, and
 * goes on doing so with --insecure; a redirect to another origin is not pinned
 * (CURLOPT_PINNEDPUBLICKEY(3)).
 */
#include <string.h>

#include "format.h"
#include "pin_text.h"

#define OPTION "pinnedpubkey"

/* --- writing -------------------------------------------------------------------------------------- */

static enum pintle_status write_curl(struct text *out, const struct writing *writing,
                                     struct pintle_error *err)
{
    const struct clause *clause = &writing->clauses->items[0];

    (void)err;
    text_printf(out,
                "# Made by pintle export from %s.\n# For %s alone: curl does not look at the "
                "host.\n",
                writing->title, writing->host->text);
    text_add(out, OPTION " = \"");
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        text_printf(out, "%s%s", i > 0 ? ";" : "",
                    pin_text_format(&clause->pins[i].pin, "curl", pin));
    }
    text_add(out, "\"\n");
    return PINTLE_OK;
}

/* --- reading -------------------------------------------------------------------------------------- */

struct line {
    const char *text;
    size_t len;
    uint32_t number;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim(struct line *line)
{
    while (line->len > 0 && is_blank(line->text[0])) {
        line->text++;
        line->len--;
    }
    while (line->len > 0 && is_blank(line->text[line->len - 1]))
        line->len--;
}

/* Step over leading characters of a set. */
static void skip(struct line *line, const char *set)
{
    while (line->len > 0 && strchr(set, line->text[0]) != NULL) {
        line->text++;
        line->len--;
    }
}

/* curl parses an option's name from its value by blanks, '=' or ':', and takes quotes off. */
static bool find_value(struct line *line)
{
    size_t name = strlen(OPTION);

    trim(line);
    skip(line, "-");
    if (line->len < name || strncmp(line->text, OPTION, name) != 0)
        return false;
    line->text += name;
    line->len -= name;
    if (line->len == 0 || strchr(" \t=:\"'", line->text[0]) == NULL)
        return false;
    skip(line, " \t=:");
    trim(line);
    if (line->len >= 2 && strchr("\"'", line->text[0]) != NULL &&
        line->text[line->len - 1] == line->text[0]) {
        line->text++;
        line->len -= 2;
    }
    return true;
}

static enum pintle_status read_pins(struct reading *reading, struct clause *clause,
                                    const struct line *line, struct pintle_error *err)
{
    const char *at = line->text;
    const char *end = line->text + line->len;

    while (at < end) {
        struct clause_pin pin = {.at = PINTLE_AT_LEAF, .until = PINTLE_NEVER};
        const char *next = memchr(at, ';', (size_t)(end - at));
        size_t len = (size_t)((next != NULL ? next : end) - at);
        struct pintle_error why = {0};

        if (len < 8 || strncmp(at, "sha256//", 8) != 0)
            return format_refuse(err, PINTLE_E_PIN, line->number, 0,
                                 "curl reads this as the name of a key file, not as a pin: %.60s",
                                 at);
        if (pintle_pin_parse(&pin.pin, at, len, &why) != PINTLE_OK)
            return format_refuse(err, PINTLE_E_PIN, line->number, 0, "%.120s", why.text);
        if (!clause_add_pin(reading->out, clause, &pin))
            return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
        at = next != NULL ? next + 1 : end;
    }
    if (clause->pin_count == 0)
        return format_refuse(err, PINTLE_E_PIN, line->number, 0, "no pin");
    return PINTLE_OK;
}

static enum pintle_status read_option(struct reading *reading, struct line *line,
                                      struct pintle_error *err)
{
    struct clause *clause;

    if (!find_value(line))
        return PINTLE_OK;
    if (reading->out->count > 0) {
        notes_add(reading->notes, NOTE_TWICE, line->number, "%s: the last one counts", OPTION);
        reading->out->count = 0;
    }
    clause = clauses_add(reading->out);
    if (clause == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    clause->host = clauses_text(reading->out, reading->host->text, reading->host->len);
    clause->port = reading->port;
    clause->line = line->number;
    if (clause->host == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return read_pins(reading, clause, line, err);
}

static enum pintle_status read_curl(struct reading *reading, const char *text, size_t len,
                                    struct pintle_error *err)
{
    const char *end = text + len;
    uint32_t number = 0;

    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        struct line line = {text, (size_t)((stop != NULL ? stop : end) - text), ++number};
        enum pintle_status status = read_option(reading, &line, err);

        if (status != PINTLE_OK)
            return status;
        text = stop != NULL ? stop + 1 : end;
    }
    if (reading->out->count == 0)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "no line with " OPTION);
    return PINTLE_OK;
}

const struct format format_curl = {
    .name = "curl",
    .title = "curl configuration file",
    .place = "any file, for curl -K FILE",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT),
                  .positions = AT_BIT(PINTLE_AT_LEAF),
                  .per_host = true,
                  .addresses = true,
                  .served_chain = true,
                  .path = PATH_ALWAYS,
                  .min_pins = 1},
    .write = write_curl,
    .read = read_curl,
};
