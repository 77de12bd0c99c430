/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pem.h"

#include <stdlib.h>
#include <string.h>

#include <pintle/pin.h>

#define LINE_LEN 48 /* bytes in a line of 64 characters, RFC 7468 section 2 */

static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
static const char end[] = "-----END CERTIFICATE-----\n";

/* Four characters for up to three bytes (RFC 4648 section 4). */
static char *encode(char *out, const uint8_t *bytes, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)bytes[0] << 16;

    if (len > 1)
        bits |= (uint32_t)bytes[1] << 8;
    if (len > 2)
        bits |= bytes[2];
    out[0] = alphabet[bits >> 18];
    out[1] = alphabet[bits >> 12 & 0x3f];
    out[2] = '=';
    out[3] = '=';
    if (len > 1)
        out[2] = alphabet[bits >> 6 & 0x3f];
    if (len > 2)
        out[3] = alphabet[bits & 0x3f];
    return out + 4;
}

char *pintle__pem_certificate(struct pintle_view der)
{
    size_t lines = der.len / LINE_LEN + 1;
    char *pem;
    char *next;

    if (der.len > PINTLE_CERT_MAX_LEN)
        return NULL;
    pem = malloc(sizeof(begin) + sizeof(end) + lines + (der.len + 2) / 3 * 4);
    if (pem == NULL)
        return NULL;
    memcpy(pem, begin, sizeof(begin) - 1);
    next = pem + sizeof(begin) - 1;
    for (size_t i = 0; i < der.len; i += 3) {
        size_t left = der.len - i;

        next = encode(next, der.data + i, left);
        if ((i + 3) % LINE_LEN == 0 || left <= 3)
            *next++ = '\n';
    }
    memcpy(next, end, sizeof(end));
    return pem;
}
