/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, requests and keys out of a file's bytes: the list, and files in DER. */
#include "tls/openssl/objects.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <pintle/openssl.h>

#include "base/error.h"

#define FILE_MAX_LEN ((size_t)16 * 1024 * 1024)

struct entry {
    struct pintle_object object;
    uint8_t *bytes; /* what object.der lends */
};

struct pintle_objects {
    struct entry *entries;
    size_t count;
    size_t capacity;
};

static enum pintle_status grow(struct pintle_objects *list, struct pintle_error *err)
{
    size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
    struct entry *entries;

    if (list->count == PINTLE_OBJECTS_MAX) {
        pintle__error_set(err, PINTLE_E_LIMIT, "more than %d objects", PINTLE_OBJECTS_MAX);
        return PINTLE_E_LIMIT;
    }
    if (list->count < list->capacity)
        return PINTLE_OK;
    entries = realloc(list->entries, capacity * sizeof(*entries));
    if (entries == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the list of objects");
        return PINTLE_E_NOMEM;
    }
    list->entries = entries;
    list->capacity = capacity;
    return PINTLE_OK;
}

static enum pintle_status find_spki(struct pintle_object *object, struct pintle_error *err)
{
    switch (object->kind) {
    case PINTLE_OBJECT_CERTIFICATE:
        return pintle_spki_from_certificate(&object->spki, object->der, err);
    case PINTLE_OBJECT_REQUEST:
        return pintle_spki_from_request(&object->spki, object->der, err);
    case PINTLE_OBJECT_PUBLIC_KEY:
    case PINTLE_OBJECT_PRIVATE_KEY:
    default:
        return pintle_spki_from_public_key(&object->spki, object->der, err);
    }
}

/* Read an object of which `der` is already the list's own copy. */
static enum pintle_status describe(struct pintle_object *object, struct pintle_error *err)
{
    enum pintle_status status = find_spki(object, err);

    if (status != PINTLE_OK)
        return status;
    return pintle_pin_from_spki(&object->pin, object->spki, pintle_openssl_crypto(), err);
}

enum pintle_status pintle__objects_add(struct pintle_objects *list, enum pintle_object_kind kind,
                                       struct pintle_view der, struct pintle_error *err)
{
    struct entry entry = {.object = {.kind = kind}};
    enum pintle_status status = grow(list, err);

    if (status != PINTLE_OK)
        return status;
    entry.bytes = malloc(der.len > 0 ? der.len : 1);
    if (entry.bytes == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for %zu bytes", der.len);
        return PINTLE_E_NOMEM;
    }
    if (der.len > 0)
        memcpy(entry.bytes, der.data, der.len);
    entry.object.der.data = entry.bytes;
    entry.object.der.len = der.len;
    status = describe(&entry.object, err);
    if (status != PINTLE_OK) {
        free(entry.bytes);
        return status;
    }
    list->entries[list->count++] = entry;
    return PINTLE_OK;
}

/* --- DER ------------------------------------------------------------------------------------ */

/* The error of the kind that could be read further is the one to tell. */
static void keep_further(struct pintle_error *best, const struct pintle_error *other)
{
    if (other->status == PINTLE_E_DER && other->offset > best->offset)
        *best = *other;
}

static enum pintle_status parse_key_der(struct pintle_objects *list, struct pintle_view der,
                                        struct pintle_error *best, struct pintle_error *err)
{
    enum pintle_status status = pintle__objects_add(list, PINTLE_OBJECT_PUBLIC_KEY, der, err);

    if (status != PINTLE_E_DER && status != PINTLE_E_LIMIT)
        return status;
    keep_further(best, err);
    if (pintle__objects_is_encrypted(der))
        return pintle__objects_fail_encrypted(err);
    status = pintle__objects_add_private(list, der, err);
    if (status != PINTLE_E_KEY && status != PINTLE_E_LIMIT)
        return status;
    pintle__error_at(err, PINTLE_E_DER, best->offset,
                     "neither PEM nor a certificate, request or key in DER: %s", best->text);
    return PINTLE_E_DER;
}

