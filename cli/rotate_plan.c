/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rotate_notes.h"

static const char *const kind_names[] = {"backup", "new-key", "lost", "stolen"};
static const char *const step_names[ROTATE_STEP_KINDS] = {
    "publish-backup", "deploy", "watch", "new-backup", "retire", "remove", "deny"};
static const char *const order_names[] = {"auto", "deploy-first", "publish-first"};

const char *rotate_kind_name(enum rotate_kind kind)
{
    return kind_names[kind];
}

const char *rotate_step_name(enum rotate_step_kind kind)
{
    return step_names[kind];
}

const char *rotate_order_name(enum rotate_order order)
{
    return order_names[order];
}

double rotate_mean_days(int64_t lag_s, double share)
{
    return (double)lag_s / (double)ROTATE_DAY_S / -log(1 - share);
}

/* --- from the pin-set -------------------------------------------------------------------------- */

static void copy_pin(struct rotate_pin *out, const struct pintle_rule_pin *pin)
{
    *out = (struct rotate_pin){
        .pin = pin->pin, .until = pin->until, .at = pin->at, .backup = pin->backup};
    (void)snprintf(out->label, sizeof(out->label), "%s", pin->label);
}

static bool rule_denies(const struct pintle_rule *rule, const struct pintle_pin *pin)
{
    for (uint32_t i = 0; i < rule->deny_count; i++)
        if (pintle_pin_equal(&rule->deny[i], pin))
            return true;
    return false;
}

bool rotate_issue_from_rule(struct rotate_issue *out, const struct pintle_pinset *set,
                            const struct pintle_rule *rule, const struct pintle_pin *about,
                            size_t about_count)
{
    *out = (struct rotate_issue){.at = pintle_pinset_get_issued(set),
                                 .issued = pintle_pinset_get_issued(set),
                                 .version = pintle_pinset_get_version(set),
                                 .epoch = pintle_pinset_get_epoch(set),
                                 .expires = pintle_pinset_get_expires(set),
                                 .enforce_until = rule->enforce_until,
                                 .hard_ttl_s = pintle_pinset_get_hard_ttl(set),
                                 .mode = rule->mode,
                                 .after = rule->after,
                                 .held = true};
    /* Two more find room: the new key and its backup. */
    if (rule->pin_count > ROTATE_PINS_MAX - 2)
        return false;
    for (uint32_t i = 0; i < rule->pin_count; i++) {
        copy_pin(&out->pins[out->pin_count++], &rule->pins[i]);
        if (rule_denies(rule, &rule->pins[i].pin))
            out->deny[out->deny_count++] = rule->pins[i].pin;
    }
    for (size_t i = 0; i < about_count; i++)
        if (rule_denies(rule, &about[i]) && !rotate_issue_denies(out, &about[i]))
            out->deny[out->deny_count++] = about[i];
    return true;
}

/* --- the parts of a plan ----------------------------------------------------------------------- */

/*
 * wait_s   lag and margin
 * ready    when enough clients have the new key
 * grace_s  how late a step may be
 */
struct planner {
    struct rotate_plan *plan;
    const struct rotate_request *request;
    bool pinned;
    int64_t wait_s;
    int64_t ready;
    int64_t grace_s;
};

static struct rotate_issue *newest(struct planner *p)
{
    return &p->plan->timeline.issues[p->plan->timeline.issue_count - 1];
}

static void add_step(struct planner *p, enum rotate_step_kind kind, int64_t at, int64_t by,
                     bool publishes)
{
    struct rotate_step *step = &p->plan->steps[p->plan->step_count++];

    *step = (struct rotate_step){.kind = kind,
                                 .at = at,
                                 .by = by > at ? by : at,
                                 .issue = publishes ? p->plan->timeline.issue_count - 1 : SIZE_MAX};
}

/* ROTATE_ISSUES_MAX is more than a plan ever makes. */
static struct rotate_issue *publish(struct planner *p, int64_t at)
{
    struct rotate_issue issue = rotate_issue_next(newest(p), at);

    (void)rotate_timeline_issue(&p->plan->timeline, &issue);
    return newest(p);
}

