/* SPDX-License-Identifier: Apache-2.0 */
/* pintle_new_key_make(): a key, its request and its pin belong together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "adapter/x509/fixture.h"

static const char *const one_host[] = {"backup.example.com"};

static struct pintle_new_key make(const char *type, const char *const *hosts, size_t count,
                                  const char *passphrase)
{
    struct pintle_new_key made;
    struct pintle_error err = {.text = ""};

    if (pintle_new_key_make(&made, type, hosts, count, passphrase, &err) != PINTLE_OK)
        fail_msg("%s: %s", pintle_status_name(err.status), err.text);
    assert_int_equal(ERR_peek_error(), 0);
    return made;
}

static EVP_PKEY *load_key(const char *pem, const char *passphrase)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    char buf[64];
    EVP_PKEY *key;

    snprintf(buf, sizeof(buf), "%s", passphrase);
    key = PEM_read_bio_PrivateKey(bio, NULL, NULL, buf);
    BIO_free(bio);
    return key;
}

static X509_REQ *load_request(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509_REQ *request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);

    assert_non_null(request);
    BIO_free(bio);
    return request;
}

/* The pin that pintle_objects_parse() reads from a PEM file. */
static void expect_pin(const char *pem, enum pintle_object_kind kind, const struct pintle_pin *pin)
{
    struct pintle_objects *objects;

    assert_int_equal(pintle_objects_parse(&objects, (const uint8_t *)pem, strlen(pem), NULL),
                     PINTLE_OK);
    assert_int_equal(pintle_objects_get_count(objects), 1);
    assert_int_equal(pintle_objects_get(objects, 0)->kind, kind);
    assert_true(pintle_pin_equal(&pintle_objects_get(objects, 0)->pin, pin));
    pintle_objects_free(objects);
}

static const struct {
    const char *type;
    const char *algorithm;
    int bits;
    int signature;
} rows[] = {
    {"ec-p256", "EC", 256, NID_ecdsa_with_SHA256},
    {"ec-p384", "EC", 384, NID_ecdsa_with_SHA384},
    {"rsa-2048", "RSA", 2048, NID_sha256WithRSAEncryption},
    {"rsa-3072", "RSA", 3072, NID_sha256WithRSAEncryption},
    {"rsa-4096", "RSA", 4096, NID_sha256WithRSAEncryption},
    {"ed25519", "ED25519", 256, NID_ED25519},
};

static void every_type_of_key_fits_its_request_and_pin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_new_key made = make(rows[i].type, one_host, 1, NULL);
        EVP_PKEY *key = load_key(made.key_pem, "");
        X509_REQ *request = load_request(made.request_pem);
        char expected[PINTLE_PIN_TEXT_SIZE];
        char text[PINTLE_PIN_TEXT_SIZE];

        print_message("# %s\n", rows[i].type);
        assert_non_null(key);
        assert_int_equal(EVP_PKEY_is_a(key, rows[i].algorithm), 1);
        assert_int_equal(EVP_PKEY_get_bits(key), rows[i].bits);
        assert_int_equal(X509_REQ_get_signature_nid(request), rows[i].signature);
        assert_int_equal(X509_REQ_verify(request, key), 1);
        fx_pin_text(key, expected);
        assert_string_equal(pintle_pin_format(&made.pin, text), expected);
        expect_pin(made.key_pem, PINTLE_OBJECT_PRIVATE_KEY, &made.pin);
        expect_pin(made.request_pem, PINTLE_OBJECT_REQUEST, &made.pin);
        X509_REQ_free(request);
        EVP_PKEY_free(key);
        pintle_new_key_clear(&made);
    }
}

static void a_clear_key_is_pkcs8(void **state)
{
    struct pintle_new_key made = make("ec-p256", one_host, 1, NULL);

    (void)state;
    assert_memory_equal(made.key_pem, "-----BEGIN PRIVATE KEY-----\n", 28);
    pintle_new_key_clear(&made);
}

