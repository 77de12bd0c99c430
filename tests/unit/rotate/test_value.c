/* SPDX-License-Identifier: Apache-2.0 */
/* What options may say, and what they must not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rotate_value.h"

static void dates(void **unused)
{
    static const char *const bad[] = {"",           "2026-13-01",           "2026-1-1",
                                      "2026-02-30", "2026-11-21T00:00:00",  "2026-11-21 00:00:00Z",
                                      "today",      "2026-11-21T24:00:00Z", "1969-12-31"};
    int64_t time = 5;

    (void)unused;
    assert_true(rotate_parse_date(&time, "1970-01-02"));
    assert_true(time == 86400);
    assert_true(rotate_parse_date(&time, "1970-01-02T01:00:00Z"));
    assert_true(time == 90000);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rotate_parse_date(&time, bad[i]));
}

static bool share(double *out, const char *text)
{
    return rotate_parse_share(out, text, strlen(text));
}

static void shares(void **unused)
{
    static const char *const bad[] = {"",   "%",  "-0.1", "1.1", "101%", "1e-3", "0.5 %",
                                      ".5", "0.", "nan",  "0x1", "+1",   "0,5",  "0.0000000001"};
    double value = 0;

    (void)unused;
    assert_true(share(&value, "0.25") && value == 0.25);
    assert_true(share(&value, "25%") && value == 0.25);
    assert_true(share(&value, "1") && value == 1);
    assert_true(share(&value, "0") && value == 0);
    assert_true(share(&value, "0.5%") && fabs(value - 0.005) < 1e-12);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (share(&value, bad[i]))
            fail_msg("%s", bad[i]);
}

static void pairs(void **unused)
{
    static const char *const bad[] = {"", "5%", "5%:", ":5", "5%:0", "5%:-1", "5%:3651", "5%:1:1"};
    static const char *const bad_dates[] = {
        "", "2026-12-01", "2026-12-01:", "2026-12-01:0", ":5", "2026-12-01T00:00:00Z"};
    double value = 0;
    int64_t seconds = 0;
    int64_t date = 0;

    (void)unused;
    assert_true(rotate_parse_share_days(&value, &seconds, "5%:1.5"));
    assert_true(fabs(value - 0.05) < 1e-12 && seconds == 129600);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(rotate_parse_share_days(&value, &seconds, bad[i]));
    assert_true(rotate_parse_date_days(&date, &seconds, "1970-01-02:2"));
    assert_true(date == 86400 && seconds == 172800);
    assert_true(rotate_parse_date_days(&date, &seconds, "1970-01-02T01:00:00Z:2"));
    assert_true(date == 90000);
    for (size_t i = 0; i < sizeof(bad_dates) / sizeof(bad_dates[0]); i++)
        assert_false(rotate_parse_date_days(&date, &seconds, bad_dates[i]));
}

static void distributions(void **unused)
{
    static const char *const bad[] = {"",
                                      "exp",
                                      "exp:",
                                      "exp:-1",
                                      "exp:1,2",
                                      "lognormal:1",
                                      "lognormal:1,",
                                      "weibull:1,0",
                                      "weibull:1,101",
                                      "gamma:1,2",
                                      "csv:x",
                                      "exp:36501",
                                      "lognormal:1,21"};
    struct rotate_fleet fleet = {0};

    (void)unused;
    assert_true(rotate_parse_lag(&fleet, "exp:2.5"));
    assert_true(fleet.kind == ROTATE_LAG_EXPONENTIAL && fleet.a == 2.5);
    assert_true(rotate_parse_lag(&fleet, "lognormal:4,1.5"));
    assert_true(fleet.kind == ROTATE_LAG_LOGNORMAL && fleet.a == 4 && fleet.b == 1.5);
    assert_true(rotate_parse_lag(&fleet, "weibull:4,0.5"));
    assert_true(fleet.kind == ROTATE_LAG_WEIBULL && fleet.b == 0.5);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (rotate_parse_lag(&fleet, bad[i]))
            fail_msg("%s", bad[i]);
}

static void csv_is_read(void **unused)
{
    static const char *const good[] = {"1\n2.5\nnever\n", "lag_days\n1\n2.5\nnever",
                                       "1\r\n2.5\r\nnever\r\n"};

    (void)unused;
    for (size_t i = 0; i < 3; i++) {
        int64_t *sample = NULL;
        size_t count = 0;
        size_t line = 0;
        const char *why = NULL;

        assert_true(rotate_parse_csv(&sample, &count, good[i], strlen(good[i]), &line, &why));
        assert_int_equal(count, 3);
        assert_true(sample[0] == 86400 && sample[1] == 216000 && sample[2] == PINTLE_NEVER);
        free(sample);
    }
}

static void csv_says_which_line_is_wrong(void **unused)
{
    static const struct {
        const char *text;
        size_t len;
        size_t line;
    } bad[] = {
        {"", 0, 1},         {"lag_days\n", 9, 2},     {"1\n\n2\n", 5, 2},    {"1\n-2\n", 5, 2},
        {"1\n2,3\n", 6, 2}, {"1\nlag_days\n", 11, 2}, {"1\n2\n3e4\n", 8, 3}, {" 1\n", 3, 1},
        {"1\n2\0\n", 5, 2}, {"36501\n", 6, 1},        {"1;\n", 3, 1}};

    (void)unused;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t *sample = NULL;
        size_t count = 0;
        size_t line = 0;
        const char *why = NULL;

        assert_false(rotate_parse_csv(&sample, &count, bad[i].text, bad[i].len, &line, &why));
        assert_int_equal(line, bad[i].line);
        assert_non_null(why);
        assert_true(why[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),       cmocka_unit_test(shares),
        cmocka_unit_test(pairs),       cmocka_unit_test(distributions),
        cmocka_unit_test(csv_is_read), cmocka_unit_test(csv_says_which_line_is_wrong),
    };

    return cmocka_run_group_tests_name("rotate_value", tests, NULL, NULL);
}
