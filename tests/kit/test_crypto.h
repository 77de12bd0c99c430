/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and Ed25519 for tests that link no TLS adapter. */
#ifndef PINTLE_TESTS_KIT_TEST_CRYPTO_H
#define PINTLE_TESTS_KIT_TEST_CRYPTO_H

#include <pintle/pin.h>

/* A provider that works. */
const struct pintle_crypto *test_crypto(void);

/* A provider that always fails, and checks no signatures. */
const struct pintle_crypto *test_crypto_failing(void);

/* Works, and adds one to *count for every digest. */
struct pintle_crypto test_crypto_counting(unsigned *count);

#endif
