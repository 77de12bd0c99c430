/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/sign.h: signing keys for bundles, for tools. Link libpintle-openssl; no OpenSSL type
 * appears here. Programs that only verify need none of this.
 *
 * Every function may fail with E_NOMEM, and leaves the calling thread's OpenSSL error queue empty.
 * Private keys are wiped before their memory is freed. Nobody is ever asked for a passphrase.
 */
#ifndef PINTLE_SIGN_H
#define PINTLE_SIGN_H

#include <pintle/bundle.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pintle_signing_key; /* opaque */

/* Make an Ed25519 key. E_CRYPTO. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_signing_key_new(
    struct pintle_signing_key **out, struct pintle_error *err);

/*
 * Read a private key.
 *
 * source      a PEM file's path, or a URI that OpenSSL's stores understand ("pkcs11:…" with a
 *             provider for it in the OpenSSL configuration, "file:…")
 * passphrase  for an encrypted key, or the token's PIN; NULL for none
 *
 * E_IO (err->text is the system's reason), E_PEM, E_KEY (not Ed25519). E_PASSPHRASE: encrypted, and
 * there is no passphrase or a wrong one. E_UNSUPPORTED: no provider for this URI.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_signing_key_load(
    struct pintle_signing_key **out, const char *source, const char *passphrase,
    struct pintle_error *err);

/*
 * Write it as PEM (PKCS#8). With a passphrase: PBES2 (RFC 8018) with AES-256-CBC and PBKDF2 of
 * HMAC-SHA256 in 600 000 rounds, as pintle_new_key_make() does. The caller frees *out with
 * pintle_signing_key_free_pem(). E_UNSUPPORTED for a key that does not leave its token, E_ARGUMENT
 * for a passphrase that has not 1 to 1024 bytes: no key could be read back with a longer one.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_signing_key_to_pem(
    char **out, const struct pintle_signing_key *key, const char *passphrase,
    struct pintle_error *err);
PINTLE_API void pintle_signing_key_free_pem(char *pem);

/* Its public half, and the id that goes with it. */
PINTLE_API const uint8_t *pintle_signing_key_get_public(const struct pintle_signing_key *key);
PINTLE_API const char *pintle_signing_key_get_id(const struct pintle_signing_key *key);

/*
 * Read a public key: PEM (SubjectPublicKeyInfo), or of a private key its public half if it is not
 * encrypted. E_PEM, E_KEY (also for a point of small order, for which anybody can sign).
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_public_key_parse(
    uint8_t out[PINTLE_ED25519_KEY_LEN], const char *pem, size_t len, struct pintle_error *err);

/* Write a public key as PEM. The caller frees *out with free(). */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_public_key_to_pem(
    char **out, const uint8_t public_key[PINTLE_ED25519_KEY_LEN], struct pintle_error *err);

/* Sign an envelope with a key, adding the signature to it. E_CRYPTO, E_LIMIT. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_envelope_sign(
    struct pintle_envelope *envelope, const struct pintle_signing_key *key,
    struct pintle_error *err);

/* NULL is allowed. */
PINTLE_API void pintle_signing_key_free(struct pintle_signing_key *key);

#ifdef __cplusplus
}
#endif
#endif