static void a_passphrase_opens_the_key_and_nothing_else_does(void **state)
{
    struct pintle_new_key made = make("ec-p256", one_host, 1, "correct horse");
    struct pintle_objects *objects;
    EVP_PKEY *key;

    (void)state;
    assert_memory_equal(made.key_pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38);
    key = load_key(made.key_pem, "correct horse");
    assert_non_null(key);
    assert_null(load_key(made.key_pem, "wrong horse"));
    ERR_clear_error();
    assert_int_equal(
        pintle_objects_parse(&objects, (const uint8_t *)made.key_pem, strlen(made.key_pem), NULL),
        PINTLE_E_KEY);
    expect_pin(made.request_pem, PINTLE_OBJECT_REQUEST, &made.pin);
    EVP_PKEY_free(key);
    pintle_new_key_clear(&made);
}

static void an_encrypted_key_costs_600000_rounds_to_guess(void **state)
{
    struct pintle_new_key made = make("ed25519", one_host, 1, "secret");
    BIO *bio = BIO_new_mem_buf(made.key_pem, -1);
    X509_SIG *encrypted = PEM_read_bio_PKCS8(bio, NULL, NULL, NULL);
    const X509_ALGOR *scheme = NULL;
    const void *value = NULL;
    int type = 0;
    PBE2PARAM *pbes2;
    PBKDF2PARAM *kdf;

    (void)state;
    assert_non_null(encrypted);
    X509_SIG_get0(encrypted, &scheme, NULL);
    X509_ALGOR_get0(NULL, &type, &value, scheme);
    pbes2 = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), scheme->parameter);
    assert_non_null(pbes2);
    assert_int_equal(OBJ_obj2nid(pbes2->keyfunc->algorithm), NID_id_pbkdf2);
    assert_int_equal(OBJ_obj2nid(pbes2->encryption->algorithm), NID_aes_256_cbc);
    kdf = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), pbes2->keyfunc->parameter);
    assert_non_null(kdf);
    assert_true(ASN1_INTEGER_get(kdf->iter) >= 600000);
    assert_int_equal(OBJ_obj2nid(kdf->prf->algorithm), NID_hmacWithSHA256);
    PBKDF2PARAM_free(kdf);
    PBE2PARAM_free(pbes2);
    X509_SIG_free(encrypted);
    BIO_free(bio);
    pintle_new_key_clear(&made);
}

/* --- the request --------------------------------------------------------------------------------
 */

static GENERAL_NAMES *alt_names(X509_REQ *request, int *critical)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, critical, NULL);

    assert_non_null(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return names;
}

static void expect_name(const GENERAL_NAMES *names, int index, int type, const char *data, int len)
{
    int actual = -1;
    const ASN1_STRING *value =
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &actual);

    assert_int_equal(actual, type);
    assert_int_equal(ASN1_STRING_length(value), len);
    assert_memory_equal(ASN1_STRING_get0_data(value), data, (size_t)len);
}

static void the_request_names_every_host_normalised(void **state)
{
    const char *const hosts[] = {"API.Example.com.", "*.example.com", "192.0.2.1", "2001:DB8::1"};
    struct pintle_new_key made = make("ec-p256", hosts, 4, NULL);
    X509_REQ *request = load_request(made.request_pem);
    int critical = -1;
    GENERAL_NAMES *names = alt_names(request, &critical);
    char cn[80] = "";

    (void)state;
    assert_int_equal(sk_GENERAL_NAME_num(names), 4);
    expect_name(names, 0, GEN_DNS, "api.example.com", 15);
    expect_name(names, 1, GEN_DNS, "*.example.com", 13);
    expect_name(names, 2, GEN_IPADD, "\xc0\0\2\1", 4);
    expect_name(names, 3, GEN_IPADD, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    assert_int_equal(critical, 0);
    assert_int_equal(X509_REQ_get_version(request), X509_REQ_VERSION_1);
    X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(request), NID_commonName, cn, sizeof(cn));
    assert_string_equal(cn, "api.example.com");
    GENERAL_NAMES_free(names);
    X509_REQ_free(request);
    pintle_new_key_clear(&made);
}

