/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as text. */
#ifndef PINTLE_SRC_JSON_WRITE_H
#define PINTLE_SRC_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/*
 * Write a value with jansson's `flags` and a final newline, NUL-terminated. The caller frees *out.
 * False, and *out NULL, for want of memory; `json` may be NULL and is then that. Takes `json` over.
 */
bool pintle__json_write(char **out, size_t *out_len, json_t *json, size_t flags);

#endif
