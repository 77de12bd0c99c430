/* SPDX-License-Identifier: Apache-2.0 */
/* JSON files of other platforms. */
#ifndef PINTLE_CLI_FORMATS_JSON_FILE_H
#define PINTLE_CLI_FORMATS_JSON_FILE_H

#include <jansson.h>

#include "format.h"

/*
 * Parse a file whose root is an object, to be given up with json_decref(). A byte order mark is passed over. Of
 * members that stand twice the last one counts, as JSON.parse() and org.json have it; it is noted.
 *
 * E_JSON with line and column; E_SCHEMA if the root is no object.
 */
PINTLE_MUST_USE enum pintle_status json_file_parse(json_t **out, struct reading *reading,
                                                   const char *text, size_t len,
                                                   struct pintle_error *err);

/* A member of an object that must be there, of that type. E_SCHEMA naming `where` and the member. */
PINTLE_MUST_USE enum pintle_status json_file_member(json_t **out, const json_t *object,
                                                    const char *name, json_type type,
                                                    const char *where, struct pintle_error *err);

#endif
