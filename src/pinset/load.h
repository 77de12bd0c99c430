/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a document: what the files that read it share. */
#ifndef PINTLE_SRC_PINSET_LOAD_H
#define PINTLE_SRC_PINSET_LOAD_H

#include "pinset/schema.h"
#include "pinset/set.h"
#include "json/member.h"

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
