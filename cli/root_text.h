/* SPDX-License-Identifier: Apache-2.0 */
/* What a root says, for people. */
#ifndef PINTLE_CLI_ROOT_TEXT_H
#define PINTLE_CLI_ROOT_TEXT_H

#include <pintle/bundle.h>

#include "cli.h"

/* A key's label or, without one, its id. */
const char *root_key_name(const struct pintle_root_key *key);

/* A line for each role: how many have to sign, and who may. */
void root_print_roles(FILE *out, const struct pintle_root *root);

#define ROOT_SIGNERS_SIZE 2048

/* "2 of alice, bob, carol": who may sign for a role. Returns out. */
char *root_signers_text(char out[ROOT_SIGNERS_SIZE], const struct pintle_root *root,
                        enum pintle_role role);

/* Note what is lawful and weak: keys of several roles, one key that can change everything. */
void root_note_risks(const struct pintle_root *root);

#endif
