/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates, shares and numbers of days as options of `pintle rotate` write them. No locale, no clock.
 * Each returns false for text that is not exactly that; *out is then unchanged.
 */
#ifndef PINTLE_CLI_ROTATE_VALUE_H
#define PINTLE_CLI_ROTATE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "rotate_sim.h"

/* "2026-11-21" (its first second in UTC) or "2026-11-21T13:00:00Z". */
bool rotate_parse_date(int64_t *out, const char *text);

/* Digits, possibly a point and digits; at most `max`. `len` characters. */
bool rotate_parse_number(double *out, const char *text, size_t len, double max);

/* "0.01" or "1%": 0 to 1. */
bool rotate_parse_share(double *out, const char *text, size_t len);

/* "SHARE:DAYS"; DAYS 1 to ROTATE_DAYS_MAX, decimals allowed. */
bool rotate_parse_share_days(double *share, int64_t *seconds, const char *text);

/* "DATE:DAYS". */
bool rotate_parse_date_days(int64_t *date, int64_t *seconds, const char *text);

/*
 * "exp:MEAN", "lognormal:MEDIAN,SIGMA", "weibull:SCALE,SHAPE" into kind, a and b. A "csv:" is none
 * of these.
 */
bool rotate_parse_lag(struct rotate_fleet *out, const char *text);

#define ROTATE_SAMPLE_MAX 10000000

/*
 * A CSV of update lags: one number of days on each line, or "never"; LF or CRLF; nothing else. An
 * optional first line "lag_days". Values up to 36500 days. On failure *line is the line at fault
 * (from 1) and *why says what is wrong with it; without memory *why is NULL. The caller frees *out.
 */
bool rotate_parse_csv(int64_t **out, size_t *count, const char *text, size_t len, size_t *line,
                      const char **why);

#endif
