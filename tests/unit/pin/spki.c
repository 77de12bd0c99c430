/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, requests and keys that openssl made, and what becomes of them when they are cut or
 * changed; der.txt holds the small ones made by hand. */
#include <pintle/pin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/files.h"
#include "kit/test_crypto.h"
#include "kit/vectors.h"

typedef enum pintle_status extract_fn(struct pintle_view *out, struct pintle_view der,
                                      struct pintle_error *err);

static const struct {
    const char *kind;
    extract_fn *extract;
} kinds[] = {
    {"certificate", pintle_spki_from_certificate},
    {"request", pintle_spki_from_request},
    {"public-key", pintle_spki_from_public_key},
};

static extract_fn *find_kind(const struct vector *row, size_t field)
{
    for (size_t i = 0; i < 3; i++) {
        if (vector_is(row, field, kinds[i].kind))
            return kinds[i].extract;
    }
    return NULL;
}

static struct pintle_view fixture(const char *name)
{
    char path[128];
    struct pintle_view der;

    (void)snprintf(path, sizeof(path), "vectors/certs/%s", name);
    der.data = test_file_read(path, &der.len);
    return der;
}

static void release(struct pintle_view der)
{
    union {
        const uint8_t *lent;
        void *owned;
    } bytes = {der.data};

    free(bytes.owned);
}

/* A heap block of exactly these bytes, so that reading beyond them is seen. */
static uint8_t *copy_of(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

/* --- vectors -------------------------------------------------------------------------------- */

static bool check_fixture(const struct vector *row)
{
    struct pintle_view der = fixture(row->field[0].text);
    struct pintle_view spki;
    struct pintle_error err;
    struct pintle_pin pin;
    char text[PINTLE_PIN_TEXT_SIZE] = "";
    bool good = true;

    for (size_t i = 0; i < 3; i++) {
        enum pintle_status status = kinds[i].extract(&spki, der, &err);
        bool mine = vector_is(row, 1, kinds[i].kind);
        if (status != (mine ? PINTLE_OK : PINTLE_E_DER))
            good = vector_fail(row, "as %s: %s", kinds[i].kind, pintle_status_name(status));
        if (!mine || status != PINTLE_OK)
            continue;
        if (pintle_pin_from_spki(&pin, spki, test_crypto(), &err) != PINTLE_OK ||
            !vector_is(row, 2, pintle_pin_format(&pin, text)))
            good = vector_fail(row, "pin is %s", text);
    }
    release(der);
    return good;
}

static bool check_der(const struct vector *row)
{
    extract_fn *extract = find_kind(row, 1);
    size_t len = row->field[2].len / 2;
    uint8_t *bytes = copy_of((const uint8_t *)row->field[2].text, len);
    struct pintle_view spki;
    struct pintle_error err;
    enum pintle_status status;
    bool good;

    for (size_t i = 0; i < len; i++) {
        char digits[3] = {row->field[2].text[2 * i], row->field[2].text[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    status = extract(&spki, (struct pintle_view){bytes, len}, &err);
    if (status != PINTLE_OK)
        good = vector_check_error(row, 3, status, &err);
    else if (!vector_is(row, 3, "OK"))
        good = vector_fail(row, "accepted");
    else
        good = (spki.data == bytes + vector_number(row, 4) && spki.len == vector_number(row, 5)) ||
               vector_fail(row, "found at %zu", (size_t)(spki.data - bytes));
    if (status != PINTLE_OK && (spki.data != NULL || spki.len != 0))
        good = vector_fail(row, "a refused key is lent");
    free(bytes);
    return good;
}

static void fixtures_have_the_pins_that_openssl_computes(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("certificates.txt", 3, 3, check_fixture), 0);
}

static void der_made_by_hand_is_read_as_the_vectors_say(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("der.txt", 5, 6, check_der), 0);
}

/* --- cut and changed ------------------------------------------------------------------------ */

static const char *const samples[] = {"p256.der", "rsa2048.der", "many-names.der", "v1.der",
                                      "rsapss.der"};
#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static void every_prefix_of_a_certificate_is_refused_at_its_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct pintle_view der = fixture(samples[i]);
        for (size_t len = 0; len < der.len; len++) {
            uint8_t *bytes = copy_of(der.data, len);
            struct pintle_view spki;
            struct pintle_error err;
            assert_int_equal(
                pintle_spki_from_certificate(&spki, (struct pintle_view){bytes, len}, &err),
                PINTLE_E_DER);
            assert_int_equal(err.offset, len == 0 ? 0 : 1);
            assert_null(spki.data);
            free(bytes);
        }
        release(der);
    }
}

