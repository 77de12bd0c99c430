/* SPDX-License-Identifier: Apache-2.0 */
/* Public halves of signing keys in files. */
#ifndef PINTLE_CLI_KEY_FILE_H
#define PINTLE_CLI_KEY_FILE_H

#include <pintle/sign.h>

#include "cli.h"

#define KEY_LABEL_SIZE 129

/* label: of its "label:" line, or "" */
struct key_file {
    uint8_t public_key[PINTLE_ED25519_KEY_LEN];
    char id[PINTLE_KEY_ID_SIZE];
    char label[KEY_LABEL_SIZE];
};

/*
 * Read a public key, or the public half of an unencrypted private one. *status is E_PEM if the file
 * holds neither; then nothing is told. Other failures are.
 */
enum cli_exit key_file_read(struct key_file *out, const char *path, enum pintle_status *status);

/* A public key as the text of a file: its role and label, then PEM. NULL after telling why. */
char *key_file_format(const struct pintle_signing_key *key, const char *role, const char *label);

/* Does a regular file hold such a text? Of PEM: "PUBLIC KEY-----". */
bool key_file_holds(const char *path, const char *mark);

#endif
