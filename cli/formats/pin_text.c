/* SPDX-License-Identifier: Apache-2.0 */
#include "pin_text.h"

#include <stdio.h>
#include <string.h>

const char *const pin_text_forms[] = {"pintle", "curl", "hpkp", "hex", "base64", NULL};

static char *format_hex(const struct pintle_pin *pin, char out[PIN_TEXT_SIZE])
{
    for (size_t i = 0; i < PINTLE_DIGEST_LEN; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", pin->digest[i]);
    return out;
}

char *pin_text_format(const struct pintle_pin *pin, const char *form, char out[PIN_TEXT_SIZE])
{
    char text[PINTLE_PIN_TEXT_SIZE];
    const char *base64 = strchr(pintle_pin_format(pin, text), '/') + 1;

    if (strcmp(form, "curl") == 0)
        (void)snprintf(out, PIN_TEXT_SIZE, "sha256//%s", base64);
    else if (strcmp(form, "hpkp") == 0)
        (void)snprintf(out, PIN_TEXT_SIZE, "pin-sha256=\"%s\"", base64);
    else if (strcmp(form, "hex") == 0)
        return format_hex(pin, out);
    else if (strcmp(form, "base64") == 0)
        (void)snprintf(out, PIN_TEXT_SIZE, "%s", base64);
    else
        (void)snprintf(out, PIN_TEXT_SIZE, "%s", text);
    return out;
}

const char *pin_text_kind(enum pintle_object_kind kind)
{
    switch (kind) {
    case PINTLE_OBJECT_CERTIFICATE:
        return "certificate";
    case PINTLE_OBJECT_REQUEST:
        return "request";
    case PINTLE_OBJECT_PUBLIC_KEY:
        return "public key";
    case PINTLE_OBJECT_PRIVATE_KEY:
        return "private key";
    }
    return "object";
}