static void every_prefix_of_a_request_or_key_is_refused(void **state)
{
    static const char *const names[] = {"p256.csr", "rsa2048.spki"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pintle_view der = fixture(names[i]);
        for (size_t len = 0; len < der.len; len++) {
            uint8_t *bytes = copy_of(der.data, len);
            struct pintle_view spki;
            struct pintle_error err;
            assert_int_equal(kinds[i + 1].extract(&spki, (struct pintle_view){bytes, len}, &err),
                             PINTLE_E_DER);
            assert_int_equal(err.offset, len == 0 ? 0 : 1);
            free(bytes);
        }
        release(der);
    }
}

static void one_byte_more_is_refused_where_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct pintle_view der = fixture(samples[i]);
        struct pintle_view spki;
        struct pintle_error err;
        /* The reader of fixtures puts a NUL behind them. */
        struct pintle_view more = {der.data, der.len + 1};
        assert_int_equal(pintle_spki_from_certificate(&spki, more, &err), PINTLE_E_DER);
        assert_int_equal(err.offset, der.len);
        release(der);
    }
}

static void a_certificate_that_lost_any_byte_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct pintle_view der = fixture(samples[i]);
        for (size_t lost = 0; lost < der.len; lost++) {
            uint8_t *bytes = copy_of(der.data, der.len - 1);
            struct pintle_view spki;
            memcpy(bytes + lost, der.data + lost + 1, der.len - lost - 1);
            assert_int_equal(
                pintle_spki_from_certificate(&spki, (struct pintle_view){bytes, der.len - 1}, NULL),
                PINTLE_E_DER);
            free(bytes);
        }
        release(der);
    }
}

/* What is found in a changed certificate is the key as it stands there: elsewhere only if the
 * change moved it, and never outside the bytes. */
static void check_changed(const uint8_t *bytes, size_t len, size_t at, struct pintle_view sound,
                          size_t offset)
{
    struct pintle_view spki;
    struct pintle_error err;
    bool in_key = at >= offset && at < offset + sound.len;

    if (pintle_spki_from_certificate(&spki, (struct pintle_view){bytes, len}, &err) != PINTLE_OK) {
        assert_int_equal(err.status, PINTLE_E_DER);
        assert_true(err.offset <= len);
        assert_null(spki.data);
        return;
    }
    assert_ptr_equal(spki.data, bytes + offset);
    assert_int_equal(spki.len, sound.len);
    assert_int_equal(memcmp(spki.data, sound.data, sound.len) != 0, in_key);
}

static void every_change_of_one_byte_is_refused_or_leaves_the_key_in_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct pintle_view der = fixture(samples[i]);
        uint8_t *bytes = copy_of(der.data, der.len);
        struct pintle_view sound;
        assert_int_equal(pintle_spki_from_certificate(&sound, der, NULL), PINTLE_OK);
        for (size_t at = 0; at < der.len; at++) {
            for (unsigned change = 1; change < 256; change++) {
                bytes[at] = (uint8_t)(der.data[at] ^ change);
                check_changed(bytes, der.len, at, sound, (size_t)(sound.data - der.data));
            }
            bytes[at] = der.data[at];
        }
        free(bytes);
        release(der);
    }
}

static void the_key_of_a_certificate_is_the_key_by_itself(void **state)
{
    static const char *const names[] = {"p256", "p384", "p521", "rsa2048", "ed25519", "ed448"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[64];
        struct pintle_view der, key, spki;
        (void)snprintf(name, sizeof(name), "%s.der", names[i]);
        der = fixture(name);
        (void)snprintf(name, sizeof(name), "%s.spki", names[i]);
        key = fixture(name);
        assert_int_equal(pintle_spki_from_certificate(&spki, der, NULL), PINTLE_OK);
        assert_int_equal(spki.len, key.len);
        assert_memory_equal(spki.data, key.data, key.len);
        release(der);
        release(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixtures_have_the_pins_that_openssl_computes),
        cmocka_unit_test(der_made_by_hand_is_read_as_the_vectors_say),
        cmocka_unit_test(every_prefix_of_a_certificate_is_refused_at_its_length),
        cmocka_unit_test(every_prefix_of_a_request_or_key_is_refused),
        cmocka_unit_test(one_byte_more_is_refused_where_it_is),
        cmocka_unit_test(a_certificate_that_lost_any_byte_is_refused),
        cmocka_unit_test(every_change_of_one_byte_is_refused_or_leaves_the_key_in_place),
        cmocka_unit_test(the_key_of_a_certificate_is_the_key_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
