/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <string.h>

struct lines lines_of(const char *text, size_t len)
{
    return (struct lines){text, len, 0};
}

bool lines_next(struct lines *lines, struct line *out)
{
    const char *stop;
    size_t len;

    if (lines->len == 0)
        return false;
    stop = memchr(lines->text, '\n', lines->len);
    len = stop != NULL ? (size_t)(stop - lines->text) : lines->len;
    *out = (struct line){lines->text, len, ++lines->number, lines->text};
    len += stop != NULL;
    lines->text += len;
    lines->len -= len;
    return true;
}

/* strchr() finds the terminating NUL as well. */
static bool is_in(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

void line_step(struct line *line, size_t count)
{
    line->text += count;
    line->len -= count;
}

void line_skip(struct line *line, const char *set)
{
    while (line->len > 0 && is_in(line->text[0], set))
        line_step(line, 1);
}

void line_trim_end(struct line *line, const char *set)
{
    while (line->len > 0 && is_in(line->text[line->len - 1], set))
        line->len--;
}

struct line line_take(struct line *line, const char *set)
{
    struct line taken = *line;

    taken.len = 0;
    while (line->len > 0 && !is_in(line->text[0], set)) {
        taken.len++;
        line_step(line, 1);
    }
    return taken;
}

bool line_begins(const struct line *line, const char *text)
{
    size_t len = strlen(text);

    return line->len >= len && memcmp(line->text, text, len) == 0;
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)((unsigned char)c | 0x20U);
    return c;
}

bool line_same_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool line_begins_nocase(const struct line *line, const char *text)
{
    size_t len = strlen(text);

    return line->len >= len && line_same_nocase(line->text, text, len);
}

uint32_t line_column(const struct line *line)
{
    return (uint32_t)(line->text - line->start) + 1;
}
