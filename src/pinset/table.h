/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open-addressing hash table of indexes, at most half full. A slot is 4 bytes, so that the table
 * of a large pin-set stays in the processor's cache: the low bits are the index plus one (zero marks
 * an empty slot), the others as much of the tag as fits. The caller compares the keys.
 */
#ifndef PINTLE_SRC_PINSET_TABLE_H
#define PINTLE_SRC_PINSET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* bits is how many of a slot are the index. */
struct pintle__table {
    uint32_t *slots;
    uint32_t size;
    unsigned bits;
};

/* Most entries of a table; indexes are below 2^31 - 1. */
#define PINTLE__TABLE_MAX ((size_t)1 << 24)

/* A table for `count` entries with indexes up to max_index. The slots are for the caller to make:
 * `size` of them, all zero. */
static inline struct pintle__table pintle__table_plan(size_t count, size_t max_index)
{
    struct pintle__table table = {NULL, (uint32_t)(2 * count + 1), 1};

    while ((max_index + 1) >> table.bits != 0)
        table.bits++;
    return table;
}

/* Where the search for a tag begins: by its high bits. */
static inline uint32_t pintle__table_start(const struct pintle__table *table, uint32_t tag)
{
    return (uint32_t)(((uint64_t)tag * table->size) >> 32);
}

/*
 * Give the next index that may have this tag and move `*at` behind it; false at the end of the
 * search. `*at` is then the empty slot to which the tag belongs.
 */
static inline bool pintle__table_next(const struct pintle__table *table, uint32_t tag, uint32_t *at,
                                      uint32_t *index)
{
    for (uint32_t i = *at;; i = i + 1 == table->size ? 0 : i + 1) {
        uint32_t slot = table->slots[i];
        *at = i;
        if (slot == 0)
            return false;
        /* The low bits of the tag, as those that begin a search alike share the high ones. */
        slot ^= tag << table->bits;
        if (slot >> table->bits == 0) {
            *index = slot - 1;
            *at = i + 1 == table->size ? 0 : i + 1;
            return true;
        }
    }
}

/* Fill the empty slot where a search ended. */
static inline void pintle__table_put(struct pintle__table *table, uint32_t at, uint32_t tag,
                                     uint32_t index)
{
    table->slots[at] = tag << table->bits | (index + 1);
}

#endif
