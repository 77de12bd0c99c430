/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/test_crypto.h"

#include <openssl/evp.h>
#include <string.h>

static bool sha256(void *ctx, const uint8_t *data, size_t len, uint8_t out[PINTLE_DIGEST_LEN])
{
    (void)ctx;
    return EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1;
}

/* Leaves rubbish behind, as a provider might that fails late. */
static bool fail(void *ctx, const uint8_t *data, size_t len, uint8_t out[PINTLE_DIGEST_LEN])
{
    (void)ctx;
    (void)data;
    (void)len;
    memset(out, 0xa5, PINTLE_DIGEST_LEN);
    return false;
}

static bool count_and_hash(void *ctx, const uint8_t *data, size_t len,
                           uint8_t out[PINTLE_DIGEST_LEN])
{
    unsigned *count = ctx;

    *count += 1;
    return sha256(NULL, data, len, out);
}

const struct pintle_crypto *test_crypto(void)
{
    static const struct pintle_crypto crypto = {"test", sha256, NULL, NULL};

    return &crypto;
}

const struct pintle_crypto *test_crypto_failing(void)
{
    static const struct pintle_crypto crypto = {"failing", fail, NULL, NULL};

    return &crypto;
}

struct pintle_crypto test_crypto_counting(unsigned *count)
{
    struct pintle_crypto crypto = {"counting", count_and_hash, count, NULL};

    return crypto;
}
