/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/key_pem.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>

#include "base/error.h"
#include "tls/openssl/text.h"

/* What guessing a passphrase has to cost; the advice for PBKDF2-HMAC-SHA256 since 2023. */
#define PBKDF2_ROUNDS 600000
#define SALT_LEN 16

/* OpenSSL asks for no more when it reads a key (PEM_BUFSIZE): with a longer one it stays shut. */
#define PASSPHRASE_MAX_LEN PEM_BUFSIZE

enum pintle_status pintle__passphrase_check(const char *passphrase, struct pintle_error *err)
{
    if (passphrase != NULL && passphrase[0] == '\0') {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "an empty passphrase");
        return PINTLE_E_ARGUMENT;
    }
    if (passphrase != NULL && strlen(passphrase) > PASSPHRASE_MAX_LEN) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "a passphrase of more than %d bytes",
                          PASSPHRASE_MAX_LEN);
        return PINTLE_E_ARGUMENT;
    }
    return PINTLE_OK;
}

/* PBES2 (RFC 8018 section 6.2) with PBKDF2, which more programs can read than scrypt. */
static bool write_encrypted(BIO *bio, PKCS8_PRIV_KEY_INFO *info, const char *passphrase)
{
    unsigned char salt[SALT_LEN];
    X509_ALGOR *scheme = NULL;
    X509_SIG *encrypted = NULL;
    bool done;

    if (RAND_bytes(salt, sizeof(salt)) == 1)
        scheme = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), PBKDF2_ROUNDS, salt, sizeof(salt), NULL,
                                   NID_hmacWithSHA256);
    if (scheme != NULL)
        encrypted = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), info, scheme);
    if (encrypted == NULL)
        X509_ALGOR_free(scheme);
    done = encrypted != NULL && PEM_write_bio_PKCS8(bio, encrypted) == 1;
    X509_SIG_free(encrypted);
    return done;
}

char *pintle__key_to_pem(const EVP_PKEY *key, const char *passphrase)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;

    if (info != NULL && bio != NULL &&
        (passphrase != NULL ? write_encrypted(bio, info, passphrase)
                            : PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1))
        text = pintle__text_from_bio(bio);
    BIO_free(bio);
    PKCS8_PRIV_KEY_INFO_free(info);
    return text;
}
