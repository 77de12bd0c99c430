/* SPDX-License-Identifier: Apache-2.0 */
/* The pins of a rule: whether enough of them are left, and what is wrong with each. */
#include <pintle/time.h>

#include "pinset/lint.h"
#include "pinset/placeholder.h"

static bool is_retired(const struct pintle__lint *lint, const struct pintle_rule_pin *pin)
{
    return pin->until <= lint->options->now && pin->until != PINTLE_NEVER;
}

/* --- together -----------------------------------------------------------------------------------
 */

/*
 * What a rule has in pins. Those past their `until` are counted in `all` only, and live ones in
 * `live` whatever their `until`; live_until is when the last of these goes. usable, leaves and
 * backups can match; one_ca: they are for one and the same key above the leaf.
 */
struct stock {
    uint32_t all;
    uint32_t live;
    int64_t live_until;
    uint32_t usable;
    uint32_t leaves;
    uint32_t backups;
    bool one_ca;
};

static void count_usable(struct stock *stock, const struct pintle_rule_pin *pin,
                         const struct pintle_rule_pin **first)
{
    if (*first == NULL)
        *first = pin;
    stock->usable++;
    stock->backups += pin->backup ? 1 : 0;
    stock->leaves += pin->at == PINTLE_AT_LEAF ? 1 : 0;
    if (pin->at != PINTLE_AT_CA || !pintle_pin_equal(&pin->pin, &(*first)->pin))
        stock->one_ca = false;
}

static struct stock take_stock(const struct pintle__lint *lint)
{
    const struct pintle_rule *rule = lint->rule;
    const struct pintle_rule_pin *first = NULL;
    struct stock stock = {.all = rule->pin_count, .live_until = INT64_MIN, .one_ca = true};

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &rule->pins[i];
        if (!is_retired(lint, pin))
            count_usable(&stock, pin, &first);
        if (pin->backup)
            continue;
        stock.live++;
        if (pin->until > stock.live_until)
            stock.live_until = pin->until;
    }
    return stock;
}

/* A rule that learns may have the key in use from the host itself, and none, or only its backup,
 * from us. */
static void check_live(struct pintle__lint *lint, const struct stock *stock)
{
    char until[PINTLE_TIME_TEXT_SIZE];

    if (pintle__learns(lint->rule) || stock->all == 0)
        return;
    if (stock->live == 0) {
        pintle__lint_tell(lint, PINTLE__FINDING_NO_LIVE, SIZE_MAX, "pins: %lu, all of them backups",
                          (unsigned long)stock->all);
        return;
    }
    if (stock->live_until == PINTLE_NEVER)
        return;
    (void)pintle_time_format(stock->live_until, until);
    if (stock->live_until <= lint->options->now)
        pintle__lint_tell(lint, PINTLE__FINDING_LAST_LIVE, SIZE_MAX, "retired since %s", until);
    if (pintle__lint_comes_soon(lint->options, stock->live_until))
        pintle__lint_tell(lint, PINTLE__FINDING_LAST_LIVE, SIZE_MAX, "retired from %s on", until);
}

void pintle__lint_stock(struct pintle__lint *lint)
{
    const struct pintle_rule *rule = lint->rule;
    const struct stock stock = take_stock(lint);
    bool enforces = pintle__lint_is_ever(rule, PINTLE_MODE_ENFORCE);

    if (pintle__learns(rule) && stock.all == 0)
        pintle__lint_tell(lint, PINTLE__FINDING_FIRST_USE, SIZE_MAX, "trust is %s, pins is empty",
                          pintle__trusts[rule->trust]);
    else if (enforces && stock.backups == 0)
        pintle__lint_tell(lint, PINTLE__FINDING_NO_BACKUP, SIZE_MAX, "pins: %lu, backups: none",
                          (unsigned long)stock.all);
    check_live(lint, &stock);
    if (!enforces || rule->trust != PINTLE_TRUST_PKIX || stock.usable == 0)
        return;
    if (stock.leaves == stock.usable)
        pintle__lint_tell(lint, PINTLE__FINDING_LEAF_ONLY, SIZE_MAX,
                          "pins: %lu, all of them at leaf", (unsigned long)stock.usable);
    if (stock.one_ca)
        pintle__lint_tell(lint, PINTLE__FINDING_ONE_CA, SIZE_MAX,
                          "pins: %lu, all of them of one CA", (unsigned long)stock.usable);
}

