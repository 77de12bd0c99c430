/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINTLE_SRC_TLS_OPENSSL_KEY_PEM_H
#define PINTLE_SRC_TLS_OPENSSL_KEY_PEM_H

#include <openssl/evp.h>

#include <pintle/status.h>

/* E_ARGUMENT for a passphrase that is empty, or too long for a key to be read back with it. NULL is
 * none, and well. */
PINTLE_MUST_USE enum pintle_status pintle__passphrase_check(const char *passphrase,
                                                            struct pintle_error *err);

/*
 * A private key as PEM (PKCS#8), encrypted unless passphrase is NULL; a string for free(), to be
 * wiped before, or NULL with the error queue saying why. Freed buffers that held it are wiped.
 */
char *pintle__key_to_pem(const EVP_PKEY *key, const char *passphrase);

#endif
