/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a host and port to its rule. Every pattern is one entry; every (suffix, kind, port) of it
 * has one slot in a hash table, with port 0 for a rule that names none. A hit touches a slot and
 * an entry, nothing else.
 */
#ifndef PINTLE_SRC_PINSET_INDEX_H
#define PINTLE_SRC_PINSET_INDEX_H

#include <pintle/rule.h>

#include "pinset/schema.h"
#include "pinset/table.h"

/* One pattern. Behind the ports stands its text, NUL-terminated. */
struct pintle__entry {
    uint32_t rule;
    uint16_t port_count;
    uint16_t ports[];
};

/*
 * rules    lent
 * entries  in document order, each at a multiple of PINTLE__ENTRY_ALIGN; memory of its own
 * table    positions in entries, divided by PINTLE__ENTRY_ALIGN
 * seed     of the hashes: taken from the document's digest, so that nobody can write a document
 *          whose patterns all collide
 * labels   for each kind of pattern, of rules without ports and of those with: bit n is set if one
 *          has a suffix of n labels, bit 31 for more
 */
struct pintle__index {
    const struct pintle_rule *rules;
    unsigned char *entries;
    size_t entries_len;
    size_t entries_size;
    size_t entry_count;
    size_t key_count;
    struct pintle__table table;
    uint64_t seed;
    uint32_t labels[PINTLE__KINDS][2];
};

#define PINTLE__ENTRY_ALIGN 4

/* Add a pattern of rule number `rule`, which has its ports already. False without memory. */
bool pintle__index_add(struct pintle__index *index, uint32_t rule, const struct pintle_rule *ports,
                       const char *pattern, size_t len);

/* Give back what adding took too much. After it the entries stay where they are. */
void pintle__index_seal(struct pintle__index *index);

/* The first entry, the one behind another, and the text of one. */
const struct pintle__entry *pintle__entry_first(const struct pintle__index *index);
const struct pintle__entry *pintle__entry_next(const struct pintle__entry *entry);
const char *pintle__entry_text(const struct pintle__entry *entry);

/* Two entries that may not stand in one document: which, and for which port (0: for all). */
struct pintle__clash {
    uint32_t first_rule;
    size_t second; /* number of the entry */
    uint16_t port;
};

/*
 * Fill the table, which is planned for key_count entries and has its slots. False if
 * two entries have an equal key: *clash then says which.
 */
bool pintle__index_fill(struct pintle__index *index, struct pintle__clash *clash);

const struct pintle_rule *pintle__index_find(const struct pintle__index *index,
                                             const struct pintle_host *host, uint16_t port);

#endif
