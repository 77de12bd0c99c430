/* SPDX-License-Identifier: Apache-2.0 */
/* When to try: intervals, back-off, and the shift by which many clients do not come at once. */
#ifndef PINTLE_SRC_OS_UPDATE_SCHEDULE_H
#define PINTLE_SRC_OS_UPDATE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PINTLE__BACKOFF_FIRST_S ((int64_t)60)
#define PINTLE__BACKOFF_LAST_S ((int64_t)3600)
#define PINTLE__INTERVAL_DEFAULT_S ((int64_t)6 * 3600)

/* A generator of shifts (splitmix64 of Steele, Lea and Flood, 2014): spread, not secret. */
struct pintle__dice {
    uint64_t state;
};

/* Different in every process and at every time. */
struct pintle__dice pintle__dice_init(void);

/* Uniform in 0 to `max`, both included; 0 for a negative max. */
int64_t pintle__dice_roll(struct pintle__dice *dice, int64_t max);

/* `value` shifted by up to a tenth of it in either direction. */
int64_t pintle__dice_shift(struct pintle__dice *dice, int64_t value);

/* How long to wait after so many failures in a row: 0, then a minute, doubling up to an hour. */
int64_t pintle__backoff_s(unsigned failures);

/*
 * May something be tried at `now` that is not to be tried before next_at, and was last tried at
 * last_at? A clock that was set back, or was wrong before, must not forbid it for long.
 */
bool pintle__is_due(int64_t next_at, int64_t last_at, int64_t now);

#endif
