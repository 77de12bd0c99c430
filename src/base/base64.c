/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

/* The value of a character of the standard alphabet (RFC 4648 table 1), or -1. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    if (c == '/')
        return 63;
    return -1;
}

bool pintle__base64_to_digest(uint8_t out[32], const char text[PINTLE__B64_DIGEST_LEN], size_t *bad)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t done = 0;

    for (size_t i = 0; i < PINTLE__B64_DIGEST_LEN - 1; i++) {
        int value = value_of(text[i]);
        if (value < 0) {
            *bad = i;
            return false;
        }
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[done++] = (uint8_t)(bits >> held);
        }
    }
    /* 43 characters carry 258 bits: the two surplus ones must be zero (RFC 4648 section 3.5). */
    if ((bits & 3) != 0) {
        *bad = PINTLE__B64_DIGEST_LEN - 2;
        return false;
    }
    if (text[PINTLE__B64_DIGEST_LEN - 1] != '=') {
        *bad = PINTLE__B64_DIGEST_LEN - 1;
        return false;
    }
    return true;
}

void pintle__base64_from_digest(char out[PINTLE__B64_DIGEST_LEN], const uint8_t digest[32])
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned held = 0;
    size_t done = 0;

    for (size_t i = 0; i < 32; i++) {
        bits = (bits << 8 | digest[i]) & 0xffff;
        held += 8;
        while (held >= 6) {
            held -= 6;
            out[done++] = alphabet[bits >> held & 0x3f];
        }
    }
    out[done++] = alphabet[bits << (6 - held) & 0x3f];
    out[done] = '=';
}
