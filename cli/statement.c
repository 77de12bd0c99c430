/* SPDX-License-Identifier: Apache-2.0 */
#include "statement.h"

#include <stdlib.h>
#include <string.h>

enum cli_exit statement_wrap(struct pintle_envelope **out, enum pintle_role role, json_t *json)
{
    char *text = json == NULL ? NULL : cli_json_dump(json, JSON_INDENT(2));
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;

    *out = NULL;
    json_decref(json);
    if (text == NULL)
        cli_no_memory();
    if (pintle_envelope_new(out, role, (struct pintle_view){(const uint8_t *)text, strlen(text)},
                            &err) != PINTLE_OK)
        code = cli_fail(pintle_role_name(role), &err);
    free(text);
    return code;
}

enum cli_exit statement_sign(struct pintle_envelope *envelope, enum pintle_role role,
                             const struct signers *signers, const struct pintle_trusted *trusted)
{
    const struct pintle_root *root = pintle_trusted_get_root(trusted);
    struct pintle_error err = {0};
    size_t count = 0;

    for (size_t i = 0; i < signers->count; i++) {
        if (!signers_may_sign(root, role, signers->keys[i]))
            continue;
        if (pintle_envelope_sign(envelope, signers->keys[i], &err) != PINTLE_OK)
            return cli_fail(pintle_role_name(role), &err);
        count++;
    }
    if (count > 0)
        return CLI_OK;
    cli_error("none of the keys given is one that root %lld names for role %s",
              (long long)root->version, pintle_role_name(role));
    return CLI_INPUT;
}

enum cli_exit statement_apply(struct pintle_trusted *trusted, enum pintle_role role,
                              const struct pintle_envelope *envelope, int64_t now, const char *what)
{
    struct pintle_error err = {0};
    enum pintle_status status;
    char *text = NULL;
    size_t len = 0;

    if (pintle_envelope_format(&text, &len, envelope, &err) != PINTLE_OK)
        return cli_fail(what, &err);
    status = pintle_trusted_apply(trusted, role, (struct pintle_view){(const uint8_t *)text, len},
                                  now, &err);
    free(text);
    if (status == PINTLE_OK)
        return CLI_OK;
    if (status == PINTLE_E_SIGNATURES)
        cli_note("--stage FILE writes it for others to sign (pintle sign), --signed FILE publishes "
                 "it then");
    return cli_fail(what, &err);
}
