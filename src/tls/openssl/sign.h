/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about signing keys share. */
#ifndef PINTLE_SRC_TLS_OPENSSL_SIGN_H
#define PINTLE_SRC_TLS_OPENSSL_SIGN_H

#include <stdbool.h>

#include <openssl/evp.h>

#include <pintle/sign.h>

/* The public half of a key, if it is an Ed25519 key. */
bool pintle__get_ed25519(uint8_t out[PINTLE_ED25519_KEY_LEN], const EVP_PKEY *key);

/* Make a signing key of a private key, which is taken, also on failure. E_KEY. */
PINTLE_MUST_USE enum pintle_status pintle__signing_key_wrap(struct pintle_signing_key **out,
                                                            EVP_PKEY *key,
                                                            struct pintle_error *err);

#endif
