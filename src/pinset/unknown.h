/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the members that we do not know, read from where they are kept. */
#ifndef PINTLE_SRC_PINSET_UNKNOWN_H
#define PINTLE_SRC_PINSET_UNKNOWN_H

#include <stdbool.h>
#include <stddef.h>

/* Lent by the JSON and as it stands there, escapes and all; not NUL-terminated. */
struct pintle__name {
    const char *text;
    size_t len;
};

/*
 * The next name of an object's own members. `*at` starts as `unknown` of a struct pintle__extra and
 * moves on; false behind the last member. Allocates nothing.
 */
bool pintle__unknown_next(const char **at, struct pintle__name *out);

/* True if the name says that it is not meant for pintle. */
bool pintle__unknown_is_deliberate(const struct pintle__name *name);

/* The one of `names`, which NULL ends, that was probably meant; NULL if none is near. */
const char *pintle__unknown_nearest(const struct pintle__name *name, const char *const *names);

#endif
