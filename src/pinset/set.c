/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset/set.h"

#include <stdlib.h>

struct pintle_pinset *pintle__pinset_new(void)
{
    struct pintle_pinset *set = calloc(1, sizeof(*set));

    if (set == NULL)
        return NULL;
    set->self = set;
    atomic_init(&set->refs, 1);
    return set;
}

const struct pintle_pinset *pintle_pinset_retain(const struct pintle_pinset *set)
{
    atomic_fetch_add_explicit(&set->self->refs, 1, memory_order_relaxed);
    return set;
}

void pintle_pinset_free(const struct pintle_pinset *set)
{
    struct pintle_pinset *self = set == NULL ? NULL : set->self;

    /* Release and acquire: whoever frees sees all that other owners did before they let go. */
    if (self == NULL || atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (self->origin == NULL) {
        pintle__arena_clear(&self->arena);
        free(self->index.entries);
        free(self->extras);
    }
    free(self->own_rules);
    pintle_pinset_free(self->origin); /* which has no origin: not deeper than one */
    free(self);
}

const char *pintle_pinset_get_app(const struct pintle_pinset *set)
{
    return set->app;
}

int64_t pintle_pinset_get_epoch(const struct pintle_pinset *set)
{
    return set->epoch;
}

int64_t pintle_pinset_get_version(const struct pintle_pinset *set)
{
    return set->version;
}

int64_t pintle_pinset_get_issued(const struct pintle_pinset *set)
{
    return set->issued;
}

int64_t pintle_pinset_get_expires(const struct pintle_pinset *set)
{
    return set->expires;
}

int64_t pintle_pinset_get_fresh_until(const struct pintle_pinset *set)
{
    return set->fresh_until;
}

int64_t pintle_pinset_get_hard_ttl(const struct pintle_pinset *set)
{
    return set->hard_ttl;
}

int64_t pintle_pinset_get_overlap(const struct pintle_pinset *set)
{
    return set->overlap;
}

size_t pintle_pinset_count_enforced(const struct pintle_pinset *set, int64_t now)
{
    size_t count = 0;

    for (uint32_t i = 0; i < set->rule_count; i++)
        count += pintle_rule_get_mode(&set->rules[i], now) == PINTLE_MODE_ENFORCE ? 1 : 0;
    return count;
}

const uint8_t *pintle_pinset_get_digest(const struct pintle_pinset *set)
{
    return set->has_digest ? set->digest : NULL;
}

size_t pintle_pinset_get_rule_count(const struct pintle_pinset *set)
{
    return set->rule_count;
}

const struct pintle_rule *pintle_pinset_get_rule(const struct pintle_pinset *set, size_t index)
{
    return index < set->rule_count ? &set->rules[index] : NULL;
}

const struct pintle_rule *pintle_pinset_find(const struct pintle_pinset *set,
                                             const struct pintle_host *host, uint16_t port)
{
    return pintle__index_find(&set->index, host, port);
}

size_t pintle__pinset_bytes(const struct pintle_pinset *set)
{
    size_t own = set->own_rules == NULL ? 0 : set->rule_count * sizeof(*set->own_rules);

    return sizeof(*set) + own + set->arena.bytes + set->index.entries_size +
           set->extra_room * sizeof(*set->extras);
}
