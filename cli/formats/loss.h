/* SPDX-License-Identifier: Apache-2.0 */
/* What an export loses: kinds with stable ids, and a list of the losses of one export. */
#ifndef PINTLE_CLI_FORMATS_LOSS_H
#define PINTLE_CLI_FORMATS_LOSS_H

#include <stdbool.h>
#include <stddef.h>

/* What the loss does to connections, beside the pin-set. */
enum loss_effect {
    EFFECT_OPENS = 0, /* accepts what the pin-set refuses */
    EFFECT_SHUTS = 1, /* refuses what the pin-set accepts */
    EFFECT_SILENT = 2 /* decides alike, and tells less */
};

enum loss_kind {
#define EXPORT_LOSS(name, id, effect, title, text) LOSS_##name,
#include "losses.def"
#undef EXPORT_LOSS
    LOSS_KINDS
};

struct loss_text {
    const char *id;
    enum loss_effect effect;
    const char *title;
    const char *text;
};
extern const struct loss_text loss_texts[LOSS_KINDS];

/* "opens", "shuts" or "silent". */
const char *loss_effect_name(enum loss_effect effect);

#define LOSS_DETAIL_SIZE 320

/* rule: its index in the pin-set. detail: the host, pin or date that it is about, or "". */
struct loss {
    enum loss_kind kind;
    size_t rule;
    char detail[LOSS_DETAIL_SIZE];
};

/* Begins zeroed. Each kind stands there once for a rule, with the first detail told. */
struct losses {
    struct loss *items;
    size_t count;
    size_t size;
    bool *seen; /* [rule * LOSS_KINDS + kind] */
    size_t rule_count;
    bool failed; /* memory was wanting */
};

/* False without memory. */
bool losses_init(struct losses *losses, size_t rule_count);
void losses_clear(struct losses *losses);

/* Tell of a loss. */
void losses_add(struct losses *losses, enum loss_kind kind, size_t rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* In the order of the rules, then of the ids. */
void losses_sort(struct losses *losses);

#endif
