/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is handed out piece by piece and freed at once. Arrays grow from the low end of a
 * chunk and strings from its high end, so that strings cost no alignment.
 */
#ifndef PINTLE_SRC_PINSET_ARENA_H
#define PINTLE_SRC_PINSET_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct pintle__chunk;

/* bytes is what was asked of malloc() so far. All zero is an empty arena. */
struct pintle__arena {
    struct pintle__chunk *chunks;
    size_t bytes;
};

/* Zeroed memory for count items of size bytes, aligned for pointers and 64-bit integers; NULL
 * without memory. */
void *pintle__arena_array(struct pintle__arena *arena, size_t count, size_t size);

/* A NUL-terminated copy; NULL without memory. */
const char *pintle__arena_string(struct pintle__arena *arena, const char *text, size_t len);

void pintle__arena_clear(struct pintle__arena *arena);

/* Strings that are likely to come again, such as labels and report URLs. Zero it before use. */
#define PINTLE__INTERN_SLOTS 64

struct pintle__intern {
    const char *recent[PINTLE__INTERN_SLOTS];
};

/* pintle__arena_string(), or the equal one handed out lately. */
const char *pintle__arena_intern(struct pintle__arena *arena, struct pintle__intern *intern,
                                 const char *text, size_t len);

#endif
