/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed values of a JSON document. Each function takes the value at a path, NULL if it is absent,
 * and fails if it is not of the type: E_SCHEMA, or E_JSON for a number that is no integer.
 */
#ifndef PINTLE_SRC_JSON_MEMBER_H
#define PINTLE_SRC_JSON_MEMBER_H

#include <stdbool.h>

#include "json/json.h"

/* Text with its length; NUL-terminated. */
struct pintle__string {
    const char *text;
    size_t len;
};

/* A string of min_len to max_len bytes without control characters; lent by the JSON. */
PINTLE_MUST_USE enum pintle_status pintle__get_string(const struct pintle__source *source,
                                                      const struct pintle__at *at,
                                                      const json_t *json, size_t min_len,
                                                      size_t max_len, struct pintle__string *out);
PINTLE_MUST_USE enum pintle_status pintle__get_integer(const struct pintle__source *source,
                                                       const struct pintle__at *at,
                                                       const json_t *json, int64_t min, int64_t max,
                                                       int64_t *out);
PINTLE_MUST_USE enum pintle_status pintle__get_bool(const struct pintle__source *source,
                                                    const struct pintle__at *at, const json_t *json,
                                                    bool *out);
/* RFC 3339; also E_TIME. */
PINTLE_MUST_USE enum pintle_status pintle__get_time(const struct pintle__source *source,
                                                    const struct pintle__at *at, const json_t *json,
                                                    int64_t *out);
/* One of `words`, which NULL ends; *out is its index. */
PINTLE_MUST_USE enum pintle_status pintle__get_word(const struct pintle__source *source,
                                                    const struct pintle__at *at, const json_t *json,
                                                    const char *const *words, unsigned *out);
/* An array of min to max items. */
PINTLE_MUST_USE enum pintle_status pintle__get_array(const struct pintle__source *source,
                                                     const struct pintle__at *at,
                                                     const json_t *json, size_t min, size_t max,
                                                     uint32_t *out_count);

/*
 * Sort the members of an object: known[i] becomes the one called names[i], or NULL. names is ended
 * by NULL, and known has as many places. *unknown tells if there are others.
 */
PINTLE_MUST_USE enum pintle_status pintle__get_members(const struct pintle__source *source,
                                                       const struct pintle__at *at, json_t *json,
                                                       const char *const *names, json_t **known,
                                                       bool *unknown);

#endif
