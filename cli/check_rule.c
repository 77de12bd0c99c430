/* SPDX-License-Identifier: Apache-2.0 */
/* What the servers of a rule show together. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/*
 * seen      for each pin of the rule: it is in a chain, where it may stand
 * complete  every server that the rule's patterns can mean was seen: what was not seen is nowhere
 * reached   handshakes that could be looked at
 */
struct overview {
    struct check *check;
    const struct pintle_rule *rule;
    size_t rule_index;
    bool *seen;
    bool complete;
    size_t reached;
};

static bool may_stand(const struct pintle_rule_pin *pin, size_t index)
{
    return pin->at == PINTLE_AT_ANY || (pin->at == PINTLE_AT_LEAF) == (index == 0);
}

/* A pin past its `until` is as if it were not there; lint tells of it. */
static bool is_retired(const struct overview *o, const struct pintle_rule_pin *pin)
{
    return pin->until <= o->check->now;
}

static bool has_key(struct pintle_view der, const struct pintle_pin *pin)
{
    struct pintle_pin own;

    return pintle_pin_from_certificate(&own, der, guard_crypto(), NULL) == PINTLE_OK &&
           pintle_pin_equal(&own, pin);
}

/* --- which pins are live --------------------------------------------------------------------- */

/* Where in the chain a pin is, from `first` on; count if nowhere. */
static size_t find_pin(const struct pintle_view *views, size_t first, size_t count,
                       const struct pintle_rule_pin *pin)
{
    while (first < count && !(may_stand(pin, first) && has_key(views[first], &pin->pin)))
        first++;
    return first;
}

static void note_pins(struct overview *o, const struct endpoint *endpoint, const struct sighting *s)
{
    const struct pintle_view *views;
    size_t count = check_pinned_part(o->check, endpoint, s, &views);

    o->reached++;
    if (count == 0)
        o->complete = false;
    for (uint32_t i = 0; i < o->rule->pin_count; i++)
        if (find_pin(views, 0, count, &o->rule->pins[i]) < count)
            o->seen[i] = true;
    /* The path that decided need not be the first one. */
    if (check_matches(s) && s->verdict.pin_index >= 0 &&
        (uint32_t)s->verdict.pin_index < o->rule->pin_count)
        o->seen[s->verdict.pin_index] = true;
}

static void note_all(struct overview *o)
{
    const struct check *check = o->check;

    for (size_t i = 0; i < check->endpoint_count; i++) {
        const struct endpoint *endpoint = &check->endpoints[i];

        if (endpoint->rule_index != o->rule_index)
            continue;
        o->complete = o->complete && endpoint->status == PINTLE_OK;
        for (size_t j = 0; j < endpoint->survey.count; j++) {
            if (sighting_seen(&endpoint->survey.items[j]))
                note_pins(o, endpoint, &endpoint->survey.items[j]);
            else
                o->complete = false;
        }
    }
}

/* --- patterns -------------------------------------------------------------------------------- */

static bool was_checked(const struct overview *o, const struct pintle_pattern *pattern)
{
    for (size_t i = 0; i < o->check->endpoint_count; i++) {
        const struct endpoint *endpoint = &o->check->endpoints[i];

        if (endpoint->rule_index == o->rule_index &&
            pintle_pattern_matches(pattern, &endpoint->target.host))
            return true;
    }
    return false;
}

static void look_at_patterns(struct overview *o)
{
    for (uint32_t i = 0; i < o->rule->match_count; i++) {
        const char *text = o->rule->match[i];
        struct pintle_pattern pattern;

        if (pintle_pattern_parse(&pattern, text, strlen(text), NULL) != PINTLE_OK ||
            pattern.kind == PINTLE_PATTERN_EXACT)
            continue;
        o->complete = false;
        if (!was_checked(o, &pattern))
            check_add(o->check, "PIN109", o->rule_index, SIZE_MAX, "%s", text);
    }
}

/* --- findings -------------------------------------------------------------------------------- */

