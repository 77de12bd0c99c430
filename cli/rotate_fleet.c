/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_fleet.h"

#include "os/thread.h"

/* Clients between two looks at `stop`. */
#define CHUNK 4096

struct part {
    const struct rotate_stage *stage;
    const struct rotate_fleet *fleet;
    const volatile sig_atomic_t *stop;
    uint64_t first;
    uint64_t last;
    struct rotate_tally tally;
    bool stopped;
    bool started;
    pthread_t thread;
};

static void *run_part(void *ctx)
{
    struct part *part = ctx;

    for (uint64_t i = part->first; i < part->last; i++) {
        struct rotate_client client;

        if (i % CHUNK == 0 && part->stop != NULL && *part->stop != 0) {
            part->stopped = true;
            break;
        }
        rotate_client_draw(&client, part->fleet, i, part->stage->start, part->stage->end);
        rotate_client_play(part->stage, &client, &part->tally);
    }
    return NULL;
}

/* The first part runs on the caller's thread, and so does one for which there is no thread. */
static void run_parts(struct part *parts, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        parts[i].started = pintle__thread_start(&parts[i].thread, run_part, &parts[i]) == 0;
    (void)run_part(&parts[0]);
    for (unsigned i = 1; i < count; i++) {
        if (parts[i].started)
            (void)pthread_join(parts[i].thread, NULL);
        else
            (void)run_part(&parts[i]);
    }
}

enum rotate_run rotate_fleet_run(struct rotate_tally *out, const struct rotate_stage *stage,
                                 const struct rotate_fleet *fleet, uint64_t clients,
                                 unsigned threads, const volatile sig_atomic_t *stop)
{
    struct part parts[ROTATE_THREADS_MAX] = {0};
    size_t bins = rotate_stage_bins(stage);
    enum rotate_run result = ROTATE_RUN_DONE;

    if (!rotate_tally_init(out, bins))
        result = ROTATE_RUN_NO_MEMORY;
    for (unsigned i = 0; i < threads; i++) {
        parts[i] = (struct part){.stage = stage,
                                 .fleet = fleet,
                                 .stop = stop,
                                 .first = clients * i / threads,
                                 .last = clients * (i + 1) / threads};
        if (!rotate_tally_init(&parts[i].tally, bins))
            result = ROTATE_RUN_NO_MEMORY;
    }
    if (result == ROTATE_RUN_DONE)
        run_parts(parts, threads);
    for (unsigned i = 0; i < threads; i++) {
        if (result == ROTATE_RUN_DONE)
            rotate_tally_add(out, &parts[i].tally);
        if (parts[i].stopped)
            result = ROTATE_RUN_STOPPED;
        rotate_tally_clear(&parts[i].tally);
    }
    if (result == ROTATE_RUN_DONE)
        rotate_tally_finish(out);
    return result;
}

size_t rotate_tally_peak(const struct rotate_tally *tally, size_t series)
{
    size_t peak = 0;

    for (size_t bin = 1; bin < tally->bins; bin++)
        if (rotate_tally_get(tally, series, bin) > rotate_tally_get(tally, series, peak))
            peak = bin;
    return peak;
}
