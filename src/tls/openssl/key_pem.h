/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINTLE_SRC_TLS_OPENSSL_KEY_PEM_H
#define PINTLE_SRC_TLS_OPENSSL_KEY_PEM_H

#include <openssl/evp.h>

/*
 * A private key as PEM (PKCS#8), encrypted unless passphrase is NULL; a string for free(), to be
 * wiped before, or NULL with the error queue saying why. Freed buffers that held it are wiped.
 */
char *pintle__key_to_pem(const EVP_PKEY *key, const char *passphrase);

#endif
