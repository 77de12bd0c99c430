/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tries went is kept in the database, so that a restart or another process does not begin anew,
 * and in memory, so that a broken disk does not let anybody hammer a server.
 */
#include <stdlib.h>
#include <string.h>

#include "os/updater.h"

/* The place of a key, or that of the one that was tried longest ago; with the mutex. */
static struct pintle__known_tries *find(struct pintle_updater *updater, const char *key)
{
    struct pintle__known_tries *oldest = &updater->tries[0];

    for (size_t i = 0; i < PINTLE__UPDATE_TRIES; i++) {
        struct pintle__known_tries *known = &updater->tries[i];

        if (known->key == NULL)
            return known; /* they are filled in order */
        if (strcmp(known->key, key) == 0)
            return known;
        if (known->tries.last_at < oldest->tries.last_at)
            oldest = known;
    }
    return oldest;
}

static void recall(struct pintle_updater *updater, const char *key, struct pintle__tries *out)
{
    const struct pintle__known_tries *known;

    memset(out, 0, sizeof(*out));
    pintle__updater_lock(updater);
    known = find(updater, key);
    if (known->key != NULL && strcmp(known->key, key) == 0)
        *out = known->tries;
    pintle__updater_unlock(updater);
}

static void remember(struct pintle_updater *updater, const char *key,
                     const struct pintle__tries *tries)
{
    struct pintle__known_tries *known;
    char *copy = strdup(key);

    if (copy == NULL)
        return; /* then the database alone has it */
    pintle__updater_lock(updater);
    known = find(updater, key);
    free(known->key);
    known->key = copy;
    known->tries = *tries;
    pintle__updater_unlock(updater);
}

void pintle__update_get_tries(struct pintle_updater *updater, const char *key,
                              struct pintle__tries *out)
{
    struct pintle_error err = {0};
    struct pintle__tries kept;
    enum pintle_status status;

    recall(updater, key, out);
    if (updater->state == NULL)
        return;
    status = pintle__state_get_tries(updater->state, key, &kept, &err);
    if (status != PINTLE_OK)
        pintle__update_note_storage(updater, status, &err);
    else if (kept.last_at >= out->last_at)
        *out = kept;
}

void pintle__update_put_tries(struct pintle_updater *updater, const char *key,
                              const struct pintle__tries *tries)
{
    struct pintle_error err = {0};
    enum pintle_status status;

    remember(updater, key, tries);
    if (updater->state == NULL)
        return;
    status = pintle__state_put_tries(updater->state, key, tries, &err);
    if (status == PINTLE_OK || status == PINTLE_E_STORAGE) /* not: a path that is no UTF-8 */
        pintle__update_note_storage(updater, status, &err);
}

void pintle__update_count_try(struct pintle_updater *updater, struct pintle__tries *tries,
                              int64_t now)
{
    if (tries->failures < UINT16_MAX)
        tries->failures++;
    tries->last_at = now;
    tries->next_at = now + pintle__updater_shift(updater, pintle__backoff_s(tries->failures));
}
