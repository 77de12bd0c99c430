/* SPDX-License-Identifier: Apache-2.0 */
/* pintle_certificate_describe() and pintle_certificate_to_pem(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "adapter/x509/fixture.h"

#define ELLIPSIS "\xe2\x80\xa6"

static EVP_PKEY *ec;
static X509 *ca;

static int set_up(void **state)
{
    (void)state;
    ec = fx_key("P-256");
    ca = fx_cert(&(struct cert_spec){.cn = "Test CA", .key = ec, .ca = true, .serial = 0x1234});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    X509_free(ca);
    EVP_PKEY_free(ec);
    return 0;
}

static struct pintle_certificate_info describe(X509 *cert)
{
    struct bytes der = fx_cert_der(cert);
    struct pintle_view view = {der.data, der.len};
    struct pintle_certificate_info info;
    struct pintle_error err = {.text = ""};

    if (pintle_certificate_describe(&info, view, &err) != PINTLE_OK)
        fail_msg("%s: %s", pintle_status_name(err.status), err.text);
    fx_free(&der);
    assert_int_equal(ERR_peek_error(), 0);
    return info;
}

static struct pintle_certificate_info describe_spec(const struct cert_spec *spec)
{
    X509 *cert = fx_cert(spec);
    struct pintle_certificate_info info = describe(cert);

    X509_free(cert);
    return info;
}

static void a_ca_is_described(void **state)
{
    struct pintle_certificate_info info = describe(ca);

    (void)state;
    assert_string_equal(info.subject, "CN=Test CA");
    assert_string_equal(info.issuer, "CN=Test CA");
    assert_string_equal(info.serial, "1234");
    assert_string_equal(info.key_type, "EC P-256");
    assert_int_equal(info.key_bits, 256);
    assert_string_equal(info.signature, "ecdsa-with-SHA256");
    assert_string_equal(info.alt_names, "");
    assert_int_equal(info.alt_name_count, 0);
    assert_true(info.is_ca);
    assert_true(info.self_signed);
    assert_false(info.weak_key);
}

static void a_leaf_is_described(void **state)
{
    struct pintle_certificate_info info = describe_spec(&(struct cert_spec){
        .cn = "example.com",
        .san = "DNS:example.com,DNS:*.example.com,IP:192.0.2.1,IP:2001:db8::1,email:a@example.com,"
               "URI:https://example.com/x,RID:1.2.3.4",
        .key = ec,
        .issuer = ca,
        .issuer_key = ec});

    (void)state;
    assert_string_equal(info.subject, "CN=example.com");
    assert_string_equal(info.issuer, "CN=Test CA");
    assert_string_equal(info.alt_names,
                        "DNS:example.com, DNS:*.example.com, IP:192.0.2.1, IP:2001:db8::1, "
                        "email:a@example.com, URI:https://example.com/x, RID:1.2.3.4");
    assert_int_equal(info.alt_name_count, 7);
    assert_false(info.is_ca);
    assert_false(info.self_signed);
}

/* --- keys and signatures -----------------------------------------------------------------------
 */

static EVP_PKEY *rsa_key(size_t bits)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);

    assert_non_null(key);
    return key;
}

/* An RSA public key of any size in no time: a random odd number is as good as a modulus. */
static EVP_PKEY *rsa_public(int bits)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *n = BN_new();
    BIGNUM *e = BN_new();
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    assert_int_equal(BN_set_word(e, RSA_F4), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e), 1);
    params = OSSL_PARAM_BLD_to_param(builder);
    assert_non_null(params);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    return key;
}

static void expect_key(EVP_PKEY *key, const char *type, unsigned bits, bool weak)
{
    struct pintle_certificate_info info =
        describe_spec(&(struct cert_spec){.cn = "k", .key = key, .issuer = ca, .issuer_key = ec});

    assert_string_equal(info.key_type, type);
    assert_int_equal(info.key_bits, bits);
    assert_int_equal(info.weak_key, weak);
    EVP_PKEY_free(key);
}

static void every_type_of_key_is_named(void **state)
{
    (void)state;
    expect_key(rsa_key(2048), "RSA", 2048, false);
    expect_key(fx_key("P-384"), "EC P-384", 384, false);
    expect_key(fx_key("P-521"), "EC P-521", 521, false);
    expect_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"), "EC secp256k1", 256, false);
    expect_key(fx_key("ED25519"), "Ed25519", 256, false);
    expect_key(fx_key("ED448"), "Ed448", 456, false);
}

