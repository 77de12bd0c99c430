/* SPDX-License-Identifier: Apache-2.0 */
/* The files that exports and imports read. */
#ifndef PINTLE_CLI_FORMAT_FILES_H
#define PINTLE_CLI_FORMAT_FILES_H

#include <pintle/x509.h>

#include "cli.h"

/* A pin-set or a platform's file, of up to 64 MiB; "-" is standard input. Freed with free(). Tells
 * failures itself. */
enum cli_exit format_read_file(char **out, size_t *len, const char *path);

/* The certificates in a file; NULL if path is. Tells failures itself. */
enum cli_exit format_read_certificates(struct pintle_objects **out, const char *path);

/* Say what is wrong inside a file. A malformed host there is bad input, not wrong usage. */
enum cli_exit format_fail(const char *path, const struct pintle_error *err);

#endif
