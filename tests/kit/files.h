/* SPDX-License-Identifier: Apache-2.0 */
/* Files that tests read. */
#ifndef PINTLE_TESTS_KIT_FILES_H
#define PINTLE_TESTS_KIT_FILES_H

#include <pintle/status.h>

/*
 * Read tests/<path> whole, with a NUL behind it. free() it. A file that cannot be read ends the
 * program: no test can go on without it.
 */
uint8_t *test_file_read(const char *path, size_t *len);

#endif
