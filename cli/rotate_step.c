/* SPDX-License-Identifier: Apache-2.0 */
/* What a step says to whoever does it. */
#include <stdio.h>
#include <string.h>

#include "rotate_plan.h"

const char *rotate_step_title(enum rotate_step_kind kind)
{
    static const char *const titles[ROTATE_STEP_KINDS] = {
        [ROTATE_PUBLISH_BACKUP] = "publish the new key as backup",
        [ROTATE_DEPLOY] = "deploy the new key on every server",
        [ROTATE_WATCH] = "watch what the clients report",
        [ROTATE_NEW_BACKUP] = "make a new backup key",
        [ROTATE_RETIRE] = "publish the end of the old pin",
        [ROTATE_REMOVE] = "publish without the old pin",
        [ROTATE_DENY] = "publish the old key as denied",
    };

    return titles[kind];
}

static const char *day(int64_t time, char out[PINTLE_TIME_TEXT_SIZE])
{
    return pintle_time_format(time, out);
}

/* Versions that were published in between, for another reason, move those of the plan. */
static long long version_of(const struct rotate_plan *plan, const struct rotate_step *step,
                            int64_t published)
{
    int64_t version = plan->timeline.issues[step->issue].version;

    return version > published ? version : published + 1;
}

static const struct rotate_issue *issue_of(const struct rotate_plan *plan,
                                           const struct rotate_step *step)
{
    return &plan->timeline.issues[step->issue];
}

static void publish_text(const struct rotate_plan *plan, const struct rotate_step *step,
                         int64_t published, char *out)
{
    char pin[PINTLE_PIN_TEXT_SIZE];

    (void)snprintf(out, ROTATE_NOTE_SIZE,
                   "Publish version %lld, in which rule %s also has the pin %s (\"backup\": true). "
                   "The wait begins when it is out.",
                   version_of(plan, step, published), plan->rule,
                   pintle_pin_format(&plan->to, pin));
}

static void deploy_text(const struct rotate_plan *plan, char *out)
{
    char pin[PINTLE_PIN_TEXT_SIZE];

    (void)snprintf(out, ROTATE_NOTE_SIZE,
                   "Install the certificate for the key %s on every server of the rule, then run "
                   "`pintle rotate status`.%s",
                   pintle_pin_format(&plan->to, pin),
                   plan->kind == ROTATE_STOLEN ? " Revoke the old certificate." : "");
}

static void watch_text(const struct rotate_plan *plan, const struct rotate_step *step, char *out)
{
    char until[PINTLE_TIME_TEXT_SIZE];
    bool gone = plan->kind == ROTATE_LOST || plan->kind == ROTATE_STOLEN;

    (void)snprintf(
        out, ROTATE_NOTE_SIZE,
        "Until %s, later if the key was deployed later, read the reports and run `pintle "
        "check`.%s",
        day(step->by, until),
        gone ? ""
             : " If many clients are refused, go back to the old key: it is pinned "
               "still.");
}

static void retire_text(const struct rotate_plan *plan, const struct rotate_step *step,
                        int64_t published, char *out)
{
    const struct rotate_issue *issue = issue_of(plan, step);
    size_t old = rotate_issue_find(issue, &plan->from);
    char until[PINTLE_TIME_TEXT_SIZE];
    char pin[PINTLE_PIN_TEXT_SIZE];
    int len;

    len = snprintf(out, ROTATE_NOTE_SIZE,
                   "Publish version %lld: drop \"backup\" from the new key's pin, ",
                   version_of(plan, step, published));
    if (old == issue->pin_count)
        len += snprintf(out + len, ROTATE_NOTE_SIZE - (size_t)len, "remove the old one");
    else
        len += snprintf(out + len, ROTATE_NOTE_SIZE - (size_t)len,
                        "give the old one \"until\": \"%s\"", day(issue->pins[old].until, until));
    (void)snprintf(out + len, ROTATE_NOTE_SIZE - (size_t)len, "%s%s.",
                   plan->has_new_backup ? ", add the new backup " : ", add a new backup",
                   plan->has_new_backup ? pintle_pin_format(&plan->new_backup, pin) : "");
}

static void deny_text(const struct rotate_plan *plan, const struct rotate_step *step,
                      int64_t published, char *out)
{
    char pin[PINTLE_PIN_TEXT_SIZE];

    (void)snprintf(out, ROTATE_NOTE_SIZE,
                   "When every server shows the new key, and not before, publish version %lld: the "
                   "new key's pin without \"backup\", and the old key %s in \"deny\" instead of "
                   "\"pins\".",
                   version_of(plan, step, published), pintle_pin_format(&plan->from, pin));
}

/* A backup beside the two keys that change, or NULL. */
static const struct rotate_pin *other_reserve(const struct rotate_plan *plan)
{
    const struct rotate_issue *issue = &plan->timeline.issues[rotate_plan_current(plan)];

    for (size_t i = 0; i < issue->pin_count; i++)
        if (issue->pins[i].backup && issue->pins[i].until == PINTLE_NEVER &&
            !pintle_pin_equal(&issue->pins[i].pin, &plan->to) &&
            !pintle_pin_equal(&issue->pins[i].pin, &plan->from))
            return &issue->pins[i];
    return NULL;
}

static void new_backup_text(const struct rotate_plan *plan, char *out)
{
    const struct rotate_pin *other = other_reserve(plan);
    char pin[PINTLE_PIN_TEXT_SIZE];

    (void)snprintf(out, ROTATE_NOTE_SIZE,
                   "Run `pintle key backup`, keep the key offline, and put its pin into the next "
                   "version of rule %s: until then the rule %s%s.",
                   plan->rule, other == NULL ? "has no reserve" : "has in reserve only ",
                   other == NULL ? "" : pintle_pin_format(&other->pin, pin));
}

static void remove_text(const struct rotate_plan *plan, const struct rotate_step *step,
                        int64_t published, char *out)
{
    char pin[PINTLE_PIN_TEXT_SIZE];

    (void)snprintf(
        out, ROTATE_NOTE_SIZE,
        "The old pin matches no longer. Publish version %lld without %s, and destroy the "
        "old key.",
        version_of(plan, step, published), pintle_pin_format(&plan->from, pin));
}

char *rotate_step_text(const struct rotate_plan *plan, const struct rotate_step *step,
                       int64_t published, char *out)
{
    switch (step->kind) {
    case ROTATE_PUBLISH_BACKUP:
        publish_text(plan, step, published, out);
        break;
    case ROTATE_DEPLOY:
        deploy_text(plan, out);
        break;
    case ROTATE_WATCH:
        watch_text(plan, step, out);
        break;
    case ROTATE_NEW_BACKUP:
        new_backup_text(plan, out);
        break;
    case ROTATE_RETIRE:
        retire_text(plan, step, published, out);
        break;
    case ROTATE_REMOVE:
        remove_text(plan, step, published, out);
        break;
    case ROTATE_DENY:
        deny_text(plan, step, published, out);
        break;
    }
    return out;
}
