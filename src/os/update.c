/* SPDX-License-Identifier: Apache-2.0 */
/* Time, locks, and the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "os/updater.h"

#define SOON_MAX_MS ((int64_t)60 * 1000)

/* --- locks and time ---------------------------------------------------------------------------- */

void pintle__updater_lock(struct pintle_updater *updater)
{
    (void)pthread_mutex_lock(&updater->mutex);
}

void pintle__updater_unlock(struct pintle_updater *updater)
{
    (void)pthread_mutex_unlock(&updater->mutex);
}

bool pintle__updater_wait(struct pintle_updater *updater, int64_t end_ms)
{
    struct timespec end;

    if (end_ms == INT64_MAX) {
        (void)pthread_cond_wait(&updater->changed, &updater->mutex);
        return true;
    }
    end.tv_sec = (time_t)(end_ms / 1000);
    end.tv_nsec = (long)(end_ms % 1000) * 1000000L;
    return pthread_cond_timedwait(&updater->changed, &updater->mutex, &end) != ETIMEDOUT;
}

int64_t pintle__updater_now(const struct pintle_updater *updater)
{
    return updater->config.engine.clock(updater->config.engine.clock_ctx);
}

int64_t pintle__updater_shift(struct pintle_updater *updater, int64_t value)
{
    int64_t shifted;

    pintle__updater_lock(updater);
    shifted = pintle__dice_shift(&updater->dice, value);
    pintle__updater_unlock(updater);
    return shifted;
}

int64_t pintle__updater_soon_ms(struct pintle_updater *updater)
{
    int64_t interval_s = updater->config.interval_s;
    int64_t most_ms = SOON_MAX_MS;
    int64_t soon_ms;

    if (interval_s > 0 && interval_s < SOON_MAX_MS / 100)
        most_ms = interval_s * 100;
    pintle__updater_lock(updater);
    soon_ms = pintle__dice_roll(&updater->dice, most_ms);
    pintle__updater_unlock(updater);
    return soon_ms;
}

bool pintle__updater_init_locks(struct pintle_updater *updater)
{
    pthread_condattr_t attr;
    bool made = false;

    if (pthread_mutex_init(&updater->mutex, NULL) != 0)
        return false;
    if (pthread_condattr_init(&attr) == 0) {
        made = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
               pthread_cond_init(&updater->changed, &attr) == 0;
        (void)pthread_condattr_destroy(&attr);
    }
    if (!made)
        (void)pthread_mutex_destroy(&updater->mutex);
    return made;
}

/* --- the end --------------------------------------------------------------------------------- */

/* The last owner has gone. */
static void destroy(struct pintle_updater *updater)
{
    pintle_reporter_free(updater->reporter);
    pintle__state_close(updater->state);
    pintle_trusted_free(updater->trusted);
    for (size_t i = 0; i < PINTLE_SOURCES_MAX; i++)
        pintle__update_source_clear(&updater->sources[i]);
    for (size_t i = 0; i < PINTLE__UPDATE_TRIES; i++)
        free(updater->tries[i].key);
    free(updater->app);
    free(updater->state_path);
    free(updater->ca_file);
    (void)pthread_cond_destroy(&updater->changed);
    (void)pthread_mutex_destroy(&updater->mutex);
    free(updater);
}

void pintle__updater_release(struct pintle_updater *updater)
{
    if (atomic_fetch_sub(&updater->owners, 1) == 1)
        destroy(updater);
}

void pintle_updater_close(struct pintle_updater *updater)
{
    if (updater == NULL)
        return;
    pintle__updater_lock(updater);
    atomic_store(&updater->stop, true);
    (void)pthread_cond_broadcast(&updater->changed);
    pintle__updater_unlock(updater);
    pintle__update_join(updater);
    if (updater->reporter != NULL)
        pintle_reporter_stop(updater->reporter);
    pintle_free(updater->engine);
    pintle__updater_release(updater);
}

struct pintle *pintle_updater_get_engine(const struct pintle_updater *updater)
{
    return updater->engine;
}
