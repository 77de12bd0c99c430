/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/os/folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

int folder_set_up(void **state)
{
    const char *base = getenv("TMPDIR");
    struct folder *folder = calloc(1, sizeof(*folder));

    assert_non_null(folder);
    (void)snprintf(folder->path, sizeof(folder->path), "%s/pintle-test-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

const char *folder_path(const struct folder *folder, const char *name)
{
    static char paths[4][FOLDER_PATH_SIZE + 256];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder->path, name);
    return path;
}

/* Call `each` for every entry; returns how many there are. */
static size_t walk(const struct folder *folder, void (*each)(const char *path))
{
    DIR *dir = opendir(folder->path);
    const struct dirent *entry;
    size_t count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (each != NULL)
            each(folder_path(folder, entry->d_name));
    }
    (void)closedir(dir);
    return count;
}

static void remove_entry(const char *path)
{
    assert_int_equal(remove(path), 0);
}

int folder_tear_down(void **state)
{
    struct folder *folder = *state;

    (void)chmod(folder->path, 0700);
    (void)walk(folder, remove_entry);
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

size_t folder_count(const struct folder *folder)
{
    return walk(folder, NULL);
}

void folder_put(const struct folder *folder, const char *name, const char *text)
{
    FILE *file = fopen(folder_path(folder, name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

void folder_assert_text(const struct folder *folder, const char *name, const char *text)
{
    char got[256] = {0};
    FILE *file = fopen(folder_path(folder, name), "r");

    assert_non_null(file);
    assert_true(fread(got, 1, sizeof(got) - 1, file) < sizeof(got) - 1);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(got, text);
}
