/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates at and beyond the limits, too large to keep as files. */
#include <pintle/pin.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A buffer that is filled from its end: `at` is the first byte in use. */
struct der_out {
    uint8_t *bytes;
    uint8_t *at;
    uint8_t *end;
};

static struct der_out start(size_t size)
{
    struct der_out out;

    out.bytes = malloc(size);
    assert_non_null(out.bytes);
    out.end = out.bytes + size;
    out.at = out.end;
    return out;
}

static void put(struct der_out *out, const void *bytes, size_t len)
{
    assert_true((size_t)(out->at - out->bytes) >= len);
    out->at -= len;
    memcpy(out->at, bytes, len);
}

/* Put a tag and length before all that lies between `at` and `end`. */
static void wrap(struct der_out *out, uint8_t tag, const uint8_t *end)
{
    size_t len = (size_t)(end - out->at);
    uint8_t octets[4] = {(uint8_t)len};
    uint8_t count = 1;

    if (len >= 0x80) {
        for (count = 0; len >> (8 * count) != 0; count++)
            octets[3 - count] = (uint8_t)(len >> (8 * count));
        memmove(octets, octets + 4 - count, count);
        put(out, octets, count);
        octets[0] = (uint8_t)(0x80 | count);
    }
    put(out, octets, 1);
    put(out, &tag, 1);
}

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

