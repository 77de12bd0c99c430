/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a certificate's description. */
#ifndef PINTLE_SRC_TLS_OPENSSL_DESCRIBE_H
#define PINTLE_SRC_TLS_OPENSSL_DESCRIBE_H

#include <stdbool.h>

#include <openssl/x509.h>
#include <pintle/x509.h>

#include "tls/openssl/words.h"

/* Add a name as RFC 2253 writes it, in UTF-8. False if memory runs out. */
bool pintle__describe_name(struct pintle__words *words, const X509_NAME *name, const char *special);

/* Fill alt_names and alt_name_count. False if memory runs out. */
bool pintle__describe_alt_names(struct pintle_certificate_info *info, X509 *certificate);

/* Fill key_type and key_bits, and set weak_key if the key itself is weak. False if memory runs out.
 */
bool pintle__describe_key(struct pintle_certificate_info *info, X509 *certificate);

#endif
