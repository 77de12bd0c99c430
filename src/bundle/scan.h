/* SPDX-License-Identifier: Apache-2.0 */
/* What is found out about JSON before it is read as JSON, in one cheap pass. */
#ifndef PINTLE_SRC_BUNDLE_SCAN_H
#define PINTLE_SRC_BUNDLE_SCAN_H

#include <stdbool.h>

#include <pintle/status.h>

/* A part of a text, from `start` on up to `end`. */
struct pintle__span {
    size_t start;
    size_t end;
};

/*
 * E_JSON if more than PINTLE_BUNDLE_NESTING_MAX objects and arrays lie inside one another. Any
 * bytes are survived: whether they are JSON is found out later.
 *
 * member  the name of a member of the outermost object, as it is written; may be NULL
 * value   between the quotes of that member's value if it is a string; empty if there is none
 */
PINTLE_MUST_USE enum pintle_status pintle__scan(const char *text, size_t len, const char *member,
                                                struct pintle__span *value,
                                                struct pintle_error *err);

#endif
