/* SPDX-License-Identifier: Apache-2.0 */
/* DNS zone files (RFC 1035 section 5.1), entry by entry: words, comments, parentheses, $ORIGIN, owners, TTL and class. */
#ifndef PINTLE_CLI_FORMATS_ZONE_H
#define PINTLE_CLI_FORMATS_ZONE_H

#include "format.h"

/* A name as text, with the final dot: 255 octets may take four characters each. */
#define ZONE_NAME_SIZE 1024

struct zone_word {
    const char *text; /* not NUL-terminated; of a quoted string what is between the quotes */
    size_t len;
    uint32_t line;
    uint32_t column;
    bool quoted;
};

/*
 * Begins zeroed but for the first two; zone_clear() frees.
 *
 * words, count  of the entry read last
 */
struct zone {
    const char *text;
    size_t len;
    size_t at;
    size_t line_start;
    uint32_t line;
    struct zone_word *words;
    size_t count;
    size_t size;
    bool blank; /* the entry begins with white space: it has no owner of its own */
    char origin[ZONE_NAME_SIZE];
    char owner[ZONE_NAME_SIZE];
    struct zone_word owner_word; /* where the owner stands */
};

/*
 * A record.
 *
 * owner  absolute, as written; "" if it is not known: a relative name without $ORIGIN
 * class, type  as written
 * data   words behind the type
 */
struct zone_record {
    const char *owner;
    struct zone_word owner_word;
    struct zone_word class;
    struct zone_word type;
    const struct zone_word *data;
    size_t count;
};

void zone_clear(struct zone *zone);

/*
 * The next record; directives other than $ORIGIN and $TTL are told to `notes` and passed over, and so is an entry without a type.
 * *out of type "" at the end. It lives until the next call.
 *
 * E_SCHEMA with line and column: a quoted string or a parenthesis that does not end, a ')' that does not begin, no owner.
 * E_LIMIT: a name too long. E_NOMEM.
 */
PINTLE_MUST_USE enum pintle_status zone_next(struct zone *zone, struct zone_record *out,
                                             struct notes *notes, struct pintle_error *err);

/* True if a word is this, whatever the case. */
bool zone_word_is(const struct zone_word *word, const char *text);

#endif
