/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of a document share. */
#ifndef PINTLE_SRC_PINSET_LINT_H
#define PINTLE_SRC_PINSET_LINT_H

#include "pinset/finding.h"
#include "pinset/schema.h"
#include "pinset/set.h"

#define PINTLE__DAY_S 86400

/* rule is NULL while the document as a whole is looked at. Of the extras, which are in document
 * order, extras_done are dealt with. */
struct pintle__lint {
    const struct pintle_pinset *set;
    const struct pintle_lint_options *options;
    void (*found)(void *ctx, const struct pintle_finding *finding);
    void *ctx;
    size_t count;
    const struct pintle_rule *rule;
    size_t rule_index;
    size_t extras_done;
};

/* Tell of a finding; pin_index is SIZE_MAX if it is about no single pin. */
void pintle__lint_tell(struct pintle__lint *lint, enum pintle__finding kind, size_t pin_index,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* True if a time is still to come, but not later than within_s from now. */
bool pintle__lint_comes_soon(const struct pintle_lint_options *options, int64_t time);

/* True if the rule has this mode now or later; by the document, whatever the date. */
bool pintle__lint_is_ever(const struct pintle_rule *rule, enum pintle_mode mode);

/* The pins of the rule: together, and one by one. */
void pintle__lint_stock(struct pintle__lint *lint);
void pintle__lint_pins(struct pintle__lint *lint);

/* Members that are not known: of the document itself (PINTLE__NO_INDEX), or of a rule and its pins.
 */
void pintle__lint_members(struct pintle__lint *lint, uint32_t rule);

#endif
