/* SPDX-License-Identifier: Apache-2.0 */
/* One publisher at a time: what one has read must not change until it has written. */
#ifndef PINTLE_CLI_PUBLISHED_LOCK_H
#define PINTLE_CLI_PUBLISHED_LOCK_H

#include "cli.h"

/*
 * Wait for the right to change a directory. *fd is -1 if there is no such directory yet. It ends with
 * published_unlock() or the process, and leaves no file. Tells failures.
 */
enum cli_exit published_lock(int *fd, const char *dir);

/* -1 is allowed. */
void published_unlock(int fd);

#endif
