/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_notes.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct judge {
    struct rotate_plan *plan;
    const struct rotate_request *request;
    bool pinned;
    int64_t ready;
};

void rotate_note(struct rotate_notes *notes, const char *id, const char *format, ...)
{
    struct rotate_note *note = &notes->items[notes->count];
    va_list args;

    if (notes->count == ROTATE_NOTES_MAX)
        return;
    notes->count++;
    (void)snprintf(note->id, sizeof(note->id), "%s", id);
    va_start(args, format);
    (void)vsnprintf(note->text, sizeof(note->text), format, args);
    va_end(args);
}

bool rotate_notes_have(const struct rotate_notes *notes, const char *id)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->items[i].id, id) == 0)
            return true;
    return false;
}

struct date_text {
    char text[PINTLE_TIME_TEXT_SIZE];
};

/* A day; with the time of day if that is not midnight. */
static struct date_text date_of(int64_t time)
{
    struct date_text out = {""};

    (void)pintle_time_format(time, out.text);
    if (strcmp(out.text + 10, "T00:00:00Z") == 0)
        out.text[10] = '\0';
    return out;
}

/* Lent for the call in which it stands (C11 6.2.4, temporary lifetime). */
#define date(time) (date_of(time).text)

static double days(int64_t s)
{
    return ceil((double)s / (double)ROTATE_DAY_S * 10) / 10;
}

/* Percent of the clients that do not have the new key by a time, if lags are exponential. */
static double percent_without(const struct judge *j, int64_t time)
{
    double mean = rotate_mean_days(j->request->lag_s, j->request->lag_share);
    int64_t from = j->pinned ? j->request->since : j->request->start;

    if (mean <= 0)
        return 0;
    return time <= from ? 100 : 100 * exp(-(double)(time - from) / (double)ROTATE_DAY_S / mean);
}

static int64_t deploy_at(const struct judge *j)
{
    const struct rotate_step *step = rotate_plan_step(j->plan, ROTATE_DEPLOY);

    return step->at;
}

/* --- ways out -------------------------------------------------------------------------------- */

/* A reserve that clients have had for long enough. */
static const struct pintle_rule_pin *other_backup(const struct judge *j)
{
    const struct pintle_rule *rule = j->request->rule;

    for (uint32_t i = 0; i < rule->pin_count; i++)
        if (rule->pins[i].backup && rule->pins[i].until > j->request->start &&
            !pintle_pin_equal(&rule->pins[i].pin, &j->request->to) &&
            j->request->since + j->request->lag_s + j->request->margin_s <= j->request->start)
            return &rule->pins[i];
    return NULL;
}

static void tell_backup(struct judge *j)
{
    const struct pintle_rule_pin *backup = other_backup(j);
    char text[PINTLE_PIN_TEXT_SIZE];

    if (backup != NULL)
        rotate_note(&j->plan->possible, "to-backup",
                    "rotate to the backup that clients have already, %s%s%s: --to-backup",
                    pintle_pin_format(&backup->pin, text), backup->label[0] != '\0' ? ", " : "",
                    backup->label);
}

static void tell_wait(struct judge *j)
{
    rotate_note(&j->plan->possible, "wait", "deploy on %s or later", date(j->ready));
}

static void tell_share(struct judge *j, int64_t time)
{
    rotate_note(&j->plan->possible, "refresh",
                "about %.3g %% of the clients would not have the new key on %s; those that update "
                "when they meet a mismatch get in all the same, the others are locked out: see "
                "`pintle rotate simulate`",
                percent_without(j, time), date(time));
}

static void tell_report_mode(struct judge *j)
{
    rotate_note(
        &j->plan->possible, "report-mode",
        "publish the rule in report mode instead: it reaches clients no sooner than the new "
        "key does, but those that have it get in whatever key is deployed; until the rule "
        "enforces again nobody is protected");
}

/* --- refusals -------------------------------------------------------------------------------- */

static void refuse_early(struct judge *j)
{
    if (deploy_at(j) >= j->ready)
        return;
    rotate_note(
        &j->plan->refused, "too-early",
        "on %s, %.1f days before the wait is over, about %.3g %% of the clients do not have "
        "the new key",
        date(deploy_at(j)), days(j->ready - deploy_at(j)), percent_without(j, deploy_at(j)));
    tell_wait(j);
    tell_backup(j);
    tell_share(j, deploy_at(j));
    tell_report_mode(j);
}

static void refuse_certificate(struct judge *j)
{
    int64_t ends = j->request->cert_expires;

    if (ends >= deploy_at(j))
        return;
    rotate_note(&j->plan->refused, "certificate-ends",
                "the certificate in use ends on %s, %.1f days before %s", date(ends),
                days(deploy_at(j) - ends),
                deploy_at(j) == j->ready ? "the wait is over" : "the new key is deployed");
    rotate_note(&j->plan->possible, "renew",
                "have the certificate renewed for the key in use, until after %s: its pin stays "
                "the same and no client notices",
                date(deploy_at(j)));
    if (j->request->deploy != PINTLE_NEVER && j->ready <= ends)
        rotate_note(&j->plan->possible, "deploy-sooner", "deploy between %s and %s", date(j->ready),
                    date(ends));
    if (j->ready > ends) {
        rotate_note(&j->plan->possible, "backup-sooner",
                    "the new key would have to be published as backup by %s",
                    date(ends - j->request->lag_s - j->request->margin_s));
        tell_backup(j);
        tell_share(j, ends);
        tell_report_mode(j);
    }
}

