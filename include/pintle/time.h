/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/time.h: RFC 3339 times, as they stand in pin-sets. Nothing here reads a clock, an
 * environment or a locale. All functions are thread-safe.
 */
#ifndef PINTLE_TIME_H
#define PINTLE_TIME_H

#include <pintle/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "2026-11-21T00:00:00Z" and the terminating NUL. */
#define PINTLE_TIME_TEXT_SIZE 21

/*
 * Read "2026-11-21T00:00:00Z" as seconds since 1970-01-01T00:00:00Z. Years 1970 to 9999; the zone
 * must be "Z", no fraction, no leap second, real days of the month only. E_TIME with err->offset.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_time_parse(int64_t *out, const char *text,
                                                                size_t len,
                                                                struct pintle_error *err);

/* Write a time; values outside 1970 to 9999 are clamped. Returns out. */
PINTLE_API char *pintle_time_format(int64_t time, char out[PINTLE_TIME_TEXT_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
