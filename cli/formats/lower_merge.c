/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "lower.h"

struct merging {
    struct clauses *clauses;
    struct losses *losses;
    const struct semantics *semantics;
};

static bool has_pin(const struct clause *clause, const struct clause_pin *pin)
{
    for (size_t i = 0; i < clause->pin_count; i++)
        if (clause->pins[i].at == pin->at && pintle_pin_equal(&clause->pins[i].pin, &pin->pin))
            return true;
    return false;
}

static bool same_demands(const struct clause *a, const struct clause *b)
{
    if (a->pin_count != b->pin_count || a->until != b->until || a->enforce != b->enforce)
        return false;
    for (size_t i = 0; i < a->pin_count; i++)
        if (!has_pin(a, &b->pins[i]))
            return false;
    return true;
}

static bool stands_for(const struct clause *clause, size_t rule)
{
    for (size_t i = 0; i < clause->rules.count; i++)
        if (clause->rules.items[i] == rule)
            return true;
    return false;
}

static bool add_rules(const struct merging *merging, struct clause *into, const struct clause *from)
{
    size_t count = into->rules.count + from->rules.count;
    size_t *items = clauses_alloc(merging->clauses, count, sizeof(*items));

    if (items == NULL)
        return false;
    memcpy(items, into->rules.items, into->rules.count * sizeof(*items));
    into->rules.items = items;
    for (size_t i = 0; i < from->rules.count; i++)
        if (!stands_for(into, from->rules.items[i]))
            items[into->rules.count++] = from->rules.items[i];
    return true;
}

static void tell_union(const struct merging *merging, const struct clause *a,
                       const struct clause *b)
{
    for (size_t i = 0; i < a->rules.count; i++)
        losses_add(merging->losses, LOSS_UNION, a->rules.items[i], "%s, with rule %s", a->host,
                   b->id);
    for (size_t i = 0; i < b->rules.count; i++)
        losses_add(merging->losses, LOSS_UNION, b->rules.items[i], "%s, with rule %s", b->host,
                   a->id);
}

/*
 * Pins that would stand in another position are dropped: where leaf and CA are asked for at once, they
 * would lock out. The clause then does not stand for that rule.
 */
static bool can_join(const struct merging *merging, const struct clause *into,
                     const struct clause *from)
{
    if (into->exempt || from->exempt)
        return false;
    return !merging->semantics->one_position || into->pins[0].at == from->pins[0].at;
}

static bool join(const struct merging *merging, struct clause *into, const struct clause *from)
{
    if (!same_demands(into, from)) {
        tell_union(merging, into, from);
        into->enforce = into->enforce && from->enforce;
        if (from->until < into->until)
            into->until = from->until;
    }
    if (merging->semantics->path == PATH_FOR_CAS)
        into->key_alone = into->key_alone && from->key_alone;
    into->reach = reach_join(into->reach, from->reach);
    for (size_t i = 0; i < from->pin_count; i++)
        if (!clause_add_pin(merging->clauses, into, &from->pins[i]))
            return false;
    return add_rules(merging, into, from);
}

/* The pinned one of two that cannot be joined stays, or the first. */
static bool merge(const struct merging *merging, struct clause *into, const struct clause *from)
{
    if (can_join(merging, into, from))
        return join(merging, into, from);
    if (into->exempt && from->exempt)
        into->reach = reach_join(into->reach, from->reach);
    else if (into->exempt)
        *into = *from;
    return true;
}

/* Take clauses out that a mark was left on. */
static void compact(struct clauses *clauses, const bool *gone)
{
    size_t kept = 0;

    for (size_t i = 0; i < clauses->count; i++)
        if (!gone[i])
            clauses->items[kept++] = clauses->items[i];
    clauses->count = kept;
}

static bool same_place(const struct clause *a, const struct clause *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

bool lower_merge_hosts(struct clauses *clauses, struct losses *losses,
                       const struct semantics *semantics)
{
    struct merging merging = {clauses, losses, semantics};
    struct clause_index index = {0};
    bool *gone = calloc(clauses->count + 1, sizeof(*gone));
    bool done = gone != NULL && clause_index_init(&index, clauses);

    /* Clauses of one host are neighbours in the index, those of one port perhaps not. */
    for (size_t i = 0; done && i < clauses->count; i++) {
        struct clause *into = &clauses->items[index.order[i]];

        for (size_t j = i + 1; done && !gone[index.order[i]] && j < clauses->count; j++) {
            const struct clause *from = &clauses->items[index.order[j]];

            if (strcmp(into->host, from->host) != 0)
                break;
            if (gone[index.order[j]] || !same_place(into, from))
                continue;
            done = merge(&merging, into, from);
            gone[index.order[j]] = true;
        }
    }
    if (done)
        compact(clauses, gone);
    clause_index_clear(&index);
    free(gone);
    return done;
}
