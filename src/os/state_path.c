/* SPDX-License-Identifier: Apache-2.0 */
/* Where the state is kept, and the directories above it. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/state_db.h"

static enum pintle_status out_of_memory(struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
    return PINTLE_E_NOMEM;
}

static char *join(const char *a, const char *b, const char *c)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *out = malloc(size);

    if (out != NULL)
        (void)snprintf(out, size, "%s%s%s", a, b, c);
    return out;
}

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* The XDG base directory specification: a path that is not absolute is to be ignored. */
static bool is_absolute(const char *path)
{
    return path != NULL && path[0] == '/';
}

enum pintle_status pintle__state_default_path(char **out, const char *app, struct pintle_error *err)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *between = "/pintle/";
    char *folder;

    *out = NULL;
    if (!is_absolute(base)) {
        base = getenv("HOME");
        between = "/.local/state/pintle/";
    }
    if (!is_absolute(base)) {
        pintle__error_set(err, PINTLE_E_STORAGE, "neither XDG_STATE_HOME nor HOME is set");
        return PINTLE_E_STORAGE;
    }
    folder = join(base, between, "");
    if (folder == NULL)
        return out_of_memory(err);
    *out = join(folder, app, ".db");
    if (*out != NULL) {
        char *name = *out + strlen(folder);

        for (char *c = name; *c != '\0'; c++) {
            if (!is_plain(*c))
                *c = '_';
        }
        if (name[0] == '.')
            name[0] = '_';
    }
    free(folder);
    return *out != NULL ? PINTLE_OK : out_of_memory(err);
}

char *pintle__state_beside(const char *path, const char *suffix)
{
    return join(path, suffix, "");
}

enum pintle_status pintle__state_error_system(struct pintle_error *err, const char *path, int code)
{
    if (err != NULL) {
        pintle__os_error(err, path, code);
        err->status = PINTLE_E_STORAGE;
    }
    return PINTLE_E_STORAGE;
}

/* Make the directories of `path` that are missing, each 0700. It is written to and mended. */
static bool make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        bool made;

        *slash = '\0';
        made = mkdir(path, 0700) == 0 || errno == EEXIST || access(path, X_OK) == 0;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

/* The directory by its real name, so that a link to it may change. */
static char *resolve_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash == NULL   ? strdup(".")
                      : slash == path ? strdup("/")
                                      : strndup(path, (size_t)(slash - path));
    char *real = directory != NULL ? realpath(directory, NULL) : NULL;
    int code = errno;
    char *out = NULL;

    if (real != NULL)
        out = join(real, strcmp(real, "/") == 0 ? "" : "/", slash == NULL ? path : slash + 1);
    free(directory);
    free(real);
    if (out == NULL)
        errno = real != NULL ? ENOMEM : code;
    return out;
}

static char *resolve(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(path, NULL)
                                                        : resolve_directory(path);
}

enum pintle_status pintle__state_resolve(char **out, const char *path, struct pintle_error *err)
{
    char *copy;

    *out = NULL;
    if (path[0] == '\0' || path[strlen(path) - 1] == '/')
        return pintle__state_error_system(err, path, path[0] == '\0' ? ENOENT : EISDIR);
    copy = strdup(path);
    if (copy == NULL)
        return out_of_memory(err);
    if (!make_directories(copy) || (*out = resolve(copy)) == NULL) {
        int code = errno;

        free(copy);
        return pintle__state_error_system(err, path, code);
    }
    free(copy);
    return PINTLE_OK;
}
