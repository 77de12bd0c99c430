/* SPDX-License-Identifier: Apache-2.0 */
/* Reading signing keys from PEM files, and from what OpenSSL's stores reach. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "base/error.h"
#include "bundle/ed25519.h"
#include "tls/openssl/queue.h"
#include "tls/openssl/sign.h"

/* --- passphrases -------------------------------------------------------------------------------- */

/* asked: the key is encrypted, or the token wants its PIN. */
struct asking {
    const char *passphrase;
    bool asked;
};

/* A pem_password_cb. Nobody is ever asked: what the caller gave is all there is. */
static int answer(char *out, int size, int writing, void *data)
{
    struct asking *asking = data;
    size_t len = asking->passphrase == NULL ? 0 : strlen(asking->passphrase);

    (void)writing;
    asking->asked = true;
    if (len == 0 || size < 0 || len > (size_t)size)
        return -1;
    memcpy(out, asking->passphrase, len);
    return (int)len;
}

static enum pintle_status refuse(const struct asking *asking, struct pintle_error *err)
{
    if (asking->asked) {
        ERR_clear_error();
        pintle__error_set(err, PINTLE_E_PASSPHRASE, "%s",
                          asking->passphrase == NULL
                              ? "the key is encrypted: a passphrase is needed"
                              : "wrong passphrase");
        return PINTLE_E_PASSPHRASE;
    }
    return pintle__queue_fail(err, PINTLE_E_PEM, "no private key in PEM");
}

/* --- files -------------------------------------------------------------------------------------- */

/* The stream's buffer is ours, so that no key stays in one that was freed. */
static EVP_PKEY *read_private(FILE *file, struct asking *asking)
{
    char buffer[4096];
    EVP_PKEY *key = NULL;
    BIO *bio = NULL;

    if (setvbuf(file, buffer, _IOFBF, sizeof(buffer)) == 0)
        bio = BIO_new_fp(file, BIO_NOCLOSE);
    if (bio != NULL)
        key = PEM_read_bio_PrivateKey(bio, NULL, answer, asking);
    BIO_free(bio);
    (void)fclose(file);
    OPENSSL_cleanse(buffer, sizeof(buffer));
    return key;
}

static enum pintle_status load_file(EVP_PKEY **out, const char *path, struct asking *asking,
                                    struct pintle_error *err)
{
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        pintle__error_set(err, PINTLE_E_IO, "%s", strerror(errno));
        return PINTLE_E_IO;
    }
    *out = read_private(file, asking);
    return *out == NULL ? refuse(asking, err) : PINTLE_OK;
}

/* --- stores ------------------------------------------------------------------------------------- */

/* "scheme:", RFC 3986 section 3.1, unless a file has that very name. */
static bool is_uri(const char *source)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char others[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.";
    size_t len = strspn(source, others);
    FILE *file;

    if (len < 2 || source[len] != ':' || strchr(letters, source[0]) == NULL)
        return false;
    file = fopen(source, "re");
    if (file != NULL)
        (void)fclose(file);
    return file == NULL;
}

/* The first private key. */
static EVP_PKEY *take_key(OSSL_STORE_CTX *store)
{
    EVP_PKEY *key = NULL;

    while (key == NULL && OSSL_STORE_eof(store) != 1) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);
        if (info == NULL && OSSL_STORE_error(store) == 1)
            break;
        if (info != NULL && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
            key = OSSL_STORE_INFO_get1_PKEY(info);
        OSSL_STORE_INFO_free(info);
    }
    return key;
}

static enum pintle_status load_uri(EVP_PKEY **out, const char *uri, struct asking *asking,
                                   struct pintle_error *err)
{
    UI_METHOD *method = UI_UTIL_wrap_read_pem_callback(answer, 0);
    OSSL_STORE_CTX *store =
        method == NULL ? NULL
                       : OSSL_STORE_open_ex(uri, NULL, NULL, method, asking, NULL, NULL, NULL);
    enum pintle_status status = PINTLE_OK;

    if (store == NULL) {
        status = pintle__queue_fail(err, PINTLE_E_UNSUPPORTED, "OpenSSL cannot open this URI");
    } else {
        *out = take_key(store);
        if (*out == NULL && asking->asked)
            status = refuse(asking, err);
        else if (*out == NULL) {
            ERR_clear_error();
            pintle__error_set(err, PINTLE_E_KEY, "no private key is there");
            status = PINTLE_E_KEY;
        }
    }
    (void)OSSL_STORE_close(store);
    UI_destroy_method(method);
    return status;
}

enum pintle_status pintle_signing_key_load(struct pintle_signing_key **out, const char *source,
                                           const char *passphrase, struct pintle_error *err)
{
    struct asking asking = {passphrase, false};
    EVP_PKEY *key = NULL;
    enum pintle_status status;

    *out = NULL;
    ERR_clear_error();
    status = is_uri(source) ? load_uri(&key, source, &asking, err)
                            : load_file(&key, source, &asking, err);
    if (status == PINTLE_OK)
        status = pintle__signing_key_wrap(out, key, err);
    ERR_clear_error();
    return status;
}

/* --- public keys -------------------------------------------------------------------------------- */

static EVP_PKEY *read_public(const char *pem, int len)
{
    struct asking asking = {NULL, false};
    BIO *bio = BIO_new_mem_buf(pem, len);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, answer, &asking);

    BIO_free(bio);
    if (key != NULL)
        return key;
    bio = BIO_new_mem_buf(pem, len);
    if (bio != NULL)
        key = PEM_read_bio_PrivateKey(bio, NULL, answer, &asking);
    BIO_free(bio);
    return key;
}

/* More than any key in PEM takes. */
#define PUBLIC_KEY_MAX_LEN 65536

enum pintle_status pintle_public_key_parse(uint8_t out[PINTLE_ED25519_KEY_LEN], const char *pem,
                                           size_t len, struct pintle_error *err)
{
    EVP_PKEY *key = NULL;
    enum pintle_status status = PINTLE_OK;

    memset(out, 0, PINTLE_ED25519_KEY_LEN);
    ERR_clear_error();
    if (len <= PUBLIC_KEY_MAX_LEN)
        key = read_public(pem, (int)len);
    ERR_clear_error();
    if (key == NULL) {
        pintle__error_set(err, PINTLE_E_PEM,
                          "no public key, and no unencrypted private key, in PEM");
        status = PINTLE_E_PEM;
    } else if (!pintle__get_ed25519(out, key)) {
        pintle__error_set(err, PINTLE_E_KEY, "it is no Ed25519 key");
        status = PINTLE_E_KEY;
    } else if (pintle__ed25519_is_weak(out)) {
        memset(out, 0, PINTLE_ED25519_KEY_LEN);
        pintle__error_set(err, PINTLE_E_KEY, "anybody can sign for this key: it is of small order");
        status = PINTLE_E_KEY;
    }
    EVP_PKEY_free(key);
    return status;
}
