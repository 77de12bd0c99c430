/* SPDX-License-Identifier: Apache-2.0 */
#include "raise.h"

#include <stdlib.h>
#include <string.h>

struct raising {
    struct clauses *clauses;
    struct notes *notes;
    const struct semantics *semantics;
};

/* The clauses that cover the host of one: it alone, and what the others add. */
struct cover {
    const struct raising *raising;
    const struct clause *of;
    struct clause whole;
    bool joined;
    bool failed;
};

static bool has_pin(const struct clause *clause, const struct clause_pin *pin)
{
    for (size_t i = 0; i < clause->pin_count; i++)
        if (clause->pins[i].at == pin->at && pintle_pin_equal(&clause->pins[i].pin, &pin->pin))
            return true;
    return false;
}

/* A list of pins may be shared with another clause: what is changed is a copy. */
static bool own_pins(struct clauses *clauses, struct clause *clause)
{
    const struct clause_pin *from = clause->pins;
    size_t count = clause->pin_count;

    clause->pins = NULL;
    clause->pin_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!clause_add_pin(clauses, clause, &from[i]))
            return false;
    return true;
}

static bool join(struct cover *cover, const struct clause *other)
{
    struct clauses *clauses = cover->raising->clauses;

    for (size_t i = 0; i < other->pin_count; i++) {
        if (has_pin(&cover->whole, &other->pins[i]))
            continue;
        if (!cover->joined && !own_pins(clauses, &cover->whole))
            return false;
        cover->joined = true;
        if (!clause_add_pin(clauses, &cover->whole, &other->pins[i]))
            return false;
    }
    return true;
}

/* Leaf and CA at once: the leaf says it more narrowly. */
static bool take_leaf(struct cover *cover, const struct clause *other)
{
    notes_add(cover->raising->notes, NOTE_BOTH_LISTS, cover->of->line, "%s, and the entry for %s",
              cover->of->host, other->host);
    if (other->pins[0].at != PINTLE_AT_LEAF)
        return true;
    cover->whole.pins = other->pins;
    cover->whole.pin_count = other->pin_count;
    cover->joined = true;
    return own_pins(cover->raising->clauses, &cover->whole);
}

static void note_found(void *ctx, const struct clause *other)
{
    struct cover *cover = ctx;

    if (other == cover->of || cover->failed || other->pin_count == 0 ||
        cover->whole.pin_count == 0 || strcmp(other->host, cover->of->host) == 0)
        return;
    if (cover->raising->semantics->one_position && other->pins[0].at != cover->whole.pins[0].at)
        cover->failed = !take_leaf(cover, other);
    else
        cover->failed = !join(cover, other);
}

static bool reaches_below(enum reach reach)
{
    return reach == REACH_EXACT_OR_ONE || reach == REACH_ANY;
}

/* A clause for the host alone, with all pins; what is below the host keeps the clause itself. */
static bool split(const struct cover *cover, size_t index)
{
    struct clauses *clauses = cover->raising->clauses;
    struct clause rest = clauses->items[index];
    struct clause *below;

    notes_add(cover->raising->notes, NOTE_EVERY_MATCH, rest.line, "%s", rest.host);
    clauses->items[index] = cover->whole;
    clauses->items[index].reach = REACH_EXACT;
    if (!reaches_below(rest.reach))
        return true;
    if (rest.reach == REACH_EXACT_OR_ONE)
        rest.reach = REACH_ONE;
    below = clauses_add(clauses);
    if (below == NULL)
        return false;
    rest.group = clauses->count;
    *below = rest;
    return true;
}

/* Groups are numbered anew: each clause is a rule of its own. */
static void number_groups(struct clauses *clauses)
{
    for (size_t i = 0; i < clauses->count; i++)
        clauses->items[i].group = i;
}

static bool raise_clause(const struct raising *raising, const struct clause_index *index,
                         struct cover *cover, const struct clause *clause)
{
    struct pintle_host host;

    *cover = (struct cover){.raising = raising, .of = clause, .whole = *clause};
    if (!reach_covers(clause->reach, 0) ||
        pintle_host_parse(&host, clause->host, strlen(clause->host), NULL) != PINTLE_OK)
        return true;
    clause_index_find(index, CLAUSE_EVERY, &host, clause->port, note_found, cover);
    return !cover->failed;
}

/* All are looked at before one is changed. */
static bool find_covers(const struct raising *raising, struct cover *covers)
{
    struct clause_index index;
    bool done = clause_index_init(&index, raising->clauses);

    for (size_t i = 0; done && i < raising->clauses->count; i++)
        done = raise_clause(raising, &index, &covers[i], &raising->clauses->items[i]);
    clause_index_clear(&index);
    return done;
}

bool raise_clauses(struct clauses *clauses, struct notes *notes, const struct semantics *semantics)
{
    struct raising raising = {clauses, notes, semantics};
    size_t count = clauses->count;
    struct cover *covers;
    bool done;

    if (!semantics->every_match)
        return true;
    covers = calloc(count + 1, sizeof(*covers));
    done = covers != NULL && find_covers(&raising, covers);
    for (size_t i = 0; done && i < count; i++)
        done = !covers[i].joined || split(&covers[i], i);
    if (done)
        number_groups(clauses);
    free(covers);
    return done;
}
