/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit/vectors.h"

static bool check_time(const struct vector *row)
{
    struct pintle_error err;
    char text[PINTLE_TIME_TEXT_SIZE];
    int64_t time = -1;
    enum pintle_status status =
        pintle_time_parse(&time, row->field[0].text, row->field[0].len, &err);

    if (status != PINTLE_OK)
        return time == 0 ? vector_check_error(row, 1, status, &err)
                         : vector_fail(row, "a refused time is not zero");
    if (!vector_is(row, 1, "OK") || (size_t)time != vector_number(row, 2))
        return vector_fail(row, "accepted as %lld", (long long)time);
    if (strcmp(pintle_time_format(time, text), row->field[0].text) != 0)
        return vector_fail(row, "written as %s", text);
    return true;
}

static void times_parse_as_the_vectors_say(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("times.txt", 3, 3, check_time), 0);
}

static void times_outside_the_range_are_clamped(void **state)
{
    char text[PINTLE_TIME_TEXT_SIZE];

    (void)state;
    assert_string_equal(pintle_time_format(-1, text), "1970-01-01T00:00:00Z");
    assert_string_equal(pintle_time_format(INT64_MIN, text), "1970-01-01T00:00:00Z");
    assert_string_equal(pintle_time_format(INT64_C(253402300800), text), "9999-12-31T23:59:59Z");
    assert_string_equal(pintle_time_format(INT64_MAX, text), "9999-12-31T23:59:59Z");
}

/* Counts days one by one, by the calendar's own rule. */
static void every_day_of_the_range_is_the_day_after_the_last(void **state)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t time = 0;

    (void)state;
    for (int year = 1970; year <= 9999; year++) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        for (int month = 1; month <= 12; month++) {
            int count = days[month - 1] + (month == 2 && leap ? 1 : 0);
            for (int day = 1; day <= count; day++, time += 86400) {
                char text[PINTLE_TIME_TEXT_SIZE], expected[64];
                int64_t again;
                (void)pintle_time_format(time + 86399, text);
                (void)snprintf(expected, sizeof(expected), "%04d-%02d-%02dT23:59:59Z", year, month,
                               day);
                assert_string_equal(text, expected);
                assert_int_equal(pintle_time_parse(&again, text, 20, NULL), PINTLE_OK);
                assert_true(again == time + 86399);
            }
        }
    }
}

static void every_prefix_of_a_time_is_refused_at_its_end(void **state)
{
    static const char text[] = "2026-11-21T00:00:00Z";

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        struct pintle_error err;
        int64_t time;
        assert_int_equal(pintle_time_parse(&time, text, len, &err), PINTLE_E_TIME);
        assert_int_equal(err.offset, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_parse_as_the_vectors_say),
        cmocka_unit_test(times_outside_the_range_are_clamped),
        cmocka_unit_test(every_day_of_the_range_is_the_day_after_the_last),
        cmocka_unit_test(every_prefix_of_a_time_is_refused_at_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
