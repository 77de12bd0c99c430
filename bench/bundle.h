/* SPDX-License-Identifier: Apache-2.0 */
/* Signed bundles around bench_document(). Whatever fails ends the program. */
#ifndef PINTLE_BENCH_BUNDLE_H
#define PINTLE_BENCH_BUNDLE_H

#include <pintle/sign.h>

#include "bench.h"

/* Inside the validity of all that is made here: 2026-06-01T00:00:00Z. */
#define BENCH_BUNDLE_NOW ((int64_t)1780272000)

/* An app with one key, which signs for root and pins. root is its only root. */
struct bench_signer {
    struct pintle_signing_key *key;
    char *root;
    size_t root_len;
};

struct bench_signer bench_signer_make(void);
void bench_signer_clear(struct bench_signer *signer);

/* bench_document() of this version in an envelope; the caller frees *out, and *payload if given. */
size_t bench_sign_pins(char **out, char **payload, const struct bench_signer *signer, size_t count,
                       const struct pintle_pin *pin, int version);

/* A client that holds the root and nothing else. */
struct pintle_trusted *bench_trusted(const struct bench_signer *signer);

/* A seed of the root and such pins; the caller frees it. */
char *bench_seed(const struct bench_signer *signer, size_t count, const struct pintle_pin *pin,
                 size_t *len);

/* Write such a bundle as a source, as publish would: its files, then latest.json. */
void bench_publish(const struct bench_signer *signer, const char *folder, const char *envelope,
                   size_t len);

#endif
