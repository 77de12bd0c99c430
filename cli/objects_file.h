/* SPDX-License-Identifier: Apache-2.0 */
/* Files of certificates, certificate requests and keys. */
#ifndef PINTLE_CLI_OBJECTS_FILE_H
#define PINTLE_CLI_OBJECTS_FILE_H

#include <pintle/x509.h>

#include "cli.h"

/*
 * Read a file; "-" is standard input. Its bytes, which may be of private keys, are wiped. Tells
 * failures: to read it itself, to parse it by `tell`, such as cli_fail(). *out is NULL then.
 */
enum cli_exit objects_file_read(struct pintle_objects **out, const char *path,
                                enum cli_exit (*tell)(const char *path,
                                                      const struct pintle_error *err));

#endif
