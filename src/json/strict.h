/* SPDX-License-Identifier: Apache-2.0 */
/* What our documents have in common, beside strict JSON: integers only, and `crit`. */
#ifndef PINTLE_SRC_JSON_STRICT_H
#define PINTLE_SRC_JSON_STRICT_H

#include <stdbool.h>

#include "json/json.h"

/* True if `name` is among `names`, which NULL ends. */
bool pintle__is_name(const char *const *names, const char *name);

/*
 * There are no numbers but integers, not even where they are ignored: E_JSON. Recurses as deep as the
 * value is nested.
 */
PINTLE_MUST_USE enum pintle_status pintle__refuse_reals(const struct pintle__source *source,
                                                        const struct pintle__at *at, json_t *json);

/*
 * Every entry of `crit`, an array of at most `max` strings, must be a member that we understand (as in RFC
 * 7515, section 4.1.11): one of `names`. E_SCHEMA, E_CRIT.
 */
PINTLE_MUST_USE enum pintle_status pintle__check_crit(const struct pintle__source *source,
                                                      const struct pintle__at *at,
                                                      const json_t *crit, size_t max,
                                                      const char *const *names);

#endif
