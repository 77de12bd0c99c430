/* SPDX-License-Identifier: Apache-2.0 */
/* The list of objects of one file, and how what was found in the file is appended to it. */
#ifndef PINTLE_SRC_TLS_OPENSSL_OBJECTS_H
#define PINTLE_SRC_TLS_OPENSSL_OBJECTS_H

#include <pintle/x509.h>

/*
 * Append a copy of an object if the core can read it. A private key is given by its
 * SubjectPublicKeyInfo. E_DER, E_LIMIT, E_NOMEM, E_CRYPTO.
 */
PINTLE_MUST_USE enum pintle_status pintle__objects_add(struct pintle_objects *list,
                                                       enum pintle_object_kind kind,
                                                       struct pintle_view der,
                                                       struct pintle_error *err);

/* The same for a request that is signed with its own key; E_KEY if it is not. */
PINTLE_MUST_USE enum pintle_status pintle__objects_add_request(struct pintle_objects *list,
                                                               struct pintle_view der,
                                                               struct pintle_error *err);

/* Append the public half of a private key, PKCS#8 or of the key type's own form. E_KEY, and for an
 * encrypted one E_KEY with advice. */
PINTLE_MUST_USE enum pintle_status pintle__objects_add_private(struct pintle_objects *list,
                                                               struct pintle_view der,
                                                               struct pintle_error *err);

/* Append a public key in the form of PKCS#1 (RFC 8017 appendix A.1.1). E_KEY. */
PINTLE_MUST_USE enum pintle_status pintle__objects_add_rsa_public(struct pintle_objects *list,
                                                                  struct pintle_view der,
                                                                  struct pintle_error *err);

/* True for an encrypted PKCS#8 key (RFC 5958 section 3). */
bool pintle__objects_is_encrypted(struct pintle_view der);

/* E_KEY that says what to do about an encrypted private key. */
PINTLE_MUST_USE enum pintle_status pintle__objects_fail_encrypted(struct pintle_error *err);

/* Append everything in PEM text; places its errors in the text. */
PINTLE_MUST_USE enum pintle_status pintle__objects_add_pem(struct pintle_objects *list,
                                                           struct pintle_view text,
                                                           struct pintle_error *err);

#endif
