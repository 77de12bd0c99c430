/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a rule. */
#include <stdio.h>
#include <string.h>

#include "pinset/load.h"
#include "pinset/url.h"

/* --- id --------------------------------------------------------------------------------------- */

static bool is_id(const struct pintle__string *id)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";

    return strspn(id->text, allowed) == id->len;
}

static enum pintle_status read_id(struct pintle__load *load, const struct pintle__at *at,
                                  struct pintle_rule *rule, const json_t *json)
{
    struct pintle__string id = {"", 0};
    enum pintle_status status =
        pintle__get_string(&load->source, at, json, 1, PINTLE_RULE_ID_SIZE - 1, &id);

    if (status != PINTLE_OK)
        return status;
    if (!is_id(&id)) {
        pintle__json_fail(&load->source, PINTLE_E_SCHEMA, at,
                          "holds something else than letters, digits, '.', '_' and '-'");
        return PINTLE_E_SCHEMA;
    }
    rule->id = pintle__load_string(load, id.text, id.len);
    return rule->id == NULL ? PINTLE_E_NOMEM : PINTLE_OK;
}

/* --- match ------------------------------------------------------------------------------------ */

/* Two stars, a dot, a host and the terminating NUL. */
#define PATTERN_SIZE (3 + PINTLE_HOST_MAX_LEN + 1)

static enum pintle_status read_pattern(struct pintle__load *load, const struct pintle__at *at,
                                       uint32_t index, const json_t *json)
{
    struct pintle__string text = {"", 0};
    struct pintle_pattern pattern;
    struct pintle_error why;
    char canonical[PATTERN_SIZE];
    int len;
    enum pintle_status status = pintle__get_string(&load->source, at, json, 0, SIZE_MAX, &text);

    if (status != PINTLE_OK)
        return status;
    if (pintle_pattern_parse(&pattern, text.text, text.len, &why) != PINTLE_OK) {
        pintle__json_fail(&load->source, PINTLE_E_PATTERN, at, "%s", why.text);
        return PINTLE_E_PATTERN;
    }
    /* The one way to write it. */
    len = snprintf(canonical, sizeof(canonical), "%s%s", pintle__stars[pattern.kind],
                   pattern.suffix.text);
    if (!pintle__index_add(&load->set->index, index, &load->set->rules[index], canonical,
                           (size_t)len)) {
        pintle__load_no_memory(load);
        return PINTLE_E_NOMEM;
    }
    return PINTLE_OK;
}

/* The rule has its ports already. */
static enum pintle_status read_match(struct pintle__load *load, const struct pintle__at *at,
                                     uint32_t index, const json_t *json)
{
    struct pintle_rule *rule = &load->set->rules[index];
    enum pintle_status status =
        pintle__get_array(&load->source, at, json, 1, PINTLE__MATCH_MAX, &rule->match_count);

    for (uint32_t i = 0; status == PINTLE_OK && i < rule->match_count; i++) {
        struct pintle__at item = pintle__at_index(at, i);
        status = read_pattern(load, &item, index, json_array_get(json, i));
    }
    return status;
}

/* --- ports ------------------------------------------------------------------------------------ */

static bool holds(const uint16_t *ports, uint32_t count, uint16_t port)
{
    for (uint32_t i = 0; i < count; i++) {
        if (ports[i] == port)
            return true;
    }
    return false;
}

static enum pintle_status read_ports(struct pintle__load *load, const struct pintle__at *at,
                                     struct pintle_rule *rule, const json_t *json)
{
    uint32_t count;
    uint16_t *ports;
    enum pintle_status status =
        pintle__get_array(&load->source, at, json, 1, PINTLE__PORTS_MAX, &count);

    if (status != PINTLE_OK)
        return status;
    ports = pintle__load_array(load, count, sizeof(*ports));
    if (ports == NULL)
        return PINTLE_E_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        struct pintle__at item = pintle__at_index(at, i);
        int64_t port;
        status = pintle__get_integer(&load->source, &item, json_array_get(json, i), 1, UINT16_MAX,
                                     &port);
        if (status != PINTLE_OK)
            return status;
        if (holds(ports, i, (uint16_t)port)) {
            pintle__json_fail(&load->source, PINTLE_E_SCHEMA, &item, "the same port again");
            return PINTLE_E_SCHEMA;
        }
        ports[i] = (uint16_t)port;
    }
    rule->ports = ports;
    rule->port_count = count;
    return PINTLE_OK;
}

/* --- report ----------------------------------------------------------------------------------- */

