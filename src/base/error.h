/* SPDX-License-Identifier: Apache-2.0 */
/* How a function fills the caller's struct pintle_error. */
#ifndef PINTLE_SRC_BASE_ERROR_H
#define PINTLE_SRC_BASE_ERROR_H

#include <pintle/status.h>

/*
 * Write an error; err may be NULL. Everything but status and text becomes zero. The text is cut to
 * fit at a whole UTF-8 character, control characters in it are replaced by '?'. Returns nothing, so
 * that the `return PINTLE_E_…` behind it is literal: compilers then see which out-parameters are
 * set.
 */
void pintle__error_set(struct pintle_error *err, enum pintle_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with err->offset. */
void pintle__error_at(struct pintle_error *err, enum pintle_status status, size_t offset,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
