/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is read line by line. */
#ifndef PINTLE_CLI_FORMATS_LINES_H
#define PINTLE_CLI_FORMATS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is left of a text. */
struct lines {
    const char *text;
    size_t len;
    uint32_t number; /* of the line read last */
};

/* text  where it begins, or what is left of it: not NUL-terminated */
struct line {
    const char *text;
    size_t len;
    uint32_t number;
    const char *start;
};

struct lines lines_of(const char *text, size_t len);

/* The next line without its '\n' (a '\r' before it stays). False behind the last. */
bool lines_next(struct lines *lines, struct line *out);

/* Step over `count` characters; over those in front that are in a set; take those off the end. */
void line_step(struct line *line, size_t count);
void line_skip(struct line *line, const char *set);
void line_trim_end(struct line *line, const char *set);

/* Cut off and return what stands before the first character of a set; all of it without one. */
struct line line_take(struct line *line, const char *set);

/* True if it begins so: as written, or whatever the case of its ASCII letters. */
bool line_begins(const struct line *line, const char *text);
bool line_begins_nocase(const struct line *line, const char *text);

/* True if two texts are the same but for the case of ASCII letters. */
bool line_same_nocase(const char *a, const char *b, size_t len);

/* Where in its line it begins now, from 1. */
uint32_t line_column(const struct line *line);

#endif
