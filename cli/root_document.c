/* SPDX-License-Identifier: Apache-2.0 */
#include "root_document.h"

#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "json_build.h"
#include "key_file.h"
#include "root_text.h"

#define DAY_S ((int64_t)24 * 3600)
#define PATH_SIZE 64

/* keys: of all roles, each once */
struct job {
    const struct root_options *options;
    const struct pintle_root *before;
    json_t *keys;
    json_t *roles;
};

/* --- keys --------------------------------------------------------------------------------------- */

static bool has_key(const json_t *keys, const char *id)
{
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *other = json_string_value(json_object_get(json_array_get(keys, i), "id"));
        if (other != NULL && strcmp(other, id) == 0)
            return true;
    }
    return false;
}

/* A key that signs for several roles is named once. */
static void add_key(struct job *job, const char *id, const uint8_t public_key[32],
                    const char *label)
{
    char text[PINTLE_PIN_TEXT_SIZE];
    struct pintle_pin bytes; /* 32 bytes in base64, as a pin has them */
    json_t *key;

    if (has_key(job->keys, id))
        return;
    memcpy(bytes.digest, public_key, sizeof(bytes.digest));
    (void)pintle_pin_format(&bytes, text);
    key = json_pack("{s:s, s:s, s:s}", "id", id, "alg", "ed25519", "public",
                    text + strlen("sha256/"));
    job->keys = json_build_item(job->keys, json_build_text(key, "label", label));
}

static enum cli_exit add_file(struct job *job, const char *path, json_t **ids)
{
    struct key_file key;
    enum pintle_status status;
    enum cli_exit code = key_file_read(&key, path, &status);

    if (status == PINTLE_E_PEM)
        cli_error("%s: holds no public key in PEM%s", cli_safe(path),
                  key_file_holds(path, "PRIVATE KEY-----")
                      ? ": it is the private half, and a root names the public one (.pub.pem)"
                      : "");
    if (code != CLI_OK)
        return code;
    add_key(job, key.id, key.public_key, key.label);
    *ids = json_build_item(*ids, json_string(key.id));
    return CLI_OK;
}

/* Those of the current root; keys of algorithms that we do not know cannot be carried on. */
static enum cli_exit keep_keys(struct job *job, enum pintle_role role, json_t **ids)
{
    const struct pintle_root *root = job->before;

    for (uint32_t i = 0; i < root->roles[role].key_count; i++) {
        const struct pintle_root_key *key = &root->keys[root->roles[role].keys[i]];
        if (!key->usable) {
            cli_error("key %s of role %s is of an unknown algorithm: name the role's keys anew",
                      key->id, pintle_role_name(role));
            return CLI_INPUT;
        }
        add_key(job, key->id, key->public_key, key->label);
        *ids = json_build_item(*ids, json_string(key->id));
    }
    return CLI_OK;
}

/* --- roles -------------------------------------------------------------------------------------- */

static long threshold_of(const struct job *job, enum pintle_role role)
{
    if (job->options->thresholds[role] > 0)
        return job->options->thresholds[role];
    if (job->before != NULL && job->before->roles[role].key_count > 0)
        return (long)job->before->roles[role].threshold;
    return role == PINTLE_ROLE_UNPIN ? 2 : 1;
}

static enum cli_exit refuse_options(const struct job *job, enum pintle_role role)
{
    const char *command = job->before == NULL ? "root init" : "root rotate";
    const char *name = pintle_role_name(role);

    if (job->options->dropped[role])
        opt_mistake(command, "option --no-%s excludes --%s-key and --%s-threshold", name, name,
                    name);
    else
        opt_mistake(command, "option --%s-threshold: no key is named for role %s", name, name);
    return CLI_USAGE;
}

static enum cli_exit refuse_threshold(const struct job *job, enum pintle_role role, size_t count)
{
    const char *name = pintle_role_name(role);
    bool kept = job->options->thresholds[role] == 0 && job->before != NULL;

    opt_mistake(
        job->before == NULL ? "root init" : "root rotate",
        "role %s needs %ld signatures%s, more than there are usable keys (%zu): name all of "
        "its keys with --%s-key; --%s-threshold says how many sign%s",
        name, threshold_of(job, role), kept ? " as before" : "", count, name, name,
        role == PINTLE_ROLE_UNPIN ? ", two at least" : "");
    return CLI_USAGE;
}

static enum cli_exit add_role(struct job *job, enum pintle_role role)
{
    const struct opt_list *files = &job->options->keys[role];
    bool dropped = job->options->dropped[role];
    json_t *ids = json_array();
    enum cli_exit code = CLI_OK;

