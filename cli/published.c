/* SPDX-License-Identifier: Apache-2.0 */
#include "published.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pintle/openssl.h>

#include "envelope_file.h"
#include "os/file.h"
#include "os/update_pass.h"
#include "published_lock.h"
#include "published_place.h"
#include "published_unpin.h"

#define PATH_SIZE 4096
#define PASS_MS 60000

static void make_path(char out[PATH_SIZE], const char *dir, const char *name)
{
    (void)snprintf(out, PATH_SIZE, "%s/%s", dir, name);
}

/* --- reading -------------------------------------------------------------------------------------- */

static enum cli_exit take_root(struct pintle_trusted **trusted, const char *path, int64_t now)
{
    struct pintle_trusted_options options = {.crypto = pintle_openssl_crypto(),
                                             .loader = pintle_pinset_loader()};
    struct pintle_error err = {0};
    enum pintle_status status;
    char *text = NULL;
    size_t len = 0;

    if (os_read_file(&text, &len, path, PINTLE_ENVELOPE_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return CLI_INPUT;
    }
    if (*trusted == NULL)
        status = pintle_trusted_new(trusted, (struct pintle_view){(const uint8_t *)text, len},
                                    &options, &err);
    else
        status = pintle_trusted_apply(*trusted, PINTLE_ROLE_ROOT,
                                      (struct pintle_view){(const uint8_t *)text, len}, now, &err);
    free(text);
    return status == PINTLE_OK ? CLI_OK : cli_fail(path, &err);
}

static enum cli_exit pass(struct pintle_trusted *trusted, const char *dir, int64_t now)
{
    struct pintle__update_source source = {0};
    struct pintle__update_pass pass = {.source = &source,
                                       .crypto = pintle_openssl_crypto(),
                                       .end_ms = pintle__http_now_ms() + PASS_MS,
                                       .now = now,
                                       .ignore_unpin = true, /* see below */
                                       .stale_ok = true};
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;

    if (pintle__update_source_init(&source, dir, &err) != PINTLE_OK ||
        pintle__update_pass(trusted, &pass, &err) != PINTLE_OK) {
        cli_error("%s", err.text); /* begins with the source */
        code = err.status == PINTLE_E_NOMEM ? CLI_INTERNAL : CLI_INPUT;
    }
    pintle__update_source_clear(&source);
    return code;
}

static enum cli_exit open_all(struct pintle_trusted **out, const char *dir, const char *anchor,
                              const struct opt_list *roots, int64_t now)
{
    char first[PATH_SIZE];
    enum cli_exit code = CLI_OK;

    make_path(first, dir, "root/1.json");
    code = published_check_whole(dir);
    if (code == CLI_OK && (anchor != NULL || published_has(dir, "root/1.json")))
        code = take_root(out, anchor != NULL ? anchor : first, now);
    if (code == CLI_OK && published_has(dir, "latest.json")) {
        code = pass(*out, dir, now);
        if (code == CLI_OK)
            code = published_unpin_read(*out, dir, now);
    }
    for (size_t i = 0; code == CLI_OK && i < roots->count; i++)
        code = take_root(out, roots->items[i], now);
    if (code == CLI_OK && *out == NULL) {
        cli_error("%s has no root yet: give the first one with --root", cli_safe(dir));
        code = CLI_INPUT;
    }
    return code;
}

enum cli_exit published_open(struct pintle_trusted **out, const char *dir, const char *anchor,
                             const struct opt_list *roots, int64_t now)
{
    enum cli_exit code;

    *out = NULL;
    if (strlen(dir) + 128 > PATH_SIZE) {
        cli_error("the name of the directory is too long");
        return CLI_INPUT;
    }
    code = open_all(out, dir, anchor, roots, now);
    if (code != CLI_OK) {
        pintle_trusted_free(*out);
        *out = NULL;
    }
    return code;
}

/* --- writing -------------------------------------------------------------------------------------- */

static enum cli_exit make_folder(const char *path)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return CLI_OK;
    cli_error("%s: %s", cli_safe(path), strerror(errno));
    return CLI_INPUT;
}

static bool same_payload(const struct pintle_envelope *a, const struct pintle_envelope *b)
{
    struct pintle_view x = pintle_envelope_get_payload(a);
    struct pintle_view y = pintle_envelope_get_payload(b);

    return x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
}

static bool has_signature(const struct pintle_envelope *envelope,
                          const struct pintle_signature *signature)
{
    for (size_t i = 0; i < pintle_envelope_get_signature_count(envelope); i++) {
        const struct pintle_signature *own = pintle_envelope_get_signature(envelope, i);

        if (strcmp(own->key_id, signature->key_id) == 0 &&
            memcmp(own->bytes, signature->bytes, sizeof(own->bytes)) == 0)
            return true;
    }
    return false;
}

/* Sign with what another signed with too; *added if that changed anything. */
static enum cli_exit add_signatures(struct pintle_envelope *to, const struct pintle_envelope *from,
                                    const char *path, bool *added)
{
    for (size_t i = 0; i < pintle_envelope_get_signature_count(from); i++) {
        const struct pintle_signature *signature = pintle_envelope_get_signature(from, i);
        struct pintle_error err = {0};

        if (has_signature(to, signature))
            continue;
        if (pintle_envelope_add_signature(to, signature, &err) != PINTLE_OK)
            return cli_fail(path, &err);
        *added = true;
    }
    return CLI_OK;
}

/*
 * It is there already: never replaced by another. Of the same, all signatures are kept: those of the
 * new root's keys for clients that read it from now on, and the old ones for those that are reading.
 */
