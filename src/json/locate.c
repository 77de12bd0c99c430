/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in the text a value is. Walked only for an error, over text that was found to be valid
 * JSON: nothing here checks the grammar, but nothing leaves the text either.
 */
#include <stdbool.h>
#include <string.h>

#include "json/json.h"

struct walk {
    const char *text;
    size_t len;
    size_t pos;
};

static char peek(const struct walk *walk)
{
    if (walk->pos < walk->len)
        return walk->text[walk->pos];
    return '\0';
}

/* White space, and the ',' and ':' between values. */
static void skip_between(struct walk *walk)
{
    while (peek(walk) != '\0' && strchr(" \t\r\n,:", peek(walk)) != NULL)
        walk->pos++;
}

static void skip_string(struct walk *walk)
{
    for (walk->pos++; walk->pos < walk->len && peek(walk) != '"'; walk->pos++) {
        if (peek(walk) == '\\')
            walk->pos++;
    }
    walk->pos++;
}

/* A value with all that is in it. */
static void skip_value(struct walk *walk)
{
    size_t depth = 0;

    do {
        switch (peek(walk)) {
        case '"':
            skip_string(walk);
            break;
        case '{':
        case '[':
            depth++;
            walk->pos++;
            break;
        case '}':
        case ']':
            depth--;
            walk->pos++;
            break;
        default:
            do
                walk->pos++;
            while (walk->pos < walk->len && strchr(" \t\r\n,:]}", peek(walk)) == NULL);
            break;
        }
        if (depth > 0)
            skip_between(walk);
    } while (depth > 0 && walk->pos < walk->len);
}

/* True if a string as it is written stands for this key. */
static bool is_key(const char *text, size_t len, const char *key)
{
    json_t *string = NULL;
    bool equal;

    if (memchr(text, '\\', len) == NULL)
        return len - 2 == strlen(key) && memcmp(text + 1, key, len - 2) == 0;
    if (pintle__json_read(&string, text, len, NULL) != PINTLE_OK)
        return false;
    equal = strcmp(json_string_value(string), key) == 0;
    json_decref(string);
    return equal;
}

/* From '{' to the value of a member; false if there is none of that name. */
static bool enter_member(struct walk *walk, const char *key)
{
    walk->pos++;
    for (;;) {
        size_t start;
        bool found;
        skip_between(walk);
        if (peek(walk) != '"')
            return false;
        start = walk->pos;
        skip_string(walk);
        if (walk->pos > walk->len)
            return false;
        found = is_key(walk->text + start, walk->pos - start, key);
        skip_between(walk);
        if (found)
            return true;
        skip_value(walk);
    }
}

/* From '[' to an item. */
static bool enter_item(struct walk *walk, size_t index)
{
    walk->pos++;
    for (;; index--) {
        skip_between(walk);
        if (walk->pos >= walk->len || peek(walk) == ']')
            return false;
        if (index == 0)
            return true;
        skip_value(walk);
    }
}

/* False if there is no such value; the walk then stays at the object or array that lacks it. Not
 * deeper than jansson reads. */
static bool descend(struct walk *walk, const struct pintle__at *at)
{
    size_t start;
    bool found = false;

    if (at->up == NULL) {
        skip_between(walk);
        return true;
    }
    if (!descend(walk, at->up))
        return false;
    start = walk->pos;
    if (at->key != NULL && peek(walk) == '{')
        found = enter_member(walk, at->key);
    else if (at->key == NULL && peek(walk) == '[')
        found = enter_item(walk, at->index);
    if (!found)
        walk->pos = start;
    return found;
}

size_t pintle__json_end(const char *text, size_t len)
{
    struct walk walk = {text, len, 0};

    skip_between(&walk);
    skip_value(&walk);
    return walk.pos < len ? walk.pos : len;
}

size_t pintle__json_locate(const char *text, size_t len, const struct pintle__at *at)
{
    struct walk walk = {text, len, 0};

    (void)descend(&walk, at);
    return walk.pos < len ? walk.pos : len;
}
