/* SPDX-License-Identifier: Apache-2.0 */
#include "envelope_file.h"

#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "document_kind.h"
#include "json_build.h"
#include "os/file.h"

/* --- files -------------------------------------------------------------------------------------- */

enum cli_exit envelope_load(struct pintle_envelope **out, const char *path)
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
    if (pintle_envelope_parse(out, text, len, &err) != PINTLE_OK)
        code = document_fail(path, text, len, "an envelope", &err);
    free(text);
    return code;
}

enum cli_exit envelope_save(const struct pintle_envelope *envelope, const char *path)
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    char *text = NULL;
    size_t len = 0;

    if (pintle_envelope_format(&text, &len, envelope, &err) != PINTLE_OK)
        return cli_fail(path, &err);
    if (os_write_file(path, text, len, 0644, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(err.status);
    }
    free(text);
    return code;
}

enum cli_exit envelope_create(const struct pintle_envelope *envelope, const char *path)
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    char *text = NULL;
    size_t len = 0;

    if (pintle_envelope_format(&text, &len, envelope, &err) != PINTLE_OK)
        return cli_fail(path, &err);
    if (os_create_file(path, text, len, 0644, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(err.status);
    }
    free(text);
    return code;
}

enum cli_exit envelope_load_root(struct pintle_envelope **envelope, struct pintle_root **root,
                                 const char *path)
{
    struct pintle_error err = {0};
    enum cli_exit code = envelope_load(envelope, path);
    enum pintle_role role;

    *root = NULL;
    if (code != CLI_OK)
        return code;
    if (!pintle_envelope_get_role(*envelope, &role) || role != PINTLE_ROLE_ROOT) {
        cli_error("%s: is no root", cli_safe(path));
        return CLI_INPUT;
    }
    if (pintle_root_parse(root, pintle_envelope_get_payload(*envelope), pintle_openssl_crypto(),
                          &err) != PINTLE_OK) {
        cli_error("%s: its payload is no root, damaged or made by hand: %s", cli_safe(path),
                  err.text);
        return cli_exit_for(err.status);
    }
    return CLI_OK;
}

/* --- what they say ------------------------------------------------------------------------------ */

enum cli_exit envelope_digest(char out[2 * PINTLE_DIGEST_LEN + 1], struct pintle_view payload)
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();
    uint8_t digest[PINTLE_DIGEST_LEN];

    if (!crypto->sha256(crypto->ctx, payload.data, payload.len, digest)) {
        cli_error("SHA-256 failed");
        return CLI_INTERNAL;
    }
    for (size_t i = 0; i < PINTLE_DIGEST_LEN; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return CLI_OK;
}

static bool read_time(int64_t *out, const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text != NULL && pintle_time_parse(out, text, strlen(text), NULL) == PINTLE_OK;
}

static bool read_members(struct envelope_facts *out, const json_t *json)
{
    const char *version = out->role == PINTLE_ROLE_UNPIN ? "serial" : "version";
    const json_t *epoch = json_object_get(json, "epoch");
    const char *app = json_string_value(json_object_get(json, "app"));

    if (app == NULL || strlen(app) >= sizeof(out->app))
        return false;
    memcpy(out->app, app, strlen(app) + 1);
    out->version = json_integer_value(json_object_get(json, version));
    out->epoch = epoch == NULL ? 1 : json_integer_value(epoch);
    return out->version > 0 && out->epoch > 0 && read_time(&out->issued, json, "issued") &&
           read_time(&out->expires, json, "expires");
}

bool envelope_read_facts(struct envelope_facts *out, const struct pintle_envelope *envelope)
{
    struct pintle_view payload = pintle_envelope_get_payload(envelope);
    json_t *json;
    bool done;

    memset(out, 0, sizeof(*out));
    if (!pintle_envelope_get_role(envelope, &out->role))
        return false;
    json = json_build_parse((const char *)payload.data, payload.len);
    done = json != NULL && read_members(out, json);
    json_decref(json);
    return done && envelope_digest(out->digest, payload) == CLI_OK;
}

enum cli_exit envelope_describe(struct envelope_facts *out, const struct pintle_envelope *envelope,
                                const char *name)
{
    if (envelope_read_facts(out, envelope))
        return CLI_OK;
    if (!pintle_envelope_get_role(envelope, &out->role))
        cli_error("%s: its payload type is none of ours: %s", cli_safe(name),
                  cli_safe(pintle_envelope_get_type(envelope)));
    else
        cli_error("%s: its payload is no %s document", cli_safe(name), pintle_role_name(out->role));
    return CLI_INPUT;
}

json_t *envelope_json(const struct envelope_facts *facts)
{
    char issued[PINTLE_TIME_TEXT_SIZE], expires[PINTLE_TIME_TEXT_SIZE];

    return json_pack("{s:s, s:o, s:I, s:I, s:s, s:s, s:s}", "role", pintle_role_name(facts->role),
                     "app", cli_json_text(facts->app),
                     facts->role == PINTLE_ROLE_UNPIN ? "serial" : "version",
                     (json_int_t)facts->version, "epoch", (json_int_t)facts->epoch, "issued",
                     pintle_time_format(facts->issued, issued), "expires",
                     pintle_time_format(facts->expires, expires), "digest", facts->digest);
}
