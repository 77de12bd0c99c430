/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"

/* SHA-256 of nothing (FIPS 180-4). */
static const char text_of_nothing[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
static const uint8_t digest_of_nothing[32] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

static void a_known_digest_decodes(void **state)
{
    uint8_t digest[32];
    size_t bad = 99;

    (void)state;
    assert_true(pintle__base64_to_digest(digest, text_of_nothing, &bad));
    assert_memory_equal(digest, digest_of_nothing, 32);
    assert_int_equal(bad, 99);
}

static void a_known_digest_encodes_without_a_nul(void **state)
{
    char text[PINTLE__B64_DIGEST_LEN + 1];

    (void)state;
    text[PINTLE__B64_DIGEST_LEN] = '#';
    pintle__base64_from_digest(text, digest_of_nothing);
    assert_memory_equal(text, text_of_nothing, PINTLE__B64_DIGEST_LEN);
    assert_int_equal(text[PINTLE__B64_DIGEST_LEN], '#');
}

static void every_value_of_every_byte_survives_the_round_trip(void **state)
{
    (void)state;
    for (size_t at = 0; at < 32; at++) {
        for (size_t value = 0; value < 256; value++) {
            uint8_t digest[32], again[32];
            char text[PINTLE__B64_DIGEST_LEN];
            size_t bad;
            memset(digest, (int)(value * 7 + at) & 0xff, sizeof(digest));
            digest[at] = (uint8_t)value;
            pintle__base64_from_digest(text, digest);
            assert_true(pintle__base64_to_digest(again, text, &bad));
            assert_memory_equal(again, digest, 32);
        }
    }
}

static void every_character_outside_the_alphabet_is_refused_where_it_stands(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    (void)state;
    for (size_t at = 0; at < PINTLE__B64_DIGEST_LEN - 2; at++) {
        for (int c = 0; c < 256; c++) {
            uint8_t digest[32];
            char text[PINTLE__B64_DIGEST_LEN];
            size_t bad = 99;
            bool known = c != 0 && strchr(alphabet, c) != NULL;
            memcpy(text, text_of_nothing, sizeof(text));
            text[at] = (char)c;
            assert_int_equal(pintle__base64_to_digest(digest, text, &bad), known);
            assert_int_equal(bad, known ? 99 : at);
        }
    }
}

static void the_last_digit_must_leave_its_surplus_bits_zero(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    (void)state;
    for (size_t value = 0; value < 64; value++) {
        uint8_t digest[32];
        char text[PINTLE__B64_DIGEST_LEN];
        size_t bad = 99;
        memcpy(text, text_of_nothing, sizeof(text));
        text[42] = alphabet[value];
        assert_int_equal(pintle__base64_to_digest(digest, text, &bad), value % 4 == 0);
        assert_int_equal(bad, value % 4 == 0 ? 99 : 42);
    }
}

static void the_padding_must_be_an_equals_sign(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t digest[32];
        char text[PINTLE__B64_DIGEST_LEN];
        size_t bad = 99;
        memcpy(text, text_of_nothing, sizeof(text));
        text[43] = (char)c;
        assert_int_equal(pintle__base64_to_digest(digest, text, &bad), c == '=');
        assert_int_equal(bad, c == '=' ? 99 : 43);
    }
}

/* --- any length --------------------------------------------------------------------------------- */

static bool decode(uint8_t *out, size_t *len, const char *text, size_t *bad)
{
    *bad = 99;
    assert_true(pintle__base64_room(strlen(text)) <= 64);
    return pintle__base64_decode(out, len, text, strlen(text), bad);
}

/* RFC 4648, section 10. */
static void the_vectors_of_the_rfc_hold(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i][0]), out_len = 99, bad;
        char text[16] = "";
        uint8_t bytes[64];
        assert_int_equal(pintle__base64_encoded_len(len), strlen(rows[i][1]));
        pintle__base64_encode(text, (const uint8_t *)rows[i][0], len);
        assert_string_equal(text, rows[i][1]);
        assert_true(decode(bytes, &out_len, text, &bad));
        assert_int_equal(out_len, len);
        assert_memory_equal(bytes, rows[i][0], len);
    }
}

static void bytes_of_every_value_and_length_survive(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 48; len++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t bytes[48], again[48];
            char text[65] = "";
            size_t out_len, bad;
            for (size_t i = 0; i < len; i++)
                bytes[i] = (uint8_t)(value + 37 * i);
            pintle__base64_encode(text, bytes, len);
            assert_true(decode(again, &out_len, text, &bad));
            assert_int_equal(out_len, len);
            assert_memory_equal(again, bytes, len);
        }
    }
}

static void there_is_one_way_to_write_each(void **state)
{
    static const struct {
        const char *text;
        size_t bad;
    } rows[] = {
        {"A", 1},
        {"AA", 2},
        {"AAA", 3},
        {"AAAAA", 5},
        {"A===", 1},
        {"====", 0},
        {"AB==", 1},
        {"AAB=", 2},
        {"AA=A", 2},
        {"AA==AAAA", 2},
        {"AAA=AAAA", 3},
        {"AAAA====", 4},
        {"AAAA A==", 4},
        {"AAAAAAA\n", 7},
        {"AA-AAAAA", 2},
        {"AAAAA_==", 5},
        {"\xff"
         "AAA",
         0},
        {"AAA\x80"
         "AAAA",
         3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[64];
        size_t len = 99, bad;
        assert_false(decode(bytes, &len, rows[i].text, &bad));
        assert_int_equal(bad, rows[i].bad);
        assert_int_equal(len, 0);
    }
}

/* In the middle, where four are looked up at once, and at the end. */
static void every_foreign_character_is_found(void **state)
{
    (void)state;
    for (size_t at = 0; at < 8; at++) {
        for (int c = 1; c < 256; c++) {
            char text[] = "AAAAAAAA";
            uint8_t bytes[64];
            size_t len, bad;
            bool known = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                                c) != NULL;
            text[at] = (char)c;
            if (c == '=' && at == 7)
                known = true;
            assert_int_equal(decode(bytes, &len, text, &bad), known);
            assert_int_equal(bad == 99 || bad == at || known, true);
        }
    }
}

static void hex_digits_have_their_value_and_nothing_else_has_one(void **state)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *at = c == 0 ? NULL : strchr(lower, c);
        int expected = at == NULL ? -1 : (int)(at - lower);
        if (c != 0 && strchr(upper, c) != NULL)
            expected = (int)(strchr(upper, c) - upper);
        assert_int_equal(pintle__hex_digit((char)c), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_digest_decodes),
        cmocka_unit_test(a_known_digest_encodes_without_a_nul),
        cmocka_unit_test(every_value_of_every_byte_survives_the_round_trip),
        cmocka_unit_test(every_character_outside_the_alphabet_is_refused_where_it_stands),
        cmocka_unit_test(the_last_digit_must_leave_its_surplus_bits_zero),
        cmocka_unit_test(the_padding_must_be_an_equals_sign),
        cmocka_unit_test(the_vectors_of_the_rfc_hold),
        cmocka_unit_test(bytes_of_every_value_and_length_survive),
        cmocka_unit_test(there_is_one_way_to_write_each),
        cmocka_unit_test(every_foreign_character_is_found),
        cmocka_unit_test(hex_digits_have_their_value_and_nothing_else_has_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
