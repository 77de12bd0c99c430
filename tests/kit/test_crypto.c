/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/test_crypto.h"

#include <openssl/evp.h>
#include <string.h>

static bool sha256(void *ctx, const uint8_t *data, size_t len, uint8_t out[PINTLE_DIGEST_LEN])
{
    (void)ctx;
    return EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1;
}

static enum pintle_signature_check verify(void *ctx, const uint8_t public_key[32],
                                          const uint8_t *message, size_t len,
                                          const uint8_t signature[64])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    enum pintle_signature_check check = PINTLE_SIGNATURE_FAILED;

    (void)ctx;
    if (key != NULL && md != NULL && EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1)
        check = EVP_DigestVerify(md, signature, 64, message, len) == 1 ? PINTLE_SIGNATURE_GOOD
                                                                       : PINTLE_SIGNATURE_BAD;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    return check;
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
    static const struct pintle_crypto crypto = {"test", sha256, NULL, verify};

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
