/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pin-set documents. What loads is written, loads again with the same meaning and is written the
 * same; every pattern finds a rule that covers it, and none that a plain search would not find; an
 * unpin softens the rule it names, no other, and no rule beyond its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/pinset.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* --- errors -------------------------------------------------------------------------------------
 */

static void check_error(const struct pintle_error *err, enum pintle_status status, size_t size)
{
    require(err->status == status && err->text[0] != '\0');
    require(err->offset <= size);
    require(status == PINTLE_E_JSON || status == PINTLE_E_LIMIT ||
            (err->line >= 1 && err->column >= 1));
    switch (status) {
    case PINTLE_E_JSON:
    case PINTLE_E_SCHEMA:
    case PINTLE_E_VERSION:
    case PINTLE_E_CRIT:
    case PINTLE_E_PIN:
    case PINTLE_E_PATTERN:
    case PINTLE_E_TIME:
    case PINTLE_E_CONFLICT:
    case PINTLE_E_LIMIT:
        return;
    default:
        abort();
    }
}

/* --- lookups ------------------------------------------------------------------------------------
 */

static bool has_port(const struct pintle_rule *rule, uint16_t port)
{
    for (uint32_t i = 0; i < rule->port_count; i++) {
        if (rule->ports[i] == port)
            return true;
    }
    return rule->port_count == 0;
}

/* Greater is more specific; 0 if the rule does not cover the host and port. */
static unsigned rank(const struct pintle_rule *rule, const struct pintle_host *host, uint16_t port)
{
    unsigned best = 0;

    for (uint32_t i = 0; has_port(rule, port) && i < rule->match_count; i++) {
        const char *text = rule->match[i];
        struct pintle_pattern pattern;
        unsigned this_rank;
        require(pintle_pattern_parse(&pattern, text, strlen(text), NULL) == PINTLE_OK);
        if (!pintle_pattern_matches(&pattern, host))
            continue;
        this_rank = (pattern.suffix.len * 3U + (PINTLE_PATTERN_ANY - pattern.kind)) * 2U +
                    (rule->port_count > 0 ? 1U : 0U);
        if (this_rank > best)
            best = this_rank;
    }
    return best;
}

static const struct pintle_rule *search(const struct pintle_pinset *set,
                                        const struct pintle_host *host, uint16_t port)
{
    const struct pintle_rule *best = NULL;
    unsigned best_rank = 0;

    for (size_t i = 0; i < pintle_pinset_get_rule_count(set); i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(set, i);
        unsigned this_rank = rank(rule, host, port);
        if (this_rank > best_rank) {
            best_rank = this_rank;
            best = rule;
        }
    }
    return best;
}

/* A host that the pattern covers, if there is room for one, with `more` labels than need be. */
static void check_host(const struct pintle_pinset *set, const struct pintle_rule *rule,
                       const char *pattern, const char *more)
{
    const char *suffix = pattern + strspn(pattern, "*");
    uint16_t port = rule->port_count > 0 ? rule->ports[rule->port_count - 1] : 443;
    struct pintle_host host;
    char text[512];

    (void)snprintf(text, sizeof(text), "%s%s", more, suffix[0] == '.' ? suffix + 1 : suffix);
    if (pintle_host_parse(&host, text, strlen(text), NULL) != PINTLE_OK)
        return;
    require(pintle_pinset_find(set, &host, port) == search(set, &host, port));
    require(pintle_pinset_find(set, &host, 7) == search(set, &host, 7));
}

static void check_lookups(const struct pintle_pinset *set)
{
    /* The plain search is quadratic: a few patterns of a few rules will do. */
    for (size_t i = 0; i < pintle_pinset_get_rule_count(set) && i < 8; i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(set, i);
        for (uint32_t m = 0; m < rule->match_count && m < 8; m++) {
            check_host(set, rule, rule->match[m], "");
            check_host(set, rule, rule->match[m], "a.");
            check_host(set, rule, rule->match[m], "b.a.");
        }
    }
}

/* --- the round trip -----------------------------------------------------------------------------
 */

static void check_round_trip(const struct pintle_pinset *set)
{
    struct pintle_pinset_options options = {SIZE_MAX, NULL};
    struct pintle_pinset *again = NULL;
    char *first, *second;
    size_t first_len, second_len;

    require(pintle_pinset_format(&first, &first_len, set, NULL) == PINTLE_OK);
    require(pintle_pinset_parse(&again, first, first_len, &options, NULL) == PINTLE_OK);
    require(pintle_pinset_format(&second, &second_len, again, NULL) == PINTLE_OK);
    require(first_len == second_len && memcmp(first, second, first_len) == 0);
    pintle_pinset_free(again);
    free(first);
    free(second);
}

/* --- terms --------------------------------------------------------------------------------------
 */

#define NOW INT64_C(1795219200)

static void check_rule(const struct pintle_rule *rule)
{
    bool learns = rule->trust == PINTLE_TRUST_TOFU || rule->trust == PINTLE_TRUST_TOFU_KEY;

    require(rule->ends <= rule->enforce_until && rule->ends >= 0);
    require(rule->after >= rule->mode || rule->ends == rule->enforce_until);
    require(rule->pin_count > 0 || learns || rule->mode == PINTLE_MODE_OFF);
    require(learns == (rule->learn_days > 0) && rule->learn_days <= 730);
    require(rule->learn_at == PINTLE_AT_LEAF ||
            (rule->learn_at == PINTLE_AT_CA && rule->trust == PINTLE_TRUST_TOFU));
    for (uint32_t i = 0; i < rule->pin_count; i++)
        require(rule->pins[i].until >= 0);
}

static void check_terms(const struct pintle_pinset *set)
{
    size_t rules = pintle_pinset_get_rule_count(set);
    const struct pintle_pinset *derived = NULL;
    struct pintle_softening soften = {rules > 0 ? pintle_pinset_get_rule(set, rules / 2)->id : "",
                                      true};
    struct pintle_pinset_terms terms = {NOW, &soften, 1, NOW};

    require(pintle_pinset_derive(&derived, set, &terms, NULL) == PINTLE_OK);
    require(pintle_pinset_get_fresh_until(derived) <= NOW);
    for (size_t i = 0; i < rules; i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(derived, i);
        enum pintle_mode mode = pintle_rule_get_mode(pintle_pinset_get_rule(set, i), NOW - 1);
        check_rule(rule);
        require(pintle_rule_get_mode(rule, NOW - 1) == (i == rules / 2 ? PINTLE_MODE_OFF : mode));
        require(!pintle_rule_is_unpinned(rule, NOW));
    }
    require(pintle_pinset_count_enforced(derived, NOW) == pintle_pinset_count_enforced(set, NOW));
    pintle_pinset_free(derived);
}

static bool any_suffix(void *ctx, const char *name)
{
    (void)ctx;
    return strchr(name, '.') == NULL;
}

static void count(void *ctx, const struct pintle_finding *finding)
{
    size_t *findings = ctx;

    require(finding->kind != NULL && finding->detail != NULL);
    *findings += 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pintle_lint_options lint = {NOW, 86400, any_suffix, NULL};
    struct pintle_pinset *set;
    struct pintle_error err;
    enum pintle_status status = pintle_pinset_parse(&set, (const char *)data, size, NULL, &err);
    size_t findings = 0;

    if (status != PINTLE_OK) {
        require(set == NULL);
        check_error(&err, status, size);
        return 0;
    }
    require(pintle_pinset_lint(set, &lint, count, &findings) == findings);
    check_lookups(set);
    check_round_trip(set);
    check_terms(set);
    pintle_pinset_free(set);
    return 0;
}