static const char *label(const struct pintle_rule_pin *pin, char text[PINTLE_PIN_TEXT_SIZE])
{
    return pin->label[0] != '\0' ? pin->label : pintle_pin_format(&pin->pin, text);
}

/* Somebody showed a key that no pin is for: whether a pin is stale cannot be told from that. */
static bool has_mismatch(const struct overview *o)
{
    for (size_t i = 0; i < o->check->finding_count; i++)
        if (o->check->findings[i].rule_index == o->rule_index &&
            strcmp(o->check->findings[i].kind->id, "PIN101") == 0)
            return true;
    return false;
}

static void judge_pins(struct overview *o)
{
    bool knows_all = o->complete && o->reached > 0 && !has_mismatch(o);

    for (uint32_t i = 0; i < o->rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &o->rule->pins[i];
        char text[PINTLE_PIN_TEXT_SIZE];

        if (is_retired(o, pin))
            continue;
        if (pin->backup && o->seen[i])
            check_add(o->check, "PIN102", o->rule_index, i, "%s", label(pin, text));
        if (!pin->backup && !o->seen[i] && knows_all)
            check_add(o->check, "PIN112", o->rule_index, i, "%s", label(pin, text));
    }
}

/* A pin for a server's own key that no server shows any more. */
static bool has_stale_leaf_pin(const struct overview *o)
{
    for (uint32_t i = 0; i < o->rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &o->rule->pins[i];

        if (!pin->backup && pin->at != PINTLE_AT_CA && !o->seen[i] && !is_retired(o, pin))
            return true;
    }
    return false;
}

static bool leaf_is_pinned(const struct overview *o, const struct pintle_view *views, size_t count)
{
    for (uint32_t i = 0; count > 0 && i < o->rule->pin_count; i++)
        if (!is_retired(o, &o->rule->pins[i]) && find_pin(views, 0, 1, &o->rule->pins[i]) == 0)
            return true;
    return false;
}

/* Every pin of the rule is a CA's of this one chain. */
static bool is_one_ca(const struct overview *o, const struct pintle_view *views, size_t count)
{
    bool any = false;

    for (uint32_t i = 0; i < o->rule->pin_count; i++) {
        if (is_retired(o, &o->rule->pins[i]))
            continue;
        if (find_pin(views, 1, count, &o->rule->pins[i]) >= count)
            return false;
        any = true;
    }
    return any && count > 1;
}

static void judge_sighting(struct overview *o, const struct endpoint *endpoint,
                           const struct sighting *s)
{
    const struct pintle_view *views;
    size_t count = check_pinned_part(o->check, endpoint, s, &views);

    if (is_one_ca(o, views, count))
        check_add(o->check, "PIN107", o->rule_index, SIZE_MAX,
                  "all %lu pins are in the chain of %s", (unsigned long)o->rule->pin_count,
                  endpoint->target.text);
    if (check_matches(s) && o->complete && has_stale_leaf_pin(o) &&
        !leaf_is_pinned(o, views, count))
        check_add(o->check, "PIN108", o->rule_index, SIZE_MAX, "%s", endpoint->target.text);
}

static void judge_all(struct overview *o)
{
    for (size_t i = 0; i < o->check->endpoint_count; i++) {
        const struct endpoint *endpoint = &o->check->endpoints[i];

        if (endpoint->rule_index != o->rule_index)
            continue;
        for (size_t j = 0; j < endpoint->survey.count; j++)
            if (sighting_seen(&endpoint->survey.items[j]))
                judge_sighting(o, endpoint, &endpoint->survey.items[j]);
    }
}

void check_rule(struct check *check, size_t rule_index)
{
    struct overview o = {.check = check,
                         .rule = pintle_pinset_get_rule(check->set, rule_index),
                         .rule_index = rule_index,
                         .complete = true};

    o.seen = calloc((size_t)o.rule->pin_count + 1, sizeof(*o.seen));
    if (o.seen == NULL) {
        check->no_memory = true;
        return;
    }
    look_at_patterns(&o);
    note_all(&o);
    judge_pins(&o);
    judge_all(&o);
    free(o.seen);
}
