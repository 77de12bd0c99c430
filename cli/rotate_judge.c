/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "rotate_notes.h"
#include "rotate_status.h"

struct judge {
    struct rotate_status *out;
    const struct pintle_pinset *set;
    const struct pintle_rule *rule;
    const struct rotate_facts *facts;
    const struct rotate_plan *plan;
    int64_t now;
};

const char *rotate_pin_state_name(enum rotate_pin_state state)
{
    static const char *const names[] = {"live", "backup", "unused", "ending", "retired"};

    return names[state];
}

enum rotate_pin_state rotate_pin_state(const struct pintle_rule_pin *pin, size_t seen, int64_t now)
{
    if (pin->until <= now)
        return ROTATE_PIN_RETIRED;
    if (seen > 0)
        return ROTATE_PIN_LIVE;
    if (pin->until != PINTLE_NEVER)
        return ROTATE_PIN_ENDING;
    return pin->backup ? ROTATE_PIN_BACKUP : ROTATE_PIN_UNUSED;
}

const char *rotate_step_state_name(enum rotate_step_state state)
{
    static const char *const names[] = {"done", "waiting", "due", "late"};

    return names[state];
}

/* --- what the pin-set says ---------------------------------------------------------------------- */

static const struct pintle_rule_pin *find(const struct judge *j, const struct pintle_pin *pin)
{
    for (uint32_t i = 0; i < j->rule->pin_count; i++)
        if (pintle_pin_equal(&j->rule->pins[i].pin, pin))
            return &j->rule->pins[i];
    return NULL;
}

static bool denies(const struct judge *j, const struct pintle_pin *pin)
{
    for (uint32_t i = 0; i < j->rule->deny_count; i++)
        if (pintle_pin_equal(&j->rule->deny[i], pin))
            return true;
    return false;
}

/* A backup that no server shows, other than the key that is being deployed. */
static bool has_reserve(const struct judge *j)
{
    for (uint32_t i = 0; i < j->rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &j->rule->pins[i];

        if (pin->backup && pin->until > j->now && j->facts->seen[i] == 0 &&
            (j->plan == NULL || !pintle_pin_equal(&pin->pin, &j->plan->to)))
            return true;
    }
    return false;
}

/* --- the steps of a plan ------------------------------------------------------------------------ */

static bool is_deployed(const struct judge *j)
{
    return j->facts->reached > 0 && j->facts->shows_new == j->facts->reached;
}

static bool is_done(const struct judge *j, const struct rotate_step *step)
{
    const struct pintle_rule_pin *new = find(j, &j->plan->to);
    const struct pintle_rule_pin *old = find(j, &j->plan->from);

    switch (step->kind) {
    case ROTATE_PUBLISH_BACKUP:
        return new != NULL &&new->until > j->now;
    case ROTATE_DEPLOY:
        return is_deployed(j);
    case ROTATE_WATCH:
        return is_deployed(j) && j->now >= step->by;
    case ROTATE_NEW_BACKUP:
        return has_reserve(j);
    case ROTATE_RETIRE:
        return new != NULL && !new->backup && (old == NULL || old->until != PINTLE_NEVER);
    case ROTATE_REMOVE:
        return old == NULL;
    case ROTATE_DENY:
        return denies(j, &j->plan->from);
    }
    return false;
}

/* There is nothing to watch, nor an old key to part from, before the new one is deployed. */
static bool follows_deploy(const struct rotate_step *step)
{
    return step->kind == ROTATE_WATCH || step->kind == ROTATE_RETIRE ||
           step->kind == ROTATE_REMOVE || step->kind == ROTATE_DENY;
}

static enum rotate_step_state state_of(const struct judge *j, const struct rotate_step *step)
{
    if (is_done(j, step))
        return ROTATE_STEP_DONE;
    if (j->now < step->at || (follows_deploy(step) && !is_deployed(j)))
        return ROTATE_STEP_WAITING;
    /* Watching has no end to miss: it is over, or what comes before it is late. */
    return j->now > step->by && step->kind != ROTATE_WATCH ? ROTATE_STEP_LATE : ROTATE_STEP_DUE;
}

/*
 * When the new key may be deployed. A wait that began later ends later: a directory tells since when
 * the key is in it; the document at hand when it was issued, if it is the one that brought the key.
 */
static int64_t deploy_safe_at(const struct judge *j)
{
    const struct rotate_step *deploy = rotate_plan_step(j->plan, ROTATE_DEPLOY);
    const struct rotate_step *publish = rotate_plan_step(j->plan, ROTATE_PUBLISH_BACKUP);
    int64_t safe = deploy != NULL ? deploy->at : j->now;
    int64_t issued = j->now;
    bool urgent = j->plan->kind == ROTATE_LOST || j->plan->kind == ROTATE_STOLEN;

    if (publish == NULL || urgent)
        return safe;
    if (find(j, &j->plan->to) != NULL && j->facts->pinned_since != 0)
        issued = j->facts->pinned_since;
    else if (find(j, &j->plan->to) != NULL)
        issued =
            pintle_pinset_get_version(j->set) == j->plan->timeline.issues[publish->issue].version
                ? pintle_pinset_get_issued(j->set)
                : publish->at;
    if (issued + j->plan->lag_s + j->plan->margin_s > safe)
        safe = issued + j->plan->lag_s + j->plan->margin_s;
    return safe;
}

