/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open-addressing hash table of indexes: 8 bytes a slot, at most half full. It knows tags only;
 * the caller compares the keys.
 */
#ifndef PINTLE_SRC_PINSET_TABLE_H
#define PINTLE_SRC_PINSET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* index_1 is the index plus one; zero marks an empty slot. */
struct pintle__slot {
    uint32_t tag;
    uint32_t index_1;
};

struct pintle__table {
    struct pintle__slot *slots;
    uint32_t size;
};

/* Most entries of a table. */
#define PINTLE__TABLE_MAX ((size_t)1 << 24)

/* How many slots a table of `count` entries needs. */
static inline uint32_t pintle__table_size(size_t count)
{
    return (uint32_t)(2 * count + 1);
}

/* Where the search for a tag begins. */
static inline uint32_t pintle__table_start(const struct pintle__table *table, uint32_t tag)
{
    return (uint32_t)(((uint64_t)tag * table->size) >> 32);
}

/*
 * Give the next index with this tag and move `*at` behind it; false at the end of the search. `*at`
 * is then the empty slot to which the tag belongs.
 */
static inline bool pintle__table_next(const struct pintle__table *table, uint32_t tag, uint32_t *at,
                                      uint32_t *index)
{
    for (uint32_t i = *at;; i = i + 1 == table->size ? 0 : i + 1) {
        const struct pintle__slot *slot = &table->slots[i];
        if (slot->index_1 == 0) {
            *at = i;
            return false;
        }
        if (slot->tag == tag) {
            *index = slot->index_1 - 1;
            *at = i + 1 == table->size ? 0 : i + 1;
            return true;
        }
    }
}

/* Fill the empty slot where a search ended. */
static inline void pintle__table_put(struct pintle__table *table, uint32_t at, uint32_t tag,
                                     uint32_t index)
{
    table->slots[at].tag = tag;
    table->slots[at].index_1 = index + 1;
}

#endif
