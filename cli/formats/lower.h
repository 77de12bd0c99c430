/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pin-set in the words of a platform. What the platform cannot say is told as a loss. Where there
 * is a choice, nobody is locked out: pins are joined, modes softened, ends brought forward; but no
 * host that the platform can name goes without its pins silently.
 */
#ifndef PINTLE_CLI_FORMATS_LOWER_H
#define PINTLE_CLI_FORMATS_LOWER_H

#include "format.h"

/*
 * now         judges modes and ends
 * host, port  whom a per_host format is for; host NULL in other formats
 */
struct lower_options {
    int64_t now;
    const struct pintle_host *host;
    uint16_t port;
};

/*
 * Append the clauses for a pin-set to `out`, in the order of its rules, and the losses to `losses`
 * (of losses_init() for its rules), sorted. The pin-set must outlive the clauses.
 *
 * E_NOMEM; E_HOST if no rule of the pin-set asks for pins at options->host.
 */
PINTLE_MUST_USE enum pintle_status lower_pinset(struct clauses *out, struct losses *losses,
                                                const struct pintle_pinset *set,
                                                const struct semantics *semantics,
                                                const struct lower_options *options,
                                                struct pintle_error *err);

/*
 * Find, by asking both about every host that they tell apart, where clauses differ from the pin-set
 * in which rule holds; add those losses. Called by lower_pinset(). False without memory.
 */
bool lower_compare_hosts(struct losses *losses, const struct pintle_pinset *set,
                         const struct clauses *clauses, const struct semantics *semantics,
                         int64_t now);

/* Join clauses of one host into one, and tell. Called by lower_pinset(). False without memory. */
bool lower_merge_hosts(struct clauses *clauses, struct losses *losses,
                       const struct semantics *semantics);

/* Give the pins of a rule their places in a clause, and tell. False without memory. */
bool lower_pins(struct clauses *clauses, struct clause *clause, struct losses *losses, size_t index,
                const struct pintle_rule *rule, const struct semantics *semantics, int64_t now);

#endif
