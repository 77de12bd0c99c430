/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for a rule's pins and denied keys in one certificate path. */
#ifndef PINTLE_SRC_PIN_MATCH_H
#define PINTLE_SRC_PIN_MATCH_H

#include <pintle/rule.h>

enum pintle__match {
    PINTLE__MATCH_ERROR = 0, /* a certificate is malformed or could not be hashed */
    PINTLE__MATCH_NONE = 1,  /* no pinned key at an allowed position */
    PINTLE__MATCH_PINNED = 2,
    PINTLE__MATCH_DENIED = 3
};

/*
 * Look for the rule's pins in a path, from the leaf upwards.
 *
 * If the rule denies keys, every certificate is hashed first and one denied key ends the search.
 * Otherwise it stops at the first pin: certificates above it are not hashed. Position `leaf` is
 * index 0, `ca` every index above it. A pin whose `until` is not later than verdict->time does not match.
 *
 * Sets chain_count, chain[], cert_index, pin_index and, for an error, detail of *verdict; touches
 * nothing else of it. path->count is 1 to PINTLE_CHAIN_MAX, checked by the caller. Allocates
 * nothing.
 */
enum pintle__match pintle__match_path(struct pintle_verdict *verdict,
                                      const struct pintle_rule *rule,
                                      const struct pintle_chain *path,
                                      const struct pintle_crypto *crypto);

#endif