static enum pintle_status read_url(struct pintle__load *load, const struct pintle__at *at,
                                   const json_t *json, const char **out)
{
    struct pintle__string url = {"", 0};
    const char *fault;
    enum pintle_status status =
        pintle__get_string(&load->source, at, json, 0, PINTLE__URL_MAX_LEN, &url);

    if (status != PINTLE_OK)
        return status;
    fault = pintle__url_fault(url.text);
    if (fault != NULL) {
        pintle__json_fail(&load->source, PINTLE_E_SCHEMA, at, "%s", fault);
        return PINTLE_E_SCHEMA;
    }
    *out = pintle__load_intern(load, &url);
    return *out == NULL ? PINTLE_E_NOMEM : PINTLE_OK;
}

static enum pintle_status read_report(struct pintle__load *load, const struct pintle__at *at,
                                      struct pintle_rule *rule, const json_t *json)
{
    const char **urls;
    enum pintle_status status =
        pintle__get_array(&load->source, at, json, 0, PINTLE__REPORT_MAX, &rule->report_count);

    if (status != PINTLE_OK || rule->report_count == 0)
        return status;
    urls = pintle__load_array(load, rule->report_count, sizeof(*urls));
    if (urls == NULL)
        return PINTLE_E_NOMEM;
    rule->report = urls;
    for (uint32_t i = 0; i < rule->report_count; i++) {
        struct pintle__at item = pintle__at_index(at, i);
        status = read_url(load, &item, json_array_get(json, i), &urls[i]);
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

/* --- the whole rule --------------------------------------------------------------------------- */

/* A member that is one of `words`; *out stays what it is if the member is absent. */
static enum pintle_status read_word(const struct pintle__load *load, const struct pintle__at *at,
                                    const char *key, const json_t *json, const char *const *words,
                                    unsigned *out)
{
    struct pintle__at member = pintle__at_key(at, key);

    return json == NULL ? PINTLE_OK : pintle__get_word(&load->source, &member, json, words, out);
}

/* `learn_at` says something only in a rule that learns. */
static enum pintle_status read_learn_at(const struct pintle__load *load,
                                        const struct pintle__at *at, struct pintle_rule *rule,
                                        const json_t *json)
{
    static const char *const words[] = {"leaf", "ca", NULL};
    struct pintle__at member = pintle__at_key(at, "learn_at");
    unsigned word = 0;
    enum pintle_status status = read_word(load, at, "learn_at", json, words, &word);

    rule->learn_at = word == 0 ? PINTLE_AT_LEAF : PINTLE_AT_CA;
    if (status == PINTLE_OK && rule->learn_at == PINTLE_AT_CA && pintle__only_leaf(rule)) {
        pintle__json_fail(&load->source, PINTLE_E_SCHEMA, &member,
                          "is \"ca\", but the rule looks at the leaf's key only");
        status = PINTLE_E_SCHEMA;
    }
    return status;
}

static enum pintle_status read_learning(const struct pintle__load *load,
                                        const struct pintle__at *at, struct pintle_rule *rule,
                                        json_t *const *known)
{
    struct pintle__at learn_days = pintle__at_key(at, "learn_days");
    int64_t days = PINTLE__LEARN_DAYS_DEFAULT;
    enum pintle_status status = read_learn_at(load, at, rule, known[PINTLE__RULE_LEARN_AT]);

    if (status == PINTLE_OK && known[PINTLE__RULE_LEARN_DAYS] != NULL)
        status = pintle__get_integer(&load->source, &learn_days, known[PINTLE__RULE_LEARN_DAYS], 1,
                                     PINTLE__LEARN_DAYS_MAX, &days);
    rule->learn_days = (uint32_t)days;
    return status;
}

/* In a rule that learns nothing these members are a mistake about what the rule does. */
static enum pintle_status refuse_learning(const struct pintle__load *load,
                                          const struct pintle__at *at, json_t *const *known)
{
    const bool is_at = known[PINTLE__RULE_LEARN_AT] != NULL;
    struct pintle__at member = pintle__at_key(at, is_at ? "learn_at" : "learn_days");

    if (!is_at && known[PINTLE__RULE_LEARN_DAYS] == NULL)
        return PINTLE_OK;
    pintle__json_fail(&load->source, PINTLE_E_SCHEMA, &member,
                      "stands only in a rule whose trust is \"tofu\" or \"tofu-key\"");
    return PINTLE_E_SCHEMA;
}

/* The end of the document's hard_ttl_s, beyond which no times are: then PINTLE_NEVER. */
static int64_t hard_end(const struct pintle_pinset *set)
{
    return set->hard_ttl > PINTLE__LAST_TIME - set->issued ? PINTLE_NEVER
                                                           : set->issued + set->hard_ttl;
}

/* hard_ttl_s bounds a lock-out, so it does not bring forward an `after` that is harder than the
 * mode: a rule that is off stays off. */
static int64_t end_of(const struct pintle_pinset *set, const struct pintle_rule *rule)
{
    int64_t hard = rule->after >= rule->mode ? hard_end(set) : PINTLE_NEVER;

    return hard < rule->enforce_until ? hard : rule->enforce_until;
}

static enum pintle_status read_demands(const struct pintle__load *load, const struct pintle__at *at,
                                       struct pintle_rule *rule, json_t *const *known)
{
    struct pintle__at until = pintle__at_key(at, "enforce_until");
    unsigned mode = PINTLE_MODE_ENFORCE;
    unsigned after = PINTLE_MODE_REPORT;
    unsigned trust = PINTLE_TRUST_PKIX;
    enum pintle_status status =
        read_word(load, at, "mode", known[PINTLE__RULE_MODE], pintle__modes, &mode);

    if (status == PINTLE_OK)
        status = read_word(load, at, "trust", known[PINTLE__RULE_TRUST], pintle__trusts, &trust);
    rule->mode = (enum pintle_mode)mode;
    rule->trust = (enum pintle_trust)trust;
    rule->learn_at = PINTLE_AT_LEAF;
    if (status == PINTLE_OK)
        status = pintle__learns(rule) ? read_learning(load, at, rule, known)
                                      : refuse_learning(load, at, known);
    rule->enforce_until = PINTLE_NEVER;
    if (status == PINTLE_OK && known[PINTLE__RULE_ENFORCE_UNTIL] != NULL)
        status = pintle__get_time(&load->source, &until, known[PINTLE__RULE_ENFORCE_UNTIL],
                                  &rule->enforce_until);
    if (status == PINTLE_OK)
        status = read_word(load, at, "after", known[PINTLE__RULE_AFTER], pintle__modes, &after);
    rule->after = (enum pintle_mode)after;
    rule->ends = end_of(load->set, rule);
    return status;
}

static enum pintle_status read_members(struct pintle__load *load, const struct pintle__at *at,
                                       uint32_t index, json_t *const *known)
{
    struct pintle_rule *rule = &load->set->rules[index];
    struct pintle__at id = pintle__at_key(at, "id");
    struct pintle__at match = pintle__at_key(at, "match");
    struct pintle__at ports = pintle__at_key(at, "ports");
    struct pintle__at pins = pintle__at_key(at, "pins");
    struct pintle__at deny = pintle__at_key(at, "deny");
    struct pintle__at report = pintle__at_key(at, "report");
    enum pintle_status status = read_id(load, &id, rule, known[PINTLE__RULE_ID]);

    if (status == PINTLE_OK && known[PINTLE__RULE_PORTS] != NULL)
        status = read_ports(load, &ports, rule, known[PINTLE__RULE_PORTS]);
    if (status == PINTLE_OK)
        status = read_match(load, &match, index, known[PINTLE__RULE_MATCH]);
    if (status == PINTLE_OK)
        status = read_demands(load, at, rule, known);
    if (status == PINTLE_OK)
        status = pintle__load_pins(load, &pins, index, known[PINTLE__RULE_PINS]);
    if (status == PINTLE_OK && known[PINTLE__RULE_DENY] != NULL)
        status = pintle__load_deny(load, &deny, rule, known[PINTLE__RULE_DENY]);
    if (status == PINTLE_OK && known[PINTLE__RULE_REPORT] != NULL)
        status = read_report(load, &report, rule, known[PINTLE__RULE_REPORT]);
    return status;
}

enum pintle_status pintle__load_rule(struct pintle__load *load, const struct pintle__at *at,
                                     uint32_t index, json_t *json)
{
    json_t *known[PINTLE__MEMBERS_MAX];
    bool unknown;
    enum pintle_status status =
        pintle__get_members(&load->source, at, json, pintle__rule_members, known, &unknown);

    if (status == PINTLE_OK && (unknown || known[PINTLE__RULE_CRIT] != NULL))
        status = pintle__keep_extras(load, at, json, pintle__rule_members, index, PINTLE__NO_INDEX);
    if (status == PINTLE_OK)
        status = read_members(load, at, index, known);
    return status;
}
