/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAG_DAYS_MAX 36500.0
#define FRACTION_DIGITS 9

/* Programs write all digits of a double: 0.30000000000000004 */
#define CSV_FRACTION_DIGITS 30
#define DATE_LEN 10

bool rotate_parse_date(int64_t *out, const char *text)
{
    char whole[PINTLE_TIME_TEXT_SIZE];
    size_t len = strlen(text);

    if (len != DATE_LEN && len != PINTLE_TIME_TEXT_SIZE - 1)
        return false;
    (void)snprintf(whole, sizeof(whole), "%s%s", text, len == DATE_LEN ? "T00:00:00Z" : "");
    return pintle_time_parse(out, whole, sizeof(whole) - 1, NULL) == PINTLE_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool parse_decimal(double *out, const char *text, size_t len, double max,
                          size_t fraction_digits)
{
    double value = 0;
    double unit = 1;
    size_t i = 0;
    size_t digits;

    for (; i < len && is_digit(text[i]) && value <= max; i++)
        value = value * 10 + (text[i] - '0');
    digits = i;
    if (digits > 0 && i < len && text[i] == '.') {
        size_t first = ++i;

        for (; i < len && is_digit(text[i]) && i - first < fraction_digits; i++) {
            unit /= 10;
            value += (text[i] - '0') * unit;
        }
        digits = i - first;
    }
    if (digits == 0 || i != len || value > max)
        return false;
    *out = value;
    return true;
}

bool rotate_parse_number(double *out, const char *text, size_t len, double max)
{
    return parse_decimal(out, text, len, max, FRACTION_DIGITS);
}

bool rotate_parse_share(double *out, const char *text, size_t len)
{
    if (len > 0 && text[len - 1] == '%') {
        double percent;

        if (!rotate_parse_number(&percent, text, len - 1, 100))
            return false;
        *out = percent / 100;
        return true;
    }
    return rotate_parse_number(out, text, len, 1);
}

static bool parse_days(int64_t *seconds, const char *text)
{
    double days;

    if (!rotate_parse_number(&days, text, strlen(text), ROTATE_DAYS_MAX) || days <= 0)
        return false;
    *seconds = (int64_t)(days * (double)ROTATE_DAY_S);
    return *seconds > 0;
}

bool rotate_parse_share_days(double *share, int64_t *seconds, const char *text)
{
    const char *colon = strchr(text, ':');
    double value;

    if (colon == NULL || !rotate_parse_share(&value, text, (size_t)(colon - text)) ||
        !parse_days(seconds, colon + 1))
        return false;
    *share = value;
    return true;
}

/* The last colon: a date with a time of day has two of its own. */
bool rotate_parse_date_days(int64_t *date, int64_t *seconds, const char *text)
{
    const char *colon = strrchr(text, ':');
    char first[PINTLE_TIME_TEXT_SIZE];
    size_t len = colon != NULL ? (size_t)(colon - text) : sizeof(first);
    int64_t value;

    if (len >= sizeof(first))
        return false;
    memcpy(first, text, len);
    first[len] = '\0';
    if (!rotate_parse_date(&value, first) || !parse_days(seconds, colon + 1))
        return false;
    *date = value;
    return true;
}

/* --- distributions ------------------------------------------------------------------------------ */

static bool parse_two(double *a, double *b, const char *text, double max_b)
{
    const char *comma = strchr(text, ',');

    return comma != NULL && rotate_parse_number(a, text, (size_t)(comma - text), LAG_DAYS_MAX) &&
           rotate_parse_number(b, comma + 1, strlen(comma + 1), max_b);
}

bool rotate_parse_lag(struct rotate_fleet *out, const char *text)
{
    double a = 0;
    double b = 0;
    enum rotate_lag_kind kind;

    if (strncmp(text, "exp:", 4) == 0) {
        kind = ROTATE_LAG_EXPONENTIAL;
        if (!rotate_parse_number(&a, text + 4, strlen(text + 4), LAG_DAYS_MAX))
            return false;
    } else if (strncmp(text, "lognormal:", 10) == 0) {
        kind = ROTATE_LAG_LOGNORMAL;
        if (!parse_two(&a, &b, text + 10, 20))
            return false;
    } else if (strncmp(text, "weibull:", 8) == 0) {
        kind = ROTATE_LAG_WEIBULL;
        if (!parse_two(&a, &b, text + 8, 100) || b <= 0)
            return false;
    } else {
        return false;
    }
    out->kind = kind;
    out->a = a;
    out->b = b;
    return true;
}

/* --- CSV ------------------------------------------------------------------------------------- */

static const char *parse_line(int64_t *out, const char *text, size_t len)
{
    double days;

    if (len == 5 && memcmp(text, "never", 5) == 0) {
        *out = PINTLE_NEVER;
        return "";
    }
    if (len == 0)
        return "an empty line";
    if (!parse_decimal(&days, text, len, LAG_DAYS_MAX, CSV_FRACTION_DIGITS))
        return "neither a number of days from 0 to 36500 nor \"never\"";
    *out = (int64_t)(days * (double)ROTATE_DAY_S);
    return "";
}

static size_t count_lines(const char *text, size_t len)
{
    size_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n' ? 1 : 0;
    return lines + (len > 0 && text[len - 1] != '\n' ? 1 : 0);
}

static bool parse_lines(int64_t *sample, size_t *count, const char *text, size_t len, size_t *line,
                        const char **why)
{
    static const char title[] = "lag_days";
    const char *end = text + len;

    for (*line = 1; text < end; ++*line) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *next = stop != NULL ? stop + 1 : end;
        size_t width = (size_t)((stop != NULL ? stop : end) - text);

        if (width > 0 && text[width - 1] == '\r')
            width--;
        if (*line == 1 && width == sizeof(title) - 1 && memcmp(text, title, width) == 0) {
            text = next;
            continue;
        }
        *why = parse_line(&sample[*count], text, width);
        if (**why != '\0')
            return false;
        ++*count;
        text = next;
    }
    *why = "no lag at all";
    return *count > 0;
}

bool rotate_parse_csv(int64_t **out, size_t *count, const char *text, size_t len, size_t *line,
                      const char **why)
{
    size_t lines = count_lines(text, len);
    int64_t *sample;

    *count = 0;
    *line = 1;
    if (lines > (size_t)ROTATE_SAMPLE_MAX + 1) {
        *line = (size_t)ROTATE_SAMPLE_MAX + 2;
        *why = "more than 10 000 000 lags";
        return false;
    }
    sample = malloc((lines + 1) * sizeof(*sample));
    *why = NULL;
    if (sample == NULL)
        return false;
    if (!parse_lines(sample, count, text, len, line, why)) {
        free(sample);
        return false;
    }
    *out = sample;
    return true;
}
