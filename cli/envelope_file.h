/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes in files, and what they say to people. */
#ifndef PINTLE_CLI_ENVELOPE_FILE_H
#define PINTLE_CLI_ENVELOPE_FILE_H

#include <pintle/bundle.h>

#include "cli.h"

/* All of these tell failures themselves. */
enum cli_exit envelope_load(struct pintle_envelope **out, const char *path);
enum cli_exit envelope_save(const struct pintle_envelope *envelope, const char *path);

/* As a file that is not there yet: what is there may hold signatures that somebody gathered. */
enum cli_exit envelope_create(const struct pintle_envelope *envelope, const char *path);

/* A root envelope and its payload, with its own threshold of signatures or not. */
enum cli_exit envelope_load_root(struct pintle_envelope **envelope, struct pintle_root **root,
                                 const char *path);

/*
 * What a payload says of itself.
 *
 * version  of an unpin its serial
 * digest   SHA-256 in hex
 */
struct envelope_facts {
    enum pintle_role role;
    char app[256];
    int64_t version;
    int64_t epoch;
    int64_t issued;
    int64_t expires;
    char digest[2 * PINTLE_DIGEST_LEN + 1];
};

/* False, silently, if it is none of ours or no document of its role. */
bool envelope_read_facts(struct envelope_facts *out, const struct pintle_envelope *envelope);

/* The same, but what is wrong is told as of the file `name`. */
enum cli_exit envelope_describe(struct envelope_facts *out, const struct pintle_envelope *envelope,
                                const char *name);

/* The same as members of a JSON object; NULL without memory. */
json_t *envelope_json(const struct envelope_facts *facts);

/* SHA-256 in hex. Tells failures. */
enum cli_exit envelope_digest(char out[2 * PINTLE_DIGEST_LEN + 1], struct pintle_view payload);

#endif
