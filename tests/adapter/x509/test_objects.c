/* SPDX-License-Identifier: Apache-2.0 */
/* pintle_objects_parse(): what it finds, and the pins of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "adapter/x509/fixture.h"

static EVP_PKEY *ec;
static EVP_PKEY *rsa;
static EVP_PKEY *ed;
static X509 *cert;
static X509_REQ *request;

static int set_up(void **state)
{
    (void)state;
    ec = fx_key("P-256");
    rsa = fx_key("RSA");
    ed = fx_key("ED25519");
    cert = fx_cert(&(struct cert_spec){.cn = "example.com", .key = ec});
    request = fx_request(ec, ec);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    X509_REQ_free(request);
    X509_free(cert);
    EVP_PKEY_free(ed);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    return 0;
}

/* Parse bytes that hold one object of a kind, and compare its pin with OpenSSL's. */
static void expect_one(const struct bytes *bytes, enum pintle_object_kind kind, EVP_PKEY *key)
{
    struct pintle_objects *objects;
    struct pintle_error err = {.text = ""};
    const struct pintle_object *object;
    char expected[PINTLE_PIN_TEXT_SIZE];
    char text[PINTLE_PIN_TEXT_SIZE];

    if (pintle_objects_parse(&objects, bytes->data, bytes->len, &err) != PINTLE_OK)
        fail_msg("%s: %s", pintle_status_name(err.status), err.text);
    assert_int_equal(pintle_objects_get_count(objects), 1);
    object = pintle_objects_get(objects, 0);
    assert_int_equal(object->kind, kind);
    fx_pin_text(key, expected);
    assert_string_equal(pintle_pin_format(&object->pin, text), expected);
    assert_null(pintle_objects_get(objects, 1));
    pintle_objects_free(objects);
    assert_int_equal(ERR_peek_error(), 0);
}

static void expect_failure(const void *data, size_t len, enum pintle_status status, size_t index,
                           size_t offset, const char *words)
{
    struct pintle_objects *objects = (struct pintle_objects *)&ec;
    struct pintle_error err;

    assert_int_equal(pintle_objects_parse(&objects, data, len, &err), status);
    assert_null(objects);
    assert_int_equal(err.status, status);
    assert_int_equal(err.index, index);
    assert_int_equal(err.offset, offset);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, err.text);
    assert_int_equal(pintle_objects_parse(&objects, data, len, NULL), status);
    assert_int_equal(ERR_peek_error(), 0);
}

static void expect_pem_and_der(const char *label, struct bytes der, enum pintle_object_kind kind,
                               EVP_PKEY *key)
{
    struct bytes pem = fx_pem(label, &der);

    expect_one(&pem, kind, key);
    expect_one(&der, kind, key);
    fx_free(&pem);
    fx_free(&der);
}

/* --- kinds ---------------------------------------------------------------------------------- */

static void a_certificate_is_read(void **state)
{
    (void)state;
    expect_pem_and_der("CERTIFICATE", fx_cert_der(cert), PINTLE_OBJECT_CERTIFICATE, ec);
    expect_pem_and_der("X509 CERTIFICATE", fx_cert_der(cert), PINTLE_OBJECT_CERTIFICATE, ec);
}

static void a_request_is_read(void **state)
{
    (void)state;
    expect_pem_and_der("CERTIFICATE REQUEST", fx_request_der(request), PINTLE_OBJECT_REQUEST, ec);
    expect_pem_and_der("NEW CERTIFICATE REQUEST", fx_request_der(request), PINTLE_OBJECT_REQUEST,
                       ec);
}

static void public_keys_of_every_type_are_read(void **state)
{
    (void)state;
    expect_pem_and_der("PUBLIC KEY", fx_spki(ec), PINTLE_OBJECT_PUBLIC_KEY, ec);
    expect_pem_and_der("PUBLIC KEY", fx_spki(rsa), PINTLE_OBJECT_PUBLIC_KEY, rsa);
    expect_pem_and_der("PUBLIC KEY", fx_spki(ed), PINTLE_OBJECT_PUBLIC_KEY, ed);
}

static void private_keys_of_every_form_are_read(void **state)
{
    (void)state;
    expect_pem_and_der("PRIVATE KEY", fx_pkcs8(ec), PINTLE_OBJECT_PRIVATE_KEY, ec);
    expect_pem_and_der("PRIVATE KEY", fx_pkcs8(rsa), PINTLE_OBJECT_PRIVATE_KEY, rsa);
    expect_pem_and_der("PRIVATE KEY", fx_pkcs8(ed), PINTLE_OBJECT_PRIVATE_KEY, ed);
    expect_pem_and_der("RSA PRIVATE KEY", fx_traditional(rsa), PINTLE_OBJECT_PRIVATE_KEY, rsa);
    expect_pem_and_der("EC PRIVATE KEY", fx_traditional(ec), PINTLE_OBJECT_PRIVATE_KEY, ec);
}

