/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the targets for bundles share. There is no crypto: a digest is FNV-1a, and a signature is
 * good if its first byte is the last of the public key, so that a fuzzer can sign.
 */
#ifndef PINTLE_FUZZ_BUNDLE_KIT_H
#define PINTLE_FUZZ_BUNDLE_KIT_H

#include <stdlib.h>
#include <string.h>

#include <pintle/bundle.h>

static inline void require(bool condition)
{
    if (!condition)
        abort();
}

static inline bool bundle_sha256(void *ctx, const uint8_t *data, size_t len,
                                 uint8_t out[PINTLE_DIGEST_LEN])
{
    uint64_t hash = 0xcbf29ce484222325u;

    (void)ctx;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ data[i]) * 0x100000001b3u;
    for (size_t i = 0; i < PINTLE_DIGEST_LEN; i++)
        out[i] = (uint8_t)(hash >> (i % 8 * 8));
    return true;
}

static inline enum pintle_signature_check bundle_verify(void *ctx, const uint8_t public_key[32],
                                                        const uint8_t *message, size_t len,
                                                        const uint8_t signature[64])
{
    (void)ctx;
    require(len >= 7 && memcmp(message, "DSSEv1 ", 7) == 0);
    return signature[0] == public_key[31] ? PINTLE_SIGNATURE_GOOD : PINTLE_SIGNATURE_BAD;
}

static const struct pintle_crypto bundle_crypto = {"fuzz", bundle_sha256, NULL, bundle_verify};

/* A refusal that says why, with a status that may be said of input. */
static inline void check_refusal(const struct pintle_error *err, enum pintle_status status)
{
    require(err->status == status && err->text[0] != '\0');
    require((unsigned)status >> 8 == 2);
}

#endif
