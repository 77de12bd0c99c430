/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: settings, what is believed, the engine, the threads. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/file.h"
#include "os/updater.h"

#define TIMEOUT_DEFAULT_MS ((int64_t)30 * 1000)

static enum pintle_status no_memory(struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
    return PINTLE_E_NOMEM;
}

/* --- settings -------------------------------------------------------------------------------- */

static enum pintle_status check_config(const struct pintle_update_config *config,
                                       struct pintle_error *err)
{
    const char *mistake = NULL;

    if (config->engine.crypto == NULL || config->engine.crypto->verify_ed25519 == NULL)
        mistake = "an updater needs a crypto provider that checks signatures";
    else if (config->source_count > PINTLE_SOURCES_MAX)
        mistake = "too many sources";
    else if (config->reports && config->engine.notify != NULL)
        mistake = "with reports the engine's notify belongs to the updater";
    if (mistake == NULL)
        return PINTLE_OK;
    pintle__error_set(err, PINTLE_E_ARGUMENT, "%s", mistake);
    return PINTLE_E_ARGUMENT;
}

static bool copy_text(char **out, const char *text)
{
    if (text != NULL)
        *out = strdup(text);
    return text == NULL || *out != NULL;
}

static enum pintle_status copy_config(struct pintle_updater *updater,
                                      const struct pintle_update_config *config,
                                      struct pintle_error *err)
{
    struct pintle_update_config *own = &updater->config;

