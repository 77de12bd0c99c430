/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: a new database, a whole one, or one that is damaged and moved aside. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "os/state_db.h"

/* Other processes may be moving and beginning it as well. */
#define CONNECT_TRIES 8

#define WAIT_MS 10

/* No write takes so long. */
#define LEFT_OVER_S ((time_t)24 * 3600)

static void wait_a_little(void)
{
    const struct timespec delay = {0, WAIT_MS * 1000000L};

    (void)nanosleep(&delay, NULL);
}

/*
 * SQLite would make it readable for all. The file comes into place closed: closing a descriptor of
 * it later would end the locks of our other threads. File systems without links have no modes.
 */
static void make_file(const char *path)
{
    char *temporary;
    struct stat st;
    int fd;

    if (lstat(path, &st) == 0)
        return;
    temporary = pintle__state_beside(path, ".XXXXXX");
    if (temporary == NULL)
        return;
    fd = mkstemp(temporary);
    if (fd >= 0) {
        (void)close(fd);
        (void)link(temporary, path);
        (void)unlink(temporary);
    }
    free(temporary);
}

/* From now on a missing database is a lost one. */
static void note_use(const char *path)
{
    char *name = pintle__state_beside(path, ".lock");
    int fd =
        name == NULL ? -1 : open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);

    if (fd >= 0)
        (void)close(fd);
    free(name);
}

/* A process that was killed while it wrote PATH.last left this behind (os/file.h). */
static bool is_left_over(int dir, const char *name)
{
    size_t len = strlen(name);
    struct stat st;

    return len > 12 && strncmp(name, ".pintle-", 8) == 0 && strcmp(name + len - 4, ".tmp") == 0 &&
           fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           st.st_mtime < time(NULL) - LEFT_OVER_S;
}

static void remove_left_overs(const char *path)
{
    char *directory = strndup(path, (size_t)(strrchr(path, '/') - path + 1));
    DIR *dir = directory == NULL ? NULL : opendir(directory);
    const struct dirent *entry;

    /* cppcheck-suppress readdirCalled ; nobody else has this stream */
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (is_left_over(dirfd(dir), entry->d_name))
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL)
        (void)closedir(dir);
    free(directory);
}

/* --- moving it aside -------------------------------------------------------------------------------- */

/*
 * Nobody may be in it meanwhile, or his journal would end beside the next one. The lock is
 * SQLite's own, though none of its statements could take it now.
 */
static int lock_file(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);

    if (rc != SQLITE_OK || file == NULL || file->pMethods == NULL)
        return SQLITE_CANTOPEN;
    rc = SQLITE_BUSY;
    for (int i = 0; i < PINTLE__STATE_BUSY_MS / WAIT_MS; i++) {
        rc = file->pMethods->xLock(file, SQLITE_LOCK_SHARED);
        if (rc == SQLITE_OK)
            rc = file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE);
        if (rc != SQLITE_BUSY)
            break;
        (void)file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
        wait_a_little();
    }
    return rc;
}

static bool rename_beside(const char *path, const char *damaged, const char *suffix)
{
    char *from = pintle__state_beside(path, suffix);
    char *to = pintle__state_beside(damaged, suffix);
    int code = ENOMEM;

    if (from != NULL && to != NULL) {
        code = rename(from, to) == 0 ? 0 : errno;
        if (code == ENOENT) { /* what is there is of an earlier one */
            (void)unlink(to);
            code = 0;
        }
    }
    free(from);
    free(to);
    errno = code;
    return code == 0;
}

static void sync_directory(const char *path)
{
    char *directory = strndup(path, (size_t)(strrchr(path, '/') - path + 1));
    int fd = directory == NULL ? -1 : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(directory);
}

/* The journal goes first: it must not be found beside the next database. */
static enum pintle_status move_files(const char *path, struct pintle_error *err)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm", ""};
    char *damaged = pintle__state_beside(path, ".damaged");
    enum pintle_status status = PINTLE_OK;

    if (damaged == NULL)
        return pintle__state_error_system(err, path, ENOMEM);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && status == PINTLE_OK; i++) {
        if (!rename_beside(path, damaged, suffixes[i]))
            status = pintle__state_error_system(err, path, errno);
    }
    free(damaged);
    sync_directory(path);
    return status;
}

static enum pintle_status move_aside(struct pintle__state *state, struct pintle_error *err)
{
    int rc = lock_file(state->db);

    if (rc != SQLITE_OK)
        return pintle__state_error(state, rc, err);
    if (pintle__db_has_moved(state->db)) /* somebody else did it */
        return PINTLE_OK;
    return move_files(state->path, err);
}

/* --- connecting -------------------------------------------------------------------------------------- */

/* Why a file cannot be opened, which SQLite does not say; 0 if that does not show. Nothing is opened:
 * to close it again would end the locks of our other threads. */
static int find_reason(const char *path)
{
    char *directory;
    int code = 0;

    if (faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0)
        return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 ? 0 : errno;
    directory = strndup(path, (size_t)(strrchr(path, '/') - path + 1));
    if (directory == NULL || faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0)
        code = directory == NULL ? ENOMEM : errno;
    free(directory);
    return code;
}

