/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter/openssl/scene.h"

#include <pthread.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(abc_hashes_as_in_the_standard),
        cmocka_unit_test(nothing_hashes_as_openssl_says),
        cmocka_unit_test(threads_do_not_mix_their_digests),
    };

    return cmocka_run_group_tests_name("openssl crypto", tests, NULL, NULL);
}
