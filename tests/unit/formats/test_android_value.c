/* SPDX-License-Identifier: Apache-2.0 */
/* Booleans, pins and days, as Android reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "android_xml.h"

#define DAY INT64_C(86400)
#define NO (-1)

/* --- booleans ------------------------------------------------------------------------------------- */

static void reads_booleans(void **unused)
{
    static const struct {
        const char *text;
        int value;
    } cases[] = {
        {"true", 1},  {"True", 1},  {"TRUE", 1},   {" true\n", 1},  {"false", 0}, {"False", 0},
        {"FALSE", 0}, {"tRuE", NO}, {"true.", NO}, {"tru", NO},     {"", NO},     {" ", NO},
        {"1", 1},     {"0", 0},     {"000", 0},    {"-1", 1},       {"-0", 0},    {"0x1f", 1},
        {"0X00", 0},  {"0x", NO},   {"-", NO},     {"1.0", NO},     {"+1", NO},   {"1 1", NO},
        {"-0x1", 1},  {"0xg", NO},  {"yes", NO},   {"@bool/x", NO},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool value = false;
        bool is_boolean = android_read_bool(&value, cases[i].text);

        if (is_boolean != (cases[i].value != NO) || (is_boolean && value != (cases[i].value == 1)))
            fail_msg("\"%s\": %d, %d", cases[i].text, is_boolean, value);
    }
}

/* --- pins ----------------------------------------------------------------------------------------- */

#define PIN "d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWm"

static void reads_pins(void **unused)
{
    static const struct {
        const char *text;
        bool good;
        bool surplus;
    } cases[] = {
        {PIN "M=", true, false},    {PIN "M", true, false},
        {PIN "N=", true, false},    {PIN "O", true, false},
        {PIN "P", true, false},     {" " PIN "\r\n\tM = ", true, false},
        {"." PIN "M=", true, true}, {PIN "M=\xe2\x80\x8b", true, true},
        {PIN "-M_=", true, true},   {PIN "M=.", true, true},
        {PIN, false, false},        {PIN "==", false, false},
        {PIN "M==", false, false},  {PIN "MA", false, false},
        {PIN "=M", false, false},   {"=" PIN "M", false, false},
        {PIN "M=A", false, false},  {"A" PIN "M=", false, false},
        {"", false, false},         {PIN PIN, false, false},
    };
    struct pintle_pin wanted;

    (void)unused;
    assert_int_equal(pintle_pin_parse(&wanted, PIN "M=", 44, NULL), PINTLE_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pintle_pin pin;
        bool surplus = false;
        bool good = android_read_pin(&pin, cases[i].text, strlen(cases[i].text), &surplus);

        if (good != cases[i].good)
            fail_msg("%s: %d", cases[i].text, good);
        if (!good)
            continue;
        assert_true(pintle_pin_equal(&pin, &wanted));
        assert_int_equal(surplus, cases[i].surplus);
    }
}

/* --- days ----------------------------------------------------------------------------------------- */

static void reads_days(void **unused)
{
    static const struct {
        const char *text;
        int64_t day; /* NO: refused */
        bool surplus;
    } cases[] = {
        {"1970-01-02", 1, false},
        {"1970-1-2", 1, false},
        {" 1970-\t01- 02", 1, false},
        {"001970-001-002", 1, false},
        {"1970-01-02 ", 1, true},
        {"1970-01-02T00:00", 1, true},
        {"2027-05-01", 20939, false},
        {"2096-02-29", 46080, false},
        {"2100-02-29", NO, false},
        {"1969-12-31", 0, false},
        {"27-05-01", 0, false},
        {"1-1-1", 0, false},
        {"1900-02-29", NO, false},
        {"1600-02-29", 0, false},
        {"0-01-01", NO, false},
        {"1970-00-01", NO, false},
        {"1970-13-01", NO, false},
        {"1970-01-00", NO, false},
        {"1970-01-32", NO, false},
        {"1970-04-31", NO, false},
        {"1970-01", NO, false},
        {"1970-01-", NO, false},
        {"1970--01", NO, false},
        {"1970/01/02", NO, false},
        {"1970 -01-02", NO, false},
        {"-1970-01-02", NO, false},
        {"+1970-01-02", NO, false},
        {"", NO, false},
        {"x", NO, false},
        {"1970-111111111111-01", NO, false},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t time = -2;
        bool surplus = false;
        bool good = android_read_day(&time, cases[i].text, &surplus);

        if (good != (cases[i].day != NO) || (good && time != cases[i].day * DAY))
            fail_msg("\"%s\": %d, %lld", cases[i].text, good, (long long)time);
        if (good)
            assert_int_equal(surplus, cases[i].surplus);
    }
}

static void knows_no_end_of_days(void **unused)
{
    int64_t time;
    bool surplus;

    (void)unused;
    assert_true(android_read_day(&time, "9999-12-31", &surplus));
    assert_true(time < PINTLE_NEVER);
    assert_true(android_read_day(&time, "10000-01-01", &surplus));
    assert_int_equal(time, PINTLE_NEVER);
    assert_true(android_read_day(&time, "99999999999999999999-02-28", &surplus));
    assert_int_equal(time, PINTLE_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_booleans),
        cmocka_unit_test(reads_pins),
        cmocka_unit_test(reads_days),
        cmocka_unit_test(knows_no_end_of_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
