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
        enum pintle_status status = pintle_root_parse(&parsed, pintle_envelope_get_payload(root),
                                                      pintle_openssl_crypto(), NULL);
        if (status == PINTLE_E_NOMEM)
            cli_no_memory();
        believed = status == PINTLE_OK && is_signed_by(parsed, role, envelope);
        free(parsed);
    }
    return believed;
}

/* What cannot be read may be what clients have; what is too long or no envelope, they have not. */
static enum cli_exit read_one(struct pintle_envelope **out, const char *path)
{
    struct pintle_error err = {0};
    enum pintle_status status;
    char *text = NULL;
    size_t len = 0;

    status = os_read_file(&text, &len, path, PINTLE_ENVELOPE_MAX_LEN, &err);
    if (status == PINTLE_E_IO) {
        cli_error("%s", err.text);
        return CLI_INPUT;
    }
    if (status == PINTLE_OK)
        status = pintle_envelope_parse(out, text, len, NULL);
    free(text);
    if (status == PINTLE_E_NOMEM)
        cli_no_memory();
    return CLI_OK;
}

/* Can a client of this app have believed it? */
static bool is_wanted(const struct pintle_trusted *trusted, enum pintle_role role,
                      const struct pintle_envelope *envelope, struct envelope_facts *facts)
{
    return envelope != NULL && envelope_read_facts(facts, envelope) && facts->role == role &&
           strcmp(facts->app, pintle_trusted_get_root(trusted)->app) == 0 &&
           was_believed(trusted, role, envelope);
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
        code = read_one(&envelope, path);
        if (code == CLI_OK && is_wanted(trusted, role, envelope, &facts))
            code = take(to, envelope, &facts);
        pintle_envelope_free(envelope);
    }
    (void)closedir(folder);
    return code;
}
