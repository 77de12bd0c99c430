/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 of 32-byte digests and of nothing else (RFC 4648 section 4): canonical, padded, strict. */
#ifndef PINTLE_SRC_BASE_BASE64_H
#define PINTLE_SRC_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PINTLE__B64_DIGEST_LEN 44

/* Decode exactly 44 characters to 32 bytes. On failure *bad is the index of the first character at
 * fault. */
bool pintle__base64_to_digest(uint8_t out[32], const char text[PINTLE__B64_DIGEST_LEN],
                              size_t *bad);

/* Encode 32 bytes to 44 characters, without a NUL. */
void pintle__base64_from_digest(char out[PINTLE__B64_DIGEST_LEN], const uint8_t digest[32]);

#endif
