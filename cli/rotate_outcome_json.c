/* SPDX-License-Identifier: Apache-2.0 */
/* A simulation as JSON: docs/spec/schema/rotate-simulation.schema.json. */
#include "json_build.h"
#include "rotate_outcome.h"

#define DAY_BINS ((size_t)(ROTATE_DAY_S / ROTATE_BIN_S))

static json_t *count_json(const struct rotate_outcome *o, size_t series, size_t bin)
{
    return json_integer(rotate_tally_get(&o->tally, series, bin));
}

/* A member that is a share, unless it is 0. */
static json_t *add_share(json_t *json, const char *key, double share)
{
    return json_build_member(json, true, key, json_real(share));
}

static json_t *days_json(const struct rotate_outcome *o)
{
    json_t *list = json_array();

    for (size_t bin = 0; bin < o->tally.bins; bin += DAY_BINS) {
        size_t end = bin + DAY_BINS < o->tally.bins ? bin + DAY_BINS : o->tally.bins;
        json_t *json = rotate_json_time(json_object(), "from", rotate_outcome_time(o, bin));

        json = add_share(json, "locked_out", rotate_outcome_highest(o, ROTATE_LOCKED, bin, end));
        json = add_share(json, "exposed", rotate_outcome_highest(o, ROTATE_EXPOSED, bin, end));
        json = add_share(json, "softened", rotate_outcome_highest(o, ROTATE_SOFTENED, bin, end));
        json = add_share(json, "ready", 1 - rotate_outcome_highest(o, ROTATE_UNREADY, bin, end));
        list = json_build_item(list, json);
    }
    return list;
}

static json_t *peak_json(const struct rotate_outcome *o, size_t series)
{
    size_t peak = rotate_tally_peak(&o->tally, series);
    json_t *json = json_pack("{s:f, s:o}", "share", rotate_outcome_share(o, series, peak),
                             "clients", count_json(o, series, peak));
    json_t *reasons = json_object();

    json = rotate_json_time(json, "at", rotate_outcome_when(o, peak));
    if (series != ROTATE_LOCKED) {
        json_decref(reasons);
        return json;
    }
    for (size_t i = 0; i < ROTATE_REASONS; i++)
        reasons = json_build_member(reasons,
                                    rotate_tally_get(&o->tally, ROTATE_REASON_FIRST + i, peak) > 0,
                                    rotate_reason_name((enum rotate_reason)i),
                                    count_json(o, ROTATE_REASON_FIRST + i, peak));
    return json_build_member(json, true, "reasons", reasons);
}

static json_t *totals_json(const struct rotate_outcome *o)
{
    double day = (double)ROTATE_DAY_S;

    return json_pack(
        "{s:I, s:I, s:I, s:f, s:f, s:f}", "locked_out_clients", (json_int_t)o->tally.locked_clients,
        "exposed_clients", (json_int_t)o->tally.exposed_clients, "rescued_clients",
        (json_int_t)o->tally.rescued_clients, "locked_out_days", (double)o->tally.locked_s / day,
        "longest_locked_out_days", (double)o->tally.longest_s / day, "exposed_days",
        (double)o->tally.exposed_s / day);
}

static json_t *bounds_json(const struct rotate_outcome *o)
{
    json_t *list = json_array();

    for (size_t i = 0; i < o->timeline->issue_count; i++) {
        const struct rotate_issue *issue = &o->timeline->issues[i];
        int64_t from;
        int64_t until;
        json_t *json;

        if (!rotate_timeline_worst(o->timeline, i, &from, &until))
            continue;
        json = json_pack("{s:I, s:I, s:b, s:b}", "version", (json_int_t)issue->version, "epoch",
                         (json_int_t)issue->epoch, "hostile", (int)issue->hostile, "bounded",
                         (int)(until != PINTLE_NEVER));
        json = rotate_json_time(json, "from", from);
        list = json_build_item(list, rotate_json_time(json, "until", until));
    }
    return list;
}

static json_t *events_json(const struct rotate_outcome *o)
{
    json_t *list = json_array();

    for (size_t i = 0; i < o->event_count; i++)
        list = json_build_item(list, rotate_json_time(json_pack("{s:s}", "text", o->events[i].text),
                                                      "at", o->events[i].at));
    return list;
}

static json_t *fleet_json(const struct rotate_outcome *o)
{
    static const char *const kinds[] = {"exponential", "lognormal", "weibull", "csv"};
    const struct rotate_fleet *fleet = o->fleet;
    double day = (double)ROTATE_DAY_S;
    bool sample = fleet->kind == ROTATE_LAG_SAMPLE;
    json_t *json = json_pack("{s:I, s:s, s:I, s:b, s:f, s:f, s:f, s:f, s:f}", "clients",
                             (json_int_t)o->clients, "lag", kinds[fleet->kind], "seed",
                             (json_int_t)fleet->seed, "refresh", (int)o->play->refresh,
                             "never_share", fleet->never, "away_share", fleet->offline, "away_days",
                             (double)fleet->offline_s / day, "clock_share", fleet->clock,
                             "clock_days", (double)fleet->clock_s / day);

    json = json_build_member(json, sample, "lag_samples",
                             sample ? json_integer((json_int_t)fleet->sample_count) : NULL);
    json = json_build_member(json, !sample, "lag_a", sample ? NULL : json_real(fleet->a));
    return json_build_member(json, !sample, "lag_b", sample ? NULL : json_real(fleet->b));
}

json_t *rotate_outcome_json(const struct rotate_outcome *o)
{
    json_t *json = json_pack("{s:o, s:s, s:s, s:o}", "file", cli_json_text(o->file), "app",
                             o->plan->app, "rule", o->plan->rule, "fleet", fleet_json(o));

    json = rotate_json_time(json, "start", o->play->start);
    json = rotate_json_time(json, "end", o->play->end);
    json = add_share(json, "bound", o->bound);
    json = json_build_member(json, true, "within_bound", json_boolean(!rotate_outcome_fails(o)));
    json = json_build_member(json, true, "worst", peak_json(o, ROTATE_LOCKED));
    json = json_build_member(json, true, "worst_exposed", peak_json(o, ROTATE_EXPOSED));
    json = json_build_member(json, true, "totals", totals_json(o));
    json = json_build_member(json, true, "bounds", bounds_json(o));
    json = json_build_member(json, true, "events", events_json(o));
    return json_build_member(json, true, "days", days_json(o));
}
