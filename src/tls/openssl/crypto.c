/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 through EVP. The digest is fetched once and contexts are reused, because an implicit
 * fetch costs three times the hash of a key. Nothing is locked and nothing is kept per thread.
 * Signatures are rare: they take what EVP gives.
 */
#include <stdatomic.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include <pintle/openssl.h>

#include "bundle/ed25519.h"

/* Contexts kept for the next call: as many as there are threads hashing at one moment. */
#define POOL_SIZE 16

static _Atomic(EVP_MD *) fetched;
static _Atomic(EVP_MD_CTX *) pool[POOL_SIZE];

/* The digest, fetched by the first caller that can; a failure is tried again next time. */
static const EVP_MD *digest(void)
{
    EVP_MD *have = atomic_load_explicit(&fetched, memory_order_acquire);
    EVP_MD *mine;

    if (have != NULL)
        return have;
    mine = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (mine == NULL)
        return NULL;
    if (atomic_compare_exchange_strong(&fetched, &have, mine))
        return mine;
    EVP_MD_free(mine);
    return have;
}

static EVP_MD_CTX *take(void)
{
    for (size_t i = 0; i < POOL_SIZE; i++) {
        EVP_MD_CTX *ctx;

        if (atomic_load_explicit(&pool[i], memory_order_relaxed) == NULL)
            continue;
        ctx = atomic_exchange_explicit(&pool[i], NULL, memory_order_acquire);
        if (ctx != NULL)
            return ctx;
    }
    return EVP_MD_CTX_new();
}

static void give_back(EVP_MD_CTX *ctx)
{
    for (size_t i = 0; i < POOL_SIZE; i++) {
        EVP_MD_CTX *empty = NULL;

        if (atomic_load_explicit(&pool[i], memory_order_relaxed) != NULL)
            continue;
        if (atomic_compare_exchange_strong_explicit(&pool[i], &empty, ctx, memory_order_release,
                                                    memory_order_relaxed))
            return;
    }
    EVP_MD_CTX_free(ctx);
}

static bool sha256(void *unused, const uint8_t *data, size_t len, uint8_t out[PINTLE_DIGEST_LEN])
{
    const EVP_MD *md = digest();
    EVP_MD_CTX *ctx;
    bool hashed;

    (void)unused;
    if (md == NULL)
        return false;
    ctx = take();
    if (ctx == NULL)
        return false;
    hashed = EVP_DigestInit_ex2(ctx, md, NULL) == 1 && EVP_DigestUpdate(ctx, data, len) == 1 &&
             EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    if (hashed)
        give_back(ctx);
    else
        EVP_MD_CTX_free(ctx); /* in a state nobody knows */
    return hashed;
}

/*
 * OpenSSL takes a malformed point or a scalar that is not reduced for a bad signature too (RFC 8032
 * section 5.1.7): all of that is BAD. So is whatever a key of small order is said to have signed,
 * which OpenSSL would take. FAILED is a library that has no Ed25519 or no memory.
 */
static enum pintle_signature_check verify_ed25519(void *unused, const uint8_t public_key[32],
                                                  const uint8_t *message, size_t len,
                                                  const uint8_t signature[64])
{
    enum pintle_signature_check answer = PINTLE_SIGNATURE_FAILED;
    EVP_MD_CTX *ctx;
    EVP_PKEY *key;

    (void)unused;
    if (pintle__ed25519_is_weak(public_key))
        return PINTLE_SIGNATURE_BAD;
    ERR_set_mark();
    ctx = EVP_MD_CTX_new();
    key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, 32);
    if (ctx != NULL && key != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
        answer = EVP_DigestVerify(ctx, signature, 64, message, len) == 1 ? PINTLE_SIGNATURE_GOOD
                                                                         : PINTLE_SIGNATURE_BAD;
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(ctx);
    ERR_pop_to_mark();
    return answer;
}

const struct pintle_crypto *pintle_openssl_crypto(void)
{
    static const struct pintle_crypto crypto = {"openssl", sha256, NULL, verify_ed25519};

    return digest() != NULL ? &crypto : NULL;
}
