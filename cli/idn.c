/* SPDX-License-Identifier: Apache-2.0 */
#include "idn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

/* Longer text cannot become 253 bytes of A-labels. */
#define TEXT_MAX 1024

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static enum pintle_status fail(const char *why, struct pintle_error *err)
{
    if (err != NULL) {
        *err = (struct pintle_error){.status = PINTLE_E_HOST};
        (void)snprintf(err->text, sizeof(err->text), "no internationalised name: %s", why);
    }
    return PINTLE_E_HOST;
}

enum pintle_status idn_host_parse(struct pintle_host *out, const char *text, size_t len,
                                  struct pintle_error *err)
{
    char unicode[TEXT_MAX];
    char *ascii = NULL;
    enum pintle_status status;
    int code;

    if (is_ascii(text, len))
        return pintle_host_parse(out, text, len, err);
    if (len >= sizeof(unicode) || memchr(text, '\0', len) != NULL)
        return fail("too long", err);
    memcpy(unicode, text, len);
    unicode[len] = '\0';
    code = idn2_to_ascii_8z(unicode, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK)
        return fail(idn2_strerror(code), err);
    status = pintle_host_parse(out, ascii, strlen(ascii), err);
    idn2_free(ascii);
    return status;
}
