/* SPDX-License-Identifier: Apache-2.0 */
#include "clause.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)

/* Blocks are given out from the front and freed together. */
struct clause_block {
    struct clause_block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

void clauses_clear(struct clauses *clauses)
{
    while (clauses->blocks != NULL) {
        struct clause_block *next = clauses->blocks->next;

        free(clauses->blocks);
        clauses->blocks = next;
    }
    free(clauses->items);
    *clauses = (struct clauses){0};
}

struct clause *clauses_add(struct clauses *clauses)
{
    struct clause *clause;

    if (clauses->count == clauses->size) {
        size_t size = clauses->size == 0 ? 64 : clauses->size * 2;
        struct clause *items = NULL;

        if (size <= SIZE_MAX / sizeof(*items))
            items = realloc(clauses->items, size * sizeof(*items));
        if (items == NULL)
            return NULL;
        clauses->items = items;
        clauses->size = size;
    }
    clause = &clauses->items[clauses->count++];
    *clause = (struct clause){.host = "", .id = "", .enforce = true, .until = PINTLE_NEVER};
    return clause;
}

static struct clause_block *new_block(struct clauses *clauses, size_t len)
{
    size_t size = len > BLOCK_SIZE ? len : BLOCK_SIZE;
    struct clause_block *block = calloc(1, sizeof(*block) + size);

