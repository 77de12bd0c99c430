/* SPDX-License-Identifier: Apache-2.0 */
#include "loss.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

const struct loss_text loss_texts[LOSS_KINDS] = {
#define EXPORT_LOSS(name, id, effect, title, text) {id, effect, title, text},
#include "losses.def"
#undef EXPORT_LOSS
};

const char *loss_effect_name(enum loss_effect effect)
{
    static const char *const names[] = {"opens", "shuts", "silent"};

    return names[effect];
}

bool losses_init(struct losses *losses, size_t rule_count)
{
    *losses = (struct losses){.rule_count = rule_count};
    losses->seen = calloc(rule_count + 1, LOSS_KINDS * sizeof(*losses->seen));
    return losses->seen != NULL;
}

void losses_clear(struct losses *losses)
{
    free(losses->items);
    free(losses->seen);
    *losses = (struct losses){0};
}

static struct loss *append(struct losses *losses)
{
    if (losses->count == losses->size) {
        size_t size = losses->size == 0 ? 64 : losses->size * 2;
        struct loss *items = realloc(losses->items, size * sizeof(*items));

        if (items == NULL) {
            losses->failed = true;
            return NULL;
        }
        losses->items = items;
        losses->size = size;
    }
    return &losses->items[losses->count++];
}

void losses_add(struct losses *losses, enum loss_kind kind, size_t rule, const char *format, ...)
{
    bool *seen = &losses->seen[rule * LOSS_KINDS + kind];
    struct loss *loss = *seen ? NULL : append(losses);
    va_list args;

    if (loss == NULL)
        return;
    *seen = true;
    *loss = (struct loss){.kind = kind, .rule = rule};
    va_start(args, format);
    (void)vsnprintf(loss->detail, sizeof(loss->detail), format, args);
    va_end(args);
}

static int compare(const void *a, const void *b)
{
    const struct loss *one = a;
    const struct loss *other = b;

    if (one->rule != other->rule)
        return one->rule < other->rule ? -1 : 1;
    return (int)one->kind - (int)other->kind;
}

void losses_sort(struct losses *losses)
{
    if (losses->count > 1)
        qsort(losses->items, losses->count, sizeof(*losses->items), compare);
}
