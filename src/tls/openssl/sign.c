/* SPDX-License-Identifier: Apache-2.0 */
/* Signing keys: making them, writing them, and signing with them. */
#include "tls/openssl/sign.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <pintle/openssl.h>

#include "base/error.h"
#include "tls/openssl/key_pem.h"
#include "tls/openssl/queue.h"
#include "tls/openssl/text.h"

struct pintle_signing_key {
    EVP_PKEY *key;
    uint8_t public_key[PINTLE_ED25519_KEY_LEN];
    char id[PINTLE_KEY_ID_SIZE];
};

/* --- keys --------------------------------------------------------------------------------------- */

/* A key on a token may tell its public half by name only. */
bool pintle__get_ed25519(uint8_t out[PINTLE_ED25519_KEY_LEN], const EVP_PKEY *key)
{
    size_t len = PINTLE_ED25519_KEY_LEN;

    if (EVP_PKEY_is_a(key, "ED25519") != 1)
        return false;
    if (EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == PINTLE_ED25519_KEY_LEN)
        return true;
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out,
                                           PINTLE_ED25519_KEY_LEN, &len) == 1 &&
           len == PINTLE_ED25519_KEY_LEN;
}

static enum pintle_status describe(struct pintle_signing_key *key, struct pintle_error *err)
{
    if (!pintle__get_ed25519(key->public_key, key->key)) {
        pintle__error_set(err, PINTLE_E_KEY, "it is no Ed25519 key");
        return PINTLE_E_KEY;
    }
    return pintle_key_id(key->id, key->public_key, pintle_openssl_crypto(), err);
}

enum pintle_status pintle__signing_key_wrap(struct pintle_signing_key **out, EVP_PKEY *key,
                                            struct pintle_error *err)
{
    struct pintle_signing_key *made = calloc(1, sizeof(*made));
    enum pintle_status status;

    *out = NULL;
    if (made == NULL) {
        EVP_PKEY_free(key);
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    made->key = key;
    status = describe(made, err);
    if (status == PINTLE_OK)
        *out = made;
    else
        pintle_signing_key_free(made);
    ERR_clear_error();
    return status;
}

enum pintle_status pintle_signing_key_new(struct pintle_signing_key **out, struct pintle_error *err)
{
    EVP_PKEY *key;

    *out = NULL;
    ERR_clear_error();
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (key == NULL)
        return pintle__queue_fail(err, PINTLE_E_CRYPTO, "could not make the key");
    return pintle__signing_key_wrap(out, key, err);
}

const uint8_t *pintle_signing_key_get_public(const struct pintle_signing_key *key)
{
    return key->public_key;
}

const char *pintle_signing_key_get_id(const struct pintle_signing_key *key)
{
    return key->id;
}

void pintle_signing_key_free(struct pintle_signing_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->key);
    free(key);
}

/* --- as PEM ------------------------------------------------------------------------------------- */

enum pintle_status pintle_signing_key_to_pem(char **out, const struct pintle_signing_key *key,
                                             const char *passphrase, struct pintle_error *err)
{
    enum pintle_status status = pintle__passphrase_check(passphrase, err);

    *out = NULL;
    ERR_clear_error();
    if (status != PINTLE_OK)
        return status;
    *out = pintle__key_to_pem(key->key, passphrase);
    if (*out == NULL)
        return pintle__queue_fail(err, PINTLE_E_UNSUPPORTED, "the key cannot be written");
    return PINTLE_OK;
}

void pintle_signing_key_free_pem(char *pem)
{
    if (pem == NULL)
        return;
    OPENSSL_cleanse(pem, strlen(pem));
    free(pem);
}

enum pintle_status pintle_public_key_to_pem(char **out,
                                            const uint8_t public_key[PINTLE_ED25519_KEY_LEN],
                                            struct pintle_error *err)
{
    EVP_PKEY *key;
    BIO *bio = NULL;

    *out = NULL;
    ERR_clear_error();
    key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, PINTLE_ED25519_KEY_LEN);
    if (key != NULL)
        bio = BIO_new(BIO_s_mem());
    if (bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1)
        *out = pintle__text_from_bio(bio);
    BIO_free(bio);
    EVP_PKEY_free(key);
    if (*out == NULL)
        return pintle__queue_fail(err, PINTLE_E_CRYPTO, "could not write the public key");
    return PINTLE_OK;
}

/* --- signing ------------------------------------------------------------------------------------ */

static bool sign(const struct pintle_signing_key *key, struct pintle_view message,
                 uint8_t out[PINTLE_ED25519_SIGNATURE_LEN])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = PINTLE_ED25519_SIGNATURE_LEN;
    bool done = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->key) == 1 &&
                EVP_DigestSign(ctx, out, &len, message.data, message.len) == 1 &&
                len == PINTLE_ED25519_SIGNATURE_LEN;

    EVP_MD_CTX_free(ctx);
    return done;
}

enum pintle_status pintle_envelope_sign(struct pintle_envelope *envelope,
                                        const struct pintle_signing_key *key,
                                        struct pintle_error *err)
{
    struct pintle_signature signature = {.key_id = ""};

    ERR_clear_error();
    if (!sign(key, pintle_envelope_get_signed_bytes(envelope), signature.bytes))
        return pintle__queue_fail(err, PINTLE_E_CRYPTO, "the key does not sign");
    memcpy(signature.key_id, key->id, sizeof(signature.key_id));
    return pintle_envelope_add_signature(envelope, &signature, err);
}
