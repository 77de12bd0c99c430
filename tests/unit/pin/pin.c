/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/pin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/files.h"
#include "kit/test_crypto.h"
#include "kit/vectors.h"

static const struct pintle_pin zero = {{0}};
static const struct pintle_view letter_x = {(const uint8_t *)"x", 1};

#define COLON_HEX                                                                                  \
    "2d:71:16:42:b7:26:b0:44:01:62:7c:a9:fb:ac:32:f5:c8:53:0f:b1:90:3c:c4:db:02:25:87:17:92:"      \
    "1a:48:81"

static bool check_pin(const struct vector *row)
{
    struct pintle_error err;
    struct pintle_pin pin;
    char text[PINTLE_PIN_TEXT_SIZE];
    enum pintle_status status;

    memset(&pin, 0xa5, sizeof(pin));
    status = pintle_pin_parse(&pin, row->field[0].text, row->field[0].len, &err);
    if (status != PINTLE_OK)
        return pintle_pin_equal(&pin, &zero) ? vector_check_error(row, 1, status, &err)
                                             : vector_fail(row, "a refused pin is not zero");
    if (!vector_is(row, 1, "OK") || !vector_is(row, 2, pintle_pin_format(&pin, text)))
        return vector_fail(row, "accepted as %s", pintle_pin_format(&pin, text));
    return true;
}

static void pins_parse_as_the_vectors_say(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("pins.txt", 3, 3, check_pin), 0);
}

static void the_pin_of_the_vectors_is_the_digest_of_x(void **state)
{
    struct pintle_pin pin;
    char text[PINTLE_PIN_TEXT_SIZE];

    (void)state;
    assert_int_equal(pintle_pin_from_spki(&pin, letter_x, test_crypto(), NULL), PINTLE_OK);
    assert_ptr_equal(pintle_pin_format(&pin, text), text);
    assert_string_equal(text, "sha256/LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=");
}

static void every_prefix_of_every_form_is_refused(void **state)
{
    static const char *const forms[] = {
        "sha256/LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=",
        "sha256//LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=",
        "pin-sha256=\"LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=\"",
        "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        (COLON_HEX),
        "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t len = strlen(forms[i]);
        struct pintle_pin pin;
        struct pintle_error err;
        assert_int_equal(pintle_pin_parse(&pin, forms[i], len, &err), PINTLE_OK);
        while (len-- > 0) {
            assert_int_equal(pintle_pin_parse(&pin, forms[i], len, &err), PINTLE_E_PIN);
            assert_true(err.offset <= len);
        }
    }
}

static void pins_that_differ_in_one_bit_are_not_equal(void **state)
{
    struct pintle_pin a = {{0}};

    (void)state;
    for (size_t bit = 0; bit < 256; bit++) {
        struct pintle_pin b = a;
        b.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(pintle_pin_equal(&a, &b));
        b.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(pintle_pin_equal(&a, &b));
    }
}

static void a_failing_provider_leaves_no_pin(void **state)
{
    struct pintle_pin pin;
    struct pintle_error err;

    (void)state;
    memset(&pin, 0xa5, sizeof(pin));
    assert_int_equal(pintle_pin_from_spki(&pin, letter_x, test_crypto_failing(), &err),
                     PINTLE_E_CRYPTO);
    assert_int_equal(err.status, PINTLE_E_CRYPTO);
    assert_true(pintle_pin_equal(&pin, &zero));
}

static void a_certificate_cannot_be_pinned_without_its_digest(void **state)
{
    size_t len;
    uint8_t *bytes = test_file_read("vectors/certs/p256.der", &len);
    struct pintle_view der = {bytes, len};
    struct pintle_pin pin;
    struct pintle_error err;

    (void)state;
    memset(&pin, 0xa5, sizeof(pin));
    assert_int_equal(pintle_pin_from_certificate(&pin, der, test_crypto_failing(), &err),
                     PINTLE_E_CRYPTO);
    assert_true(pintle_pin_equal(&pin, &zero));
    free(bytes);
}

static void a_malformed_certificate_leaves_no_pin(void **state)
{
    struct pintle_pin pin;
    struct pintle_error err;
    unsigned count = 0;
    struct pintle_crypto crypto = test_crypto_counting(&count);

    (void)state;
    memset(&pin, 0xa5, sizeof(pin));
    assert_int_equal(pintle_pin_from_certificate(&pin, letter_x, &crypto, &err), PINTLE_E_DER);
    assert_int_equal(err.offset, 0);
    assert_true(pintle_pin_equal(&pin, &zero));
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_parse_as_the_vectors_say),
        cmocka_unit_test(the_pin_of_the_vectors_is_the_digest_of_x),
        cmocka_unit_test(every_prefix_of_every_form_is_refused),
        cmocka_unit_test(pins_that_differ_in_one_bit_are_not_equal),
        cmocka_unit_test(a_failing_provider_leaves_no_pin),
        cmocka_unit_test(a_certificate_cannot_be_pinned_without_its_digest),
        cmocka_unit_test(a_malformed_certificate_leaves_no_pin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
