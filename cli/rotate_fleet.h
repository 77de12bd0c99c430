/* SPDX-License-Identifier: Apache-2.0 */
/* All clients of a fleet, on several threads, and what came of it. */
#ifndef PINTLE_CLI_ROTATE_FLEET_H
#define PINTLE_CLI_ROTATE_FLEET_H

#include <signal.h>

#include "rotate_sim.h"

#define ROTATE_THREADS_MAX 16

enum rotate_run {
    ROTATE_RUN_DONE = 0,
    ROTATE_RUN_NO_MEMORY = 1,
    ROTATE_RUN_STOPPED = 2
};

/*
 * Play clients 0 to clients - 1. *out is finished; rotate_tally_clear() it, after failures too. The
 * result is the same for any number of threads, 1 to ROTATE_THREADS_MAX. `stop`, which may be NULL,
 * is looked at from time to time and ends the run when it is not 0.
 */
enum rotate_run rotate_fleet_run(struct rotate_tally *out, const struct rotate_stage *stage,
                                 const struct rotate_fleet *fleet, uint64_t clients,
                                 unsigned threads, const volatile sig_atomic_t *stop);

/* The bin with the highest count of a series, the first of equal ones. */
size_t rotate_tally_peak(const struct rotate_tally *tally, size_t series);

#endif
