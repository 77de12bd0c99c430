/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_attack.h"

#include <string.h>

/* Keys that no document has: what an attacker holds, and what is made in need. */
#define HOSTILE_BYTE 0xa7
#define MADE_BYTE 0x3d

struct rotate_attack rotate_attack_none(void)
{
    return (struct rotate_attack){.freeze_at = PINTLE_NEVER,
                                  .lose_key = PINTLE_NEVER,
                                  .steal_key = PINTLE_NEVER,
                                  .steal_signer = PINTLE_NEVER,
                                  .threshold = 1};
}

/* --- a key of the servers --------------------------------------------------------------------- */

static bool is_usable(const struct rotate_issue *issue, size_t i, const struct pintle_pin *gone,
                      int64_t at)
{
    const struct rotate_pin *pin = &issue->pins[i];

    return !pintle_pin_equal(&pin->pin, gone) && pin->at != PINTLE_AT_CA && pin->until > at &&
           !rotate_issue_denies(issue, &pin->pin);
}

/* The key to show instead: the one that is planned next, a backup, any other; else a new one. */
static struct pintle_pin choose(const struct rotate_timeline *timeline,
                                const struct rotate_issue *issue, const struct pintle_pin *gone,
                                int64_t at)
{
    const struct pintle_pin *last = &timeline->shown[timeline->shown_count - 1].pin;
    size_t best = rotate_issue_find(issue, last);
    struct pintle_pin made;

    if (best < issue->pin_count && is_usable(issue, best, gone, at))
        return *last;
    best = issue->pin_count;
    for (size_t i = 0; i < issue->pin_count; i++)
        if (is_usable(issue, i, gone, at) &&
            (best == issue->pin_count || (issue->pins[i].backup && !issue->pins[best].backup)))
            best = i;
    if (best < issue->pin_count)
        return issue->pins[best].pin;
    memset(&made, MADE_BYTE, sizeof(made));
    return made;
}

/* Drop what was planned for `time` or later. */
static void cut(struct rotate_timeline *timeline, int64_t time)
{
    while (timeline->issue_count > 1 && timeline->issues[timeline->issue_count - 1].at >= time)
        timeline->issue_count--;
    while (timeline->shown_count > 1 && timeline->shown[timeline->shown_count - 1].at >= time)
        timeline->shown_count--;
}

static bool replace_key(struct rotate_timeline *timeline, int64_t at, int64_t published,
                        const struct pintle_pin *gone, bool deny)
{
    const struct rotate_issue *newest = &timeline->issues[rotate_timeline_newest(timeline, at)];
    struct rotate_issue issue = rotate_issue_next(newest, published);
    struct rotate_pin live = {.pin = choose(timeline, newest, gone, at), .until = PINTLE_NEVER};
    size_t known = rotate_issue_find(newest, &live.pin);

    if (known < newest->pin_count)
        live = newest->pins[known];
    live.backup = false;
    rotate_issue_unpin(&issue, gone);
    if (!rotate_issue_pin(&issue, &live) || (deny && !rotate_issue_deny(&issue, gone)))
        return false;
    cut(timeline, at);
    return rotate_timeline_issue(timeline, &issue) && rotate_timeline_show(timeline, at, &live.pin);
}

/* --- a signing key ---------------------------------------------------------------------------- */

static struct rotate_issue hostile_issue(const struct rotate_issue *newest, int64_t at)
{
    struct rotate_issue issue = {.at = at,
                                 .issued = at,
                                 .version = INT64_MAX,
                                 .epoch = newest->epoch,
                                 .expires = PINTLE_NEVER,
                                 .enforce_until = PINTLE_NEVER,
                                 .hard_ttl_s = PINTLE_NEVER,
                                 .mode = PINTLE_MODE_ENFORCE,
                                 .after = PINTLE_MODE_ENFORCE,
                                 .hostile = true,
                                 .pin_count = 1};

    issue.pins[0].until = PINTLE_NEVER;
    memset(&issue.pins[0].pin, HOSTILE_BYTE, sizeof(issue.pins[0].pin));
    return issue;
}

/* A client takes what is right for its rule from the epoch on that the new root begins. */
static bool steal_signer(struct rotate_timeline *timeline, int64_t at, int64_t recovered)
{
    struct rotate_timeline old = *timeline;
    size_t kept = 0;
    struct rotate_issue issue;

    timeline->issue_count = 0;
    while (kept < old.issue_count && (kept == 0 || old.issues[kept].at < at))
        if (!rotate_timeline_issue(timeline, &old.issues[kept++]))
            return false;
    issue = hostile_issue(&old.issues[kept - 1], at);
    if (!rotate_timeline_issue(timeline, &issue))
        return false;
    issue = rotate_issue_next(&old.issues[rotate_timeline_newest(&old, recovered)], recovered);
    issue.epoch++;
    if (!rotate_timeline_issue(timeline, &issue))
        return false;
    for (; kept < old.issue_count; kept++) {
        if (old.issues[kept].at <= recovered)
            continue;
        issue = old.issues[kept];
        issue.epoch++;
        if (!rotate_timeline_issue(timeline, &issue))
            return false;
    }
    return true;
}

/* --- all of it ------------------------------------------------------------------------------- */

static void set_shows(struct rotate_play *play, const struct rotate_attack *attack)
{
    int64_t thawed = rotate_later(attack->freeze_at, attack->freeze_s);

    for (size_t i = 0; i < play->timeline->issue_count; i++) {
        int64_t at = play->timeline->issues[i].at;

        play->shows[i] = at >= attack->freeze_at && at < thawed ? thawed : at;
    }
}

bool rotate_attack_apply(struct rotate_timeline *timeline, struct rotate_play *play,
                         const struct rotate_attack *attack)
{
    bool lost = attack->lose_key != PINTLE_NEVER;
    int64_t gone_at = lost ? attack->lose_key : attack->steal_key;
    bool done = true;

    play->timeline = timeline;
    play->stolen_at = PINTLE_NEVER;
    if (gone_at != PINTLE_NEVER) {
        struct pintle_pin gone = *rotate_timeline_shown(timeline, gone_at);
        int64_t at = lost ? gone_at : gone_at + attack->react_s;

        play->stolen = gone;
        play->stolen_at = lost ? PINTLE_NEVER : gone_at;
        done = replace_key(timeline, at, lost ? at : at + ROTATE_HOUR_S, &gone, !lost);
    }
    if (done && attack->steal_signer != PINTLE_NEVER && attack->threshold < 2)
        done = steal_signer(timeline, attack->steal_signer, attack->steal_signer + attack->react_s);
    set_shows(play, attack);
    return done;
}
