/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <pintle/app.h>

#include "base/error.h"
#include "os/file.h"
#include "os/thread.h"

/*
 * wake      posted for every report queued, and once to stop
 * engine    owned while the thread runs; NULL otherwise
 * stopping  set before the last post
 */
struct pintle_reporter {
    void (*reported)(void *ctx, const struct pintle_report *report);
    void *ctx;
    sem_t wake;
    pthread_t thread;
    struct pintle *engine;
    atomic_bool stopping;
};

enum pintle_status pintle_reporter_new(struct pintle_reporter **out,
                                       void (*reported)(void *ctx,
                                                        const struct pintle_report *report),
                                       void *ctx, struct pintle_error *err)
{
    struct pintle_reporter *reporter = calloc(1, sizeof(*reporter));

    *out = NULL;
    if (reporter == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    if (sem_init(&reporter->wake, 0, 0) != 0) {
        pintle__os_error(err, "semaphore", errno);
        free(reporter);
        return PINTLE_E_IO;
    }
    atomic_init(&reporter->stopping, false);
    reporter->reported = reported;
    reporter->ctx = ctx;
    *out = reporter;
    return PINTLE_OK;
}

void pintle_reporter_notify(void *reporter)
{
    struct pintle_reporter *self = reporter;

    (void)sem_post(&self->wake); /* fails only when it is far above zero */
}

static void take_reports(struct pintle_reporter *reporter)
{
    (void)pintle_take_reports(reporter->engine, reporter->reported, reporter->ctx);
}

static void wait_for_post(struct pintle_reporter *reporter)
{
    int failed;

    do {
        failed = sem_wait(&reporter->wake);
    } while (failed != 0 && errno == EINTR);
}

/* One report may come with several posts and several with one: the queue says what there is. */
static void *run(void *ctx)
{
    struct pintle_reporter *reporter = ctx;

    while (!atomic_load(&reporter->stopping)) {
        take_reports(reporter);
        wait_for_post(reporter);
    }
    take_reports(reporter); /* at most a full queue: a flood does not keep anyone from stopping */
    return NULL;
}

enum pintle_status pintle_reporter_start(struct pintle_reporter *reporter, struct pintle *engine,
                                         struct pintle_error *err)
{
    int failed;

    if (reporter->engine != NULL) {
        pintle__error_set(err, PINTLE_E_STATE, "the reporter was started already");
        return PINTLE_E_STATE;
    }
    atomic_store(&reporter->stopping, false);
    reporter->engine = pintle_retain(engine);
    failed = pintle__thread_start(&reporter->thread, run, reporter);
    if (failed != 0) {
        pintle_free(reporter->engine);
        reporter->engine = NULL;
        pintle__os_error(err, "thread", failed);
        return PINTLE_E_IO;
    }
    return PINTLE_OK;
}

void pintle_reporter_stop(struct pintle_reporter *reporter)
{
    if (reporter->engine == NULL)
        return;
    atomic_store(&reporter->stopping, true);
    (void)sem_post(&reporter->wake);
    (void)pthread_join(reporter->thread, NULL);
    pintle_free(reporter->engine);
    reporter->engine = NULL;
}

void pintle_reporter_free(struct pintle_reporter *reporter)
{
    if (reporter == NULL)
        return;
    pintle_reporter_stop(reporter);
    (void)sem_destroy(&reporter->wake);
    free(reporter);
}
