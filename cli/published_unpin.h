/* SPDX-License-Identifier: Apache-2.0 */
/* Unpins in a directory of published files, as a publisher has to know them. */
#ifndef PINTLE_CLI_PUBLISHED_UNPIN_H
#define PINTLE_CLI_PUBLISHED_UNPIN_H

#include <pintle/bundle.h>

#include "cli.h"

/*
 * Take the unpin that latest.json names, if it is not over, and raise the mark to the highest serial
 * that was ever published in this epoch. Clients remember serials of unpins that have ended, or whose
 * keys the root has replaced since: they would refuse one that began anew. Tells failures.
 *
 * now  0: the unpin is judged as of its own day, since a publisher may come at any time
 */
enum cli_exit published_unpin_read(struct pintle_trusted *trusted, const char *dir, int64_t now);

#endif
