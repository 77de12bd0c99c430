/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector files (tests/vectors/): text, one case to a line, fields parted by white space. Empty
 * lines and lines that begin with '#' say nothing. In a field \xHH is that byte, and "-" alone is
 * the empty field.
 */
#ifndef PINTLE_TESTS_KIT_VECTORS_H
#define PINTLE_TESTS_KIT_VECTORS_H

#include <stdbool.h>

#include <pintle/status.h>

#define VECTOR_FIELDS_MAX 8

/* text is NUL-terminated, but may hold NULs before its end. */
struct vector_field {
    char *text;
    size_t len;
};

struct vector {
    const char *path;
    unsigned line;
    size_t count;
    struct vector_field field[VECTOR_FIELDS_MAX];
};

/*
 * Call `check` for every case in tests/vectors/<name> and return how many failed: those for which
 * it returned false, those with a number of fields outside min to max, and one if there is no case.
 */
unsigned vectors_run(const char *name, size_t min, size_t max,
                     bool (*check)(const struct vector *row));

/* Say on stderr what is wrong with a case; returns false, for `check` to return. */
bool vector_fail(const struct vector *row, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A field as a decimal number; SIZE_MAX if it is none. */
size_t vector_number(const struct vector *row, size_t index);

/* True if the field is this text. */
bool vector_is(const struct vector *row, size_t index, const char *text);

/*
 * True if a call ended as fields `index` (name of a status) and `index` + 1 (err->offset) say;
 * otherwise says what came instead.
 */
bool vector_check_error(const struct vector *row, size_t index, enum pintle_status status,
                        const struct pintle_error *err);

#endif
