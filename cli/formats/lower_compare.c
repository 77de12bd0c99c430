/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts fall into few classes: for each name in a pattern, the name itself, what is one label below
 * it, and what is further below. Asking for one of each finds every difference there is.
 */
#include <stdio.h>
#include <string.h>

#include "lower.h"
#include "public_name.h"

#define HTTPS_PORT 443

/* Labels that no pattern is likely to have; if one has, that host is compared all the same. */
static const char *const below[] = {"", "any-host.", "any-host.any-domain."};

/* own_port: hosts are asked for at the port of their rule, and not where another may rule. */
struct comparing {
    struct losses *losses;
    const struct pintle_pinset *set;
    const struct clause_index *index;
    const struct semantics *semantics;
    int64_t now;
    bool own_port;
};

/*
 * What the clauses say of a host, as they are found.
 *
 * wanted  the rule that holds; SIZE_MAX if there is none
 * own     the clause found that stands for it
 * other   the first one found that does not
 */
struct answer {
    size_t wanted;
    const struct clause *own;
    const struct clause *other;
};

static bool stands_for(const struct clause *clause, size_t rule)
{
    for (size_t i = 0; i < clause->rules.count; i++)
        if (clause->rules.items[i] == rule)
            return true;
    return false;
}

static void note_found(void *ctx, const struct clause *clause)
{
    struct answer *answer = ctx;

    if (clause->exempt)
        return;
    if (stands_for(clause, answer->wanted))
        answer->own = answer->own != NULL ? answer->own : clause;
    else
        answer->other = answer->other != NULL ? answer->other : clause;
}

static bool adds_pins(const struct clause *own, const struct clause *other)
{
    for (size_t i = 0; i < other->pin_count; i++) {
        bool known = false;

        for (size_t j = 0; j < own->pin_count && !known; j++)
            known = pintle_pin_equal(&own->pins[j].pin, &other->pins[i].pin);
        if (!known)
            return true;
    }
    return false;
}

static bool asks_for_pins(const struct comparing *comparing, const struct pintle_rule *rule)
{
    return rule != NULL && pintle_rule_get_mode(rule, comparing->now) != PINTLE_MODE_OFF;
}

/* No rule asks for pins at this host, but a clause does. */
static void compare_free(const struct comparing *comparing, const struct answer *answer,
                         const struct pintle_rule *rule, const char *host)
{
    if (answer->other == NULL)
        return;
    if (rule != NULL)
        losses_add(comparing->losses, LOSS_EXEMPT, answer->wanted, "%s, of rule %s", host,
                   answer->other->id);
    else
        losses_add(comparing->losses, LOSS_MORE_HOSTS, answer->other->rules.items[0], "%s", host);
}

/* A rule was left out for a reason that has been told: then only a clause that covers it counts. */
static bool is_left_out(const struct comparing *comparing, size_t rule)
{
    const bool *seen = &comparing->losses->seen[rule * LOSS_KINDS];

    return seen[LOSS_REPORT_MODE] || seen[LOSS_FEW_PINS];
}

/* Pins of leaves in one clause and of CAs in the other, where both count. */
static bool asks_for_both(const struct comparing *comparing, const struct clause *own,
                          const struct clause *other)
{
    return comparing->semantics->every_match && comparing->semantics->one_position &&
           own->pins[0].at != other->pins[0].at;
}

static void compare_pinned(const struct comparing *comparing, const struct answer *answer,
                           const char *host)
{
    if (answer->own != NULL) {
        if (answer->other != NULL && asks_for_both(comparing, answer->own, answer->other))
            losses_add(comparing->losses, LOSS_BOTH_ASKED, answer->wanted, "%s, with rule %s", host,
                       answer->other->id);
        else if (answer->other != NULL && adds_pins(answer->own, answer->other))
            losses_add(comparing->losses, LOSS_UNION, answer->wanted, "%s, with rule %s", host,
                       answer->other->id);
    } else if (answer->other != NULL)
        losses_add(comparing->losses, LOSS_OTHER_RULE, answer->wanted, "%s, of rule %s", host,
                   answer->other->id);
    else if (!comparing->semantics->per_host && !is_left_out(comparing, answer->wanted))
        losses_add(comparing->losses, LOSS_FEWER_HOSTS, answer->wanted, "%s", host);
}

static void compare_host(const struct comparing *comparing, const struct pintle_host *host,
                         uint16_t port)
{
    const struct pintle_rule *rule = pintle_pinset_find(comparing->set, host, port);
    struct answer answer = {.wanted = SIZE_MAX};

    if (rule == NULL && !comparing->own_port)
        return;
    if (rule != NULL)
        answer.wanted = (size_t)(rule - pintle_pinset_get_rule(comparing->set, 0));
    clause_index_find(comparing->index,
                      comparing->semantics->every_match ? CLAUSE_EVERY : CLAUSE_MOST_SPECIFIC, host,
                      port, note_found, &answer);
    if (asks_for_pins(comparing, rule))
        compare_pinned(comparing, &answer, host->text);
    else
        compare_free(comparing, &answer, rule, host->text);
}

static void compare_pattern(const struct comparing *comparing, const char *text, uint16_t port)
{
    struct pintle_pattern pattern;

    if (pintle_pattern_parse(&pattern, text, strlen(text), NULL) != PINTLE_OK)
        return;
    if (pattern.suffix.is_ip) {
        if (comparing->semantics->addresses)
            compare_host(comparing, &pattern.suffix, port);
        return;
    }
    if ((comparing->semantics->public_names &&
         !public_name_fits(pattern.suffix.text, REACH_EXACT)) ||
        (comparing->semantics->plain_names && !public_name_is_plain(pattern.suffix.text)))
        return;
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        char name[PINTLE_HOST_MAX_LEN + sizeof("any-host.any-domain.")];
        struct pintle_host host;
        int len = snprintf(name, sizeof(name), "%s%s", below[i], pattern.suffix.text);

        if (len > 0 && pintle_host_parse(&host, name, (size_t)len, NULL) == PINTLE_OK)
            compare_host(comparing, &host, port);
    }
}

/* Without ports, the pins of a rule that names some hold where another rule does. */
static void compare_rule(struct comparing *comparing, const struct pintle_rule *rule)
{
    bool named = rule->port_count > 0;

    for (uint32_t i = 0; i < rule->match_count; i++) {
        comparing->own_port = true;
        compare_pattern(comparing, rule->match[i], named ? rule->ports[0] : HTTPS_PORT);
        comparing->own_port = false;
        if (named && !comparing->semantics->ports)
            compare_pattern(comparing, rule->match[i], HTTPS_PORT);
    }
}

bool lower_compare_hosts(struct losses *losses, const struct pintle_pinset *set,
                         const struct clauses *clauses, const struct semantics *semantics,
                         int64_t now)
{
    struct clause_index index;
    struct comparing comparing = {losses, set, &index, semantics, now, true};
    size_t count = pintle_pinset_get_rule_count(set);

    if (!clause_index_init(&index, clauses))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(set, i);

        compare_rule(&comparing, rule);
    }
    clause_index_clear(&index);
    return true;
}
