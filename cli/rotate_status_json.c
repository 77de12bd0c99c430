/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a rotation as JSON: docs/spec/schema/rotate-status.schema.json. */
#include "json_build.h"
#include "rotate_report.h"

static json_t *pin_json(const struct rotate_report *report, const struct rotate_rule_report *r,
                        uint32_t index)
{
    const struct pintle_rule_pin *pin =
        &pintle_pinset_get_rule(report->check->set, r->rule_index)->pins[index];
    char text[PINTLE_PIN_TEXT_SIZE];
    json_t *json =
        json_pack("{s:s, s:s, s:I}", "pin", pintle_pin_format(&pin->pin, text), "state",
                  rotate_pin_state_name(rotate_pin_state(pin, r->facts.seen[index], report->now)),
                  "seen", (json_int_t)r->facts.seen[index]);

    json = rotate_json_time(json, "until", pin->until);
    return json_build_text(json, "label", pin->label);
}

static json_t *step_json(const struct rotate_report *report, const struct rotate_rule_report *r,
                         size_t index)
{
    const struct rotate_step *step = &report->plan->steps[index];
    json_t *json = json_pack("{s:s, s:s, s:s}", "step", rotate_step_name(step->kind), "title",
                             rotate_step_title(step->kind), "state",
                             rotate_step_state_name(r->status.steps[index]));

    json = rotate_json_time(json, "from", step->at);
    return rotate_json_time(json, "by", step->by);
}

static json_t *server_json(const struct endpoint *endpoint)
{
    json_t *shakes = json_array();
    json_t *json;

    for (size_t i = 0; i < endpoint->survey.count; i++) {
        const struct sighting *s = &endpoint->survey.items[i];
        json_t *shake =
            json_pack("{s:s, s:s}", "address", s->address, "result", check_result_name(s));

        shakes = json_build_item(
            shakes,
            sighting_seen(s) ? shake : json_build_text(shake, "error", check_error_text(s)));
    }
    json = json_pack("{s:s, s:i, s:o}", "host", endpoint->target.host.text, "port",
                     (int)endpoint->target.port, "handshakes", shakes);
    return endpoint->status == PINTLE_OK ? json
                                         : json_build_text(json, "error", endpoint->err.text);
}

static json_t *next_json(const struct rotate_report *report, const struct rotate_rule_report *r)
{
    const struct rotate_status *status = &r->status;
    json_t *json = json_pack("{s:o}", "text", cli_json_text(status->advice));

    if (report->plan != NULL && status->next != SIZE_MAX)
        json =
            json_build_text(json, "step", rotate_step_name(report->plan->steps[status->next].kind));
    return rotate_json_time(json, "safe_from", status->safe_at);
}

static json_t *rule_json(const struct rotate_report *report, const struct rotate_rule_report *r)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(report->check->set, r->rule_index);
    bool advised = r->status.advice[0] != '\0';
    json_t *pins = json_array();
    json_t *servers = json_array();
    json_t *steps = json_array();
    json_t *json =
        json_pack("{s:s, s:s, s:b, s:I}", "rule", rule->id, "stage", r->status.stage, "late",
                  (int)r->status.late, "handshakes", (json_int_t)r->facts.reached);

    for (uint32_t i = 0; i < rule->pin_count; i++)
        pins = json_build_item(pins, pin_json(report, r, i));
    for (size_t i = 0; i < report->check->endpoint_count; i++)
        if (report->check->endpoints[i].rule_index == r->rule_index)
            servers = json_build_item(servers, server_json(&report->check->endpoints[i]));
    for (size_t i = 0; report->plan != NULL && i < report->plan->step_count; i++)
        steps = json_build_item(steps, step_json(report, r, i));
    json = rotate_json_time(json, "certificate_ends", r->facts.cert_ends);
    json = json_build_member(json, true, "pins", pins);
    json = json_build_member(json, true, "servers", servers);
    json = json_build_member(json, true, "steps", steps);
    json = json_build_member(json, true, "unsafe", rotate_json_notes(&r->status.unsafe));
    return json_build_member(json, advised, "next", advised ? next_json(report, r) : NULL);
}

json_t *rotate_report_json(const struct rotate_report *report)
{
    const struct check *check = report->check;
    json_t *rules = json_array();
    json_t *json = json_pack("{s:o, s:o, s:I, s:I}", "file", cli_json_text(check->path), "app",
                             cli_json_text(pintle_pinset_get_app(check->set)), "epoch",
                             (json_int_t)pintle_pinset_get_epoch(check->set), "version",
                             (json_int_t)pintle_pinset_get_version(check->set));

    for (size_t i = 0; i < report->rule_count; i++)
        rules = json_build_item(rules, rule_json(report, &report->rules[i]));
    json = json_build_member(json, true, "published", json_boolean(report->published));
    json = rotate_json_time(json, "now", report->now);
    json = json_build_text(json, "plan", report->plan_file);
    return json_build_member(json, true, "rules", rules);
}
