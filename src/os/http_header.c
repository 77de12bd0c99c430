/* SPDX-License-Identifier: Apache-2.0 */
/* What header lines say. A line that cannot be understood says nothing. */
#include <string.h>
#include <strings.h>

#include "os/http_transfer.h"

void pintle__http_headers_init(struct pintle__http_headers *headers)
{
    memset(headers, 0, sizeof(*headers));
    headers->length = -1;
    headers->range_start = -1;
    headers->range_end = -1;
    headers->range_total = -1;
}

/* etagc of RFC 9110 section 8.8.3: no space, no quote, no control character. */
static bool is_etag_char(unsigned char c)
{
    return c == 0x21 || (c >= 0x23 && c <= 0x7e);
}

bool pintle__http_etag_is_valid(const char *etag, size_t len)
{
    size_t start = len >= 2 && etag[0] == 'W' && etag[1] == '/' ? 2 : 0;

    if (len < start + 2 || len >= PINTLE__ETAG_SIZE || etag[start] != '"' || etag[len - 1] != '"')
        return false;
    for (size_t i = start + 1; i < len - 1; i++) {
        if (!is_etag_char((unsigned char)etag[i]))
            return false;
    }
    return true;
}

bool pintle__http_etag_is_strong(const char *etag)
{
    return etag[0] == '"';
}

/* Digits at *text, which moves behind them. -1 if there are none or too many. */
static int64_t read_number(const char **text, const char *end)
{
    const char *start = *text;
    int64_t value = 0;

    while (*text < end && **text >= '0' && **text <= '9' && *text - start < 18) {
        value = value * 10 + (**text - '0');
        (*text)++;
    }
    return *text > start ? value : -1;
}

static void take_etag(struct pintle__http_headers *headers, const char *value, size_t len)
{
    bool usable = !headers->etag_seen && pintle__http_etag_is_valid(value, len);

    headers->etag_seen = true;
    headers->etag[0] = '\0';
    if (usable) {
        memcpy(headers->etag, value, len);
        headers->etag[len] = '\0';
    }
}

static void take_length(struct pintle__http_headers *headers, const char *value, size_t len)
{
    const char *text = value;
    int64_t number = read_number(&text, value + len);

    headers->length = text == value + len ? number : -1;
}

/* "bytes 100-199/1000" or "bytes 100-199/" and a star */
static bool read_range(struct pintle__http_headers *headers, const char *text, const char *end)
{
    if (end - text < 6 || strncasecmp(text, "bytes ", 6) != 0)
        return false;
    text += 6;
    headers->range_start = read_number(&text, end);
    if (headers->range_start < 0 || text == end || *text++ != '-')
        return false;
    headers->range_end = read_number(&text, end);
    if (headers->range_end < headers->range_start || text == end || *text++ != '/')
        return false;
    if (end - text == 1 && *text == '*')
        return true;
    headers->range_total = read_number(&text, end);
    return text == end && headers->range_total > headers->range_end;
}

static void take_range(struct pintle__http_headers *headers, const char *value, size_t len)
{
    headers->range_start = headers->range_end = headers->range_total = -1;
    if (!read_range(headers, value, value + len))
        headers->range_start = headers->range_end = headers->range_total = -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The value of a line of this name, without white space around it. */
static bool value_of(const char *line, size_t len, const char *name, const char **value,
                     size_t *value_len)
{
    size_t name_len = strlen(name);
    const char *start = line + name_len + 1;
    const char *end = line + len;

    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
        return false;
    while (start < end && is_blank(*start))
        start++;
    while (end > start && is_blank(end[-1]))
        end--;
    *value = start;
    *value_len = (size_t)(end - start);
    return true;
}

void pintle__http_headers_add(struct pintle__http_headers *headers, const char *line, size_t len)
{
    const char *value;
    size_t value_len;

    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        pintle__http_headers_init(headers);
    else if (value_of(line, len, "etag", &value, &value_len))
        take_etag(headers, value, value_len);
    else if (value_of(line, len, "content-length", &value, &value_len))
        take_length(headers, value, value_len);
    else if (value_of(line, len, "content-range", &value, &value_len))
        take_range(headers, value, value_len);
}
