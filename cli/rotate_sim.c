/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client's way through a timeline, from event to event: between two of them nothing about it
 * changes.
 */
#include "rotate_sim.h"

#include <string.h>

#define NO_KEY SIZE_MAX

static const struct {
    const char *name;
    const char *text;
} reasons[ROTATE_REASONS] = {
    [ROTATE_LATE] = {"late", "their update is still to come"},
    [ROTATE_NEVER] = {"never-updated", "no update ever reaches them"},
    [ROTATE_OFFLINE] = {"offline", "they were offline when it was published"},
    [ROTATE_CLOCK] = {"clock", "their clock is wrong"},
    [ROTATE_FROZEN] = {"frozen", "their source does not show what was published"},
    [ROTATE_NO_PIN] = {"no-pin", "the newest pin-set does not accept the key in use"},
    [ROTATE_HOSTILE] = {"hostile", "they believe pins signed with a stolen key"},
};

const char *rotate_reason_name(enum rotate_reason reason)
{
    return reasons[reason].name;
}

const char *rotate_reason_text(enum rotate_reason reason)
{
    return reasons[reason].text;
}

/* --- the stage ------------------------------------------------------------------------------- */

static size_t key_of(const struct rotate_timeline *timeline, size_t shown)
{
    for (size_t i = 0; i < shown; i++)
        if (pintle_pin_equal(&timeline->shown[i].pin, &timeline->shown[shown].pin))
            return i;
    return shown;
}

static void add_key(struct rotate_stage *out, const struct rotate_timeline *timeline, size_t key,
                    const struct pintle_pin *pin)
{
    for (size_t i = 0; i < timeline->issue_count; i++) {
        out->denies[i][key] = rotate_issue_denies(&timeline->issues[i], pin);
        out->matches_until[i][key] = rotate_issue_matches_until(&timeline->issues[i], pin);
    }
}

static void add_issue(struct rotate_stage *out, const struct rotate_play *play, size_t i)
{
    const struct rotate_issue *issue = &play->timeline->issues[i];

    out->at[i] = issue->at;
    out->shows[i] = play->shows[i];
    out->expires[i] = issue->expires;
    out->ends[i] = rotate_issue_ends(issue);
    out->mode[i] = (uint8_t)issue->mode;
    out->after[i] = (uint8_t)issue->after;
    out->hostile[i] = issue->hostile;
    if (issue->held)
        out->first = i;
    else if (out->shows[i] < out->begin)
        out->begin = out->shows[i];
}

void rotate_stage_make(struct rotate_stage *out, const struct rotate_play *play)
{
    const struct rotate_timeline *timeline = play->timeline;

    memset(out, 0, sizeof(*out));
    out->start = play->start;
    out->end = play->end;
    out->begin = play->start;
    out->refresh = play->refresh;
    out->stolen_at = play->stolen_at;
    out->issue_count = timeline->issue_count;
    out->shown_count = timeline->shown_count;
    for (size_t i = 0; i < timeline->issue_count; i++)
        add_issue(out, play, i);
    for (size_t i = 0; i < timeline->shown_count; i++) {
        out->shown_at[i] = i == 0 ? INT64_MIN : timeline->shown[i].at;
        out->shown_key[i] = key_of(timeline, i);
        add_key(out, timeline, out->shown_key[i], &timeline->shown[i].pin);
    }
    out->last_key = out->shown_key[timeline->shown_count - 1];
    out->stolen_key = NO_KEY;
    if (play->stolen_at == PINTLE_NEVER)
        return;
    out->stolen_key = ROTATE_KEYS_MAX - 1;
    add_key(out, timeline, out->stolen_key, &play->stolen);
}

size_t rotate_stage_bins(const struct rotate_stage *stage)
{
    return (size_t)((stage->end - stage->start + ROTATE_BIN_S - 1) / ROTATE_BIN_S);
}

/* --- what a client thinks --------------------------------------------------------------------- */

