/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

void text_clear(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

/* Room for `len` more bytes and a NUL. */
static bool reserve(struct text *text, size_t len)
{
    size_t size = text->size < FIRST_SIZE ? FIRST_SIZE : text->size;
    char *data;

    if (text->failed || len >= SIZE_MAX / 4 - text->len) {
        text->failed = true;
        return false;
    }
    while (size <= text->len + len)
        size *= 2;
    if (size == text->size)
        return true;
    data = realloc(text->data, size);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->size = size;
    return true;
}

void text_add_bytes(struct text *text, const char *bytes, size_t len)
{
    if (!reserve(text, len))
        return;
    memcpy(text->data + text->len, bytes, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void text_add(struct text *text, const char *bytes)
{
    text_add_bytes(text, bytes, strlen(bytes));
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !reserve(text, (size_t)len))
        return;
    va_start(args, format);
    (void)vsnprintf(text->data + text->len, (size_t)len + 1, format, args);
    va_end(args);
    text->len += (size_t)len;
}

static void add_xml(struct text *text, char c)
{
    if (c == '&')
        text_add(text, "&amp;");
    else if (c == '<')
        text_add(text, "&lt;");
    else if (c == '>')
        text_add(text, "&gt;");
    else if (c == '"')
        text_add(text, "&quot;");
    else
        text_add_bytes(text, &c, 1);
}

void text_add_xml(struct text *text, const char *bytes)
{
    for (const char *c = bytes; *c != '\0'; c++)
        add_xml(text, *c);
}

void text_add_xml_comment(struct text *text, const char *bytes)
{
    for (const char *c = bytes; *c != '\0'; c++) {
        add_xml(text, *c);
        if (*c == '-' && c[1] == '-')
            text_add(text, " ");
    }
}

void text_add_quoted(struct text *text, const char *bytes, enum text_dollar dollar)
{
    text_add(text, "\"");
    for (const char *c = bytes; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\' || (*c == '$' && dollar == TEXT_DOLLAR_ESCAPED))
            text_add(text, "\\");
        text_add_bytes(text, c, 1);
    }
    text_add(text, "\"");
}

void text_add_comment(struct text *text, const char *bytes)
{
    for (const char *c = bytes; *c != '\0'; c++)
        text_add_bytes(text, *c >= ' ' && *c <= '~' && *c != '\\' ? c : "?", 1);
}