static void refuse_pins(struct judge *j)
{
    const struct rotate_issue *current = &j->plan->timeline.issues[rotate_plan_current(j->plan)];
    int64_t old_until = rotate_issue_matches_until(current, &j->request->from);
    int64_t new_until = rotate_issue_matches_until(current, &j->request->to);

    if (rotate_issue_denies(current, &j->request->to)) {
        rotate_note(&j->plan->refused, "denied", "the rule denies the new key");
        rotate_note(&j->plan->possible, "other-key",
                    "choose another key: a denied one is refused "
                    "by every client that has this version");
        return;
    }
    if (j->request->emergency == ROTATE_LOST || j->request->emergency == ROTATE_STOLEN)
        return;
    if (old_until < deploy_at(j)) {
        rotate_note(&j->plan->refused, "old-key-ends",
                    "clients stop accepting the key in use on %s, before the new one is deployed",
                    date(old_until));
        rotate_note(&j->plan->possible, "extend",
                    "publish a version in which the old pin has a later `until`, in time to reach "
                    "clients by then");
    }
    if (j->pinned && new_until < rotate_plan_end(j->plan)) {
        rotate_note(&j->plan->refused, "new-key-ends",
                    "clients stop accepting the new key on %s, before the rotation is over",
                    date(new_until));
        rotate_note(&j->plan->possible, "extend-new",
                    "publish a version in which the new pin has no `until`, and wait as for a new "
                    "key");
    }
}

/* --- warnings -------------------------------------------------------------------------------- */

/* The step that is under way at a time. */
static const char *step_at(const struct rotate_plan *plan, int64_t time)
{
    const char *name = "wait";
    int64_t begun = INT64_MIN;

    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].at <= time && plan->steps[i].at >= begun) {
            begun = plan->steps[i].at;
            name = rotate_step_name(plan->steps[i].kind);
        }
    return name;
}

/* An issue ends while clients may still hold it. */
static void warn_of_ends(struct judge *j)
{
    const struct rotate_timeline *timeline = &j->plan->timeline;
    int64_t over = rotate_plan_end(j->plan);

    for (size_t i = 0; i < timeline->issue_count; i++) {
        const struct rotate_issue *issue = &timeline->issues[i];
        int64_t ends = rotate_issue_ends(issue);

        if (ends > over || issue->mode != PINTLE_MODE_ENFORCE)
            continue;
        rotate_note(&j->plan->warnings, "ends-in-step",
                    "clients that hold version %lld stop enforcing on %s (%s), %s \"%s\"",
                    (long long)issue->version, date(ends),
                    ends == issue->enforce_until ? "enforce_until" : "hard_ttl_s",
                    ends < j->plan->start ? "before the first step," : "in the middle of step",
                    step_at(j->plan, ends));
    }
}

static void warn_of_expiry(struct judge *j)
{
    const struct rotate_timeline *timeline = &j->plan->timeline;

    for (size_t i = 0; i + 1 < timeline->issue_count; i++) {
        const struct rotate_issue *issue = &timeline->issues[i];

        if (issue->expires < timeline->issues[i + 1].at)
            rotate_note(
                &j->plan->warnings, "expires-in-step",
                "version %lld expires on %s, before the next one is published: issue it "
                "anew before that, or clients are told that it is stale and new ones refuse "
                "it",
                (long long)issue->version, date(issue->expires));
    }
}

static void warn_of_bounds(struct judge *j)
{
    const struct pintle_rule *rule = j->request->rule;

    if (pintle_rule_get_mode(rule, j->request->start) != PINTLE_MODE_ENFORCE)
        rotate_note(
            &j->plan->warnings, "not-enforced",
            "the rule does not enforce: nobody can be locked out, nor is anybody protected");
    else if (rule->ends == PINTLE_NEVER || rule->after == PINTLE_MODE_ENFORCE)
        rotate_note(&j->plan->warnings, "unbounded",
                    "nothing ends the enforcement of this version: a client that is never updated "
                    "is locked out for ever");
}

static void warn_of_haste(struct judge *j)
{
    bool urgent = j->request->emergency == ROTATE_LOST || j->request->emergency == ROTATE_STOLEN;
    double percent = percent_without(j, deploy_at(j));

    if (j->pinned && j->ready > j->request->start)
        rotate_note(&j->plan->warnings, "recent",
                    "the new key is known to be published only since %s: %s it (--since, if it has "
                    "been longer)",
                    date(j->request->since),
                    urgent ? "not all clients have" : "the wait counts from");
    if (urgent && deploy_at(j) < j->ready)
        rotate_note(
            &j->plan->warnings, "lock-out",
            "about %.3g %% of the clients do not have the new key when it is deployed: they "
            "get in when they update, at the next mismatch or by schedule",
            percent);
}

static void warn_of_gaps(struct judge *j)
{
    if (j->request->cert_expires == PINTLE_NEVER && j->request->emergency != ROTATE_LOST &&
        j->request->emergency != ROTATE_STOLEN)
        rotate_note(&j->plan->warnings, "no-certificate",
                    "it is not known when the certificate in use ends");
    if (!j->request->has_new_backup)
        rotate_note(&j->plan->warnings, "no-new-backup",
                    "no new backup is planned: make one with `pintle key backup` and name it with "
                    "--new-backup");
}

void rotate_notes_judge(struct rotate_plan *plan, const struct rotate_request *request, bool pinned,
                        int64_t ready)
{
    struct judge j = {plan, request, pinned, ready};

    refuse_pins(&j);
    if (request->emergency != ROTATE_LOST && request->emergency != ROTATE_STOLEN) {
        refuse_early(&j);
        refuse_certificate(&j);
    }
    warn_of_bounds(&j);
    warn_of_haste(&j);
    warn_of_ends(&j);
    warn_of_expiry(&j);
    warn_of_gaps(&j);
}
