/* SPDX-License-Identifier: Apache-2.0 */
/* All that was ever published in a directory, not only what latest.json names. */
#ifndef PINTLE_CLI_PUBLISHED_EACH_H
#define PINTLE_CLI_PUBLISHED_EACH_H

#include "envelope_file.h"

/* CLI_OK goes on. */
typedef enum cli_exit published_take(void *to, const struct pintle_envelope *envelope,
                                     const struct envelope_facts *facts);

/*
 * Call `take`, in no order, for every envelope of a role and of the app that was signed under any root
 * so far: what clients believed then, they remember. Others are passed over. Tells failures.
 */
enum cli_exit published_each(const struct pintle_trusted *trusted, const char *dir,
                             enum pintle_role role, published_take *take, void *to);

#endif