static void a_name_too_long_for_a_common_name_stands_in_the_extension_only(void **state)
{
    const char *const hosts[] = {
        "a-label-of-thirty-three-characters.a-label-of-thirty-three-characters"};
    struct pintle_new_key made = make("ec-p256", hosts, 1, NULL);
    X509_REQ *request = load_request(made.request_pem);
    int critical = -1;
    GENERAL_NAMES *names = alt_names(request, &critical);

    (void)state;
    assert_true(strlen(hosts[0]) > 64);
    assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(request)), 0);
    assert_int_equal(critical, 1);
    expect_name(names, 0, GEN_DNS, hosts[0], (int)strlen(hosts[0]));
    GENERAL_NAMES_free(names);
    X509_REQ_free(request);
    pintle_new_key_clear(&made);
}

/* --- refusals -----------------------------------------------------------------------------------
 */

static void expect_refusal(const char *type, const char *const *hosts, size_t count,
                           const char *passphrase, enum pintle_status status, size_t index)
{
    struct pintle_new_key made = {(char *)&made, (char *)&made, {{1}}};
    struct pintle_error err;

    assert_int_equal(pintle_new_key_make(&made, type, hosts, count, passphrase, &err), status);
    assert_int_equal(err.status, status);
    assert_int_equal(err.index, index);
    assert_null(made.key_pem);
    assert_null(made.request_pem);
    assert_int_equal(pintle_new_key_make(&made, type, hosts, count, passphrase, NULL), status);
    assert_int_equal(ERR_peek_error(), 0);
}

static void wrong_arguments_are_refused(void **state)
{
    const char *const types[] = {"", "rsa", "rsa-1024", "EC-P256", "ec-p256 ", "dsa"};
    char long_passphrase[1026] = "";

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        expect_refusal(types[i], one_host, 1, NULL, PINTLE_E_ARGUMENT, 0);
    expect_refusal("ec-p256", one_host, 0, NULL, PINTLE_E_ARGUMENT, 0);
    expect_refusal("ec-p256", one_host, 1001, NULL, PINTLE_E_ARGUMENT, 0);
    expect_refusal("ec-p256", one_host, 1, "", PINTLE_E_ARGUMENT, 0);
    memset(long_passphrase, 'x', sizeof(long_passphrase) - 1);
    expect_refusal("ec-p256", one_host, 1, long_passphrase, PINTLE_E_ARGUMENT, 0);
}

static void wrong_hosts_are_refused_by_index(void **state)
{
    const char *const bad[] = {"", "a..b", "a b", "*.192.0.2.1", "**.example.com", "x.*.com", "*."};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const hosts[] = {"good.example.com", bad[i]};
        print_message("# '%s'\n", bad[i]);
        expect_refusal("ec-p256", hosts, 2, NULL, PINTLE_E_HOST, 1);
    }
}

static void clearing_wipes_and_may_be_repeated(void **state)
{
    struct pintle_new_key made = make("ec-p256", one_host, 1, NULL);
    const struct pintle_pin zero = {{0}};

    (void)state;
    pintle_new_key_clear(&made);
    assert_null(made.key_pem);
    assert_null(made.request_pem);
    assert_true(pintle_pin_equal(&made.pin, &zero));
    pintle_new_key_clear(&made);
    pintle_new_key_clear(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_key_fits_its_request_and_pin),
        cmocka_unit_test(a_clear_key_is_pkcs8),
        cmocka_unit_test(a_passphrase_opens_the_key_and_nothing_else_does),
        cmocka_unit_test(an_encrypted_key_costs_600000_rounds_to_guess),
        cmocka_unit_test(the_request_names_every_host_normalised),
        cmocka_unit_test(a_name_too_long_for_a_common_name_stands_in_the_extension_only),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(wrong_hosts_are_refused_by_index),
        cmocka_unit_test(clearing_wipes_and_may_be_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
