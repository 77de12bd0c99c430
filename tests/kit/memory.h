/* SPDX-License-Identifier: Apache-2.0 */
/* A memory for learned keys that can be made to fail, and to be used by somebody else. */
#ifndef PINTLE_TESTS_KIT_MEMORY_H
#define PINTLE_TESTS_KIT_MEMORY_H

#include <pintle/engine.h>

#define MEMORY_MAX 8

/*
 * fails_recall, fails_learn  the database is out of order
 * quicker   learned by somebody else just before the next learn; NULL for nobody
 * expires_on_learn  a held entry that has expired is EXPIRED to learn; else it is FOUND
 */
struct memory {
    struct pintle_memory calls;
    size_t count;
    struct pintle_learned entries[MEMORY_MAX];
    bool fails_recall;
    bool fails_learn;
    bool expires_on_learn;
    const struct pintle_learned *quicker;
    unsigned recalls;
    unsigned learns;
};

void memory_init(struct memory *memory);

/* What is held for host:port, or NULL. */
struct pintle_learned *memory_find(struct memory *memory, enum pintle_learned_from from,
                                   const char *host, uint16_t port);

/* Hold an entry of one Ed25519 key, for port 443 (HPKP: any), learned and seen at `now`. */
struct pintle_learned *memory_add(struct memory *memory, enum pintle_learned_from from,
                                  const char *host, struct pintle_pin pin, int64_t now,
                                  int64_t expires);

#endif
