/* SPDX-License-Identifier: Apache-2.0 */
/* A text that is being written, with the escapes of the languages that formats are written in. */
#ifndef PINTLE_CLI_FORMATS_TEXT_H
#define PINTLE_CLI_FORMATS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Begins zeroed. Want of memory is remembered in `failed` and asked for once, at the end; what is
 * added after it is dropped.
 *
 * data  NUL-terminated, to be freed by text_clear(); NULL while empty
 */
struct text {
    char *data;
    size_t len;
    size_t size;
    bool failed;
};

void text_clear(struct text *text);

void text_add(struct text *text, const char *bytes);
void text_add_bytes(struct text *text, const char *bytes, size_t len);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Character data or an attribute's value in XML. */
void text_add_xml(struct text *text, const char *bytes);

/* The same inside a comment, where "--" must not stand: it becomes "- -". */
void text_add_xml_comment(struct text *text, const char *bytes);

/*
 * A string with its quotes, as JSON, YAML, C, C++, Java, Kotlin, Swift, Dart, Go, Rust, JavaScript
 * and Python read it. `text` is UTF-8 without control characters. Kotlin's and Dart's '$' is escaped
 * as `dollar` says.
 */
enum text_dollar {
    TEXT_DOLLAR_PLAIN = 0,
    TEXT_DOLLAR_ESCAPED = 1
};
void text_add_quoted(struct text *text, const char *bytes, enum text_dollar dollar);

/*
 * What may stand in a comment to the end of the line in any language: whatever could end it or hide
 * in it (control characters, backslashes, which javac reads as \u000a, and all that is not ASCII)
 * becomes '?'.
 */
void text_add_comment(struct text *text, const char *bytes);

#endif
