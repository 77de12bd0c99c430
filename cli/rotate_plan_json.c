/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as JSON: docs/spec/schema/rotate-plan.schema.json. */
#include "json_build.h"
#include "rotate_show.h"

static const char *const positions[] = {
    [PINTLE_AT_ANY] = "any", [PINTLE_AT_LEAF] = "leaf", [PINTLE_AT_CA] = "ca"};

json_t *rotate_json_time(json_t *json, const char *key, int64_t time)
{
    char text[PINTLE_TIME_TEXT_SIZE];
    bool there = time != PINTLE_NEVER;

    return json_build_member(json, there, key,
                             there ? json_string(pintle_time_format(time, text)) : NULL);
}

json_t *rotate_json_notes(const struct rotate_notes *notes)
{
    json_t *list = json_array();

    for (size_t i = 0; i < notes->count; i++)
        list = json_build_item(list, json_pack("{s:s, s:o}", "id", notes->items[i].id, "text",
                                               cli_json_text(notes->items[i].text)));
    return list;
}

static json_t *pin_text(const struct pintle_pin *pin)
{
    char text[PINTLE_PIN_TEXT_SIZE];

    return json_string(pintle_pin_format(pin, text));
}

static json_t *pin_json(const struct rotate_pin *pin)
{
    json_t *json = json_pack("{s:o, s:s}", "spki", pin_text(&pin->pin), "at", positions[pin->at]);

    json = rotate_json_time(json, "until", pin->until);
    json = json_build_text(json, "label", pin->label);
    return json_build_member(json, pin->backup, "backup", json_true());
}

static json_t *issue_json(const struct rotate_issue *issue)
{
    bool ttl = issue->hard_ttl_s != PINTLE_NEVER;
    json_t *pins = json_array();
    json_t *deny = json_array();
    json_t *json =
        json_pack("{s:I, s:I, s:b, s:s, s:s}", "version", (json_int_t)issue->version, "epoch",
                  (json_int_t)issue->epoch, "held", (int)issue->held, "mode",
                  pintle_mode_name(issue->mode), "after", pintle_mode_name(issue->after));

    for (size_t i = 0; i < issue->pin_count; i++)
        pins = json_build_item(pins, pin_json(&issue->pins[i]));
    for (size_t i = 0; i < issue->deny_count; i++)
        deny = json_build_item(deny, pin_text(&issue->deny[i]));
    json = rotate_json_time(json, "published", issue->at);
    json = rotate_json_time(json, "issued", issue->issued);
    json = rotate_json_time(json, "expires", issue->expires);
    json = rotate_json_time(json, "enforce_until", issue->enforce_until);
    json = json_build_member(json, ttl, "hard_ttl_s", ttl ? json_integer(issue->hard_ttl_s) : NULL);
    json = rotate_json_time(json, "ends", rotate_issue_ends(issue));
    json = json_build_member(json, true, "pins", pins);
    return json_build_member(json, true, "deny", deny);
}

static json_t *step_json(const struct rotate_plan *plan, const struct rotate_step *step)
{
    char text[ROTATE_NOTE_SIZE];
    json_t *json = json_pack("{s:s, s:s, s:o}", "step", rotate_step_name(step->kind), "title",
                             rotate_step_title(step->kind), "text",
                             cli_json_text(rotate_step_text(plan, step, 0, text)));
    bool publishes = step->issue != SIZE_MAX;

    json = rotate_json_time(json, "from", step->at);
    json = rotate_json_time(json, "by", step->by);
    return json_build_member(json, publishes, "version",
                             publishes ? json_integer(plan->timeline.issues[step->issue].version)
                                       : NULL);
}

static json_t *keys_json(const struct rotate_plan *plan)
{
    json_t *json =
        json_pack("{s:o, s:o}", "old", pin_text(&plan->from), "new", pin_text(&plan->to));

    return json_build_member(json, plan->has_new_backup, "new_backup",
                             plan->has_new_backup ? pin_text(&plan->new_backup) : NULL);
}

static json_t *worst_json(const struct rotate_plan *plan)
{
    int64_t from;
    int64_t until;
    int64_t version;
    json_t *json;

    if (!rotate_plan_worst(plan, &from, &until, &version))
        return NULL;
    json = json_pack("{s:I, s:b}", "version", (json_int_t)version, "bounded",
                     (int)(until != PINTLE_NEVER));
    json = rotate_json_time(json, "from", from);
    return rotate_json_time(json, "until", until);
}

static json_t *costs_json(const struct rotate_plan *plan)
{
    json_t *list = json_array();

    for (size_t i = 0; i < plan->cost_count; i++) {
        const struct rotate_cost *cost = &plan->costs[i];

        list = json_build_item(
            list, json_pack("{s:s, s:b, s:f, s:f, s:f}", "order", rotate_order_name(cost->order),
                            "chosen", (int)(cost->order == plan->order), "locked_out_share",
                            cost->locked_share, "locked_out_days", cost->locked_days,
                            "exposed_days", cost->exposed_days));
    }
    return list;
}

static json_t *lists_json(json_t *json, const struct rotate_plan *plan)
{
    const struct rotate_timeline *timeline = &plan->timeline;
    json_t *versions = json_array();
    json_t *servers = json_array();
    json_t *steps = json_array();

    for (size_t i = 0; i < timeline->issue_count; i++)
        versions = json_build_item(versions, issue_json(&timeline->issues[i]));
    for (size_t i = 0; i < timeline->shown_count; i++)
        servers = json_build_item(
            servers, rotate_json_time(json_pack("{s:o}", "pin", pin_text(&timeline->shown[i].pin)),
                                      "from", timeline->shown[i].at));
    for (size_t i = 0; i < plan->step_count; i++)
        steps = json_build_item(steps, step_json(plan, &plan->steps[i]));
    json = json_build_member(json, true, "steps", steps);
    json = json_build_member(json, true, "versions", versions);
    return json_build_member(json, true, "servers", servers);
}

json_t *rotate_plan_json(const struct rotate_plan *plan, const char *file, bool published)
{
    int64_t unused[3];
    bool worst = rotate_plan_worst(plan, &unused[0], &unused[1], &unused[2]);
    json_t *json = json_pack("{s:o, s:s, s:s, s:s, s:b}", "file", cli_json_text(file), "app",
                             plan->app, "rule", plan->rule, "kind", rotate_kind_name(plan->kind),
                             "feasible", (int)(plan->refused.count == 0));

    json = json_build_member(json, true, "published", json_boolean(published));
    json = rotate_json_time(json, "start", plan->start);
    json = json_build_member(json, true, "lag_days", json_integer(plan->lag_s / ROTATE_DAY_S));
    json = json_build_member(json, true, "lag_share", json_real(plan->lag_share));
    json =
        json_build_member(json, true, "margin_days", json_integer(plan->margin_s / ROTATE_DAY_S));
    json = rotate_json_time(json, "certificate_ends", plan->cert_expires);
    json = json_build_member(json, true, "keys", keys_json(plan));
    json = lists_json(json, plan);
    json = json_build_member(json, worst, "worst_case", worst ? worst_json(plan) : NULL);
    json = json_build_member(json, plan->cost_count > 0, "orders",
                             plan->cost_count > 0 ? costs_json(plan) : NULL);
    json = json_build_member(json, true, "refused", rotate_json_notes(&plan->refused));
    json = json_build_member(json, true, "possible", rotate_json_notes(&plan->possible));
    return json_build_member(json, true, "warnings", rotate_json_notes(&plan->warnings));
}
