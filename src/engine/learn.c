/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust on first use.
 *
 * What is learned at "leaf" is the server's own key. At "ca" it is the key that issued its
 * certificate and all above that, up to the root: any of them suffices later, so a CA may renew its
 * intermediates, and another CA is refused. A certificate that is its own issuer counts as a leaf.
 */
#include <stdio.h>
#include <string.h>

#include <pintle/time.h>

#include "engine/judging.h"
#include "engine/key_type.h"
#include "engine/scene.h"

#define DAY_S ((int64_t)24 * 3600)

/* --- entries ---------------------------------------------------------------------------------- */

static bool read_key(const struct pintle__judging *judging, size_t index, struct pintle_pin *pin,
                     char key_type[PINTLE_KEY_TYPE_SIZE])
{
    struct pintle_view der, spki;

    if (!judging->shown.get(judging->shown.ctx, index, &der) ||
        pintle_spki_from_certificate(&spki, der, NULL) != PINTLE_OK)
        return false;
    if (key_type != NULL)
        pintle__key_type(key_type, spki);
    return pintle_pin_from_spki(pin, spki, judging->engine->config.crypto, NULL) == PINTLE_OK;
}

/* Which keys the rule learns from the path that is shown. */
static enum pintle_position position(const struct pintle__judging *judging)
{
    const struct pintle_rule *rule = judging->rule;

    return rule->trust == PINTLE_TRUST_TOFU && rule->learn_at == PINTLE_AT_CA &&
                   judging->shown.count > 1
               ? PINTLE_AT_CA
               : PINTLE_AT_LEAF;
}

static void see(struct pintle_learned *entry, const struct pintle__judging *judging)
{
    int64_t now = judging->verdict->time;
    int64_t life_s = (int64_t)judging->rule->learn_days * DAY_S;

    entry->seen = now;
    entry->expires = now > INT64_MAX - life_s ? INT64_MAX : now + life_s;
}

/* What is to be learned. False if a certificate cannot be read. */
static bool fill(struct pintle_learned *entry, const struct pintle__judging *judging)
{
    size_t first;
    size_t end;

    memset(entry, 0, sizeof(*entry));
    entry->from = PINTLE_LEARNED_TOFU;
    entry->host = judging->verdict->host;
    entry->port = judging->verdict->port;
    entry->at = position(judging);
    entry->learned = judging->verdict->time;
    see(entry, judging);
    first = entry->at == PINTLE_AT_CA ? 1 : 0;
    end = entry->at == PINTLE_AT_CA ? judging->shown.count : 1;
    for (size_t i = first; i < end && entry->pin_count < PINTLE_LEARNED_PINS_MAX; i++) {
        if (!read_key(judging, i, &entry->pins[entry->pin_count++],
                      i == first ? entry->key_type : NULL))
            return false;
    }
    return true;
}

static enum pintle_recall keep(const struct pintle__judging *judging,
                               const struct pintle_learned *entry, bool replace,
                               struct pintle_learned *held)
{
    const struct pintle_memory *memory = judging->engine->config.memory;

    return memory->learn(memory->ctx, entry, replace, judging->verdict->time, held);
}

/* Nothing is written more than once a day. */
static bool is_due(const struct pintle_learned *entry, int64_t now)
{
    return now > entry->seen && (uint64_t)now - (uint64_t)entry->seen >= (uint64_t)DAY_S;
}

/* --- a key was learned -------------------------------------------------------------------------- */

/*
 * It was met again. That it cannot be written down is no reason to refuse it: it is forgotten so
 * much sooner. A rule that has come to learn at another position learns there.
 */
static void keep_up(struct pintle__judging *judging)
{
    bool moved = judging->learned->at != position(judging) && judging->verdict->path_count < 2;
    struct pintle_learned entry, held;

    if (!moved && !is_due(judging->learned, judging->verdict->time))
        return;
    if (judging->peer->unproven) {
        judging->verdict->pending = true;
        return;
    }
    entry = *judging->learned;
    if (moved && !fill(&entry, judging))
        return;
    entry.learned = judging->learned->learned;
    see(&entry, judging);
    (void)keep(judging, &entry, true, &held);
}

/* Of a learned CA key: has the rule a pin of it that has run out? Then that holds in any path. */
static bool is_over(const struct pintle__judging *judging, const struct pintle_pin *pin)
{
    const struct pintle_rule *rule = judging->rule;

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        if (rule->pins[i].at != PINTLE_AT_LEAF && rule->pins[i].until != PINTLE_NEVER &&
            judging->verdict->time >= rule->pins[i].until &&
            pintle_pin_equal(&rule->pins[i].pin, pin))
            return true;
    }
    return false;
}

/* In other valid paths: a CA may have several. */
static enum pintle__match find_elsewhere(struct pintle__judging *judging)
{
    const struct pintle_learned *learned = judging->learned;
    struct pintle_rule_pin pins[PINTLE_LEARNED_PINS_MAX];
    struct pintle_rule rule = *judging->rule;

    if (learned->at != PINTLE_AT_CA || rule.trust != PINTLE_TRUST_TOFU)
        return PINTLE__MATCH_NONE;
    for (uint32_t i = 0; i < learned->pin_count; i++) {
        int64_t until = is_over(judging, &learned->pins[i]) ? judging->verdict->time : PINTLE_NEVER;

        pins[i] = (struct pintle_rule_pin){learned->pins[i], "", until, learned->at, false};
    }
    rule.pins = pins;
    rule.pin_count = learned->pin_count;
    return pintle__look_elsewhere(judging, &rule);
}