static void weak_keys_are_told(void **state)
{
    (void)state;
    expect_key(rsa_public(2047), "RSA", 2047, true);
    expect_key(rsa_public(2048), "RSA", 2048, false);
    expect_key(rsa_public(512), "RSA", 512, true);
    expect_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-192"), "EC P-192", 192, true);
    expect_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-224"), "EC P-224", 224, false);
}

static void a_key_of_16384_bits_is_described_and_pinned(void **state)
{
    EVP_PKEY *key = rsa_public(16384);
    X509 *cert =
        fx_cert(&(struct cert_spec){.cn = "big", .key = key, .issuer = ca, .issuer_key = ec});
    struct bytes der = fx_cert_der(cert);
    struct pintle_certificate_info info = describe(cert);
    struct pintle_objects *objects;
    char expected[PINTLE_PIN_TEXT_SIZE];
    char text[PINTLE_PIN_TEXT_SIZE];

    (void)state;
    assert_int_equal(info.key_bits, 16384);
    assert_int_equal(pintle_objects_parse(&objects, der.data, der.len, NULL), PINTLE_OK);
    fx_pin_text(key, expected);
    assert_string_equal(pintle_pin_format(&pintle_objects_get(objects, 0)->pin, text), expected);
    pintle_objects_free(objects);
    fx_free(&der);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void an_unknown_type_of_key_is_named_by_its_oid(void **state)
{
    static const char p256[] = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"; /* 1.2.840.10045.2.1 */
    struct bytes der = fx_cert_der(ca);
    struct pintle_certificate_info info;
    struct pintle_view view = {der.data, der.len};

    (void)state;
    for (size_t i = 0; i + sizeof(p256) - 1 < der.len; i++) {
        if (memcmp(der.data + i, p256, sizeof(p256) - 1) == 0)
            der.data[i + 8] = 0x7f; /* 1.2.840.10045.2.127 */
    }
    assert_int_equal(pintle_certificate_describe(&info, view, NULL), PINTLE_OK);
    assert_string_equal(info.key_type, "1.2.840.10045.2.127");
    assert_int_equal(info.key_bits, 0);
    assert_false(info.self_signed);
    fx_free(&der);
}

static void a_sha1_signature_is_weak_unless_self_signed(void **state)
{
    struct cert_spec spec = {.cn = "x", .key = ec, .issuer = ca, .issuer_key = ec};

    (void)state;
    assert_false(describe_spec(&spec).weak_key);
    spec.digest = EVP_sha1();
    assert_true(describe_spec(&spec).weak_key);
    spec.issuer = NULL;
    assert_false(describe_spec(&spec).weak_key);
}

static void a_self_issued_certificate_is_not_self_signed(void **state)
{
    EVP_PKEY *other = fx_key("P-256");
    struct pintle_certificate_info info =
        describe_spec(&(struct cert_spec){.cn = "Test CA", .key = other, .issuer_key = ec});

    (void)state;
    assert_string_equal(info.subject, info.issuer);
    assert_false(info.self_signed);
    EVP_PKEY_free(other);
}

/* --- serial numbers and times ------------------------------------------------------------------
 */

static void a_negative_serial_keeps_its_sign(void **state)
{
    (void)state;
    assert_string_equal(
        describe_spec(&(struct cert_spec){.cn = "x", .key = ec, .serial = -5}).serial, "-05");
    assert_string_equal(
        describe_spec(&(struct cert_spec){.cn = "x", .key = ec, .serial = 0}).serial, "00");
}

static void a_serial_of_any_length_is_cut(void **state)
{
    X509 *cert = X509_dup(ca);
    struct pintle_certificate_info info;
    uint8_t digits[100];

    (void)state;
    memset(digits, 0xab, sizeof(digits));
    assert_int_equal(ASN1_STRING_set(X509_get_serialNumber(cert), digits, sizeof(digits)), 1);
    assert_true(X509_sign(cert, ec, EVP_sha256()) > 0);
    info = describe(cert);
    assert_int_equal(strlen(info.serial), 44 + strlen(ELLIPSIS));
    assert_string_equal(info.serial + 44, ELLIPSIS);
    assert_memory_equal(info.serial, "ABABABAB", 8);
    X509_free(cert);
}

static void times_are_read_from_1950_to_9999(void **state)
{
    struct cert_spec spec = {
        .cn = "x", .key = ec, .before = "500101000000Z", .after = "99991231235959Z"};
    struct pintle_certificate_info info = describe_spec(&spec);

    (void)state;
    assert_true(info.not_before == INT64_C(-631152000));
    assert_true(info.not_after == INT64_C(253402300799));
    spec.before = "19700101000000Z";
    spec.after = "00010101000000Z";
    info = describe_spec(&spec);
    assert_true(info.not_before == 0);
    assert_true(info.not_after == INT64_C(-62135596800));
}

static void a_malformed_time_is_refused(void **state)
{
    struct bytes der = fx_cert_der(ca);
    struct pintle_view view = {der.data, der.len};
    struct pintle_certificate_info info;
    struct pintle_error err;

    (void)state;
    for (size_t i = 0; i + 2 < der.len; i++) {
        if (der.data[i] == V_ASN1_UTCTIME && der.data[i + 1] == 13)
            der.data[i + 4] = '9'; /* a month above 12 */
    }
    assert_int_equal(pintle_certificate_describe(&info, view, &err), PINTLE_E_DER);
    assert_non_null(strstr(err.text, "time"));
    fx_free(&der);
}

/* --- names an attacker chose -------------------------------------------------------------------
 */

static void expect_subject(const char *cn, size_t len, const char *expected)
{
    X509 *cert = X509_dup(ca);
    X509_NAME *name = X509_NAME_new();
    struct pintle_certificate_info info;

    assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                                (const unsigned char *)cn, (int)len, -1, 0),
                     1);
    assert_int_equal(X509_set_subject_name(cert, name), 1);
    assert_true(X509_sign(cert, ec, EVP_sha256()) > 0);
    info = describe(cert);
    assert_string_equal(info.subject, expected);
    X509_NAME_free(name);
    X509_free(cert);
}

