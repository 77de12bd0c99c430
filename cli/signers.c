/* SPDX-License-Identifier: Apache-2.0 */
#include "signers.h"

#include <stdlib.h>
#include <string.h>

#include "key_file.h"
#include "passphrase.h"

/* --- loading ------------------------------------------------------------------------------------ */

/* Most often it is the public half that was named. */
static enum cli_exit fail_to_load(const char *source, const struct pintle_error *err)
{
    if (err->status != PINTLE_E_PEM)
        return cli_fail(source, err);
    if (key_file_holds(source, "PUBLIC KEY-----") && !key_file_holds(source, "PRIVATE KEY-----"))
        cli_error("%s: is the public half of a key: the private one signs", cli_safe(source));
    else
        cli_error("%s: no private key in PEM", cli_safe(source));
    return cli_exit_for(err->status);
}

static enum cli_exit load(struct pintle_signing_key **out, const char *source,
                          const char *passphrase)
{
    struct pintle_error err = {0};

    if (pintle_signing_key_load(out, source, passphrase, &err) == PINTLE_OK)
        return CLI_OK;
    return fail_to_load(source, &err);
}

static enum cli_exit load_asking(struct pintle_signing_key **out, const char *source)
{
    struct passphrase passphrase;
    struct pintle_error err = {0};
    enum pintle_status status = pintle_signing_key_load(out, source, NULL, &err);
    enum cli_exit code;

    if (status == PINTLE_OK)
        return CLI_OK;
    if (status != PINTLE_E_PASSPHRASE)
        return fail_to_load(source, &err);
    code = passphrase_ask(&passphrase, source, false);
    if (code == CLI_OK)
        code = load(out, source, passphrase.text);
    passphrase_clear(&passphrase);
    return code;
}

enum cli_exit signers_load_one(struct pintle_signing_key **out, const char *source,
                               const char *passphrase_file)
{
    struct passphrase passphrase;
    enum cli_exit code;

    *out = NULL;
    if (passphrase_file == NULL)
        return load_asking(out, source);
    code = passphrase_read(&passphrase, passphrase_file);
    if (code == CLI_OK)
        code = load(out, source, passphrase.text);
    passphrase_clear(&passphrase);
    return code;
}

/* The passphrase file is read once: it may be standard input. */
static enum cli_exit load_all(struct signers *out, const struct signer_options *options,
                              const char *passphrase)
{
    enum cli_exit code = CLI_OK;

    for (; code == CLI_OK && out->count < options->keys.count; out->count++) {
        const char *source = options->keys.items[out->count];
        struct pintle_signing_key **key = &out->keys[out->count];

        code = passphrase != NULL ? load(key, source, passphrase) : load_asking(key, source);
    }
    return code;
}

enum cli_exit signers_load(struct signers *out, const struct signer_options *options)
{
    struct passphrase passphrase = {.text = ""};
    const char *file = options->passphrase_file;
    enum cli_exit code = CLI_OK;

    out->count = 0;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the keys are opaque, so these are pointers */
    out->keys = calloc(options->keys.count + 1, sizeof(*out->keys));
    if (out->keys == NULL)
        cli_no_memory();
    if (file != NULL)
        code = passphrase_read(&passphrase, file);
    if (code == CLI_OK)
        code = load_all(out, options, file != NULL ? passphrase.text : NULL);
    passphrase_clear(&passphrase);
    return code;
}

void signers_clear(struct signers *signers)
{
    for (size_t i = 0; i < signers->count; i++)
        pintle_signing_key_free(signers->keys[i]);
    free(signers->keys);
    signers->keys = NULL;
    signers->count = 0;
}

/* --- signing ------------------------------------------------------------------------------------ */

bool signers_may_sign(const struct pintle_root *root, enum pintle_role role,
                      const struct pintle_signing_key *key)
{
    const struct pintle_root_role *names = &root->roles[role];

    for (uint32_t i = 0; i < names->key_count; i++) {
        const struct pintle_root_key *named = &root->keys[names->keys[i]];
        if (named->usable && memcmp(named->public_key, pintle_signing_key_get_public(key),
                                    sizeof(named->public_key)) == 0)
            return true;
    }
    return false;
}

static enum cli_exit refuse(const char *source, const struct signer_roots *roots,
                            enum pintle_role role)
{
    if (roots->next != NULL && roots->next->version != roots->root->version)
        cli_error("%s: neither root %lld nor root %lld names this key for role %s",
                  cli_safe(source), (long long)roots->root->version,
                  (long long)roots->next->version, pintle_role_name(role));
    else
        cli_error("%s: root %lld does not name this key for role %s", cli_safe(source),
                  (long long)roots->root->version, pintle_role_name(role));
    return CLI_INPUT;
}

static enum cli_exit check(const struct signers *signers, const struct signer_options *options,
                           const struct signer_roots *roots, enum pintle_role role)
{
    for (size_t i = 0; roots->root != NULL && i < signers->count; i++) {
        const struct pintle_signing_key *key = signers->keys[i];
        if (!signers_may_sign(roots->root, role, key) &&
            (roots->next == NULL || !signers_may_sign(roots->next, role, key)))
            return refuse(options->keys.items[i], roots, role);
    }
    return CLI_OK;
}

enum cli_exit signers_sign(const struct signers *signers, const struct signer_options *options,
                           struct pintle_envelope *envelope, const struct signer_roots *roots,
                           enum pintle_role role)
{
    enum cli_exit code = check(signers, options, roots, role);
    struct pintle_error err = {0};

    for (size_t i = 0; code == CLI_OK && i < signers->count; i++) {
        if (pintle_envelope_sign(envelope, signers->keys[i], &err) != PINTLE_OK)
            code = cli_fail(options->keys.items[i], &err);
    }
    return code;
}
