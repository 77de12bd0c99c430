/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/scan.h"

#include <string.h>

#include <pintle/bundle.h>

#include "base/error.h"

/* How far we are behind the name that is looked for. */
enum progress {
    PROGRESS_NONE,
    PROGRESS_NAME, /* it was the last thing we saw */
    PROGRESS_COLON /* only a colon came since */
};

/* True if an odd number of backslashes ends at `end`: each run is counted once. */
static bool is_escaped(const char *text, size_t start, size_t end)
{
    size_t i = end;

    while (i > start && text[i - 1] == '\\')
        i--;
    return (end - i) % 2 == 1;
}

/* The offset of the quote that ends the string whose first character is at `start`, or len. */
static size_t string_end(const char *text, size_t len, size_t start)
{
    size_t i = start;

    while (i < len) {
        const char *quote = memchr(text + i, '"', len - i);
        if (quote == NULL)
            return len;
        i = (size_t)(quote - text);
        if (!is_escaped(text, start, i))
            return i;
        i++;
    }
    return len;
}

static bool is_text(const char *text, struct pintle__span span, const char *wanted)
{
    size_t len = strlen(wanted);

    return span.end - span.start == len && memcmp(text + span.start, wanted, len) == 0;
}

static enum pintle_status refuse(size_t offset, struct pintle_error *err)
{
    pintle__error_at(err, PINTLE_E_JSON, offset, "nested deeper than %d",
                     PINTLE_BUNDLE_NESTING_MAX);
    return PINTLE_E_JSON;
}

enum pintle_status pintle__scan(const char *text, size_t len, const char *member,
                                struct pintle__span *value, struct pintle_error *err)
{
    enum progress progress = PROGRESS_NONE;
    size_t depth = 0;

    if (value != NULL)
        *value = (struct pintle__span){0, 0};
    for (size_t i = 0; i < len; i++) {
        struct pintle__span string;
        switch (text[i]) {
        case '"':
            string = (struct pintle__span){i + 1, string_end(text, len, i + 1)};
            if (progress == PROGRESS_COLON && value != NULL && string.end < len)
                *value = string;
            progress = PROGRESS_NONE;
            if (depth == 1 && member != NULL && is_text(text, string, member))
                progress = PROGRESS_NAME;
            i = string.end;
            break;
        case '{':
        case '[':
            if (++depth > PINTLE_BUNDLE_NESTING_MAX)
                return refuse(i, err);
            progress = PROGRESS_NONE;
            break;
        case '}':
        case ']':
            depth -= depth > 0 ? 1 : 0;
            progress = PROGRESS_NONE;
            break;
        case ':':
            progress = progress == PROGRESS_NAME ? PROGRESS_COLON : PROGRESS_NONE;
            break;
        case ' ':
        case '\t':
        case '\r':
        case '\n':
            break;
        default:
            progress = PROGRESS_NONE;
            break;
        }
    }
    return PINTLE_OK;
}
