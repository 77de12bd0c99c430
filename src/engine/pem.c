/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pem.h"

#include <stdlib.h>
#include <string.h>

#include <pintle/pin.h>

#include "base/base64.h"

#define LINE_LEN 48 /* bytes in a line of 64 characters, RFC 7468 section 2 */

static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
static const char end[] = "-----END CERTIFICATE-----\n";

char *pintle__pem_certificate(struct pintle_view der)
{
    size_t lines = der.len / LINE_LEN + 1;
    char *pem;
    char *next;

    if (der.len > PINTLE_CERT_MAX_LEN)
        return NULL;
    pem = malloc(sizeof(begin) + sizeof(end) + lines + pintle__base64_encoded_len(der.len));
    if (pem == NULL)
        return NULL;
    memcpy(pem, begin, sizeof(begin) - 1);
    next = pem + sizeof(begin) - 1;
    for (size_t i = 0; i < der.len; i += LINE_LEN) {
        size_t len = der.len - i < LINE_LEN ? der.len - i : LINE_LEN;

        pintle__base64_encode(next, der.data + i, len);
        next += pintle__base64_encoded_len(len);
        *next++ = '\n';
    }
    memcpy(next, end, sizeof(end));
    return pem;
}
