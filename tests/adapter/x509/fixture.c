/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter/x509/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

EVP_PKEY *fx_key(const char *type)
{
    EVP_PKEY *key;

    if (strcmp(type, "RSA") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    else if (strncmp(type, "P-", 2) == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, type);
    assert_non_null(key);
    return key;
}

static void set_name(X509_NAME *name, const char *cn)
{
    assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                                (const unsigned char *)cn, -1, -1, 0),
                     1);
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void add_raw_san(X509 *cert, const struct bytes *der)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension;

    assert_int_equal(ASN1_OCTET_STRING_set(value, der->data, (int)der->len), 1);
    extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
}

static void set_times(X509 *cert, const struct cert_spec *spec)
{
    if (spec->before != NULL)
        assert_int_equal(ASN1_TIME_set_string(X509_getm_notBefore(cert), spec->before), 1);
    else
        assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -86400));
    if (spec->after != NULL)
        assert_int_equal(ASN1_TIME_set_string(X509_getm_notAfter(cert), spec->after), 1);
    else
        assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 365 * 86400L));
}

X509 *fx_cert(const struct cert_spec *spec)
{
    X509 *cert = X509_new();
    EVP_PKEY *signer = spec->issuer_key != NULL ? spec->issuer_key : spec->key;
    bool own_digest = EVP_PKEY_is_a(signer, "ED25519") != 1;
    const EVP_MD *digest = spec->digest != NULL ? spec->digest : EVP_sha256();

    assert_non_null(cert);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), spec->serial), 1);
    set_name(X509_get_subject_name(cert), spec->cn);
    assert_int_equal(X509_set_issuer_name(
                         cert, X509_get_subject_name(spec->issuer != NULL ? spec->issuer : cert)),
                     1);
    set_times(cert, spec);
    assert_int_equal(X509_set_pubkey(cert, spec->key), 1);
    add_extension(cert, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (spec->san != NULL)
        add_extension(cert, NID_subject_alt_name, spec->san);
    if (spec->raw_san != NULL)
        add_raw_san(cert, spec->raw_san);
    assert_true(X509_sign(cert, signer, own_digest ? digest : NULL) > 0);
    return cert;
}

X509_REQ *fx_request(EVP_PKEY *key, EVP_PKEY *signer)
{
    X509_REQ *request = X509_REQ_new();

    set_name(X509_REQ_get_subject_name(request), "backup.example.com");
    assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
    assert_true(X509_REQ_sign(request, signer, EVP_sha256()) > 0);
    return request;
}

/* --- bytes ---------------------------------------------------------------------------------- */

struct bytes fx_copy(const void *data, size_t len)
{
    struct bytes bytes = {malloc(len + 1), len};

    assert_non_null(bytes.data);
    if (len > 0)
        memcpy(bytes.data, data, len);
    bytes.data[len] = '\0';
    return bytes;
}

struct bytes fx_join(const struct bytes *const *parts, size_t count)
{
    struct bytes all = {NULL, 0};
    size_t at = 0;

    for (size_t i = 0; i < count; i++)
        all.len += parts[i]->len;
    all.data = malloc(all.len + 1);
    assert_non_null(all.data);
    for (size_t i = 0; i < count; i++) {
        memcpy(all.data + at, parts[i]->data, parts[i]->len);
        at += parts[i]->len;
    }
    all.data[at] = '\0';
    return all;
}

void fx_free(struct bytes *bytes)
{
    free(bytes->data);
    bytes->data = NULL;
    bytes->len = 0;
}

/* Take over what an i2d function allocated. */
static struct bytes from_i2d(unsigned char *der, int len)
{
    struct bytes bytes;

    assert_true(len > 0);
    bytes = fx_copy(der, (size_t)len);
    OPENSSL_free(der);
    return bytes;
}

struct bytes fx_cert_der(X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);

    return from_i2d(der, len);
}

struct bytes fx_cert_pem(X509 *cert)
{
    struct bytes der = fx_cert_der(cert);
    struct bytes pem = fx_pem("CERTIFICATE", &der);

    fx_free(&der);
    return pem;
}

struct bytes fx_request_der(X509_REQ *request)
{
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(request, &der);

    return from_i2d(der, len);
}

struct bytes fx_spki(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    return from_i2d(der, len);
}

struct bytes fx_pkcs8(EVP_PKEY *key)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    unsigned char *der = NULL;
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);

    PKCS8_PRIV_KEY_INFO_free(info);
    return from_i2d(der, len);
}

struct bytes fx_traditional(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int len = i2d_PrivateKey(key, &der);

    return from_i2d(der, len);
}

struct bytes fx_pem(const char *label, const struct bytes *der)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    struct bytes pem;

    assert_true(PEM_write_bio(bio, label, "", der->data, (long)der->len) > 0);
    pem.len = (size_t)BIO_get_mem_data(bio, &text);
    pem = fx_copy(text, pem.len);
    BIO_free(bio);
    return pem;
}

void fx_pin_text(EVP_PKEY *key, char out[PINTLE_PIN_TEXT_SIZE])
{
    struct bytes spki = fx_spki(key);
    unsigned char digest[PINTLE_DIGEST_LEN];
    unsigned len = 0;

    assert_int_equal(EVP_Digest(spki.data, spki.len, digest, &len, EVP_sha256(), NULL), 1);
    assert_int_equal(len, PINTLE_DIGEST_LEN);
    assert_int_equal(snprintf(out, PINTLE_PIN_TEXT_SIZE, "sha256/"), 7);
    assert_int_equal(EVP_EncodeBlock((unsigned char *)out + 7, digest, (int)len), 44);
    fx_free(&spki);
}
