/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINTLE_SRC_BUNDLE_ED25519_H
#define PINTLE_SRC_BUNDLE_ED25519_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is it a point of small order? Whoever has no private key can make signatures that most libraries
 * take for one of such a key.
 */
bool pintle__ed25519_is_weak(const uint8_t key[32]);

#endif
