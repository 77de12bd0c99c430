/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/key_pem.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>

#include "tls/openssl/text.h"

/* What guessing a passphrase has to cost; the advice for PBKDF2-HMAC-SHA256 since 2023. */
#define PBKDF2_ROUNDS 600000
#define SALT_LEN 16

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
