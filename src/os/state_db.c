/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to the database, and its transactions. */
#include "os/state_db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/http.h"

/* More than a seed, so that damage does not make us ask for a gigabyte. */
#define VALUE_MAX_LEN ((int)(2 * PINTLE_SEED_MAX_LEN))

/* Times that the file may be moved away under our hands before we give up. */
#define MOVED_TRIES 5

static bool is_hasty(const struct pintle__state *state)
{
    return pintle__http_now_ms() < state->hasty_until_ms;
}

enum pintle_status pintle__state_error(struct pintle__state *state, int rc,
                                       struct pintle_error *err)
{
    enum pintle_status status = (rc & 0xff) == SQLITE_NOMEM ? PINTLE_E_NOMEM : PINTLE_E_STORAGE;

    if (pintle__is_damage(rc))
        state->suspect = true;
    if ((rc & 0xff) == SQLITE_BUSY && !is_hasty(state))
        state->hasty_until_ms = pintle__http_now_ms() + PINTLE__STATE_BUSY_MS;
    if (status == PINTLE_E_NOMEM)
        pintle__error_set(err, status, "out of memory");
    else
        pintle__error_set(err, status, "%.80s: %s", state->path, sqlite3_errstr(rc));
    return status;
}

enum pintle_status pintle__state_error_row(struct pintle__state *state, struct pintle_error *err)
{
    return pintle__state_error(state, SQLITE_CORRUPT, err);
}

/*
 * A database from elsewhere may hold a schema that was made to do harm: no triggers, no views, no
 * functions behind its tables.
 */
static int harden(sqlite3 *db)
{
    int rc = SQLITE_OK;

    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_MAX_LEN);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    rc = sqlite3_busy_timeout(db, PINTLE__STATE_BUSY_MS);
    /* mmap: a file that somebody cuts short would kill us with SIGBUS */
    if (rc == SQLITE_OK)
        rc = pintle__query_run(db, "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;"
                                   "PRAGMA temp_store = MEMORY");
    /* one that is damaged is found to be so later, and then moved aside */
    return pintle__is_damage(rc) ? SQLITE_OK : rc;
}

int pintle__db_open(sqlite3 **out, const char *path, int flags)
{
    int rc = sqlite3_open_v2(path, out, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK)
        rc = harden(*out);
    if (rc != SQLITE_OK)
        pintle__db_close(out);
    return rc;
}

void pintle__db_close(sqlite3 **db)
{
    (void)sqlite3_close(*db);
    *db = NULL;
}

bool pintle__db_has_moved(sqlite3 *db)
{
    int moved = 0;

    return sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved != 0;
}

/* Has it to be opened anew? What is moved away keeps its contents for those who have it open. */
static bool is_outdated(const struct pintle__state *state)
{
    return state->db == NULL || state->suspect || pintle__db_has_moved(state->db);
}

static enum pintle_status begin_here(struct pintle__state *state, bool write,
                                     struct pintle_error *err)
{
    int rc = sqlite3_busy_timeout(state->db, is_hasty(state) ? PINTLE__STATE_BUSY_AGAIN_MS
                                                             : PINTLE__STATE_BUSY_MS);

    if (rc == SQLITE_OK)
        rc = pintle__query_run(state->db, write ? "BEGIN IMMEDIATE" : "BEGIN");
    return rc == SQLITE_OK ? PINTLE_OK : pintle__state_error(state, rc, err);
}

/*
 * Having begun to write we hold a lock on the file, so whoever moves it aside waits: if it has its
 * name now, it keeps it. A journal beside a file of another name would spoil that file.
 */
static enum pintle_status begin_in_place(struct pintle__state *state, bool write,
                                         struct pintle_error *err)
{
    for (int i = 0; i < MOVED_TRIES; i++) {
        bool recovered = false;
        enum pintle_status status =
            is_outdated(state) ? pintle__state_connect(state, &recovered, err) : PINTLE_OK;

        if (status == PINTLE_OK)
            status = begin_here(state, write, err);
        if (status != PINTLE_OK)
            return status;
        if (!is_outdated(state))
            return PINTLE_OK;
        (void)pintle__query_run(state->db, "ROLLBACK");
    }
    pintle__error_set(err, PINTLE_E_STORAGE, "%.80s: is moved away again and again", state->path);
    return PINTLE_E_STORAGE;
}

enum pintle_status pintle__state_begin(struct pintle__state *state, bool write,
                                       struct pintle_error *err)
{
    enum pintle_status status;

    if (state->pid != getpid()) { /* and the mutex may be held by a thread that is not here */
        pintle__error_set(err, PINTLE_E_STORAGE, "%.80s: opened before a fork()", state->path);
        return PINTLE_E_STORAGE;
    }
    (void)pthread_mutex_lock(&state->mutex);
    status = begin_in_place(state, write, err);
    if (status != PINTLE_OK)
        (void)pthread_mutex_unlock(&state->mutex);
    return status;
}

enum pintle_status pintle__state_end(struct pintle__state *state, enum pintle_status status,
                                     struct pintle_error *err)
{
    if (status == PINTLE_OK) {
        int rc = pintle__query_run(state->db, "COMMIT");

        if (rc != SQLITE_OK)
            status = pintle__state_error(state, rc, err);
    }
    if (sqlite3_get_autocommit(state->db) == 0)
        (void)pintle__query_run(state->db, "ROLLBACK");
    (void)pthread_mutex_unlock(&state->mutex);
    return status;
}