static enum pintle_status open_file(struct pintle__state *state, struct pintle_error *err)
{
    int code = 0;
    int rc;

    make_file(state->path);
    rc = pintle__db_open(&state->db, state->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if ((rc & 0xff) == SQLITE_CANTOPEN)
        code = find_reason(state->path);
    if (code != 0) {
        pintle__error_set(err, PINTLE_E_STORAGE, "%.80s: %s: %s", state->path, sqlite3_errstr(rc),
                          strerror(code));
        return PINTLE_E_STORAGE;
    }
    return rc == SQLITE_OK ? PINTLE_OK : pintle__state_error(state, rc, err);
}

/* Each connection says it anew; it also ends a write-ahead log. On a read-only disk it may not. */
static enum pintle_status set_journal(struct pintle__state *state, struct pintle_error *err)
{
    int rc = pintle__query_run(state->db, "PRAGMA synchronous = FULL");

    if (rc != SQLITE_OK)
        return pintle__state_error(state, rc, err);
    (void)pintle__query_run(state->db,
                            "PRAGMA journal_mode = TRUNCATE; PRAGMA max_page_count = 32768");
    return PINTLE_OK;
}

/* In one transaction, or what others write meanwhile would look like damage. */
static enum pintle__db_condition examine(sqlite3 *db, int *rc)
{
    enum pintle__db_condition condition;

    *rc = pintle__query_run(db, "BEGIN");
    if (*rc != SQLITE_OK)
        return PINTLE__DB_FAILED;
    condition = pintle__db_examine(db, rc);
    (void)pintle__query_run(db, "ROLLBACK");
    return condition;
}

/* Look, and do what is to be done. *done: it can be used. */
static enum pintle_status settle(struct pintle__state *state, bool *done, bool *recovered,
                                 struct pintle_error *err)
{
    bool lost = false;
    enum pintle_status status = PINTLE_OK;
    int rc = SQLITE_OK;

    switch (examine(state->db, &rc)) {
    case PINTLE__DB_WHOLE:
        status = set_journal(state, err);
        *done = status == PINTLE_OK && !pintle__db_has_moved(state->db);
        break;
    case PINTLE__DB_EMPTY:
        status = set_journal(state, err);
        if (status == PINTLE_OK)
            status = pintle__state_create(state, &lost, err);
        break;
    case PINTLE__DB_DAMAGED:
        status = move_aside(state, err);
        break;
    case PINTLE__DB_FOREIGN:
        pintle__error_set(err, PINTLE_E_STORAGE,
                          "%.80s: is another program's database, or a newer pintle's", state->path);
        return PINTLE_E_STORAGE;
    case PINTLE__DB_FAILED:
        return pintle__state_error(state, rc, err);
    }
    *recovered = *recovered || lost;
    return status;
}

enum pintle_status pintle__state_connect(struct pintle__state *state, bool *recovered,
                                         struct pintle_error *err)
{
    for (int i = 0; i < CONNECT_TRIES; i++) {
        enum pintle_status status;
        bool done = false;

        pintle__db_close(&state->db);
        state->whole_at = -1;
        status = open_file(state, err);
        if (status == PINTLE_OK) {
            state->suspect = false;
            status = settle(state, &done, recovered, err);
        }
        if (status != PINTLE_OK) {
            pintle__db_close(&state->db);
            return status;
        }
        if (done) {
            pintle__state_put_damaged_away(state->path); /* of somebody who was killed */
            note_use(state->path);
            return PINTLE_OK;
        }
    }
    pintle__db_close(&state->db);
    pintle__error_set(err, PINTLE_E_STORAGE, "%.80s: is damaged again and again", state->path);
    return PINTLE_E_STORAGE;
}

enum pintle_status pintle__state_open(struct pintle__state **out, const char *path, bool *recovered,
                                      struct pintle_error *err)
{
    struct pintle__state *state = calloc(1, sizeof(*state));
    enum pintle_status status;
    bool was_recovered = false;

    *out = NULL;
    if (state == NULL || pthread_mutex_init(&state->mutex, NULL) != 0) {
        free(state);
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    state->lock_fd = -1;
    state->pid = getpid();
    pintle__state_set_memory(state);
    status = pintle__state_resolve(&state->path, path, err);
    if (status == PINTLE_OK)
        status = pintle__state_connect(state, &was_recovered, err);
    if (status != PINTLE_OK) {
        pintle__state_close(state);
        return status;
    }
    remove_left_overs(state->path);
    if (recovered != NULL)
        *recovered = was_recovered;
    *out = state;
    return PINTLE_OK;
}

void pintle__state_close(struct pintle__state *state)
{
    if (state == NULL)
        return;
    if (state->pid == getpid()) {
        pintle__state_unlock(state);
        pintle__db_close(&state->db);
        (void)pthread_mutex_destroy(&state->mutex);
    } else if (state->lock_fd >= 0) {
        /* A child has no business with its parent's connection and right to update, and the mutex
         * may be held by a thread that is not here. */
        (void)close(state->lock_fd);
    }
    free(state->path);
    free(state);
}
