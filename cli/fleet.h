/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet of clients on their way through a rotation. Pure functions: the same numbers give the same
 * result, however many threads count. Days are real numbers from the start of the simulation.
 */
#ifndef PINTLE_CLI_FLEET_H
#define PINTLE_CLI_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLEET_DAYS_MAX 3650
#define FLEET_NEVER 1e9

enum fleet_lag_kind {
    FLEET_LAG_EXP = 0,   /* a: mean */
    FLEET_LAG_LOGNORMAL, /* a: median, b: sigma */
    FLEET_LAG_SAMPLES    /* one of `samples`, each as likely */
};

struct fleet_lag {
    enum fleet_lag_kind kind;
    double a;
    double b;
    const double *samples;
    size_t sample_count;
};

/* A share of the clients, and for how many days. */
struct fleet_share {
    double share;
    double days;
};

/*
 * publish        a bundle with the new key can be had
 * deploy         the server changes from the old key to the new one
 * retire         in that bundle: the old pin's `until`; FLEET_NEVER if it stays
 * enforce_until  by the client's clock nothing is enforced any more
 * known          clients have the new key's pin from the start
 * lag            how long after `publish` a client updates by itself
 * offline        these are away for so long, from a day at random on
 * clock          these have a clock that is so wrong, ahead or behind
 * freeze_from, freeze_to
 *                nothing can be had from the sources
 * stolen         a thief has the old key; FLEET_NEVER
 * deny           the bundle denies the old key
 * refresh        the share that updates when it meets a mismatch
 */
struct fleet_plan {
    double publish;
    double deploy;
    double retire;
    double enforce_until;
    bool known;
    struct fleet_lag lag;
    struct fleet_share offline;
    struct fleet_share clock;
    double freeze_from;
    double freeze_to;
    double stolen;
    bool deny;
    double refresh;
};

/* Counts for each of `days` days: clients that are locked out, that accept a stolen key, that have the
 * new bundle, at the beginning of the day. */
struct fleet_result {
    size_t days;
    int64_t locked[FLEET_DAYS_MAX + 1];
    int64_t exposed[FLEET_DAYS_MAX + 1];
    int64_t updated[FLEET_DAYS_MAX + 1];
};

/* What becomes of client `index`, on the real day `day`. For tests; as fleet_run() counts. */
struct fleet_client {
    double updates;      /* by itself */
    double offline_from; /* FLEET_NEVER if it is always there */
    double offline_to;
    double clock; /* days ahead */
    bool refreshes;
};
struct fleet_client fleet_client_make(const struct fleet_plan *plan, uint64_t seed, uint64_t index,
                                      size_t days);
bool fleet_client_locked(const struct fleet_plan *plan, const struct fleet_client *client,
                         double day);

/* Run clients first to end - 1, adding to *out, which begins all zero with `days` set. */
void fleet_run(struct fleet_result *out, const struct fleet_plan *plan, uint64_t seed,
               uint64_t first, uint64_t end);

/* Turn the changes that fleet_run() gathered into counts. Once, after all runs were added up. */
void fleet_finish(struct fleet_result *result);

#endif
