/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/update.h: pin-sets that change without a release. Link libpintle-update (SQLite, libcurl).
 *
 * An updater starts from the seed that the program was built with and from what its state database
 * holds, makes an engine of the newest of the two, and keeps it up to date from sources none of
 * which is trusted: what counts are the signatures (pintle/bundle.h). Whatever fails (network, disk,
 * database, clock), the pin-set in force stays in force.
 *
 *   struct pintle_update_config config = {.seed = {seed, seed_len}, .sources = sources,
 *                                         .source_count = 2, .mismatch_wait_ms = 3000};
 *   config.engine.crypto = pintle_openssl_crypto();
 *   pintle_updater_open(&updater, &config, &err);
 *   pintle_openssl_guard(ctx, pintle_updater_get_engine(updater), &err);
 *   …
 *   pintle_updater_close(updater);
 *
 * All functions are thread-safe except open and close; close must not be called by `happened` or
 * `reported`. An updater is of no use behind a fork(): the child opens its own.
 */
#ifndef PINTLE_UPDATE_H
#define PINTLE_UPDATE_H

#include <pintle/app.h>
#include <pintle/bundle.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pintle_updater; /* opaque */

/* Sources of one updater at most. */
#define PINTLE_SOURCES_MAX 16

enum pintle_event_kind {
    PINTLE_EVENT_STARTED = 0, /* the engine is ready; text is pintle_describe() */
    PINTLE_EVENT_UPDATED = 1, /* a newer pin-set is in force; text is pintle_describe() */
    PINTLE_EVENT_CURRENT = 2, /* a source confirmed that nothing is newer */
    PINTLE_EVENT_SOURCE = 3,  /* a source failed or was refused; status and text say how */
    PINTLE_EVENT_STORAGE = 4, /* the state database failed; the program goes on without. With status
                               * OK it works, but what it held belonged to another first root */
    PINTLE_EVENT_STALE = 5,   /* the pin-set in force is not known to be the newest any more */
    PINTLE_EVENT_UNPINNED = 6 /* an emergency unpin is in force */
};

/* What happened. source is "" if it is about none. Lent for the call. */
struct pintle_event {
    enum pintle_event_kind kind;
    enum pintle_status status;
    const char *source;
    const char *text;
};

/*
 * Set what you need, leave the rest zero. Copied, strings too; what engine's pointers lead to must
 * outlive the updater, and so must `seed`.
 *
 * seed              what `pintle embed` wrote; required
 * app               as of struct pintle_trusted_options
 * ignore_unpin      the same
 * state_path        the database. NULL: $XDG_STATE_HOME/pintle/APP.db. "": none: nothing is
 *                   remembered, and a restart begins with the seed again
 * sources           directories, file:, http: or https: URLs of directories that `pintle publish`
 *                   wrote, tried in turn. http is as good as https: nothing is believed unsigned
 * ca_file           PEM trust anchors for https sources instead of the system's
 * interval_s        between scheduled updates; each is shifted by up to a tenth of it, at random. 0
 *                   means 6 hours; negative: none are scheduled
 * timeout_ms        for one source, all its files together; 0 means 30 000
 * mismatch_wait_ms  when a handshake meets a mismatch, how long it may wait for an update before it
 *                   is refused. 0: it does not wait, the update runs for the next one. Tried at most
 *                   once a minute, backing off to once an hour while nothing newer comes
 * wait_on_open_ms   how long pintle_updater_open() may wait for a first update; 0: it does not
 * background        run a thread for scheduled updates and for sending reports. Without it only
 *                   mismatches and pintle_updater_run() update
 * reports           spool reports in the state database and (with background) send them to the
 *                   URIs of their rules. Takes the engine's reports for it, on a thread of its own:
 *                   pintle_take_reports() has none left
 * reported          with `reports`: shown every report, before it is spooled; may be NULL
 * engine            as for pintle_new(); clock, memory and refresh are set here if they are NULL.
 *                   notify must be NULL with `reports`
 * happened          told of events, on any thread; may be NULL
 */
struct pintle_update_config {
    struct pintle_view seed;
    const char *app;
    bool ignore_unpin;
    const char *state_path;
    const char *const *sources;
    size_t source_count;
    const char *ca_file;
    int64_t interval_s;
    int64_t timeout_ms;
    int64_t mismatch_wait_ms;
    int64_t wait_on_open_ms;
    bool background;
    bool reports;
    void (*reported)(void *ctx, const struct pintle_report *report);
    void *reported_ctx;
    struct pintle_config engine;
    void (*happened)(void *ctx, const struct pintle_event *event);
    void *happened_ctx;
};

/*
 * Open. Fails only for what the caller can mend: a seed that is not valid (the errors of
 * pintle_trusted_new_from_seed()), E_ARGUMENT, E_NOMEM, E_IO without a thread. A state database that
 * cannot be used is EVENT_STORAGE, not a failure.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_updater_open(
    struct pintle_updater **out, const struct pintle_update_config *config,
    struct pintle_error *err);

/* The engine; retain it to keep it beyond close. It then stays as it is: nothing updates it. */
PINTLE_API struct pintle *pintle_updater_get_engine(const struct pintle_updater *updater);

/* What an update came to. */
enum pintle_update_result {
    PINTLE_UPDATE_FAILED = 0,  /* no source had anything usable */
    PINTLE_UPDATE_CURRENT = 1, /* nothing newer */
    PINTLE_UPDATE_NEW = 2      /* a newer pin-set, root, fresh or unpin is in force */
};

/*
 * Update now. One update runs at a time, also among processes that share the database; the others
 * wait for it. On FAILED the status is that of the last source that failed, and err->text begins
 * with that source. The pin-set in force is then as before. E_ARGUMENT without sources, E_STATE when
 * called by `happened` during an update.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_updater_run(struct pintle_updater *updater,
                                                                 enum pintle_update_result *result,
                                                                 struct pintle_error *err);

/*
 * Where things stand.
 *
 * root_version, epoch, version, issued, expires  of what is in force
 * fresh_until       first second in which verdicts are stale
 * unpin_until       end of the unpin in force, or 0
 * stale             now
 * checked           when a source last confirmed that nothing is newer, or gave something newer; 0
 * storage           the state database is in use and works
 * failures          updates that failed in a row
 * postponed_until   the last mismatch asked no source, as the next try is not due before then; 0 if it
 *                   did. pintle_updater_run() does not wait for it
 */
struct pintle_updater_status {
    int64_t root_version;
    int64_t epoch;
    int64_t version;
    int64_t issued;
    int64_t expires;
    int64_t fresh_until;
    int64_t unpin_until;
    int64_t checked;
    bool stale;
    bool storage;
    unsigned failures;
    int64_t postponed_until;
};

PINTLE_API void pintle_updater_get_status(struct pintle_updater *updater,
                                          struct pintle_updater_status *out);

/* Stop the thread and free; waits for an update that runs, which is told to stop. NULL is allowed. */
PINTLE_API void pintle_updater_close(struct pintle_updater *updater);

#ifdef __cplusplus
}
#endif
#endif
