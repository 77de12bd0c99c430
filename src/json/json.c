/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* --- positions ------------------------------------------------------------------------------ */

/* Lines and columns from 1; columns in bytes. */
static void set_position(struct pintle_error *err, const char *text, size_t len, size_t offset)
{
    size_t line = 1;
    size_t start = 0;

    if (offset > len)
        offset = len;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    err->offset = offset;
    err->line = line > UINT32_MAX ? UINT32_MAX : (uint32_t)line;
    err->column = offset - start >= UINT32_MAX ? UINT32_MAX : (uint32_t)(offset - start + 1);
}

/* --- reading -------------------------------------------------------------------------------- */

/*
 * jansson 2.14 gathers each token in a buffer and goes on when that cannot grow (load.c, lex_save):
 * it would lose a byte of a host or a pin, or run past the end. So the document is read as the
 * second item of an array whose first is a string as long as the document's longest: the buffer
 * grows there and never again. That string is made of surrogate pairs: cut short, at 2^n - 2 bytes,
 * it ends inside a pair, which jansson refuses; and its length shows if one byte was lost.
 */
static const char filler_unit[] = "\\ud800\\udc00";
#define FILLER_UNIT_LEN (sizeof(filler_unit) - 1)
#define FILLER_VALUE_LEN 4 /* of one pair in UTF-8 */
#define FILLER_MIN_LEN 60  /* longer than any other token that is accepted */

struct feed {
    const char *text;
    size_t len;
    size_t filler_len;
    size_t done; /* bytes handed out, of all parts together */
};

/* Copy `count` bytes from `skip` of a part on. */
static void copy_part(char *out, const char *part, size_t skip, size_t count)
{
    if (part != filler_unit) {
        memcpy(out, part + skip, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = filler_unit[(skip + i) % FILLER_UNIT_LEN];
}

/* jansson asks for more of what it reads. */
static size_t feed_jansson(void *buffer, size_t room, void *data)
{
    struct feed *feed = data;
    const struct {
        const char *text;
        size_t len;
    } parts[] = {
        {"[\"", 2}, {filler_unit, feed->filler_len}, {"\",", 2}, {feed->text, feed->len}, {"]", 1}};
    char *out = buffer;
    size_t start = 0;
    size_t given = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t end = start + parts[i].len;
        if (given < room && feed->done < end) {
            size_t left = end - feed->done;
            size_t count = left < room - given ? left : room - given;
            copy_part(out + given, parts[i].text, feed->done - start, count);
            feed->done += count;
            given += count;
        }
        start = end;
    }
    return given;
}

/* The length of the longest string, as it is written. */
static size_t longest_string(const char *text, size_t len)
{
    size_t longest = 0;
    size_t i = 0;

    while (i < len) {
        const char *quote = memchr(text + i, '"', len - i);
        size_t start;
        if (quote == NULL)
            break;
        start = (size_t)(quote - text) + 1;
        for (i = start; i < len && text[i] != '"'; i++) {
            if (text[i] == '\\')
                i++;
        }
        if (i - start > longest)
            longest = i - start;
        i++;
    }
    return longest;
}

/* --- what went wrong ------------------------------------------------------------------------ */

static enum pintle_status no_memory(struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
    return PINTLE_E_NOMEM;
}

static enum pintle_status refuse(const char *text, size_t len, size_t offset, const char *why,
                                 struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_JSON, "%s", why);
    if (err != NULL)
        set_position(err, text, len, offset);
    return PINTLE_E_JSON;
}

/* The offset of what stands behind the document, or len. */
static size_t find_rest(const char *text, size_t len)
{
    size_t offset = pintle__json_end(text, len);

    while (offset < len && text[offset] != '\0' && strchr(" \t\r\n", text[offset]) != NULL)
        offset++;
    return offset;
}

/*
 * True if jansson stopped because it had no memory. It says nothing then, or something of what it
 * read into the filler; or, when it could not copy a string, that there is none: for real that is
 * never said of a token that ends in '"', as any other fault in a string has a text of its own.
 */