/* Where the old key counts, the new one does. */
static void pin_new_key(const struct planner *p, struct rotate_issue *issue, bool backup)
{
    size_t there = rotate_issue_find(issue, &p->request->to);
    size_t old = rotate_issue_find(issue, &p->request->from);
    struct rotate_pin pin = {.pin = p->request->to, .until = PINTLE_NEVER};

    if (there < issue->pin_count)
        pin = issue->pins[there];
    else if (old < issue->pin_count)
        pin.at = issue->pins[old].at;
    pin.backup = backup;
    pin.until = PINTLE_NEVER;
    (void)rotate_issue_pin(issue, &pin);
}

static void pin_new_backup(const struct planner *p, struct rotate_issue *issue)
{
    struct rotate_pin pin = {.pin = p->request->new_backup, .until = PINTLE_NEVER, .backup = true};
    size_t live = rotate_issue_find(issue, &p->request->to);

    if (!p->request->has_new_backup)
        return;
    pin.at = issue->pins[live].at;
    (void)rotate_issue_pin(issue, &pin);
}

static void deploy(struct planner *p, int64_t at)
{
    (void)rotate_timeline_show(&p->plan->timeline, at, &p->request->to);
}

/* The published version without the new key, as clients may hold it. */
static bool read_before(struct rotate_issue *out, const struct rotate_request *request)
{
    struct pintle_pin about[2] = {request->from, request->to};
    const struct pintle_pinset *set = request->before;
    struct rotate_issue issue;

    for (size_t i = 0; set != NULL && i < pintle_pinset_get_rule_count(set); i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(set, i);

        if (strcmp(rule->id, request->rule->id) == 0 &&
            rotate_issue_from_rule(&issue, set, rule, about, 2)) {
            *out = issue;
            return true;
        }
    }
    return false;
}

/* The current document and, if the new key is in it since too short a time, one without that. */
static void begin(struct planner *p, const struct rotate_issue *current)
{
    struct rotate_timeline *timeline = &p->plan->timeline;
    struct rotate_issue now = *current;
    bool recent = p->pinned && rotate_later(p->request->since, p->wait_s) > p->request->start;

    now.at = p->request->since;
    if (recent) {
        struct rotate_issue before = now;

        if (!read_before(&before, p->request)) {
            before.version--;
            rotate_issue_unpin(&before, &p->request->to);
        }
        (void)rotate_timeline_issue(timeline, &before);
        now.held = false;
    }
    (void)rotate_timeline_issue(timeline, &now);
    (void)rotate_timeline_show(timeline, timeline->issues[0].at, &p->request->from);
    if (!p->pinned)
        p->ready = rotate_later(p->request->start, p->wait_s);
    else
        p->ready = recent ? rotate_later(p->request->since, p->wait_s) : p->request->start;
}

/* --- a planned rotation ------------------------------------------------------------------------ */

static void retire(struct planner *p, int64_t at, int64_t until)
{
    struct rotate_issue *issue = publish(p, at);
    size_t old = rotate_issue_find(issue, &p->request->from);

    pin_new_key(p, issue, false);
    issue->pins[old].backup = false;
    if (until < issue->pins[old].until)
        issue->pins[old].until = until;
    pin_new_backup(p, issue);
}

