/* SPDX-License-Identifier: Apache-2.0 */
/* What a client connection is set up with: trust anchors, own certificate, algorithms. */
#include "tls/openssl/client.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/error.h"
#include "tls/openssl/queue.h"

/* --- trust anchors ---------------------------------------------------------------------------- */

/*
 * The system's anchors, read once for the process: that costs as much as thirty handshakes. Never
 * freed: connections of any thread may use them to the end.
 */
static X509_STORE *system_store;
static CRYPTO_ONCE system_once = CRYPTO_ONCE_STATIC_INIT;

static void load_system(void)
{
    X509_STORE *store = X509_STORE_new();

    if (store != NULL && X509_STORE_set_default_paths(store) == 1)
        system_store = store;
    else
        X509_STORE_free(store);
}

static enum pintle_status fail_file(const char *what, const char *path, struct pintle_error *err)
{
    struct pintle__failure failure = pintle__queue_drain();
    char buf[128];

    if (failure.nomem) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the %s", what);
        return PINTLE_E_NOMEM;
    }
    pintle__error_set(err, PINTLE_E_IO, "%s %s: %s", what, path,
                      failure.system != 0 && strerror_r(failure.system, buf, sizeof(buf)) == 0
                          ? buf
                          : failure.reason);
    return PINTLE_E_IO;
}

/* Open a file and see that it can be read, which a folder cannot. */
static enum pintle_status open_file(BIO **out, const char *what, const char *path,
                                    struct pintle_error *err)
{
    char byte;

    *out = BIO_new_file(path, "rb");
    if (*out == NULL)
        return fail_file(what, path, err);
    if (BIO_read(*out, &byte, 1) < 0 || BIO_reset(*out) != 0) {
        BIO_free(*out);
        *out = NULL;
        return fail_file(what, path, err);
    }
    return PINTLE_OK;
}

static enum pintle_status fail_content(const char *what, const char *path, size_t index,
                                       enum pintle_status status, struct pintle_error *err)
{
    struct pintle__failure failure = pintle__queue_drain();

    if (failure.nomem) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the %s", what);
        return PINTLE_E_NOMEM;
    }
    pintle__error_set(err, status, "%s %s: %s", what, path, failure.reason);
    if (err != NULL)
        err->index = index;
    return status;
}

static bool at_end_of_pem(void)
{
    unsigned long code = ERR_peek_last_error();

    return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

/* Add every certificate of a PEM file to a store; one malformed certificate fails it all. */
static enum pintle_status load_anchors(X509_STORE *store, BIO *file, const char *path,
                                       struct pintle_error *err)
{
    size_t count = 0;
    X509 *anchor;

    while ((anchor = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL)) != NULL) {
        int added = X509_STORE_add_cert(store, anchor);
        X509_free(anchor);
        if (added != 1)
            return fail_content("trust anchors", path, count, PINTLE_E_INTERNAL, err);
        count++;
    }
    if (count == 0 || !at_end_of_pem())
        return fail_content("trust anchors", path, count, PINTLE_E_PEM, err);
    ERR_clear_error();
    return PINTLE_OK;
}

static enum pintle_status load_file(X509_STORE **out, const char *path, struct pintle_error *err)
{
    BIO *file = NULL;
    enum pintle_status status = open_file(&file, "trust anchors", path, err);

    if (status != PINTLE_OK)
        return status;
    *out = X509_STORE_new();
    if (*out == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the trust anchors");
        status = PINTLE_E_NOMEM;
    } else {
        status = load_anchors(*out, file, path, err);
    }
    BIO_free(file);
    return status;
}

enum pintle_status pintle__client_trust(SSL_CTX *ctx, const char *ca_file, struct pintle_error *err)
{
    X509_STORE *store = NULL;
    enum pintle_status status = PINTLE_OK;

    if (ca_file != NULL) {
        status = load_file(&store, ca_file, err);
    } else if (CRYPTO_THREAD_run_once(&system_once, load_system) != 1 || system_store == NULL ||
               X509_STORE_up_ref(system_store) != 1) {
        pintle__error_set(err, PINTLE_E_IO, "the system's trust anchors cannot be read");
        return PINTLE_E_IO;
    } else {
        store = system_store;
    }
    if (status == PINTLE_OK)
        SSL_CTX_set_cert_store(ctx, store);
    else
        X509_STORE_free(store);
    return status;
}

/* --- the client's own certificate ------------------------------------------------------------- */

/* No passphrase is ever asked for. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static enum pintle_status check_readable(const char *what, const char *path,
                                         struct pintle_error *err)
{
    BIO *file = NULL;
    enum pintle_status status = open_file(&file, what, path, err);

    BIO_free(file);
    return status;
}

enum pintle_status pintle__client_identity(SSL_CTX *ctx, const char *cert_file,
                                           const char *key_file, struct pintle_error *err)
{
    enum pintle_status status = check_readable("client certificate", cert_file, err);

    if (status == PINTLE_OK)
        status = check_readable("client key", key_file, err);
    if (status != PINTLE_OK)
        return status;
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1) {
        return fail_content("client certificate", cert_file, 0, PINTLE_E_PEM, err);
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        return fail_content("client key", key_file, 0, PINTLE_E_KEY, err);
    }
    return PINTLE_OK;
}

/* --- the kind of server certificate ----------------------------------------------------------- */

/*
 * TLS 1.3 and 1.2 choose the certificate by signature algorithms (RFC 8446 section 4.2.3), 1.2 also
 * by the cipher's.
 */
static const struct {
    const char *algorithms;
    const char *ciphers;
} kinds[] = {
    [PINTLE_KEYS_RSA] = {"RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:"
                         "RSA+SHA512",
                         "DEFAULT:!aECDSA"},
    [PINTLE_KEYS_ECDSA] = {"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512", "DEFAULT:!aRSA"},
};

enum pintle_status pintle__client_ask_for(SSL *ssl, enum pintle_key_kind keys,
                                          struct pintle_error *err)
{
    char algorithms[128]; /* OpenSSL's macro wants them writable */

    if (keys == PINTLE_KEYS_ANY)
        return PINTLE_OK;
    if ((size_t)keys >= sizeof(kinds) / sizeof(kinds[0])) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "no such kind of key");
        return PINTLE_E_ARGUMENT;
    }
    snprintf(algorithms, sizeof(algorithms), "%s", kinds[keys].algorithms);
    if (SSL_set1_sigalgs_list(ssl, algorithms) != 1 ||
        SSL_set_cipher_list(ssl, kinds[keys].ciphers) != 1) {
        return pintle__queue_fail(err, PINTLE_E_INTERNAL, "kind of key");
    }
    return PINTLE_OK;
}