static void names_show_nothing_raw(void **state)
{
    (void)state;
    expect_subject("B\xc3\xbc"
                   "cher",
                   7,
                   "CN=B\xc3\xbc"
                   "cher");
    expect_subject("a,O=b", 5, "CN=a\\,O=b");
    expect_subject("a\0b", 3, "CN=a\\00b");
    expect_subject("a\nb\x1b[2J", 7, "CN=a\\0Ab\\1B[2J");
    expect_subject("a\xc2\x9b"
                   "b",
                   4, "CN=a\\C2\\9Bb"); /* C1: CSI */
    expect_subject("a\xe2\x80\xae"
                   "b",
                   5, "CN=a\\E2\\80\\AEb"); /* right-to-left override */
    expect_subject("a\xe2\x80\x8b"
                   "b",
                   5, "CN=a\\E2\\80\\8Bb"); /* zero width space */
    expect_subject("a\xf3\xa0\x80\xa1"
                   "b",
                   6, "CN=a\\F3\\A0\\80\\A1b"); /* tag character */
}

static void a_long_name_is_cut_at_a_whole_character(void **state)
{
    char cn[600];
    char expected[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cn); i += 2)
        memcpy(cn + i, "\xc3\xa9", 2);
    assert_int_equal(snprintf(expected, sizeof(expected), "CN=%.248s" ELLIPSIS, cn), 254);
    expect_subject(cn, sizeof(cn), expected);
}

struct alt {
    int type;
    const char *data;
    int len;
};

static struct bytes alt_der(const struct alt *alts, size_t count)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    unsigned char *der = NULL;
    struct bytes bytes;
    int len;

    for (size_t i = 0; i < count; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_STRING *value = ASN1_STRING_type_new(alts[i].type == GEN_IPADD ? V_ASN1_OCTET_STRING
                                                                            : V_ASN1_IA5STRING);
        assert_int_equal(ASN1_STRING_set(value, alts[i].data, alts[i].len), 1);
        GENERAL_NAME_set0_value(name, alts[i].type, value);
        assert_true(sk_GENERAL_NAME_push(names, name) > 0);
    }
    len = i2d_GENERAL_NAMES(names, &der);
    assert_true(len > 0);
    bytes = fx_copy(der, (size_t)len);
    OPENSSL_free(der);
    GENERAL_NAMES_free(names);
    return bytes;
}

