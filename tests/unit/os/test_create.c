/* SPDX-License-Identifier: Apache-2.0 */
/* Files that must not be there before: never overwritten, not even in the last moment. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/file.h"
#include "unit/os/folder.h"

static struct os_output *begin(const char *path, mode_t mode)
{
    struct os_output *output = NULL;
    struct pintle_error err;

    if (os_output_create(&output, path, mode, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(os_output_write(output, "new", 3, &err), PINTLE_OK);
    return output;
}

static void assert_refused(const char *path, const char *words)
{
    struct os_output *output = NULL;
    struct pintle_error err;

    assert_int_equal(os_output_create(&output, path, 0600, &err), PINTLE_E_IO);
    assert_int_equal(err.status, PINTLE_E_IO);
    assert_non_null(strstr(err.text, words));
    assert_null(output);
}

static void assert_commit_fails(struct os_output *output, const char *words)
{
    struct pintle_error err;

    assert_int_equal(os_output_commit(output, &err), PINTLE_E_IO);
    assert_non_null(strstr(err.text, words));
}

static void a_new_file_is_created_with_its_mode(void **state)
{
    const struct folder *folder = *state;
    struct os_output *output = begin(folder_path(folder, "file"), 0600);
    struct stat st;

    assert_int_equal(os_output_commit(output, NULL), PINTLE_OK);
    folder_assert_text(folder, "file", "new");
    assert_int_equal(stat(folder_path(folder, "file"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(folder_count(folder), 1);
}

static void until_commit_there_is_no_such_name(void **state)
{
    const struct folder *folder = *state;
    struct os_output *output = begin(folder_path(folder, "file"), 0600);

    assert_int_equal(access(folder_path(folder, "file"), F_OK), -1);
    os_output_discard(output);
    assert_int_equal(folder_count(folder), 0);
}

static void what_is_there_is_refused(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "old");
    assert_refused(folder_path(folder, "file"), "file: File exists");
    folder_assert_text(folder, "file", "old");
    assert_int_equal(mkdir(folder_path(folder, "folder"), 0700), 0);
    assert_refused(folder_path(folder, "folder"), "folder: File exists");
    assert_int_equal(mkfifo(folder_path(folder, "pipe"), 0600), 0);
    assert_refused(folder_path(folder, "pipe"), "pipe: File exists");
    assert_int_equal(symlink("nowhere", folder_path(folder, "link")), 0);
    assert_refused(folder_path(folder, "link"), "link: File exists");
    assert_int_equal(folder_count(folder), 4);
}

static void what_came_meanwhile_stays_and_the_commit_fails(void **state)
{
    const struct folder *folder = *state;
    struct os_output *output = begin(folder_path(folder, "file"), 0600);

    folder_put(folder, "file", "quicker");
    assert_commit_fails(output, "file: File exists");
    folder_assert_text(folder, "file", "quicker");
    assert_int_equal(folder_count(folder), 1);
}

static void a_link_that_came_meanwhile_is_not_followed(void **state)
{
    const struct folder *folder = *state;
    struct os_output *output = begin(folder_path(folder, "file"), 0600);

    assert_int_equal(symlink("target", folder_path(folder, "file")), 0);
    assert_commit_fails(output, "file: File exists");
    assert_int_equal(access(folder_path(folder, "target"), F_OK), -1);
    assert_int_equal(folder_count(folder), 1);
}

static void remove_temporary(const struct folder *folder)
{
    DIR *dir = opendir(folder->path);
    struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        if (strncmp(entry->d_name, ".pintle-", 8) == 0)
            assert_int_equal(unlink(folder_path(folder, entry->d_name)), 0);
    assert_int_equal(closedir(dir), 0);
    assert_int_equal(folder_count(folder), 0);
}

static void a_failed_rename_gives_the_name_back(void **state)
{
    const struct folder *folder = *state;
    struct os_output *output;
    struct pintle_error err;

    /* Nothing to rename: somebody took the temporary file away. */
    output = begin(folder_path(folder, "file"), 0600);
    remove_temporary(folder);
    assert_int_equal(os_output_commit(output, &err), PINTLE_E_IO);
    assert_non_null(strstr(err.text, "file: No such file"));
    assert_int_equal(folder_count(folder), 0);
}

static void a_missing_folder_is_refused(void **state)
{
    const struct folder *folder = *state;

    assert_refused(folder_path(folder, "nowhere/file"), "nowhere/file: No such file");
    folder_put(folder, "file", "");
    assert_refused(folder_path(folder, "file/file"), "file/file: Not a directory");
    assert_refused("", "No such file");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_file_is_created_with_its_mode),
        TEST(until_commit_there_is_no_such_name),
        TEST(what_is_there_is_refused),
        TEST(what_came_meanwhile_stays_and_the_commit_fails),
        TEST(a_link_that_came_meanwhile_is_not_followed),
        TEST(a_failed_rename_gives_the_name_back),
        TEST(a_missing_folder_is_refused),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
