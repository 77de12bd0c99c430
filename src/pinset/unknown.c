/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset/unknown.h"

#include <string.h>

/* --- reading ------------------------------------------------------------------------------------
 *
 * The text is what jansson wrote with JSON_COMPACT: valid, and without white space.
 */

/* The quote that ends the string which begins here. */
static const char *string_end(const char *text)
{
    for (text++; *text != '"'; text++) {
        if (*text == '\\')
            text++;
    }
    return text;
}

/* What stands behind the value of a member: ',' or '}'. */
static const char *value_end(const char *text)
{
    size_t depth = 0;

    for (; depth > 0 || (*text != ',' && *text != '}'); text++) {
        if (*text == '"')
            text = string_end(text);
        else if (*text == '{' || *text == '[')
            depth++;
        else if (*text == '}' || *text == ']')
            depth--;
    }
    return text;
}

bool pintle__unknown_next(const char **at, struct pintle__name *out)
{
    const char *end;

    if (**at == '}')
        return false;
    end = string_end(*at + 1);
    out->text = *at + 2;
    out->len = (size_t)(end - out->text);
    *at = value_end(end + 2);
    return true;
}

bool pintle__unknown_is_deliberate(const struct pintle__name *name)
{
    if (name->len >= 2 && memcmp(name->text, "x-", 2) == 0)
        return true;
    return name->len >= 1 && (name->text[0] == '_' || name->text[0] == '$');
}

/* --- what was meant ----------------------------------------------------------------------------
 */

#define DISTANCE_MAX 2
#define KNOWN_MAX_LEN 31 /* longer names are never near */

/* Bytes to insert, remove or replace (Levenshtein); known_len is at most KNOWN_MAX_LEN. */
static size_t distance(const struct pintle__name *name, const char *known, size_t known_len)
{
    size_t row[KNOWN_MAX_LEN + 1];

    for (size_t j = 0; j <= known_len; j++)
        row[j] = j;
    for (size_t i = 0; i < name->len; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < known_len; j++) {
            size_t replaced = diagonal + (name->text[i] == known[j] ? 0 : 1);
            size_t shifted = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = replaced < shifted ? replaced : shifted;
        }
    }
    return row[known_len];
}

const char *pintle__unknown_nearest(const struct pintle__name *name, const char *const *names)
{
    const char *nearest = NULL;
    size_t least = DISTANCE_MAX + 1;

    for (; *names != NULL; names++) {
        size_t len = strlen(*names);
        size_t away;
        if (len > KNOWN_MAX_LEN || name->len > len + DISTANCE_MAX)
            continue;
        away = distance(name, *names, len);
        /* Half of a short name is another word: "no" is not "id". */
        if (away < least && away * 2 <= len) {
            nearest = *names;
            least = away;
        }
    }
    return nearest;
}
