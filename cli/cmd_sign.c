/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "envelope_file.h"
#include "json_build.h"
#include "os/file.h"
#include "root_text.h"
#include "signers.h"

struct sign_options {
    struct signer_options signers;
    const char *root;
    const char *role;
    const char *out;
    bool json;
};

static const char *const roles[] = {"root", "pins", "fresh", "unpin", NULL};

const struct opt_spec opts_sign[] = {
    SIGNER_OPTIONS(struct sign_options, signers),
    {.name = "root",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "sign only with keys that this root names for the role",
     .offset = offsetof(struct sign_options, root)},
    {.name = "role",
     .letter = 'r',
     .type = OPT_CHOICE,
     .metavar = "ROLE",
     .help = "sign nothing but what is for this role",
     .choices = roles,
     .offset = offsetof(struct sign_options, role)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "write the envelope to FILE instead of in place",
     .offset = offsetof(struct sign_options, out)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct sign_options, json)},
    {.type = OPT_END},
};

/* --- what is to be signed ----------------------------------------------------------------------- */

/* Which role a document is for: by the member that says its format. */
static bool find_role(const json_t *json, enum pintle_role *out)
{
    static const char *const members[PINTLE_ROLES] = {
        [PINTLE_ROLE_ROOT] = "pintle_root",
        [PINTLE_ROLE_PINS] = "pintle",
        [PINTLE_ROLE_FRESH] = "pintle_fresh",
        [PINTLE_ROLE_UNPIN] = "pintle_unpin",
    };

    for (int role = 0; role < PINTLE_ROLES; role++) {
        if (json_object_get(json, members[role]) != NULL) {
            *out = (enum pintle_role)role;
            return true;
        }
    }
    return false;
}

static enum cli_exit wrap(struct pintle_envelope **out, const char *path, const char *text,
                          size_t len)
{
    struct pintle_view payload = {(const uint8_t *)text, len};
    json_t *json = json_build_parse(text, len);
    struct pintle_error err = {0};
    enum pintle_role role = PINTLE_ROLE_ROOT;
    bool known = find_role(json, &role);

    json_decref(json);
    if (!known) {
        cli_error("%s: is neither an envelope nor a root, pin-set, fresh or unpin document",
                  cli_safe(path));
        return CLI_INPUT;
    }
    if (pintle_envelope_new(out, role, payload, &err) != PINTLE_OK)
        return cli_fail(path, &err);
    return CLI_OK;
}

static enum cli_exit read_file(struct pintle_envelope **out, bool *wrapped, const char *path)
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    char *text = NULL;
    size_t len = 0;

    *out = NULL;
    if (os_read_file(&text, &len, path, PINTLE_ENVELOPE_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return err.status == PINTLE_E_NOMEM ? CLI_INTERNAL : CLI_INPUT;
    }
    *wrapped = pintle_envelope_parse(out, text, len, &err) == PINTLE_E_ENVELOPE;
    if (*wrapped)
        code = wrap(out, path, text, len);
    else if (*out == NULL)
        code = cli_fail(path, &err);
    free(text);
    return code;
}

/*
 * own   the root that is signed, NULL for other roles
 * root  what --root names, or NULL
 */
struct job {
    const struct sign_options *options;
    const char *path;
    struct pintle_envelope *envelope;
    struct envelope_facts facts;
    struct pintle_root *own;
    struct pintle_envelope *root_envelope;
    struct pintle_root *root;
};

static void announce(const struct job *job)
{
    const struct envelope_facts *facts = &job->facts;
    char expires[PINTLE_TIME_TEXT_SIZE];

    cli_note("signing %s %lld of epoch %lld for app %s, good until %s",
             pintle_role_name(facts->role), (long long)facts->version, (long long)facts->epoch,
             cli_safe(facts->app), pintle_time_format(facts->expires, expires));
    if (job->own != NULL && !opt_common.quiet)
        root_print_roles(stderr, job->own);
    cli_note("SHA-256 of what is signed: %s", facts->digest);
}

