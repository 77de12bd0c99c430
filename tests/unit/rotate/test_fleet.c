/* SPDX-License-Identifier: Apache-2.0 */
/* Whole fleets against what can be calculated, and against themselves. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/rotate/stage.h"

#define CLIENTS 200000
/* Five standard deviations of a share of that many clients, at most; and half a bin of time. */
#define NEAR 0.008

static void assert_near(double value, double wanted)
{
    if (fabs(value - wanted) > NEAR)
        fail_msg("%f is not near %f", value, wanted);
}

/* The new key is shown on day `deploy`, without updates at the handshake. */
static void run(struct rotate_tally *out, const struct rotate_fleet *fleet, int64_t deploy)
{
    static struct rotate_timeline timeline;
    struct rotate_play play;

    stage_rotation(&timeline, T0 + deploy * DAY);
    play = stage_play(&timeline, 60, false);
    stage_run(out, &play, fleet, CLIENTS, 2);
}

static void exponential_lags_leave_what_is_calculated(void **unused)
{
    struct rotate_fleet fleet = {.seed = 7, .kind = ROTATE_LAG_EXPONENTIAL, .a = 5};
    struct rotate_tally tally;

    (void)unused;
    run(&tally, &fleet, 10);
    assert_near(stage_share(&tally, ROTATE_LOCKED, 10 * DAY - HOUR, CLIENTS), 0);
    for (int64_t day = 10; day < 60; day += 5)
        assert_near(stage_share(&tally, ROTATE_LOCKED, day * DAY, CLIENTS), exp(-(double)day / 5));
    for (int64_t day = 0; day < 30; day += 3)
        assert_near(1 - stage_share(&tally, ROTATE_UNREADY, day * DAY + HOUR, CLIENTS),
                    1 - exp(-(double)(day * DAY + HOUR) / (double)DAY / 5));
    /* The mean of what is left of an exponential time is its mean. */
    assert_near((double)tally.locked_s / DAY / CLIENTS / 5, exp(-2.0));
    assert_near((double)tally.locked_clients / CLIENTS, exp(-2.0));
    assert_int_equal(tally.exposed_s, 0);
    rotate_tally_clear(&tally);
}

static void other_lags_leave_what_is_calculated(void **unused)
{
    struct rotate_fleet normal = {.seed = 7, .kind = ROTATE_LAG_LOGNORMAL, .a = 4, .b = 1.1};
    struct rotate_fleet weibull = {.seed = 7, .kind = ROTATE_LAG_WEIBULL, .a = 6, .b = 0.7};
    static const int64_t sample[] = {0, 12 * DAY, 20 * DAY, PINTLE_NEVER};
    struct rotate_fleet given = {
        .seed = 7, .kind = ROTATE_LAG_SAMPLE, .sample = sample, .sample_count = 4};
    struct rotate_tally tally;

    (void)unused;
    run(&tally, &normal, 3);
    for (int64_t day = 3; day < 60; day += 6)
        assert_near(stage_share(&tally, ROTATE_LOCKED, day * DAY, CLIENTS),
                    0.5 * erfc(log((double)day / 4) / 1.1 / sqrt(2)));
    rotate_tally_clear(&tally);
    run(&tally, &weibull, 3);
    for (int64_t day = 3; day < 60; day += 6)
        assert_near(stage_share(&tally, ROTATE_LOCKED, day * DAY, CLIENTS),
                    exp(-pow((double)day / 6, 0.7)));
    rotate_tally_clear(&tally);
    run(&tally, &given, 10);
    assert_near(stage_share(&tally, ROTATE_LOCKED, 11 * DAY, CLIENTS), 0.75);
    assert_near(stage_share(&tally, ROTATE_LOCKED, 15 * DAY, CLIENTS), 0.5);
    assert_near(stage_share(&tally, ROTATE_LOCKED, 30 * DAY, CLIENTS), 0.25);
    rotate_tally_clear(&tally);
}

static void shares_are_as_asked_and_have_their_reasons(void **unused)
{
    static const int64_t sample[] = {DAY};
    struct rotate_fleet fleet = {.seed = 3,
                                 .kind = ROTATE_LAG_SAMPLE,
                                 .sample = sample,
                                 .sample_count = 1,
                                 .never = 0.2,
                                 .offline = 0.3,
                                 .offline_s = 20 * DAY};
    struct rotate_tally tally;
    double back;

    (void)unused;
    run(&tally, &fleet, 10);
    assert_near(stage_share(&tally, ROTATE_REASON_FIRST + ROTATE_NEVER, 59 * DAY, CLIENTS),
                0.2 * (1 - 0.3 * 20 / 80));
    /* Somebody who comes back is locked out for a day. Spells begin within 80 days, evenly. */
    back = stage_share(&tally, ROTATE_REASON_FIRST + ROTATE_OFFLINE, 12 * DAY, CLIENTS);
    assert_near(back, 0.8 * 0.3 * (25.0 / 24) / 80);
    assert_near(stage_share(&tally, ROTATE_REASON_FIRST + ROTATE_LATE, 12 * DAY, CLIENTS), 0);
    rotate_tally_clear(&tally);
}

