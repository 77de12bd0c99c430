/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases of keys: from a file or the terminal, never from the command line or environment. */
#ifndef PINTLE_CLI_PASSPHRASE_H
#define PINTLE_CLI_PASSPHRASE_H

#include "cli.h"

#define PASSPHRASE_SIZE 1025

/* text: "" for none. Wiped by passphrase_clear(). */
struct passphrase {
    char text[PASSPHRASE_SIZE];
};

/* The first line of a file; "-" is standard input. Tells what is wrong with it. */
enum cli_exit passphrase_read(struct passphrase *out, const char *path);

/* Ask at the terminal, twice for a new one. Tells what is wrong. */
enum cli_exit passphrase_ask(struct passphrase *out, const char *whose, bool is_new);

void passphrase_clear(struct passphrase *passphrase);

#endif
