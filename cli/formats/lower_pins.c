/* SPDX-License-Identifier: Apache-2.0 */
#include "lower.h"

struct placing {
    struct clauses *clauses;
    struct clause *clause;
    struct losses *losses;
    size_t rule;
    const struct semantics *semantics;
};

static bool can_place(const struct semantics *semantics, enum pintle_position at)
{
    return (semantics->positions & AT_BIT(at)) != 0;
}

static bool add(const struct placing *placing, const struct pintle_rule_pin *pin,
                enum pintle_position at)
{
    struct clause_pin copy = {
        .pin = pin->pin, .at = at, .label = pin->label, .until = pin->until, .backup = pin->backup};

    if (pin->until != PINTLE_NEVER && !placing->semantics->pin_until)
        copy.until = PINTLE_NEVER;
    return clause_add_pin(placing->clauses, placing->clause, &copy);
}

static void tell(const struct placing *placing, enum loss_kind kind,
                 const struct pintle_rule_pin *pin)
{
    char text[PINTLE_PIN_TEXT_SIZE];

    losses_add(placing->losses, kind, placing->rule, "%s", pintle_pin_format(&pin->pin, text));
}

/* The platform can say "anywhere"; where it cannot say more, everything is anywhere. */
static bool place_freely(const struct placing *placing, const struct pintle_rule_pin *pin)
{
    if (can_place(placing->semantics, pin->at))
        return add(placing, pin, pin->at);
    tell(placing, LOSS_ANYWHERE, pin);
    return add(placing, pin, PINTLE_AT_ANY);
}

/* The platform has a list for leaves and one for CAs, and either will do. */
static bool place_in_both(const struct placing *placing, const struct pintle_rule_pin *pin)
{
    if (pin->at != PINTLE_AT_ANY)
        return add(placing, pin, pin->at);
    return add(placing, pin, PINTLE_AT_LEAF) && add(placing, pin, PINTLE_AT_CA);
}

/* There is one list, and it is for this position. */
static bool place_in(const struct placing *placing, const struct pintle_rule_pin *pin,
                     enum pintle_position list)
{
    if (pin->at == list)
        return add(placing, pin, list);
    if (pin->at != PINTLE_AT_ANY) {
        tell(placing, LOSS_PIN_LEFT_OUT, pin);
        return true;
    }
    tell(placing, list == PINTLE_AT_LEAF ? LOSS_LEAF_ONLY : LOSS_CA_ONLY, pin);
    return add(placing, pin, list);
}

static bool trusts_key_alone(const struct pintle_rule *rule)
{
    return rule->trust == PINTLE_TRUST_KEY || rule->trust == PINTLE_TRUST_TOFU_KEY;
}

/* Where a rule trusts the key alone it looks at the leaf only: no pin of a CA ever counts. */
static bool counts(const struct pintle_rule *rule, const struct pintle_rule_pin *pin, int64_t now)
{
    return pin->until > now && !(trusts_key_alone(rule) && pin->at == PINTLE_AT_CA);
}

/* That of the leaves, unless the rule has pins for CAs and none for leaves. */
static enum pintle_position choose_list(const struct pintle_rule *rule,
                                        const struct semantics *semantics, int64_t now)
{
    bool leaf = false;
    bool ca = false;

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        if (!counts(rule, &rule->pins[i], now))
            continue;
        leaf = leaf || rule->pins[i].at == PINTLE_AT_LEAF;
        ca = ca || rule->pins[i].at == PINTLE_AT_CA;
    }
    return ca && !leaf && can_place(semantics, PINTLE_AT_CA) ? PINTLE_AT_CA : PINTLE_AT_LEAF;
}

static bool place(const struct placing *placing, const struct pintle_rule_pin *pin,
                  enum pintle_position list)
{
    if (can_place(placing->semantics, PINTLE_AT_ANY))
        return place_freely(placing, pin);
    if (can_place(placing->semantics, PINTLE_AT_LEAF) &&
        can_place(placing->semantics, PINTLE_AT_CA) && !placing->semantics->one_position)
        return place_in_both(placing, pin);
    return place_in(placing, pin, list);
}

bool lower_pins(struct clauses *clauses, struct clause *clause, struct losses *losses, size_t index,
                const struct pintle_rule *rule, const struct semantics *semantics, int64_t now)
{
    struct placing placing = {.clauses = clauses,
                              .clause = clause,
                              .losses = losses,
                              .rule = index,
                              .semantics = semantics};
    enum pintle_position list = choose_list(rule, semantics, now);

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        struct pintle_rule_pin pin = rule->pins[i];

        if (!counts(rule, &pin, now))
            continue;
        if (trusts_key_alone(rule) && semantics->path != PATH_AS_TOLD)
            pin.at = PINTLE_AT_LEAF;
        if (pin.until != PINTLE_NEVER && !semantics->pin_until)
            tell(&placing, LOSS_PIN_UNTIL, &pin);
        if (!place(&placing, &pin, list))
            return false;
    }
    return true;
}
