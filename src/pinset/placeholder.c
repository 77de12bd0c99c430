/* SPDX-License-Identifier: Apache-2.0 */
/* Pins that were never meant to be used, and are found in shipped programs all the same. */
#include "pinset/placeholder.h"

#include <string.h>

/* Text like "AAAA…A=" leaves the last byte to the padding. */
#define LOOKED_AT (PINTLE_DIGEST_LEN - 1)

/* 31 bytes of a real digest repeat after 16 once in 2^120. */
#define PERIOD_MAX 16

static const struct {
    const char *text;
    const char *from;
} known[] = {
    {"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "SHA-256 of nothing"},
    {"sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=", "an example of RFC 7469"},
    {"sha256/E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g=", "an example of RFC 7469"},
    {"sha256/LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
     "an example of RFC 7469, SHA-256 of \"hello\""},
    {"sha256/7HIpactkIAq2Y49orFOOQKurWxmmSFZhBCoQYcRhJ3Y=", "an example of Android's manual"},
    {"sha256/fwza0LRMXouZHRC8Ei+4PyuldPDcf3UKgO/04cDM1oE=", "an example of Android's manual"},
};

/* Such as all zero, one repeated byte, "BBBB…", "0123456789abcdef…". */
static bool repeats(const uint8_t *digest)
{
    for (size_t period = 1; period <= PERIOD_MAX; period++) {
        if (memcmp(digest, digest + period, LOOKED_AT - period) == 0)
            return true;
    }
    return false;
}

/* Up or down, from any byte. */
static bool counts(const uint8_t *digest)
{
    uint8_t step = (uint8_t)(digest[1] - digest[0]);

    for (size_t i = 1; i < LOOKED_AT; i++) {
        if ((uint8_t)(digest[i] - digest[i - 1]) != step)
            return false;
    }
    return true;
}

const char *pintle__placeholder(const struct pintle_pin *pin)
{
    char text[PINTLE_PIN_TEXT_SIZE];

    (void)pintle_pin_format(pin, text);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(text, known[i].text) == 0)
            return known[i].from;
    }
    if (repeats(pin->digest))
        return "the same bytes again and again";
    return counts(pin->digest) ? "bytes that count" : NULL;
}
