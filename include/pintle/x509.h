/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/x509.h: certificates, requests and keys for tools: read them from PEM or DER, describe
 * them, make a backup key. Link libpintle-openssl; no OpenSSL type appears here.
 *
 * The pin engine needs none of this: it works on DER bytes (pintle/pin.h).
 *
 * Every function may also fail with E_NOMEM, and leaves the calling thread's OpenSSL error queue
 * empty. Nobody is ever asked for a passphrase.
 */
#ifndef PINTLE_X509_H
#define PINTLE_X509_H

#include <pintle/pin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of a private key only the public half is kept: its `der` is the SubjectPublicKeyInfo. */
enum pintle_object_kind {
    PINTLE_OBJECT_CERTIFICATE = 0,
    PINTLE_OBJECT_REQUEST = 1,
    PINTLE_OBJECT_PUBLIC_KEY = 2,
    PINTLE_OBJECT_PRIVATE_KEY = 3
};

struct pintle_object {
    enum pintle_object_kind kind;
    struct pintle_view der;  /* lent by the list */
    struct pintle_view spki; /* lent by the list */
    struct pintle_pin pin;
};

struct pintle_objects; /* opaque list */

/* Objects in one file at most. */
#define PINTLE_OBJECTS_MAX 4096

/*
 * Read every certificate, certificate request and key in a PEM or DER file's bytes.
 *
 * bytes, len  at most 16 MiB (E_LIMIT)
 *
 * PEM (RFC 7468): text between the blocks is skipped, and so are EC PARAMETERS; other blocks that
 * hold nothing to pin, and blocks that are not whole, are E_PEM. What an OpenSSL "TRUSTED
 * CERTIFICATE" says about trust is left out. Nothing found is E_PEM.
 * DER: exactly one object.
 *
 * E_DER for an object that is malformed, E_LIMIT for one that is too large or one too many
 * (PINTLE_OBJECTS_MAX), E_KEY for a key that OpenSSL cannot use, for an encrypted private key
 * (decrypt it first) and for a request that is not signed with its own key (proof of possession,
 * RFC 2986 section 4.2), E_CRYPTO if it cannot be hashed. err->index is the object. err->offset is
 * the byte at fault in DER, and in PEM where its block begins, or the line at fault.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_objects_parse(struct pintle_objects **out,
                                                                   const uint8_t *bytes, size_t len,
                                                                   struct pintle_error *err);
PINTLE_API size_t pintle_objects_get_count(const struct pintle_objects *objects);
PINTLE_API const struct pintle_object *pintle_objects_get(const struct pintle_objects *objects,
                                                          size_t index);
PINTLE_API void pintle_objects_free(struct pintle_objects *objects);

/*
 * What a person wants to know of a certificate.
 *
 * subject, issuer  as RFC 2253 writes names
 * serial           in hex, with '-' before a negative one
 * key_type         "RSA", "EC P-256", "Ed25519", or the algorithm's OID if it is not known
 * key_bits         size of the key, 0 if it is not known
 * signature        such as "ecdsa-with-SHA256", or the algorithm's OID
 * alt_names        subjectAltNames as "DNS:a, IP:192.0.2.1"; "(malformed)" if they are
 * alt_name_count   how many there are, also of those that found no room
 * not_before, not_after  when it is valid
 * is_ca            basicConstraints say so (RFC 5280 section 4.2.1.9)
 * self_signed      signed with its own key
 * weak_key         RSA, DSA or DH below 2048 bits, EC below 224, or signed with SHA-1, MD5 or older
 *                  and not self-signed
 *
 * Strings are UTF-8, NUL-terminated and cut to size with "…". Control characters, invisible ones and
 * invalid UTF-8 are escaped as "\0A"; in alt_names also commas, quotes, spaces and backslashes, so
 * that one name cannot pass for two.
 */
struct pintle_certificate_info {
    char subject[256];
    char issuer[256];
    char serial[48];
    char key_type[48];
    char signature[48];
    char alt_names[512];
    size_t alt_name_count;
    unsigned key_bits;
    int64_t not_before;
    int64_t not_after;
    bool is_ca;
    bool self_signed;
    bool weak_key;
};

/* Describe a DER certificate. E_DER if OpenSSL cannot parse it, E_LIMIT. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_certificate_describe(
    struct pintle_certificate_info *out, struct pintle_view der, struct pintle_error *err);

/*
 * Write a DER certificate, certificate request or SubjectPublicKeyInfo as PEM text with the label of
 * its kind. The caller frees *out with free(). E_DER for anything else.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_certificate_to_pem(char **out,
                                                                        struct pintle_view der,
                                                                        struct pintle_error *err);

/*
 * A new key with its certificate request. pintle_new_key_clear() wipes and frees what it holds.
 *
 * key_pem      PKCS#8; encrypted if a passphrase was given
 * request_pem  PKCS#10
 * pin          of the key, for the pin-set
 */
struct pintle_new_key {
    char *key_pem;
    char *request_pem;
    struct pintle_pin pin;
};

/*
 * Make one.
 *
 * type        "ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096" or "ed25519"
 * hosts       names, "*." and a name, or addresses: the request's subjectAltNames; the first is its
 *             common name as well, if it fits into 64 bytes
 * host_count  1 to 1000
 * passphrase  1 to 1024 bytes, encrypts the key (PBES2: AES-256-CBC, PBKDF2-SHA256 with 600 000
 *             rounds); NULL leaves it in the clear
 *
 * E_ARGUMENT: unknown type, no host or too many, a passphrase of another length. E_HOST with
 * err->index. E_CRYPTO.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_new_key_make(
    struct pintle_new_key *out, const char *type, const char *const *hosts, size_t host_count,
    const char *passphrase, struct pintle_error *err);

/* NULL and a cleared one are allowed. */
PINTLE_API void pintle_new_key_clear(struct pintle_new_key *key);

#ifdef __cplusplus
}
#endif
#endif
