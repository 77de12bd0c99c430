/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/os/fault_vfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

static struct {
    enum fault fault;
    long at;
    long count;
    long seen;
} plan;

/* The real file lies behind ours. */
struct fault_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs fault_vfs;

void fault_vfs_set(enum fault fault, long at, long count)
{
    plan.fault = fault;
    plan.at = at;
    plan.count = count;
    plan.seen = 0;
}

long fault_vfs_count(void)
{
    return plan.seen;
}

static bool must_fail(void)
{
    plan.seen++;
    return plan.at > 0 && plan.seen >= plan.at && plan.seen - plan.at < plan.count;
}

static int code(int io)
{
    return plan.fault == FAULT_FULL ? SQLITE_FULL : io;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static int on_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int on_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, len, offset);
}

static int on_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);

    if (!must_fail())
        return real->pMethods->xWrite(real, data, len, offset);
    if (plan.fault == FAULT_TORN)
        (void)real->pMethods->xWrite(real, data, len / 2, offset);
    return code(SQLITE_IOERR_WRITE);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return must_fail() ? code(SQLITE_IOERR_TRUNCATE)
                       : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    return must_fail() ? code(SQLITE_IOERR_FSYNC)
                       : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int on_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int on_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int on_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int on_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_characteristics,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct fault_file *ours = (struct fault_file *)file;
    int rc;

    (void)vfs;
    ours->base.pMethods = NULL;
    ours->real = (sqlite3_file *)&ours[1];
    if ((flags & SQLITE_OPEN_MAIN_JOURNAL) != 0 && must_fail())
        return SQLITE_CANTOPEN;
    rc = real_vfs->xOpen(real_vfs, name, ours->real, flags, out);
    if (ours->real->pMethods != NULL)
        ours->base.pMethods = &methods;
    return rc;
}

void fault_vfs_install(void)
{
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    real_vfs = sqlite3_vfs_find(NULL);
    assert_non_null(real_vfs);
    fault_vfs = *real_vfs; /* all but what is opened is the real one's */
    fault_vfs.zName = "fault";
    fault_vfs.pNext = NULL;
    fault_vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
    fault_vfs.xOpen = on_open;
    assert_int_equal(sqlite3_vfs_register(&fault_vfs, 1), SQLITE_OK);
}
