/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one application on one machine, in an SQLite database: what it believes, what it
 * learned from hosts, how its updates went, and reports that wait to be sent. Any number of
 * processes and threads may use it at once; every change is one transaction that is on the disk
 * when the function returns.
 *
 * Beside the database PATH stands PATH.last, a seed of the last good bundle that is replaced whole:
 * if either is lost or damaged, the other is enough. A database that is damaged is moved aside to
 * PATH.bad (PATH.damaged while it is done) and a new one begun with what in it is whole; one that is
 * locked, or cannot be read for lack of permission or by a failing disk, is left alone. What is believed
 * belongs to an anchor: when a release brings another one, it begins anew (PATH.former). PATH.lock
 * stands there as soon as there is a database: if that is then missing, it was lost.
 *
 * A database that was lost is not one that was never used. Keys learned on first use may have been
 * in it, and whoever can spoil a file must not thereby make a known host an unknown one. So, unless
 * it is certain that none is missing, recall of such a key (TOFU) that is not there is
 * RECALL_ERROR, not NONE, and learn() without `replace` refuses the same way, until the host is
 * forgotten on purpose (pintle__state_forget()), its key is learned with `replace`, or
 * PINTLE__LEARNED_LOST_S have passed. HPKP entries have no such memory: hosts repeat them.
 *
 * Checksums stand against accidents. Whoever may write to the files may also lower the marks.
 *
 * A failure is E_STORAGE with SQLite's or the system's words (or E_NOMEM), and changes nothing; text
 * that is longer than there is room for is E_LIMIT. All functions are thread-safe but open and
 * close. A state must not be used behind a fork(): the child opens its own, and closes the other.
 */
#ifndef PINTLE_SRC_OS_STATE_H
#define PINTLE_SRC_OS_STATE_H

#include <pintle/bundle.h>
#include <pintle/engine.h>

struct pintle__state; /* opaque */

/*
 * Where the state of an app is kept if nobody says otherwise: $XDG_STATE_HOME/pintle/APP.db, or
 * ~/.local/state/pintle/APP.db; characters other than A-Z a-z 0-9 . _ - become '_', and a leading
 * '.' too. The caller frees *out. E_STORAGE without a home directory.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_default_path(char **out, const char *app,
                                                              struct pintle_error *err);

/*
 * Open or begin a database; directories above it are made (mode 0700), the file has mode 0600.
 * `recovered` (may be NULL) tells that a damaged one was moved aside, or that one that was there is
 * missing. On a read-only disk it opens for reading: writes then are E_STORAGE. Another program's
 * database is E_STORAGE and left alone.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_open(struct pintle__state **out, const char *path,
                                                      bool *recovered, struct pintle_error *err);
void pintle__state_close(struct pintle__state *state);

/* --- what is believed --------------------------------------------------------------------------- */

/*
 * Take back into `trusted` what the database and PATH.last hold: seeds through
 * pintle_trusted_restore(), marks through pintle_trusted_raise_marks(). What is refused is passed over;
 * *refused (may be NULL) counts it. Holding nothing is no error. If the database fails, what PATH.last
 * holds was taken back all the same.
 *
 * What was believed from another anchor (pintle_trusted_compare_seed()) is not taken back, and its marks
 * are none: E_MISMATCH if ours has taken its place (save() will), E_STORAGE if its anchor is the later one.
 * E_APP if it is the state of another app, which must then not be used at all.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_restore(struct pintle__state *state,
                                                         struct pintle_trusted *trusted,
                                                         size_t *refused, struct pintle_error *err);

/* When a database cannot be opened: the same from PATH.last alone. */
PINTLE_MUST_USE enum pintle_status pintle__state_restore_last(const char *path,
                                                              struct pintle_trusted *trusted,
                                                              size_t *refused,
                                                              struct pintle_error *err);

/*
 * Keep what `trusted` believes. If the database meanwhile holds marks above those of `trusted`, or a
 * newer root (another process was quicker), nothing is written and the status is E_ROLLBACK: restore, and apply again.
 *
 * What was believed from an anchor that ours has taken the place of makes way: its seed is kept as
 * PATH.former. Keys learned on first use are forgotten with it, since its pins may have vouched for them;
 * HPKP pins stay, in which no signature has a say. E_APP, E_STORAGE as of restore(); nothing is written.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_save(struct pintle__state *state,
                                                      const struct pintle_trusted *trusted,
                                                      struct pintle_error *err);

/*
 * The right to update, among all processes; released by unlock, or when its process dies. False if
 * somebody else has it after wait_ms. On a read-only disk there is no such right, and nothing that it
 * could protect: true.
 */
bool pintle__state_lock(struct pintle__state *state, int64_t wait_ms);
void pintle__state_unlock(struct pintle__state *state);

