/* SPDX-License-Identifier: Apache-2.0 */
/* The pin-set as it lies in memory. */
#ifndef PINTLE_SRC_PINSET_SET_H
#define PINTLE_SRC_PINSET_SET_H

#include <stdatomic.h>

#include <pintle/pinset.h>

#include "pinset/arena.h"
#include "pinset/index.h"

#define PINTLE__NO_INDEX UINT32_MAX

/*
 * Members of one object that are rare: `crit` as a JSON array, and the members we do not know as a
 * JSON object; NULL when there are none. rule or pin is PINTLE__NO_INDEX for what is above it.
 */
struct pintle__extra {
    uint32_t rule;
    uint32_t pin;
    const char *crit;
    const char *unknown;
};

/*
 * self         this pin-set again, for what changes behind a pointer to const: the count of owners
 *              and, at the end, the memory
 * origin       the loaded pin-set whose memory a derived one shares, and of which it is an owner;
 *              NULL in a loaded one. Never itself derived
 * fresh_until  never later than expires
 * own_rules    the rules of a derived pin-set that softens some: memory of its own; NULL otherwise
 * extras       in document order; memory of its own
 */
struct pintle_pinset {
    struct pintle_pinset *self;
    const struct pintle_pinset *origin;
    atomic_size_t refs;
    struct pintle__arena arena;
    const char *app;
    int64_t epoch;
    int64_t version;
    int64_t issued;
    int64_t expires;
    int64_t fresh_until;
    int64_t hard_ttl;
    int64_t overlap;
    uint8_t digest[PINTLE_DIGEST_LEN];
    bool has_digest;
    uint32_t rule_count;
    struct pintle_rule *rules;
    struct pintle_rule *own_rules;
    struct pintle__index index;
    struct pintle__extra *extras;
    size_t extra_count;
    size_t extra_room;
};

/* A pin-set without anything in it, with one owner; NULL without memory. */
struct pintle_pinset *pintle__pinset_new(void);

/* Bytes this pin-set takes of memory, beside what it shares. */
size_t pintle__pinset_bytes(const struct pintle_pinset *set);

#endif
