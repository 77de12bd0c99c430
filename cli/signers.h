/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that a command signs with. */
#ifndef PINTLE_CLI_SIGNERS_H
#define PINTLE_CLI_SIGNERS_H

#include <pintle/sign.h>

#include "cli.h"

/* keys: files, or URIs that OpenSSL's stores reach */
struct signer_options {
    struct opt_list keys;
    const char *passphrase_file;
};

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
/* Rows of opt_specs for a `struct signer_options` that is `member` of `owner`. */
#define SIGNER_OPTIONS(owner, member)                                                               \
    {.name = "key", .type = OPT_LIST, .metavar = "FILE|URI", .variable = "SIGN_KEY",                \
     .help = "sign with this private key; may be given again",                                     \
     .offset = offsetof(owner, member.keys)},                                                       \
    {.name = "passphrase-file", .type = OPT_FILE, .metavar = "FILE",                               \
     .help = "take the keys' passphrase from the first line of FILE",                              \
     .offset = offsetof(owner, member.passphrase_file)}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

struct signers {
    struct pintle_signing_key **keys;
    size_t count;
};

/*
 * Load one key. Without a passphrase file the terminal is asked for the passphrase of an encrypted
 * one. Tells failures itself.
 */
enum cli_exit signers_load_one(struct pintle_signing_key **out, const char *source,
                               const char *passphrase_file);

/* Load all of them. Clear in any case. */
enum cli_exit signers_load(struct signers *out, const struct signer_options *options);
void signers_clear(struct signers *signers);

/* Does a root name this key for that role? */
bool signers_may_sign(const struct pintle_root *root, enum pintle_role role,
                      const struct pintle_signing_key *key);

/*
 * Whose keys may sign.
 *
 * root  NULL: nobody knows, any key may
 * next  the root that is signed, whose own keys have to sign as well; else NULL
 */
struct signer_roots {
    const struct pintle_root *root;
    const struct pintle_root *next;
};

/* Sign with every key; if one of them may not, nothing is signed. Tells failures itself. */
enum cli_exit signers_sign(const struct signers *signers, const struct signer_options *options,
                           struct pintle_envelope *envelope, const struct signer_roots *roots,
                           enum pintle_role role);

#endif