static void judge_steps(struct judge *j)
{
    struct rotate_status *out = j->out;

    for (size_t i = 0; i < j->plan->step_count; i++) {
        const struct rotate_step *step = &j->plan->steps[i];

        out->steps[i] = state_of(j, step);
        /* A deploy that is not safe yet because the publication was late is not late itself. */
        if (step->kind == ROTATE_DEPLOY && out->steps[i] >= ROTATE_STEP_DUE &&
            j->now < deploy_safe_at(j))
            out->steps[i] = ROTATE_STEP_WAITING;
        out->late = out->late || out->steps[i] == ROTATE_STEP_LATE;
        if (out->next == SIZE_MAX && out->steps[i] != ROTATE_STEP_DONE)
            out->next = i;
    }
    if (out->next == SIZE_MAX)
        return;
    out->safe_at = j->plan->steps[out->next].at;
    if (j->plan->steps[out->next].kind == ROTATE_DEPLOY)
        out->safe_at = deploy_safe_at(j);
    (void)rotate_step_text(j->plan, &j->plan->steps[out->next], pintle_pinset_get_version(j->set),
                           out->advice);
}

/* --- dangers --------------------------------------------------------------------------------- */

static void look_at_plan(struct judge *j)
{
    struct rotate_notes *unsafe = &j->out->unsafe;
    int64_t safe = deploy_safe_at(j);
    const struct rotate_step *deploy = rotate_plan_step(j->plan, ROTATE_DEPLOY);
    bool deployed = is_deployed(j);

    if (j->facts->shows_new > 0 && j->now < safe)
        rotate_note(unsafe, "deployed-early",
                    "%zu of %zu handshakes show the new key already: it is safe from %s on",
                    j->facts->shows_new, j->facts->reached, rotate_date(safe));
    if (!deployed && deploy != NULL && j->facts->cert_ends < safe)
        rotate_note(unsafe, "certificate-ends",
                    "the certificate in use ends on %s, before the new key may be deployed on %s: "
                    "have it renewed for the same key",
                    rotate_date(j->facts->cert_ends), rotate_date(safe));
    if (j->facts->shows_old > 0 && j->facts->shows_new == 0 && denies(j, &j->plan->from))
        rotate_note(unsafe, "denied-early", "the old key is denied while servers still show it");
}

static void look_at_servers(struct judge *j)
{
    struct rotate_notes *unsafe = &j->out->unsafe;

    if (j->facts->mismatched > 0)
        rotate_note(unsafe, "mismatch",
                    "%zu of %zu handshakes show no pinned key: clients that have this version are "
                    "refused",
                    j->facts->mismatched, j->facts->reached);
    if (j->facts->ending > 0)
        rotate_note(
            unsafe, "ending",
            "%zu of %zu handshakes show a key that stops matching on %s: deploy another one "
            "before that",
            j->facts->ending, j->facts->reached, rotate_date(j->facts->ending_at));
}

/* --- without a plan --------------------------------------------------------------------------- */

static bool has_ending_pin(const struct judge *j)
{
    for (uint32_t i = 0; i < j->rule->pin_count; i++)
        if (j->rule->pins[i].until != PINTLE_NEVER && j->rule->pins[i].until > j->now)
            return true;
    return false;
}

static const char *stage(const struct judge *j)
{
    if (j->out->unsafe.count > 0)
        return "unsafe";
    if (j->plan != NULL && j->out->next == SIZE_MAX)
        return "done";
    if (j->facts->backups > 0)
        return j->facts->backups < j->facts->reached ? "changing" : "changed";
    return has_ending_pin(j) ? "retiring" : "steady";
}

static void advise(struct judge *j)
{
    char *out = j->out->advice;

    if (strcmp(j->out->stage, "changing") == 0)
        (void)snprintf(out, ROTATE_NOTE_SIZE,
                       "Deploy the backup key on the other servers too: %zu of %zu handshakes show "
                       "it.",
                       j->facts->backups, j->facts->reached);
    else if (strcmp(j->out->stage, "changed") == 0)
        (void)snprintf(
            out, ROTATE_NOTE_SIZE,
            "Publish a version in which the pin in use is no \"backup\", the old one has "
            "an \"until\"%s.",
            has_reserve(j) ? "" : ", and a new backup is pinned");
    else if (strcmp(j->out->stage, "retiring") == 0)
        (void)snprintf(out, ROTATE_NOTE_SIZE,
                       "When the pin that is ending has ended, publish a version without it.");
    else if (strcmp(j->out->stage, "steady") == 0 && !has_reserve(j))
        (void)snprintf(out, ROTATE_NOTE_SIZE,
                       "Make a backup with `pintle key backup`: the rule has no reserve.");
}

void rotate_status_judge(struct rotate_status *out, const struct pintle_pinset *set,
                         const struct pintle_rule *rule, const struct rotate_facts *facts,
                         const struct rotate_plan *plan, int64_t now)
{
    struct judge j = {out, set, rule, facts, plan, now};

    memset(out, 0, sizeof(*out));
    out->next = SIZE_MAX;
    out->safe_at = PINTLE_NEVER;
    look_at_servers(&j);
    if (plan != NULL) {
        judge_steps(&j);
        look_at_plan(&j);
    }
    out->stage = stage(&j);
    if (plan == NULL)
        advise(&j);
}
