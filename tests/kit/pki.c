/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define HOUR_S 3600L
#define DAY_S (24 * HOUR_S)

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "test certificates: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(EXIT_FAILURE);
}

static void need(bool ok, const char *what)
{
    if (!ok)
        fail(what);
}

/* --- keys ------------------------------------------------------------------------------------ */

static EVP_PKEY *make_key(enum pki_key_type type)
{
    switch (type) {
    case PKI_P256:
        return EVP_EC_gen("P-256");
    case PKI_P384:
        return EVP_EC_gen("P-384");
    case PKI_RSA2048:
        return EVP_RSA_gen(2048);
    case PKI_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    return NULL;
}

EVP_PKEY *pki_key(enum pki_key_type type, unsigned number)
{
    static EVP_PKEY *pool[PKI_ED25519 + 1][PKI_KEYS_MAX];

    need(number < PKI_KEYS_MAX, "no such key");
    if (pool[type][number] == NULL)
        pool[type][number] = make_key(type);
    need(pool[type][number] != NULL, "making a key");
    return pool[type][number];
}

/* --- certificates ---------------------------------------------------------------------------- */

static void set_names(X509 *cert, const struct pki_spec *spec)
{
    const X509_NAME *issuer;

    if (spec->cn != NULL)
        need(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                        (const unsigned char *)spec->cn, -1, -1, 0) == 1,
             "subject");
    issuer = X509_get_subject_name(spec->issuer != NULL ? spec->issuer->x509 : cert);
    need(X509_set_issuer_name(cert, issuer) == 1, "issuer");
}

static void set_times(X509 *cert, const struct pki_spec *spec)
{
    long begins_s = spec->begins_s != 0 ? spec->begins_s : -HOUR_S;
    long ends_s = spec->ends_s != 0 ? spec->ends_s : 90 * DAY_S;

    need(X509_gmtime_adj(X509_getm_notBefore(cert), begins_s) != NULL &&
             X509_gmtime_adj(X509_getm_notAfter(cert), ends_s) != NULL,
         "validity");
}

static void set_serial(X509 *cert)
{
    static long last;

    need(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++last) == 1, "serial number");
}

static void add_extension(X509 *cert, const struct pki_spec *spec, const char *name,
                          const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, spec->issuer != NULL ? spec->issuer->x509 : cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_nconf(NULL, &ctx, name, value);
    need(extension != NULL && X509_add_ext(cert, extension, -1) == 1, name);
    X509_EXTENSION_free(extension);
}

static void add_key_id(X509 *cert, const struct pki_spec *spec)
{
    ASN1_OCTET_STRING *copy;

    if (spec->key_id_of == NULL) {
        add_extension(cert, spec, "subjectKeyIdentifier", "hash");
        return;
    }
    copy = ASN1_OCTET_STRING_dup(X509_get0_subject_key_id(spec->key_id_of));
    need(copy != NULL && X509_add1_ext_i2d(cert, NID_subject_key_identifier, copy, 0, 0) == 1,
         "cloned key identifier");
    ASN1_OCTET_STRING_free(copy);
}

static void add_blob(X509 *cert, const struct pki_spec *spec)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.55555.1", 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;

    if (oid != NULL && octets != NULL &&
        ASN1_OCTET_STRING_set(octets, spec->blob, spec->blob_len) == 1)
        extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
    need(extension != NULL && X509_add_ext(cert, extension, -1) == 1, "unknown extension");
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(oid);
}

static void add_extensions(X509 *cert, const struct pki_spec *spec)
{
    char constraints[64] = "critical,CA:TRUE";

    if (spec->is_ca && spec->path_len > 0)
        (void)snprintf(constraints, sizeof(constraints), "critical,CA:TRUE,pathlen:%d",
                       spec->path_len - 1);
    add_extension(cert, spec, "basicConstraints", spec->is_ca ? constraints : "CA:FALSE");
    if (spec->is_ca)
        add_extension(cert, spec, "keyUsage", "critical,keyCertSign,cRLSign");
    add_key_id(cert, spec);
    if (spec->issuer != NULL)
        add_extension(cert, spec, "authorityKeyIdentifier", "keyid");
    if (spec->alt_names != NULL)
        add_extension(cert, spec, "subjectAltName", spec->alt_names);
    if (spec->blob != NULL)
        add_blob(cert, spec);
    for (size_t i = 0; spec->extensions != NULL && spec->extensions[i] != NULL; i += 2)
        add_extension(cert, spec, spec->extensions[i], spec->extensions[i + 1]);
}

struct pki_cert pki_issue(const struct pki_spec *spec)
{
    struct pki_cert cert = {X509_new(), spec->key};
    EVP_PKEY *signer = spec->issuer != NULL ? spec->issuer->key : spec->key;
    const EVP_MD *md = EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256();

    need(cert.x509 != NULL && X509_set_version(cert.x509, X509_VERSION_3) == 1, "certificate");
    set_serial(cert.x509);
    set_names(cert.x509, spec);
    set_times(cert.x509, spec);
    need(X509_set_pubkey(cert.x509, spec->key) == 1, "public key");
    add_extensions(cert.x509, spec);
    need(X509_sign(cert.x509, signer, md) > 0, "signature");
    return cert;
}

void pki_free(struct pki_cert *cert)
{
    X509_free(cert->x509);
    cert->x509 = NULL;
    cert->key = NULL;
}

struct pki_cert pki_root(const char *cn, EVP_PKEY *key)
{
    struct pki_spec spec = {.cn = cn, .key = key, .is_ca = true};

    return pki_issue(&spec);
}

struct pki_cert pki_intermediate(const char *cn, EVP_PKEY *key, const struct pki_cert *issuer)
{
    struct pki_spec spec = {.cn = cn, .key = key, .issuer = issuer, .is_ca = true};

    return pki_issue(&spec);
}

struct pki_cert pki_leaf(const char *alt_names, EVP_PKEY *key, const struct pki_cert *issuer)
{
    struct pki_spec spec = {.cn = "server", .alt_names = alt_names, .key = key, .issuer = issuer};

    return pki_issue(&spec);
}

/* --- pins and stores ------------------------------------------------------------------------- */

struct pintle_pin pki_pin(const X509 *cert)
{
    struct pintle_pin pin = {{0}};
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

    need(len > 0 && EVP_Digest(der, (size_t)len, pin.digest, NULL, EVP_sha256(), NULL) == 1, "pin");
    OPENSSL_free(der);
    return pin;
}

char *pki_pin_text(const X509 *cert, char out[PINTLE_PIN_TEXT_SIZE])
{
    struct pintle_pin pin = pki_pin(cert);

    return pintle_pin_format(&pin, out);
}

X509_STORE *pki_store(const struct pki_cert *const *trusted, size_t count)
{
    X509_STORE *store = X509_STORE_new();

    need(store != NULL, "store");
    for (size_t i = 0; i < count; i++)
        need(X509_STORE_add_cert(store, trusted[i]->x509) == 1, "trusted certificate");
    return store;
}