static void updates_at_the_handshake_save_who_can_be_reached(void **unused)
{
    static struct rotate_timeline timeline;
    struct rotate_fleet fleet = {.seed = 1, .kind = ROTATE_LAG_EXPONENTIAL, .a = 5, .never = 0.1};
    struct rotate_play play;
    struct rotate_tally tally;

    (void)unused;
    stage_rotation(&timeline, T0 + 10 * DAY);
    play = stage_play(&timeline, 60, true);
    stage_run(&tally, &play, &fleet, CLIENTS, 2);
    assert_near(stage_share(&tally, ROTATE_LOCKED, 11 * DAY, CLIENTS), 0.1);
    assert_int_equal(tally.locked_clients,
                     rotate_tally_get(&tally, ROTATE_REASON_FIRST + ROTATE_NEVER, 11 * 24));
    assert_near((double)tally.rescued_clients / CLIENTS, 0.9 * exp(-2.0));
    rotate_tally_clear(&tally);
}

static struct rotate_fleet everything(uint64_t seed)
{
    return (struct rotate_fleet){.seed = seed,
                                 .kind = ROTATE_LAG_LOGNORMAL,
                                 .a = 3,
                                 .b = 1.5,
                                 .never = 0.01,
                                 .offline = 0.1,
                                 .offline_s = 15 * DAY,
                                 .clock = 0.1,
                                 .clock_s = 300 * DAY};
}

static void threads_change_nothing_and_seeds_do(void **unused)
{
    static struct rotate_timeline timeline;
    struct rotate_attack attack = rotate_attack_none();
    struct rotate_play play = {.start = T0, .end = T0 + 50 * DAY, .refresh = true};
    struct rotate_fleet fleet = everything(5);
    struct rotate_tally one;
    struct rotate_tally other;
    size_t size;

    (void)unused;
    stage_rotation(&timeline, T0 + 9 * DAY);
    attack.freeze_at = T0 + 8 * DAY;
    attack.freeze_s = 9 * DAY;
    attack.steal_key = T0 + 7 * DAY;
    attack.react_s = 3 * DAY;
    assert_true(rotate_attack_apply(&timeline, &play, &attack));
    stage_run(&one, &play, &fleet, 20011, 1);
    size = ROTATE_SERIES * (one.bins + 1) * sizeof(*one.diff);
    for (unsigned threads = 2; threads <= ROTATE_THREADS_MAX; threads += 7) {
        stage_run(&other, &play, &fleet, 20011, threads);
        assert_memory_equal(one.diff, other.diff, size);
        assert_true(one.locked_s == other.locked_s && one.exposed_s == other.exposed_s);
        assert_true(one.locked_clients == other.locked_clients);
        assert_true(one.longest_s == other.longest_s);
        rotate_tally_clear(&other);
    }
    fleet = everything(6);
    stage_run(&other, &play, &fleet, 20011, 2);
    assert_memory_not_equal(one.diff, other.diff, size);
    rotate_tally_clear(&other);
    rotate_tally_clear(&one);
}

static void it_stops_when_told(void **unused)
{
    static struct rotate_timeline timeline;
    struct rotate_fleet fleet = everything(1);
    volatile sig_atomic_t stop = 1;
    struct rotate_play play;
    struct rotate_stage stage;
    struct rotate_tally tally;

    (void)unused;
    stage_rotation(&timeline, T0 + DAY);
    play = stage_play(&timeline, 10, true);
    rotate_stage_make(&stage, &play);
    assert_int_equal(rotate_fleet_run(&tally, &stage, &fleet, 1000, 2, &stop), ROTATE_RUN_STOPPED);
    rotate_tally_clear(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_lags_leave_what_is_calculated),
        cmocka_unit_test(other_lags_leave_what_is_calculated),
        cmocka_unit_test(shares_are_as_asked_and_have_their_reasons),
        cmocka_unit_test(updates_at_the_handshake_save_who_can_be_reached),
        cmocka_unit_test(threads_change_nothing_and_seeds_do),
        cmocka_unit_test(it_stops_when_told),
    };

    return cmocka_run_group_tests_name("rotate_fleet", tests, NULL, NULL);
}