/*
 * time        now
 * issue       what it holds
 * mismatched  it met a mismatch up to now, and has asked for an update
 * updates     for each issue: when it comes by schedule
 * counted     for each series: the first bin in which it is not counted yet
 */
struct walk {
    const struct rotate_stage *stage;
    const struct rotate_client *client;
    struct rotate_tally *tally;
    int64_t time;
    size_t issue;
    size_t shown;
    bool mismatched;
    bool rescued;
    int64_t locked_s;
    int64_t exposed_s;
    int64_t updates[ROTATE_ISSUES_MAX];
    size_t counted[ROTATE_SERIES];
};

static enum pintle_mode mode_at(const struct rotate_stage *stage, size_t issue, int64_t clock)
{
    return (enum pintle_mode)(clock < stage->ends[issue] ? stage->mode[issue]
                                                         : stage->after[issue]);
}

/* No pin for it; a denied key is another matter. */
static bool mismatches(const struct rotate_stage *stage, size_t issue, size_t key, int64_t clock)
{
    return !stage->denies[issue][key] && clock >= stage->matches_until[issue][key] &&
           mode_at(stage, issue, clock) != PINTLE_MODE_OFF;
}

static bool refuses(const struct rotate_stage *stage, size_t issue, size_t key, int64_t clock)
{
    return stage->denies[issue][key] || (clock >= stage->matches_until[issue][key] &&
                                         mode_at(stage, issue, clock) == PINTLE_MODE_ENFORCE);
}

static bool is_online(const struct walk *w)
{
    return w->time < w->client->offline_from || w->time >= w->client->offline_until;
}

/* When a client that is online for its lag from `shown` on has the update. */
static int64_t update_time(const struct rotate_client *client, int64_t shown)
{
    int64_t offline_s = client->offline_until - client->offline_from;

    if (client->lag == PINTLE_NEVER || shown == PINTLE_NEVER)
        return PINTLE_NEVER;
    if (shown >= client->offline_until || shown + client->lag < client->offline_from)
        return shown + client->lag;
    if (shown < client->offline_from)
        return shown + client->lag + offline_s;
    return client->offline_until + client->lag;
}

/* Take the newest issue that the source shows, if it is newer and not expired by its clock. */
static void fetch(struct walk *w)
{
    const struct rotate_stage *stage = w->stage;
    size_t newest = w->issue;

    for (size_t i = w->issue + 1; i < stage->issue_count; i++)
        if (stage->shows[i] <= w->time)
            newest = i;
    if (w->time + w->client->clock < stage->expires[newest])
        w->issue = newest;
}

static bool is_update_due(const struct walk *w)
{
    for (size_t i = w->issue + 1; i < w->stage->issue_count; i++)
        if (w->updates[i] == w->time)
            return true;
    return false;
}

static bool is_retry_due(const struct walk *w)
{
    for (size_t i = w->issue + 1; i < w->stage->issue_count; i++)
        if (w->time - w->stage->shows[i] == ROTATE_RETRY_S)
            return true;
    return false;
}

/* What the client does at this moment; true if it is refused in the end. */
static bool connect(struct walk *w)
{
    const struct rotate_stage *stage = w->stage;
    size_t key = stage->shown_key[w->shown];
    int64_t clock = w->time + w->client->clock;
    bool online = is_online(w);
    bool refused;

    if (online && is_update_due(w))
        fetch(w);
    refused = refuses(stage, w->issue, key, clock);
    if (!online || !mismatches(stage, w->issue, key, clock)) {
        w->mismatched = false;
        return online && refused;
    }
    if (stage->refresh && w->client->lag != PINTLE_NEVER && (!w->mismatched || is_retry_due(w)))
        fetch(w);
    w->mismatched = mismatches(stage, w->issue, key, clock);
    if (refused && !refuses(stage, w->issue, key, clock)) {
        w->rescued = true;
        return false;
    }
    return refuses(stage, w->issue, key, clock);
}

/* --- why it is locked out --------------------------------------------------------------------- */

