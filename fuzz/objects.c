/* SPDX-License-Identifier: Apache-2.0 */
/* Files of certificates, requests and keys: whatever the bytes, what is found reads back. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <pintle/x509.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(const char *text, size_t size)
{
    require(memchr(text, '\0', size) != NULL);
    for (; *text != '\0'; text++)
        require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_description(struct pintle_view der)
{
    struct pintle_certificate_info info;

    if (pintle_certificate_describe(&info, der, NULL) != PINTLE_OK)
        return;
    check_text(info.subject, sizeof(info.subject));
    check_text(info.issuer, sizeof(info.issuer));
    check_text(info.serial, sizeof(info.serial));
    check_text(info.key_type, sizeof(info.key_type));
    check_text(info.signature, sizeof(info.signature));
    check_text(info.alt_names, sizeof(info.alt_names));
    require(info.key_type[0] != '\0' && info.signature[0] != '\0');
}

/* Written as PEM and read again, an object is the same. */
static void check_object(const struct pintle_object *object)
{
    struct pintle_objects *again;
    const struct pintle_object *copy;
    char *pem;

    require(object->spki.data >= object->der.data && object->spki.len <= object->der.len);
    require(pintle_certificate_to_pem(&pem, object->der, NULL) == PINTLE_OK);
    require(pintle_objects_parse(&again, (const uint8_t *)pem, strlen(pem), NULL) == PINTLE_OK);
    require(pintle_objects_get_count(again) == 1);
    copy = pintle_objects_get(again, 0);
    require(copy->der.len == object->der.len);
    require(memcmp(copy->der.data, object->der.data, copy->der.len) == 0);
    require(pintle_pin_equal(&copy->pin, &object->pin));
    if (object->kind == PINTLE_OBJECT_CERTIFICATE)
        check_description(object->der);
    pintle_objects_free(again);
    free(pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pintle_view bytes = {data, size};
    struct pintle_objects *objects;
    struct pintle_error err;
    enum pintle_status status = pintle_objects_parse(&objects, data, size, &err);

    if (status == PINTLE_OK) {
        require(pintle_objects_get_count(objects) > 0);
        for (size_t i = 0; i < pintle_objects_get_count(objects); i++)
            check_object(pintle_objects_get(objects, i));
    } else {
        require(objects == NULL && err.status == status && err.offset <= size);
        require(err.text[0] != '\0');
    }
    pintle_objects_free(objects);
    check_description(bytes);
    require(ERR_peek_error() == 0);
    return 0;
}
