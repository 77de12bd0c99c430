/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include <pintle/time.h>

#include "base/error.h"

#define TEXT_LEN (PINTLE_TIME_TEXT_SIZE - 1)
#define DAY_S 86400
#define FIRST_YEAR 1970
#define LAST_YEAR 9999
#define LAST_TIME INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of January of a year from 1970. */
static int days_before_year(int year)
{
    int last = year - 1;

    /* 477 leap days lie between year 1 and 1970. */
    return 365 * (year - FIRST_YEAR) + last / 4 - last / 100 + last / 400 - 477;
}

static int days_in_month(int year, int month)
{
    static const signed char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* The number written in `count` digits that were checked before. */
static int number(const char *digits, size_t count)
{
    int value = 0;

    for (size_t i = 0; i < count; i++)
        value = value * 10 + (digits[i] - '0');
    return value;
}

/* The index of the first byte that does not fit the form, or TEXT_LEN if all do. */
static size_t check_form(const char *text, size_t len)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

    for (size_t i = 0; i < TEXT_LEN; i++) {
        if (i == len)
            return i;
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return i;
    }
    return TEXT_LEN;
}

/* Refuse a field outside its range. */
static bool in_range(int value, int low, int high, size_t offset, const char *what,
                     struct pintle_error *err)
{
    if (value >= low && value <= high)
        return true;
    pintle__error_at(err, PINTLE_E_TIME, offset, "%s is not in %d to %d", what, low, high);
    return false;
}

enum pintle_status pintle_time_parse(int64_t *out, const char *text, size_t len,
                                     struct pintle_error *err)
{
    size_t bad = check_form(text, len);
    int year, month, day, hour, minute, second, days;

    *out = 0;
    if (bad < TEXT_LEN || len > TEXT_LEN) {
        pintle__error_at(err, PINTLE_E_TIME, bad, "time is not like 2026-11-21T00:00:00Z");
        return PINTLE_E_TIME;
    }
    year = number(text, 4);
    month = number(text + 5, 2);
    day = number(text + 8, 2);
    hour = number(text + 11, 2);
    minute = number(text + 14, 2);
    second = number(text + 17, 2);
    if (!in_range(year, FIRST_YEAR, LAST_YEAR, 0, "year", err) ||
        !in_range(month, 1, 12, 5, "month", err) ||
        !in_range(day, 1, days_in_month(year, month), 8, "day", err) ||
        !in_range(hour, 0, 23, 11, "hour", err) || !in_range(minute, 0, 59, 14, "minute", err) ||
        !in_range(second, 0, 59, 17, "second", err))
        return PINTLE_E_TIME;
    days = days_before_year(year) + day - 1;
    for (int m = 1; m < month; m++)
        days += days_in_month(year, m);
    *out = (int64_t)days * DAY_S + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    return PINTLE_OK;
}

static void put(char *at, size_t count, int value)
{
    while (count > 0) {
        at[--count] = (char)('0' + value % 10);
        value /= 10;
    }
}

char *pintle_time_format(int64_t time, char out[PINTLE_TIME_TEXT_SIZE])
{
    static const char form[PINTLE_TIME_TEXT_SIZE] = "0000-00-00T00:00:00Z";
    int64_t clamped = time < 0 ? 0 : time > LAST_TIME ? LAST_TIME : time;
    int days = (int)(clamped / DAY_S);
    int seconds = (int)(clamped % DAY_S);
    int year = FIRST_YEAR + days / 366;
    int month = 1;

    /* The guess is never too late, and at most 17 years early in the year 9999. */
    while (days_before_year(year + 1) <= days)
        year++;
    days -= days_before_year(year);
    while (days >= days_in_month(year, month))
        days -= days_in_month(year, month++);
    for (size_t i = 0; i < PINTLE_TIME_TEXT_SIZE; i++)
        out[i] = form[i];
    put(out, 4, year);
    put(out + 5, 2, month);
    put(out + 8, 2, days + 1);
    put(out + 11, 2, seconds / 3600);
    put(out + 14, 2, seconds / 60 % 60);
    put(out + 17, 2, seconds % 60);
    return out;
}
