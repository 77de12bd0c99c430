/* SPDX-License-Identifier: Apache-2.0 */
/* The pin-sets that clients of a published directory hold: the newest, or one before it. */
#ifndef PINTLE_CLI_PUBLISHED_PINS_H
#define PINTLE_CLI_PUBLISHED_PINS_H

#include <pintle/pinset.h>

#include "cli.h"

/* sets: owned, from the oldest to the newest, across epochs; at least one if it could be opened */
struct published_pins {
    const struct pintle_pinset **sets;
    size_t count;
};

/* Read them all; clear in any case. Tells failures itself, a directory without pins among them. */
enum cli_exit published_pins_open(struct published_pins *out, const char *dir);
void published_pins_clear(struct published_pins *pins);

/* The newest. Lent. */
const struct pintle_pinset *published_pins_newest(const struct published_pins *pins);

/*
 * How long a pin has been in a rule, by the rule's id.
 *
 * since   when the first version was issued from which on all have it; PINTLE_NEVER: the newest has not
 * before  the last version without it, lent; NULL if every version has it
 */
struct published_run {
    int64_t since;
    const struct pintle_pinset *before;
};
struct published_run published_pins_run(const struct published_pins *pins, const char *rule,
                                        const struct pintle_pin *pin);

#endif