/* True if an issue that is newer than the client's, but not shown or not taken, would accept. */
static bool is_frozen(const struct walk *w, size_t key, int64_t clock)
{
    const struct rotate_stage *stage = w->stage;

    for (size_t i = w->issue + 1; i < stage->issue_count; i++)
        if (stage->at[i] <= w->time && w->time < stage->shows[i] && !refuses(stage, i, key, clock))
            return true;
    return false;
}

static size_t newest_published(const struct walk *w)
{
    size_t newest = w->issue;

    for (size_t i = w->issue + 1; i < w->stage->issue_count; i++)
        if (w->stage->at[i] <= w->time)
            newest = i;
    return newest;
}

/* By its own clock it refuses what it holds, or an update that would help. */
static bool is_clock(const struct walk *w, size_t newest, size_t key)
{
    const struct rotate_stage *stage = w->stage;
    int64_t clock = w->time + w->client->clock;

    if (w->client->clock == 0)
        return false;
    return !refuses(stage, w->issue, key, w->time) ||
           (newest != w->issue && clock >= stage->expires[newest] &&
            w->time < stage->expires[newest]) ||
           (refuses(stage, newest, key, clock) && !refuses(stage, newest, key, w->time));
}

static bool was_offline(const struct walk *w)
{
    const struct rotate_client *client = w->client;

    for (size_t i = w->issue + 1; i < w->stage->issue_count; i++)
        if (client->offline_until > client->offline_from && w->stage->shows[i] <= w->time &&
            w->updates[i] > w->time && w->updates[i] != w->stage->shows[i] + client->lag)
            return true;
    return false;
}

static enum rotate_reason why(const struct walk *w)
{
    size_t key = w->stage->shown_key[w->shown];
    int64_t clock = w->time + w->client->clock;
    size_t newest = newest_published(w);

    if (w->stage->hostile[w->issue])
        return ROTATE_HOSTILE;
    if (is_clock(w, newest, key))
        return ROTATE_CLOCK;
    if (refuses(w->stage, newest, key, clock))
        return ROTATE_NO_PIN;
    if (w->client->lag == PINTLE_NEVER)
        return ROTATE_NEVER;
    if (is_frozen(w, key, clock))
        return ROTATE_FROZEN;
    return was_offline(w) ? ROTATE_OFFLINE : ROTATE_LATE;
}

/* --- events ---------------------------------------------------------------------------------- */

static void nearer(int64_t *next, int64_t now, int64_t time)
{
    if (time > now && time < *next)
        *next = time;
}

/* A time by the client's clock. */
static void nearer_clock(const struct walk *w, int64_t *next, int64_t time)
{
    if (time != PINTLE_NEVER && time != INT64_MIN)
        nearer(next, w->time, time - w->client->clock);
}

static int64_t next_event(const struct walk *w)
{
    const struct rotate_stage *stage = w->stage;
    int64_t next = stage->end;

    for (size_t i = w->issue + 1; i < stage->issue_count; i++) {
        nearer(&next, w->time, w->updates[i]);
        if (w->mismatched && stage->shows[i] != PINTLE_NEVER)
            nearer(&next, w->time, stage->shows[i] + ROTATE_RETRY_S);
    }
    if (w->shown + 1 < stage->shown_count)
        nearer(&next, w->time, stage->shown_at[w->shown + 1]);
    nearer_clock(w, &next, stage->ends[w->issue]);
    nearer_clock(w, &next, stage->matches_until[w->issue][stage->shown_key[w->shown]]);
    nearer_clock(w, &next, stage->matches_until[w->issue][stage->last_key]);
    if (stage->stolen_key != NO_KEY) {
        nearer_clock(w, &next, stage->matches_until[w->issue][stage->stolen_key]);
        nearer(&next, w->time, stage->stolen_at);
    }
    if (w->client->offline_until > w->client->offline_from) {
        nearer(&next, w->time, w->client->offline_from);
        nearer(&next, w->time, w->client->offline_until);
    }
    /* Publications change why a client is locked out, and nothing else at once. */
    if (w->mismatched)
        for (size_t i = w->issue + 1; i < stage->issue_count; i++) {
            nearer(&next, w->time, stage->at[i]);
            nearer(&next, w->time, stage->shows[i]);
        }
    return next;
}

