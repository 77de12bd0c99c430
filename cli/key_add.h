/* SPDX-License-Identifier: Apache-2.0 */
/* A new backup pin in the rules of a pin-set file. */
#ifndef PINTLE_CLI_KEY_ADD_H
#define PINTLE_CLI_KEY_ADD_H

#include "cli.h"

struct key_add; /* opaque */

/*
 * Read the pin-set and find the rules that are for these names; every name must have one. A name
 * "*.host" means the rule with that very pattern. `path` must outlive the result. Tells failures
 * itself.
 */
enum cli_exit key_add_open(struct key_add **out, const char *path, const char *const *names,
                           size_t count);

/* Write the file anew, with the pin in those rules, one version up and issued now. */
enum cli_exit key_add_write(struct key_add *add, const struct pintle_pin *pin);

/* {"file": …, "version": …, "rules": […]}, or NULL without memory. */
json_t *key_add_json(const struct key_add *add);

const char *key_add_path(const struct key_add *add);

void key_add_free(struct key_add *add);

#endif
