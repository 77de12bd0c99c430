/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages: hand-written prose between what the tables know. */
#ifndef PINTLE_CLI_MAN_H
#define PINTLE_CLI_MAN_H

#include "cli.h"

/*
 * Print the mdoc(7) page of a command, or of pintle itself if command is NULL. `prose` is a file
 * with the hand-written sections, ".Sh DESCRIPTION" first; the generated ones join them at their
 * conventional place.
 */
enum cli_exit man_print(const struct cli_command *command, const char *prose);

#endif
