/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "key_file.h"
#include "os/file.h"
#include "passphrase.h"

#define PATH_SIZE 4096

static const char *const roles[] = {"root", "pins", "fresh", "unpin", NULL};

struct new_options {
    const char *role;
    const char *label;
    const char *out;
    const char *passphrase_file;
    bool bare;
    bool json;
};

const struct opt_spec opts_key_new[] = {
    {.name = "role",
     .letter = 'r',
     .type = OPT_CHOICE,
     .metavar = "ROLE",
     .help = "what the key will sign",
     .choices = roles,
     .offset = offsetof(struct new_options, role)},
    {.name = "label",
     .letter = 'l',
     .type = OPT_STRING,
     .metavar = "TEXT",
     .help = "whose key it is, for people",
     .offset = offsetof(struct new_options, label)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_FILE,
     .metavar = "PREFIX",
     .help = "write PREFIX.key.pem and PREFIX.pub.pem (the role's name)",
     .offset = offsetof(struct new_options, out)},
    {.name = "passphrase-file",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "encrypt the key with the first line of FILE instead of asking",
     .offset = offsetof(struct new_options, passphrase_file)},
    {.name = "insecure-no-passphrase", /* deliberate each time: the environment does not set it */
     .type = OPT_FLAG,
     .secret = true,
     .help = "do not encrypt the key",
     .offset = offsetof(struct new_options, bare)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct new_options, json)},
    {.type = OPT_END},
};

struct job {
    const struct new_options *options;
    struct passphrase passphrase;
    char key_path[PATH_SIZE];
    char public_path[PATH_SIZE];
    struct os_output *key_file;
    struct os_output *public_file;
    struct pintle_signing_key *key;
    char *key_text;
    char *public_text;
};

/* --- what is asked for -------------------------------------------------------------------------- */

/* It becomes a line of a file, and a string of a root. */
static bool is_label(const char *label)
{
    for (const char *c = label; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    }
    return strlen(label) < KEY_LABEL_SIZE;
}

static enum cli_exit check(const struct new_options *options)
{
    if (options->role == NULL)
        opt_mistake("key new", "option --role is needed: root, pins, fresh or unpin");
    else if (!is_label(options->label))
        opt_mistake("key new", "option --label: one line of at most %d bytes", KEY_LABEL_SIZE - 1);
    else if (options->bare && options->passphrase_file != NULL)
        opt_mistake("key new", "options --insecure-no-passphrase and --passphrase-file exclude "
                               "each other");
    else
        return CLI_OK;
    return CLI_USAGE;
}

static enum cli_exit make_paths(struct job *job)
{
    const char *prefix = job->options->out != NULL ? job->options->out : job->options->role;

    if (strlen(prefix) + sizeof(".key.pem") > PATH_SIZE) {
        opt_mistake("key new", "option --out: the name is too long");
        return CLI_USAGE;
    }
    (void)snprintf(job->key_path, PATH_SIZE, "%s.key.pem", prefix);
    (void)snprintf(job->public_path, PATH_SIZE, "%s.pub.pem", prefix);
    return CLI_OK;
}

/* Before there are files to clean up: reading from a pipe is not ended by signals. */
static enum cli_exit read_passphrase(struct job *job)
{
    enum cli_exit code;

    if (job->options->passphrase_file == NULL)
        return CLI_OK;
    cli_die_by_signals();
    code = passphrase_read(&job->passphrase, job->options->passphrase_file);
    cli_catch_signals();
    return code;
}

/* Behind it: nobody thinks of a passphrase for a key that cannot be written. */
static enum cli_exit ask_passphrase(struct job *job)
{
    if (job->options->bare || job->options->passphrase_file != NULL)
        return CLI_OK;
    return passphrase_ask(&job->passphrase, job->key_path, true);
}

/* --- the files ---------------------------------------------------------------------------------- */

static enum cli_exit tell(const struct pintle_error *err)
{
    cli_error("%s", err->text);
    return cli_exit_for(err->status);
}

static enum cli_exit open_files(struct job *job)
{
    struct pintle_error err = {0};

    if (os_output_create(&job->key_file, job->key_path, 0600, &err) == PINTLE_OK &&
        os_output_create(&job->public_file, job->public_path, 0644, &err) == PINTLE_OK)
        return CLI_OK;
    return tell(&err);
}

static enum pintle_status put(struct os_output **file, const char *text, struct pintle_error *err)
{
    struct os_output *output = *file;
    enum pintle_status status = os_output_write(output, text, strlen(text), err);

    if (status != PINTLE_OK)
        return status;
    *file = NULL;
    return os_output_commit(output, err);
}

/* Both or none. */
static enum cli_exit write_files(struct job *job)
{
    struct pintle_error err = {0};

    if (put(&job->public_file, job->public_text, &err) != PINTLE_OK)
        return tell(&err);
    if (put(&job->key_file, job->key_text, &err) == PINTLE_OK)
        return CLI_OK;
    (void)remove(job->public_path);
    return tell(&err);
}

static enum cli_exit make(struct job *job)
{
    const char *passphrase = job->options->bare ? NULL : job->passphrase.text;
    struct pintle_error err = {0};

    if (pintle_signing_key_new(&job->key, &err) != PINTLE_OK ||
        pintle_signing_key_to_pem(&job->key_text, job->key, passphrase, &err) != PINTLE_OK)
        return cli_fail("key new", &err);
    job->public_text = key_file_format(job->key, job->options->role, job->options->label);
    if (job->public_text == NULL || cli_interrupted != 0)
        return CLI_INTERNAL;
    return write_files(job);
}

/* --- what was made ------------------------------------------------------------------------------ */

static enum cli_exit print(const struct job *job)
{
    const char *id = pintle_signing_key_get_id(job->key);

    if (job->options->bare)
        cli_note("the key is not encrypted: whoever reads %s can sign", cli_safe(job->key_path));
    if (job->options->json)
        return cli_print_json("key-new", json_pack("{s:s, s:s, s:o, s:o, s:o, s:b}", "id", id,
                                                   "role", job->options->role, "label",
                                                   cli_json_text(job->options->label), "key_file",
                                                   cli_json_text(job->key_path), "public_file",
                                                   cli_json_text(job->public_path), "encrypted",
                                                   (int)!job->options->bare));
    (void)printf("id      %s%s%s\n", cli_on(stdout, CLI_BOLD), id, cli_off(stdout));
    (void)printf("key     %s\n", cli_safe(job->key_path));
    (void)printf("public  %s\n", cli_safe(job->public_path));
    return CLI_OK;
}

static enum cli_exit run(struct job *job)
{
    enum cli_exit code = check(job->options);

    if (code == CLI_OK)
        code = make_paths(job);
    if (code == CLI_OK)
        code = read_passphrase(job);
    if (code == CLI_OK)
        code = open_files(job);
    if (code == CLI_OK)
        code = ask_passphrase(job);
    if (code == CLI_OK)
        code = make(job);
    if (code == CLI_OK)
        code = print(job);
    return code;
}

static void clear(struct job *job)
{
    passphrase_clear(&job->passphrase);
    os_output_discard(job->key_file);
    os_output_discard(job->public_file);
    pintle_signing_key_free_pem(job->key_text);
    pintle_signing_key_free(job->key);
    free(job->public_text);
}

enum cli_exit cmd_key_new(int argc, char **argv)
{
    struct new_options options = {.label = ""};
    struct opt_list operands = {0};
    struct job job = {.options = &options};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("key new", opts_key_new, &options, argc, argv, &operands))
        code = run(&job);
    clear(&job);
    opt_clear(opts_key_new, &options, &operands);
    return code;
}