static void a_pkcs1_public_key_is_read(void **state)
{
    unsigned char *der = NULL;
    int len = i2d_PublicKey(rsa, &der);
    struct bytes bytes;
    struct bytes pem;

    (void)state;
    assert_true(len > 0);
    bytes = fx_copy(der, (size_t)len);
    pem = fx_pem("RSA PUBLIC KEY", &bytes);
    expect_one(&pem, PINTLE_OBJECT_PUBLIC_KEY, rsa);
    OPENSSL_free(der);
    fx_free(&bytes);
    fx_free(&pem);
}

static void a_trusted_certificate_is_read_without_its_trust(void **state)
{
    X509 *trusted = X509_dup(cert);
    unsigned char *der = NULL;
    int len;
    struct bytes bytes;
    struct bytes pem;

    (void)state;
    assert_int_equal(X509_alias_set1(trusted, (const unsigned char *)"an alias", -1), 1);
    len = i2d_X509_AUX(trusted, &der);
    assert_true(len > 0);
    bytes = fx_copy(der, (size_t)len);
    pem = fx_pem("TRUSTED CERTIFICATE", &bytes);
    expect_one(&pem, PINTLE_OBJECT_CERTIFICATE, ec);
    fx_free(&pem);
    bytes.data[len - 1] ^= 1; /* inside the alias: still well-formed */
    bytes.len--;
    pem = fx_pem("TRUSTED CERTIFICATE", &bytes);
    expect_failure(pem.data, pem.len, PINTLE_E_DER, 0, 0, "TRUSTED CERTIFICATE");
    OPENSSL_free(der);
    X509_free(trusted);
    fx_free(&bytes);
    fx_free(&pem);
}

static void a_certificate_lends_its_own_bytes(void **state)
{
    struct bytes der = fx_cert_der(cert);
    struct bytes spki = fx_spki(ec);
    struct pintle_objects *objects;
    const struct pintle_object *object;

    (void)state;
    assert_int_equal(pintle_objects_parse(&objects, der.data, der.len, NULL), PINTLE_OK);
    object = pintle_objects_get(objects, 0);
    assert_int_equal(object->der.len, der.len);
    assert_memory_equal(object->der.data, der.data, der.len);
    assert_true(object->spki.data > object->der.data);
    assert_true(object->spki.data + object->spki.len < object->der.data + object->der.len);
    assert_int_equal(object->spki.len, spki.len);
    assert_memory_equal(object->spki.data, spki.data, spki.len);
    pintle_objects_free(objects);
    fx_free(&spki);
    fx_free(&der);
}

static void a_private_key_leaves_only_its_public_half(void **state)
{
    struct bytes der = fx_pkcs8(rsa);
    struct bytes spki = fx_spki(rsa);
    struct pintle_objects *objects;
    const struct pintle_object *object;

    (void)state;
    assert_int_equal(pintle_objects_parse(&objects, der.data, der.len, NULL), PINTLE_OK);
    object = pintle_objects_get(objects, 0);
    assert_int_equal(object->kind, PINTLE_OBJECT_PRIVATE_KEY);
    assert_int_equal(object->der.len, spki.len);
    assert_memory_equal(object->der.data, spki.data, spki.len);
    assert_ptr_equal(object->spki.data, object->der.data);
    pintle_objects_free(objects);
    fx_free(&spki);
    fx_free(&der);
}

/* --- files that hold more than one -------------------------------------------------------------
 */

static void a_mixed_bundle_is_read_in_order(void **state)
{
    const enum pintle_object_kind kinds[] = {PINTLE_OBJECT_PRIVATE_KEY, PINTLE_OBJECT_CERTIFICATE,
                                             PINTLE_OBJECT_REQUEST, PINTLE_OBJECT_PUBLIC_KEY};
    struct bytes ders[] = {fx_pkcs8(rsa), fx_cert_der(cert), fx_request_der(request), fx_spki(ed)};
    struct bytes pems[] = {fx_pem("PRIVATE KEY", &ders[0]), fx_pem("CERTIFICATE", &ders[1]),
                           fx_pem("CERTIFICATE REQUEST", &ders[2]), fx_pem("PUBLIC KEY", &ders[3])};
    const struct bytes *parts[] = {&pems[0], &pems[1], &pems[2], &pems[3]};
    struct bytes all = fx_join(parts, 4);
    struct pintle_objects *objects;

    (void)state;
    assert_int_equal(pintle_objects_parse(&objects, all.data, all.len, NULL), PINTLE_OK);
    assert_int_equal(pintle_objects_get_count(objects), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pintle_objects_get(objects, i)->kind, kinds[i]);
        fx_free(&ders[i]);
        fx_free(&pems[i]);
    }
    pintle_objects_free(objects);
    fx_free(&all);
}

