/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_outcome.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- shares ---------------------------------------------------------------------------------- */

size_t rotate_outcome_bin(const struct rotate_outcome *outcome, int64_t time)
{
    int64_t bin = (time - outcome->play->start) / ROTATE_BIN_S;

    if (bin < 0)
        return 0;
    return (size_t)bin < outcome->tally.bins ? (size_t)bin : outcome->tally.bins - 1;
}

int64_t rotate_outcome_time(const struct rotate_outcome *outcome, size_t bin)
{
    return outcome->play->start + (int64_t)bin * ROTATE_BIN_S;
}

int64_t rotate_outcome_when(const struct rotate_outcome *outcome, size_t bin)
{
    int64_t when = rotate_outcome_time(outcome, bin);
    int64_t end = when + ROTATE_BIN_S;

    for (size_t i = 0; i < outcome->event_count; i++)
        if (outcome->events[i].at > when && outcome->events[i].at < end)
            when = outcome->events[i].at;
    return when;
}

double rotate_outcome_share(const struct rotate_outcome *outcome, size_t series, size_t bin)
{
    return (double)rotate_tally_get(&outcome->tally, series, bin) / (double)outcome->clients;
}

double rotate_outcome_highest(const struct rotate_outcome *outcome, size_t series, size_t first,
                              size_t last)
{
    double highest = 0;

    for (size_t bin = first; bin < last; bin++) {
        double share = rotate_outcome_share(outcome, series, bin);

        highest = share > highest ? share : highest;
    }
    return highest;
}

bool rotate_outcome_fails(const struct rotate_outcome *outcome)
{
    size_t peak = rotate_tally_peak(&outcome->tally, ROTATE_LOCKED);

    return rotate_outcome_share(outcome, ROTATE_LOCKED, peak) > outcome->bound;
}

bool rotate_outcome_exposes(const struct rotate_outcome *outcome)
{
    return outcome->play->stolen_at != PINTLE_NEVER || outcome->tally.exposed_clients > 0;
}

const char *rotate_percent(double share)
{
    static char texts[8][32];
    static unsigned turn;
    char *text = texts[turn++ % 8];
    double percent = share * 100;

    if (percent <= 0 || percent >= 100)
        (void)snprintf(text, sizeof(texts[0]), "%.0f %%", percent);
    else if (percent < 0.0001)
        (void)snprintf(text, sizeof(texts[0]), "< 0.0001 %%");
    else if (percent < 90)
        (void)snprintf(text, sizeof(texts[0]), "%.2g %%", percent);
    else
        (void)snprintf(text, sizeof(texts[0]), "%.*f %%",
                       percent > 99.9999 ? 6 : (int)(1.999 - log10(100 - percent)), percent);
    return text;
}

/* --- events ---------------------------------------------------------------------------------- */

static void add(struct rotate_outcome *outcome, int64_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(struct rotate_outcome *outcome, int64_t at, const char *format, ...)
{
    struct rotate_event *event = &outcome->events[outcome->event_count];
    va_list args;

    if (at < outcome->play->start || at >= outcome->play->end ||
        outcome->event_count == ROTATE_EVENTS_MAX)
        return;
    outcome->event_count++;
    event->at = at;
    va_start(args, format);
    (void)vsnprintf(event->text, sizeof(event->text), format, args);
    va_end(args);
}

static const char *step_title(const struct rotate_plan *plan, const struct rotate_issue *issue)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        size_t index = plan->steps[i].issue;

        if (index != SIZE_MAX && plan->timeline.issues[index].version == issue->version &&
            plan->timeline.issues[index].at == issue->at)
            return rotate_step_title(plan->steps[i].kind);
    }
    return NULL;
}

static void add_issue(struct rotate_outcome *outcome, const struct rotate_issue *issue)
{
    const char *title = step_title(outcome->plan, issue);

    if (issue->held)
        return;
    if (issue->hostile)
        add(outcome, issue->at, "a hostile pin-set is spread");
    else if (title != NULL)
        add(outcome, issue->at, "%s (version %lld)", title, (long long)issue->version);
    else
        add(outcome, issue->at, "version %lld%s is published", (long long)issue->version,
            issue->epoch > outcome->timeline->issues[0].epoch ? " of a new epoch" : "");
}

/* What is done to the fleet comes before the answer to it, at equal times. */
static int compare(const void *a, const void *b)
{
    const struct rotate_event *left = a;
    const struct rotate_event *right = b;

    return (left->at > right->at) - (left->at < right->at);
}

/* A stable sort: equal times keep the order in which they were added. */
static void sort(struct rotate_outcome *outcome)
{
    for (size_t i = 1; i < outcome->event_count; i++)
        for (size_t j = i; j > 0 && compare(&outcome->events[j - 1], &outcome->events[j]) > 0;
             j--) {
            struct rotate_event kept = outcome->events[j];

            outcome->events[j] = outcome->events[j - 1];
            outcome->events[j - 1] = kept;
        }
}

void rotate_outcome_gather(struct rotate_outcome *outcome)
{
    const struct rotate_attack *attack = outcome->attack;

    outcome->event_count = 0;
    add(outcome, attack->lose_key, "the servers' key is lost");
    add(outcome, attack->steal_key, "the servers' key is stolen");
    add(outcome, attack->steal_signer,
        attack->threshold < 2 ? "a signing key is stolen"
                              : "a signing key is stolen, which is one too few");
    add(outcome, attack->freeze_at, "the sources freeze");
    add(outcome, rotate_later(attack->freeze_at, attack->freeze_s), "the sources thaw");
    for (size_t i = 0; i < outcome->timeline->issue_count; i++)
        add_issue(outcome, &outcome->timeline->issues[i]);
    for (size_t i = 1; i < outcome->timeline->shown_count; i++)
        add(outcome, outcome->timeline->shown[i].at, "the servers show another key");
    sort(outcome);
}
