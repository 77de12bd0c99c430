/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema, and whether a database is one of ours and whole.
 *
 * It is looked at whole when it is opened: SQLite's own check of its pages, and our checksums over
 * what is believed and learned, which find a change within a page too. It has some kilobytes to
 * megabytes; the check takes less time than a handshake. application_id and user_version say twice
 * what the schema is, so that damage to one of them is not taken for another program's database.
 */
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

/* "ptl1": version 1. A new schema changes both. */
#define APPLICATION_ID 0x70746c31
#define SCHEMA_VERSION 1

static const char schema[] =
    "CREATE TABLE belief (id INTEGER PRIMARY KEY, epoch INTEGER, version INTEGER, digest BLOB,"
    " unpin INTEGER, clock_floor INTEGER, root INTEGER, seed BLOB, sum INTEGER);"
    "CREATE TABLE ledger (id INTEGER PRIMARY KEY, count INTEGER, total INTEGER, lost_at INTEGER,"
    " sum INTEGER);"
    "CREATE TABLE learned (host TEXT, port INTEGER, kind INTEGER, position INTEGER,"
    " subdomains INTEGER, pins BLOB, key_type TEXT, learned INTEGER, seen INTEGER,"
    " expires INTEGER, report_uri TEXT, sum INTEGER, PRIMARY KEY (host, port, kind))"
    " WITHOUT ROWID;"
    "CREATE TABLE forgotten (host TEXT, port INTEGER, PRIMARY KEY (host, port)) WITHOUT ROWID;"
    "CREATE TABLE tries (key TEXT PRIMARY KEY, failures INTEGER, next_at INTEGER,"
    " last_at INTEGER, etag TEXT) WITHOUT ROWID;"
    "CREATE TABLE spool (id INTEGER PRIMARY KEY AUTOINCREMENT, uri TEXT, host TEXT, port INTEGER,"
    " cause TEXT, json TEXT, created INTEGER, spooled INTEGER, next_at INTEGER, tries INTEGER,"
    " repeats INTEGER, done INTEGER, size INTEGER);"
    "CREATE INDEX spool_equal ON spool (uri, host, port, cause);"
    "PRAGMA application_id = 1886678065; PRAGMA user_version = 1";

/* --- is it one of ours? --------------------------------------------------------------------------- */

static int read_heading(sqlite3 *db, int64_t *application, int64_t *version, int64_t *objects,
                        int64_t *ours)
{
    int rc = pintle__query_number(db, "PRAGMA application_id", application);

    if (rc == SQLITE_OK)
        rc = pintle__query_number(db, "PRAGMA user_version", version);
    if (rc == SQLITE_OK)
        rc = pintle__query_number(db, "SELECT count(*) FROM sqlite_master", objects);
    if (rc == SQLITE_OK)
        rc = pintle__query_number(
            db, "SELECT count(*) FROM sqlite_master WHERE name IN ('belief', 'ledger', 'learned')",
            ours);
    return rc;
}

static int check_pages(sqlite3 *db)
{
    struct pintle__query query = pintle__query_new(db, "PRAGMA quick_check(1)");
    char answer[8] = "";
    bool good = pintle__query_step(&query) &&
                pintle__column_text(&query, 0, answer, sizeof(answer)) && strcmp(answer, "ok") == 0;
    int rc = pintle__query_end(&query);

    return rc == SQLITE_OK && !good ? SQLITE_CORRUPT : rc;
}

static int check_tables(sqlite3 *db)
{
    struct pintle__belief belief = {.seed = NULL};
    int64_t number;
    int rc = check_pages(db);

    if (rc == SQLITE_OK)
        rc = pintle__belief_read(db, &belief);
    free(belief.seed);
    if (rc == SQLITE_OK)
        rc = pintle__learned_verify(db);
    if (rc == SQLITE_OK)
        rc = pintle__query_number(db,
                                  "SELECT (SELECT count(host) + count(port) FROM forgotten) +"
                                  " (SELECT count(failures) + count(next_at) + count(last_at) +"
                                  " count(etag) FROM tries) + (SELECT count(uri) + count(json) +"
                                  " count(spooled) + count(next_at) + count(tries) +"
                                  " count(repeats) + count(done) + count(size) FROM spool)",
                                  &number);
    return rc;
}

enum pintle__db_condition pintle__db_examine(sqlite3 *db, int *rc)
{
    int64_t application = 0, version = 0, objects = 0, ours = 0;

    *rc = read_heading(db, &application, &version, &objects, &ours);
    if (*rc == SQLITE_OK) {
        if (application == 0 && version == 0 && objects == 0)
            return PINTLE__DB_EMPTY;
        if (application != APPLICATION_ID && (version != SCHEMA_VERSION || ours == 0))
            return PINTLE__DB_FOREIGN;
        if (application != APPLICATION_ID || version != SCHEMA_VERSION)
            return PINTLE__DB_DAMAGED;
        *rc = check_tables(db);
    }
    if (*rc == SQLITE_OK)
        return PINTLE__DB_WHOLE;
    return pintle__is_damage(*rc) ? PINTLE__DB_DAMAGED : PINTLE__DB_FAILED;
}

/* --- begin one --------------------------------------------------------------------------------------- */

/*
 * Is there a file beside the database that only stands beside one that was used? *last is then the
 * latest time at which one of them was written, unless it is later already.
 */
