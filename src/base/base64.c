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

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void pintle__base64_from_digest(char out[PINTLE__B64_DIGEST_LEN], const uint8_t digest[32])
{
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

/* --- of any length ------------------------------------------------------------------------------ */

size_t pintle__base64_encoded_len(size_t len)
{
    return (len + 2) / 3 * 4;
}

void pintle__base64_encode(char *out, const uint8_t *data, size_t len)
{
    for (; len >= 3; len -= 3, data += 3, out += 4) {
        uint32_t bits = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 0x3f];
        out[2] = alphabet[bits >> 6 & 0x3f];
        out[3] = alphabet[bits & 0x3f];
    }
    if (len > 0) {
        uint32_t bits = (uint32_t)data[0] << 16 | (len == 2 ? (uint32_t)data[1] << 8 : 0);
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 0x3f];
        out[2] = '=';
        if (len == 2)
            out[2] = alphabet[bits >> 6 & 0x3f];
        out[3] = '=';
    }
}

size_t pintle__base64_room(size_t len)
{
    return len / 4 * 3;
}

#define FOREIGN 0x80

/* value_of() of every byte, or FOREIGN: a megabyte is decoded by looking each up. */
#define ROW_OF(a, b, c, d, e, f, g, h) a, b, c, d, e, f, g, h
#define NONE_8 ROW_OF(FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN)
static const uint8_t values[256] = {
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    ROW_OF(FOREIGN, FOREIGN, FOREIGN, 62, FOREIGN, FOREIGN, FOREIGN, 63),
    ROW_OF(52, 53, 54, 55, 56, 57, 58, 59),
    ROW_OF(60, 61, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN),
    ROW_OF(FOREIGN, 0, 1, 2, 3, 4, 5, 6),
    ROW_OF(7, 8, 9, 10, 11, 12, 13, 14),
    ROW_OF(15, 16, 17, 18, 19, 20, 21, 22),
    ROW_OF(23, 24, 25, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN),
    ROW_OF(FOREIGN, 26, 27, 28, 29, 30, 31, 32),
    ROW_OF(33, 34, 35, 36, 37, 38, 39, 40),
    ROW_OF(41, 42, 43, 44, 45, 46, 47, 48),
    ROW_OF(49, 50, 51, FOREIGN, FOREIGN, FOREIGN, FOREIGN, FOREIGN),
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
    NONE_8,
};

/* The index of the first foreign one of `count` characters; count if there is none. */
static size_t find_foreign(const char *text, size_t count)
{
    size_t i = 0;

    while (i < count && (values[(uint8_t)text[i]] & FOREIGN) == 0)
        i++;
    return i;
}

/* The last four characters, which may hold one or two of padding. */
static bool decode_last(uint8_t *out, size_t *out_len, const char text[4], size_t *bad)
{
    size_t count = 4;
    uint32_t bits = 0;

    while (count > 2 && text[count - 1] == '=')
        count--;
    *bad = find_foreign(text, count);
    if (*bad < count)
        return false;
    for (size_t i = 0; i < 4; i++)
        bits = bits << 6 | (i < count ? values[(uint8_t)text[i]] : 0);
    *bad = count - 1;
    if ((count == 2 && (bits & 0xffff) != 0) || (count == 3 && (bits & 0xff) != 0))
        return false;
    for (size_t i = 0; i < count - 1; i++)
        out[i] = (uint8_t)(bits >> (16 - 8 * i));
    *out_len = count - 1;
    return true;
}

bool pintle__base64_decode(uint8_t *out, size_t *out_len, const char *text, size_t len, size_t *bad)
{
    size_t last = 0;
    size_t i = 0;

    *out_len = 0;
    *bad = len;
    if (len % 4 != 0)
        return false;
    for (; i + 4 < len; i += 4, out += 3) {
        uint8_t a = values[(uint8_t)text[i]], b = values[(uint8_t)text[i + 1]];
        uint8_t c = values[(uint8_t)text[i + 2]], d = values[(uint8_t)text[i + 3]];
        if (((a | b | c | d) & FOREIGN) != 0) {
            *bad = i + find_foreign(text + i, 4);
            return false;
        }
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
    }
    if (len > 0 && !decode_last(out, &last, text + i, bad)) {
        *bad += i;
        return false;
    }
    *out_len = i / 4 * 3 + last;
    return true;
}
