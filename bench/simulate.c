/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `pintle rotate simulate` does with ten million clients on two threads: a planned rotation, and
 * one with everything that can be asked for. By the clock on the wall, as threads share the work.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rotate_attack.h"
#include "rotate_fleet.h"

#define ROUNDS 3
#define CLIENTS 10000000
#define THREADS 2
#define TARGET_S 10
#define START ((int64_t)1800000000)
#define DAY ROTATE_DAY_S

static double wall_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct rotate_pin key(int byte)
{
    struct rotate_pin pin = {.until = PINTLE_NEVER};

    memset(&pin.pin, byte, sizeof(pin.pin));
    return pin;
}

static void must(bool done)
{
    if (!done)
        bench_die("the timeline has no room");
}

/* The versions that `pintle rotate plan` makes for a new key. */
static void make_timeline(struct rotate_timeline *out)
{
    struct rotate_pin old = key(1);
    struct rotate_pin new = key(2);
    struct rotate_issue issue = {.at = START - 60 * DAY,
                                 .version = 1,
                                 .epoch = 1,
                                 .expires = START + 300 * DAY,
                                 .enforce_until = PINTLE_NEVER,
                                 .hard_ttl_s = 200 * DAY,
                                 .mode = PINTLE_MODE_ENFORCE,
                                 .after = PINTLE_MODE_REPORT,
                                 .held = true};

    memset(out, 0, sizeof(*out));
    must(rotate_issue_pin(&issue, &old) && rotate_timeline_issue(out, &issue) &&
         rotate_timeline_show(out, issue.at, &old.pin));
    issue = rotate_issue_next(&issue, START);
    must(rotate_issue_pin(&issue, &new) && rotate_timeline_issue(out, &issue) &&
         rotate_timeline_show(out, START + 21 * DAY, &new.pin));
    issue = rotate_issue_next(&issue, START + 28 * DAY);
    issue.pins[0].until = START + 42 * DAY;
    must(rotate_timeline_issue(out, &issue));
    issue = rotate_issue_next(&issue, START + 42 * DAY);
    rotate_issue_unpin(&issue, &old.pin);
    must(rotate_timeline_issue(out, &issue));
}

static void run(const char *name, const struct rotate_fleet *fleet,
                const struct rotate_attack *attack)
{
    struct rotate_timeline *timeline = malloc(sizeof(*timeline));
    struct rotate_play play = {.start = START, .end = START + 90 * DAY, .refresh = true};
    struct bench_samples samples = {.count = 0};
    struct rotate_stage stage;

    must(timeline != NULL);
    make_timeline(timeline);
    must(rotate_attack_apply(timeline, &play, attack));
    rotate_stage_make(&stage, &play);
    for (int round = 0; round < ROUNDS; round++) {
        struct rotate_tally tally;
        double begun = wall_s();

        if (rotate_fleet_run(&tally, &stage, fleet, CLIENTS, THREADS, NULL) != ROTATE_RUN_DONE)
            bench_die("out of memory");
        bench_add(&samples, wall_s() - begun);
        rotate_tally_clear(&tally);
    }
    bench_row(name, &samples, "s", TARGET_S, "90 days, 2 threads, wall clock");
    free(timeline);
}

int main(void)
{
    struct rotate_attack attack = rotate_attack_none();
    struct rotate_fleet plain = {.seed = 1, .kind = ROTATE_LAG_EXPONENTIAL, .a = 3};
    struct rotate_fleet all = {.seed = 1,
                               .kind = ROTATE_LAG_LOGNORMAL,
                               .a = 3,
                               .b = 1.5,
                               .never = 0.01,
                               .offline = 0.3,
                               .offline_s = 20 * DAY,
                               .clock = 0.3,
                               .clock_s = 300 * DAY};

    run("10 million clients through a rotation", &plain, &attack);
    attack.freeze_at = START + 10 * DAY;
    attack.freeze_s = 20 * DAY;
    attack.steal_key = START + 15 * DAY;
    attack.steal_signer = START + 40 * DAY;
    attack.react_s = 2 * DAY;
    run("10 million, away, wrong clocks, freeze, both thefts", &all, &attack);
    return 0;
}
