/* SPDX-License-Identifier: Apache-2.0 */
/* Small timelines for tests. */
#ifndef TESTS_UNIT_ROTATE_STAGE_H
#define TESTS_UNIT_ROTATE_STAGE_H

#include "rotate_attack.h"
#include "rotate_fleet.h"
#include "rotate_plan.h"

#define T0 ((int64_t)1800000000 / 86400 * 86400)
#define DAY ROTATE_DAY_S
#define HOUR ROTATE_HOUR_S

/* A key of which every byte is `byte`. */
struct pintle_pin stage_key(int byte);

/* An enforcing issue with these pins (ended by 0), bound by nothing. */
struct rotate_issue stage_issue(int64_t at, int64_t version, int key, int key2);

/* From key 1 to key 2: the new pin is published at T0, both are pinned, key 2 is shown from `deploy`. */
void stage_rotation(struct rotate_timeline *out, int64_t deploy);

/* A play of it without attack, over so many days. */
struct rotate_play stage_play(struct rotate_timeline *timeline, int64_t days, bool refresh);

/* Everybody, on some threads. */
void stage_run(struct rotate_tally *out, const struct rotate_play *play,
               const struct rotate_fleet *fleet, uint64_t clients, unsigned threads);

/* The share of a series at a time. */
double stage_share(const struct rotate_tally *tally, size_t series, int64_t after,
                   uint64_t clients);

#endif
