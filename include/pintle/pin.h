/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/pin.h: pins, and the SubjectPublicKeyInfo they are made of.
 *
 * A pin is the SHA-256 of a certificate's DER SubjectPublicKeyInfo (RFC 7469,
 * section 2.4). It is taken from the certificate's own bytes, never from a
 * re-encoding, so any key type works, known to the TLS library or not.
 *
 * Nothing here allocates, locks or does I/O. All functions are thread-safe.
 */
#ifndef PINTLE_PIN_H
#define PINTLE_PIN_H

#include <stdbool.h>

#include <pintle/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PINTLE_DIGEST_LEN 32

/* "sha256/", 44 characters of base64 and the terminating NUL. */
#define PINTLE_PIN_TEXT_SIZE 52

/* A certificate, certificate request or key larger than this is refused unread. */
#define PINTLE_CERT_MAX_LEN ((size_t)1024 * 1024)

/* A larger SubjectPublicKeyInfo is refused. RSA-16384 needs 2086 bytes, ML-DSA-87 2614. */
#define PINTLE_SPKI_MAX_LEN ((size_t)64 * 1024)

struct pintle_pin {
    uint8_t digest[PINTLE_DIGEST_LEN];
};

/*
 * Where hashing comes from. Every TLS adapter brings one
 * (pintle_openssl_crypto() for OpenSSL); the core has none of its own.
 *
 * sha256          writes the SHA-256 of data to out and returns true; false on failure.
 *                 Called from any thread at any time.
 * ctx             passed through.
 * verify_ed25519  checks an Ed25519 signature (RFC 8032) of 64 bytes by a public key of 32.
 *                 Needed for signed bundles only (pintle/bundle.h), else NULL. Any thread.
 */
enum pintle_signature_check {
    PINTLE_SIGNATURE_FAILED = 0, /* the check could not be made */
    PINTLE_SIGNATURE_BAD = 1,
    PINTLE_SIGNATURE_GOOD = 2
};

struct pintle_crypto {
    const char *name;
    bool (*sha256)(void *ctx, const uint8_t *data, size_t len, uint8_t out[PINTLE_DIGEST_LEN]);
    void *ctx;
    enum pintle_signature_check (*verify_ed25519)(void *ctx, const uint8_t public_key[32],
                                                  const uint8_t *message, size_t len,
                                                  const uint8_t signature[64]);
};

/*
 * Read a pin from text.
 *
 * text, len  one pin, without surrounding white space, in one of these forms
 *            (B64 = 44 characters of canonical padded base64, HEX = 64 hex digits):
 *              sha256/B64          pintle, OkHttp, Android
 *              sha256//B64         curl, wget
 *              pin-sha256="B64"    HPKP, RFC 7469 section 2.1
 *              sha256:HEX, HEX     DANE and fingerprint tools; HEX may hold ':' between bytes
 *              B64                 bare, as in Envoy and Flutter
 *
 * Fails with E_PIN: unknown form, wrong alphabet, wrong length, non-zero
 * trailing bits, anything after the pin. err->offset is the first byte at fault;
 * *out is then all zero.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pin_parse(struct pintle_pin *out,
                                                               const char *text, size_t len,
                                                               struct pintle_error *err);

/* Write a pin as "sha256/…" with a terminating NUL; returns out. */
PINTLE_API char *pintle_pin_format(const struct pintle_pin *pin, char out[PINTLE_PIN_TEXT_SIZE]);

/* True if both are the same key. Not constant-time: pins are public. */
PINTLE_API bool pintle_pin_equal(const struct pintle_pin *a, const struct pintle_pin *b);

/*
 * Find the SubjectPublicKeyInfo of a DER certificate (RFC 5280, section 4.1).
 *
 * out   set to the bytes inside `der`, tag and length included; borrowed from it.
 * der   exactly one certificate. Trailing bytes are refused.
 *
 * Strict DER (X.690 section 10): indefinite and non-minimal lengths, wrong tags, lengths that
 * leave their parent, missing or surplus fields of TBSCertificate, two signature algorithms that
 * differ (RFC 5280, section 4.1.1.2) are E_DER with err->offset; more than PINTLE_CERT_MAX_LEN or
 * PINTLE_SPKI_MAX_LEN is E_LIMIT. *out is then empty. What is inside names, parameters and
 * extensions is not read, signatures and dates are not checked: that is path validation's work.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_spki_from_certificate(
    struct pintle_view *out, struct pintle_view der, struct pintle_error *err);

/* The same for a PKCS#10 certificate request (RFC 2986, section 4.1). */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_spki_from_request(struct pintle_view *out,
                                                                       struct pintle_view der,
                                                                       struct pintle_error *err);

/* Check that `der` is exactly one well-formed SubjectPublicKeyInfo and return it. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_spki_from_public_key(struct pintle_view *out,
                                                                          struct pintle_view der,
                                                                          struct pintle_error *err);

/*
 * The pin of a SubjectPublicKeyInfo. E_CRYPTO when the provider fails; *out is then all zero.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pin_from_spki(
    struct pintle_pin *out, struct pintle_view spki, const struct pintle_crypto *crypto,
    struct pintle_error *err);

/*
 * pintle_spki_from_certificate() and pintle_pin_from_spki() in one. *out is all zero on failure.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pin_from_certificate(
    struct pintle_pin *out, struct pintle_view der, const struct pintle_crypto *crypto,
    struct pintle_error *err);

#ifdef __cplusplus
}
#endif
#endif
