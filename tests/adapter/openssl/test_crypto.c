/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter/openssl/scene.h"

#include <pthread.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#define THREADS 24 /* more than the pool keeps contexts for */
#define ROUNDS 300

/* FIPS 180-4's example: "abc". */
static void abc_hashes_as_in_the_standard(void **state)
{
    static const uint8_t expected[PINTLE_DIGEST_LEN] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    const struct pintle_crypto *crypto = pintle_openssl_crypto();
    uint8_t digest[PINTLE_DIGEST_LEN];

    (void)state;
    assert_non_null(crypto);
    assert_ptr_equal(crypto, pintle_openssl_crypto());
    assert_true(crypto->sha256(crypto->ctx, (const uint8_t *)"abc", 3, digest));
    assert_memory_equal(digest, expected, sizeof(expected));
}

static void nothing_hashes_as_openssl_says(void **state)
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();
    uint8_t digest[PINTLE_DIGEST_LEN], expected[PINTLE_DIGEST_LEN];

    (void)state;
    assert_int_equal(EVP_Digest(NULL, 0, expected, NULL, EVP_sha256(), NULL), 1);
    assert_true(crypto->sha256(crypto->ctx, NULL, 0, digest));
    assert_memory_equal(digest, expected, sizeof(expected));
}

/* RFC 8032 section 7.1, test 3. */
static const uint8_t ed25519_key[32] = {
    0xfc, 0x51, 0xcd, 0x8e, 0x62, 0x18, 0xa1, 0xa3, 0x8d, 0xa4, 0x7e, 0xd0, 0x02, 0x30, 0xf0, 0x58,
    0x08, 0x16, 0xed, 0x13, 0xba, 0x33, 0x03, 0xac, 0x5d, 0xeb, 0x91, 0x15, 0x48, 0x90, 0x80, 0x25};
static const uint8_t ed25519_signature[64] = {
    0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02, 0x48, 0x27, 0xe6, 0x9c, 0x3a, 0xbe, 0x01, 0xa3,
    0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44, 0x5e, 0x36, 0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac,
    0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2, 0x90, 0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59,
    0x4a, 0x7c, 0x15, 0xe9, 0x71, 0x6e, 0xd2, 0x8d, 0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a};
static const uint8_t ed25519_message[] = {0xaf, 0x82};

static enum pintle_signature_check verify(const uint8_t *key, const uint8_t *message, size_t len,
                                          const uint8_t *signature)
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();
    enum pintle_signature_check answer =
        crypto->verify_ed25519(crypto->ctx, key, message, len, signature);

    assert_int_equal(ERR_peek_error(), 0);
    return answer;
}

static void a_signature_verifies_as_in_the_rfc(void **state)
{
    (void)state;
    assert_int_equal(verify(ed25519_key, ed25519_message, 2, ed25519_signature),
                     PINTLE_SIGNATURE_GOOD);
}

static void every_changed_bit_makes_it_bad(void **state)
{
    uint8_t key[32], signature[64];
    uint8_t message[2] = {0xaf, 0x83};

    (void)state;
    assert_int_equal(verify(ed25519_key, message, 2, ed25519_signature), PINTLE_SIGNATURE_BAD);
    assert_int_equal(verify(ed25519_key, ed25519_message, 1, ed25519_signature),
                     PINTLE_SIGNATURE_BAD);
    for (size_t bit = 0; bit < 512; bit++) {
        memcpy(signature, ed25519_signature, sizeof(signature));
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(verify(ed25519_key, ed25519_message, 2, signature), PINTLE_SIGNATURE_BAD);
    }
    for (size_t bit = 0; bit < 256; bit++) {
        memcpy(key, ed25519_key, sizeof(key));
        key[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(verify(key, ed25519_message, 2, ed25519_signature),
                             PINTLE_SIGNATURE_GOOD);
    }
}

/* S + L is the same scalar, but not the one way to write it (RFC 8032 section 5.1.7). */
static void a_scalar_that_is_not_reduced_is_bad(void **state)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};
    uint8_t signature[64];
    unsigned carry = 0;

    (void)state;
    memcpy(signature, ed25519_signature, sizeof(signature));
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_int_equal(verify(ed25519_key, ed25519_message, 2, signature), PINTLE_SIGNATURE_BAD);
}

struct worker {
    pthread_t thread;
    uint8_t input[500];
    uint8_t expected[PINTLE_DIGEST_LEN];
    unsigned wrong;
};

static void *hash_again_and_again(void *arg)
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();
    struct worker *worker = arg;
    uint8_t digest[PINTLE_DIGEST_LEN];

    for (int i = 0; i < ROUNDS; i++) {
        if (!crypto->sha256(crypto->ctx, worker->input, sizeof(worker->input), digest) ||
            memcmp(digest, worker->expected, sizeof(digest)) != 0)
            worker->wrong++;
    }
    return NULL;
}

static void threads_do_not_mix_their_digests(void **state)
{
    static struct worker workers[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        memset(workers[i].input, (int)i, sizeof(workers[i].input));
        assert_int_equal(EVP_Digest(workers[i].input, sizeof(workers[i].input), workers[i].expected,
                                    NULL, EVP_sha256(), NULL),
                         1);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, hash_again_and_again, &workers[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].wrong, 0);
    }
}

/* R = A = the neutral element and S = 0 satisfy the equation for every message. */
static void nobody_signs_for_a_key_of_small_order(void **state)
{
    static const uint8_t last[] = {0xec, 0xed, 0xee}; /* p - 1, p, p + 1 */
    uint8_t key[32] = {1}, signature[64] = {1};
    uint8_t ff[32];

    (void)state;
    for (unsigned sign = 0; sign <= 0x80; sign += 0x80) {
        key[31] = (uint8_t)sign;
        for (uint8_t y = 0; y <= 1; y++) {
            key[0] = y;
            assert_int_equal(verify(key, ed25519_message, 2, signature), PINTLE_SIGNATURE_BAD);
        }
        for (size_t i = 0; i < sizeof(last); i++) {
            memset(ff, 0xff, sizeof(ff));
            ff[0] = last[i];
            ff[31] = (uint8_t)(0x7f | sign);
            assert_int_equal(verify(ff, ed25519_message, 2, signature), PINTLE_SIGNATURE_BAD);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(abc_hashes_as_in_the_standard),
        cmocka_unit_test(nothing_hashes_as_openssl_says),
        cmocka_unit_test(a_signature_verifies_as_in_the_rfc),
        cmocka_unit_test(every_changed_bit_makes_it_bad),
        cmocka_unit_test(a_scalar_that_is_not_reduced_is_bad),
        cmocka_unit_test(nobody_signs_for_a_key_of_small_order),
        cmocka_unit_test(threads_do_not_mix_their_digests),
    };

    return cmocka_run_group_tests_name("openssl crypto", tests, NULL, NULL);
}