static enum cli_exit merge(const char *path, const struct pintle_envelope *envelope)
{
    struct pintle_envelope *old = NULL;
    enum cli_exit code = envelope_load(&old, path);
    bool added = false;

    if (code == CLI_OK && !same_payload(old, envelope)) {
        cli_error("%s: holds something else already, and clients may have read it", cli_safe(path));
        code = CLI_INPUT;
    }
    if (code == CLI_OK)
        code = add_signatures(old, envelope, path, &added);
    if (code == CLI_OK && added)
        code = envelope_save(old, path);
    pintle_envelope_free(old);
    return code;
}

static enum cli_exit put(const char *dir, enum pintle_role role, const char *name,
                         const struct pintle_envelope *envelope)
{
    char path[PATH_SIZE];
    enum cli_exit code;

    make_path(path, dir, pintle_role_name(role));
    code = make_folder(path);
    if (code != CLI_OK)
        return code;
    (void)snprintf(path, sizeof(path), "%s/%s/%s.json", dir, pintle_role_name(role), name);
    return access(path, F_OK) == 0 ? merge(path, envelope) : envelope_save(envelope, path);
}

static enum cli_exit put_roots(const char *dir, const struct pintle_trusted *trusted)
{
    const struct pintle_envelope *envelope;
    enum cli_exit code = CLI_OK;

    for (size_t i = 0;
         code == CLI_OK &&
         (envelope = pintle_trusted_get_envelope(trusted, PINTLE_ROLE_ROOT, i)) != NULL;
         i++) {
        struct envelope_facts facts;
        char name[24];

        code = envelope_describe(&facts, envelope, "root");
        (void)snprintf(name, sizeof(name), "%lld", (long long)facts.version);
        if (code == CLI_OK)
            code = put(dir, PINTLE_ROLE_ROOT, name, envelope);
    }
    return code;
}

static enum cli_exit put_role(const char *dir, const struct pintle_trusted *trusted,
                              enum pintle_role role, json_t *latest)
{
    const struct pintle_envelope *envelope = pintle_trusted_get_envelope(trusted, role, 0);
    char digest[2 * PINTLE_DIGEST_LEN + 1];
    enum cli_exit code;

    if (envelope == NULL)
        return CLI_OK;
    code = envelope_digest(digest, pintle_envelope_get_payload(envelope));
    if (code == CLI_OK)
        code = put(dir, role, digest, envelope);
    if (code == CLI_OK &&
        json_object_set_new(latest, pintle_role_name(role), json_string(digest)) != 0)
        cli_no_memory();
    return code;
}

static enum cli_exit put_latest(const char *dir, const json_t *latest)
{
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;
    char path[PATH_SIZE];
    char *text = cli_json_dump(latest, JSON_COMPACT);

    if (text == NULL)
        cli_no_memory();
    make_path(path, dir, "latest.json");
    if (os_write_file(path, text, strlen(text), 0644, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(err.status);
    }
    free(text);
    return code;
}

static enum cli_exit put_all(const char *dir, const struct pintle_trusted *trusted,
                             const struct pintle_trusted_pins *pins)
{
    const struct pintle_root *root = pintle_trusted_get_root(trusted);
    enum cli_exit code = CLI_OK;
    json_t *latest;

    latest = json_pack("{s:i, s:s, s:I, s:I, s:I}", "pintle_latest", 1, "app", root->app, "root",
                       (json_int_t)root->version, "epoch", (json_int_t)pins->facts.epoch, "version",
                       (json_int_t)pins->facts.version);
    if (latest == NULL)
        cli_no_memory();
    code = put_roots(dir, trusted);
    for (int role = PINTLE_ROLE_PINS; code == CLI_OK && role < PINTLE_ROLES; role++)
        code = put_role(dir, trusted, (enum pintle_role)role, latest);
    if (code == CLI_OK)
        code = put_latest(dir, latest);
    json_decref(latest);
    return code;
}

static enum cli_exit begin(const char *dir, bool first)
{
    struct pintle_error err = {0};
    char path[PATH_SIZE];

    make_path(path, dir, PUBLISHED_UNFINISHED);
    if (!first) {
        (void)unlink(path); /* of a publisher that ended behind its last step */
        return CLI_OK;
    }
    if (os_write_file(path, "", 0, 0644, &err) == PINTLE_OK)
        return CLI_OK;
    cli_error("%s", err.text);
    return cli_exit_for(err.status);
}

static void end(const char *dir)
{
    char path[PATH_SIZE];

    make_path(path, dir, PUBLISHED_UNFINISHED);
    (void)unlink(path);
}

/* There was no directory to lock when this publisher looked. */
static enum cli_exit lock_new(int *fd, const char *dir)
{
    enum cli_exit code = published_lock(fd, dir);

    if (code != CLI_OK || !published_has(dir, "latest.json"))
        return code;
    cli_error("%s: another publisher was quicker: run this again", cli_safe(dir));
    return CLI_INPUT;
}

enum cli_exit published_write(const char *dir, const struct pintle_trusted *trusted, int lock)
{
    struct pintle_trusted_pins pins;
    enum cli_exit code;
    bool first;
    int own = -1;

    if (!pintle_trusted_get_pins(trusted, &pins)) {
        cli_error("there are no pins to publish yet");
        return CLI_INPUT;
    }
    code = make_folder(dir);
    if (code == CLI_OK && lock < 0)
        code = lock_new(&own, dir);
    first = !published_has(dir, "latest.json");
    if (code == CLI_OK && first)
        code = published_check_strangers(dir);
    if (code == CLI_OK)
        code = begin(dir, first);
    if (code == CLI_OK)
        code = put_all(dir, trusted, &pins);
    if (code == CLI_OK)
        end(dir);
    published_unlock(own);
    return code;
}