static void remove_old(struct planner *p, int64_t at)
{
    rotate_issue_unpin(publish(p, at), &p->request->from);
    add_step(p, ROTATE_REMOVE, at, at + 30 * ROTATE_DAY_S, true);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void plan_rotation(struct planner *p)
{
    const struct rotate_request *request = p->request;
    int64_t overlap_s = pintle_pinset_get_overlap(request->set);
    int64_t at = request->deploy == PINTLE_NEVER ? p->ready : request->deploy;
    int64_t watched = at + request->margin_s;
    int64_t until = watched + (request->lag_s > overlap_s ? request->lag_s : overlap_s);

    if (!p->pinned) {
        pin_new_key(p, publish(p, request->start), true);
        add_step(p, ROTATE_PUBLISH_BACKUP, request->start, request->start + p->grace_s, true);
    }
    deploy(p, at);
    add_step(p, ROTATE_DEPLOY, at, least(at + p->grace_s, request->cert_expires), false);
    add_step(p, ROTATE_WATCH, at, watched, false);
    if (!request->has_new_backup)
        add_step(p, ROTATE_NEW_BACKUP, watched, watched + p->grace_s, false);
    retire(p, watched, until);
    add_step(p, ROTATE_RETIRE, watched, watched + p->grace_s, true);
    remove_old(p, until);
}

/* --- emergencies ------------------------------------------------------------------------------- */

/* Nobody has the old key any more: that its pin stays for the overlap harms nobody. */
static void plan_lost(struct planner *p)
{
    const struct rotate_request *request = p->request;
    int64_t overlap_s = pintle_pinset_get_overlap(request->set);
    int64_t at = request->start;

    deploy(p, at);
    add_step(p, ROTATE_DEPLOY, at, at + ROTATE_DAY_S, false);
    retire(p, at, at + overlap_s);
    if (overlap_s == 0)
        rotate_issue_unpin(newest(p), &request->from);
    add_step(p, ROTATE_RETIRE, at, at + ROTATE_DAY_S, true);
    add_step(p, ROTATE_WATCH, at, at + request->margin_s, false);
    if (!request->has_new_backup)
        add_step(p, ROTATE_NEW_BACKUP, at, at + p->grace_s, false);
    if (overlap_s > 0)
        remove_old(p, at + overlap_s);
}

/* What each order costs a client that updates by schedule only. */
static void weigh(struct planner *p)
{
    double mean = rotate_mean_days(p->request->lag_s, p->request->lag_share);
    double wait = (double)p->wait_s / (double)ROTATE_DAY_S;
    double rest = mean > 0 ? exp(-wait / mean) : 0;
    struct rotate_cost first = {ROTATE_DEPLOY_FIRST, 1, mean, mean};
    struct rotate_cost second = {ROTATE_PUBLISH_FIRST, rest, mean * rest, wait + mean};

    p->plan->costs[0] = first;
    p->plan->costs[1] = second;
    p->plan->cost_count = ROTATE_ORDERS;
    p->plan->order = p->request->order;
    if (p->plan->order == ROTATE_ORDER_AUTO)
        p->plan->order =
            first.locked_days + first.exposed_days <= second.locked_days + second.exposed_days
                ? ROTATE_DEPLOY_FIRST
                : ROTATE_PUBLISH_FIRST;
}

/* A key is denied only when no server shows it any more. */
static void deny_old(struct planner *p, int64_t at)
{
    struct rotate_issue *issue = publish(p, at);

    pin_new_key(p, issue, false);
    (void)rotate_issue_deny(issue, &p->request->from);
    pin_new_backup(p, issue);
    add_step(p, ROTATE_DENY, at, at + ROTATE_DAY_S, true);
}

static void plan_stolen(struct planner *p)
{
    const struct rotate_request *request = p->request;
    int64_t at = request->start;

    if (!p->pinned) {
        weigh(p);
        if (p->plan->order == ROTATE_PUBLISH_FIRST)
            at = p->ready;
        pin_new_key(p, publish(p, request->start), true);
        add_step(p, ROTATE_PUBLISH_BACKUP, request->start, request->start + ROTATE_DAY_S, true);
    }
    deploy(p, at);
    add_step(p, ROTATE_DEPLOY, at, at + ROTATE_DAY_S, false);
    deny_old(p, at + ROTATE_HOUR_S);
    add_step(p, ROTATE_WATCH, at, at + request->margin_s, false);
    if (!request->has_new_backup)
        add_step(p, ROTATE_NEW_BACKUP, at, at + p->grace_s, false);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void copy_request(struct rotate_plan *plan, const struct rotate_request *request)
{
    memset(plan, 0, sizeof(*plan));
    (void)snprintf(plan->app, sizeof(plan->app), "%s", pintle_pinset_get_app(request->set));
    (void)snprintf(plan->rule, sizeof(plan->rule), "%s", request->rule->id);
    plan->start = request->start;
    plan->lag_s = request->lag_s;
    plan->margin_s = request->margin_s;
    plan->lag_share = request->lag_share;
    plan->cert_expires = request->cert_expires;
    plan->from = request->from;
    plan->to = request->to;
    plan->new_backup = request->new_backup;
    plan->has_new_backup = request->has_new_backup;
}

bool rotate_plan_make(struct rotate_plan *out, const struct rotate_request *request)
{
    struct pintle_pin about[3] = {request->from, request->to, request->new_backup};
    struct planner p = {.plan = out,
                        .request = request,
                        .wait_s = request->lag_s + request->margin_s,
                        .grace_s =
                            request->margin_s > ROTATE_DAY_S ? request->margin_s : ROTATE_DAY_S};
    struct rotate_issue current;

    copy_request(out, request);
    if (!rotate_issue_from_rule(&current, request->set, request->rule, about,
                                request->has_new_backup ? 3 : 2))
        return false;
    p.pinned = rotate_issue_matches_until(&current, &request->to) > request->start;
    out->kind = p.pinned ? ROTATE_BACKUP : ROTATE_NEW_KEY;
    begin(&p, &current);
    if (request->emergency == ROTATE_LOST)
        plan_lost(&p);
    else if (request->emergency == ROTATE_STOLEN)
        plan_stolen(&p);
    else
        plan_rotation(&p);
    if (request->emergency == ROTATE_LOST || request->emergency == ROTATE_STOLEN)
        out->kind = request->emergency;
    rotate_notes_judge(out, request, p.pinned, p.ready);
    return true;
}

static bool is_live(const struct pintle_rule_pin *pin, int64_t now)
{
    return !pin->backup && pin->until > now;
}

bool rotate_plan_stand_still(struct rotate_plan *out, const struct pintle_pinset *set,
                             const struct pintle_rule *rule, int64_t start)
{
    struct rotate_issue current;
    uint32_t live = 0;

    memset(out, 0, sizeof(*out));
    (void)snprintf(out->app, sizeof(out->app), "%s", pintle_pinset_get_app(set));
    (void)snprintf(out->rule, sizeof(out->rule), "%s", rule->id);
    out->start = start;
    out->cert_expires = PINTLE_NEVER;
    if (rule->pin_count == 0 || !rotate_issue_from_rule(&current, set, rule, NULL, 0))
        return false;
    while (live + 1 < rule->pin_count && !is_live(&rule->pins[live], start))
        live++;
    out->from = rule->pins[live].pin;
    out->to = out->from;
    return rotate_timeline_issue(&out->timeline, &current) &&
           rotate_timeline_show(&out->timeline, current.at, &out->from);
}

/* --- looking at it ----------------------------------------------------------------------------- */

const struct rotate_step *rotate_plan_step(const struct rotate_plan *plan,
                                           enum rotate_step_kind kind)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == kind)
            return &plan->steps[i];
    return NULL;
}

