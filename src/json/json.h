/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON through jansson, and errors that say where in the document they are. */
#ifndef PINTLE_SRC_JSON_JSON_H
#define PINTLE_SRC_JSON_JSON_H

#include <jansson.h>

#include <pintle/status.h>

/*
 * Read one JSON value: UTF-8 without a byte order mark, no duplicate keys. The caller decrefs *out.
 * E_JSON with line, column and offset; E_NOMEM.
 */
PINTLE_MUST_USE enum pintle_status pintle__json_read(json_t **out, const char *text, size_t len,
                                                     struct pintle_error *err);

/* The path to a value, from the value upwards. The document itself has no `up`. */
struct pintle__at {
    const struct pintle__at *up;
    const char *key; /* of an object; NULL for item `index` of an array */
    size_t index;
};

static inline struct pintle__at pintle__at_key(const struct pintle__at *up, const char *key)
{
    return (struct pintle__at){up, key, 0};
}

static inline struct pintle__at pintle__at_index(const struct pintle__at *up, size_t index)
{
    return (struct pintle__at){up, NULL, index};
}

/* A document, and where its errors go. */
struct pintle__source {
    const char *text;
    size_t len;
    struct pintle_error *err;
};

/*
 * Write an error about the value at a path: its JSON pointer (RFC 6901), a message, and its line,
 * column and offset. For a member that is missing: those of the object.
 */
void pintle__json_fail(const struct pintle__source *source, enum pintle_status status,
                       const struct pintle__at *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The offset behind the first value. Bytes that are no JSON are survived. */
size_t pintle__json_end(const char *text, size_t len);

/* The offset of the value at a path in text that pintle__json_read() accepted. */
size_t pintle__json_locate(const char *text, size_t len, const struct pintle__at *at);

#endif
