/* SPDX-License-Identifier: Apache-2.0 */
#include "json_build.h"

#include "cli.h"

json_t *json_build_item(json_t *list, json_t *item)
{
    if (list == NULL) {
        json_decref(item);
        return NULL;
    }
    if (json_array_append_new(list, item) == 0) /* fails for NULL too */
        return list;
    json_decref(list);
    return NULL;
}

json_t *json_build_member(json_t *object, bool there, const char *key, json_t *value)
{
    if (object == NULL || !there) {
        json_decref(value);
        return object;
    }
    if (json_object_set_new(object, key, value) == 0) /* fails for NULL too */
        return object;
    json_decref(object);
    return NULL;
}

json_t *json_build_text(json_t *object, const char *key, const char *text)
{
    bool there = text[0] != '\0';

    return json_build_member(object, there, key, there ? cli_json_text(text) : NULL);
}
