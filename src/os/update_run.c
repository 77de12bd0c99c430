/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One update. Everything happens on a copy of what is in force; after each source, what it gave is
 * saved, put in force and told, in this order: a version that was told of is found again after a
 * crash, unless the disk failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/update_pass.h"
#include "os/updater.h"

/* How often another process may be quicker before we give way to it. */
#define ROUNDS_MAX 3

/* For the right to update: looked at again and again, so that close need not wait long. */
#define LOCK_SLICE_MS 100

/*
 * trusted    the copy
 * now        the clock, read once
 * forced     back-offs do not count
 * changed    something newer was put in force
 * completed  a source had everything
 * failed     a source was tried in vain, and how: status of the last one
 * next_at    when the first of those that were not tried may be
 */
struct update {
    struct pintle_updater *updater;
    struct pintle_trusted *trusted;
    int64_t now;
    bool forced;
    bool changed;
    bool completed;
    enum pintle_status failed;
    int64_t next_at;
};

/* --- the turn -------------------------------------------------------------------------------- */

bool pintle__update_take_turn(struct pintle_updater *updater)
{
    if (updater->busy && pthread_equal(updater->runner, pthread_self()))
        return false;
    while (updater->busy && !atomic_load(&updater->stop))
        (void)pintle__updater_wait(updater, INT64_MAX);
    if (atomic_load(&updater->stop))
        return false;
    updater->busy = true;
    updater->runner = pthread_self();
    return true;
}

void pintle__update_drop_turn(struct pintle_updater *updater)
{
    pintle__updater_lock(updater);
    updater->busy = false;
    (void)pthread_cond_broadcast(&updater->changed);
    pintle__updater_unlock(updater);
}

void pintle__update_end_turn(struct pintle_updater *updater)
{
    pintle__updater_lock(updater);
    updater->busy = false;
    updater->rounds++;
    updater->answered = updater->asked;
    updater->waiting_count = 0;
    (void)pthread_cond_broadcast(&updater->changed);
    pintle__updater_unlock(updater);
}

/* --- what changed ---------------------------------------------------------------------------- */

static bool same_payload(const struct pintle_envelope *a, const struct pintle_envelope *b)
{
    struct pintle_view left;
    struct pintle_view right;

    if (a == NULL || b == NULL)
        return a == b;
    left = pintle_envelope_get_payload(a);
    right = pintle_envelope_get_payload(b);
    return left.len == right.len && memcmp(left.data, right.data, left.len) == 0;
}

static bool same(const struct pintle_trusted *a, const struct pintle_trusted *b)
{
    static const enum pintle_role roles[] = {PINTLE_ROLE_PINS, PINTLE_ROLE_FRESH,
                                             PINTLE_ROLE_UNPIN};

    if (pintle_trusted_get_root(a)->version != pintle_trusted_get_root(b)->version)
        return false;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (!same_payload(pintle_trusted_get_envelope(a, roles[i], 0),
                          pintle_trusted_get_envelope(b, roles[i], 0)))
            return false;
    return true;
}

/* --- saving and putting in force ---------------------------------------------------------------- */

/* E_ROLLBACK if another process was quicker. Whatever else fails is told, and the program goes on. */
static enum pintle_status save(struct update *update)
{
    struct pintle_updater *updater = update->updater;
    struct pintle_error err = {0};
    enum pintle_status status;

    if (updater->state == NULL)
        return PINTLE_OK;
    status = pintle__state_save(updater->state, update->trusted, &err);
    if (status == PINTLE_E_ROLLBACK)
        return status;
    updater->unsaved = status != PINTLE_OK;
    pintle__update_note_storage(updater, status, &err);
    return PINTLE_OK;
}

/* `trusted` becomes what is in force, and the copy begins anew. */
static enum pintle_status put_in_force(struct update *update, struct pintle_error *err)
{
    struct pintle_updater *updater = update->updater;
    const struct pintle_pinset *set = NULL;
    struct pintle_trusted *copy;
    enum pintle_status status = pintle_trusted_copy(&copy, update->trusted, err);

    if (status != PINTLE_OK)
        return status;
    status = pintle_pinset_from_trusted(&set, update->trusted, err);
    if (status == PINTLE_OK)
        status = pintle_replace(updater->engine, set, err);
    if (status != PINTLE_OK) {
        pintle_pinset_free(set);
        pintle_trusted_free(copy);
        return status;
    }
    pintle_trusted_free(updater->trusted);
    updater->trusted = update->trusted;
    update->trusted = copy;
    update->changed = true;
    pintle__update_note_trusted(updater);
    pintle__updater_lock(updater);
    updater->changes++;
    updater->status.checked = update->now;
    pintle__updater_unlock(updater);
    return PINTLE_OK;
}

