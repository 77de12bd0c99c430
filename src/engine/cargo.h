/* SPDX-License-Identifier: Apache-2.0 */
/* What a queued report carries beyond its verdict, in one piece of memory. */
#ifndef PINTLE_SRC_ENGINE_CARGO_H
#define PINTLE_SRC_ENGINE_CARGO_H

#include "engine/reports.h"

struct pintle__cargo {
    bool has_learned;
    struct pintle_learned learned;
    size_t certificate_count;
    struct pintle_view certificates[PINTLE_CHAIN_MAX];
    uint8_t bytes[];
};

/* Copy it. NULL if there is nothing to carry, or no memory. free() it. */
struct pintle__cargo *pintle__cargo_load(const struct pintle__extra *extra);

/* Let a report have it; cargo may be NULL. */
void pintle__cargo_lend(const struct pintle__cargo *cargo, struct pintle_report *report);

#endif
