/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of published files (docs/spec/bundle.md, "Sources"): read it as a client, write it. */
#ifndef PINTLE_CLI_PUBLISHED_H
#define PINTLE_CLI_PUBLISHED_H

#include <pintle/bundle.h>

#include "cli.h"

/* Every failure is told here. */

/*
 * What a client believes that begins with root 1 of the directory, or else with the first of `roots`,
 * which are then applied on top. A directory without latest.json has no pins yet.
 *
 * anchor  a root to begin with instead of the directory's own; NULL for that
 * now     0 reads what has expired too, as a publisher must
 */
enum cli_exit published_open(struct pintle_trusted **out, const char *dir, const char *anchor,
                             const struct opt_list *roots, int64_t now);

/*
 * Write what is believed, in the order in which clients may read half-way: files that never change
 * first, latest.json last, each of them all or not at all. A file that is there with another payload
 * is not overwritten.
 *
 * lock  of published_lock(), from before published_open(); -1 if there was no directory then
 */
enum cli_exit published_write(const char *dir, const struct pintle_trusted *trusted, int lock);

#endif
