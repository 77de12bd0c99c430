/* SPDX-License-Identifier: Apache-2.0 */
#include "json_build.h"

#include <stdlib.h>

#include "cli.h"

static bool no_memory;

static void *get_memory(size_t size)
{
    void *memory = malloc(size);

    if (memory == NULL)
        no_memory = true;
    return memory;
}

json_t *json_build_parse(const char *text, size_t len)
{
    json_malloc_t before;
    json_free_t before_free;
    json_t *json;

    no_memory = false;
    json_get_alloc_funcs(&before, &before_free);
    json_set_alloc_funcs(get_memory, before_free);
    json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    json_set_alloc_funcs(before, before_free);
    if (no_memory)
        cli_no_memory();
    return json;
}

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
