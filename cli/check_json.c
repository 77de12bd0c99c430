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
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    json_t *endpoints = json_array();
    json_t *findings = json_array();

    for (size_t i = 0; i < check->endpoint_count; i++)
        endpoints = json_build_item(endpoints, endpoint_json(check, &check->endpoints[i]));
    for (size_t i = 0; i < check->finding_count; i++)
        findings = json_build_item(findings, finding_json(check, &check->findings[i]));
    return cli_print_json(
        "check",
        json_pack("{s:o, s:o, s:I, s:s, s:s, s:b, s:o, s:o, s:{s:I, s:I, s:I}}", "file",
                  cli_json_text(check->path), "app",
                  cli_json_text(pintle_pinset_get_app(check->set)), "version",
                  (json_int_t)pintle_pinset_get_version(check->set), "issued",
                  pintle_time_format(pintle_pinset_get_issued(check->set), issued), "expires",
                  pintle_time_format(pintle_pinset_get_expires(check->set), expires), "offline",
                  (int)check->options->offline, "servers", endpoints, "findings", findings,
                  "counts", "error", (json_int_t)check_count(check, PINTLE_ERROR), "warning",
                  (json_int_t)check_count(check, PINTLE_WARNING), "info",
                  (json_int_t)check_count(check, PINTLE_INFO)));
}