/* DER does not say what it holds: try each kind. */
static enum pintle_status parse_der(struct pintle_objects *list, struct pintle_view der,
                                    struct pintle_error *err)
{
    struct pintle_error best;
    struct pintle_error inner;
    enum pintle_status status = pintle__objects_add(list, PINTLE_OBJECT_CERTIFICATE, der, &inner);

    best = inner;
    if (status == PINTLE_E_DER) {
        status = pintle__objects_add_request(list, der, &inner);
        if (status == PINTLE_E_DER) {
            keep_further(&best, &inner);
            status = parse_key_der(list, der, &best, &inner);
        }
    }
    if (status != PINTLE_OK && err != NULL)
        *err = inner;
    return status;
}

/* True if one element of the definite form fills the bytes: that is no text. */
static bool is_der(struct pintle_view bytes)
{
    size_t len = 0;
    size_t count;

    if (bytes.len < 2 || bytes.data[0] != 0x30)
        return false;
    if (bytes.data[1] < 0x80)
        return bytes.len == (size_t)2 + bytes.data[1];
    count = bytes.data[1] & 0x7fU;
    if (count == 0 || count > 4 || bytes.len < 2 + count)
        return false;
    for (size_t i = 0; i < count; i++)
        len = len << 8 | bytes.data[2 + i];
    return bytes.len == 2 + count + len;
}

static bool is_pem(struct pintle_view bytes)
{
    static const char mark[] = "-----BEGIN";
    const uint8_t *next = bytes.data;
    const uint8_t *end = bytes.data + bytes.len;

    while ((size_t)(end - next) >= sizeof(mark) - 1) {
        next = memchr(next, '-', (size_t)(end - next));
        if (next == NULL || (size_t)(end - next) < sizeof(mark) - 1)
            return false;
        if (memcmp(next, mark, sizeof(mark) - 1) == 0)
            return true;
        next++;
    }
    return false;
}

/* --- the list ------------------------------------------------------------------------------- */

static enum pintle_status parse(struct pintle_objects *list, struct pintle_view bytes,
                                struct pintle_error *err)
{
    enum pintle_status status;

    if (bytes.len > FILE_MAX_LEN) {
        pintle__error_set(err, PINTLE_E_LIMIT, "larger than %zu bytes", FILE_MAX_LEN);
        return PINTLE_E_LIMIT;
    }
    if (bytes.len == 0) {
        pintle__error_set(err, PINTLE_E_PEM, "nothing in it");
        return PINTLE_E_PEM;
    }
    ERR_clear_error();
    if (!is_der(bytes) && is_pem(bytes))
        status = pintle__objects_add_pem(list, bytes, err);
    else
        status = parse_der(list, bytes, err);
    ERR_clear_error();
    return status;
}

enum pintle_status pintle_objects_parse(struct pintle_objects **out, const uint8_t *bytes,
                                        size_t len, struct pintle_error *err)
{
    struct pintle_view view = {bytes, len};
    struct pintle_objects *list = calloc(1, sizeof(*list));
    enum pintle_status status;

    *out = NULL;
    if (list == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "no memory for the list of objects");
        return PINTLE_E_NOMEM;
    }
    status = parse(list, view, err);
    if (status != PINTLE_OK) {
        pintle_objects_free(list);
        return status;
    }
    *out = list;
    return PINTLE_OK;
}

size_t pintle_objects_get_count(const struct pintle_objects *objects)
{
    return objects->count;
}

const struct pintle_object *pintle_objects_get(const struct pintle_objects *objects, size_t index)
{
    return index < objects->count ? &objects->entries[index].object : NULL;
}

void pintle_objects_free(struct pintle_objects *objects)
{
    if (objects == NULL)
        return;
    for (size_t i = 0; i < objects->count; i++)
        free(objects->entries[i].bytes);
    free(objects->entries);
    free(objects);
}
