/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 through EVP. The digest is fetched once and contexts are reused, because an implicit
 * fetch costs three times the hash of a key. Nothing is locked and nothing is kept per thread.
 */
#include <stdatomic.h>

#include <openssl/evp.h>

#include <pintle/openssl.h>

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

const struct pintle_crypto *pintle_openssl_crypto(void)
{
    static const struct pintle_crypto crypto = {"openssl", sha256, NULL, NULL};

    return digest() != NULL ? &crypto : NULL;
}
