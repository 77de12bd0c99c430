/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINTLE_SRC_BUNDLE_KEY_H
#define PINTLE_SRC_BUNDLE_KEY_H

#include <pintle/bundle.h>

void pintle__hex_from_digest(char out[PINTLE_KEY_ID_SIZE], const uint8_t digest[PINTLE_DIGEST_LEN]);

/*
 * E_SIGNATURES unless the role's threshold of distinct keys signed the envelope; E_CRYPTO if that
 * cannot be told because a check could not be made.
 */
PINTLE_MUST_USE enum pintle_status pintle__check_signers(const struct pintle_root *root,
                                                         enum pintle_role role,
                                                         const struct pintle_envelope *envelope,
                                                         const struct pintle_crypto *crypto,
                                                         struct pintle_error *err);

#endif