/* What the copy holds is kept. E_ROLLBACK as of save(). */
static enum pintle_status settle(struct update *update, const char *source,
                                 struct pintle_error *err)
{
    enum pintle_status status;

    if (same(update->trusted, update->updater->trusted))
        return update->updater->unsaved ? save(update) : PINTLE_OK;
    status = save(update);
    if (status == PINTLE_OK)
        status = put_in_force(update, err);
    if (status != PINTLE_OK)
        return status;
    pintle__update_tell_description(update->updater, PINTLE_EVENT_UPDATED, source);
    pintle__update_tell_unpin(update->updater);
    return PINTLE_OK;
}

/* Take over what other processes have saved. */
static void restore(struct update *update)
{
    struct pintle_error err = {0};
    enum pintle_status status;

    if (update->updater->state == NULL)
        return;
    status = pintle__state_restore(update->updater->state, update->trusted, NULL, &err);
    if (status == PINTLE_E_MISMATCH) /* another anchor's came into its place: ours is saved again */
        update->updater->unsaved = true;
    else if (status != PINTLE_OK)
        pintle__update_note_storage(update->updater, status, &err);
}

/* --- sources --------------------------------------------------------------------------------- */

static void source_key(char *out, size_t size, const struct pintle__update_source *source)
{
    (void)snprintf(out, size, "source:%s", source->name);
}

/* Read and settle, and again if another process was quicker. */
static enum pintle_status pass_and_settle(struct update *update, struct pintle__update_pass *pass,
                                          struct pintle_error *err)
{
    for (int i = 0; i < ROUNDS_MAX; i++) {
        struct pintle_error why = {0};
        enum pintle_status status = pintle__update_pass(update->trusted, pass, err);
        enum pintle_status kept = settle(update, pass->source->name, &why);
        if (kept == PINTLE_OK)
            return status;
        if (kept != PINTLE_E_ROLLBACK) {
            pintle__error_set(err, kept, "%.120s: %s", pass->source->name, why.text);
            return kept;
        }
        restore(update);
        pass->etag[0] = '\0';
    }
    pintle__error_set(err, PINTLE_E_ROLLBACK, "%.120s: another process is quicker, again and again",
                      pass->source->name);
    return PINTLE_E_ROLLBACK;
}

static struct pintle__update_pass make_pass(const struct update *update,
                                            const struct pintle__update_source *source,
                                            const struct pintle__tries *tries)
{
    const struct pintle_updater *updater = update->updater;
    struct pintle__update_pass pass = {
        .source = source,
        .crypto = updater->config.engine.crypto,
        .end_ms = pintle__http_now_ms() + updater->config.timeout_ms,
        .ca_file = updater->ca_file,
        .stop = &updater->stop,
        .now = update->now,
        .ignore_unpin = updater->config.ignore_unpin,
    };

    pintle__update_get_etag(update->trusted, tries, pass.etag);
    return pass;
}

static void note_success(struct update *update, const char *key, struct pintle__tries *tries,
                         const struct pintle__update_pass *pass)
{
    pintle__updater_lock(update->updater);
    update->updater->status.checked = update->now;
    pintle__updater_unlock(update->updater);
    tries->failures = 0;
    tries->next_at = 0;
    tries->last_at = update->now;
    /* Nor is one kept of what could not be saved. */
    pintle__update_put_etag(update->trusted, tries, update->updater->unsaved ? "" : pass->etag);
    pintle__update_put_tries(update->updater, key, tries);
    update->completed = true;
}

static void note_failure(struct update *update, const char *key, struct pintle__tries *tries,
                         const struct pintle__update_pass *pass, const struct pintle_error *err)
{
    if (atomic_load(&update->updater->stop))
        return; /* we ended it ourselves */
    pintle__update_count_try(update->updater, tries, update->now);
    pintle__update_put_tries(update->updater, key, tries);
    pintle__update_tell(update->updater, PINTLE_EVENT_SOURCE, err->status, pass->source->name,
                        err->text);
}

static void try_source(struct update *update, const struct pintle__update_source *source,
                       struct pintle_error *err)
{
    struct pintle_error why = {0};
    struct pintle__update_pass pass;
    struct pintle__tries tries;
    char key[2304];
    enum pintle_status status;

