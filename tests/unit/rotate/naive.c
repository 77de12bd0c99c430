/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "unit/rotate/naive.h"

struct state {
    const struct rotate_play *play;
    const struct rotate_client *client;
    size_t issue;
    int64_t online_s[ROTATE_ISSUES_MAX]; /* since the issue is shown */
    bool mismatched;
};

static const struct rotate_issue *held(const struct state *s)
{
    return &s->play->timeline->issues[s->issue];
}

static bool is_online(const struct state *s, int64_t now)
{
    return !(now >= s->client->offline_from && now < s->client->offline_until);
}

static void fetch(struct state *s, int64_t now)
{
    size_t newest = 0;

    for (size_t i = 0; i < s->play->timeline->issue_count; i++)
        if (s->play->timeline->issues[i].held || s->play->shows[i] <= now)
            newest = i;
    if (newest > s->issue && now + s->client->clock < s->play->timeline->issues[newest].expires)
        s->issue = newest;
}

/* Updates by schedule: the moment at which it has been online for its lag. */
static void update(struct state *s, int64_t now)
{
    bool due = false;

    for (size_t i = s->issue + 1; i < s->play->timeline->issue_count; i++) {
        if (s->play->timeline->issues[i].held || s->play->shows[i] > now)
            continue;
        due = due || s->online_s[i] == s->client->lag;
    }
    if (due && is_online(s, now))
        fetch(s, now);
}

static void grow_older(struct state *s, int64_t now)
{
    for (size_t i = 0; i < s->play->timeline->issue_count; i++)
        if (!s->play->timeline->issues[i].held && s->play->shows[i] <= now && is_online(s, now))
            s->online_s[i] += NAIVE_STEP_S;
}

static bool mismatches(const struct state *s, const struct pintle_pin *key, int64_t now)
{
    int64_t clock = now + s->client->clock;
    bool pinned = false;

    if (rotate_issue_denies(held(s), key) || rotate_issue_mode(held(s), clock) == PINTLE_MODE_OFF)
        return false;
    for (size_t i = 0; i < held(s)->pin_count; i++)
        pinned = pinned ||
                 (pintle_pin_equal(&held(s)->pins[i].pin, key) && clock < held(s)->pins[i].until);
    return !pinned;
}

static bool refuses(const struct state *s, const struct pintle_pin *key, int64_t now)
{
    return rotate_issue_denies(held(s), key) ||
           (mismatches(s, key, now) &&
            rotate_issue_mode(held(s), now + s->client->clock) == PINTLE_MODE_ENFORCE);
}

/* True if the client has been waiting for long enough since something newer was shown. */
static bool retries(const struct state *s, int64_t now)
{
    for (size_t i = s->issue + 1; i < s->play->timeline->issue_count; i++)
        if (now == s->play->shows[i] + ROTATE_RETRY_S)
            return true;
    return false;
}

static void count(struct naive *out, bool *counted, size_t series, const struct state *s,
                  int64_t now)
{
    size_t bin = (size_t)((now - s->play->start) / ROTATE_BIN_S);

    if (now < s->play->start || counted[series * out->bins + bin])
        return;
    counted[series * out->bins + bin] = true;
    out->counts[series][bin]++;
}

void naive_play(struct naive *out, const struct rotate_play *play,
                const struct rotate_client *client)
{
    static bool counted[ROTATE_REASON_FIRST * 24 * 64];
    struct state s = {.play = play, .client = client};
    const struct rotate_timeline *timeline = play->timeline;
    const struct pintle_pin *last = &timeline->shown[timeline->shown_count - 1].pin;
    int64_t begin = play->start;

    memset(counted, 0, sizeof(counted));
    out->bins = (size_t)((play->end - play->start) / ROTATE_BIN_S);
    for (size_t i = 0; i < timeline->issue_count; i++) {
        if (timeline->issues[i].held)
            s.issue = i;
        else if (play->shows[i] < begin)
            begin = play->shows[i];
    }
    for (int64_t now = begin; now < play->end; now += NAIVE_STEP_S) {
        const struct pintle_pin *key = rotate_timeline_shown(timeline, now);
        bool online = is_online(&s, now);
        bool refused;
        bool exposed;

        update(&s, now);
        refused = online && refuses(&s, key, now);
        if (online && mismatches(&s, key, now)) {
            if (play->refresh && client->lag != PINTLE_NEVER && (!s.mismatched || retries(&s, now)))
                fetch(&s, now);
            s.mismatched = mismatches(&s, key, now);
        } else {
            s.mismatched = false;
        }
        if (refused && !refuses(&s, key, now))
            count(out, counted, ROTATE_RESCUED, &s, now);
        refused = online && refuses(&s, key, now);
        exposed = online && (held(&s)->hostile ||
                             (now >= play->stolen_at && !refuses(&s, &play->stolen, now)));
        if (refused)
            count(out, counted, ROTATE_LOCKED, &s, now);
        if (exposed)
            count(out, counted, ROTATE_EXPOSED, &s, now);
        if (online && rotate_issue_mode(held(&s), now + client->clock) != PINTLE_MODE_ENFORCE)
            count(out, counted, ROTATE_SOFTENED, &s, now);
        if (refuses(&s, last, now))
            count(out, counted, ROTATE_UNREADY, &s, now);
        out->locked_s += refused && now >= play->start ? NAIVE_STEP_S : 0;
        out->exposed_s += exposed && now >= play->start ? NAIVE_STEP_S : 0;
        grow_older(&s, now);
    }
}
