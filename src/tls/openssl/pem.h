/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the blocks of PEM text (RFC 7468 section 2). Text between blocks is skipped; a block that
 * is not whole is an error, so that nothing in a file is passed over in silence.
 */
#ifndef PINTLE_SRC_TLS_OPENSSL_PEM_H
#define PINTLE_SRC_TLS_OPENSSL_PEM_H

#include <stdbool.h>

#include <pintle/status.h>

/* Room for the longest label that is told in an error, its NUL included; longer ones are E_PEM. */
#define PINTLE__PEM_LABEL_SIZE 64

/* What is left of the text; base is the first byte of all of it. */
struct pintle__pem {
    const uint8_t *base;
    const uint8_t *next;
    const uint8_t *end;
};

/* A block: its text from the BEGIN to the END line, and where in the whole text it begins. */
struct pintle__pem_block {
    struct pintle_view text;
    size_t offset;
    char label[PINTLE__PEM_LABEL_SIZE];
};

struct pintle__pem pintle__pem_init(struct pintle_view text);

/*
 * Find the next block; *found is false at the end of the text. E_PEM with err->offset: a BEGIN line
 * that is malformed, a block without an END line or with another's, a NUL inside a block, an END
 * line outside of one.
 */
PINTLE_MUST_USE enum pintle_status pintle__pem_next(struct pintle__pem *pem,
                                                    struct pintle__pem_block *block, bool *found,
                                                    struct pintle_error *err);

#endif