int64_t rotate_plan_end(const struct rotate_plan *plan)
{
    int64_t end = plan->start;

    for (size_t i = 0; i < plan->step_count; i++) {
        const struct rotate_step *step = &plan->steps[i];
        int64_t last = step->kind == ROTATE_WATCH ? step->by : step->at;

        if (last > end)
            end = last;
    }
    return end;
}

static bool is_of_plan(const struct rotate_plan *plan, size_t issue)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].issue == issue)
            return true;
    return false;
}

size_t rotate_plan_current(const struct rotate_plan *plan)
{
    size_t i = 0;

    while (i + 1 < plan->timeline.issue_count && !is_of_plan(plan, i + 1))
        i++;
    return i;
}

bool rotate_plan_worst(const struct rotate_plan *plan, int64_t *from, int64_t *until,
                       int64_t *version)
{
    bool found = false;

    for (size_t i = 0; i < plan->timeline.issue_count; i++) {
        int64_t begin_at;
        int64_t end_at;

        if (is_of_plan(plan, i) || !rotate_timeline_worst(&plan->timeline, i, &begin_at, &end_at) ||
            (found && end_at <= *until))
            continue;
        *from = begin_at;
        *until = end_at;
        *version = plan->timeline.issues[i].version;
        found = true;
    }
    return found;
}
