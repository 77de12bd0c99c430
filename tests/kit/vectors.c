/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/vectors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/files.h"

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits);
}

/* The byte that \xHH at s stands for, or -1. */
static int escaped(const char *s)
{
    int high, low;

    if (s[0] != '\\' || s[1] != 'x')
        return -1;
    high = hex_digit(s[2]);
    low = high < 0 ? -1 : hex_digit(s[3]);
    return low < 0 ? -1 : high * 16 + low;
}

/* Undo \xHH in place. */
static void unescape(struct vector_field *field)
{
    size_t done = 0;

    if (strcmp(field->text, "-") == 0)
        field->len = 0;
    for (size_t i = 0; i < field->len; done++) {
        int byte = escaped(field->text + i);
        field->text[done] = byte < 0 ? field->text[i] : (char)byte;
        i += byte < 0 ? 1 : 4;
    }
    field->len = done;
    field->text[done] = '\0';
}

static void split(struct vector *row, char *line)
{
    static const char blank[] = " \t\r";

    row->count = 0;
    line += strspn(line, blank);
    while (*line != '\0') {
        size_t len = strcspn(line, blank);
        bool more = line[len] != '\0';
        if (row->count < VECTOR_FIELDS_MAX) {
            struct vector_field *field = &row->field[row->count];
            field->text = line;
            field->len = len;
            line[len] = '\0';
            unescape(field);
        }
        row->count++;
        line += len + (more ? 1 : 0);
        line += strspn(line, blank);
    }
}

static bool check_row(const struct vector *row, size_t min, size_t max,
                      bool (*check)(const struct vector *row))
{
    if (row->count < min || row->count > max)
        return vector_fail(row, "%zu fields", row->count);
    return check(row);
}

unsigned vectors_run(const char *name, size_t min, size_t max,
                     bool (*check)(const struct vector *row))
{
    struct vector row = {name, 0, 0, {{NULL, 0}}};
    unsigned failed = 0;
    unsigned cases = 0;
    size_t len;
    char path[256];
    char *text, *next;

    (void)snprintf(path, sizeof(path), "vectors/%s", name);
    text = (char *)test_file_read(path, &len);
    for (char *line = text; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        row.line++;
        if (line[0] == '#' || line[strspn(line, " \t\r")] == '\0')
            continue;
        split(&row, line);
        cases++;
        if (!check_row(&row, min, max, check))
            failed++;
    }
    free(text);
    if (cases > 0)
        return failed;
    (void)vector_fail(&row, "no case");
    return 1;
}

bool vector_fail(const struct vector *row, const char *format, ...)
{
    va_list args;

    (void)fprintf(stderr, "%s:%u: ", row->path, row->line);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return false;
}

size_t vector_number(const struct vector *row, size_t index)
{
    const char *text = index < row->count ? row->field[index].text : "";
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || text[digits] != '\0')
        return SIZE_MAX;
    return (size_t)strtoull(text, NULL, 10);
}

bool vector_is(const struct vector *row, size_t index, const char *text)
{
    return index < row->count && strcmp(row->field[index].text, text) == 0;
}

bool vector_check_error(const struct vector *row, size_t index, enum pintle_status status,
                        const struct pintle_error *err)
{
    if (!vector_is(row, index, pintle_status_name(status)))
        return vector_fail(row, "%s at %zu (%s)", pintle_status_name(status), err->offset,
                           err->text);
    if (vector_number(row, index + 1) != err->offset)
        return vector_fail(row, "offset is %zu (%s)", err->offset, err->text);
    if (err->status != status)
        return vector_fail(row, "err->status is %s", pintle_status_name(err->status));
    return true;
}
