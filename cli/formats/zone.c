/* SPDX-License-Identifier: Apache-2.0 */
#include "zone.h"

#include <stdlib.h>
#include <string.h>

#include "lines.h"

void zone_clear(struct zone *zone)
{
    free(zone->words);
    *zone = (struct zone){0};
}

static enum pintle_status no_memory(struct pintle_error *err)
{
    return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

/* --- words ---------------------------------------------------------------------------------------- */

static uint32_t column(const struct zone *zone)
{
    return (uint32_t)(zone->at - zone->line_start) + 1;
}

static void pass_newline(struct zone *zone)
{
    zone->at++;
    zone->line++;
    zone->line_start = zone->at;
}

static bool at_any(const struct zone *zone, const char *set)
{
    char c = zone->text[zone->at];

    return c != '\0' && strchr(set, c) != NULL;
}

static bool append(struct zone *zone, const struct zone_word *word)
{
    if (zone->count == zone->size) {
        size_t size = zone->size == 0 ? 16 : zone->size * 2;
        struct zone_word *words = realloc(zone->words, size * sizeof(*words));

        if (words == NULL)
            return false;
        zone->words = words;
        zone->size = size;
    }
    zone->words[zone->count++] = *word;
    return true;
}

/* A backslash takes the meaning from what follows it. */
static void pass_character(struct zone *zone)
{
    if (zone->text[zone->at] == '\\' && zone->at + 1 < zone->len &&
        zone->text[zone->at + 1] != '\n')
        zone->at++;
    zone->at++;
}

static enum pintle_status read_quoted(struct zone *zone, struct pintle_error *err)
{
    struct zone_word word = {.line = zone->line, .column = column(zone), .quoted = true};

    word.text = zone->text + ++zone->at;
    while (zone->at < zone->len && !at_any(zone, "\"\n"))
        pass_character(zone);
    if (zone->at >= zone->len || zone->text[zone->at] != '"')
        return format_refuse(err, PINTLE_E_SCHEMA, word.line, word.column,
                             "a quoted string does not end");
    word.len = (size_t)(zone->text + zone->at - word.text);
    zone->at++;
    return append(zone, &word) ? PINTLE_OK : no_memory(err);
}

static enum pintle_status read_word(struct zone *zone, struct pintle_error *err)
{
    struct zone_word word = {
        .text = zone->text + zone->at, .line = zone->line, .column = column(zone)};

    while (zone->at < zone->len && !at_any(zone, " \t\r\n;()\""))
        pass_character(zone);
    word.len = (size_t)(zone->text + zone->at - word.text);
    return append(zone, &word) ? PINTLE_OK : no_memory(err);
}

static void pass_comment(struct zone *zone)
{
    const char *stop = memchr(zone->text + zone->at, '\n', zone->len - zone->at);

    zone->at = stop != NULL ? (size_t)(stop - zone->text) : zone->len;
}

/* Parentheses join lines. Returns false at the end of the entry. */
static bool pass_sign(struct zone *zone, unsigned *depth, enum pintle_status *status,
                      struct pintle_error *err)
{
    char c = zone->text[zone->at];

    if (c == '\n') {
        pass_newline(zone);
        return *depth > 0;
    }
    if (c == ';') {
        pass_comment(zone);
        return true;
    }
    if (c == ')' && *depth == 0)
        *status = format_refuse(err, PINTLE_E_SCHEMA, zone->line, column(zone),
                                "')' without a '(' before it");
    *depth = c == '(' ? *depth + 1 : c == ')' && *depth > 0 ? *depth - 1 : *depth;
    zone->at++;
    return true;
}

static enum pintle_status read_entry(struct zone *zone, struct pintle_error *err)
{
    uint32_t line = zone->line;
    enum pintle_status status = PINTLE_OK;
    unsigned depth = 0;
    bool more = true;

