/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a directory is one to publish in. */
#ifndef PINTLE_CLI_PUBLISHED_PLACE_H
#define PINTLE_CLI_PUBLISHED_PLACE_H

#include "cli.h"

/* Lies in a directory from before its first file until after its first latest.json. */
#define PUBLISHED_UNFINISHED "unfinished"

/* Every failure is told here. */

/* Is there something of this name in it? */
bool published_has(const char *dir, const char *name);

/* CLI_INPUT if there is no such directory: for commands that make none. */
enum cli_exit published_must_exist(const char *dir);

/*
 * CLI_INPUT if it is half of a published directory, or somebody else's. Without its first root or its
 * pointer a directory that was published looks like a new one, and versions would begin anew: somebody
 * has to look. A first publication that was interrupted has left its mark, and no client can have read it.
 */
enum cli_exit published_check_whole(const char *dir);

/*
 * Before the first publication: all of the directory is handed out. CLI_INPUT for a private key in it;
 * a word about other files that are not ours.
 */
enum cli_exit published_check_strangers(const char *dir);

#endif
