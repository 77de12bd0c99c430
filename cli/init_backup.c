/* SPDX-License-Identifier: Apache-2.0 */
/* The key that is kept in reserve, and the files that are written. */
#include <stdlib.h>
#include <string.h>

#include "init.h"
#include "os/file.h"

/* What pintle_objects_parse() takes. */
#define FILE_MAX ((size_t)16 * 1024 * 1024)

/* --- where the backup comes from -------------------------------------------------------------- */

static enum cli_exit pick_object(const char *path, const struct pintle_objects *objects,
                                 struct pintle_pin *out)
{
    size_t count = pintle_objects_get_count(objects);

    if (count != 1) {
        cli_error("%s: holds %zu certificates, requests and keys; a backup is one", cli_safe(path),
                  count);
        return CLI_INPUT;
    }
    *out = pintle_objects_get(objects, 0)->pin;
    return CLI_OK;
}

enum cli_exit init_read_backup(const char *text, struct pintle_pin *out)
{
    struct pintle_objects *objects = NULL;
    struct pintle_error err = {0};
    enum cli_exit code;
    char *bytes = NULL;
    size_t len = 0;

    if (pintle_pin_parse(out, text, strlen(text), &err) == PINTLE_OK)
        return CLI_OK;
    if (os_read_file(&bytes, &len, text, FILE_MAX, &err) != PINTLE_OK) {
        cli_error("option --backup: neither a pin nor a file: %s", err.text);
        return CLI_INPUT;
    }
    if (pintle_objects_parse(&objects, (const uint8_t *)bytes, len, &err) == PINTLE_OK)
        code = pick_object(text, objects, out);
    else
        code = cli_fail(text, &err);
    pintle_objects_free(objects);
    cli_wipe(bytes, len);
    free(bytes);
    return code;
}

/* The directory of the pin-set, with its '/'; nothing for the one we are in. */
static int directory_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? (int)(slash - path) + 1 : 0;
}

static enum cli_exit make_key(const struct init *init, struct init_rule *rule)
{
    const char *host = rule->target.host.text;
    const char *out = init->options->out;
    struct pintle_error err = {0};
    int len = directory_len(out);

    (void)snprintf(rule->key_path, INIT_PATH_SIZE, "%.*s%s.backup-key.pem", len, out, rule->id);
    (void)snprintf(rule->request_path, INIT_PATH_SIZE, "%.*s%s.backup-csr.pem", len, out, rule->id);
    if (pintle_new_key_make(&rule->new_key, init->options->key_type, &host, 1, NULL, &err) !=
        PINTLE_OK)
        return cli_fail(rule->target.text, &err);
    return CLI_OK;
}

enum cli_exit init_add_backup(struct init *init, struct init_rule *rule,
                              const struct pintle_pin *given)
{
    struct init_pin pin = {.at = init->options->at, .label = "backup", .backup = true};
    size_t before = rule->pin_count;

    if (given == NULL) {
        enum cli_exit code = make_key(init, rule);

        if (code != CLI_OK)
            return code;
        given = &rule->new_key.pin;
    }
    pin.pin = *given;
    if (init_add_pin(rule, &pin) && rule->pin_count == before + 1)
        return CLI_OK;
    cli_error("%s: the backup is a key that it shows today: no reserve", rule->target.text);
    return CLI_INPUT;
}

/* --- writing --------------------------------------------------------------------------------- */

/* One file that is about to be written, and is there from `done` on. */
struct planned {
    const char *path;
    const char *text;
    size_t len;
    mode_t mode;
    bool is_new; /* must not be there yet */
    bool done;
    struct os_output *output;
};

static enum pintle_status begin(struct planned *file, struct pintle_error *err)
{
    enum pintle_status status = file->is_new
                                    ? os_output_create(&file->output, file->path, file->mode, err)
                                    : os_output_open(&file->output, file->path, file->mode, err);

    if (status != PINTLE_OK)
        return status;
    return os_output_write(file->output, file->text, file->len, err);
}

/* The document is the last: it is not there before the keys it names. */
static enum cli_exit write_all(struct planned *files, size_t count)
{
    struct pintle_error err = {0};
    enum pintle_status status = PINTLE_OK;

    for (size_t i = 0; status == PINTLE_OK && i < count; i++)
        status = begin(&files[i], &err);
    if (status == PINTLE_OK && cli_interrupted != 0)
        err.status = status = PINTLE_E_INTERNAL;
    for (size_t i = 0; status == PINTLE_OK && i < count; i++) {
        status = os_output_commit(files[i].output, &err);
        files[i].output = NULL;
        files[i].done = status == PINTLE_OK;
    }
    if (status == PINTLE_OK)
        return CLI_OK;
    for (size_t i = 0; i < count; i++) {
        os_output_discard(files[i].output);
        if (files[i].done)
            (void)remove(files[i].path);
    }
    if (err.text[0] != '\0')
        cli_error("%s", err.text);
    if (status == PINTLE_E_IO)
        cli_note("nothing was written; a key that is there already is never replaced: name its "
                 "request with --backup, or move it");
    return cli_exit_for(status);
}

static size_t plan(const struct init *init, struct planned *files)
{
    size_t count = 0;

    for (size_t i = 0; i < init->count; i++) {
        const struct init_rule *rule = &init->rules[i];
        const struct pintle_new_key *key = &rule->new_key;

        if (key->key_pem == NULL)
            continue;
        files[count++] = (struct planned){.path = rule->request_path,
                                          .text = key->request_pem,
                                          .len = strlen(key->request_pem),
                                          .mode = 0644,
                                          .is_new = true};
        files[count++] = (struct planned){.path = rule->key_path,
                                          .text = key->key_pem,
                                          .len = strlen(key->key_pem),
                                          .mode = 0600,
                                          .is_new = true};
    }
    files[count++] = (struct planned){.path = init->options->out,
                                      .text = init->document,
                                      .len = init->document_len,
                                      .mode = 0644,
                                      .is_new = !init->options->force};
    return count;
}

enum cli_exit init_write(const struct init *init)
{
    struct planned *files = calloc(init->count * 2 + 1, sizeof(*files));
    enum cli_exit code;

    if (files == NULL) {
        cli_error("out of memory");
        return CLI_INTERNAL;
    }
    code = write_all(files, plan(init, files));
    free(files);
    return code;
}
