/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from a certificate, made safe to show: into a buffer of fixed size, cut with "…" where it
 * does not fit, with everything escaped that could pass for something else.
 */
#ifndef PINTLE_SRC_TLS_OPENSSL_WORDS_H
#define PINTLE_SRC_TLS_OPENSSL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A buffer being written; always NUL-terminated UTF-8.
 *
 * keep  how much stays if it has to be cut: there is room for "…" behind it
 * cut   it was; nothing more is taken
 */
struct pintle__words {
    char *out;
    size_t size;
    size_t len;
    size_t keep;
    bool cut;
};

/* size is at least 4. */
struct pintle__words pintle__words_init(char *out, size_t size);

/* Add our own text as it is. */
void pintle__words_put(struct pintle__words *words, const char *text);

/*
 * Add foreign text. Printable UTF-8 stays, but for the characters in `special` (ASCII); every byte
 * of anything else becomes a backslash and two hex digits (as RFC 4514 section 2.4): control
 * characters, invisible ones and those that turn the direction of writing, invalid UTF-8.
 */
void pintle__words_put_foreign(struct pintle__words *words, const uint8_t *text, size_t len,
                               const char *special);

/* Add bytes as upper-case hex digits. */
void pintle__words_put_hex(struct pintle__words *words, const uint8_t *bytes, size_t len);

#endif
