/* SPDX-License-Identifier: Apache-2.0 */
/* Reading whole files within a limit. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/file.h"
#include "unit/os/folder.h"

/* Fails the test unless reading fails with this status and words. */
static void assert_unreadable(const char *path, size_t max_len, enum pintle_status status,
                              const char *words)
{
    struct pintle_error err;
    size_t len = 1;
    char *text;

    assert_int_equal(pintle__os_read_file(&text, &len, path, max_len, &err), status);
    assert_null(text);
    assert_int_equal(len, 0);
    assert_int_equal(err.status, status);
    assert_non_null(strstr(err.text, words));
}

static void assert_reads(const char *path, size_t max_len, const char *wanted)
{
    struct pintle_error err;
    size_t len;
    char *text;

    if (pintle__os_read_file(&text, &len, path, max_len, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(len, strlen(wanted));
    assert_string_equal(text, wanted); /* with the NUL behind it */
    free(text);
}

static void a_file_is_read_whole(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "twelve bytes");
    assert_reads(folder_path(folder, "file"), 4096, "twelve bytes");
}

static void an_empty_file_is_empty(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "");
    assert_reads(folder_path(folder, "file"), 4096, "");
    assert_reads(folder_path(folder, "file"), 0, "");
}

static void the_limit_is_the_last_length_that_is_read(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "twelve bytes");
    assert_reads(folder_path(folder, "file"), 12, "twelve bytes");
    assert_unreadable(folder_path(folder, "file"), 11, PINTLE_E_LIMIT, "larger than 11 bytes");
    assert_unreadable(folder_path(folder, "file"), 0, PINTLE_E_LIMIT, "larger than 0 bytes");
}

static void a_file_without_a_size_is_read_to_its_end(void **state)
{
    size_t len;
    char *text;

    (void)state;
    assert_int_equal(pintle__os_read_file(&text, &len, "/proc/self/status", 1 << 20, NULL),
                     PINTLE_OK);
    assert_true(len > 0);
    assert_int_equal(strncmp(text, "Name:", 5), 0);
    free(text);
    assert_unreadable("/proc/self/status", 10, PINTLE_E_LIMIT, "larger than 10 bytes");
}

static void a_file_without_an_end_is_too_large(void **state)
{
    (void)state;
    assert_unreadable("/dev/zero", 100000, PINTLE_E_LIMIT, "/dev/zero: larger than 100000 bytes");
}

static void a_file_far_too_large_is_not_even_given_room(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "sparse", "");
    assert_int_equal(truncate(folder_path(folder, "sparse"), (off_t)1 << 40), 0);
    assert_unreadable(folder_path(folder, "sparse"), 100, PINTLE_E_LIMIT, "larger than 100 bytes");
}

static void no_limit_is_so_large_that_it_wraps(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "twelve bytes");
    assert_reads(folder_path(folder, "file"), SIZE_MAX, "twelve bytes");
    assert_reads("/dev/null", SIZE_MAX, "");
}

static void what_is_missing_or_a_folder_says_so(void **state)
{
    const struct folder *folder = *state;

    assert_unreadable(folder_path(folder, "none"), 10, PINTLE_E_IO, "none: No such file");
    assert_unreadable(folder->path, 10, PINTLE_E_IO, "Is a directory");
    assert_unreadable("", 10, PINTLE_E_IO, "No such file");
    folder_put(folder, "file", "");
    assert_unreadable(folder_path(folder, "file/below"), 10, PINTLE_E_IO, "Not a directory");
}

static void a_long_path_leaves_room_for_the_reason(void **state)
{
    char path[1000];

    (void)state;
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_unreadable(path, 10, PINTLE_E_IO, "File name too long");
}

static void *write_to_pipe(void *ctx)
{
    FILE *pipe = fopen(ctx, "w");

    if (pipe != NULL) {
        for (int i = 0; i < 10000; i++)
            (void)fputs("0123456789", pipe);
        (void)fclose(pipe);
    }
    return NULL;
}

static void a_named_pipe_is_read_to_its_end(void **state)
{
    const struct folder *folder = *state;
    char path[FOLDER_PATH_SIZE];
    pthread_t writer;
    size_t len;
    char *text;

    (void)snprintf(path, sizeof(path), "%s", folder_path(folder, "fifo"));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_to_pipe, path), 0);
    assert_int_equal(pintle__os_read_file(&text, &len, path, 100000, NULL), PINTLE_OK);
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(len, 100000);
    assert_memory_equal(text + len - 10, "0123456789", 10);
    free(text);
}

static void a_dash_is_standard_input(void **state)
{
    struct pintle_error err;
    int ends[2], saved = dup(STDIN_FILENO);
    enum pintle_status small, whole;
    size_t len;
    char *text;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    (void)close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    whole = os_read_file(&text, &len, "-", 5, NULL);
    (void)close(STDIN_FILENO);
    small =
        pintle__os_read_fd(&(char *){NULL}, &(size_t){0}, STDIN_FILENO, "standard input", 5, &err);
    (void)dup2(saved, STDIN_FILENO);
    (void)close(saved);
    (void)close(ends[0]);
    assert_int_equal(whole, PINTLE_OK);
    assert_string_equal(text, "piped");
    free(text);
    assert_int_equal(small, PINTLE_E_IO);
    assert_string_equal(err.text, "standard input: Bad file descriptor");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_whole),
        TEST(an_empty_file_is_empty),
        TEST(the_limit_is_the_last_length_that_is_read),
        TEST(a_file_without_a_size_is_read_to_its_end),
        TEST(a_file_without_an_end_is_too_large),
        TEST(a_file_far_too_large_is_not_even_given_room),
        TEST(no_limit_is_so_large_that_it_wraps),
        TEST(what_is_missing_or_a_folder_says_so),
        TEST(a_long_path_leaves_room_for_the_reason),
        TEST(a_named_pipe_is_read_to_its_end),
        TEST(a_dash_is_standard_input),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
