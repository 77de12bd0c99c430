/* SPDX-License-Identifier: Apache-2.0 */
/* The same pin-set under other terms: another freshness, and rules that an unpin softens. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "pinset/hash.h"
#include "pinset/set.h"

static uint32_t tag_of(const struct pintle_pinset *set, const char *id)
{
    return pintle__hash_tag(pintle__hash(set->index.seed, id, strlen(id)), 0);
}

/* --- softening ---------------------------------------------------------------------------------
 *
 * The few ids that are softened go into a table, and every rule is looked up there once.
 */

static void fill(struct pintle__table *table, const struct pintle_pinset *set,
                 const struct pintle_pinset_terms *terms)
{
    for (size_t i = 0; i < terms->soften_count; i++) {
        uint32_t tag = tag_of(set, terms->soften[i].rule);
        uint32_t at = pintle__table_start(table, tag);
        uint32_t other;

        while (pintle__table_next(table, tag, &at, &other)) {
            /* To the empty slot: an id that comes twice has two. */
        }
        pintle__table_put(table, at, tag, (uint32_t)i);
    }
}

/* Soften a rule as far as the softest of its entries says. */
static void soften(struct pintle_rule *rule, const struct pintle_pinset *set,
                   const struct pintle__table *table, const struct pintle_pinset_terms *terms)
{
    uint32_t tag = tag_of(set, rule->id);
    uint32_t at = pintle__table_start(table, tag);
    uint32_t i;

    while (pintle__table_next(table, tag, &at, &i)) {
        enum pintle_mode mode = terms->soften[i].off ? PINTLE_MODE_OFF : PINTLE_MODE_REPORT;

        if (strcmp(terms->soften[i].rule, rule->id) != 0)
            continue;
        rule->unpin_until = terms->soften_until;
        if (mode > rule->unpin_mode)
            rule->unpin_mode = mode;
    }
}

/* Rules of its own, which is all that an unpin changes. */
static bool own_rules(struct pintle_pinset *set, const struct pintle_pinset_terms *terms)
{
    struct pintle__table table;
    struct pintle_rule *rules;

    if (terms->soften_count > PINTLE__TABLE_MAX)
        return false;
    table = pintle__table_plan(terms->soften_count, terms->soften_count);
    table.slots = calloc(table.size, sizeof(*table.slots));
    rules = malloc(set->rule_count * sizeof(*rules));
    if (table.slots == NULL || rules == NULL) {
        free(table.slots);
        free(rules);
        return false;
    }
    fill(&table, set, terms);
    memcpy(rules, set->rules, set->rule_count * sizeof(*rules));
    for (uint32_t i = 0; i < set->rule_count; i++)
        soften(&rules[i], set, &table, terms);
    set->own_rules = rules;
    set->rules = rules;
    set->index.rules = rules;
    free(table.slots);
    return true;
}

/* --- the derived pin-set -----------------------------------------------------------------------
 */

/* Everything of a loaded pin-set but its owners and what frees memory. */
static void share(struct pintle_pinset *set, const struct pintle_pinset *origin)
{
    set->origin = pintle_pinset_retain(origin);
    set->app = origin->app;
    set->epoch = origin->epoch;
    set->version = origin->version;
    set->issued = origin->issued;
    set->expires = origin->expires;
    set->hard_ttl = origin->hard_ttl;
    set->overlap = origin->overlap;
    memcpy(set->digest, origin->digest, sizeof(set->digest));
    set->has_digest = origin->has_digest;
    set->rule_count = origin->rule_count;
    set->rules = origin->rules;
    set->index = origin->index;
    set->index.entries_size = 0; /* counted there */
    set->extras = origin->extras;
    set->extra_count = origin->extra_count;
}

enum pintle_status pintle_pinset_derive(const struct pintle_pinset **out,
                                        const struct pintle_pinset *set,
                                        const struct pintle_pinset_terms *terms,
                                        struct pintle_error *err)
{
    const struct pintle_pinset *origin = set->origin != NULL ? set->origin : set;
    struct pintle_pinset *derived = pintle__pinset_new();

    *out = NULL;
    if (derived == NULL)
        goto no_memory;
    share(derived, origin);
    derived->fresh_until =
        terms->fresh_until < origin->expires ? terms->fresh_until : origin->expires;
    if (terms->soften_count > 0 && derived->rule_count > 0 && !own_rules(derived, terms))
        goto no_memory;
    *out = derived;
    return PINTLE_OK;

no_memory:
    pintle_pinset_free(derived);
    pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
    return PINTLE_E_NOMEM;
}
