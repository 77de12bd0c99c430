/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that updates, and the one that sends reports: a slow collector must not keep a
 * handshake from an update. */
#include "os/thread.h"
#include "os/update_send.h"
#include "os/updater.h"

/* However far the next thing to do is away by one clock, the other may have been set meanwhile. */
#define SLEEP_MAX_MS ((int64_t)3600 * 1000)

/* Reports that could not be sent are looked at so often. */
#define SEND_AGAIN_MS ((int64_t)600 * 1000)

/* --- the worker ------------------------------------------------------------------------------ */

/* With the mutex: when to wake up if nothing happens. `now` by the program's clock. */
static int64_t next_wake_ms(const struct pintle_updater *updater, int64_t now)
{
    int64_t now_ms = pintle__http_now_ms();
    int64_t wake_ms = updater->due_ms;
    int64_t left_s = 0;

    if (!updater->config.background)
        return wake_ms;
    if (wake_ms > now_ms + SLEEP_MAX_MS)
        wake_ms = now_ms + SLEEP_MAX_MS;
    if (!updater->told_stale) {
        if (updater->status.fresh_until > now)
            left_s = updater->status.fresh_until - now;
        if (left_s < SLEEP_MAX_MS / 1000 && now_ms + left_s * 1000 < wake_ms)
            wake_ms = now_ms + left_s * 1000;
    }
    return wake_ms;
}

/* The time of the next update: soon after a failure, later and later. */
static void schedule_next(struct pintle_updater *updater)
{
    int64_t wait_s = updater->config.interval_s;
    int64_t wait_ms = INT64_MAX;
    int64_t retry_s;

    pintle__updater_lock(updater);
    if (updater->config.background && wait_s > 0) {
        retry_s = pintle__backoff_s(updater->status.failures);
        if (retry_s > 0 && retry_s < wait_s)
            wait_s = retry_s;
        wait_ms = wait_s < INT32_MAX ? pintle__dice_shift(&updater->dice, wait_s * 1000)
                                     : (int64_t)INT32_MAX * 1000;
        wait_ms += pintle__http_now_ms();
    }
    updater->due_ms = wait_ms;
    pintle__updater_unlock(updater);
}

static void update_on_schedule(struct pintle_updater *updater)
{
    enum pintle_update_result result;
    bool mine;

    pintle__updater_lock(updater);
    mine = pintle__update_take_turn(updater);
    pintle__updater_unlock(updater);
    if (!mine)
        return;
    /* How it ended is told by events. */
    if (pintle__update_all(updater, false, &result, NULL) != PINTLE_OK)
        result = PINTLE_UPDATE_FAILED;
    (void)result;
    schedule_next(updater);
    pintle__update_end_turn(updater);
}

enum work {
    WORK_STOP,
    WORK_SERVE,
    WORK_UPDATE,
    WORK_LOOK,
    WORK_NONE
};

/* NONE: something has changed, but what is to be done is not known yet. */
static enum work wait_for_work(struct pintle_updater *updater)
{
    int64_t now = pintle__updater_now(updater); /* the program's clock: not with the mutex */
    enum work work = WORK_LOOK;

    pintle__updater_lock(updater);
    if (atomic_load(&updater->stop))
        work = WORK_STOP;
    else if (updater->answered < updater->asked)
        work = WORK_SERVE;
    else if (updater->due_ms <= pintle__http_now_ms())
        work = WORK_UPDATE;
    else if (pintle__updater_wait(updater, next_wake_ms(updater, now)))
        work = WORK_NONE;
    pintle__updater_unlock(updater);
    return work;
}

static void *work(void *ctx)
{
    struct pintle_updater *updater = ctx;

    for (;;) {
        switch (wait_for_work(updater)) {
        case WORK_STOP:
            return NULL;
        case WORK_SERVE:
            pintle__update_serve(updater);
            break;
        case WORK_UPDATE:
            update_on_schedule(updater);
            break;
        case WORK_LOOK:
            pintle__update_tell_stale(updater);
            break;
        case WORK_NONE:
            break;
        }
    }
}

/* --- the sender ------------------------------------------------------------------------------ */

/* False to stop. */
static bool wait_to_send(struct pintle_updater *updater)
{
    bool go_on;

    pintle__updater_lock(updater);
    while (!atomic_load(&updater->stop) && updater->send_ms > pintle__http_now_ms())
        (void)pintle__updater_wait(updater, updater->send_ms);
    updater->send_ms = pintle__http_now_ms() + pintle__dice_shift(&updater->dice, SEND_AGAIN_MS);
    go_on = !atomic_load(&updater->stop);
    pintle__updater_unlock(updater);
    return go_on;
}

static void *send_reports(void *ctx)
{
    struct pintle_updater *updater = ctx;
    struct pintle__send_options options = {
        .ca_file = updater->ca_file,
        .stop = &updater->stop,
        .timeout_ms = updater->config.timeout_ms,
    };

    while (wait_to_send(updater)) {
        struct pintle_error err = {0};
        enum pintle_status status;

        options.now = pintle__updater_now(updater);
        status = pintle__send_reports(updater->state, &options, &err);
        if (status != PINTLE_OK)
            pintle__update_note_storage(updater, status, &err);
    }
    return NULL;
}

/* --- both ------------------------------------------------------------------------------------ */

static int start(struct pintle__update_thread *thread, void *(*run)(void *ctx), void *ctx)
{
    int failed = thread->started ? 0 : pintle__thread_start(&thread->id, run, ctx);

    thread->started = failed == 0;
    return failed;
}

int pintle__update_start_worker(struct pintle_updater *updater)
{
    return start(&updater->worker, work, updater);
}

int pintle__update_start_sender(struct pintle_updater *updater)
{
    return start(&updater->sender, send_reports, updater);
}

static void join(struct pintle__update_thread *thread)
{
    if (thread->started)
        (void)pthread_join(thread->id, NULL);
    thread->started = false;
}

void pintle__update_join(struct pintle_updater *updater)
{
    join(&updater->worker);
    join(&updater->sender);
}

static bool is_self(const struct pintle__update_thread *thread)
{
    return thread->started && pthread_equal(thread->id, pthread_self());
}

bool pintle__update_is_own_thread(const struct pintle_updater *updater)
{
    return is_self(&updater->worker) || is_self(&updater->sender) ||
           (updater->busy && pthread_equal(updater->runner, pthread_self()));
}