static bool was_used(const char *path, int64_t *last)
{
    static const char *const suffixes[] = {".lock", ".last", ".bad", ".damaged"};
    bool found = false;

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char *name = pintle__state_beside(path, suffixes[i]);
        struct stat st;

        if (name == NULL) {
            found = true; /* without memory: the safe answer */
        } else if (lstat(name, &st) == 0) {
            found = true;
            if ((int64_t)st.st_mtime > *last)
                *last = (int64_t)st.st_mtime;
        }
        free(name);
    }
    return found;
}

static int salvage_belief(sqlite3 *db, sqlite3 *from)
{
    struct pintle__belief belief = {.seed = NULL};
    int rc = pintle__belief_read(from, &belief);

    if (rc == SQLITE_OK)
        rc = pintle__belief_write(db, &belief);
    else if (rc != SQLITE_NOMEM)
        rc = SQLITE_OK;
    free(belief.seed);
    return rc;
}

/*
 * What was forgotten on purpose stays so: without this it would become lost. Not after another
 * loss: since then the host may have been met again, and that may be what is lost now.
 */
static int salvage_forgotten(sqlite3 *db, sqlite3 *from)
{
    struct pintle__query query = pintle__query_new(from, "SELECT host, port FROM forgotten");
    char host[PINTLE_HOST_MAX_LEN + 1];
    int64_t port;
    int rc = SQLITE_OK;

    while (rc == SQLITE_OK && pintle__query_step(&query)) {
        struct pintle__query put;

        if (!pintle__column_text(&query, 0, host, sizeof(host)) ||
            !pintle__column_int(&query, 1, 0, UINT16_MAX, &port))
            continue;
        put = pintle__query_new(db, "INSERT OR IGNORE INTO forgotten VALUES (?, ?)");
        pintle__query_text(&put, host);
        pintle__query_int(&put, port);
        (void)pintle__query_step(&put);
        rc = pintle__query_end(&put);
    }
    (void)pintle__query_end(&query);
    return rc;
}

/* From a damaged database, as much as is whole. Its failures are none of ours. */
static int salvage(struct pintle__state *state, struct pintle__ledger *ledger, bool *complete)
{
    char *damaged = pintle__state_beside(state->path, ".damaged");
    sqlite3 *from = NULL;
    int rc = SQLITE_OK;

    *complete = false;
    if (damaged == NULL)
        return SQLITE_NOMEM;
    if (access(damaged, R_OK) == 0 &&
        pintle__db_open(&from, damaged, SQLITE_OPEN_READWRITE) == SQLITE_OK) {
        rc = salvage_belief(state->db, from);
        if (rc == SQLITE_OK)
            rc = pintle__learned_salvage(state->db, from, ledger, complete);
        if (rc == SQLITE_OK && *complete)
            rc = salvage_forgotten(state->db, from);
        pintle__db_close(&from);
    }
    free(damaged);
    return rc;
}

/*
 * A clock that is behind, as at the start of a device that has none of its own, must not date the
 * loss so far back that nothing of it would matter: it was not before the last time we wrote.
 */
static int fill(struct pintle__state *state, bool *lost)
{
    const struct pintle__belief nothing = {.seed = NULL};
    struct pintle__ledger ledger = {0, 0, 0};
    int64_t now = (int64_t)time(NULL);
    int64_t lost_at = now > 0 ? now : 1; /* 0: nothing was lost */
    bool complete = false;
    int rc = pintle__query_run(state->db, schema);

    *lost = was_used(state->path, &lost_at);
    if (rc == SQLITE_OK)
        rc = pintle__belief_write(state->db, &nothing);
    if (rc == SQLITE_OK && *lost)
        rc = salvage(state, &ledger, &complete);
    if (*lost && !complete && lost_at > ledger.lost_at)
        ledger.lost_at = lost_at;
    return rc == SQLITE_OK ? pintle__ledger_write(state->db, &ledger) : rc;
}

void pintle__state_put_damaged_away(const char *path)
{
    char *damaged = pintle__state_beside(path, ".damaged");
    char *journal = pintle__state_beside(path, ".damaged-journal");
    char *bad = pintle__state_beside(path, ".bad");
    struct stat st;

    if (damaged != NULL && journal != NULL && bad != NULL && lstat(damaged, &st) == 0) {
        if (rename(damaged, bad) != 0)
            (void)unlink(damaged);
        (void)unlink(journal);
    }
    free(damaged);
    free(journal);
    free(bad);
}

enum pintle_status pintle__state_create(struct pintle__state *state, bool *lost,
                                        struct pintle_error *err)
{
    enum pintle__db_condition condition;
    int rc = pintle__query_run(state->db, "BEGIN EXCLUSIVE");

    *lost = false;
    if (rc != SQLITE_OK)
        return pintle__state_error(state, rc, err);
    condition =
        pintle__db_has_moved(state->db) ? PINTLE__DB_WHOLE : pintle__db_examine(state->db, &rc);
    if (condition == PINTLE__DB_EMPTY)
        rc = fill(state, lost);
    if (rc == SQLITE_OK)
        rc = pintle__query_run(state->db, "COMMIT");
    if (sqlite3_get_autocommit(state->db) == 0)
        (void)pintle__query_run(state->db, "ROLLBACK");
    if (rc != SQLITE_OK)
        return pintle__state_error(state, rc, err);
    if (condition == PINTLE__DB_EMPTY)
        pintle__state_put_damaged_away(state->path);
    return PINTLE_OK;
}