static const struct {
    const char *name;
    struct alt alt;
    const char *expected;
} alt_rows[] = {
    {"two names in one",
     {GEN_DNS, "a.example, DNS:b.example", 24},
     "DNS:a.example\\2C\\20DNS:b.example"},
    {"a NUL", {GEN_DNS, "a.example\0.evil.example", 23}, "DNS:a.example\\00.evil.example"},
    {"a quote", {GEN_URI, "http://a/'\"", 11}, "URI:http://a/\\27\\22"},
    {"a backslash", {GEN_EMAIL, "a\\2C", 4}, "email:a\\5C2C"},
    {"a line end", {GEN_DNS, "a\r\nb", 4}, "DNS:a\\0D\\0Ab"},
    {"Latin-1", {GEN_DNS, "a\xe9", 2}, "DNS:a\\E9"},
    {"an empty name", {GEN_DNS, "", 0}, "DNS:"},
    {"an IPv4 address", {GEN_IPADD, "\xc0\0\2\1", 4}, "IP:192.0.2.1"},
    {"an IPv6 address", {GEN_IPADD, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16}, "IP:::1"},
    {"half an address", {GEN_IPADD, "\xc0\0\2", 3}, "IP:#C00002"},
};

static void one_alternative_name_never_passes_for_two(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(alt_rows) / sizeof(alt_rows[0]); i++) {
        struct bytes der = alt_der(&alt_rows[i].alt, 1);
        struct pintle_certificate_info info =
            describe_spec(&(struct cert_spec){.cn = "x", .key = ec, .raw_san = &der});
        print_message("# %s\n", alt_rows[i].name);
        assert_string_equal(info.alt_names, alt_rows[i].expected);
        assert_int_equal(info.alt_name_count, 1);
        fx_free(&der);
    }
}

static void a_directory_name_is_escaped_too(void **state)
{
    static const char der[] = "\x30\x12\xa4\x10\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03"
                              "\x0c\x03"
                              "a,b"; /* directoryName CN="a,b" */
    struct bytes bytes = fx_copy(der, sizeof(der) - 1);
    struct pintle_certificate_info info =
        describe_spec(&(struct cert_spec){.cn = "x", .key = ec, .raw_san = &bytes});

    (void)state;
    assert_string_equal(info.alt_names, "DirName:CN=a\\\\2Cb");
    fx_free(&bytes);
}

static void ten_thousand_alternative_names_are_counted_and_cut(void **state)
{
    enum {
        COUNT = 10000
    };
    struct alt *alts = calloc(COUNT, sizeof(*alts));
    char(*text)[24] = calloc(COUNT, sizeof(*text));
    struct pintle_certificate_info info;
    struct bytes der;
    size_t len;

    (void)state;
    assert_non_null(alts);
    assert_non_null(text);
    for (size_t i = 0; i < COUNT; i++) {
        alts[i].type = GEN_DNS;
        alts[i].len = snprintf(text[i], sizeof(text[i]), "n%zu.example.com", i);
        alts[i].data = text[i];
    }
    der = alt_der(alts, COUNT);
    info = describe_spec(&(struct cert_spec){.cn = "x", .key = ec, .raw_san = &der});
    len = strlen(info.alt_names);
    assert_int_equal(info.alt_name_count, COUNT);
    assert_true(len >= sizeof(info.alt_names) - 6);
    assert_string_equal(info.alt_names + len - 3, ELLIPSIS);
    fx_free(&der);
    free(text);
    free(alts);
}

static void malformed_alternative_names_are_told(void **state)
{
    struct bytes der = fx_copy("\x30\x05\x82", 3);
    struct pintle_certificate_info info =
        describe_spec(&(struct cert_spec){.cn = "x", .key = ec, .raw_san = &der});
    struct pintle_certificate_info twice;
    struct bytes good = fx_copy("\x30\x03\x82\x01"
                                "a",
                                5);

    (void)state;
    assert_string_equal(info.alt_names, "(malformed)");
    assert_int_equal(info.alt_name_count, 0);
    twice = describe_spec(
        &(struct cert_spec){.cn = "x", .key = ec, .raw_san = &good, .san = "DNS:b.example"});
    assert_string_equal(twice.alt_names, "(malformed)");
    fx_free(&good);
    fx_free(&der);
}

/* --- bad input ----------------------------------------------------------------------------------
 */

