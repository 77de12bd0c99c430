/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pintle/x509.h>

#include "cli.h"
#include "idn.h"
#include "key_add.h"
#include "os/file.h"
#include "passphrase.h"
#include "pinset_path.h"

/* "*." and a host. */
#define NAME_SIZE (PINTLE_HOST_MAX_LEN + 3)

#define PATH_SIZE 4096

static const char *const key_types[] = {"ec-p256",  "ec-p384",  "ed25519", "rsa-2048",
                                        "rsa-3072", "rsa-4096", NULL};

struct key_options {
    bool add;
    bool json;
    const char *out;
    const char *passphrase_file;
    const char *pinset;
    const char *type;
};

const struct opt_spec opts_key_backup[] = {
    {.name = "add",
     .type = OPT_FLAG,
     .help = "also add the pin, as backup, to the rules for HOST in the pin-set",
     .offset = offsetof(struct key_options, add)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct key_options, json)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_FILE,
     .metavar = "PREFIX",
     .help = "name the files PREFIX.key.pem and PREFIX.csr.pem instead",
     .offset = offsetof(struct key_options, out)},
    {.name = "passphrase-file",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "encrypt the key with the first line of FILE",
     .offset = offsetof(struct key_options, passphrase_file)},
    {.name = "pinset",
     .letter = 'p',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the pin-set for --add (pintle.json)",
     .offset = offsetof(struct key_options, pinset)},
    {.name = "type",
     .letter = 't',
     .type = OPT_CHOICE,
     .metavar = "TYPE",
     .help = "kind of key",
     .choices = key_types,
     .offset = offsetof(struct key_options, type)},
    {.type = OPT_END},
};

/* names: the operands, normalised; the pointers and what they point to are one block */
struct job {
    const struct key_options *options;
    const char **names;
    size_t count;
    struct passphrase passphrase;
    char key_path[PATH_SIZE];
    char request_path[PATH_SIZE];
    struct os_output *key_file;
    struct os_output *request_file;
    struct pintle_new_key key;
    struct key_add *add;
    char pinset_file[PINSET_PATH_SIZE];
};

static enum cli_exit tell(const struct pintle_error *err)
{
    cli_error("%s", err->text);
    return cli_exit_for(err->status);
}

/* --- what is asked for ----------------------------------------------------------------------- */

static bool has_port(const char *name)
{
    const char *colon = strrchr(name, ':');
    struct pintle_host host;

    return colon != NULL && colon[1] != '\0' &&
           colon[1 + strspn(colon + 1, "0123456789")] == '\0' &&
           idn_host_parse(&host, name, (size_t)(colon - name), NULL) == PINTLE_OK;
}

/* A certificate may be for "*.host" too. */
static enum cli_exit normalise(char out[NAME_SIZE], const char *text)
{
    const char *stars = strncmp(text, "*.", 2) == 0 ? "*." : "";
    const char *name = text + strlen(stars);
    struct pintle_host host;
    struct pintle_error err = {0};

    if (idn_host_parse(&host, name, strlen(name), &err) != PINTLE_OK) {
        enum cli_exit code = cli_fail(text, &err);

        if (has_port(name))
            cli_note("leave the port out: a certificate is for all ports of a host");
        return code;
    }
    (void)snprintf(out, NAME_SIZE, "%s%s", stars, host.text);
    return CLI_OK;
}

static enum cli_exit read_names(struct job *job, const struct opt_list *operands)
{
    char(*texts)[NAME_SIZE];

    job->count = operands->count;
    job->names = malloc(job->count * (sizeof(*job->names) + NAME_SIZE));
    if (job->names == NULL)
        cli_no_memory();
    texts = (char(*)[NAME_SIZE])(void *)(job->names + job->count);
    for (size_t i = 0; i < job->count; i++) {
        enum cli_exit code = normalise(texts[i], operands->items[i]);

        if (code != CLI_OK)
            return code;
        job->names[i] = texts[i];
    }
    return CLI_OK;
}

/* '*' is no character for a file name. */
static enum cli_exit make_paths(struct job *job)
{
    const char *out = job->options->out;
    const char *prefix = out != NULL ? out : job->names[0];
    const char *mark = out != NULL ? "." : ".backup-";
    size_t len = strlen(prefix);

    if (len + sizeof(".backup-key.pem") > PATH_SIZE) {
        opt_mistake("key backup", "option --out: the name is too long");
        return CLI_USAGE;
    }
    (void)snprintf(job->key_path, PATH_SIZE, "%s%skey.pem", prefix, mark);
    (void)snprintf(job->request_path, PATH_SIZE, "%s%scsr.pem", prefix, mark);
    if (out == NULL && prefix[0] == '*') {
        job->key_path[0] = '_';
        job->request_path[0] = '_';
    }
    return CLI_OK;
}

static enum cli_exit find_rules(struct job *job)
{
    const char *path;

    if (!job->options->add)
        return CLI_OK;
    path = pinset_path(job->options->pinset, job->pinset_file);
    return key_add_open(&job->add, path, (const char *const *)job->names, job->count);
}

/* --- the files ------------------------------------------------------------------------------- */

/* Before the work: what cannot be written, or is there already, is told at once. */
static enum cli_exit open_files(struct job *job)
{
    struct pintle_error err = {0};

    if (os_output_create(&job->key_file, job->key_path, 0600, &err) != PINTLE_OK ||
        os_output_create(&job->request_file, job->request_path, 0644, &err) != PINTLE_OK) {
        if (job->options->out == NULL &&
            (access(job->key_path, F_OK) == 0 || access(job->request_path, F_OK) == 0))
            cli_note("nothing is overwritten: move what is there, or name the new files with -o");
        return tell(&err);
    }
    return CLI_OK;
}

