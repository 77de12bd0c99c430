/* SPDX-License-Identifier: Apache-2.0 */
#include "json_file.h"

#include <string.h>

static const char *const bom = "\xef\xbb\xbf";

static enum pintle_status refuse(const json_error_t *error, struct pintle_error *err)
{
    if (json_error_code(error) == json_error_out_of_memory)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return format_refuse(err, PINTLE_E_JSON, error->line > 0 ? (uint32_t)error->line : 0,
                         error->column > 0 ? (uint32_t)error->column : 0, "%.150s", error->text);
}

enum pintle_status json_file_parse(json_t **out, struct reading *reading, const char *text,
                                   size_t len, struct pintle_error *err)
{
    json_error_t error;
    json_t *json;

    *out = NULL;
    if (len >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0) {
        text += strlen(bom);
        len -= strlen(bom);
    }
    json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL && json_error_code(&error) == json_error_duplicate_key) {
        notes_add(reading->notes, NOTE_TWICE, (uint32_t)error.line, "the last one counts");
        json = json_loadb(text, len, 0, &error);
    }
    if (json == NULL)
        return refuse(&error, err);
    if (!json_is_object(json)) {
        json_decref(json);
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "is no JSON object");
    }
    *out = json;
    return PINTLE_OK;
}

static const char *type_name(json_type type)
{
    switch (type) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    default:
        return "a number";
    }
}

enum pintle_status json_file_member(json_t **out, const json_t *object, const char *name,
                                    json_type type, const char *where, struct pintle_error *err)
{
    json_t *member = json_object_get(object, name);

    *out = NULL;
    if (member == NULL)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "%.80s: lacks %.60s", where, name);
    if (json_typeof(member) != type)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "%.80s/%.60s: is not %s", where, name,
                             type_name(type));
    *out = member;
    return PINTLE_OK;
}
