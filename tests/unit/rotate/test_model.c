/* SPDX-License-Identifier: Apache-2.0 */
/* One issue, and the worst case that can be calculated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/rotate/stage.h"

static struct rotate_timeline timeline;

static void enforcement_ends_as_the_engine_ends_it(void **unused)
{
    struct rotate_issue issue = stage_issue(T0, 1, 1, 0);

    (void)unused;
    assert_true(rotate_issue_ends(&issue) == PINTLE_NEVER);
    issue.hard_ttl_s = 10 * DAY;
    assert_true(rotate_issue_ends(&issue) == T0 + 10 * DAY);
    issue.enforce_until = T0 + 5 * DAY;
    assert_true(rotate_issue_ends(&issue) == T0 + 5 * DAY);
    assert_int_equal(rotate_issue_mode(&issue, T0 + 5 * DAY - 1), PINTLE_MODE_ENFORCE);
    assert_int_equal(rotate_issue_mode(&issue, T0 + 5 * DAY), PINTLE_MODE_REPORT);
    /* hard_ttl_s never hardens. */
    issue.mode = PINTLE_MODE_REPORT;
    issue.after = PINTLE_MODE_ENFORCE;
    issue.enforce_until = PINTLE_NEVER;
    assert_true(rotate_issue_ends(&issue) == PINTLE_NEVER);
}

static void a_denied_key_is_refused_in_every_mode(void **unused)
{
    struct rotate_issue issue = stage_issue(T0, 1, 1, 2);
    struct pintle_pin one = stage_key(1);
    struct pintle_pin two = stage_key(2);
    struct pintle_pin three = stage_key(3);

    (void)unused;
    assert_false(rotate_issue_refuses(&issue, &one, T0));
    assert_true(rotate_issue_refuses(&issue, &three, T0));
    assert_true(rotate_issue_deny(&issue, &one));
    assert_int_equal(issue.pin_count, 1);
    issue.mode = PINTLE_MODE_OFF;
    assert_true(rotate_issue_refuses(&issue, &one, T0));
    assert_false(rotate_issue_refuses(&issue, &three, T0));
    issue.mode = PINTLE_MODE_ENFORCE;
    issue.pins[0].until = T0 + 1;
    assert_false(rotate_issue_refuses(&issue, &two, T0));
    assert_true(rotate_issue_refuses(&issue, &two, T0 + 1));
}

static void no_pin_finds_room_behind_the_last(void **unused)
{
    struct rotate_issue issue = stage_issue(T0, 1, 1, 0);
    struct rotate_pin pin = {.until = PINTLE_NEVER};

    (void)unused;
    for (int i = 2; i <= ROTATE_PINS_MAX; i++) {
        pin.pin = stage_key(i);
        assert_true(rotate_issue_pin(&issue, &pin));
    }
    pin.pin = stage_key(200);
    assert_false(rotate_issue_pin(&issue, &pin));
    assert_int_equal(issue.pin_count, ROTATE_PINS_MAX);
    pin.pin = stage_key(1);
    pin.backup = true;
    assert_true(rotate_issue_pin(&issue, &pin));
    assert_true(issue.pins[0].backup);
}

static void the_next_issue_moves_its_windows(void **unused)
{
    struct rotate_issue issue = stage_issue(T0, 4, 1, 0);
    struct rotate_issue next;

    (void)unused;
    issue.expires = T0 + 90 * DAY;
    issue.enforce_until = T0 + 300 * DAY;
    issue.held = true;
    next = rotate_issue_next(&issue, T0 + 10 * DAY);
    assert_int_equal(next.version, 5);
    assert_true(next.expires == T0 + 100 * DAY);
    assert_true(next.enforce_until == T0 + 310 * DAY);
    assert_false(next.held);
    issue.expires = PINTLE_NEVER;
    assert_true(rotate_issue_next(&issue, T0).expires == PINTLE_NEVER);
}

static void the_worst_case_is_from_the_change_to_the_end(void **unused)
{
    int64_t from = 0;
    int64_t until = 0;

    (void)unused;
    stage_rotation(&timeline, T0 + 20 * DAY);
    assert_true(rotate_timeline_worst(&timeline, 0, &from, &until));
    assert_true(from == T0 + 20 * DAY && until == PINTLE_NEVER);
    assert_false(rotate_timeline_worst(&timeline, 1, &from, &until));
    timeline.issues[0].enforce_until = T0 + 80 * DAY;
    assert_true(rotate_timeline_worst(&timeline, 0, &from, &until));
    assert_true(from == T0 + 20 * DAY && until == T0 + 80 * DAY);
    timeline.issues[0].hard_ttl_s = 110 * DAY;
    assert_false(rotate_timeline_worst(&timeline, 0, &from, &until));
    /* An end that hardens is none. */
    timeline.issues[0].hard_ttl_s = PINTLE_NEVER;
    timeline.issues[0].after = PINTLE_MODE_ENFORCE;
    assert_true(rotate_timeline_worst(&timeline, 0, &from, &until));
    assert_true(until == PINTLE_NEVER);
    /* A pin that ends before the new one is there. */
    timeline.issues[1].pins[0].until = T0 + 15 * DAY;
    assert_true(rotate_timeline_worst(&timeline, 1, &from, &until));
    assert_true(from == T0 + 15 * DAY && until == T0 + 20 * DAY);
}

static void sums_of_times_do_not_run_over(void **unused)
{
    (void)unused;
    assert_true(rotate_later(PINTLE_NEVER, 1) == PINTLE_NEVER);
    assert_true(rotate_later(1, PINTLE_NEVER) == PINTLE_NEVER);
    assert_true(rotate_later(253402300799, 1) == PINTLE_NEVER);
    assert_true(rotate_later(INT64_MAX - 1, INT64_MAX - 1) == PINTLE_NEVER);
    assert_true(rotate_later(T0, DAY) == T0 + DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enforcement_ends_as_the_engine_ends_it),
        cmocka_unit_test(a_denied_key_is_refused_in_every_mode),
        cmocka_unit_test(no_pin_finds_room_behind_the_last),
        cmocka_unit_test(the_next_issue_moves_its_windows),
        cmocka_unit_test(the_worst_case_is_from_the_change_to_the_end),
        cmocka_unit_test(sums_of_times_do_not_run_over),
    };

    return cmocka_run_group_tests_name("rotate_model", tests, NULL, NULL);
}
