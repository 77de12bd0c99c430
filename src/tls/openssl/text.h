/* SPDX-License-Identifier: Apache-2.0 */
/* Handing out text that OpenSSL wrote. */
#ifndef PINTLE_SRC_TLS_OPENSSL_TEXT_H
#define PINTLE_SRC_TLS_OPENSSL_TEXT_H

#include <openssl/bio.h>

/* What a memory BIO gathered, as a string for free(), or NULL if memory ran out. */
char *pintle__text_from_bio(BIO *bio);

#endif
