/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a document: what the files that read it share. */
#ifndef PINTLE_SRC_PINSET_LOAD_H
#define PINTLE_SRC_PINSET_LOAD_H

#include "pinset/json.h"
#include "pinset/schema.h"
#include "pinset/set.h"

/* Text with its length; NUL-terminated. */
struct pintle__string {
    const char *text;
    size_t len;
};

/* One document on its way into a pin-set. */
struct pintle__load {
    struct pintle__source source;
    struct pintle_pinset *set;
    struct pintle__intern intern;
};

/* Say that memory ran out. */
void pintle__load_no_memory(const struct pintle__load *load);

/* Memory of the set's arena; NULL after saying that it ran out. */
void *pintle__load_array(struct pintle__load *load, size_t count, size_t size);
const char *pintle__load_string(struct pintle__load *load, const char *text, size_t len);
const char *pintle__load_intern(struct pintle__load *load, const struct pintle__string *string);

/* --- values: member.c --------------------------------------------------------------------------
 *
 * Each takes the value at a path, NULL if it is absent, and fails if it is not of the type:
 * E_SCHEMA, or E_JSON for a number that is no integer.
 */

/* A string of min_len to max_len bytes without control characters; lent by the JSON. */
PINTLE_MUST_USE enum pintle_status pintle__get_string(const struct pintle__load *load,
                                                      const struct pintle__at *at,
                                                      const json_t *json, size_t min_len,
                                                      size_t max_len, struct pintle__string *out);
PINTLE_MUST_USE enum pintle_status pintle__get_integer(const struct pintle__load *load,
                                                       const struct pintle__at *at,
                                                       const json_t *json, int64_t min, int64_t max,
                                                       int64_t *out);
PINTLE_MUST_USE enum pintle_status pintle__get_bool(const struct pintle__load *load,
                                                    const struct pintle__at *at, const json_t *json,
                                                    bool *out);
/* RFC 3339; also E_TIME. */
PINTLE_MUST_USE enum pintle_status pintle__get_time(const struct pintle__load *load,
                                                    const struct pintle__at *at, const json_t *json,
                                                    int64_t *out);
/* One of `words`, which NULL ends; *out is its index. */
PINTLE_MUST_USE enum pintle_status pintle__get_word(const struct pintle__load *load,
                                                    const struct pintle__at *at, const json_t *json,
                                                    const char *const *words, unsigned *out);
/* An array of min to max items. */
PINTLE_MUST_USE enum pintle_status pintle__get_array(const struct pintle__load *load,
                                                     const struct pintle__at *at,
                                                     const json_t *json, size_t min, size_t max,
                                                     uint32_t *out_count);

/* Sort the members of an object: known[i] is the one called names[i], or NULL. *unknown tells if
 * there are others. */
PINTLE_MUST_USE enum pintle_status pintle__get_members(const struct pintle__load *load,
                                                       const struct pintle__at *at, json_t *json,
                                                       const char *const *names,
                                                       json_t *known[PINTLE__MEMBERS_MAX],
                                                       bool *unknown);

/* --- the rest --------------------------------------------------------------------------------- */

/*
 * Check `crit` of an object, and keep it and the members that are not in `names` for
 * pintle_pinset_format(). Also E_CRIT.
 */
PINTLE_MUST_USE enum pintle_status pintle__keep_extras(struct pintle__load *load,
                                                       const struct pintle__at *at, json_t *json,
                                                       const char *const *names, uint32_t rule,
                                                       uint32_t pin);

/* Compile rule `index`. */
PINTLE_MUST_USE enum pintle_status pintle__load_rule(struct pintle__load *load,
                                                     const struct pintle__at *at, uint32_t index,
                                                     json_t *json);

/* Compile `pins` of rule `index`. */
PINTLE_MUST_USE enum pintle_status pintle__load_pins(struct pintle__load *load,
                                                     const struct pintle__at *at, uint32_t index,
                                                     const json_t *json);

/* Compile `deny`, an array of pins and nothing else. */
PINTLE_MUST_USE enum pintle_status pintle__load_deny(struct pintle__load *load,
                                                     const struct pintle__at *at,
                                                     struct pintle_rule *rule, const json_t *json);

#endif