/* --- how tries went: sources, hosts that met a mismatch ------------------------------------------ */

/*
 * failures  in a row
 * next_at   not to be tried before
 * etag      validator of the last good answer, or ""
 */
struct pintle__tries {
    unsigned failures;
    int64_t next_at;
    int64_t last_at;
    char etag[128];
};

/* Nothing is held about `key`: all zero, PINTLE_OK. */
PINTLE_MUST_USE enum pintle_status pintle__state_get_tries(struct pintle__state *state,
                                                           const char *key,
                                                           struct pintle__tries *out,
                                                           struct pintle_error *err);
PINTLE_MUST_USE enum pintle_status pintle__state_put_tries(struct pintle__state *state,
                                                           const char *key,
                                                           const struct pintle__tries *tries,
                                                           struct pintle_error *err);

/* --- what was learned ------------------------------------------------------------------------- */

/* At most so many entries; a new one is then an error, not the end of an old one that still holds. */
#define PINTLE__LEARNED_MAX 10000

/* Of those, announced by hosts themselves (HPKP): any host may, and must not leave no room for the
 * keys of those that a rule names. */
#define PINTLE__NOTED_MAX (PINTLE__LEARNED_MAX / 2)

/* How long an entry of a lost database may still matter: no rule keeps them longer (learn_days). */
#define PINTLE__LEARNED_LOST_S ((int64_t)730 * 24 * 3600)

/*
 * The memory of pintle/engine.h over this database. Lent until close. learn() without `replace`
 * answers EXPIRED for one that is there and has run out. Host names of one label have no
 * include_subdomains.
 */
const struct pintle_memory *pintle__state_get_memory(struct pintle__state *state);

/* Call `found` for every entry, by host and port; it returns false to end. */
PINTLE_MUST_USE enum pintle_status pintle__state_list_learned(
    struct pintle__state *state, bool (*found)(void *ctx, const struct pintle_learned *entry),
    void *ctx, struct pintle_error *err);

/*
 * When a database was lost, so that hosts of which nothing is held are refused at `now`; *out 0 if there
 * was none, or everything was forgotten since, or too long a time has passed.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_get_lost(struct pintle__state *state, int64_t now,
                                                          int64_t *out, struct pintle_error *err);

/*
 * Forget. port 0: every port. host NULL: all hosts, and what a lost database may have held. *count:
 * how many entries that were.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_forget(struct pintle__state *state,
                                                        const struct pintle_host *host,
                                                        uint16_t port, size_t *count,
                                                        struct pintle_error *err);

/* --- reports that wait to be sent ---------------------------------------------------------------- */

#define PINTLE__SPOOL_MAX_COUNT 1000
#define PINTLE__SPOOL_MAX_LEN ((size_t)4 * 1024 * 1024)
#define PINTLE__SPOOL_DEDUPE_S ((int64_t)24 * 3600)
#define PINTLE__SPOOL_TRIES_MAX 12
#define PINTLE__SPOOL_KEEP_S ((int64_t)30 * 24 * 3600)

/*
 * A report for one URI.
 *
 * cause    what makes two reports equal, with host, port and uri: reason and keys seen
 * repeats  equal ones left out since it was spooled
 */
struct pintle__spooled {
    int64_t id;
    const char *uri;
    const char *host;
    uint16_t port;
    const char *cause;
    const char *json;
    int64_t created;
    int64_t next_at;
    unsigned tries;
    uint64_t repeats;
};

/*
 * Spool a report (id, next_at, tries and repeats do not matter), unless an equal one was spooled in
 * the last 24 hours: then that one's repeats grow. When the spool is full the oldest gives way.
 */
PINTLE_MUST_USE enum pintle_status pintle__state_spool(struct pintle__state *state,
                                                       const struct pintle__spooled *report,
                                                       int64_t now, struct pintle_error *err);

/* Call `found` for every report that is due at `now` (INT64_MAX: all of them), oldest first. */
PINTLE_MUST_USE enum pintle_status pintle__state_list_spool(
    struct pintle__state *state, int64_t now,
    bool (*found)(void *ctx, const struct pintle__spooled *report), void *ctx,
    struct pintle_error *err);

/* It was sent, or is given up. What makes equal ones equal is remembered for its 24 hours. */
PINTLE_MUST_USE enum pintle_status pintle__state_spool_done(struct pintle__state *state, int64_t id,
                                                            struct pintle_error *err);

/* It could not be sent: tried again at next_at, given up after SPOOL_TRIES_MAX or SPOOL_KEEP_S. */
PINTLE_MUST_USE enum pintle_status pintle__state_spool_failed(struct pintle__state *state,
                                                              int64_t id, int64_t next_at,
                                                              struct pintle_error *err);

#endif
