/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "pinset/hash.h"

/* Enough for pointers and 64-bit integers, which is all that is kept here. */
#define ALIGNMENT alignof(uint64_t)

#define CHUNK_MIN_SIZE ((size_t)1024)
#define CHUNK_MAX_SIZE ((size_t)1024 * 1024)

/* Free room is between low and high. */
struct pintle__chunk {
    struct pintle__chunk *next;
    size_t low;
    size_t high;
    alignas(uint64_t) unsigned char data[];
};

static_assert(alignof(void *) <= ALIGNMENT, "arrays of pointers must fit");

static size_t align_up(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* An eighth of what there is already: small pin-sets stay small, large ones waste little. */
static size_t next_size(const struct pintle__arena *arena)
{
    size_t size = align_up(arena->bytes / 8);

    if (size < CHUNK_MIN_SIZE)
        return CHUNK_MIN_SIZE;
    return size > CHUNK_MAX_SIZE ? CHUNK_MAX_SIZE : size;
}

static struct pintle__chunk *new_chunk(struct pintle__arena *arena, size_t size)
{
    struct pintle__chunk *chunk;

    if (size > SIZE_MAX - sizeof(*chunk))
        return NULL;
    chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL)
        return NULL;
    chunk->low = 0;
    chunk->high = size;
    arena->bytes += sizeof(*chunk) + size;
    return chunk;
}

/* A chunk with room for `size` bytes. What would fill a chunk gets one of its own, behind the first
 * one, whose room stays in use. */
static struct pintle__chunk *chunk_for(struct pintle__arena *arena, size_t size)
{
    struct pintle__chunk *first = arena->chunks;
    size_t usual = next_size(arena);
    struct pintle__chunk *chunk;

    if (first != NULL && first->high - first->low >= size)
        return first;
    chunk = new_chunk(arena, size > usual ? size : usual);
    if (chunk == NULL)
        return NULL;
    if (first != NULL && size > usual) {
        chunk->next = first->next;
        first->next = chunk;
    } else {
        chunk->next = first;
        arena->chunks = chunk;
    }
    return chunk;
}

void *pintle__arena_array(struct pintle__arena *arena, size_t count, size_t size)
{
    struct pintle__chunk *chunk;
    unsigned char *start;

    if (size != 0 && count > (SIZE_MAX / 2) / size)
        return NULL;
    size = align_up(count * size);
    chunk = chunk_for(arena, size);
    if (chunk == NULL)
        return NULL;
    start = chunk->data + chunk->low;
    chunk->low += size;
    memset(start, 0, size);
    return start;
}

const char *pintle__arena_string(struct pintle__arena *arena, const char *text, size_t len)
{
    struct pintle__chunk *chunk = chunk_for(arena, len + 1);
    unsigned char *start;

    if (chunk == NULL)
        return NULL;
    chunk->high -= len + 1;
    start = chunk->data + chunk->high;
    memcpy(start, text, len);
    start[len] = '\0';
    return (const char *)start;
}

const char *pintle__arena_intern(struct pintle__arena *arena, struct pintle__intern *intern,
                                 const char *text, size_t len)
{
    uint64_t hash = pintle__hash(0, text, len);
    const char **slot = &intern->recent[hash % PINTLE__INTERN_SLOTS];

    if (*slot != NULL && strcmp(*slot, text) == 0)
        return *slot;
    *slot = pintle__arena_string(arena, text, len);
    return *slot;
}

void pintle__arena_clear(struct pintle__arena *arena)
{
    while (arena->chunks != NULL) {
        struct pintle__chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    arena->bytes = 0;
}