static enum pintle_status commit(struct os_output **file, struct pintle_error *err)
{
    struct os_output *output = *file;

    *file = NULL;
    return os_output_commit(output, err);
}

/* Both or none: a key without its request has no proof, a request without its key no use. */
static enum cli_exit write_files(struct job *job)
{
    const char *key = job->key.key_pem;
    const char *request = job->key.request_pem;
    struct pintle_error err = {0};

    if (os_output_write(job->key_file, key, strlen(key), &err) != PINTLE_OK ||
        os_output_write(job->request_file, request, strlen(request), &err) != PINTLE_OK ||
        commit(&job->request_file, &err) != PINTLE_OK)
        return tell(&err);
    if (commit(&job->key_file, &err) != PINTLE_OK) {
        (void)remove(job->request_path);
        return tell(&err);
    }
    return CLI_OK;
}

static const char *passphrase_of(const struct job *job)
{
    return job->passphrase.text[0] != '\0' ? job->passphrase.text : NULL;
}

static enum cli_exit make_key(struct job *job)
{
    struct pintle_error err = {0};

    if (pintle_new_key_make(&job->key, job->options->type, (const char *const *)job->names,
                            job->count, passphrase_of(job), &err) != PINTLE_OK)
        return cli_fail("key backup", &err);
    if (cli_interrupted != 0)
        return CLI_INTERNAL;
    return write_files(job);
}

/* --- what was made --------------------------------------------------------------------------- */

static json_t *names_json(const struct job *job)
{
    json_t *list = json_array();

    for (size_t i = 0; i < job->count; i++)
        if (json_array_append_new(list, json_string(job->names[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static enum cli_exit print_json(const struct job *job)
{
    char pin[PINTLE_PIN_TEXT_SIZE];
    json_t *document = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:b}", "pin", pintle_pin_format(&job->key.pin, pin), "type",
        job->options->type, "hosts", names_json(job), "key_file", cli_json_text(job->key_path),
        "request_file", cli_json_text(job->request_path), "encrypted", passphrase_of(job) != NULL);

    if (document != NULL && job->add != NULL &&
        json_object_set_new(document, "added_to", key_add_json(job->add)) != 0) {
        json_decref(document);
        document = NULL;
    }
    return cli_print_json("key-backup", document);
}

static void print_advice(const struct job *job, const char *pin)
{
    if (passphrase_of(job) == NULL)
        cli_note("the key is not encrypted (--passphrase-file would do that)");
    cli_note("keep the key offline, away from the server: it is what you rotate to");
    if (job->add != NULL)
        cli_note("%s has the pin now; publish it before you need the key",
                 cli_safe(key_add_path(job->add)));
    else
        cli_note(
            "add the pin to your rules: {\"spki\": \"%s\", \"at\": \"leaf\", \"backup\": true}",
            pin);
    cli_note("the request proves that the key exists; a CA makes the next certificate from it");
}

static enum cli_exit print_made(const struct job *job)
{
    char pin[PINTLE_PIN_TEXT_SIZE];

    (void)pintle_pin_format(&job->key.pin, pin);
    print_advice(job, pin);
    if (job->options->json)
        return print_json(job);
    (void)printf("pin      %s%s%s\n", cli_on(stdout, CLI_BOLD), pin, cli_off(stdout));
    (void)printf("key      %s\n", cli_safe(job->key_path));
    (void)printf("request  %s\n", cli_safe(job->request_path));
    if (job->add != NULL)
        (void)printf("added    %s\n", cli_safe(key_add_path(job->add)));
    return CLI_OK;
}

/* --- the command ----------------------------------------------------------------------------- */

/* The pin-set comes last: should it fail, the key is there and its pin is told. */
static enum cli_exit finish(struct job *job)
{
    enum cli_exit added = job->add != NULL ? key_add_write(job->add, &job->key.pin) : CLI_OK;
    enum cli_exit printed;

    if (added != CLI_OK) {
        key_add_free(job->add);
        job->add = NULL;
    }
    printed = print_made(job);
    return added != CLI_OK ? added : printed;
}

static enum cli_exit run(struct job *job, const struct opt_list *operands)
{
    enum cli_exit code = read_names(job, operands);

    cli_die_by_signals();
    if (code == CLI_OK)
        code = make_paths(job);
    if (code == CLI_OK && job->options->passphrase_file != NULL)
        code = passphrase_read(&job->passphrase, job->options->passphrase_file);
    if (code == CLI_OK)
        code = find_rules(job);
    cli_catch_signals();
    if (code == CLI_OK)
        code = open_files(job);
    if (code == CLI_OK)
        code = make_key(job);
    if (code == CLI_OK)
        code = finish(job);
    return code;
}

static void clear(struct job *job)
{
    passphrase_clear(&job->passphrase);
    pintle_new_key_clear(&job->key);
    os_output_discard(job->key_file);
    os_output_discard(job->request_file);
    key_add_free(job->add);
    free(job->names);
}

enum cli_exit cmd_key_backup(int argc, char **argv)
{
    struct key_options options = {.type = key_types[0]};
    struct opt_list operands = {0};
    struct job job = {.options = &options};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("key backup", opts_key_backup, &options, argc, argv, &operands))
        code = run(&job, &operands);
    clear(&job);
    opt_clear(opts_key_backup, &options, &operands);
    return code;
}
