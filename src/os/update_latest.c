/* SPDX-License-Identifier: Apache-2.0 */
#include "os/update_latest.h"

#include <string.h>

#include "json/member.h"

enum {
    FORMAT,
    ROOT,
    PINS,
    FRESH,
    UNPIN,
    COUNT
};

static const char *const names[] = {"pintle_latest", "root", "pins", "fresh", "unpin", NULL};

/* It becomes part of a path: nothing but digits gets through. */
static enum pintle_status get_digest(const struct pintle__source *source,
                                     const struct pintle__at *top, json_t *const *known,
                                     unsigned which, char out[PINTLE__DIGEST_TEXT_SIZE])
{
    struct pintle__at at = pintle__at_key(top, names[which]);
    struct pintle__string string;
    enum pintle_status status;

    if (known[which] == NULL && which != PINS)
        return PINTLE_OK;
    status = pintle__get_string(source, &at, known[which], PINTLE__DIGEST_TEXT_SIZE - 1,
                                PINTLE__DIGEST_TEXT_SIZE - 1, &string);
    if (status != PINTLE_OK)
        return status;
    if (strspn(string.text, "0123456789abcdef") != string.len) {
        pintle__json_fail(source, PINTLE_E_SCHEMA, &at, "not a SHA-256 in lower-case hex");
        return PINTLE_E_SCHEMA;
    }
    memcpy(out, string.text, string.len + 1);
    return PINTLE_OK;
}

static enum pintle_status get_format(const struct pintle__source *source,
                                     const struct pintle__at *top, const json_t *json)
{
    struct pintle__at at = pintle__at_key(top, names[FORMAT]);
    int64_t version = 0;
    enum pintle_status status = pintle__get_integer(source, &at, json, 1, INT64_MAX, &version);

    if (status != PINTLE_OK || version == 1)
        return status;
    pintle__json_fail(source, PINTLE_E_VERSION, &at, "version %lld is unknown", (long long)version);
    return PINTLE_E_VERSION;
}

static enum pintle_status get_all(struct pintle__latest *out, const struct pintle__source *source,
                                  json_t *json)
{
    struct pintle__at top = {NULL, NULL, 0};
    struct pintle__at at = pintle__at_key(&top, names[ROOT]);
    json_t *known[COUNT];
    bool unknown;
    enum pintle_status status = pintle__get_members(source, &top, json, names, known, &unknown);

    if (status == PINTLE_OK)
        status = get_format(source, &top, known[FORMAT]);
    if (status == PINTLE_OK)
        status = pintle__get_integer(source, &at, known[ROOT], 1, INT64_MAX, &out->root);
    if (status == PINTLE_OK)
        status = get_digest(source, &top, known, PINS, out->pins);
    if (status == PINTLE_OK)
        status = get_digest(source, &top, known, FRESH, out->fresh);
    if (status == PINTLE_OK)
        status = get_digest(source, &top, known, UNPIN, out->unpin);
    return status;
}

enum pintle_status pintle__latest_parse(struct pintle__latest *out, const char *text, size_t len,
                                        struct pintle_error *err)
{
    struct pintle__source source = {text, len, err};
    enum pintle_status status;
    json_t *json;

    memset(out, 0, sizeof(*out));
    status = pintle__json_read(&json, text, len, err);
    if (status != PINTLE_OK)
        return status;
    status = get_all(out, &source, json);
    json_decref(json);
    return status;
}
