/* SPDX-License-Identifier: Apache-2.0 */
/* Putting files in place: all, or nothing changed. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/file.h"
#include "unit/os/folder.h"

#define NOBODY 65534

static void assert_writes(const char *path, const char *text)
{
    struct pintle_error err;

    if (os_write_file(path, text, strlen(text), 0644, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
}

static void assert_unwritable(const char *path, const char *words)
{
    struct pintle_error err;

    assert_int_equal(os_write_file(path, "new", 3, 0644, &err), PINTLE_E_IO);
    assert_int_equal(err.status, PINTLE_E_IO);
    assert_non_null(strstr(err.text, words));
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode;
}

static void a_new_file_is_written(void **state)
{
    const struct folder *folder = *state;

    assert_writes(folder_path(folder, "file"), "new");
    folder_assert_text(folder, "file", "new");
    assert_int_equal(folder_count(folder), 1);
}

static void an_old_file_is_replaced(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "old and longer");
    assert_writes(folder_path(folder, "file"), "new");
    folder_assert_text(folder, "file", "new");
    assert_int_equal(folder_count(folder), 1);
}

static void an_empty_file_can_be_written(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "old");
    assert_writes(folder_path(folder, "file"), "");
    folder_assert_text(folder, "file", "");
}

static void until_commit_the_old_file_is_there(void **state)
{
    const struct folder *folder = *state;
    struct os_output *output;

    folder_put(folder, "file", "old");
    assert_int_equal(os_output_open(&output, folder_path(folder, "file"), 0644, NULL), PINTLE_OK);
    assert_int_equal(os_output_write(output, "ne", 2, NULL), PINTLE_OK);
    folder_assert_text(folder, "file", "old");
    assert_int_equal(os_output_write(output, "w", 1, NULL), PINTLE_OK);
    assert_int_equal(os_output_commit(output, NULL), PINTLE_OK);
    folder_assert_text(folder, "file", "new");
    assert_int_equal(folder_count(folder), 1);
}

static void what_is_discarded_leaves_nothing(void **state)
{
    const struct folder *folder = *state;
    struct os_output *output;

    assert_int_equal(os_output_open(&output, folder_path(folder, "file"), 0644, NULL), PINTLE_OK);
    assert_int_equal(os_output_write(output, "new", 3, NULL), PINTLE_OK);
    assert_int_equal(folder_count(folder), 1);
    os_output_discard(output);
    assert_int_equal(folder_count(folder), 0);
    os_output_discard(NULL);
}

static void permissions_are_those_asked_for_but_for_the_umask(void **state)
{
    const struct folder *folder = *state;
    mode_t old = umask(022);

    assert_int_equal(os_write_file(folder_path(folder, "key"), "", 0, 0600, NULL), PINTLE_OK);
    assert_int_equal(os_write_file(folder_path(folder, "open"), "", 0, 0666, NULL), PINTLE_OK);
    (void)umask(077);
    assert_int_equal(os_write_file(folder_path(folder, "closed"), "", 0, 0666, NULL), PINTLE_OK);
    (void)umask(old);
    assert_int_equal(mode_of(folder_path(folder, "key")) & 07777, 0600);
    assert_int_equal(mode_of(folder_path(folder, "open")) & 07777, 0644);
    assert_int_equal(mode_of(folder_path(folder, "closed")) & 07777, 0600);
}

static void a_replaced_file_never_becomes_readable_for_more(void **state)
{
    const struct folder *folder = *state;
    mode_t old = umask(022);

    folder_put(folder, "private", "");
    folder_put(folder, "public", "");
    assert_int_equal(chmod(folder_path(folder, "private"), 0600), 0);
    assert_int_equal(chmod(folder_path(folder, "public"), 0644), 0);
    assert_int_equal(os_write_file(folder_path(folder, "private"), "", 0, 0644, NULL), PINTLE_OK);
    assert_int_equal(os_write_file(folder_path(folder, "public"), "", 0, 0600, NULL), PINTLE_OK);
    (void)umask(old);
    assert_int_equal(mode_of(folder_path(folder, "private")) & 07777, 0600);
    assert_int_equal(mode_of(folder_path(folder, "public")) & 07777, 0600);
}

static void a_symbolic_link_stays_and_leads_to_the_new_file(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "old");
    assert_int_equal(symlink("file", folder_path(folder, "link")), 0);
    assert_writes(folder_path(folder, "link"), "new");
    folder_assert_text(folder, "file", "new");
    assert_true(S_ISLNK(mode_of(folder_path(folder, "link"))));
    assert_true(S_ISREG(mode_of(folder_path(folder, "file"))));
    assert_int_equal(folder_count(folder), 2);
}

static void a_link_to_nowhere_or_to_a_folder_is_refused(void **state)
{
    const struct folder *folder = *state;

    assert_int_equal(symlink("none", folder_path(folder, "nowhere")), 0);
    assert_int_equal(symlink(".", folder_path(folder, "folder")), 0);
    assert_unwritable(folder_path(folder, "nowhere"), "No such file");
    assert_unwritable(folder_path(folder, "folder"), "Is a directory");
    assert_int_equal(folder_count(folder), 2);
}

static void a_folder_is_never_replaced(void **state)
{
    const struct folder *folder = *state;

    assert_unwritable(folder->path, "Is a directory");
    assert_unwritable(folder_path(folder, ""), "Is a directory");
    assert_unwritable("", "No such file");
    assert_unwritable(folder_path(folder, "none/file"), "No such file");
    assert_int_equal(folder_count(folder), 0);
}

static void a_failed_rename_leaves_nothing(void **state)
{
    const struct folder *folder = *state;
    struct pintle_error err;
    struct os_output *output;

    assert_int_equal(os_output_open(&output, folder_path(folder, "name"), 0644, NULL), PINTLE_OK);
    assert_int_equal(mkdir(folder_path(folder, "name"), 0700), 0);
    assert_int_equal(os_output_commit(output, &err), PINTLE_E_IO);
    assert_int_equal(err.status, PINTLE_E_IO);
    assert_int_equal(folder_count(folder), 1);
}

/* Nothing above this size can be written, as on a full disk. */
static void limit_file_size(rlim_t size, struct rlimit *old)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, old), 0);
    limit = *old;
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_leaves_the_old_file_and_nothing_else(void **state)
{
    const struct folder *folder = *state;
    void (*old_handler)(int) = signal(SIGXFSZ, SIG_IGN);
    static const char big[100000];
    struct pintle_error err;
    struct rlimit old;
    enum pintle_status status;

    folder_put(folder, "file", "old");
    limit_file_size(8192, &old);
    status = os_write_file(folder_path(folder, "file"), big, sizeof(big), 0644, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, old_handler);
    assert_int_equal(status, PINTLE_E_IO);
    assert_non_null(strstr(err.text, "file: File too large"));
    folder_assert_text(folder, "file", "old");
    assert_int_equal(folder_count(folder), 1);
}

