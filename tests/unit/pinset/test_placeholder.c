/* SPDX-License-Identifier: Apache-2.0 */
/* Pins that are no pins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/fake_cert.h"
#include "pinset/placeholder.h"

static const char *judge(const char *text)
{
    struct pintle_pin pin;

    assert_int_equal(pintle_pin_parse(&pin, text, strlen(text), NULL), PINTLE_OK);
    return pintle__placeholder(&pin);
}

static void filler_is_a_placeholder(void **state)
{
    static const char *const rows[] = {
        "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256/BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=",
        "sha256/CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA=",
        "sha256///////////////////////////////////////////8=",
        "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=",
        "0101010101010101010101010101010101010101010101010101010101010101",
        "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(judge(rows[i]), "the same bytes again and again");
}

static void bytes_that_count_are_a_placeholder(void **state)
{
    static const char *const rows[] = {
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100",
        "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(judge(rows[i]), "bytes that count");
}

static void examples_from_documents_are_placeholders(void **state)
{
    static const char *const rows[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=",
        "E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g=",
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        "7HIpactkIAq2Y49orFOOQKurWxmmSFZhBCoQYcRhJ3Y=",
        "fwza0LRMXouZHRC8Ei+4PyuldPDcf3UKgO/04cDM1oE=",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_non_null(judge(rows[i]));
}

static void real_digests_are_none(void **state)
{
    (void)state;
    for (uint32_t key = 0; key < 10000; key++) {
        struct pintle_pin pin = fake_cert_pin(key);
        assert_null(pintle__placeholder(&pin));
    }
    /* One byte before the last is enough. */
    assert_null(judge("0000000000000000000000000000000000000000000000000000000000000100"));
    assert_null(judge("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1f1f"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filler_is_a_placeholder),
        cmocka_unit_test(bytes_that_count_are_a_placeholder),
        cmocka_unit_test(examples_from_documents_are_placeholders),
        cmocka_unit_test(real_digests_are_none),
    };

    return cmocka_run_group_tests_name("pinset placeholder", tests, NULL, NULL);
}
