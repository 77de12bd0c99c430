/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the state (os/state.h) share: one connection and its transactions.
 *
 * The database keeps a rollback journal and no write-ahead log. A log needs memory shared between
 * processes, which network file systems have not, and two more files that must be writable even to
 * read; ours is small and seldom written, so that a reader waits for a writer's few milliseconds at
 * most. The journal is cut to nothing at each commit (journal_mode TRUNCATE) and, as synchronous is
 * FULL, that is on the disk before a commit returns.
 *
 * Advisory locks of POSIX end when a process closes any descriptor of the file. So nothing here
 * opens the database except through SQLite, which knows of that.
 */
#ifndef PINTLE_SRC_OS_STATE_DB_H
#define PINTLE_SRC_OS_STATE_DB_H

#include <pthread.h>
#include <sys/types.h>

#include "os/file.h"
#include "os/state.h"
#include "os/state_query.h"

/* How long a transaction of somebody else may take. */
#define PINTLE__STATE_BUSY_MS 5000

/* The same if one has just taken longer: whoever was stopped in the middle of it, and will not soon
 * go on, must not keep all our threads for so long, one after the other. */
#define PINTLE__STATE_BUSY_AGAIN_MS 50

/*
 * mutex         guards the connection and all below it
 * path          absolute, without symbolic links in it
 * pid           of the process that opened it: a connection must not be used behind a fork()
 * suspect       something was found damaged: looked at anew before it is used again
 * hasty_until_ms
 *               until when PINTLE__STATE_BUSY_AGAIN_MS are enough, in the time of
 *               pintle__http_now_ms()
 * whole_at      PRAGMA data_version at which what was learned was seen to be whole, or -1
 * lock_fd       of PATH.lock while we have the right to update, or -1
 */
struct pintle__state {
    pthread_mutex_t mutex;
    sqlite3 *db;
    char *path;
    pid_t pid;
    bool suspect;
    int64_t hasty_until_ms;
    int64_t whole_at;
    int lock_fd;
    struct pintle_memory memory;
};

/* --- paths ------------------------------------------------------------------------------------- */

/* PATH and a suffix; the caller frees it. NULL without memory. */
char *pintle__state_beside(const char *path, const char *suffix);

/* Make directories, resolve links; the caller frees *out. */
PINTLE_MUST_USE enum pintle_status pintle__state_resolve(char **out, const char *path,
                                                         struct pintle_error *err);

/* E_STORAGE for a reason in errno. */
enum pintle_status pintle__state_error_system(struct pintle_error *err, const char *path, int code);

/* --- the connection ------------------------------------------------------------------------------ */

/* E_STORAGE (E_NOMEM) for what SQLite said last. Damage makes the database suspect, and a lock of
 * somebody else us hasty. */
enum pintle_status pintle__state_error(struct pintle__state *state, int rc,
                                       struct pintle_error *err);

/* E_STORAGE for a row that is not as it was written. Makes the database suspect. */
enum pintle_status pintle__state_error_row(struct pintle__state *state, struct pintle_error *err);

/*
 * Open, look whether it is whole, begin a new one if it is missing, move it aside if it is damaged
 * (*recovered, never set to false here). Closes what was open.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_connect(struct pintle__state *state,
                                                         bool *recovered, struct pintle_error *err);

/* The bare connection, made and closed. SQLite's code. */
int pintle__db_open(sqlite3 **out, const char *path, int flags);
void pintle__db_close(sqlite3 **db);

/* Has the file another name now, or none? */
bool pintle__db_has_moved(sqlite3 *db);

/*
 * Begin a transaction and take the mutex; both end with pintle__state_end(), which commits if
 * `status` is OK. Whoever reads and then writes says that he will write.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_begin(struct pintle__state *state, bool write,
                                                       struct pintle_error *err);
PINTLE_MUST_USE enum pintle_status pintle__state_end(struct pintle__state *state,
                                                     enum pintle_status status,
                                                     struct pintle_error *err);

/* --- the schema ----------------------------------------------------------------------------------- */

enum pintle__db_condition {
    PINTLE__DB_FAILED = 0, /* could not be seen; *rc says why */
    PINTLE__DB_WHOLE,
    PINTLE__DB_EMPTY, /* nothing is in it */
    PINTLE__DB_DAMAGED,
    PINTLE__DB_FOREIGN /* another program's, or a newer pintle's */
};

enum pintle__db_condition pintle__db_examine(sqlite3 *db, int *rc);

/*
 * Begin in an empty database; `lost` if there was one before. Does nothing if somebody else was
 * quicker. What can be saved from PATH.damaged is.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_create(struct pintle__state *state, bool *lost,
                                                        struct pintle_error *err);

/*
 * PATH.damaged becomes PATH.bad, or goes. What was saved from it must not be saved again: of a
 * later loss it would know nothing.
 */
void pintle__state_put_damaged_away(const char *path);

/* --- what is believed: its one row ------------------------------------------------------------------- */

/*
 * root  version of the newest root; 0 if nothing was believed yet
 */
struct pintle__belief {
    struct pintle_marks marks;
    int64_t root;
    uint8_t *seed;
    size_t seed_len;
};

/* SQLITE_CORRUPT if it is not as it was written. The caller frees out->seed. */
int pintle__belief_read(sqlite3 *db, struct pintle__belief *out);
int pintle__belief_write(sqlite3 *db, const struct pintle__belief *belief);

/* --- what was learned ---------------------------------------------------------------------------------- */

/*
 * What the entries come to, so that a missing one is missed.
 *
 * total    sum of their checksums
 * lost_at  when an earlier database was lost with entries in it, or 0
 */
struct pintle__ledger {
    int64_t count;
    uint64_t total;
    int64_t lost_at;
};

int pintle__ledger_read(sqlite3 *db, struct pintle__ledger *out);
int pintle__ledger_write(sqlite3 *db, const struct pintle__ledger *ledger);

/* The columns of an entry, for a SELECT. */
#define PINTLE__LEARNED_COLUMNS                                                                    \
    "kind, host, port, position, subdomains, pins, key_type, learned, seen, expires, report_uri, " \
    "sum"

/* Read an entry from the row of such a SELECT. False if it is not as it was written. */
bool pintle__learned_read(struct pintle__query *query, struct pintle_learned *out);

/* Is this what an entry may be? Host and port in their normal form. */
bool pintle__learned_is_valid(const struct pintle_learned *entry);

uint64_t pintle__learned_sum(const struct pintle_learned *entry);

/* Insert it, or put it in the place of the one with its host, port and kind. No ledger is kept. */
int pintle__learned_write(sqlite3 *db, const struct pintle_learned *entry);

/*
 * The same with the ledger; `old` is the one whose place it takes, or NULL. Announced pins that have run out
 * are taken back: then `old` only goes. SQLITE_FULL if there is
 * no room, and nothing that has run out at `now` to give way.
 */
int pintle__learned_put(sqlite3 *db, const struct pintle_learned *entry,
                        const struct pintle_learned *old, int64_t now);

/* Forget all that was learned on first use, and what a lost database may have held. */
int pintle__learned_clear_tofu(sqlite3 *db);

/* SQLITE_CORRUPT unless the entries come to what the ledger says. */
int pintle__learned_verify(sqlite3 *db);

/* Take from `from` what is whole. *complete: nothing that was learned is missing. */
int pintle__learned_salvage(sqlite3 *db, sqlite3 *from, struct pintle__ledger *ledger,
                            bool *complete);

void pintle__state_set_memory(struct pintle__state *state);

#endif
