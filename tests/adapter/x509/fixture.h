/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, requests and keys made at test time. Every helper fails the test if it cannot. */
#ifndef PINTLE_TESTS_ADAPTER_X509_FIXTURE_H
#define PINTLE_TESTS_ADAPTER_X509_FIXTURE_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pintle/x509.h>

/* Owned bytes with a NUL behind them. */
struct bytes {
    uint8_t *data;
    size_t len;
};

/*
 * What a certificate is to hold; what is zero gets a default: its own key as issuer, SHA-256, valid
 * from yesterday for a year.
 *
 * san      in OpenSSL's configuration syntax, or NULL
 * raw_san  a whole GeneralNames in DER instead
 * after    end of validity as ASN1_TIME_set_string() reads it, or NULL; before likewise
 */
struct cert_spec {
    const char *cn;
    const char *san;
    const struct bytes *raw_san;
    const char *before;
    const char *after;
    const EVP_MD *digest;
    EVP_PKEY *key;
    X509 *issuer;
    EVP_PKEY *issuer_key;
    long serial;
    bool ca;
};

EVP_PKEY *fx_key(const char *type); /* "P-256", "P-384", "RSA", "ED25519" */
X509 *fx_cert(const struct cert_spec *spec);
X509_REQ *fx_request(EVP_PKEY *key, EVP_PKEY *signer);

struct bytes fx_cert_der(X509 *cert);
struct bytes fx_cert_pem(X509 *cert);
struct bytes fx_request_der(X509_REQ *request);
struct bytes fx_spki(EVP_PKEY *key);

/* DER under a PEM label, or text of a writer. */
struct bytes fx_pem(const char *label, const struct bytes *der);

/* The private key as PKCS#8 DER. */
struct bytes fx_pkcs8(EVP_PKEY *key);

/* The private key in its own form: RSAPrivateKey, ECPrivateKey. */
struct bytes fx_traditional(EVP_PKEY *key);

struct bytes fx_copy(const void *data, size_t len);
struct bytes fx_join(const struct bytes *const *parts, size_t count);
void fx_free(struct bytes *bytes);

/* "sha256/…" of a key, computed by OpenSSL alone. */
void fx_pin_text(EVP_PKEY *key, char out[PINTLE_PIN_TEXT_SIZE]);

#endif
