/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and keys: what needs OpenSSL to be understood. */
#include "tls/openssl/objects.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "tls/openssl/queue.h"

/* Far above any real key; keeps hostile numbers away from OpenSSL's arithmetic. */
#define KEY_MAX_LEN ((size_t)64 * 1024)

/* RFC 2986 section 4.2: the signature proves that who asks holds the private key. */
static enum pintle_status check_possession(struct pintle_view der, struct pintle_error *err)
{
    const unsigned char *next = der.data;
    X509_REQ *request = d2i_X509_REQ(NULL, &next, (long)der.len);
    EVP_PKEY *key = request != NULL ? X509_REQ_get0_pubkey(request) : NULL;
    bool good = key != NULL && X509_REQ_verify(request, key) == 1;

    X509_REQ_free(request);
    if (good)
        return PINTLE_OK;
    return pintle__queue_fail(err, PINTLE_E_KEY, "the request's own signature does not verify");
}

enum pintle_status pintle__objects_add_request(struct pintle_objects *list, struct pintle_view der,
                                               struct pintle_error *err)
{
    struct pintle_view spki;
    enum pintle_status status = pintle_spki_from_request(&spki, der, err);

    if (status == PINTLE_OK)
        status = check_possession(der, err);
    if (status == PINTLE_OK)
        status = pintle__objects_add(list, PINTLE_OBJECT_REQUEST, der, err);
    return status;
}

enum pintle_status pintle__objects_fail_encrypted(struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_KEY,
                      "an encrypted private key: decrypt it first (openssl pkey), or give its "
                      "certificate or request");
    return PINTLE_E_KEY;
}

bool pintle__objects_is_encrypted(struct pintle_view der)
{
    const unsigned char *next = der.data;
    X509_SIG *encrypted = d2i_X509_SIG(NULL, &next, (long)der.len);
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *oid = NULL;
    bool found;

    if (encrypted == NULL)
        return false;
    X509_SIG_get0(encrypted, &algorithm, NULL);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    found = next == der.data + der.len &&
            EVP_PBE_find(EVP_PBE_TYPE_OUTER, OBJ_obj2nid(oid), NULL, NULL, NULL) == 1;
    X509_SIG_free(encrypted);
    return found;
}

/* Append the public half of a key that was read up to the end or not, and free the key. */
static enum pintle_status add_key(struct pintle_objects *list, enum pintle_object_kind kind,
                                  EVP_PKEY *key, bool whole, struct pintle_error *err)
{
    unsigned char *spki = NULL;
    struct pintle_view der;
    enum pintle_status status;
    int len;

    if (key != NULL && !whole) {
        EVP_PKEY_free(key);
        pintle__error_set(err, PINTLE_E_KEY, "bytes behind the key");
        return PINTLE_E_KEY;
    }
    len = key != NULL ? i2d_PUBKEY(key, &spki) : -1;
    EVP_PKEY_free(key);
    if (len <= 0)
        return pintle__queue_fail(err, PINTLE_E_KEY, "no key that OpenSSL can use");
    der.data = spki;
    der.len = (size_t)len;
    status = pintle__objects_add(list, kind, der, err);
    OPENSSL_free(spki);
    return status;
}

static enum pintle_status check_key_len(struct pintle_view der, struct pintle_error *err)
{
    if (der.len <= KEY_MAX_LEN)
        return PINTLE_OK;
    pintle__error_set(err, PINTLE_E_LIMIT, "a key of %zu bytes", der.len);
    return PINTLE_E_LIMIT;
}

/*
 * The type of a key in its own form, by what follows the version: RSAPrivateKey (RFC 8017 appendix
 * A.1.2) goes on with a number, ECPrivateKey (RFC 5915 section 3) with octets.
 */
static int guess_type(struct pintle_view der)
{
    const unsigned char *next = der.data;
    long len = 0;
    int tag = 0;
    int class = 0;

    if ((ASN1_get_object(&next, &len, &tag, &class, (long)der.len) & 0x80) != 0 ||
        tag != V_ASN1_SEQUENCE ||
        (ASN1_get_object(&next, &len, &tag, &class, der.data + der.len - next) & 0x80) != 0 ||
        tag != V_ASN1_INTEGER)
        return EVP_PKEY_NONE;
    next += len;
    if ((ASN1_get_object(&next, &len, &tag, &class, der.data + der.len - next) & 0x80) != 0)
        return EVP_PKEY_NONE;
    if (tag == V_ASN1_INTEGER)
        return EVP_PKEY_RSA;
    return tag == V_ASN1_OCTET_STRING ? EVP_PKEY_EC : EVP_PKEY_NONE;
}

/* NULL if it is no private key; *end is set to what follows it. */
static EVP_PKEY *read_private(struct pintle_view der, const unsigned char **end)
{
    PKCS8_PRIV_KEY_INFO *info;
    EVP_PKEY *key;
    int type = guess_type(der);

    *end = der.data;
    if (type != EVP_PKEY_NONE)
        return d2i_PrivateKey(type, NULL, end, (long)der.len);
    info = d2i_PKCS8_PRIV_KEY_INFO(NULL, end, (long)der.len);
    if (info == NULL)
        return NULL;
    key = EVP_PKCS82PKEY(info);
    PKCS8_PRIV_KEY_INFO_free(info);
    return key;
}

enum pintle_status pintle__objects_add_private(struct pintle_objects *list, struct pintle_view der,
                                               struct pintle_error *err)
{
    const unsigned char *next;
    enum pintle_status status = check_key_len(der, err);
    EVP_PKEY *key;

    if (status != PINTLE_OK)
        return status;
    if (pintle__objects_is_encrypted(der))
        return pintle__objects_fail_encrypted(err);
    key = read_private(der, &next);
    return add_key(list, PINTLE_OBJECT_PRIVATE_KEY, key, next == der.data + der.len, err);
}

enum pintle_status pintle__objects_add_rsa_public(struct pintle_objects *list,
                                                  struct pintle_view der, struct pintle_error *err)
{
    const unsigned char *next = der.data;
    enum pintle_status status = check_key_len(der, err);
    EVP_PKEY *key;

    if (status != PINTLE_OK)
        return status;
    key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &next, (long)der.len);
    return add_key(list, PINTLE_OBJECT_PUBLIC_KEY, key, next == der.data + der.len, err);
}
