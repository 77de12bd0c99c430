/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of key a SubjectPublicKeyInfo holds, in a word or two. */
#ifndef PINTLE_SRC_ENGINE_KEY_TYPE_H
#define PINTLE_SRC_ENGINE_KEY_TYPE_H

#include <pintle/engine.h>

/*
 * Write "RSA", "EC P-256", "Ed25519", or the dotted object identifier of another algorithm (behind
 * "EC " that of another curve), cut to fit. `spki` is one that pintle_spki_from_certificate() found.
 */
void pintle__key_type(char out[PINTLE_KEY_TYPE_SIZE], struct pintle_view spki);

#endif
