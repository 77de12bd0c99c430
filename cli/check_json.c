/* SPDX-License-Identifier: Apache-2.0 */
/* A check as JSON: docs/spec/schema/check.schema.json. */
#include "certificate.h"
#include "check.h"
#include "json_build.h"
#include "verdict.h"

static json_t *add_leaf_pin(json_t *json, const struct sighting *s)
{
    struct pintle_pin pin;
    char text[PINTLE_PIN_TEXT_SIZE];

    if (s->served_count == 0 ||
        pintle_pin_from_certificate(&pin, s->served[0], guard_crypto(), NULL) != PINTLE_OK)
        return json;
    return json_build_member(json, true, "leaf_pin", json_string(pintle_pin_format(&pin, text)));
}

static json_t *sighting_json(const struct check *check, const struct sighting *s)
{
    int64_t days = check_days_left(check, s);
    json_t *json = json_pack("{s:s, s:s}", "address", s->address, "result", check_result_name(s));

    if (!sighting_seen(s))
        return json_build_text(json, "error", check_error_text(s));
    json = json_build_text(json, "protocol", s->protocol);
    json = json_build_text(json, "cipher", s->cipher);
    json = add_leaf_pin(json, s);
    json = json_build_member(json, days != INT64_MAX, "days_left", json_integer(days));
    return json_build_member(json, true, "verdict", verdict_json(&s->verdict));
}

static json_t *endpoint_json(const struct check *check, const struct endpoint *endpoint)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(check->set, endpoint->rule_index);
    json_t *list = json_array();
    json_t *json;

    for (size_t i = 0; i < endpoint->survey.count; i++)
        list = json_build_item(list, sighting_json(check, &endpoint->survey.items[i]));
    json = json_pack("{s:s, s:s, s:i, s:o}", "rule", rule->id, "host", endpoint->target.host.text,
                     "port", (int)endpoint->target.port, "handshakes", list);
    return endpoint->status == PINTLE_OK ? json
                                         : json_build_text(json, "error", endpoint->err.text);
}

/* A member that is a time, unless it never comes. */
static json_t *add_time(json_t *json, const char *key, int64_t time)
{
    char text[PINTLE_TIME_TEXT_SIZE];
    bool there = time != PINTLE_NEVER;

    return json_build_member(json, there, key,
                             there ? json_string(pintle_time_format(time, text)) : NULL);
}

static json_t *pin_json(const struct pintle_rule_pin *pin)
{
    static const char *const positions[] = {
        [PINTLE_AT_ANY] = "any", [PINTLE_AT_LEAF] = "leaf", [PINTLE_AT_CA] = "ca"};
    char text[PINTLE_PIN_TEXT_SIZE];
    json_t *json = json_pack("{s:s, s:s, s:b}", "pin", pintle_pin_format(&pin->pin, text), "at",
                             positions[pin->at], "backup", (int)pin->backup);

    json = add_time(json, "until", pin->until);
    return json_build_text(json, "label", pin->label);
}

static json_t *rule_json(const struct check *check, const struct pintle_rule *rule)
{
    static const char *const trusts[] = {[PINTLE_TRUST_PKIX] = "pkix",
                                         [PINTLE_TRUST_KEY] = "key",
                                         [PINTLE_TRUST_TOFU] = "tofu",
                                         [PINTLE_TRUST_TOFU_KEY] = "tofu-key"};
    json_t *pins = json_array();
    json_t *json;

    for (uint32_t i = 0; i < rule->pin_count; i++)
        pins = json_build_item(pins, pin_json(&rule->pins[i]));
    json = json_pack("{s:s, s:s, s:s, s:o}", "id", rule->id, "mode",
                     pintle_mode_name(pintle_rule_get_mode(rule, check->now)), "trust",
                     trusts[rule->trust], "pins", pins);
    if (verdict_learns(rule)) {
        json = json_build_text(json, "learn_at", rule->learn_at == PINTLE_AT_CA ? "ca" : "leaf");
        json = json_build_member(json, true, "learn_days", json_integer(rule->learn_days));
    }
    return add_time(json, "ends", rule->ends);
}

static json_t *rules_json(const struct check *check)
{
    json_t *list = json_array();

    for (size_t i = 0; i < pintle_pinset_get_rule_count(check->set); i++)
        if (check_covers(check, i))
            list = json_build_item(list, rule_json(check, pintle_pinset_get_rule(check->set, i)));
    return list;
}

/* What holds of the document as a whole. */
static json_t *document_json(const struct check *check)
{
    int64_t hard_ttl = pintle_pinset_get_hard_ttl(check->set);
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    json_t *json = json_pack(
        "{s:o, s:o, s:I, s:I, s:s, s:s, s:I, s:b, s:o}", "file", cli_json_text(check->path), "app",
        cli_json_text(pintle_pinset_get_app(check->set)), "epoch",
        (json_int_t)pintle_pinset_get_epoch(check->set), "version",
        (json_int_t)pintle_pinset_get_version(check->set), "issued",
        pintle_time_format(pintle_pinset_get_issued(check->set), issued), "expires",
        pintle_time_format(pintle_pinset_get_expires(check->set), expires), "overlap_s",
        (json_int_t)pintle_pinset_get_overlap(check->set), "offline", (int)check->options->offline,
        "rules", rules_json(check));

    return json_build_member(json, hard_ttl != PINTLE_NEVER, "hard_ttl_s",
                             hard_ttl != PINTLE_NEVER ? json_integer(hard_ttl) : NULL);
}

static json_t *counts_json(const struct check *check)
{
    return json_pack("{s:I, s:I, s:I}", "error", (json_int_t)check_count(check, PINTLE_ERROR),
                     "warning", (json_int_t)check_count(check, PINTLE_WARNING), "info",
                     (json_int_t)check_count(check, PINTLE_INFO));
}

static json_t *finding_json(const struct check *check, const struct check_finding *finding)
{
    const struct pintle_finding_kind *kind = finding->kind;
    bool has_pin = finding->pin_index != SIZE_MAX;
    json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "id", kind->id, "severity",
                             check_severity_name(kind->severity), "title", kind->title, "detail",
                             cli_json_text(finding->detail), "explanation", kind->explanation,
                             "fix", kind->fix);

    if (finding->rule_index != SIZE_MAX)
        json = json_build_text(json, "rule",
                               pintle_pinset_get_rule(check->set, finding->rule_index)->id);
    return json_build_member(json, has_pin, "pin",
                             has_pin ? json_integer((json_int_t)finding->pin_index) : NULL);
}

enum cli_exit check_print_json(const struct check *check)
{
    json_t *endpoints = json_array();
    json_t *findings = json_array();
    json_t *json;

    for (size_t i = 0; i < check->endpoint_count; i++)
        endpoints = json_build_item(endpoints, endpoint_json(check, &check->endpoints[i]));
    for (size_t i = 0; i < check->finding_count; i++)
        findings = json_build_item(findings, finding_json(check, &check->findings[i]));
    json = json_build_member(document_json(check), true, "servers", endpoints);
    json = json_build_member(json, true, "findings", findings);
    return cli_print_json("check", json_build_member(json, true, "counts", counts_json(check)));
}
