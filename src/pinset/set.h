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
 * self    this pin-set again, for what changes behind a pointer to const: the count of owners and,
 *         at the end, the memory
 * extras  in document order; memory of its own
 */
struct pintle_pinset {
    struct pintle_pinset *self;
    atomic_size_t refs;
    struct pintle__arena arena;
    const char *app;
    int64_t version;
    int64_t issued;
    int64_t expires;
    uint8_t digest[PINTLE_DIGEST_LEN];
    bool has_digest;
    uint32_t rule_count;
    struct pintle_rule *rules;
    struct pintle__index index;
    struct pintle__extra *extras;
    size_t extra_count;
    size_t extra_room;
};

/* Bytes this pin-set takes of memory. */
size_t pintle__pinset_bytes(const struct pintle_pinset *set);

#endif