/* A pipe stands for all that is no regular file: a mistake here must not cost the machine its
 * /dev/null. */
static void a_pipe_is_written_to_and_not_replaced(void **state)
{
    const struct folder *folder = *state;
    char got[8] = {0};
    int reader;

    assert_int_equal(mkfifo(folder_path(folder, "pipe"), 0600), 0);
    reader = open(folder_path(folder, "pipe"), O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_writes(folder_path(folder, "pipe"), "through");
    assert_int_equal(read(reader, got, sizeof(got)), 7);
    assert_string_equal(got, "through");
    (void)close(reader);
    assert_true(S_ISFIFO(mode_of(folder_path(folder, "pipe"))));
    assert_int_equal(folder_count(folder), 1);
}

static void what_may_not_be_written_stays(void **state)
{
    const struct folder *folder = *state;
    bool root = geteuid() == 0;

    folder_put(folder, "file", "old");
    assert_int_equal(chmod(folder_path(folder, "file"), 0444), 0);
    assert_int_equal(chmod(folder->path, 0777), 0);
    if (root)
        assert_int_equal(seteuid(NOBODY), 0);
    assert_unwritable(folder_path(folder, "file"), "Permission denied");
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(folder->path, 0555), 0);
    if (root)
        assert_int_equal(seteuid(NOBODY), 0);
    assert_unwritable(folder_path(folder, "other"), "Permission denied");
    if (root)
        assert_int_equal(seteuid(0), 0);
    folder_assert_text(folder, "file", "old");
    assert_int_equal(folder_count(folder), 1);
}

static void left_overs_of_killed_programs_are_stepped_over(void **state)
{
    const struct folder *folder = *state;
    char name[64];

    for (int i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), ".pintle-%ld-%d.tmp", (long)getpid(), i);
        folder_put(folder, name, "left over");
    }
    assert_writes(folder_path(folder, "file"), "new");
    folder_assert_text(folder, "file", "new");
    folder_assert_text(folder, name, "left over");
    assert_int_equal(folder_count(folder), 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_file_is_written),
        TEST(an_old_file_is_replaced),
        TEST(an_empty_file_can_be_written),
        TEST(until_commit_the_old_file_is_there),
        TEST(what_is_discarded_leaves_nothing),
        TEST(permissions_are_those_asked_for_but_for_the_umask),
        TEST(a_replaced_file_never_becomes_readable_for_more),
        TEST(a_symbolic_link_stays_and_leads_to_the_new_file),
        TEST(a_link_to_nowhere_or_to_a_folder_is_refused),
        TEST(a_folder_is_never_replaced),
        TEST(a_failed_rename_leaves_nothing),
        TEST(a_full_disk_leaves_the_old_file_and_nothing_else),
        TEST(a_pipe_is_written_to_and_not_replaced),
        TEST(what_may_not_be_written_stays),
        TEST(left_overs_of_killed_programs_are_stepped_over),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
