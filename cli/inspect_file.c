/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, requests and keys in a file. */
#include "formats/pin_text.h"
#include "inspect.h"
#include "json_build.h"
#include "objects_file.h"

static void print_object(const struct pintle_object *object, size_t index, int64_t now)
{
    struct certificate certificate;
    char pin[PINTLE_PIN_TEXT_SIZE];

    if (object->kind == PINTLE_OBJECT_CERTIFICATE) {
        certificate_read(&certificate, object->der);
        certificate_print(&certificate, index, NULL, now);
        return;
    }
    (void)printf("  %zu  %s%s%s\n     pin     %s%s%s\n", index, cli_on(stdout, CLI_BOLD),
                 pin_text_kind(object->kind), cli_off(stdout), cli_on(stdout, CLI_BOLD),
                 pintle_pin_format(&object->pin, pin), cli_off(stdout));
}

static json_t *object_json(const struct pintle_object *object, int64_t now, bool with_pem)
{
    struct certificate certificate;
    char pin[PINTLE_PIN_TEXT_SIZE];

    if (object->kind != PINTLE_OBJECT_CERTIFICATE)
        return json_pack("{s:s, s:s}", "kind", pin_text_kind(object->kind), "pin",
                         pintle_pin_format(&object->pin, pin));
    certificate_read(&certificate, object->der);
    return json_build_member(certificate_json(&certificate, now, with_pem), true, "kind",
                             json_string("certificate"));
}

static enum cli_exit print_json(const char *path, const struct pintle_objects *objects, int64_t now,
                                bool with_pem)
{
    json_t *list = json_array();

    for (size_t i = 0; i < pintle_objects_get_count(objects); i++)
        list = json_build_item(list, object_json(pintle_objects_get(objects, i), now, with_pem));
    return cli_print_json("inspect",
                          json_pack("{s:o, s:o}", "file", cli_json_text(path), "objects", list));
}

static enum cli_exit print_pem(const struct pintle_objects *objects)
{
    for (size_t i = 0; i < pintle_objects_get_count(objects); i++) {
        const struct pintle_object *object = pintle_objects_get(objects, i);
        struct certificate certificate;

        if (object->kind != PINTLE_OBJECT_CERTIFICATE)
            continue;
        certificate_read(&certificate, object->der);
        if (!certificate_print_pem(&certificate))
            return CLI_INTERNAL;
    }
    return CLI_OK;
}

static enum cli_exit show(const char *path, const struct pintle_objects *objects,
                          const struct inspect_options *options)
{
    int64_t now = pintle_clock_system(NULL);

    if (options->json)
        return print_json(path, objects, now, options->pem);
    if (options->pem)
        return print_pem(objects);
    (void)printf("%s%s%s\n", cli_on(stdout, CLI_BOLD), cli_safe(path), cli_off(stdout));
    for (size_t i = 0; i < pintle_objects_get_count(objects); i++)
        print_object(pintle_objects_get(objects, i), i, now);
    return CLI_OK;
}

enum cli_exit inspect_file(const char *path, const struct inspect_options *options)
{
    struct pintle_objects *objects;
    enum cli_exit code = objects_file_read(&objects, path, cli_fail);

    if (code == CLI_OK)
        code = show(path, objects, options);
    pintle_objects_free(objects);
    return code;
}
