/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an updater is made of, for update*.c.
 *
 * Who may touch what:
 *   - the turn: one thread at a time updates. It is taken and given back under the mutex, and whoever
 *     has it owns `trusted` and writes what handshakes and status read;
 *   - the mutex guards what is below it in the struct. It is never held during I/O, nor while
 *     anything of the program is called;
 *   - state, engine, reporter and all settings stay the same from open until the end.
 *
 * Both whoever opened it and its engine own the updater: an engine that is kept beyond close still
 * finds a memory, and asks for updates in vain.
 */
#ifndef PINTLE_SRC_OS_UPDATER_H
#define PINTLE_SRC_OS_UPDATER_H

#include <pthread.h>
#include <stdatomic.h>

#include <pintle/update.h>

#include "os/state.h"
#include "os/update_schedule.h"
#include "os/update_source.h"

/* Hosts with a mismatch that wait for one update; more of them share it without a back-off of
 * their own. */
#define PINTLE__UPDATE_HOSTS 32

/* Tries that are remembered without a database. */
#define PINTLE__UPDATE_TRIES 128

struct pintle__known_tries {
    char *key;
    struct pintle__tries tries;
};

/* A thread of ours. */
struct pintle__update_thread {
    bool started;
    pthread_t id;
};

/*
 * config     the caller's, with strings of our own; sources are in `sources`
 * trusted    what is in force; owned by whoever has the turn
 * unsaved    the database does not hold all of it; the same
 * stop       set once, under the mutex, by close
 *
 * changed    broadcast when anything below changes
 * busy, runner
 *            somebody has the turn, and who
 * changes    how often something newer came into force
 * rounds     updates that are over
 * asked, answered
 *            handshakes that asked for an update, and how many of them have their answer
 * waiting    their hosts
 * due_ms     next scheduled update, INT64_MAX for none; in the time of pintle__http_now_ms()
 * send_ms    when reports are sent next
 * told_stale the program was told of it; and, with the turn, told_unpin_…: of which unpin
 */
struct pintle_updater {
    atomic_size_t owners;
    struct pintle_update_config config;
    struct pintle__update_source sources[PINTLE_SOURCES_MAX];
    char *app;
    char *state_path;
    char *ca_file;
    struct pintle__state *state;
    struct pintle_reporter *reporter;
    struct pintle *engine;
    struct pintle_trusted *trusted;
    bool unsaved;
    atomic_bool stop;
    int64_t told_unpin_serial;
    int64_t told_unpin_issued;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool busy;
    pthread_t runner;
    uint64_t changes;
    uint64_t rounds;
    uint64_t asked;
    uint64_t answered;
    size_t waiting_count;
    struct pintle_host waiting[PINTLE__UPDATE_HOSTS];
    int64_t due_ms;
    int64_t send_ms;
    bool told_stale;
    struct pintle__dice dice;
    struct pintle__known_tries tries[PINTLE__UPDATE_TRIES];
    struct pintle__update_thread worker;
    struct pintle__update_thread sender;
    struct pintle_updater_status status;
};

/* --- update.c ---------------------------------------------------------------------------------- */

/* The first thing, and the only one that a failure leaves nothing of. */
bool pintle__updater_init_locks(struct pintle_updater *updater);

/* Give up one ownership; the last one frees. */
void pintle__updater_release(struct pintle_updater *updater);

void pintle__updater_lock(struct pintle_updater *updater);
void pintle__updater_unlock(struct pintle_updater *updater);

/* Wait, under the mutex, for `changed` or until end_ms. False if that time is over. */
bool pintle__updater_wait(struct pintle_updater *updater, int64_t end_ms);

int64_t pintle__updater_now(const struct pintle_updater *updater);

/* Roll the dice; takes the mutex. */
int64_t pintle__updater_shift(struct pintle_updater *updater, int64_t value);

/* Up to a minute, or a tenth of the interval if that is less: for what comes soon, not at once. */
int64_t pintle__updater_soon_ms(struct pintle_updater *updater);

