/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates made to order, honest and forged. Whatever fails here ends the program: no test can
 * go on without its certificates.
 */
#ifndef PINTLE_TESTS_KIT_PKI_H
#define PINTLE_TESTS_KIT_PKI_H

#include <openssl/x509.h>

#include <pintle/pin.h>

enum pki_key_type {
    PKI_P256 = 0,
    PKI_P384 = 1,
    PKI_RSA2048 = 2,
    PKI_ED25519 = 3
};

/* Keys of one type in the pool. */
#define PKI_KEYS_MAX 16

/* Key `number` (below PKI_KEYS_MAX) of a type: made once in a process, always the same. Lent. */
EVP_PKEY *pki_key(enum pki_key_type type, unsigned number);

/* A certificate with its key, which is lent by the pool. */
struct pki_cert {
    X509 *x509;
    EVP_PKEY *key;
};

/*
 * What to put into a certificate. Zero what does not matter.
 *
 * cn            common name of the subject; NULL makes an empty subject
 * alt_names     subjectAltName as OpenSSL's configuration writes it, or NULL for none
 * key           the subject's key
 * issuer        NULL makes a self-signed certificate
 * is_ca         basicConstraints CA:TRUE and keyUsage keyCertSign
 * path_len      pathLenConstraint + 1; 0 for none
 * extensions    NULL-terminated pairs of name and value as OpenSSL's configuration writes them;
 *               may be NULL. They come in addition.
 * key_id_of     take the subject key identifier of this certificate instead of the key's own
 * blob          octets for an extension nobody knows, blob_len of them
 * begins_s      seconds from now to notBefore; 0 means an hour ago
 * ends_s        seconds from now to notAfter; 0 means in 90 days
 */
struct pki_spec {
    const char *cn;
    const char *alt_names;
    EVP_PKEY *key;
    const struct pki_cert *issuer;
    bool is_ca;
    int path_len;
    const char *const *extensions;
    X509 *key_id_of;
    const unsigned char *blob;
    int blob_len;
    long begins_s;
    long ends_s;
};

struct pki_cert pki_issue(const struct pki_spec *spec);
void pki_free(struct pki_cert *cert);

/* Short forms of pki_issue(). */
struct pki_cert pki_root(const char *cn, EVP_PKEY *key);
struct pki_cert pki_intermediate(const char *cn, EVP_PKEY *key, const struct pki_cert *issuer);
struct pki_cert pki_leaf(const char *alt_names, EVP_PKEY *key, const struct pki_cert *issuer);

/* The pin of a certificate's key, through OpenSSL's own encoder. */
struct pintle_pin pki_pin(const X509 *cert);

/* The same as text; returns out. */
char *pki_pin_text(const X509 *cert, char out[PINTLE_PIN_TEXT_SIZE]);

/* A store of `count` certificates, all trusted. */
X509_STORE *pki_store(const struct pki_cert *const *trusted, size_t count);

#endif
