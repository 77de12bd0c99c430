/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own for each test. */
#ifndef PINTLE_TESTS_UNIT_OS_FOLDER_H
#define PINTLE_TESTS_UNIT_OS_FOLDER_H

#include <stddef.h>

#define FOLDER_PATH_SIZE 512

struct folder {
    char path[FOLDER_PATH_SIZE];
};

/* Setup and teardown for cmocka: *state is a struct folder. */
int folder_set_up(void **state);
int folder_tear_down(void **state);

/* The path of a name in it; static buffers, four in turn. */
const char *folder_path(const struct folder *folder, const char *name);

/* Make a file with this text. */
void folder_put(const struct folder *folder, const char *name, const char *text);

/* Fails the test unless the file has this text. */
void folder_assert_text(const struct folder *folder, const char *name, const char *text);

/* How many entries it has: what a failed write left behind is one too many. */
size_t folder_count(const struct folder *folder);

#endif