    zone->count = 0;
    zone->blank = zone->at < zone->len && at_any(zone, " \t");
    while (status == PINTLE_OK && more && zone->at < zone->len) {
        if (at_any(zone, " \t\r\n;()"))
            more = pass_sign(zone, &depth, &status, err);
        else if (at_any(zone, "\""))
            status = read_quoted(zone, err);
        else
            status = read_word(zone, err);
    }
    if (status == PINTLE_OK && depth > 0)
        return format_refuse(err, PINTLE_E_SCHEMA, line, 0, "a parenthesis does not end");
    return status;
}

bool zone_word_is(const struct zone_word *word, const char *text)
{
    return !word->quoted && word->len == strlen(text) &&
           line_same_nocase(word->text, text, word->len);
}

/* --- names ---------------------------------------------------------------------------------------- */

/* "@" is the origin, and what does not end with a dot is below it. */
static enum pintle_status make_name(char out[ZONE_NAME_SIZE], const struct zone *zone,
                                    const struct zone_word *word, struct pintle_error *err)
{
    bool absolute = word->len > 0 && word->text[word->len - 1] == '.';
    bool at = word->len == 1 && word->text[0] == '@';
    const char *origin = absolute ? "" : zone->origin;
    size_t len = at ? 0 : word->len;
    char name[ZONE_NAME_SIZE];

    if (len + 1 + strlen(origin) >= ZONE_NAME_SIZE)
        return format_refuse(err, PINTLE_E_LIMIT, word->line, word->column, "a name too long");
    memcpy(name, word->text, len);
    name[len] = '\0';
    if (!absolute && origin[0] == '\0')
        name[0] = '\0';
    else if (!absolute) {
        if (len > 0 && strcmp(origin, ".") != 0)
            name[len++] = '.';
        memcpy(name + len, origin, strlen(origin) + 1);
    }
    memcpy(out, name, sizeof(name));
    return PINTLE_OK;
}

/* --- entries -------------------------------------------------------------------------------------- */

static enum pintle_status read_directive(struct zone *zone, struct notes *notes,
                                         struct pintle_error *err)
{
    const struct zone_word *word = &zone->words[0];

    if (zone_word_is(word, "$ORIGIN") && zone->count > 1)
        return make_name(zone->origin, zone, &zone->words[1], err);
    if (!zone_word_is(word, "$TTL"))
        notes_add(notes, NOTE_UNKNOWN, word->line, "%.*s", (int)(word->len > 80 ? 80 : word->len),
                  word->text);
    return PINTLE_OK;
}

/* "3600", or "1h30m" as BIND writes it. */
static bool is_ttl(const struct zone_word *word)
{
    if (word->quoted || word->len == 0 || word->text[0] < '0' || word->text[0] > '9')
        return false;
    for (size_t i = 0; i < word->len; i++)
        if (strchr("0123456789sSmMhHdDwW", word->text[i]) == NULL || word->text[i] == '\0')
            return false;
    return true;
}

static bool is_class(const struct zone_word *word)
{
    static const struct zone_word prefix = {.text = "CLASS", .len = 5};

    return zone_word_is(word, "IN") || zone_word_is(word, "CH") || zone_word_is(word, "HS") ||
           zone_word_is(word, "CS") || zone_word_is(word, "NONE") || zone_word_is(word, "ANY") ||
           (!word->quoted && word->len > prefix.len &&
            line_same_nocase(word->text, prefix.text, prefix.len));
}

static enum pintle_status take_owner(struct zone *zone, size_t *at, struct pintle_error *err)
{
    if (!zone->blank) {
        zone->owner_word = zone->words[0];
        *at = 1;
        return make_name(zone->owner, zone, &zone->words[0], err);
    }
    *at = 0;
    if (zone->owner_word.text == NULL)
        return format_refuse(err, PINTLE_E_SCHEMA, zone->words[0].line, zone->words[0].column,
                             "the first record has no owner");
    return PINTLE_OK;
}

static enum pintle_status read_record(struct zone *zone, struct zone_record *out,
                                      struct pintle_error *err)
{
    struct zone_word class = {.text = "IN", .len = 2};
    size_t at;
    enum pintle_status status = take_owner(zone, &at, err);

    for (; status == PINTLE_OK && at < zone->count; at++) {
        const struct zone_word *word = &zone->words[at];

        if (is_class(word)) {
            class = *word;
            continue;
        }
        if (is_ttl(word))
            continue;
        *out = (struct zone_record){.owner = zone->owner,
                                    .owner_word = zone->owner_word,
                                    .class = class,
                                    .type = *word,
                                    .data = word + 1,
                                    .count = zone->count - at - 1};
        break;
    }
    return status;
}

enum pintle_status zone_next(struct zone *zone, struct zone_record *out, struct notes *notes,
                             struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;

    *out = (struct zone_record){.type = {.text = "", .len = 0}};
    if (zone->line == 0)
        zone->line = 1;
    while (status == PINTLE_OK && out->type.len == 0 && zone->at < zone->len) {
        status = read_entry(zone, err);
        if (status != PINTLE_OK || zone->count == 0)
            continue;
        if (!zone->blank && zone->words[0].len > 0 && zone->words[0].text[0] == '$')
            status = read_directive(zone, notes, err);
        else
            status = read_record(zone, out, err);
    }
    return status;
}
