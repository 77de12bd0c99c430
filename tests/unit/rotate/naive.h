/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same simulation by the simplest means: every client is asked at every step what it does now.
 * All times must be multiples of NAIVE_STEP_S. It shares nothing with rotate_sim.c but the structs.
 */
#ifndef TESTS_UNIT_ROTATE_NAIVE_H
#define TESTS_UNIT_ROTATE_NAIVE_H

#include "rotate_sim.h"

#define NAIVE_STEP_S 360

/* Counts as rotate_tally_get() tells them, reasons left out; counts[series][bin]. */
struct naive {
    size_t bins;
    int32_t counts[ROTATE_REASON_FIRST][24 * 64];
    uint64_t locked_s;
    uint64_t exposed_s;
};

void naive_play(struct naive *out, const struct rotate_play *play,
                const struct rotate_client *client);

#endif
