/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include <pintle/x509.h>

#include "cli.h"
#include "formats/pin_text.h"
#include "objects_file.h"

struct pin_options {
    const char *form;
    bool bare;
    bool json;
};

const struct opt_spec opts_pin[] = {
    {.name = "bare",
     .letter = 'b',
     .type = OPT_FLAG,
     .help = "print the pins alone, one to a line",
     .offset = offsetof(struct pin_options, bare)},
    {.name = "form",
     .letter = 'f',
     .type = OPT_CHOICE,
     .metavar = "FORM",
     .help = "how to write the pins",
     .choices = pin_text_forms,
     .offset = offsetof(struct pin_options, form)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON, with more about each; --form has no effect",
     .offset = offsetof(struct pin_options, json)},
    {.type = OPT_END},
};

/* objects: a JSON array that gathers, or NULL to print lines */
struct output {
    const struct pin_options *options;
    json_t *objects;
};

/* --- one object ------------------------------------------------------------------------------ */

static void print_line(const struct pin_options *options, const char *name,
                       const struct pintle_object *object)
{
    char text[PIN_TEXT_SIZE];
    struct pintle_certificate_info info = {0};

    (void)pin_text_format(&object->pin, options->form, text);
    if (options->bare) {
        (void)puts(text);
        return;
    }
    (void)printf("%s%s%s  %-11s  %s", cli_on(stdout, CLI_BOLD), text, cli_off(stdout),
                 pin_text_kind(object->kind), cli_safe(name));
    if (object->kind == PINTLE_OBJECT_CERTIFICATE &&
        pintle_certificate_describe(&info, object->der, NULL) == PINTLE_OK)
        (void)printf("  %s%s%s", cli_on(stdout, CLI_DIM), info.subject, cli_off(stdout));
    (void)putchar('\n');
}

/* Members that only a certificate has. */
static bool describe_json(json_t *json, struct pintle_view der)
{
    struct pintle_certificate_info info;
    char from[PINTLE_TIME_TEXT_SIZE];
    char until[PINTLE_TIME_TEXT_SIZE];
    json_t *more;
    bool done;

    if (pintle_certificate_describe(&info, der, NULL) != PINTLE_OK)
        return true;
    more = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "subject", info.subject, "issuer",
                     info.issuer, "key_type", info.key_type, "not_before",
                     pintle_time_format(info.not_before, from), "not_after",
                     pintle_time_format(info.not_after, until), "ca", (int)info.is_ca);
    done = more != NULL && json_object_update(json, more) == 0;
    json_decref(more);
    return done;
}

static bool append_json(json_t *list, const char *name, size_t index,
                        const struct pintle_object *object)
{
    char text[PINTLE_PIN_TEXT_SIZE];
    json_t *json = json_pack("{s:o, s:I, s:s, s:s}", "file", cli_json_text(name), "index",
                             (json_int_t)index, "kind", pin_text_kind(object->kind), "pin",
                             pintle_pin_format(&object->pin, text));

    if (json != NULL && object->kind == PINTLE_OBJECT_CERTIFICATE &&
        !describe_json(json, object->der)) {
        json_decref(json);
        return false;
    }
    return json_array_append_new(list, json) == 0;
}

/* --- one file -------------------------------------------------------------------------------- */

static const char *shown_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static enum cli_exit fail(const char *path, const struct pintle_error *err)
{
    char what[512];

    if (err->status == PINTLE_E_IO || err->status == PINTLE_E_NOMEM)
        return cli_fail(shown_name(path), err);
    (void)snprintf(what, sizeof(what), "%.400s: object %zu, at byte %zu", shown_name(path),
                   err->index + 1, err->offset);
    return cli_fail(what, err);
}

static enum cli_exit print_objects(const struct output *output, const char *path,
                                   const struct pintle_objects *objects)
{
    for (size_t i = 0; i < pintle_objects_get_count(objects); i++) {
        const struct pintle_object *object = pintle_objects_get(objects, i);

        if (output->objects == NULL)
            print_line(output->options, path, object);
        else if (!append_json(output->objects, path, i, object))
            cli_no_memory();
    }
    return CLI_OK;
}

static enum cli_exit print_file(const struct output *output, const char *path)
{
    struct pintle_objects *objects;
    enum cli_exit code = objects_file_read(&objects, path, fail);

    if (code == CLI_OK)
        code = print_objects(output, path, objects);
    pintle_objects_free(objects);
    return code;
}

/* --- all of them ----------------------------------------------------------------------------- */

/* A bad file does not hide what the others hold: the first failure is the answer at the end. */
static enum cli_exit print_all(const struct output *output, const struct opt_list *files)
{
    enum cli_exit code = CLI_OK;

    if (files->count == 0) {
        if (isatty(STDIN_FILENO) == 1)
            cli_note("reading certificates and keys from standard input");
        return print_file(output, "-");
    }
    for (size_t i = 0; i < files->count; i++) {
        enum cli_exit one = print_file(output, files->items[i]);

        if (code == CLI_OK)
            code = one;
    }
    return code;
}

static enum cli_exit answer(const struct pin_options *options, const struct opt_list *files)
{
    struct output output = {.options = options};
    enum cli_exit code;
    enum cli_exit printed;

    cli_die_by_signals();
    if (!options->json)
        return print_all(&output, files);
    output.objects = json_array();
    if (output.objects == NULL)
        cli_no_memory();
    code = print_all(&output, files);
    if (code != CLI_OK && json_array_size(output.objects) == 0) {
        json_decref(output.objects);
        return code;
    }
    printed = cli_print_json("pin", json_pack("{s:o}", "objects", output.objects));
    return code != CLI_OK ? code : printed;
}

enum cli_exit cmd_pin(int argc, char **argv)
{
    struct pin_options options = {.form = pin_text_forms[0]};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("pin", opts_pin, &options, argc, argv, &operands))
        code = answer(&options, &operands);
    opt_clear(opts_pin, &options, &operands);
    return code;
}
