/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/words.h"

#include <limits.h>
#include <string.h>

#include <openssl/asn1.h>

static const char ellipsis[] = "\xe2\x80\xa6";
static const char hex_digits[] = "0123456789ABCDEF";

struct pintle__words pintle__words_init(char *out, size_t size)
{
    struct pintle__words words = {.out = out, .size = size};

    out[0] = '\0';
    return words;
}

/* Add bytes that belong together: all of them or none. */
static void put_unit(struct pintle__words *words, const char *unit, size_t len)
{
    if (words->cut)
        return;
    if (len >= words->size - words->len) {
        memcpy(words->out + words->keep, ellipsis, sizeof(ellipsis));
        words->len = words->keep + sizeof(ellipsis) - 1;
        words->cut = true;
        return;
    }
    memcpy(words->out + words->len, unit, len);
    words->len += len;
    words->out[words->len] = '\0';
    if (words->size - words->len >= sizeof(ellipsis))
        words->keep = words->len;
}

void pintle__words_put(struct pintle__words *words, const char *text)
{
    put_unit(words, text, strlen(text));
}

static void put_escaped(struct pintle__words *words, uint8_t byte)
{
    char unit[3] = {'\\', hex_digits[byte >> 4], hex_digits[byte & 15]};

    put_unit(words, unit, sizeof(unit));
}

/*
 * Characters that cannot be seen or that change how others are seen (Unicode categories Cc and Cf,
 * line and paragraph separators, noncharacters).
 */
static bool is_treacherous(unsigned long c)
{
    static const struct {
        unsigned long first;
        unsigned long last;
    } ranges[] = {{0x00, 0x1f},     {0x7f, 0x9f},      {0xad, 0xad},     {0x61c, 0x61c},
                  {0x180e, 0x180e}, {0x200b, 0x200f},  {0x2028, 0x202e}, {0x2060, 0x206f},
                  {0xd800, 0xdfff}, {0xfdd0, 0xfdef},  {0xfeff, 0xfeff}, {0xfff0, 0xfffb},
                  {0xfffe, 0xffff}, {0xe0000, 0xe0fff}};

    if (c > 0x10ffff || (c & 0xfffe) == 0xfffe)
        return true;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

/* Bytes of the character at `text` that may be shown as it is, or 0. */
static size_t showable(const uint8_t *text, size_t len, const char *special)
{
    unsigned long c = 0;
    int n = UTF8_getc(text, len > INT_MAX ? INT_MAX : (int)len, &c);

    if (n <= 0 || is_treacherous(c))
        return 0;
    if (c < 0x80 && strchr(special, (int)c) != NULL)
        return 0;
    return (size_t)n;
}

void pintle__words_put_foreign(struct pintle__words *words, const uint8_t *text, size_t len,
                               const char *special)
{
    size_t i = 0;

    while (i < len && !words->cut) {
        size_t n = showable(text + i, len - i, special);
        if (n > 0) {
            char unit[8];
            memcpy(unit, text + i, n);
            put_unit(words, unit, n);
            i += n;
        } else {
            put_escaped(words, text[i++]);
        }
    }
}

void pintle__words_put_hex(struct pintle__words *words, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len && !words->cut; i++) {
        char unit[2] = {hex_digits[bytes[i] >> 4], hex_digits[bytes[i] & 15]};
        put_unit(words, unit, sizeof(unit));
    }
}