static bool ran_out_of_memory(const struct feed *feed, const json_error_t *why, size_t before)
{
    static const char *const no_string[] = {"invalid token", "string or '}' expected"};
    size_t stop = (size_t)why->position;

    if (why->text[0] == '\0' || stop < before)
        return true;
    if (stop == before || stop > before + feed->len || feed->text[stop - before - 1] != '"')
        return false;
    for (size_t i = 0; i < sizeof(no_string) / sizeof(no_string[0]); i++) {
        if (strncmp(why->text, no_string[i], strlen(no_string[i])) == 0)
            return true;
    }
    return false;
}

/* What jansson says, in terms of the document alone. */
static enum pintle_status explain(const struct feed *feed, const json_error_t *why,
                                  struct pintle_error *err)
{
    const char *text = feed->text;
    size_t len = feed->len;
    size_t before = feed->filler_len + 4;
    size_t offset, rest;

    if (ran_out_of_memory(feed, why, before))
        return no_memory(err);
    offset = (size_t)why->position - before;
    rest = find_rest(text, len);
    if (offset > rest && rest < len)
        return refuse(text, len, rest, "something stands behind the document", err);
    if (offset > len)
        return refuse(text, len, len, "the document ends too early", err);
    if (json_error_code(why) == json_error_null_character)
        return refuse(text, len, offset, "NUL in a string", err);
    return refuse(text, len, offset, why->text, err);
}

enum pintle_status pintle__json_read(json_t **out, const char *text, size_t len,
                                     struct pintle_error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t units = (longest_string(text, len) + FILLER_MIN_LEN) / FILLER_UNIT_LEN + 1;
    struct feed feed = {text, len, units * FILLER_UNIT_LEN, 0};
    const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;
    json_error_t why;
    json_t *both;
    enum pintle_status status = PINTLE_OK;

    *out = NULL;
    /* jansson 2.14 passes over a NUL behind a number or a word (load.c, stream_unget). */
    if (nul != NULL)
        return refuse(text, len, (size_t)(nul - text), "NUL in the document", err);
    if (len >= 3 && memcmp(text, mark, 3) == 0)
        return refuse(text, len, 0, "the document begins with a byte order mark", err);
    both = json_load_callback(feed_jansson, &feed, JSON_REJECT_DUPLICATES, &why);
    if (both == NULL)
        return explain(&feed, &why, err);
    if (json_string_length(json_array_get(both, 0)) != units * FILLER_VALUE_LEN)
        status = no_memory(err);
    else if (json_array_size(both) != 2)
        status =
            refuse(text, len, find_rest(text, len), "something stands behind the document", err);
    else
        *out = json_incref(json_array_get(both, 1));
    json_decref(both);
    return status;
}

/* --- errors --------------------------------------------------------------------------------- */

/* Room for the pointer in an error's text; the message needs the rest. */
#define POINTER_SIZE 112

/* Add text to a pointer that is cut to fit; `escape` for member names (RFC 6901 section 3). */
static void add_text(char pointer[POINTER_SIZE], const char *text, bool escape)
{
    size_t len = strlen(pointer);

    for (; *text != '\0' && len + 3 < POINTER_SIZE; text++) {
        if (escape && (*text == '~' || *text == '/')) {
            pointer[len++] = '~';
            pointer[len++] = *text == '~' ? '0' : '1';
        } else {
            pointer[len++] = *text;
        }
    }
    pointer[len] = '\0';
}

/* Not deeper than jansson reads. */
static void add_path(char pointer[POINTER_SIZE], const struct pintle__at *at)
{
    char number[24];

    if (at->up == NULL)
        return;
    add_path(pointer, at->up);
    add_text(pointer, "/", false);
    if (at->key != NULL) {
        add_text(pointer, at->key, true);
        return;
    }
    (void)snprintf(number, sizeof(number), "%zu", at->index);
    add_text(pointer, number, false);
}

void pintle__json_fail(const struct pintle__source *source, enum pintle_status status,
                       const struct pintle__at *at, const char *format, ...)
{
    char pointer[POINTER_SIZE] = "";
    char message[PINTLE_ERROR_TEXT_SIZE];
    va_list args;

    if (source->err == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    add_path(pointer, at);
    pintle__error_set(source->err, status, "%s%s%s", pointer[0] == '\0' ? "the document " : pointer,
                      pointer[0] == '\0' ? "" : ": ", message);
    set_position(source->err, source->text, source->len,
                 pintle__json_locate(source->text, source->len, at));
}