static void explain_change(struct pintle__judging *judging)
{
    const struct pintle_learned *learned = judging->learned;
    char text[PINTLE_VERDICT_DETAIL_SIZE + PINTLE_KEY_TYPE_SIZE];
    char when[PINTLE_TIME_TEXT_SIZE];
    char key_type[PINTLE_KEY_TYPE_SIZE] = "unknown";
    struct pintle_pin pin;

    (void)pintle_time_format(learned->learned, when);
    if (learned->at != PINTLE_AT_LEAF)
        (void)snprintf(text, sizeof(text), "no CA key that was learned on %s", when);
    else if (!read_key(judging, 0, &pin, key_type) || strcmp(key_type, learned->key_type) == 0)
        (void)snprintf(text, sizeof(text), "another key than was learned on %s", when);
    else
        (void)snprintf(text, sizeof(text), "an %s key, and an %s key was learned on %s", key_type,
                       learned->key_type, when);
    pintle__refuse_learned(judging, text);
}

static void compare(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;
    enum pintle__match found = PINTLE__MATCH_PINNED;

    judging->has_learned = true;
    verdict->learned = true;
    if (!pintle__find_learned(verdict, judging->learned))
        found = find_elsewhere(judging);
    if (found == PINTLE__MATCH_ERROR)
        return;
    if (found == PINTLE__MATCH_PINNED) {
        pintle__accept(verdict, PINTLE_REASON_MATCH);
        keep_up(judging);
    } else if (verdict->mode == PINTLE_MODE_OFF) { /* "tofu-key": no pin is asked for, but a path */
        pintle__refuse_path(judging);
    } else {
        explain_change(judging);
    }
}

/* --- the first contact -------------------------------------------------------------------------- */

/* The rule pinned a key that is to be learned until a time that has passed: its word stands. */
static bool is_retired(const struct pintle__judging *judging)
{
    const struct pintle_verdict *verdict = judging->verdict;
    bool at_ca = position(judging) == PINTLE_AT_CA;

    for (size_t i = at_ca ? 1 : 0; i < verdict->chain_count && (at_ca || i == 0); i++) {
        if (verdict->chain[i].note == PINTLE_CERT_RETIRED)
            return true;
    }
    return false;
}

/* Which keys are learned is in its place of the detail. */
static void accept_first(struct pintle__judging *judging)
{
    pintle__accept(judging->verdict, PINTLE_REASON_FIRST_USE);
    pintle__verdict_explain(judging->verdict, judging->learned->at == PINTLE_AT_CA
                                                  ? "its CA was learned"
                                                  : "its key was learned");
}

static void first_use(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;
    struct pintle_learned held;
    enum pintle_recall kept;

    if (is_retired(judging)) {
        pintle__refuse_learned(judging, "a key whose pin has run out is not learned");
        return;
    }
    if (!fill(judging->learned, judging)) {
        pintle__verdict_explain(verdict, "a certificate that is to be learned cannot be read");
        return;
    }
    if (judging->peer->unproven) {
        accept_first(judging);
        verdict->pending = true;
        return;
    }
    kept = keep(judging, judging->learned, false, &held);
    if (kept == PINTLE_RECALL_FOUND)
        kept = pintle__recall_check(&held, PINTLE_LEARNED_TOFU, verdict->time);
    if (kept == PINTLE_RECALL_EXPIRED)
        kept = keep(judging, judging->learned, true, &held);
    if (kept == PINTLE_RECALL_NONE) {
        judging->has_learned = true;
        accept_first(judging);
    } else if (kept == PINTLE_RECALL_FOUND) { /* somebody was quicker */
        *judging->learned = held;
        compare(judging);
    } else {
        pintle__refuse_memory(verdict, "the key of a first contact cannot be kept");
    }
}

void pintle__judge_learned(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;

    if (verdict->chain_count == 0) {
        pintle__refuse_path(judging);
        return;
    }
    if (judging->engine->config.memory == NULL) {
        pintle__refuse_memory(verdict, "the engine has no memory for learned keys");
        return;
    }
    if (!pintle__obeys_noted(judging))
        return;
    switch (pintle__recall(judging->engine, PINTLE_LEARNED_TOFU, &verdict->host, verdict->port,
                           verdict->time, judging->learned)) {
    case PINTLE_RECALL_FOUND:
        compare(judging);
        return;
    case PINTLE_RECALL_NONE:
    case PINTLE_RECALL_EXPIRED:
        first_use(judging);
        return;
    case PINTLE_RECALL_ERROR:
        break;
    }
    pintle__refuse_memory(verdict, "what was learned on earlier contacts cannot be read");
}

/* --- a pin of the rule --------------------------------------------------------------------------- */

static bool share_a_key(const struct pintle_learned *a, const struct pintle_learned *b)
{
    if (a->at != b->at)
        return false;
    for (uint32_t i = 0; i < a->pin_count; i++) {
        for (uint32_t k = 0; k < b->pin_count; k++) {
            if (pintle_pin_equal(&a->pins[i], &b->pins[k]))
                return true;
        }
    }
    return false;
}

/*
 * The signed pin has decided: whatever goes wrong here, it accepts. What the memory has lost, or
 * cannot tell, is learned anew: here somebody vouches for it.
 */
void pintle__learn_pinned(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;
    struct pintle_learned entry, held;
    enum pintle_recall found;

    if (judging->engine->config.memory == NULL || !fill(&entry, judging))
        return;
    found = pintle__recall(judging->engine, PINTLE_LEARNED_TOFU, &verdict->host, verdict->port,
                           verdict->time, &held);
    if (found == PINTLE_RECALL_FOUND && share_a_key(&entry, &held)) {
        if (!is_due(&held, verdict->time))
            return;
        entry.learned = held.learned;
    }
    if (judging->peer->unproven) {
        verdict->pending = true;
        return;
    }
    (void)keep(judging, &entry, true, &held);
    pintle__overrule_noted(judging);
}