static struct bytes with_crlf(const struct bytes *pem)
{
    struct bytes out = {malloc(pem->len * 2), 0};

    assert_non_null(out.data);
    for (size_t i = 0; i < pem->len; i++) {
        if (pem->data[i] == '\n')
            out.data[out.len++] = '\r';
        out.data[out.len++] = pem->data[i];
    }
    return out;
}

static const struct {
    const char *name;
    const char *text;
    size_t len;
} surroundings[] = {
#define ROW(name, text)                                                                            \
    {                                                                                              \
        name, text, sizeof(text) - 1                                                               \
    }
    ROW("nothing", ""),
    ROW("bag attributes", "Bag Attributes\n    localKeyID: 01\nsubject=CN = a\n\n"),
    ROW("byte order mark", "\xef\xbb\xbf"),
    ROW("empty lines", "\n\n\r\n"),
    ROW("NUL", "a\0b\n"),
    ROW("BEGIN in a comment", "# -----BEGIN CERTIFICATE----- in a comment\n"),
    ROW("blanks before BEGIN", "  \t"),
    ROW("curve parameters",
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"),
#undef ROW
};

static void what_surrounds_a_block_is_skipped(void **state)
{
    struct bytes pem = fx_cert_pem(cert);
    struct bytes after = fx_copy("\n\n  \r\n# the end", 15);

    (void)state;
    for (size_t i = 0; i < sizeof(surroundings) / sizeof(surroundings[0]); i++) {
        struct bytes before = fx_copy(surroundings[i].text, surroundings[i].len);
        const struct bytes *parts[] = {&before, &pem, &after};
        struct bytes all = fx_join(parts, 3);
        print_message("# %s\n", surroundings[i].name);
        expect_one(&all, PINTLE_OBJECT_CERTIFICATE, ec);
        fx_free(&all);
        fx_free(&before);
    }
    fx_free(&after);
    fx_free(&pem);
}

static void line_ends_of_any_kind_are_read(void **state)
{
    struct bytes pem = fx_cert_pem(cert);
    struct bytes crlf = with_crlf(&pem);

    (void)state;
    expect_one(&crlf, PINTLE_OBJECT_CERTIFICATE, ec);
    pem.len--; /* no line end at the end */
    expect_one(&pem, PINTLE_OBJECT_CERTIFICATE, ec);
    fx_free(&crlf);
    fx_free(&pem);
}

/* --- refusals -------------------------------------------------------------------------------- */

static void an_error_says_which_object_and_where(void **state)
{
    struct bytes pem = fx_cert_pem(cert);
    struct bytes bad =
        fx_copy("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 59);
    const struct bytes *parts[] = {&pem, &bad};
    struct bytes all = fx_join(parts, 2);

    (void)state;
    expect_failure(all.data, all.len, PINTLE_E_DER, 1, pem.len, "CERTIFICATE: ");
    fx_free(&all);
    fx_free(&bad);
    fx_free(&pem);
}

static void a_request_signed_by_another_key_is_refused(void **state)
{
    EVP_PKEY *other = fx_key("P-256");
    X509_REQ *forged = fx_request(ec, other);
    struct bytes der = fx_request_der(forged);
    struct bytes pem = fx_pem("CERTIFICATE REQUEST", &der);

    (void)state;
    expect_failure(der.data, der.len, PINTLE_E_KEY, 0, 0, "does not verify");
    expect_failure(pem.data, pem.len, PINTLE_E_KEY, 0, 0, "does not verify");
    fx_free(&pem);
    fx_free(&der);
    X509_REQ_free(forged);
    EVP_PKEY_free(other);
}

static struct bytes written(int (*write)(BIO *, const EVP_PKEY *))
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    struct bytes bytes;

    assert_int_equal(write(bio, ec), 1);
    bytes.len = (size_t)BIO_get_mem_data(bio, &text);
    bytes = fx_copy(text, bytes.len);
    BIO_free(bio);
    return bytes;
}

static int write_encrypted_pem(BIO *bio, const EVP_PKEY *key)
{
    return PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
}

static int write_encrypted_der(BIO *bio, const EVP_PKEY *key)
{
    return i2d_PKCS8PrivateKey_bio(bio, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
}

static int write_encrypted_traditional(BIO *bio, const EVP_PKEY *key)
{
    return PEM_write_bio_PrivateKey_traditional(bio, key, EVP_aes_128_cbc(),
                                                (const unsigned char *)"secret", 6, NULL, NULL);
}

static void an_encrypted_key_is_refused_with_advice(void **state)
{
    struct bytes forms[] = {written(write_encrypted_pem), written(write_encrypted_der),
                            written(write_encrypted_traditional)};

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        expect_failure(forms[i].data, forms[i].len, PINTLE_E_KEY, 0, 0, "decrypt it first");
        fx_free(&forms[i]);
    }
}

static void other_blocks_are_refused_by_name(void **state)
{
    static const char text[] = "-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n";

    (void)state;
    expect_failure(text, sizeof(text) - 1, PINTLE_E_PEM, 0, 0, "DH PARAMETERS: ");
}

static const struct {
    const char *name;
    const char *text;
    size_t len;
    size_t offset;
    const char *words;
} bad_pem[] = {
#define ROW(name, text, offset, words)                                                             \
    {                                                                                              \
        name, text, sizeof(text) - 1, offset, words                                                \
    }
    ROW("empty block", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", 0,
        "CERTIFICATE"),
    ROW("no END line", "x\n-----BEGIN CERTIFICATE-----\nMAA=\n", 2, "no END line"),
    ROW("BEGIN inside a block",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----BEGIN CERTIFICATE-----\nMAA=\n"
        "-----END CERTIFICATE-----\n",
        0, "no END line"),
    ROW("END of another type", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END PUBLIC KEY-----\n", 33,
        "does not end the block"),
    ROW("END without BEGIN", "-----BEGI CERT-----\nMAA=\n-----END CERT-----\n-----BEGIN", 25,
        "without the BEGIN line"),
    ROW("BEGIN with four dashes", "-----BEGIN CERTIFICATE----\nMAA=\n", 0, "malformed BEGIN"),
    ROW("BEGIN without a label", "\n-----BEGIN -----\n-----END -----\n", 1, "malformed BEGIN"),
    ROW("BEGIN without a space", "-----BEGINCERT-----\n-----END CERT-----\n", 0, "malformed BEGIN"),
    ROW("a label without end",
        "-----BEGIN AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-----\n", 0,
        "malformed BEGIN"),
    ROW("NUL in a block", "-----BEGIN CERTIFICATE-----\nMA\0=\n-----END CERTIFICATE-----\n", 28,
        "NUL"),
    ROW("NUL in a label", "-----BEGIN CERT\0IFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 0,
        "malformed BEGIN"),
    ROW("no base64", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", 0,
        "CERTIFICATE: "),
    ROW("only curve parameters",
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", 0,
        "no certificate, request or key"),
    ROW("only text", "there is no -----BEGIN in this line\n", 0, "no certificate, request or key"),
    ROW("nothing", "", 0, "nothing in it"),
#undef ROW
};

static void malformed_pem_is_refused_at_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_pem) / sizeof(bad_pem[0]); i++) {
        print_message("# %s\n", bad_pem[i].name);
        expect_failure(bad_pem[i].text, bad_pem[i].len, PINTLE_E_PEM, 0, bad_pem[i].offset,
                       bad_pem[i].words);
    }
}

