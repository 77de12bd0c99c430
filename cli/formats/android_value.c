/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "android_xml.h"

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define DIGEST_CHARS 43 /* of 32 bytes, without padding */
#define YEAR_MAX 9999

/* --- booleans ------------------------------------------------------------------------------------- */

static bool is_word(const char *text, size_t len, const char *const words[3])
{
    for (int i = 0; i < 3; i++)
        if (strlen(words[i]) == len && memcmp(text, words[i], len) == 0)
            return true;
    return false;
}

static bool is_digit(char c, bool hex)
{
    return (c >= '0' && c <= '9') || (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/* Decimal, or hexadecimal behind "0x": true unless it is 0. */
static bool read_integer(bool *out, const char *text, size_t len)
{
    bool hex;

    *out = false;
    if (len > 0 && *text == '-') {
        text++;
        len--;
    }
    hex = len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    for (size_t i = hex ? 2 : 0; i < len; i++) {
        if (!is_digit(text[i], hex))
            return false;
        *out = *out || text[i] != '0';
    }
    return len > 0;
}

bool android_read_bool(bool *out, const char *text)
{
    static const char *const yes[3] = {"true", "True", "TRUE"};
    static const char *const no[3] = {"false", "False", "FALSE"};
    size_t len;

    text += strspn(text, " \t\r\n");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    *out = is_word(text, len, yes);
    return *out || is_word(text, len, no) || read_integer(out, text, len);
}

/* --- pins ----------------------------------------------------------------------------------------- */

/* The last character has two bits that are no part of the digest. */
static char without_surplus_bits(char c)
{
    const char *at = strchr(ALPHABET, c);

    if (at == NULL)
        return c;
    return ALPHABET[(size_t)(at - ALPHABET) & ~(size_t)3];
}

bool android_read_pin(struct pintle_pin *out, const char *text, size_t len, bool *surplus)
{
    char packed[DIGEST_CHARS + 1];
    size_t count = 0;
    bool padded = false;

    *surplus = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c != '\0' && strchr(ALPHABET, c) != NULL) {
            if (count == DIGEST_CHARS || padded)
                return false;
            packed[count++] = c;
        } else if (c == '=') {
            if (padded)
                return false;
            padded = true;
        } else if (strchr(" \t\r\n", c) == NULL)
            *surplus = true;
    }
    if (count < DIGEST_CHARS)
        return false;
    packed[DIGEST_CHARS - 1] = without_surplus_bits(packed[DIGEST_CHARS - 1]);
    packed[DIGEST_CHARS] = '=';
    return pintle_pin_parse(out, packed, sizeof(packed), NULL) == PINTLE_OK;
}

/* --- days ----------------------------------------------------------------------------------------- */

/* Returns what stands behind a number, or NULL. Large numbers end at a million. */
static const char *read_number(const char *text, int *out)
{
    *out = 0;
    text += strspn(text, " \t");
    if (!is_digit(*text, false))
        return NULL;
    for (; is_digit(*text, false); text++)
        *out = *out > 100000 ? 1000000 : *out * 10 + (*text - '0');
    return text;
}

/* Years repeat after 400: one of these has the same days. */
static bool day_exists(int64_t *out, const int number[3], int year)
{
    char day[FORMAT_DAY_SIZE + 24];

    if (number[0] < 1 || number[1] > 12 || number[2] > 31)
        return false;
    (void)snprintf(day, sizeof(day), "%04d-%02d-%02d", year, number[1], number[2]);
    return format_parse_day(out, day, FORMAT_DAY_SIZE - 1);
}

bool android_read_day(int64_t *out, const char *text, bool *surplus)
{
    int number[3];
    bool is_written;

    for (int i = 0; i < 3; i++) {
        if (i > 0 && *text++ != '-')
            return false;
        text = read_number(text, &number[i]);
        if (text == NULL)
            return false;
    }
    *surplus = *text != '\0';
    is_written = number[0] >= 1970 && number[0] <= YEAR_MAX;
    if (!day_exists(out, number, is_written ? number[0] : 2000 + number[0] % 400))
        return false;
    if (!is_written)
        *out = number[0] > YEAR_MAX ? PINTLE_NEVER : 0;
    return true;
}
