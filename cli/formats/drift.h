/* SPDX-License-Identifier: Apache-2.0 */
/* Where an existing file differs from what the pin-set says. */
#ifndef PINTLE_CLI_FORMATS_DRIFT_H
#define PINTLE_CLI_FORMATS_DRIFT_H

#include "format.h"

#define DRIFT_TEXT_SIZE 400

/* line: in the existing file, 0 if it is about something that it lacks. */
struct drift {
    uint32_t line;
    const char *text;
};

/*
 * Tell `found` of each difference between the clauses that an export would write and those that
 * were read from a file of the same format. The order of hosts and of pins does not count; nor do
 * labels, ids and comments. Returns how many, or SIZE_MAX without memory.
 */
size_t drift_clauses(const struct clauses *wanted, const struct clauses *there,
                     const struct semantics *semantics,
                     void (*found)(void *ctx, const struct drift *drift), void *ctx);

/*
 * The same for texts of a format that cannot be read, by lines: the first difference. Lines of `there` that begin with
 * `may_add` (NULL: none) are the user's own and do not count, nor does an empty line behind one.
 */
size_t drift_text(const char *wanted, const char *there, const char *made_by, const char *may_add,
                  void (*found)(void *ctx, const struct drift *drift), void *ctx);

#endif
