/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_model.h"

#include <string.h>

#define YEAR_9999_END ((int64_t)253402300800)

int64_t rotate_later(int64_t a, int64_t b)
{
    if (a == PINTLE_NEVER || b == PINTLE_NEVER || (b > 0 && a > YEAR_9999_END - b))
        return PINTLE_NEVER;
    return a + b < YEAR_9999_END ? a + b : PINTLE_NEVER;
}

/* --- one issue ------------------------------------------------------------------------------- */

int64_t rotate_issue_ends(const struct rotate_issue *issue)
{
    int64_t hard = PINTLE_NEVER;

    if (issue->after >= issue->mode)
        hard = rotate_later(issue->issued, issue->hard_ttl_s);
    return hard < issue->enforce_until ? hard : issue->enforce_until;
}

enum pintle_mode rotate_issue_mode(const struct rotate_issue *issue, int64_t clock)
{
    return clock < rotate_issue_ends(issue) ? issue->mode : issue->after;
}

size_t rotate_issue_find(const struct rotate_issue *issue, const struct pintle_pin *pin)
{
    size_t i = 0;

    while (i < issue->pin_count && !pintle_pin_equal(&issue->pins[i].pin, pin))
        i++;
    return i;
}

bool rotate_issue_denies(const struct rotate_issue *issue, const struct pintle_pin *pin)
{
    for (size_t i = 0; i < issue->deny_count; i++)
        if (pintle_pin_equal(&issue->deny[i], pin))
            return true;
    return false;
}

/* A key may be pinned twice, at two positions: the later end counts. */
int64_t rotate_issue_matches_until(const struct rotate_issue *issue, const struct pintle_pin *pin)
{
    int64_t until = INT64_MIN;

    if (rotate_issue_denies(issue, pin))
        return until;
    for (size_t i = 0; i < issue->pin_count; i++)
        if (pintle_pin_equal(&issue->pins[i].pin, pin) && issue->pins[i].until > until)
            until = issue->pins[i].until;
    return until;
}

bool rotate_issue_refuses(const struct rotate_issue *issue, const struct pintle_pin *pin,
                          int64_t clock)
{
    if (rotate_issue_denies(issue, pin))
        return true;
    return rotate_issue_mode(issue, clock) == PINTLE_MODE_ENFORCE &&
           clock >= rotate_issue_matches_until(issue, pin);
}

/* --- changing one ---------------------------------------------------------------------------- */

bool rotate_issue_pin(struct rotate_issue *issue, const struct rotate_pin *pin)
{
    size_t i = rotate_issue_find(issue, &pin->pin);

    if (i == ROTATE_PINS_MAX)
        return false;
    if (i == issue->pin_count)
        issue->pin_count++;
    issue->pins[i] = *pin;
    return true;
}

void rotate_issue_unpin(struct rotate_issue *issue, const struct pintle_pin *pin)
{
    size_t kept = 0;

    for (size_t i = 0; i < issue->pin_count; i++)
        if (!pintle_pin_equal(&issue->pins[i].pin, pin))
            issue->pins[kept++] = issue->pins[i];
    issue->pin_count = kept;
}

bool rotate_issue_deny(struct rotate_issue *issue, const struct pintle_pin *pin)
{
    rotate_issue_unpin(issue, pin);
    if (rotate_issue_denies(issue, pin))
        return true;
    if (issue->deny_count == ROTATE_PINS_MAX)
        return false;
    issue->deny[issue->deny_count++] = *pin;
    return true;
}

/* The end of a window that was so long at `from`, moved to `at`. */
static int64_t moved(int64_t end, int64_t from, int64_t at)
{
    int64_t length = end == PINTLE_NEVER ? PINTLE_NEVER : end - from;
    int64_t there = rotate_later(at, length);

    return there > end ? there : end;
}

struct rotate_issue rotate_issue_next(const struct rotate_issue *issue, int64_t at)
{
    struct rotate_issue next = *issue;

    next.at = at;
    next.issued = at;
    next.version = issue->version + 1;
    next.held = false;
    next.hostile = false;
    next.expires = moved(issue->expires, issue->issued, at);
    next.enforce_until = moved(issue->enforce_until, issue->issued, at);
    return next;
}

/* --- the timeline ---------------------------------------------------------------------------- */

bool rotate_timeline_issue(struct rotate_timeline *timeline, const struct rotate_issue *issue)
{
    if (timeline->issue_count == ROTATE_ISSUES_MAX)
        return false;
    timeline->issues[timeline->issue_count++] = *issue;
    return true;
}

bool rotate_timeline_show(struct rotate_timeline *timeline, int64_t at,
                          const struct pintle_pin *pin)
{
    if (timeline->shown_count == ROTATE_SHOWN_MAX)
        return false;
    timeline->shown[timeline->shown_count].at = at;
    timeline->shown[timeline->shown_count++].pin = *pin;
    return true;
}

size_t rotate_timeline_newest(const struct rotate_timeline *timeline, int64_t time)
{
    size_t newest = 0;

    for (size_t i = 1; i < timeline->issue_count; i++)
        if (timeline->issues[i].at <= time)
            newest = i;
    return newest;
}

const struct pintle_pin *rotate_timeline_shown(const struct rotate_timeline *timeline, int64_t time)
{
    size_t shown = 0;

    for (size_t i = 1; i < timeline->shown_count; i++)
        if (timeline->shown[i].at <= time)
            shown = i;
    return &timeline->shown[shown].pin;
}

/* Where within [from, to) the issue refuses a key: from *begin, until *end. */
static bool refusal_within(const struct rotate_issue *issue, const struct pintle_pin *pin,
                           int64_t from, int64_t to, int64_t *begin, int64_t *end)
{
    int64_t changes[4] = {from, rotate_issue_ends(issue), rotate_issue_matches_until(issue, pin)};
    bool found = false;

    /* Between these times nothing changes; each is tried as a beginning. */
    for (int i = 0; i < 3; i++)
        for (int j = i + 1; j < 3; j++)
            if (changes[j] < changes[i]) {
                int64_t kept = changes[i];
                changes[i] = changes[j];
                changes[j] = kept;
            }
    changes[3] = to;
    for (int i = 0; i < 3; i++) {
        int64_t start = changes[i] > from ? changes[i] : from;
        int64_t stop = changes[i + 1] < to ? changes[i + 1] : to;

        if (start >= stop || !rotate_issue_refuses(issue, pin, start))
            continue;
        *begin = found ? *begin : start;
        *end = stop;
        found = true;
    }
    return found;
}

bool rotate_timeline_worst(const struct rotate_timeline *timeline, size_t issue, int64_t *from,
                           int64_t *until)
{
    bool found = false;

    for (size_t i = 0; i < timeline->shown_count; i++) {
        int64_t begin = timeline->shown[i].at;
        int64_t end = i + 1 < timeline->shown_count ? timeline->shown[i + 1].at : PINTLE_NEVER;

        if (begin < timeline->issues[issue].at)
            begin = timeline->issues[issue].at;
        if (!refusal_within(&timeline->issues[issue], &timeline->shown[i].pin, begin, end, &begin,
                            &end))
            continue;
        *from = found ? *from : begin;
        *until = end;
        found = true;
    }
    return found;
}
