/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* How many bytes a lead byte announces (RFC 3629 section 3), or 0 if it is none. */
static size_t announced(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 4;
    return 0;
}

/* The length of the printable UTF-8 character at s, or 0. The NUL behind the text ends a cut one.
 */
static size_t printable(const unsigned char *s)
{
    size_t len = announced(s[0]);

    if (len == 1)
        return s[0] >= 0x20 && s[0] != 0x7f ? 1 : 0;
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if (s[0] == 0xc2 && s[1] < 0xa0)
        return 0; /* C1 control characters, which terminals obey */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90))
        return 0; /* longer than need be */
    if ((s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0; /* surrogates, and what lies above U+10FFFF */
    return len;
}

/* Drop a character that the end of the buffer cut in two. */
static void drop_cut_character(unsigned char *text, size_t len)
{
    size_t start = len;

    while (start > 0 && len - start < 3 && (text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && announced(text[start - 1]) > len - start + 1)
        text[start - 1] = '\0';
}

/* Error texts quote input and end on terminals and in JSON: leave nothing but printable UTF-8. */
static void make_printable(unsigned char *text)
{
    while (*text != '\0') {
        size_t len = printable(text);
        if (len == 0) {
            *text = '?';
            len = 1;
        }
        text += len;
    }
}

static void begin(struct pintle_error *err, enum pintle_status status, size_t offset)
{
    err->status = status;
    err->index = 0;
    err->offset = offset;
    err->line = 0;
    err->column = 0;
}

/* `wanted` is what vsnprintf() returned: the length of the whole text. */
static void finish(struct pintle_error *err, int wanted)
{
    if (wanted < 0)
        err->text[0] = '\0';
    else if ((size_t)wanted >= sizeof(err->text))
        drop_cut_character((unsigned char *)err->text, sizeof(err->text) - 1);
    make_printable((unsigned char *)err->text);
}

void pintle__error_set(struct pintle_error *err, enum pintle_status status, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return;
    begin(err, status, 0);
    va_start(args, format);
    finish(err, vsnprintf(err->text, sizeof(err->text), format, args));
    va_end(args);
}

void pintle__error_at(struct pintle_error *err, enum pintle_status status, size_t offset,
                      const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return;
    begin(err, status, offset);
    va_start(args, format);
    finish(err, vsnprintf(err->text, sizeof(err->text), format, args));
    va_end(args);
}
