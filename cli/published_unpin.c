/* SPDX-License-Identifier: Apache-2.0 */
#include "published_unpin.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "envelope_file.h"
#include "os/file.h"
#include "os/update_latest.h"

#define PATH_SIZE 4096
#define NAME_LEN ((size_t)2 * PINTLE_DIGEST_LEN)

/* --- the one that is named ------------------------------------------------------------------------ */

static enum cli_exit read_latest(struct pintle__latest *out, const char *dir)
{
    struct pintle_error err = {0};
    char path[PATH_SIZE];
    enum cli_exit code = CLI_OK;
    char *text = NULL;
    size_t len = 0;

    (void)snprintf(path, sizeof(path), "%s/latest.json", dir);
    if (os_read_file(&text, &len, path, PINTLE__LATEST_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (pintle__latest_parse(out, text, len, &err) != PINTLE_OK)
        code = cli_fail(path, &err);
    free(text);
    return code;
}

/* One that is over is no longer handed out. */
static enum cli_exit take(struct pintle_trusted *trusted, const char *path, int64_t now)
{
    struct pintle_envelope *envelope = NULL;
    struct pintle_error err = {0};
    struct envelope_facts facts;
    enum pintle_status status;
    enum cli_exit code = envelope_load(&envelope, path);
    char *text = NULL;
    size_t len = 0;

    if (code == CLI_OK)
        code = envelope_describe(&facts, envelope, path);
    if (code != CLI_OK)
        goto out;
    status = pintle_envelope_format(&text, &len, envelope, &err);
    if (status == PINTLE_OK)
        status = pintle_trusted_apply(trusted, PINTLE_ROLE_UNPIN,
                                      (struct pintle_view){(const uint8_t *)text, len},
                                      now != 0 ? now : facts.issued, &err);
    if (status != PINTLE_OK && status != PINTLE_E_EXPIRED)
        code = cli_fail(path, &err);
out:
    free(text);
    pintle_envelope_free(envelope);
    return code;
}

/* --- all of them ---------------------------------------------------------------------------------- */

static bool is_signed_by(const struct pintle_root *root, const struct pintle_envelope *envelope)
{
    const struct pintle_root_role *role = &root->roles[PINTLE_ROLE_UNPIN];

    return role->key_count > 0 &&
           pintle_root_count_signers(root, PINTLE_ROLE_UNPIN, envelope, pintle_openssl_crypto(),
                                     NULL) >= role->threshold;
}

/* By any root so far: what its clients believed then, they remember. */
static bool was_believed(const struct pintle_trusted *trusted,
                         const struct pintle_envelope *envelope)
{
    const struct pintle_envelope *root;
    bool believed = false;

    for (size_t i = 0;
         !believed && (root = pintle_trusted_get_envelope(trusted, PINTLE_ROLE_ROOT, i)) != NULL;
         i++) {
        struct pintle_root *parsed = NULL;
        if (pintle_root_parse(&parsed, pintle_envelope_get_payload(root), pintle_openssl_crypto(),
                              NULL) != PINTLE_OK)
            continue;
        believed = is_signed_by(parsed, envelope);
        free(parsed);
    }
    return believed;
}

/* 0 for what no client of this app and epoch can have believed. */
static int64_t serial_of(const struct pintle_trusted *trusted, const char *path)
{
    const struct pintle_root *root = pintle_trusted_get_root(trusted);
    struct pintle_envelope *envelope = NULL;
    struct envelope_facts facts;
    int64_t serial = 0;
    char *text = NULL;
    size_t len = 0;

    if (os_read_file(&text, &len, path, PINTLE_ENVELOPE_MAX_LEN, NULL) != PINTLE_OK)
        return 0;
    if (pintle_envelope_parse(&envelope, text, len, NULL) == PINTLE_OK &&
        envelope_read_facts(&facts, envelope) && facts.role == PINTLE_ROLE_UNPIN &&
        facts.epoch == root->epoch && strcmp(facts.app, root->app) == 0 &&
        was_believed(trusted, envelope))
        serial = facts.version;
    pintle_envelope_free(envelope);
    free(text);
    return serial;
}

static bool is_envelope_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == NAME_LEN && strcmp(name + NAME_LEN, ".json") == 0;
}

static enum cli_exit raise_serial(struct pintle_trusted *trusted, const char *dir)
{
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    char path[PATH_SIZE];
    const struct dirent *entry;
    DIR *folder;

    (void)snprintf(path, sizeof(path), "%s/unpin", dir);
    folder = opendir(path);
    if (folder == NULL && errno == ENOENT)
        return CLI_OK;
    if (folder == NULL) {
        cli_error("%s: %s", cli_safe(path), strerror(errno));
        return CLI_INPUT;
    }
    /* cppcheck-suppress readdirCalled ; POSIX.1-2024: safe for streams of one's own */
    while ((entry = readdir(folder)) != NULL) {
        int64_t serial;
        if (!is_envelope_name(entry->d_name))
            continue;
        (void)snprintf(path, sizeof(path), "%s/unpin/%s", dir, entry->d_name);
        serial = serial_of(trusted, path);
        marks.unpin = serial > marks.unpin ? serial : marks.unpin;
    }
    (void)closedir(folder);
    pintle_trusted_raise_marks(trusted, &marks);
    return CLI_OK;
}

enum cli_exit published_unpin_read(struct pintle_trusted *trusted, const char *dir, int64_t now)
{
    struct pintle__latest latest = {0};
    char path[PATH_SIZE];
    enum cli_exit code = read_latest(&latest, dir);

    if (code == CLI_OK && latest.unpin[0] != '\0') {
        (void)snprintf(path, sizeof(path), "%s/unpin/%s.json", dir, latest.unpin);
        code = take(trusted, path, now);
    }
    return code == CLI_OK ? raise_serial(trusted, dir) : code;
}