/* --- one by one ---------------------------------------------------------------------------------
 */

/* The first pin with the same key as pin `index`; itself if it is the first. */
static uint32_t first_equal(const struct pintle_rule *rule, uint32_t index)
{
    uint32_t i = 0;

    while (i < index && !pintle_pin_equal(&rule->pins[i].pin, &rule->pins[index].pin))
        i++;
    return i;
}

static bool is_denied(const struct pintle_rule *rule, const struct pintle_pin *pin)
{
    for (uint32_t i = 0; i < rule->deny_count; i++) {
        if (pintle_pin_equal(&rule->deny[i], pin))
            return true;
    }
    return false;
}

/* The end of the time in which the pins of the version before are to be kept. */
static bool is_cut(const struct pintle_pinset *set, const struct pintle_rule_pin *pin)
{
    /* Both are times, or spans as long as the longest of them at most. */
    return set->overlap > 0 && pin->until != PINTLE_NEVER &&
           pin->until < set->issued + set->overlap;
}

static void check_until(struct pintle__lint *lint, uint32_t index)
{
    const struct pintle_rule_pin *pin = &lint->rule->pins[index];
    char text[PINTLE_PIN_TEXT_SIZE];
    char until[PINTLE_TIME_TEXT_SIZE];

    if (pin->until == PINTLE_NEVER)
        return;
    (void)pintle_pin_format(&pin->pin, text);
    (void)pintle_time_format(pin->until, until);
    if (is_retired(lint, pin))
        pintle__lint_tell(lint, PINTLE__FINDING_RETIRED, index, "%s: since %s", text, until);
    if (pintle__lint_comes_soon(lint->options, pin->until))
        pintle__lint_tell(lint, PINTLE__FINDING_RETIRES, index, "%s: from %s on", text, until);
    if (pin->backup)
        pintle__lint_tell(lint, PINTLE__FINDING_BACKUP_UNTIL, index, "%s: until %s", text, until);
    if (is_cut(lint->set, pin))
        pintle__lint_tell(lint, PINTLE__FINDING_OVERLAP_CUT, index,
                          "%s: until %s, overlap_s is %lld", text, until,
                          (long long)lint->set->overlap);
}

static void check_pin(struct pintle__lint *lint, uint32_t index)
{
    const struct pintle_rule *rule = lint->rule;
    const struct pintle_rule_pin *pin = &rule->pins[index];
    const char *placeholder = pintle__placeholder(&pin->pin);
    uint32_t first = first_equal(rule, index);
    char text[PINTLE_PIN_TEXT_SIZE];

    (void)pintle_pin_format(&pin->pin, text);
    if (placeholder != NULL)
        pintle__lint_tell(lint, PINTLE__FINDING_PLACEHOLDER, index, "%s: %s", text, placeholder);
    if (first != index)
        pintle__lint_tell(lint, PINTLE__FINDING_DUPLICATE, index, "%s: pin %lu again", text,
                          (unsigned long)first);
    if (is_denied(rule, &pin->pin))
        pintle__lint_tell(lint, PINTLE__FINDING_DENIED_PIN, index, "%s", text);
    if (pintle__only_leaf(rule) && pin->at == PINTLE_AT_CA)
        pintle__lint_tell(lint, PINTLE__FINDING_KEY_AT_CA, index, "%s", text);
    check_until(lint, index);
}

void pintle__lint_pins(struct pintle__lint *lint)
{
    for (uint32_t i = 0; i < lint->rule->pin_count; i++)
        check_pin(lint, i);
}