static void every_truncation_of_pem_is_refused(void **state)
{
    struct bytes pem = fx_cert_pem(cert);
    struct pintle_objects *objects;

    (void)state;
    for (size_t len = 1; len < pem.len - 1; len++) {
        enum pintle_status expected = len < strlen("-----BEGIN") ? PINTLE_E_DER : PINTLE_E_PEM;
        assert_int_equal(pintle_objects_parse(&objects, pem.data, len, NULL), expected);
        assert_null(objects);
    }
    fx_free(&pem);
}

static void every_truncation_of_der_is_refused(void **state)
{
    struct bytes ders[] = {fx_cert_der(cert), fx_request_der(request), fx_spki(ec), fx_pkcs8(ec),
                           fx_traditional(rsa)};
    struct pintle_objects *objects;

    (void)state;
    for (size_t i = 0; i < sizeof(ders) / sizeof(ders[0]); i++) {
        for (size_t len = 1; len < ders[i].len; len++) {
            assert_int_equal(pintle_objects_parse(&objects, ders[i].data, len, NULL), PINTLE_E_DER);
            assert_null(objects);
        }
        fx_free(&ders[i]);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

/* Whatever one wrong byte makes of it, it is an answer: the same object, another, or an error. */
static void every_wrong_byte_is_survived(void **state)
{
    struct bytes files[] = {fx_cert_der(cert), fx_request_der(request), fx_pkcs8(ec),
                            fx_cert_pem(cert)};
    struct pintle_objects *objects;

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        for (size_t at = 0; at < files[i].len; at++) {
            uint8_t right = files[i].data[at];
            files[i].data[at] ^= 0x81;
            if (pintle_objects_parse(&objects, files[i].data, files[i].len, NULL) == PINTLE_OK)
                assert_int_equal(pintle_objects_get_count(objects), 1);
            else
                assert_null(objects);
            pintle_objects_free(objects);
            files[i].data[at] = right;
        }
        fx_free(&files[i]);
    }
}

static void what_follows_der_is_refused(void **state)
{
    struct bytes der = fx_cert_der(cert);
    struct bytes zero = fx_copy("\0", 1);
    const struct bytes *parts[] = {&der, &zero};
    struct bytes all = fx_join(parts, 2);

    (void)state;
    expect_failure(all.data, all.len, PINTLE_E_DER, 0, der.len, "neither PEM nor");
    fx_free(&all);
    fx_free(&zero);
    fx_free(&der);
}

static void too_many_objects_are_refused(void **state)
{
    struct bytes der = fx_spki(ec);
    struct bytes pem = fx_pem("PUBLIC KEY", &der);
    struct bytes all = {malloc(pem.len * (PINTLE_OBJECTS_MAX + 1)), 0};
    struct pintle_objects *objects;

    (void)state;
    assert_non_null(all.data);
    for (size_t i = 0; i <= PINTLE_OBJECTS_MAX; i++, all.len += pem.len)
        memcpy(all.data + all.len, pem.data, pem.len);
    expect_failure(all.data, all.len, PINTLE_E_LIMIT, PINTLE_OBJECTS_MAX, all.len - pem.len,
                   "4096");
    assert_int_equal(pintle_objects_parse(&objects, all.data, all.len - pem.len, NULL), PINTLE_OK);
    assert_int_equal(pintle_objects_get_count(objects), PINTLE_OBJECTS_MAX);
    pintle_objects_free(objects);
    fx_free(&all);
    fx_free(&pem);
    fx_free(&der);
}

static void too_many_bytes_are_refused(void **state)
{
    size_t len = (size_t)16 * 1024 * 1024;
    struct bytes all = {calloc(len + 1, 1), len + 1};

    (void)state;
    assert_non_null(all.data);
    expect_failure(all.data, len + 1, PINTLE_E_LIMIT, 0, 0, "larger than");
    expect_failure(all.data, len, PINTLE_E_LIMIT, 0, 0, "");
    expect_failure(all.data, PINTLE_CERT_MAX_LEN, PINTLE_E_DER, 0, 0, "neither PEM nor");
    fx_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_read),
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(public_keys_of_every_type_are_read),
        cmocka_unit_test(private_keys_of_every_form_are_read),
        cmocka_unit_test(a_pkcs1_public_key_is_read),
        cmocka_unit_test(a_trusted_certificate_is_read_without_its_trust),
        cmocka_unit_test(a_certificate_lends_its_own_bytes),
        cmocka_unit_test(a_private_key_leaves_only_its_public_half),
        cmocka_unit_test(a_mixed_bundle_is_read_in_order),
        cmocka_unit_test(what_surrounds_a_block_is_skipped),
        cmocka_unit_test(line_ends_of_any_kind_are_read),
        cmocka_unit_test(an_error_says_which_object_and_where),
        cmocka_unit_test(a_request_signed_by_another_key_is_refused),
        cmocka_unit_test(an_encrypted_key_is_refused_with_advice),
        cmocka_unit_test(other_blocks_are_refused_by_name),
        cmocka_unit_test(malformed_pem_is_refused_at_its_place),
        cmocka_unit_test(every_truncation_of_pem_is_refused),
        cmocka_unit_test(every_truncation_of_der_is_refused),
        cmocka_unit_test(every_wrong_byte_is_survived),
        cmocka_unit_test(what_follows_der_is_refused),
        cmocka_unit_test(too_many_objects_are_refused),
        cmocka_unit_test(too_many_bytes_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
