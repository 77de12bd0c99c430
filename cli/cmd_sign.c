/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "envelope_file.h"
#include "json_build.h"
#include "os/file.h"
#include "signers.h"

struct sign_options {
    struct signer_options signers;
    const char *root;
    const char *out;
    bool json;
};

const struct opt_spec opts_sign[] = {
    SIGNER_OPTIONS(struct sign_options, signers),
    {.name = "root",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "sign only with keys that this root names for the role",
     .offset = offsetof(struct sign_options, root)},
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
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
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

/* --- signing ------------------------------------------------------------------------------------ */

static void announce(const struct envelope_facts *facts)
{
    char expires[PINTLE_TIME_TEXT_SIZE];

    cli_note("signing %s %lld of epoch %lld for app %s, good until %s",
             pintle_role_name(facts->role), (long long)facts->version, (long long)facts->epoch,
             cli_safe(facts->app), pintle_time_format(facts->expires, expires));
    cli_note("SHA-256 of what is signed: %s", facts->digest);
}

static enum cli_exit print(const struct sign_options *options, const struct envelope_facts *facts,
                           const struct pintle_envelope *envelope, const char *path)
{
    size_t count = pintle_envelope_get_signature_count(envelope);
    json_t *json;

    if (!options->json) {
        (void)printf("%s: %s %lld, %zu signature%s\n", cli_safe(path),
                     pintle_role_name(facts->role), (long long)facts->version, count,
                     count == 1 ? "" : "s");
        return CLI_OK;
    }
    json = json_build_member(envelope_json(facts), true, "file", cli_json_text(path));
    return cli_print_json(
        "sign", json_build_member(json, true, "signatures", json_integer((json_int_t)count)));
}

static enum cli_exit sign_envelope(const struct sign_options *options,
                                   struct pintle_envelope *envelope, const struct pintle_root *root,
                                   const char *path)
{
    const char *out = options->out != NULL ? options->out : path;
    struct envelope_facts facts;
    struct signers signers = {0};
    enum cli_exit code = envelope_describe(&facts, envelope, path);

    if (code != CLI_OK)
        return code;
    announce(&facts);
    cli_die_by_signals();
    code = signers_load(&signers, &options->signers);
    cli_catch_signals();
    if (code == CLI_OK)
        code = signers_sign(&signers, &options->signers, envelope, root, facts.role);
    if (code == CLI_OK)
        code = envelope_save(envelope, out);
    if (code == CLI_OK)
        code = print(options, &facts, envelope, out);
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

static enum cli_exit run(const struct sign_options *options, const char *path)
{
    struct pintle_envelope *envelope = NULL, *root_envelope = NULL;
    struct pintle_root *root = NULL;
    bool wrapped = false;
    enum cli_exit code = check(options, path);

    if (code == CLI_OK)
        code = read_file(&envelope, &wrapped, path);
    if (code == CLI_OK && wrapped && options->out == NULL) {
        opt_mistake("sign", "option --out is needed: %s is a document, which stays as it is",
                    cli_safe(path));
        code = CLI_USAGE;
    }
    if (code == CLI_OK && options->root != NULL)
        code = envelope_load_root(&root_envelope, &root, options->root);
    if (code == CLI_OK)
        code = sign_envelope(options, envelope, root, path);
    pintle_envelope_free(envelope);
    pintle_envelope_free(root_envelope);
    free(root);
    return code;
}

enum cli_exit cmd_sign(int argc, char **argv)
{
    struct sign_options options = {0};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("sign", opts_sign, &options, argc, argv, &operands))
        code = run(&options, operands.items[0]);
    opt_clear(opts_sign, &options, &operands);
    return code;
}
