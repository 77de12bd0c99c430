/* SPDX-License-Identifier: Apache-2.0 */
#include "published_place.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "os/update_latest.h"

#define PATH_SIZE 4096
#define KEY_MAX_LEN ((size_t)65536)
#define LIST_SIZE 256

static void make_path(char out[PATH_SIZE], const char *dir, const char *name)
{
    (void)snprintf(out, PATH_SIZE, "%s/%s", dir, name);
}

bool published_has(const char *dir, const char *name)
{
    char path[PATH_SIZE];

    make_path(path, dir, name);
    return access(path, F_OK) == 0;
}

enum cli_exit published_must_exist(const char *dir)
{
    if (access(dir, F_OK) == 0)
        return CLI_OK;
    cli_error("%s: %s", cli_safe(dir), strerror(errno));
    return CLI_INPUT;
}

/* --- half a directory ----------------------------------------------------------------------------- */

static bool is_our_pointer(const char *dir)
{
    struct pintle__latest latest;
    char path[PATH_SIZE];
    char *text = NULL;
    size_t len = 0;
    bool ours;

    make_path(path, dir, "latest.json");
    ours = os_read_file(&text, &len, path, PINTLE__LATEST_MAX_LEN, NULL) == PINTLE_OK &&
           pintle__latest_parse(&latest, text, len, NULL) == PINTLE_OK;
    free(text);
    return ours;
}

enum cli_exit published_check_whole(const char *dir)
{
    bool pins = published_has(dir, "pins");
    bool root = published_has(dir, "root/1.json");
    bool latest = published_has(dir, "latest.json");

    if (!root && !pins && latest && !is_our_pointer(dir))
        cli_error("%s: its latest.json is none of pintle's: publish into another directory",
                  cli_safe(dir));
    else if (!root && (latest || pins))
        cli_error("%s: has %s, but no root/1.json: bring it back, or begin with an empty directory",
                  cli_safe(dir), pins ? "pins" : "a latest.json");
    else if (!latest && pins && !published_has(dir, PUBLISHED_UNFINISHED))
        cli_error(
            "%s: has pins, but no latest.json: bring it back, or begin with an empty directory",
            cli_safe(dir));
    else
        return CLI_OK;
    return CLI_INPUT;
}

/* --- what is not ours ----------------------------------------------------------------------------- */

static bool is_ours(const char *name)
{
    static const char *const names[] = {"root",        "pins", "fresh", "unpin",
                                        "latest.json", ".",    "..",    PUBLISHED_UNFINISHED};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_private_key(const char *path)
{
    struct pintle_error err = {0};
    struct stat info;
    char *text = NULL;
    size_t len = 0;
    bool found;

    /* Whoever reads a pipe waits for it. */
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    if (os_read_file(&text, &len, path, KEY_MAX_LEN, &err) == PINTLE_E_NOMEM)
        cli_no_memory();
    found = text != NULL && strstr(text, "PRIVATE KEY-----") != NULL;
    free(text);
    return found;
}

/* Names as far as there is room. */
static void append(char list[LIST_SIZE], const char *name)
{
    size_t len = strlen(list);

    if (len + strlen(name) + 8 < LIST_SIZE)
        (void)snprintf(list + len, LIST_SIZE - len, "%s%s", len > 0 ? ", " : "", name);
    else if (len + 5 < LIST_SIZE && strcmp(list + len - 3, "...") != 0)
        (void)snprintf(list + len, LIST_SIZE - len, ", ...");
}

static enum cli_exit look(DIR *folder, const char *dir)
{
    char strangers[LIST_SIZE] = "";
    char path[PATH_SIZE];
    const struct dirent *entry;

    /* cppcheck-suppress readdirCalled ; POSIX.1-2024: safe for streams of one's own */
    while ((entry = readdir(folder)) != NULL) {
        if (is_ours(entry->d_name))
            continue;
        make_path(path, dir, entry->d_name);
        if (is_private_key(path)) {
            cli_error("%s: is a private key, and all of this directory is handed out: publish into "
                      "one of its own",
                      cli_safe(path));
            return CLI_INPUT;
        }
        append(strangers, entry->d_name);
    }
    if (strangers[0] != '\0')
        cli_note("%s: has more in it than what is published, and all of it is handed out: %s",
                 cli_safe(dir), cli_safe(strangers));
    return CLI_OK;
}

enum cli_exit published_check_strangers(const char *dir)
{
    DIR *folder = opendir(dir);
    enum cli_exit code;

    if (folder == NULL && errno == ENOENT)
        return CLI_OK;
    if (folder == NULL) {
        cli_error("%s: %s", cli_safe(dir), strerror(errno));
        return CLI_INPUT;
    }
    code = look(folder, dir);
    (void)closedir(folder);
    return code;
}