/* What no client would load is not signed: whoever signs may not see it otherwise. */
static enum cli_exit check_payload(struct job *job)
{
    struct pintle_view payload = pintle_envelope_get_payload(job->envelope);
    const struct pintle_pins_loader *loader = pintle_pinset_loader();
    const struct pintle_pinset *set = NULL;
    struct pintle_pins_facts facts;
    struct pintle_error err = {0};
    enum pintle_status status = PINTLE_OK;

    if (job->facts.role == PINTLE_ROLE_ROOT)
        status = pintle_root_parse(&job->own, payload, pintle_openssl_crypto(), &err);
    else if (job->facts.role == PINTLE_ROLE_PINS)
        status = loader->load(&set, &facts, payload, pintle_openssl_crypto(), &err);
    if (set != NULL)
        loader->free(set);
    return status == PINTLE_OK ? CLI_OK : cli_fail(job->path, &err);
}

static enum cli_exit check_role(const struct job *job)
{
    const char *role = pintle_role_name(job->facts.role);

    if (job->options->role != NULL && strcmp(job->options->role, role) != 0)
        cli_error("%s: is for role %s", cli_safe(job->path), role);
    else if (job->root != NULL && strcmp(job->root->app, job->facts.app) != 0)
        cli_error("%s: is for app %s, and root %lld for %s", cli_safe(job->path),
                  cli_safe(job->facts.app), (long long)job->root->version,
                  cli_safe(job->root->app));
    else
        return CLI_OK;
    return CLI_INPUT;
}

/* --- signing ------------------------------------------------------------------------------------ */

/* --- how many of those that count ----------------------------------------------------------------- */

/* What a root asks for: its keys for the role, those that signed, how many are missing. */
struct tally {
    const struct pintle_root *root;
    const struct pintle_root_role *role;
    bool signed_by[PINTLE_ROLE_KEYS_MAX];
    size_t count;
    size_t missing;
};

static struct tally tally_of(const struct job *job, const struct pintle_root *root)
{
    struct tally tally = {.root = root, .role = &root->roles[job->facts.role]};

    tally.count = pintle_root_count_signers(root, job->facts.role, job->envelope,
                                            pintle_openssl_crypto(), tally.signed_by);
    if (tally.count < tally.role->threshold)
        tally.missing = tally.role->threshold - tally.count;
    return tally;
}

/* Usable keys that have not signed, by name. */
static json_t *open_keys(const struct tally *tally)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < tally->role->key_count; i++) {
        const struct pintle_root_key *key = &tally->root->keys[tally->role->keys[i]];

        if (!tally->signed_by[i] && key->usable)
            list = json_build_item(list, cli_json_text(root_key_name(key)));
    }
    return list;
}

static void print_tally(const struct tally *tally)
{
    json_t *open = open_keys(tally);

    (void)printf("  root %lld wants %lu, has %zu", (long long)tally->root->version,
                 (unsigned long)tally->role->threshold, tally->count);
    for (size_t i = 0; tally->missing > 0 && i < json_array_size(open); i++)
        (void)printf("%s%s", i == 0 ? "; still: " : " or ",
                     cli_safe(json_string_value(json_array_get(open, i))));
    (void)putchar('\n');
    json_decref(open);
}

static json_t *tally_json(const struct tally *tally)
{
    json_t *json = json_pack("{s:I, s:I, s:I, s:I}", "root", (json_int_t)tally->root->version,
                             "wanted", (json_int_t)tally->role->threshold, "signed",
                             (json_int_t)tally->count, "missing", (json_int_t)tally->missing);

    return json_build_member(json, true, "still", open_keys(tally));
}

static size_t tallies(struct tally out[2], const struct job *job)
{
    size_t count = 0;

    if (job->root != NULL)
        out[count++] = tally_of(job, job->root);
    if (job->own != NULL && (job->root == NULL || job->own->version != job->root->version))
        out[count++] = tally_of(job, job->own);
    return count;
}

static enum cli_exit print(const struct job *job, const char *path)
{
    struct tally known[2];
    size_t known_count = tallies(known, job);
    json_t *needs = json_array();
    size_t count = pintle_envelope_get_signature_count(job->envelope);
    json_t *json;

