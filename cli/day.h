/* SPDX-License-Identifier: Apache-2.0 */
/* Dates as people write them on a command line. */
#ifndef PINTLE_CLI_DAY_H
#define PINTLE_CLI_DAY_H

#include "cli.h"

#define DAY_SECONDS 86400.0
#define DAY_MISTAKE "a date is written 2027-03-01 or 2027-03-01T12:00:00Z"

/* "2027-03-01", the beginning of that day in UTC, or RFC 3339. */
bool day_parse(const char *text, size_t len, int64_t *out);

#endif