static void what_is_no_certificate_is_refused(void **state)
{
    struct bytes der = fx_cert_der(ca);
    struct pintle_view view = {der.data, 0};
    struct pintle_certificate_info info;
    struct pintle_error err;

    (void)state;
    for (; view.len < der.len; view.len++)
        assert_int_equal(pintle_certificate_describe(&info, view, NULL), PINTLE_E_DER);
    assert_int_equal(pintle_certificate_describe(&info, view, NULL), PINTLE_OK);
    view.len++; /* the NUL behind it */
    assert_int_equal(pintle_certificate_describe(&info, view, &err), PINTLE_E_DER);
    assert_int_equal(err.offset, der.len);
    view.len = PINTLE_CERT_MAX_LEN + 1;
    assert_int_equal(pintle_certificate_describe(&info, view, NULL), PINTLE_E_LIMIT);
    assert_int_equal(ERR_peek_error(), 0);
    fx_free(&der);
}

static void every_wrong_byte_of_a_certificate_is_survived(void **state)
{
    X509 *cert = fx_cert(&(struct cert_spec){
        .cn = "x", .key = ec, .issuer = ca, .issuer_key = ec, .san = "DNS:a,IP:::1,RID:1.2.3"});
    struct bytes der = fx_cert_der(cert);
    struct pintle_view view = {der.data, der.len};
    struct pintle_certificate_info info;

    (void)state;
    for (size_t i = 0; i < der.len * 2; i++) {
        uint8_t right = der.data[i / 2];
        enum pintle_status status;
        der.data[i / 2] ^= i % 2 == 0 ? 0x81 : 0x04;
        status = pintle_certificate_describe(&info, view, NULL);
        assert_true(status == PINTLE_OK || status == PINTLE_E_DER);
        der.data[i / 2] = right;
    }
    fx_free(&der);
    X509_free(cert);
}

/* --- PEM ----------------------------------------------------------------------------------------
 */

static void expect_label(struct bytes der, const char *label)
{
    struct bytes expected = fx_pem(label, &der);
    struct pintle_view view = {der.data, der.len};
    char *text;

    assert_int_equal(pintle_certificate_to_pem(&text, view, NULL), PINTLE_OK);
    assert_string_equal(text, (const char *)expected.data);
    free(text);
    fx_free(&expected);
    fx_free(&der);
}

static void pem_has_the_label_of_what_it_holds(void **state)
{
    X509_REQ *request = fx_request(ec, ec);

    (void)state;
    expect_label(fx_cert_der(ca), "CERTIFICATE");
    expect_label(fx_request_der(request), "CERTIFICATE REQUEST");
    expect_label(fx_spki(ec), "PUBLIC KEY");
    X509_REQ_free(request);
}

static void what_is_no_object_has_no_pem(void **state)
{
    struct bytes key = fx_pkcs8(ec); /* nothing private is ever written */
    struct pintle_view view = {key.data, key.len};
    char *text = (char *)&view;
    struct pintle_error err;

    (void)state;
    assert_int_equal(pintle_certificate_to_pem(&text, view, &err), PINTLE_E_DER);
    assert_null(text);
    assert_int_equal(err.status, PINTLE_E_DER);
    fx_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ca_is_described),
        cmocka_unit_test(a_leaf_is_described),
        cmocka_unit_test(every_type_of_key_is_named),
        cmocka_unit_test(weak_keys_are_told),
        cmocka_unit_test(a_key_of_16384_bits_is_described_and_pinned),
        cmocka_unit_test(an_unknown_type_of_key_is_named_by_its_oid),
        cmocka_unit_test(a_sha1_signature_is_weak_unless_self_signed),
        cmocka_unit_test(a_self_issued_certificate_is_not_self_signed),
        cmocka_unit_test(a_negative_serial_keeps_its_sign),
        cmocka_unit_test(a_serial_of_any_length_is_cut),
        cmocka_unit_test(times_are_read_from_1950_to_9999),
        cmocka_unit_test(a_malformed_time_is_refused),
        cmocka_unit_test(names_show_nothing_raw),
        cmocka_unit_test(a_long_name_is_cut_at_a_whole_character),
        cmocka_unit_test(one_alternative_name_never_passes_for_two),
        cmocka_unit_test(a_directory_name_is_escaped_too),
        cmocka_unit_test(ten_thousand_alternative_names_are_counted_and_cut),
        cmocka_unit_test(malformed_alternative_names_are_told),
        cmocka_unit_test(what_is_no_certificate_is_refused),
        cmocka_unit_test(every_wrong_byte_of_a_certificate_is_survived),
        cmocka_unit_test(pem_has_the_label_of_what_it_holds),
        cmocka_unit_test(what_is_no_object_has_no_pem),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