    if (!job->options->json) {
        (void)printf("%s: %s %lld, %zu signature%s\n", cli_safe(path),
                     pintle_role_name(job->facts.role), (long long)job->facts.version, count,
                     count == 1 ? "" : "s");
        for (size_t i = 0; i < known_count; i++)
            print_tally(&known[i]);
        json_decref(needs);
        return CLI_OK;
    }
    for (size_t i = 0; i < known_count; i++)
        needs = json_build_item(needs, tally_json(&known[i]));
    json = json_build_member(envelope_json(&job->facts), true, "file", cli_json_text(path));
    json = json_build_member(json, true, "needs", needs);
    return cli_print_json(
        "sign", json_build_member(json, true, "signatures", json_integer((json_int_t)count)));
}

static void note_stranger(const char *source, const struct pintle_root *own)
{
    if (own->version == 1)
        cli_note("warning: %s: root 1 does not name this key: its signature counts for nothing",
                 cli_safe(source));
    else
        cli_note("warning: %s: root %lld does not name this key: its signature counts only if root "
                 "%lld does, which --root FILE would tell",
                 cli_safe(source), (long long)own->version, (long long)own->version - 1);
}

/* Without --root nobody refuses a key that is not named. */
static void note_strangers(const struct job *job, const struct signers *signers)
{
    if (job->own == NULL)
        cli_note("whether these signatures count, --root FILE would tell");
    for (size_t i = 0; job->own != NULL && i < signers->count; i++)
        if (!signers_may_sign(job->own, PINTLE_ROLE_ROOT, signers->keys[i]))
            note_stranger(job->options->signers.keys.items[i], job->own);
}

static enum cli_exit sign_envelope(struct job *job)
{
    const struct signer_options *options = &job->options->signers;
    const char *out = job->options->out != NULL ? job->options->out : job->path;
    struct signer_roots roots = {job->root, job->root == NULL ? NULL : job->own};
    struct signers signers = {0};
    enum cli_exit code;

    announce(job);
    cli_die_by_signals();
    code = signers_load(&signers, options);
    cli_catch_signals();
    if (code == CLI_OK)
        code = signers_sign(&signers, options, job->envelope, &roots, job->facts.role);
    if (code == CLI_OK && roots.root == NULL)
        note_strangers(job, &signers);
    if (code == CLI_OK)
        code = envelope_save(job->envelope, out);
    if (code == CLI_OK)
        code = print(job, out);
    signers_clear(&signers);
    return code;
}

static enum cli_exit check(const struct sign_options *options, const char *path)
{
    if (options->signers.keys.count == 0)
        opt_mistake("sign", "option --key is needed");
    else if (strcmp(path, "-") == 0 && options->out == NULL)
        opt_mistake("sign", "option --out is needed for what comes from standard input");
    else
        return CLI_OK;
    return CLI_USAGE;
}

static enum cli_exit read_envelope(struct job *job)
{
    bool wrapped = false;
    enum cli_exit code = read_file(&job->envelope, &wrapped, job->path);

    if (code == CLI_OK && wrapped && job->options->out == NULL) {
        opt_mistake("sign", "option --out is needed: %s is a document, which stays as it is",
                    cli_safe(job->path));
        return CLI_USAGE;
    }
    if (code == CLI_OK)
        code = envelope_describe(&job->facts, job->envelope, job->path);
    return code == CLI_OK ? check_payload(job) : code;
}

static enum cli_exit run(struct job *job)
{
    enum cli_exit code = check(job->options, job->path);

    if (code == CLI_OK)
        code = read_envelope(job);
    if (code == CLI_OK && job->options->root != NULL)
        code = envelope_load_root(&job->root_envelope, &job->root, job->options->root);
    if (code == CLI_OK)
        code = check_role(job);
    if (code == CLI_OK)
        code = sign_envelope(job);
    pintle_envelope_free(job->envelope);
    pintle_envelope_free(job->root_envelope);
    free(job->own);
    free(job->root);
    return code;
}

enum cli_exit cmd_sign(int argc, char **argv)
{
    struct sign_options options = {0};
    struct opt_list operands = {0};
    struct job job = {.options = &options};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("sign", opts_sign, &options, argc, argv, &operands)) {
        job.path = operands.items[0];
        code = run(&job);
    }
    opt_clear(opts_sign, &options, &operands);
    return code;
}
