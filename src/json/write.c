/* SPDX-License-Identifier: Apache-2.0 */
#include "json/write.h"

#include <stdlib.h>
#include <string.h>

/* Always with room for a terminating NUL. `failed` lasts: jansson 2.14 does not look at what the
 * callback answers to the name of a member (dump.c, do_dump). */
struct text {
    char *data;
    size_t len;
    size_t size;
    bool failed;
};

/* As jansson wants it: 0, or -1 without memory. */
static int append(const char *data, size_t len, void *ctx)
{
    struct text *text = ctx;

    if (text->failed)
        return -1;
    if (len >= text->size - text->len) {
        size_t size = text->size * 2 + len + 1;
        char *grown = size > text->size ? realloc(text->data, size) : NULL;
        if (grown == NULL) {
            text->failed = true;
            return -1;
        }
        text->data = grown;
        text->size = size;
    }
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
    return 0;
}

bool pintle__json_write(char **out, size_t *out_len, json_t *json, size_t flags)
{
    struct text text = {NULL, 0, 0, false};
    bool done = json != NULL && json_dump_callback(json, append, &text, flags) == 0 &&
                append("\n", 1, &text) == 0;

    json_decref(json);
    *out = NULL;
    *out_len = 0;
    if (!done) {
        free(text.data);
        return false;
    }
    *out = text.data;
    *out_len = text.len;
    return true;
}