    source_key(key, sizeof(key), source);
    pintle__update_get_tries(update->updater, key, &tries);
    if (!update->forced && !pintle__is_due(tries.next_at, tries.last_at, update->now)) {
        if (tries.next_at < update->next_at)
            update->next_at = tries.next_at;
        return;
    }
    pass = make_pass(update, source, &tries);
    status = pass_and_settle(update, &pass, &why);
    if (status == PINTLE_OK) {
        note_success(update, key, &tries, &pass);
        return;
    }
    update->failed = status;
    if (err != NULL)
        *err = why;
    note_failure(update, key, &tries, &pass, &why);
}

/* --- all of it ------------------------------------------------------------------------------- */

/*
 * The right to update among all processes. Not having it costs no safety, only a download in vain:
 * what is saved is compared with what is there.
 */
static bool lock_state(struct pintle_updater *updater)
{
    int64_t end_ms = pintle__http_now_ms() + updater->config.timeout_ms;

    if (updater->state == NULL)
        return false;
    do {
        if (pintle__state_lock(updater->state, LOCK_SLICE_MS))
            return true;
    } while (!atomic_load(&updater->stop) && pintle__http_now_ms() < end_ms);
    return false;
}

static void try_sources(struct update *update, struct pintle_error *err)
{
    struct pintle_updater *updater = update->updater;

    for (size_t i = 0; i < updater->config.source_count && !update->completed; i++) {
        if (atomic_load(&updater->stop))
            return;
        try_source(update, &updater->sources[i], err);
    }
}

static void note_result(const struct update *update)
{
    struct pintle_updater *updater = update->updater;
    bool tried = update->completed || update->changed || update->failed != PINTLE_OK;

    pintle__update_note_postponed(updater,
                                  tried || update->next_at == INT64_MAX ? 0 : update->next_at);
    pintle__updater_lock(updater);
    if (update->completed)
        updater->status.failures = 0;
    else if (updater->status.failures < UINT16_MAX)
        updater->status.failures++;
    pintle__updater_unlock(updater);
    if (update->completed && !update->changed)
        pintle__update_tell_description(updater, PINTLE_EVENT_CURRENT, "");
    pintle__update_tell_stale(updater);
}

static enum pintle_status conclude(const struct update *update, enum pintle_update_result *result,
                                   struct pintle_error *err)
{
    if (update->changed || update->completed) {
        *result = update->changed ? PINTLE_UPDATE_NEW : PINTLE_UPDATE_CURRENT;
        return PINTLE_OK;
    }
    *result = PINTLE_UPDATE_FAILED;
    if (update->failed != PINTLE_OK)
        return update->failed;
    if (atomic_load(&update->updater->stop))
        pintle__error_set(err, PINTLE_E_TIMEOUT, "told to stop");
    else
        pintle__error_set(err, PINTLE_E_TIMEOUT, "all sources failed, and are not due yet");
    return PINTLE_E_TIMEOUT;
}

enum pintle_status pintle__update_all(struct pintle_updater *updater, bool forced,
                                      enum pintle_update_result *result, struct pintle_error *err)
{
    struct update update = {.updater = updater,
                            .now = pintle__updater_now(updater),
                            .forced = forced,
                            .next_at = INT64_MAX};
    enum pintle_status status = pintle_trusted_copy(&update.trusted, updater->trusted, err);
    bool locked;

    *result = PINTLE_UPDATE_FAILED;
    if (status != PINTLE_OK)
        return status;
    locked = lock_state(updater);
    restore(&update);
    status = settle(&update, "", err);
    if (status == PINTLE_OK || status == PINTLE_E_ROLLBACK)
        try_sources(&update, err);
    if (locked)
        pintle__state_unlock(updater->state);
    pintle_trusted_free(update.trusted);
    if (status != PINTLE_OK && status != PINTLE_E_ROLLBACK)
        return status;
    note_result(&update);
    return conclude(&update, result, err);
}

enum pintle_status pintle_updater_run(struct pintle_updater *updater,
                                      enum pintle_update_result *result, struct pintle_error *err)
{
    enum pintle_status status;
    bool mine;

    *result = PINTLE_UPDATE_FAILED;
    if (updater->config.source_count == 0) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "there is no source to update from");
        return PINTLE_E_ARGUMENT;
    }
    pintle__updater_lock(updater);
    mine = pintle__update_take_turn(updater);
    pintle__updater_unlock(updater);
    if (!mine) {
        pintle__error_set(err, PINTLE_E_STATE, "an update is running on this very thread");
        return PINTLE_E_STATE;
    }
    status = pintle__update_all(updater, true, result, err);
    pintle__update_end_turn(updater);
    return status;
}