    *own = *config;
    own->app = NULL;
    own->state_path = NULL;
    own->sources = NULL;
    own->ca_file = NULL;
    if (own->engine.clock == NULL)
        own->engine.clock = pintle_clock_system;
    if (own->interval_s == 0)
        own->interval_s = PINTLE__INTERVAL_DEFAULT_S;
    if (own->timeout_ms <= 0)
        own->timeout_ms = TIMEOUT_DEFAULT_MS;
    if (!copy_text(&updater->app, config->app) || !copy_text(&updater->ca_file, config->ca_file) ||
        !copy_text(&updater->state_path, config->state_path))
        return no_memory(err);
    for (size_t i = 0; i < config->source_count; i++) {
        enum pintle_status status =
            pintle__update_source_init(&updater->sources[i], config->sources[i], err);

        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

static enum pintle_status make(struct pintle_updater **out,
                               const struct pintle_update_config *config, struct pintle_error *err)
{
    struct pintle_updater *updater = calloc(1, sizeof(*updater));
    enum pintle_status status;

    *out = NULL;
    if (updater == NULL)
        return no_memory(err);
    if (!pintle__updater_init_locks(updater)) {
        free(updater);
        return no_memory(err);
    }
    atomic_init(&updater->owners, 1);
    atomic_init(&updater->stop, false);
    updater->dice = pintle__dice_init();
    updater->due_ms = INT64_MAX;
    updater->send_ms = INT64_MAX;
    updater->status.storage = true; /* until it fails, which is told */
    status = copy_config(updater, config, err);
    if (status != PINTLE_OK) {
        pintle__updater_release(updater);
        return status;
    }
    *out = updater;
    return PINTLE_OK;
}

/* --- what is believed -------------------------------------------------------------------------- */

/*
 * What the database does not do is kept in *problem until there is somebody to be told.
 *
 * anew  it was of another anchor and works, begun anew, which `err` says
 */
struct problem {
    enum pintle_status status;
    bool anew;
    struct pintle_error err;
};

static void note_problem(struct problem *problem, enum pintle_status status,
                         const struct pintle_error *err)
{
    if (status == PINTLE_OK || problem->status != PINTLE_OK)
        return;
    if (status == PINTLE_E_MISMATCH)
        problem->anew = true;
    else
        problem->status = status;
    problem->err = *err;
}

static enum pintle_status open_state(struct pintle_updater *updater, struct pintle_error *err)
{
    const char *app =
        updater->app != NULL ? updater->app : pintle_trusted_get_root(updater->trusted)->app;
    bool recovered = false;
    enum pintle_status status = PINTLE_OK;

    if (updater->state_path == NULL)
        status = pintle__state_default_path(&updater->state_path, app, err);
    else if (updater->state_path[0] == '\0')
        return PINTLE_OK;
    if (status == PINTLE_OK)
        status = pintle__state_open(&updater->state, updater->state_path, &recovered, err);
    if (status == PINTLE_OK && recovered) {
        pintle__error_set(err, PINTLE_E_STORAGE, "%.120s: was damaged; it is moved aside",
                          updater->state_path);
        return PINTLE_E_STORAGE;
    }
    return status;
}

/* Another app's: as another program's, it is left alone. */
static void leave_state(struct pintle_updater *updater)
{
    pintle__state_close(updater->state);
    updater->state = NULL;
}

/* The newest of seed and database, in `trusted` and in the database. */
static void join_state(struct pintle_updater *updater, struct problem *problem)
{
    struct pintle_error err = {0};
    enum pintle_status status = open_state(updater, &err);

    note_problem(problem, status, &err);
    if (updater->state == NULL) {
        if (status != PINTLE_OK && updater->state_path != NULL)
            /* What its twin lacks or refuses is told already: there is a problem. */
            (void)!pintle__state_restore_last(updater->state_path, updater->trusted, NULL, NULL);
        return;
    }
    for (int i = 0; i < 2; i++) {
        status = pintle__state_restore(updater->state, updater->trusted, NULL, &err);
        note_problem(problem, status, &err);
        status = pintle__state_save(updater->state, updater->trusted, &err);
        if (status != PINTLE_E_ROLLBACK) /* another process was quicker */
            break;
    }
    updater->unsaved = status != PINTLE_OK;
    note_problem(problem, status, &err);
    if (status == PINTLE_E_APP)
        leave_state(updater);
}

static enum pintle_status believe(struct pintle_updater *updater, struct problem *problem,
                                  struct pintle_error *err)
{
    struct pintle_trusted_options options = {.crypto = updater->config.engine.crypto,
                                             .loader = pintle_pinset_loader(),
                                             .app = updater->app,
                                             .ignore_unpin = updater->config.ignore_unpin};
    enum pintle_status status =
        pintle_trusted_new_from_seed(&updater->trusted, updater->config.seed, &options, err);

    if (status == PINTLE_OK)
        join_state(updater, problem);
    return status;
}

/* --- the engine -------------------------------------------------------------------------------- */

/* `freed` of the engine. */
static void engine_freed(void *ctx)
{
    struct pintle_updater *updater = ctx;
    void (*freed)(void *ctx) = updater->config.engine.freed;
    void *freed_ctx = updater->config.engine.freed_ctx;

    pintle__updater_release(updater);
    if (freed != NULL)
        freed(freed_ctx);
}

static enum pintle_status make_engine(struct pintle_updater *updater, struct pintle_error *err)
{
    struct pintle_config config = updater->config.engine;
    const struct pintle_pinset *set;
    enum pintle_status status;

    if (config.memory == NULL && updater->state != NULL)
        config.memory = pintle__state_get_memory(updater->state);
    if (config.refresh == NULL) {
        config.refresh = pintle__update_refresh;
        config.refresh_ctx = updater;
    }
    if (updater->reporter != NULL) {
        config.notify = pintle_reporter_notify;
        config.notify_ctx = updater->reporter;
    }
    config.freed = engine_freed;
    config.freed_ctx = updater;
    status = pintle_pinset_from_trusted(&set, updater->trusted, err);
    if (status != PINTLE_OK)
        return status;
    status = pintle_new(&updater->engine, set, &config, err);
    if (status != PINTLE_OK) {
        pintle_pinset_free(set);
        return status;
    }
    atomic_fetch_add(&updater->owners, 1);
    return PINTLE_OK;
}

static enum pintle_status make_all(struct pintle_updater *updater, struct problem *problem,
                                   struct pintle_error *err)
{
    enum pintle_status status = believe(updater, problem, err);

    if (status == PINTLE_OK && updater->config.reports)
        status = pintle_reporter_new(&updater->reporter, pintle__update_spool, updater, err);
    if (status == PINTLE_OK)
        status = make_engine(updater, err);
    return status;
}

static void tell_start(struct pintle_updater *updater, const struct problem *problem)
{
    pintle__update_note_trusted(updater);
    pintle__update_tell_description(updater, PINTLE_EVENT_STARTED, "");
    if (problem->anew && problem->status == PINTLE_OK)
        pintle__update_tell(updater, PINTLE_EVENT_STORAGE, PINTLE_OK, "", problem->err.text);
    pintle__update_note_storage(updater, problem->status, &problem->err);
    updater->status.storage = updater->state != NULL && !updater->unsaved;
    pintle__update_tell_unpin(updater);
    pintle__update_tell_stale(updater);
}

/* --- threads --------------------------------------------------------------------------------- */

static enum pintle_status start_threads(struct pintle_updater *updater, struct pintle_error *err)
{
    const struct pintle_update_config *config = &updater->config;
    bool waits = config->wait_on_open_ms > 0 && config->source_count > 0;
    int64_t soon_ms = waits ? 0 : pintle__updater_soon_ms(updater);
    int64_t send_ms = pintle__updater_soon_ms(updater);
    int failed = 0;

    if (updater->reporter != NULL) {
        enum pintle_status status = pintle_reporter_start(updater->reporter, updater->engine, err);

        if (status != PINTLE_OK)
            return status;
    }
    pintle__updater_lock(updater);
    if (waits || (config->background && config->interval_s > 0 && config->source_count > 0))
        updater->due_ms = pintle__http_now_ms() + soon_ms;
    if (waits || config->background)
        failed = pintle__update_start_worker(updater);
    if (failed == 0 && config->background && config->reports && updater->state != NULL) {
        updater->send_ms = pintle__http_now_ms() + send_ms;
        failed = pintle__update_start_sender(updater);
    }
    pintle__updater_unlock(updater);
    if (failed == 0)
        return PINTLE_OK;
    pintle__os_error(err, "thread", failed);
    return PINTLE_E_IO;
}

static void wait_on_open(struct pintle_updater *updater)
{
    int64_t end_ms = pintle__http_now_ms() + updater->config.wait_on_open_ms;

    if (updater->config.wait_on_open_ms <= 0 || updater->config.source_count == 0)
        return;
    pintle__updater_lock(updater);
    while (updater->rounds == 0)
        if (!pintle__updater_wait(updater, end_ms))
            break;
    pintle__updater_unlock(updater);
}

enum pintle_status pintle_updater_open(struct pintle_updater **out,
                                       const struct pintle_update_config *config,
                                       struct pintle_error *err)
{
    struct problem problem = {.status = PINTLE_OK};
    struct pintle_updater *updater;
    enum pintle_status status = check_config(config, err);

    *out = NULL;
    if (status == PINTLE_OK)
        status = make(&updater, config, err);
    if (status != PINTLE_OK)
        return status;
    status = make_all(updater, &problem, err);
    if (status == PINTLE_OK) {
        tell_start(updater, &problem);
        status = start_threads(updater, err);
    }
    if (status != PINTLE_OK) {
        pintle_updater_close(updater);
        return status;
    }
    wait_on_open(updater);
    *out = updater;
    return PINTLE_OK;
}
