/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that was taken for something else. */
#ifndef PINTLE_CLI_DOCUMENT_KIND_H
#define PINTLE_CLI_DOCUMENT_KIND_H

#include <pintle/status.h>

#include "cli.h"

/*
 * As cli_fail(), but if the file is one of our documents and another than what was `wanted` ("an
 * envelope", "a pin-set", "a plan"), that is told, not the member that it lacks. len bytes of `text`
 * were read from `path`.
 */
enum cli_exit document_fail(const char *path, const char *text, size_t len, const char *wanted,
                            const struct pintle_error *err);

/* "a root", …; NULL if it is none of ours. Static storage. */
const char *document_kind(const char *text, size_t len);

#endif
