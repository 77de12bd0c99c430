/* SPDX-License-Identifier: Apache-2.0 */
/* Back-off, and shifts that keep clients from coming at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "os/update_schedule.h"

static void back_off_doubles_from_a_minute_to_an_hour(void **state)
{
    static const int64_t waits[] = {0, 60, 120, 240, 480, 960, 1920, 3600, 3600};

    (void)state;
    for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        assert_int_equal(pintle__backoff_s(i), waits[i]);
    assert_int_equal(pintle__backoff_s(UINT16_MAX), 3600);
}

static void shifts_stay_within_a_tenth_and_reach_both_ends(void **state)
{
    struct pintle__dice dice = {12345};
    int64_t least = INT64_MAX;
    int64_t most = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t shifted = pintle__dice_shift(&dice, 1000);

        least = shifted < least ? shifted : least;
        most = shifted > most ? shifted : most;
    }
    assert_int_equal(least, 900);
    assert_int_equal(most, 1100);
}

static void shifts_are_spread_evenly(void **state)
{
    struct pintle__dice dice = {1};
    unsigned buckets[10] = {0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        buckets[pintle__dice_roll(&dice, 9)]++;
    for (int i = 0; i < 10; i++) {
        assert_true(buckets[i] > 850);
        assert_true(buckets[i] < 1150);
    }
}

static void small_and_odd_values_are_left_alone(void **state)
{
    struct pintle__dice dice = {7};

    (void)state;
    assert_int_equal(pintle__dice_shift(&dice, 0), 0);
    assert_int_equal(pintle__dice_shift(&dice, 9), 9);
    assert_int_equal(pintle__dice_roll(&dice, 0), 0);
    assert_int_equal(pintle__dice_roll(&dice, -5), 0);
}

static void two_dice_differ(void **state)
{
    struct pintle__dice a = pintle__dice_init();
    struct pintle__dice b = pintle__dice_init();
    int same = 0;

    (void)state;
    for (int i = 0; i < 16; i++)
        same += pintle__dice_roll(&a, 1000000) == pintle__dice_roll(&b, 1000000);
    assert_true(same < 16);
}

static void a_time_to_come_is_waited_for(void **state)
{
    (void)state;
    assert_false(pintle__is_due(1060, 1000, 1059));
    assert_true(pintle__is_due(1060, 1000, 1060));
    assert_true(pintle__is_due(0, 0, 0));
    assert_false(pintle__is_due(1000 + 3960, 1000, 1000));
}

/* Ten years off in either direction, and what a damaged database may say. */
static void a_wrong_clock_forbids_nothing_for_long(void **state)
{
    const int64_t years = (int64_t)10 * 365 * 86400;

    (void)state;
    assert_true(pintle__is_due(years + 60, years, 1000)); /* set back since */
    assert_true(pintle__is_due(1060, 1000, years));       /* set forward since */
    assert_true(pintle__is_due(INT64_MAX, 1000, 1001));   /* no wait is that long */
    assert_true(pintle__is_due(INT64_MAX, 0, INT64_MAX - 1));
    assert_true(pintle__is_due(INT64_MIN, INT64_MIN, INT64_MIN));
    assert_true(pintle__is_due(INT64_MAX, INT64_MIN, INT64_MIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(back_off_doubles_from_a_minute_to_an_hour),
        cmocka_unit_test(shifts_stay_within_a_tenth_and_reach_both_ends),
        cmocka_unit_test(shifts_are_spread_evenly),
        cmocka_unit_test(small_and_odd_values_are_left_alone),
        cmocka_unit_test(two_dice_differ),
        cmocka_unit_test(a_time_to_come_is_waited_for),
        cmocka_unit_test(a_wrong_clock_forbids_nothing_for_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
