/* SPDX-License-Identifier: Apache-2.0 */
#include "published_each.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "os/file.h"

#define PATH_SIZE 4096
#define NAME_LEN ((size_t)2 * PINTLE_DIGEST_LEN)

static bool is_signed_by(const struct pintle_root *root, enum pintle_role role,
                         const struct pintle_envelope *envelope)
{
    const struct pintle_root_role *names = &root->roles[role];

    return names->key_count > 0 &&
           pintle_root_count_signers(root, role, envelope, pintle_openssl_crypto(), NULL) >=
               names->threshold;
}

static bool was_believed(const struct pintle_trusted *trusted, enum pintle_role role,
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
        believed = is_signed_by(parsed, role, envelope);
        free(parsed);
    }
    return believed;
}

/* True for what a client of this app can have believed. */
static bool read_one(struct pintle_envelope **out, struct envelope_facts *facts,
                     const struct pintle_trusted *trusted, enum pintle_role role, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    bool good;

    if (os_read_file(&text, &len, path, PINTLE_ENVELOPE_MAX_LEN, NULL) != PINTLE_OK)
        return false;
    good = pintle_envelope_parse(out, text, len, NULL) == PINTLE_OK &&
           envelope_read_facts(facts, *out) && facts->role == role &&
           strcmp(facts->app, pintle_trusted_get_root(trusted)->app) == 0 &&
           was_believed(trusted, role, *out);
    free(text);
    return good;
}

static bool is_envelope_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == NAME_LEN && strcmp(name + NAME_LEN, ".json") == 0;
}

enum cli_exit published_each(const struct pintle_trusted *trusted, const char *dir,
                             enum pintle_role role, published_take *take, void *to)
{
    char path[PATH_SIZE];
    const struct dirent *entry;
    enum cli_exit code = CLI_OK;
    DIR *folder;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, pintle_role_name(role));
    folder = opendir(path);
    if (folder == NULL && errno == ENOENT)
        return CLI_OK;
    if (folder == NULL) {
        cli_error("%s: %s", cli_safe(path), strerror(errno));
        return CLI_INPUT;
    }
    /* cppcheck-suppress readdirCalled ; POSIX.1-2024: safe for streams of one's own */
    while (code == CLI_OK && (entry = readdir(folder)) != NULL) {
        struct pintle_envelope *envelope = NULL;
        struct envelope_facts facts;

        if (!is_envelope_name(entry->d_name))
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s/%s", dir, pintle_role_name(role), entry->d_name);
        if (read_one(&envelope, &facts, trusted, role, path))
            code = take(to, envelope, &facts);
        pintle_envelope_free(envelope);
    }
    (void)closedir(folder);
    return code;
}