    for (size_t i = 0; code == CLI_OK && i < files->count; i++)
        code = add_file(job, files->items[i], &ids);
    if (code == CLI_OK && files->count == 0 && job->before != NULL && !dropped)
        code = keep_keys(job, role, &ids);
    if (code == CLI_OK && ids == NULL)
        cli_no_memory();
    if (code == CLI_OK && job->options->thresholds[role] > 0 && json_array_size(ids) == 0)
        code = refuse_options(job, role);
    if (code == CLI_OK && dropped && files->count > 0)
        code = refuse_options(job, role);
    if (code == CLI_OK && json_array_size(ids) > 0 &&
        (size_t)threshold_of(job, role) > json_array_size(ids))
        code = refuse_threshold(job, role, json_array_size(ids));
    if (code == CLI_OK && json_array_size(ids) > 0) {
        json_t *entry =
            json_pack("{s:I, s:O}", "threshold", (json_int_t)threshold_of(job, role), "keys", ids);
        job->roles = json_build_member(job->roles, true, pintle_role_name(role), entry);
    }
    json_decref(ids);
    return code;
}

/* --- the document ------------------------------------------------------------------------------- */

static json_t *build(const struct job *job, const char *app, int64_t epoch)
{
    char issued[PINTLE_TIME_TEXT_SIZE], expires[PINTLE_TIME_TEXT_SIZE];
    int64_t now = pintle_clock_system(NULL);
    int64_t version = job->before == NULL ? 1 : job->before->version + 1;

    return json_pack("{s:i, s:o, s:I, s:I, s:s, s:s, s:O, s:O}", "pintle_root", 1, "app",
                     cli_json_text(app), "version", (json_int_t)version, "epoch", (json_int_t)epoch,
                     "issued", pintle_time_format(now, issued), "expires",
                     pintle_time_format(now + (int64_t)job->options->days * DAY_S, expires), "keys",
                     job->keys, "roles", job->roles);
}

static enum cli_exit print_json(const struct pintle_envelope *envelope, const char *path,
                                const struct job *job)
{
    struct envelope_facts facts;
    enum cli_exit code = envelope_describe(&facts, envelope, path);
    json_t *json;

    if (code != CLI_OK)
        return code;
    json = json_build_member(envelope_json(&facts), true, "file", cli_json_text(path));
    json = json_build_member(json, true, "keys", json_incref(job->keys));
    return cli_print_json("root", json_build_member(json, true, "roles", json_incref(job->roles)));
}

static void print_text(const struct pintle_root *root, const char *path)
{
    char expires[PINTLE_TIME_TEXT_SIZE];

    (void)printf("wrote %s: root %lld of %s, epoch %lld, good until %.10s\n", cli_safe(path),
                 (long long)root->version, cli_safe(root->app), (long long)root->epoch,
                 pintle_time_format(root->expires, expires));
    root_print_roles(stdout, root);
}

static void print_advice(const struct pintle_root *root, const struct pintle_root *before)
{
    char signers[ROOT_SIGNERS_SIZE], old[ROOT_SIGNERS_SIZE];

    (void)root_signers_text(signers, root, PINTLE_ROLE_ROOT);
    if (before == NULL)
        cli_note("now gather signatures (pintle sign): %s", signers);
    else
        cli_note("now gather signatures (pintle sign): %s, which root %lld names, and %s, which "
                 "this one names",
                 root_signers_text(old, before, PINTLE_ROLE_ROOT), (long long)before->version,
                 signers);
    root_note_risks(root);
}

/* The library's own reading of it is the check: it says what is wrong, and where. */
static enum cli_exit finish(const struct job *job, const char *text)
{
    struct pintle_view payload = {(const uint8_t *)text, strlen(text)};
    struct pintle_envelope *envelope = NULL;
    struct pintle_root *root = NULL;
    struct pintle_error err = {0};
    char fallback[PATH_SIZE];
    const char *path = job->options->out;
    enum cli_exit code = CLI_USAGE;

    if (pintle_root_parse(&root, payload, pintle_openssl_crypto(), &err) != PINTLE_OK) {
        cli_error("this would be no root: %s", err.text);
        return err.status == PINTLE_E_SCHEMA ? CLI_USAGE : cli_exit_for(err.status);
    }
    (void)snprintf(fallback, sizeof(fallback), "root-%lld.json", (long long)root->version);
    if (path == NULL)
        path = fallback;
    if (pintle_envelope_new(&envelope, PINTLE_ROLE_ROOT, payload, &err) != PINTLE_OK)
        code = cli_fail(path, &err);
    else
        code = envelope_create(envelope, path);
    if (code == CLI_OK)
        print_advice(root, job->before);
    if (code == CLI_OK && job->options->json)
        code = print_json(envelope, path, job);
    else if (code == CLI_OK)
        print_text(root, path);
    pintle_envelope_free(envelope);
    free(root);
    return code;
}

enum cli_exit root_document_make(const char *app, const struct pintle_root *before, int64_t epoch,
                                 const struct root_options *options)
{
    struct job job = {options, before, json_array(), json_object()};
    enum cli_exit code = CLI_OK;
    char *text = NULL;
    json_t *json;

    for (int role = 0; code == CLI_OK && role < PINTLE_ROLES; role++)
        code = add_role(&job, (enum pintle_role)role);
    if (code == CLI_OK) {
        json = build(&job, app, epoch);
        if (json != NULL)
            text = cli_json_dump(json, JSON_INDENT(2));
        json_decref(json);
        if (text == NULL)
            cli_no_memory();
        code = finish(&job, text);
    }
    free(text);
    json_decref(job.keys);
    json_decref(job.roles);
    return code;
}
