/* SPDX-License-Identifier: Apache-2.0 */
/* A new key and the request for its certificate: what a backup pin is made from. */
#include <pintle/host.h>
#include <pintle/openssl.h>
#include <pintle/x509.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "tls/openssl/key_pem.h"
#include "tls/openssl/queue.h"
#include "tls/openssl/text.h"

/* More names than any CA puts into one certificate. */
#define HOSTS_MAX 1000

/* ub-common-name, RFC 5280 appendix A.1. */
#define COMMON_NAME_MAX 64

struct key_type {
    const char *name;
    const char *algorithm;
    const char *curve;
    size_t bits;
    const EVP_MD *(*digest)(void); /* signs the request; NULL if the algorithm brings its own */
};

static const struct key_type key_types[] = {
    {"ec-p256", "EC", "P-256", 0, EVP_sha256},   {"ec-p384", "EC", "P-384", 0, EVP_sha384},
    {"rsa-2048", "RSA", NULL, 2048, EVP_sha256}, {"rsa-3072", "RSA", NULL, 3072, EVP_sha256},
    {"rsa-4096", "RSA", NULL, 4096, EVP_sha256}, {"ed25519", "ED25519", NULL, 0, NULL},
};

static const struct key_type *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++) {
        if (strcmp(name, key_types[i].name) == 0)
            return &key_types[i];
    }
    return NULL;
}

static EVP_PKEY *generate(const struct key_type *type)
{
    if (type->curve != NULL)
        return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm, type->curve);
    if (type->bits != 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm, type->bits);
    return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm);
}

static enum pintle_status fail(const char *what, struct pintle_error *err)
{
    return pintle__queue_fail(err, PINTLE_E_CRYPTO, what);
}

/* --- the request ------------------------------------------------------------------------------ */

/* "*.example.com" is a name that a certificate can have and not one that can be dialled. */
static enum pintle_status parse_name(struct pintle_host *host, bool *wildcard, const char *text,
                                     struct pintle_error *err)
{
    enum pintle_status status;

    *wildcard = strncmp(text, "*.", 2) == 0;
    if (*wildcard)
        text += 2;
    status = pintle_host_parse(host, text, strlen(text), err);
    if (status == PINTLE_OK && *wildcard && host->is_ip) {
        pintle__error_set(err, PINTLE_E_HOST, "a wildcard before an address");
        return PINTLE_E_HOST;
    }
    return status;
}

static bool set_address(GENERAL_NAME *name, const char *text)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);

    if (address == NULL)
        return false;
    GENERAL_NAME_set0_value(name, GEN_IPADD, address);
    return true;
}

static bool set_dns(GENERAL_NAME *name, const char *text)
{
    ASN1_IA5STRING *dns = ASN1_IA5STRING_new();

    if (dns == NULL || ASN1_STRING_set(dns, text, -1) != 1) {
        ASN1_IA5STRING_free(dns);
        return false;
    }
    GENERAL_NAME_set0_value(name, GEN_DNS, dns);
    return true;
}

static bool add_name(GENERAL_NAMES *names, const char *text, bool is_ip)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    bool done = name != NULL && (is_ip ? set_address(name, text) : set_dns(name, text));

    if (done && sk_GENERAL_NAME_push(names, name) > 0)
        return true;
    GENERAL_NAME_free(name);
    return false;
}

/* common_name, which is "", becomes the first name if that fits. */
static enum pintle_status gather_names(GENERAL_NAMES *names, char common_name[COMMON_NAME_MAX + 1],
                                       const char *const *hosts, size_t host_count,
                                       struct pintle_error *err)
{
    for (size_t i = 0; i < host_count; i++) {
        char text[PINTLE_HOST_MAX_LEN + 3] = "*.";
        struct pintle_host host;
        bool wildcard;
        enum pintle_status status = parse_name(&host, &wildcard, hosts[i], err);

        if (status != PINTLE_OK) {
            if (err != NULL)
                err->index = i;
            return status;
        }
        memcpy(text + (wildcard ? 2 : 0), host.text, (size_t)host.len + 1);
        if (!add_name(names, text, host.is_ip))
            return fail("could not make the request", err);
        if (i == 0 && strlen(text) <= COMMON_NAME_MAX)
            memcpy(common_name, text, strlen(text) + 1);
    }
    return PINTLE_OK;
}

static bool add_extension(X509_REQ *request, GENERAL_NAMES *names, bool critical)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    bool done = X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, critical ? 1 : 0,
                                X509V3_ADD_DEFAULT) == 1 &&
                X509_REQ_add_extensions(request, extensions) == 1;

    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return done;
}