/* --- update_event.c ---------------------------------------------------------------------------- */

void pintle__update_tell(const struct pintle_updater *updater, enum pintle_event_kind kind,
                         enum pintle_status status, const char *source, const char *text);

/* The same with pintle_describe() for text. */
void pintle__update_tell_description(const struct pintle_updater *updater,
                                     enum pintle_event_kind kind, const char *source);

/* Note whether the database takes what is written; a failure is told once until it does again. */
void pintle__update_note_storage(struct pintle_updater *updater, enum pintle_status status,
                                 const struct pintle_error *err);

/* With the turn: write the status from what is in force. */
void pintle__update_note_trusted(struct pintle_updater *updater);

/* With the turn: tell of an unpin that was not told of yet. */
void pintle__update_tell_unpin(struct pintle_updater *updater);

/* Note when what was asked for now may be tried; 0: it is tried. Takes the mutex. */
void pintle__update_note_postponed(struct pintle_updater *updater, int64_t until);

/* Tell, once, that what is in force is stale. */
void pintle__update_tell_stale(struct pintle_updater *updater);

/* --- update_tries.c ---------------------------------------------------------------------------- */

/* What is known about `key`, from the database and from this process, whichever is later. */
void pintle__update_get_tries(struct pintle_updater *updater, const char *key,
                              struct pintle__tries *out);
void pintle__update_put_tries(struct pintle_updater *updater, const char *key,
                              const struct pintle__tries *tries);

/* A try that comes now, as if it failed: next_at is set by the back-off. */
void pintle__update_count_try(struct pintle_updater *updater, struct pintle__tries *tries,
                              int64_t now);

/* --- update_etag.c ----------------------------------------------------------------------------- */

/* The validator that stands for what is believed now, or "". */
void pintle__update_get_etag(const struct pintle_trusted *trusted,
                             const struct pintle__tries *tries, char out[PINTLE__ETAG_SIZE]);

/* Note that it does; "" for none. */
void pintle__update_put_etag(const struct pintle_trusted *trusted, struct pintle__tries *tries,
                             const char *etag);

/* --- update_run.c ------------------------------------------------------------------------------ */

/*
 * With the mutex: wait for the turn and take it. False when told to stop, or if this thread has the
 * turn already.
 */
bool pintle__update_take_turn(struct pintle_updater *updater);

/* Without the mutex: give the turn back. Whoever asked for an update has it now. */
void pintle__update_end_turn(struct pintle_updater *updater);

/* Give it back without having updated. */
void pintle__update_drop_turn(struct pintle_updater *updater);

/*
 * With the turn, without the mutex: one update. `forced`: sources are tried in spite of their
 * back-off.
 */
PINTLE_MUST_USE enum pintle_status pintle__update_all(struct pintle_updater *updater, bool forced,
                                                      enum pintle_update_result *result,
                                                      struct pintle_error *err);

/* --- update_refresh.c --------------------------------------------------------------------------- */

/* `refresh` of the engine. */
bool pintle__update_refresh(void *ctx, const struct pintle_verdict *verdict);

/* On the worker: update for the hosts that wait, those of them whose back-off allows it. */
void pintle__update_serve(struct pintle_updater *updater);

/* --- update_thread.c ---------------------------------------------------------------------------- */

/* With the mutex: start the thread that updates, unless it runs. Its pthread_create() result. */
int pintle__update_start_worker(struct pintle_updater *updater);

/* Start the thread that sends reports. */
int pintle__update_start_sender(struct pintle_updater *updater);

/* Both threads have been told to stop: wait for them. */
void pintle__update_join(struct pintle_updater *updater);

/* True on a thread that must not wait for an update: one of ours, or one that updates. */
bool pintle__update_is_own_thread(const struct pintle_updater *updater);

/* --- update_report.c ---------------------------------------------------------------------------- */

/* `reported` of the reporter: spool it for each URI. */
void pintle__update_spool(void *ctx, const struct pintle_report *report);

#endif
