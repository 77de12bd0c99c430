/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building JSON without leaving anything out: where memory runs out, NULL is handed on to the end,
 * and what was built is freed.
 */
#ifndef PINTLE_CLI_JSON_BUILD_H
#define PINTLE_CLI_JSON_BUILD_H

#include <stdbool.h>

#include <jansson.h>

/*
 * Read a document; NULL if it is none, or has a member twice. Without memory the program ends
 * (cli_no_memory()): jansson 2.14 may drop a character of a string and go on. Not while other
 * threads use jansson.
 */
json_t *json_build_parse(const char *text, size_t len);

/* Append an item; takes it and the list over. Returns the list or, without memory, NULL. */
json_t *json_build_item(json_t *list, json_t *item);

/*
 * Set a member that an object has if `there`; takes value and object over. Returns the object or,
 * without memory, NULL. value may be NULL where there is none.
 */
json_t *json_build_member(json_t *object, bool there, const char *key, json_t *value);

/* A member that is a text from outside, which an object has unless it is empty. */
json_t *json_build_text(json_t *object, const char *key, const char *text);

#endif