/* RFC 5280 section 4.2.1.6: with an empty subject the alternative names are critical. */
static bool fill_request(X509_REQ *request, EVP_PKEY *key, const struct key_type *type,
                         GENERAL_NAMES *names, const char *common_name)
{
    X509_NAME *subject = X509_REQ_get_subject_name(request);
    const EVP_MD *digest = type->digest != NULL ? type->digest() : NULL;

    if (common_name[0] != '\0' &&
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)common_name, -1, -1, 0) != 1)
        return false;
    return X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
           X509_REQ_set_pubkey(request, key) == 1 &&
           add_extension(request, names, common_name[0] == '\0') &&
           X509_REQ_sign(request, key, digest) > 0;
}

static enum pintle_status make_request(X509_REQ **out, EVP_PKEY *key, const struct key_type *type,
                                       GENERAL_NAMES *names, const char *common_name,
                                       struct pintle_error *err)
{
    *out = X509_REQ_new();
    if (*out == NULL || !fill_request(*out, key, type, names, common_name))
        return fail("could not make the request", err);
    return PINTLE_OK;
}

/* --- text ------------------------------------------------------------------------------------- */

static char *write_request(const X509_REQ *request)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (bio != NULL && PEM_write_bio_X509_REQ(bio, request) == 1)
        text = pintle__text_from_bio(bio);
    BIO_free(bio);
    return text;
}

/* From the request's own bytes, because those are what a CA copies into the certificate. */
static enum pintle_status make_pin(struct pintle_pin *pin, const X509_REQ *request,
                                   struct pintle_error *err)
{
    unsigned char *bytes = NULL;
    int len = i2d_X509_REQ(request, &bytes);
    struct pintle_view der = {bytes, len > 0 ? (size_t)len : 0};
    struct pintle_view spki;
    enum pintle_status status;

    if (len <= 0)
        return fail("could not make the request", err);
    status = pintle_spki_from_request(&spki, der, err);
    if (status == PINTLE_OK)
        status = pintle_pin_from_spki(pin, spki, pintle_openssl_crypto(), err);
    OPENSSL_free(bytes);
    return status;
}

/* --- all of it -------------------------------------------------------------------------------- */

static enum pintle_status write_all(struct pintle_new_key *out, const EVP_PKEY *key,
                                    const X509_REQ *request, const char *passphrase,
                                    struct pintle_error *err)
{
    enum pintle_status status = make_pin(&out->pin, request, err);

    if (status != PINTLE_OK)
        return status;
    out->key_pem = pintle__key_to_pem(key, passphrase);
    if (out->key_pem == NULL)
        return fail("could not write the key", err);
    out->request_pem = write_request(request);
    if (out->request_pem == NULL)
        return fail("could not write the request", err);
    return PINTLE_OK;
}

static enum pintle_status check_arguments(const struct key_type *type, size_t host_count,
                                          const char *passphrase, struct pintle_error *err)
{
    if (type == NULL) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "unknown type of key");
        return PINTLE_E_ARGUMENT;
    }
    if (host_count == 0 || host_count > HOSTS_MAX) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "%zu hosts: 1 to %d are possible", host_count,
                          HOSTS_MAX);
        return PINTLE_E_ARGUMENT;
    }
    return pintle__passphrase_check(passphrase, err);
}

static enum pintle_status make(struct pintle_new_key *out, const struct key_type *type,
                               GENERAL_NAMES *names, const char *common_name,
                               const char *passphrase, struct pintle_error *err)
{
    EVP_PKEY *key = generate(type);
    X509_REQ *request = NULL;
    enum pintle_status status;

    if (key == NULL)
        return fail("could not make the key", err);
    status = make_request(&request, key, type, names, common_name, err);
    if (status == PINTLE_OK)
        status = write_all(out, key, request, passphrase, err);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return status;
}

enum pintle_status pintle_new_key_make(struct pintle_new_key *out, const char *type_name,
                                       const char *const *hosts, size_t host_count,
                                       const char *passphrase, struct pintle_error *err)
{
    const struct key_type *type = find_type(type_name);
    char common_name[COMMON_NAME_MAX + 1] = "";
    GENERAL_NAMES *names;
    enum pintle_status status;

    memset(out, 0, sizeof(*out));
    status = check_arguments(type, host_count, passphrase, err);
    if (status != PINTLE_OK)
        return status;
    ERR_clear_error();
    names = GENERAL_NAMES_new();
    if (names == NULL)
        status = fail("could not make the request", err);
    else
        status = gather_names(names, common_name, hosts, host_count, err);
    if (status == PINTLE_OK)
        status = make(out, type, names, common_name, passphrase, err);
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    if (status != PINTLE_OK)
        pintle_new_key_clear(out);
    return status;
}

void pintle_new_key_clear(struct pintle_new_key *key)
{
    if (key == NULL)
        return;
    if (key->key_pem != NULL)
        OPENSSL_cleanse(key->key_pem, strlen(key->key_pem));
    free(key->key_pem);
    free(key->request_pem);
    memset(key, 0, sizeof(*key));
}
