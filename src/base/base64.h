/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4): canonical, padded, strict. */
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

/* How many characters stand for len bytes. */
size_t pintle__base64_encoded_len(size_t len);

/* Encode; `out` has room for pintle__base64_encoded_len(len) characters and gets no NUL. */
void pintle__base64_encode(char *out, const uint8_t *data, size_t len);

/* How many bytes so many characters stand for at most: up to two more than they really do. */
size_t pintle__base64_room(size_t len);

/*
 * Decode; `out` has pintle__base64_room(len) bytes. False, with the index of a character at fault
 * in *bad, if a character is foreign, a surplus bit is set or the padding is not as it must be.
 */
bool pintle__base64_decode(uint8_t *out, size_t *out_len, const char *text, size_t len,
                           size_t *bad);

#endif