static void put_algorithm(struct der_out *out)
{
    PUT(out, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
}

/* A key of `len` bytes, all told. */
static void put_spki(struct der_out *out, size_t len)
{
    uint8_t *end = out->at;
    size_t body = len - 4 - 13 - 4; /* sequence, algorithm, tag and length of the bit string */
    uint8_t *zeros;

    if (len < 256) {
        PUT(out, "\x03\x05\x00\x04\x01\x02\x03");
    } else {
        /* sequence and bit string have lengths of 2 or 3 octets */
        body -= len > 65539 ? 2 : 0;
        zeros = calloc(1, body);
        assert_non_null(zeros);
        put(out, zeros, body);
        free(zeros);
        wrap(out, 0x03, end);
    }
    PUT(out, "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
    wrap(out, 0x30, end);
}

static void put_key_and_before(struct der_out *out, size_t spki_len)
{
    put_spki(out, spki_len);
    PUT(out, "\x30\x00"
             "\x30\x1e\x17\x0d"
             "260101000000Z\x17\x0d"
             "270101000000Z"
             "\x30\x00");
    put_algorithm(out);
    PUT(out, "\xa0\x03\x02\x01\x02\x02\x01\x01");
}

static struct pintle_view view_of(const struct der_out *out)
{
    return (struct pintle_view){out->at, (size_t)(out->end - out->at)};
}

/* A certificate of exactly `len` bytes, or as near as its extension can make it. */
static struct der_out certificate_of(size_t len)
{
    struct der_out out = start(len + 64);
    uint8_t *end = out.at, *tbs_end;
    size_t filler = len - 158;
    uint8_t *zeros = calloc(1, filler);

    assert_non_null(zeros);
    PUT(&out, "\x03\x01\x00");
    put_algorithm(&out);
    tbs_end = out.at;
    put(&out, zeros, filler);
    free(zeros);
    wrap(&out, 0x30, tbs_end);
    wrap(&out, 0xa3, tbs_end);
    put_key_and_before(&out, 24);
    wrap(&out, 0x30, tbs_end);
    wrap(&out, 0x30, end);
    return out;
}

static void a_certificate_of_one_mebibyte_is_the_largest(void **state)
{
    struct pintle_view spki;
    struct pintle_error err;
    size_t near = PINTLE_CERT_MAX_LEN;
    struct der_out out = certificate_of(near);

    (void)state;
    near += near - view_of(&out).len;
    free(out.bytes);
    out = certificate_of(near);
    assert_int_equal(view_of(&out).len, PINTLE_CERT_MAX_LEN);
    assert_int_equal(pintle_spki_from_certificate(&spki, view_of(&out), &err), PINTLE_OK);
    free(out.bytes);
    out = certificate_of(near + 1);
    assert_int_equal(view_of(&out).len, PINTLE_CERT_MAX_LEN + 1);
    assert_int_equal(pintle_spki_from_certificate(&spki, view_of(&out), &err), PINTLE_E_LIMIT);
    assert_int_equal(err.offset, 0);
    assert_int_equal(pintle_spki_from_request(&spki, view_of(&out), &err), PINTLE_E_LIMIT);
    assert_null(spki.data);
    free(out.bytes);
}

static void what_is_too_large_is_not_even_read(void **state)
{
    struct pintle_view spki;
    /* Reading even one byte here would crash. */
    struct pintle_view der = {(const uint8_t *)(uintptr_t)16, PINTLE_CERT_MAX_LEN + 1};
    struct pintle_error err;

    (void)state;
    assert_int_equal(pintle_spki_from_certificate(&spki, der, &err), PINTLE_E_LIMIT);
    assert_int_equal(pintle_spki_from_request(&spki, der, &err), PINTLE_E_LIMIT);
    assert_int_equal(pintle_spki_from_public_key(&spki, der, &err), PINTLE_E_LIMIT);
    der.len = SIZE_MAX;
    assert_int_equal(pintle_spki_from_certificate(&spki, der, &err), PINTLE_E_LIMIT);
}

static void a_key_of_64_kibibytes_is_the_largest(void **state)
{
    (void)state;
    for (size_t len = PINTLE_SPKI_MAX_LEN - 2; len <= PINTLE_SPKI_MAX_LEN + 2; len++) {
        struct der_out out = start(len + 64);
        struct pintle_view spki;
        struct pintle_error err;
        bool fits = len <= PINTLE_SPKI_MAX_LEN;
        put_spki(&out, len);
        assert_int_equal(view_of(&out).len, len);
        assert_int_equal(pintle_spki_from_public_key(&spki, view_of(&out), &err),
                         fits ? PINTLE_OK : PINTLE_E_LIMIT);
        assert_int_equal(spki.len, fits ? len : 0);
        free(out.bytes);
    }
}

static void too_large_a_key_is_refused_inside_a_certificate(void **state)
{
    struct der_out out = start(PINTLE_SPKI_MAX_LEN + 512);
    uint8_t *end = out.at, *tbs_end;
    struct pintle_view spki;
    struct pintle_error err;

    (void)state;
    PUT(&out, "\x03\x01\x00");
    put_algorithm(&out);
    tbs_end = out.at;
    put_key_and_before(&out, PINTLE_SPKI_MAX_LEN + 1);
    wrap(&out, 0x30, tbs_end);
    wrap(&out, 0x30, end);
    assert_int_equal(pintle_spki_from_certificate(&spki, view_of(&out), &err), PINTLE_E_LIMIT);
    /* outer and TBS headers of 5 bytes, version, serial, algorithm, issuer, validity, subject */
    assert_int_equal(err.offset, 5 + 5 + 5 + 3 + 12 + 2 + 32 + 2);
    assert_null(spki.data);
    free(out.bytes);
}

static void put_alt_names(struct der_out *out, unsigned count)
{
    uint8_t *end = out->at;

    for (unsigned i = count; i > 0; i--) {
        char name[64];
        uint8_t *name_end = out->at;
        int len = snprintf(name, sizeof(name), "host-%u.example.com", i);
        put(out, name, (size_t)len);
        wrap(out, 0x82, name_end);
    }
    wrap(out, 0x30, end);
    wrap(out, 0x04, end);
    PUT(out, "\x06\x03\x55\x1d\x11");
    wrap(out, 0x30, end);
    wrap(out, 0x30, end);
    wrap(out, 0xa3, end);
}

static void ten_thousand_names_do_not_hide_the_key(void **state)
{
    struct der_out out = start(PINTLE_CERT_MAX_LEN);
    uint8_t *end = out.at, *tbs_end;
    struct pintle_view spki, expected;
    struct pintle_error err;

    (void)state;
    PUT(&out, "\x03\x01\x00");
    put_algorithm(&out);
    tbs_end = out.at;
    put_alt_names(&out, 10000);
    expected.data = out.at;
    put_key_and_before(&out, 24);
    wrap(&out, 0x30, tbs_end);
    wrap(&out, 0x30, end);
    assert_int_equal(pintle_spki_from_certificate(&spki, view_of(&out), &err), PINTLE_OK);
    expected.len = 22;
    expected.data -= expected.len;
    assert_ptr_equal(spki.data, expected.data);
    assert_int_equal(spki.len, expected.len);
    free(out.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_of_one_mebibyte_is_the_largest),
        cmocka_unit_test(what_is_too_large_is_not_even_read),
        cmocka_unit_test(a_key_of_64_kibibytes_is_the_largest),
        cmocka_unit_test(too_large_a_key_is_refused_inside_a_certificate),
        cmocka_unit_test(ten_thousand_names_do_not_hide_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