/* --- counting -------------------------------------------------------------------------------- */

/* Once in every bin that [from, to) touches. */
static void count(struct walk *w, size_t series, int64_t from, int64_t to)
{
    int32_t *diff = w->tally->diff + series * (w->tally->bins + 1);
    size_t first;
    size_t last;

    from -= w->stage->start;
    to -= w->stage->start;
    if (from < 0)
        from = 0;
    if (to <= from)
        return;
    first = (size_t)(from / ROTATE_BIN_S);
    last = (size_t)((to + ROTATE_BIN_S - 1) / ROTATE_BIN_S);
    if (first < w->counted[series])
        first = w->counted[series];
    if (first >= last)
        return;
    diff[first]++;
    diff[last]--;
    w->counted[series] = last;
}

static int64_t counted_s(const struct walk *w, int64_t to)
{
    int64_t from = w->time > w->stage->start ? w->time : w->stage->start;

    return to > from ? to - from : 0;
}

static bool is_exposed(const struct walk *w, int64_t clock)
{
    const struct rotate_stage *stage = w->stage;

    if (stage->hostile[w->issue])
        return true;
    return stage->stolen_key != NO_KEY && w->time >= stage->stolen_at &&
           !refuses(stage, w->issue, stage->stolen_key, clock);
}

static void count_all(struct walk *w, bool refused, int64_t next)
{
    int64_t clock = w->time + w->client->clock;
    bool online = is_online(w);

    if (refused) {
        count(w, ROTATE_LOCKED, w->time, next);
        count(w, ROTATE_REASON_FIRST + (size_t)why(w), w->time, next);
        w->locked_s += counted_s(w, next);
    }
    if (online && is_exposed(w, clock)) {
        count(w, ROTATE_EXPOSED, w->time, next);
        w->exposed_s += counted_s(w, next);
    }
    if (online && mode_at(w->stage, w->issue, clock) != PINTLE_MODE_ENFORCE)
        count(w, ROTATE_SOFTENED, w->time, next);
    if (refuses(w->stage, w->issue, w->stage->last_key, clock))
        count(w, ROTATE_UNREADY, w->time, next);
}

static void sum_up(const struct walk *w, bool rescued)
{
    struct rotate_tally *tally = w->tally;

    tally->locked_clients += w->locked_s > 0 ? 1 : 0;
    tally->exposed_clients += w->exposed_s > 0 ? 1 : 0;
    tally->rescued_clients += rescued ? 1 : 0;
    tally->locked_s += (uint64_t)w->locked_s;
    tally->exposed_s += (uint64_t)w->exposed_s;
    if (w->locked_s > tally->longest_s)
        tally->longest_s = w->locked_s;
}

void rotate_client_play(const struct rotate_stage *stage, const struct rotate_client *client,
                        struct rotate_tally *tally)
{
    struct walk w = {.stage = stage,
                     .client = client,
                     .tally = tally,
                     .time = stage->begin,
                     .issue = stage->first};
    bool rescued = false;

    for (size_t i = 0; i < stage->issue_count; i++)
        w.updates[i] = i <= stage->first ? PINTLE_NEVER : update_time(client, stage->shows[i]);
    while (w.time < stage->end) {
        int64_t next;
        bool refused;

        while (w.shown + 1 < stage->shown_count && stage->shown_at[w.shown + 1] <= w.time)
            w.shown++;
        w.rescued = false;
        refused = connect(&w);
        if (w.rescued && w.time >= stage->start) {
            count(&w, ROTATE_RESCUED, w.time, w.time + 1);
            rescued = true;
        }
        next = next_event(&w);
        count_all(&w, refused, next);
        w.time = next;
    }
    sum_up(&w, rescued);
}
