/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulation came to, and how it is told. */
#ifndef PINTLE_CLI_ROTATE_OUTCOME_H
#define PINTLE_CLI_ROTATE_OUTCOME_H

#include "rotate_attack.h"
#include "rotate_fleet.h"
#include "rotate_show.h"

#define ROTATE_EVENTS_MAX 40
#define ROTATE_EVENT_SIZE 80

struct rotate_event {
    int64_t at;
    char text[ROTATE_EVENT_SIZE];
};

/*
 * lag     as the option said it, or "" for the plan's
 * bound   highest share that may be locked out
 * events  what happens between start and end, in order
 */
struct rotate_outcome {
    const struct rotate_plan *plan;
    const struct rotate_timeline *timeline;
    const struct rotate_play *play;
    const struct rotate_fleet *fleet;
    const struct rotate_attack *attack;
    struct rotate_tally tally;
    const char *file;
    const char *lag;
    uint64_t clients;
    double bound;
    size_t event_count;
    struct rotate_event events[ROTATE_EVENTS_MAX];
};

/* Gather the events. */
void rotate_outcome_gather(struct rotate_outcome *outcome);

/* The bin that a time lies in. */
size_t rotate_outcome_bin(const struct rotate_outcome *outcome, int64_t time);

/* When a bin begins. */
int64_t rotate_outcome_time(const struct rotate_outcome *outcome, size_t bin);

/* What is counted in a bin is not told of before the event in it that brings it about. */
int64_t rotate_outcome_when(const struct rotate_outcome *outcome, size_t bin);

/* Share of the clients that a series counts in a bin. */
double rotate_outcome_share(const struct rotate_outcome *outcome, size_t series, size_t bin);

/* Highest share of a series in the bins [first, last). */
double rotate_outcome_highest(const struct rotate_outcome *outcome, size_t series, size_t first,
                              size_t last);

/* True if the share that was locked out was above the bound at any time. */
bool rotate_outcome_fails(const struct rotate_outcome *outcome);

/* True if an attacker held a key that clients may accept. */
bool rotate_outcome_exposes(const struct rotate_outcome *outcome);

void rotate_outcome_print(const struct rotate_outcome *outcome);
json_t *rotate_outcome_json(const struct rotate_outcome *outcome);

/* Write the plot. Tells failures itself. */
enum cli_exit rotate_outcome_plot(const struct rotate_outcome *outcome, const char *path);

/* "12.3 %": two digits that count, but never 0 for what is not, nor 100. Static buffers, eight. */
const char *rotate_percent(double share);

#endif
