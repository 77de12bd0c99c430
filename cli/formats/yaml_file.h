/* SPDX-License-Identifier: Apache-2.0 */
/* YAML files of other platforms, event by event: no tree is built, and aliases are refused, so that nothing expands. */
#ifndef PINTLE_CLI_FORMATS_YAML_FILE_H
#define PINTLE_CLI_FORMATS_YAML_FILE_H

#include "format.h"

#define YAML_DEPTH_MAX 64

/*
 * A scalar and where it stands. `keys` are the names of the mappings around it, outermost first, and `mappings` the number of
 * each, by which two that are alike are told apart. A sequence has a number of its own, 0 outside of any, and no name.
 */
struct yaml_scalar {
    const char *value;
    size_t len;
    const char *const *keys;
    const size_t *mappings;
    size_t depth;
    size_t sequence;
    uint32_t line;
    uint32_t column;
};

/*
 * Tell `found` of every scalar that is a value. Stops at the first status that is not OK.
 *
 * E_SCHEMA with line and column: no YAML, or with an alias. E_LIMIT: deeper than YAML_DEPTH_MAX.
 */
PINTLE_MUST_USE enum pintle_status yaml_file_scan(
    const char *text, size_t len,
    enum pintle_status (*found)(void *ctx, const struct yaml_scalar *scalar,
                                struct pintle_error *err),
    void *ctx, struct pintle_error *err);

/* The number of the mapping that has a member `name` around the scalar; 0 if there is none. */
size_t yaml_file_mapping(const struct yaml_scalar *scalar, const char *name);

/* True if the innermost key around a scalar is `name`. */
bool yaml_file_is(const struct yaml_scalar *scalar, const char *name);

#endif
