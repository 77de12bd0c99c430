/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <pintle/time.h>

#include "json/member.h"

/* Refuse a value of the wrong type. */
static enum pintle_status wrong_type(const struct pintle__source *source,
                                     const struct pintle__at *at, const json_t *json,
                                     const char *wanted)
{
    if (json_is_real(json)) {
        pintle__json_fail(source, PINTLE_E_JSON, at, "a number that is no integer");
        return PINTLE_E_JSON;
    }
    if (json == NULL)
        pintle__json_fail(source, PINTLE_E_SCHEMA, at, "missing");
    else
        pintle__json_fail(source, PINTLE_E_SCHEMA, at, "is not %s", wanted);
    return PINTLE_E_SCHEMA;
}

/* C0, DEL, and C1 as UTF-8 writes it: terminals obey them. */
static bool has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            return true;
        if (c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0)
            return true;
    }
    return false;
}

enum pintle_status pintle__get_string(const struct pintle__source *source,
                                      const struct pintle__at *at, const json_t *json,
                                      size_t min_len, size_t max_len, struct pintle__string *out)
{
    const char *text = json_string_value(json);
    size_t len = json_string_length(json);

    if (text == NULL)
        return wrong_type(source, at, json, "a string");
    if (len < min_len) {
        pintle__json_fail(source, PINTLE_E_SCHEMA, at, "is empty");
        return PINTLE_E_SCHEMA;
    }
    if (len > max_len) {
        pintle__json_fail(source, PINTLE_E_SCHEMA, at, "is longer than %zu bytes", max_len);
        return PINTLE_E_SCHEMA;
    }
    if (has_control(text, len)) {
        pintle__json_fail(source, PINTLE_E_SCHEMA, at, "holds a control character");
        return PINTLE_E_SCHEMA;
    }
    out->text = text;
    out->len = len;
    return PINTLE_OK;
}

enum pintle_status pintle__get_integer(const struct pintle__source *source,
                                       const struct pintle__at *at, const json_t *json, int64_t min,
                                       int64_t max, int64_t *out)
{
    *out = 0;
    if (!json_is_integer(json))
        return wrong_type(source, at, json, "an integer");
    if (json_integer_value(json) < min || json_integer_value(json) > max) {
        pintle__json_fail(source, PINTLE_E_SCHEMA, at, "is not in %lld to %lld", (long long)min,
                          (long long)max);
        return PINTLE_E_SCHEMA;
    }
    *out = json_integer_value(json);
    return PINTLE_OK;
}

enum pintle_status pintle__get_bool(const struct pintle__source *source,
                                    const struct pintle__at *at, const json_t *json, bool *out)
{
    *out = json_is_true(json);
    if (!json_is_boolean(json))
        return wrong_type(source, at, json, "true or false");
    return PINTLE_OK;
}

enum pintle_status pintle__get_time(const struct pintle__source *source,
                                    const struct pintle__at *at, const json_t *json, int64_t *out)
{
    struct pintle_error why;

    *out = 0;
    if (!json_is_string(json))
        return wrong_type(source, at, json, "a string");
    if (pintle_time_parse(out, json_string_value(json), json_string_length(json), &why) !=
        PINTLE_OK) {
        pintle__json_fail(source, PINTLE_E_TIME, at, "%s", why.text);
        return PINTLE_E_TIME;
    }
    return PINTLE_OK;
}

enum pintle_status pintle__get_word(const struct pintle__source *source,
                                    const struct pintle__at *at, const json_t *json,
                                    const char *const *words, unsigned *out)
{
    *out = 0;
    if (!json_is_string(json))
        return wrong_type(source, at, json, "a string");
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], json_string_value(json)) == 0) {
            *out = i;
            return PINTLE_OK;
        }
    }
    pintle__json_fail(source, PINTLE_E_SCHEMA, at, "unknown value \"%s\"", json_string_value(json));
    return PINTLE_E_SCHEMA;
}

enum pintle_status pintle__get_array(const struct pintle__source *source,
                                     const struct pintle__at *at, const json_t *json, size_t min,
                                     size_t max, uint32_t *out_count)
{
    *out_count = 0;
    if (!json_is_array(json))
        return wrong_type(source, at, json, "an array");
    if (json_array_size(json) < min) {
        pintle__json_fail(source, PINTLE_E_SCHEMA, at, "is empty");
        return PINTLE_E_SCHEMA;
    }
    if (json_array_size(json) > max) {
        pintle__json_fail(source, PINTLE_E_SCHEMA, at, "holds more than %zu items", max);
        return PINTLE_E_SCHEMA;
    }
    *out_count = (uint32_t)json_array_size(json);
    return PINTLE_OK;
}

/* The index of a name; that of the NULL behind the last if it is unknown. */
static size_t find_name(const char *const *names, const char *name)
{
    size_t i = 0;

    while (names[i] != NULL && strcmp(names[i], name) != 0)
        i++;
    return i;
}

enum pintle_status pintle__get_members(const struct pintle__source *source,
                                       const struct pintle__at *at, json_t *json,
                                       const char *const *names, json_t **known, bool *unknown)
{
    for (size_t i = 0; names[i] != NULL; i++)
        known[i] = NULL;
    *unknown = false;
    if (!json_is_object(json))
        return wrong_type(source, at, json, "an object");
    for (void *i = json_object_iter(json); i != NULL; i = json_object_iter_next(json, i)) {
        size_t name = find_name(names, json_object_iter_key(i));
        if (names[name] != NULL)
            known[name] = json_object_iter_value(i);
        else
            *unknown = true;
    }
    return PINTLE_OK;
}