    if (block == NULL)
        return NULL;
    block->size = size;
    block->next = clauses->blocks;
    clauses->blocks = block;
    return block;
}

void *clauses_alloc(struct clauses *clauses, size_t count, size_t size)
{
    const size_t align = alignof(max_align_t);
    struct clause_block *block = clauses->blocks;
    size_t len;
    void *out;

    if (size != 0 && count > (SIZE_MAX / 2) / size)
        return NULL;
    len = (count * size + align - 1) / align * align;
    if (block == NULL || len > block->size - block->used)
        block = new_block(clauses, len);
    if (block == NULL)
        return NULL;
    out = block->bytes + block->used;
    block->used += len;
    return out;
}

char *clauses_text(struct clauses *clauses, const char *text, size_t len)
{
    char *copy = clauses_alloc(clauses, len + 1, 1);

    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

/* True if a list of so many items has no room left: its room is always a power of two. */
static bool is_full(size_t count)
{
    return (count & (count - 1)) == 0;
}

bool clause_add_pin(struct clauses *clauses, struct clause *clause, const struct clause_pin *pin)
{
    for (size_t i = 0; i < clause->pin_count; i++)
        if (clause->pins[i].at == pin->at && pintle_pin_equal(&clause->pins[i].pin, &pin->pin))
            return true;
    if (is_full(clause->pin_count)) {
        size_t room = clause->pin_count == 0 ? 1 : clause->pin_count * 2;
        struct clause_pin *pins = clauses_alloc(clauses, room, sizeof(*pins));

        if (pins == NULL)
            return false;
        if (clause->pin_count > 0)
            memcpy(pins, clause->pins, clause->pin_count * sizeof(*pins));
        clause->pins = pins;
    }
    clause->pins[clause->pin_count++] = *pin;
    return true;
}

bool clause_add_report(struct clauses *clauses, struct clause *clause, const char *url, size_t len)
{
    char *copy = clauses_text(clauses, url, len);
    const char **list = clauses_alloc(clauses, clause->report_count + 1, sizeof(*list));

    if (copy == NULL || list == NULL)
        return false;
    for (size_t i = 0; i < clause->report_count; i++)
        list[i] = clause->report[i];
    list[clause->report_count++] = copy;
    clause->report = list;
    return true;
}

/* --- how far clauses reach ------------------------------------------------------------------------ */

bool reach_covers(enum reach reach, size_t labels)
{
    switch (reach) {
    case REACH_EXACT:
        return labels == 0;
    case REACH_ONE:
        return labels == 1;
    case REACH_EXACT_OR_ONE:
        return labels <= 1;
    case REACH_ANY:
        return true;
    }
    return false;
}

enum reach reach_join(enum reach a, enum reach b)
{
    if (a == b)
        return a;
    return a == REACH_ANY || b == REACH_ANY ? REACH_ANY : REACH_EXACT_OR_ONE;
}

/* --- the index ------------------------------------------------------------------------------------ */

/* qsort() passes nothing through: what is sorted carries the host along. */
struct sorted {
    const char *host;
    size_t at;
};

static int compare_sorted(const void *a, const void *b)
{
    const struct sorted *one = a;
    const struct sorted *other = b;
    int order = strcmp(one->host, other->host);

    if (order != 0)
        return order;
    return one->at < other->at ? -1 : one->at > other->at;
}

bool clause_index_init(struct clause_index *index, const struct clauses *clauses)
{
    struct sorted *sorted = calloc(clauses->count + 1, sizeof(*sorted));

    *index = (struct clause_index){.clauses = clauses};
    index->order = calloc(clauses->count + 1, sizeof(*index->order));
    if (sorted == NULL || index->order == NULL) {
        free(sorted);
        clause_index_clear(index);
        return false;
    }
    for (size_t i = 0; i < clauses->count; i++)
        sorted[i] = (struct sorted){clauses->items[i].host, i};
    qsort(sorted, clauses->count, sizeof(*sorted), compare_sorted);
    for (size_t i = 0; i < clauses->count; i++)
        index->order[i] = sorted[i].at;
    free(sorted);
    return true;
}

void clause_index_clear(struct clause_index *index)
{
    free(index->order);
    *index = (struct clause_index){0};
}

static const struct clause *at(const struct clause_index *index, size_t position)
{
    return &index->clauses->items[index->order[position]];
}

/* The first position whose host is not before `host`. */
static size_t lower_bound(const struct clause_index *index, const char *host)
{
    size_t low = 0;
    size_t high = index->clauses->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(at(index, middle)->host, host) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What is looked for: a host's suffix, `labels` of it taken away. */
struct sought {
    const char *suffix;
    size_t labels;
    uint16_t port;
};

static bool fits(const struct clause *clause, const struct sought *sought)
{
    return reach_covers(clause->reach, sought->labels) &&
           (clause->port == 0 || clause->port == sought->port);
}

/* EXACT before ONE before what reaches further, one that names the port before one that does not. */
static int rank(const struct clause *clause)
{
    int narrow = clause->reach == REACH_EXACT ? 2 : clause->reach == REACH_ONE ? 1 : 0;

    return 2 * narrow + (clause->port != 0);
}

/* The clauses of one host that fit; of one rank only unless all count. Returns how many. */
static size_t find_at(const struct clause_index *index, enum clause_choice choice,
                      const struct sought *sought,
                      void (*found)(void *ctx, const struct clause *clause), void *ctx)
{
    size_t first = lower_bound(index, sought->suffix);
    size_t count = index->clauses->count;
    size_t told = 0;
    int best = -1;

    for (size_t i = first; i < count && strcmp(at(index, i)->host, sought->suffix) == 0; i++)
        if (fits(at(index, i), sought) && rank(at(index, i)) > best)
            best = rank(at(index, i));
    for (size_t i = first; i < count && strcmp(at(index, i)->host, sought->suffix) == 0; i++) {
        const struct clause *clause = at(index, i);

        if (!fits(clause, sought) || (choice == CLAUSE_MOST_SPECIFIC && rank(clause) != best))
            continue;
        found(ctx, clause);
        told++;
    }
    return told;
}

void clause_index_find(const struct clause_index *index, enum clause_choice choice,
                       const struct pintle_host *host, uint16_t port,
                       void (*found)(void *ctx, const struct clause *clause), void *ctx)
{
    struct sought sought = {.suffix = host->text, .port = port};

    for (;;) {
        const char *dot;

        if (find_at(index, choice, &sought, found, ctx) > 0 && choice == CLAUSE_MOST_SPECIFIC)
            return;
        dot = host->is_ip ? NULL : strchr(sought.suffix, '.');
        if (dot == NULL)
            return;
        sought.suffix = dot + 1;
        sought.labels++;
    }
}
