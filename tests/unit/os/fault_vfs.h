/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system for SQLite over the real one, in which a write, sync, truncation or open that was
 * chosen fails.
 */
#ifndef PINTLE_TESTS_UNIT_OS_FAULT_VFS_H
#define PINTLE_TESTS_UNIT_OS_FAULT_VFS_H

#include <stdbool.h>

enum fault {
    FAULT_FULL = 0, /* SQLITE_FULL, nothing is written */
    FAULT_TORN,     /* half of it is written, then SQLITE_IOERR */
    FAULT_IO        /* SQLITE_IOERR */
};

/* Make it SQLite's default. */
void fault_vfs_install(void);

/* From operation `at` on (counted from 1; 0: none), `count` of them fail. */
void fault_vfs_set(enum fault fault, long at, long count);

/* Operations since then. */
long fault_vfs_count(void);

#endif
