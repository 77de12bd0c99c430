/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset/set.h"

#include <stdlib.h>

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
    pintle__arena_clear(&self->arena);
    free(self->index.entries);
    free(self->extras);
    free(self);
}

const char *pintle_pinset_get_app(const struct pintle_pinset *set)
{
    return set->app;
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
    return sizeof(*set) + set->arena.bytes + set->index.entries_size +
           set->extra_room * sizeof(*set->extras);
}
