/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulation of a fleet: what becomes of clients while a timeline passes. Pure functions over
 * plain data; what a client does follows from (timeline, seed, its number) alone, so that results do
 * not depend on the order or the number of threads.
 *
 * A client in it:
 *
 * - holds an issue from the beginning (the newest that is `held`);
 * - updates to the newest issue that its source shows when it has been online for `lag` since one
 *   was shown that is newer than its own, and not while it is offline;
 * - goes by its own clock: for `until`, for the end of enforcement, and for `expires`, past which it
 *   refuses an issue (E_EXPIRED of pintle/bundle.h); it never goes back to an older issue;
 * - connects all the time while it is online. On a mismatch it updates at once, if its source shows
 *   anything newer; while it stays refused it asks again after at most ROTATE_RETRY_S (the longest
 *   back-off of pintle/update.h);
 * - offline it neither connects nor updates.
 */
#ifndef PINTLE_CLI_ROTATE_SIM_H
#define PINTLE_CLI_ROTATE_SIM_H

#include "rotate_model.h"

/* The longest back-off behind a mismatch, and a tenth by which it is shifted. */
#define ROTATE_RETRY_S ((int64_t)3960)

/* Width of a bin of the results. */
#define ROTATE_BIN_S ROTATE_HOUR_S

#define ROTATE_CLIENTS_MAX 10000000

/* Why a client is locked out. */
enum rotate_reason {
    ROTATE_LATE = 0,    /* its update is still to come */
    ROTATE_NEVER = 1,   /* no update ever reaches it */
    ROTATE_OFFLINE = 2, /* it was offline when it should have updated */
    ROTATE_CLOCK = 3,   /* with the right time it would not be */
    ROTATE_FROZEN = 4,  /* an issue that accepts was published, but its source does not show it */
    ROTATE_NO_PIN = 5,  /* not even the newest issue accepts the key that the servers show */
    ROTATE_HOSTILE = 6  /* it believes pins that were signed with a stolen key */
};
#define ROTATE_REASONS 7

/* "late", "never-updated", …; and the same for people. Static storage. */
const char *rotate_reason_name(enum rotate_reason reason);
const char *rotate_reason_text(enum rotate_reason reason);

/* What is counted in each bin; reasons come behind. */
enum rotate_series {
    ROTATE_LOCKED = 0,   /* clients that are refused */
    ROTATE_EXPOSED = 1,  /* clients that accept a key which an attacker holds */
    ROTATE_SOFTENED = 2, /* clients that do not enforce */
    ROTATE_UNREADY = 3,  /* clients that would refuse the last key of the timeline */
    ROTATE_RESCUED = 4,  /* updates at the handshake, without which it would have been refused */
    ROTATE_REASON_FIRST = 5
};
#define ROTATE_SERIES (ROTATE_REASON_FIRST + ROTATE_REASONS)

/*
 * How lags, offline spells and clocks are spread over clients.
 *
 * kind         and its parameters a, b, in days: EXPONENTIAL a = mean; LOGNORMAL a = median,
 *              b = sigma; WEIBULL a = scale, b = shape; SAMPLE: any of `sample` (seconds;
 *              PINTLE_NEVER: never)
 * never        share of clients that no update reaches
 * offline      share of clients that are offline once, for offline_s, at some time from offline_s
 *              before the start until the end
 * clock        share of clients whose clock is off, by up to clock_s either way
 */
enum rotate_lag_kind {
    ROTATE_LAG_EXPONENTIAL = 0,
    ROTATE_LAG_LOGNORMAL = 1,
    ROTATE_LAG_WEIBULL = 2,
    ROTATE_LAG_SAMPLE = 3
};

struct rotate_fleet {
    uint64_t seed;
    enum rotate_lag_kind kind;
    double a;
    double b;
    const int64_t *sample; /* lent */
    size_t sample_count;
    double never;
    double offline;
    int64_t offline_s;
    double clock;
    int64_t clock_s;
};

/* One client. lag PINTLE_NEVER: never updated. offline_until 0: never offline. */
struct rotate_client {
    int64_t lag;
    int64_t offline_from;
    int64_t offline_until;
    int64_t clock;
};

/*
 * What is played.
 *
 * shows        when a source shows the issue, for each; the time of publication unless frozen
 * stolen, stolen_at
 *              a key of the servers that an attacker holds from then on; PINTLE_NEVER for none
 * start, end   what is counted
 * refresh      clients update on a mismatch
 */
struct rotate_play {
    const struct rotate_timeline *timeline;
    int64_t shows[ROTATE_ISSUES_MAX];
    struct pintle_pin stolen;
    int64_t stolen_at;
    int64_t start;
    int64_t end;
    bool refresh;
};

/* The same, prepared for many clients; see rotate_stage_make(). */
#define ROTATE_KEYS_MAX (ROTATE_SHOWN_MAX + 1)

struct rotate_stage {
    int64_t start;
    int64_t end;
    int64_t begin;
    int64_t stolen_at;
    bool refresh;
    size_t issue_count;
    size_t shown_count;
    size_t first;
    size_t last_key;
    size_t stolen_key;
    int64_t at[ROTATE_ISSUES_MAX];
    int64_t shows[ROTATE_ISSUES_MAX];
    int64_t expires[ROTATE_ISSUES_MAX];
    int64_t ends[ROTATE_ISSUES_MAX];
    uint8_t mode[ROTATE_ISSUES_MAX];
    uint8_t after[ROTATE_ISSUES_MAX];
    bool hostile[ROTATE_ISSUES_MAX];
    bool denies[ROTATE_ISSUES_MAX][ROTATE_KEYS_MAX];
    int64_t matches_until[ROTATE_ISSUES_MAX][ROTATE_KEYS_MAX];
    int64_t shown_at[ROTATE_SHOWN_MAX];
    size_t shown_key[ROTATE_SHOWN_MAX];
};

void rotate_stage_make(struct rotate_stage *out, const struct rotate_play *play);

/* Bins between start and end. */
size_t rotate_stage_bins(const struct rotate_stage *stage);

/*
 * Counts of a part of the fleet. diff holds ROTATE_SERIES rows of bins + 1 differences: a client is
 * counted in every bin in which it is in that state for any time, so that no share between two bins
 * is above what is told. locked_s and exposed_s are seconds summed over clients.
 */
struct rotate_tally {
    int32_t *diff;
    size_t bins;
    uint64_t locked_clients; /* at any time */
    uint64_t exposed_clients;
    uint64_t rescued_clients;
    uint64_t locked_s;
    uint64_t exposed_s;
    int64_t longest_s; /* longest time that one client was locked out */
};

/* False without memory. */
bool rotate_tally_init(struct rotate_tally *tally, size_t bins);
void rotate_tally_clear(struct rotate_tally *tally);
void rotate_tally_add(struct rotate_tally *sum, const struct rotate_tally *part);

/* Turn differences into counts, once, when all clients are in. */
void rotate_tally_finish(struct rotate_tally *tally);

/* The count of a bin, after rotate_tally_finish(). */
int32_t rotate_tally_get(const struct rotate_tally *tally, size_t series, size_t bin);

/* Client number `index` of a fleet. */
void rotate_client_draw(struct rotate_client *out, const struct rotate_fleet *fleet, uint64_t index,
                        int64_t start, int64_t end);

/* Play one client. */
void rotate_client_play(const struct rotate_stage *stage, const struct rotate_client *client,
                        struct rotate_tally *tally);

#endif
