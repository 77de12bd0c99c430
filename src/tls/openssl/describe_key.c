/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of key a certificate holds, and whether it is too weak. */
#include "tls/openssl/describe.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

/* Keys of fewer bits than `floor` are weak. */
static const struct key_type {
    const char *name;
    int id;
    unsigned floor;
} key_types[] = {
    {"RSA", EVP_PKEY_RSA, 2048},      {"RSA-PSS", EVP_PKEY_RSA_PSS, 2048},
    {"EC", EVP_PKEY_EC, 224},         {"DSA", EVP_PKEY_DSA, 2048},
    {"Ed25519", EVP_PKEY_ED25519, 0}, {"Ed448", EVP_PKEY_ED448, 0},
    {"X25519", EVP_PKEY_X25519, 0},   {"X448", EVP_PKEY_X448, 0},
    {"DH", EVP_PKEY_DH, 2048},        {"SM2", EVP_PKEY_SM2, 224},
};

/* "EC P-256", "EC secp256k1"; "EC" alone for a curve that is spelt out (RFC 5480 section 2.1.1). */
static void add_curve(struct pintle_certificate_info *info, const X509_PUBKEY *spki)
{
    X509_ALGOR *algorithm = NULL;
    const void *curve = NULL;
    const char *name;
    int type = V_ASN1_UNDEF;
    int nid;

    X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, spki);
    X509_ALGOR_get0(NULL, &type, &curve, algorithm);
    if (type != V_ASN1_OBJECT)
        return;
    nid = OBJ_obj2nid(curve);
    name = EC_curve_nid2nist(nid) != NULL ? EC_curve_nid2nist(nid) : OBJ_nid2sn(nid);
    snprintf(info->key_type, sizeof(info->key_type), "EC %s", name);
}

/* The row of a type, or NULL. */
static const struct key_type *find_type(const EVP_PKEY *key)
{
    for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++) {
        if (EVP_PKEY_get_base_id(key) == key_types[i].id)
            return &key_types[i];
    }
    return NULL;
}

/*
 * A key that OpenSSL did not understand may also be one that there was no memory for. OpenSSL keeps
 * no record of which: it is understood now, or never.
 */
static bool is_understood_now(const X509_PUBKEY *spki)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(spki, &der);
    const unsigned char *next = der;
    EVP_PKEY *key = len > 0 ? d2i_PUBKEY(NULL, &next, len) : NULL;

    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return key != NULL || len <= 0;
}

bool pintle__describe_key(struct pintle_certificate_info *info, X509 *certificate)
{
    const X509_PUBKEY *spki = X509_get_X509_PUBKEY(certificate);
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    const struct key_type *type = key != NULL ? find_type(key) : NULL;
    int bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;
    ASN1_OBJECT *oid = NULL;

    if (key != NULL ? bits <= 0 : is_understood_now(spki))
        return false;
    info->key_bits = (unsigned)bits;
    if (type != NULL) {
        snprintf(info->key_type, sizeof(info->key_type), "%s", type->name);
        info->weak_key = info->key_bits < type->floor;
        if (strcmp(type->name, "EC") == 0)
            add_curve(info, spki);
    } else if (X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, spki) == 1) {
        OBJ_obj2txt(info->key_type, (int)sizeof(info->key_type), oid, 1);
    }
    return true;
}
