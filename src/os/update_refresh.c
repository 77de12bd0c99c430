/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handshake met a mismatch: perhaps its pin-set is an old one. The handshake only asks and waits;
 * the worker looks whether the host may cause an update now, and makes it.
 */
#include <stdio.h>
#include <string.h>

#include "os/updater.h"

#define KEY_SIZE (PINTLE_HOST_MAX_LEN + 8)

static void host_key(char out[KEY_SIZE], const struct pintle_host *host)
{
    (void)snprintf(out, KEY_SIZE, "host:%s", host->text);
}

/* --- asking ---------------------------------------------------------------------------------- */

/* True if another pin-set came into force since the verdict was found. */
static bool is_outdated(struct pintle *engine, const struct pintle_verdict *verdict)
{
    const struct pintle_pinset *set = pintle_get_pinset(engine);
    bool other = memcmp(pintle_pinset_get_digest(set), verdict->set_digest, PINTLE_DIGEST_LEN) != 0;

    pintle_pinset_free(set);
    return other;
}

/* With the mutex. */
static void add_host(struct pintle_updater *updater, const struct pintle_host *host)
{
    for (size_t i = 0; i < updater->waiting_count; i++)
        if (strcmp(updater->waiting[i].text, host->text) == 0)
            return;
    if (updater->waiting_count < PINTLE__UPDATE_HOSTS)
        updater->waiting[updater->waiting_count++] = *host;
}

/* With the mutex. True if something newer came into force meanwhile. */
static bool ask_and_wait(struct pintle_updater *updater, const struct pintle_verdict *verdict)
{
    uint64_t before = updater->changes;
    int64_t end_ms = pintle__http_now_ms() + updater->config.mismatch_wait_ms;
    uint64_t question;

    if (pintle__update_start_worker(updater) != 0)
        return false;
    question = ++updater->asked;
    add_host(updater, &verdict->host);
    (void)pthread_cond_broadcast(&updater->changed);
    if (updater->config.mismatch_wait_ms <= 0 || pintle__update_is_own_thread(updater))
        return false;
    while (updater->answered < question && !atomic_load(&updater->stop))
        if (!pintle__updater_wait(updater, end_ms))
            break;
    return updater->changes != before;
}

bool pintle__update_refresh(void *ctx, const struct pintle_verdict *verdict)
{
    struct pintle_updater *updater = ctx;
    bool newer;

    if (atomic_load(&updater->stop))
        return false;
    if (is_outdated(updater->engine, verdict))
        return true;
    if (updater->config.source_count == 0)
        return false;
    pintle__updater_lock(updater);
    newer = !atomic_load(&updater->stop) && ask_and_wait(updater, verdict);
    pintle__updater_unlock(updater);
    return newer;
}

/* --- answering, on the worker ------------------------------------------------------------------ */

struct questions {
    uint64_t last;
    size_t count;
    struct pintle_host hosts[PINTLE__UPDATE_HOSTS];
};

static void take_questions(struct pintle_updater *updater, struct questions *out)
{
    pintle__updater_lock(updater);
    out->last = updater->asked;
    out->count = updater->waiting_count;
    memcpy(out->hosts, updater->waiting, out->count * sizeof(out->hosts[0]));
    updater->waiting_count = 0;
    pintle__updater_unlock(updater);
}

/* Keep those that may cause an update now, and count it before it begins: a crash in between must
 * not let the next start try at once. When the others may, is noted. */
static void keep_allowed(struct pintle_updater *updater, struct questions *questions)
{
    int64_t now = pintle__updater_now(updater);
    int64_t first = INT64_MAX;
    size_t kept = 0;

    for (size_t i = 0; i < questions->count; i++) {
        struct pintle__tries tries;
        char key[KEY_SIZE];

        host_key(key, &questions->hosts[i]);
        pintle__update_get_tries(updater, key, &tries);
        if (!pintle__is_due(tries.next_at, tries.last_at, now)) {
            first = tries.next_at < first ? tries.next_at : first;
            continue;
        }
        pintle__update_count_try(updater, &tries, now);
        pintle__update_put_tries(updater, key, &tries);
        questions->hosts[kept++] = questions->hosts[i];
    }
    if (kept == 0 && questions->count > 0)
        pintle__update_note_postponed(updater, first);
    questions->count = kept;
}

/* Something newer came: the back-off of these hosts begins anew. */
static void start_anew(struct pintle_updater *updater, const struct questions *questions)
{
    int64_t now = pintle__updater_now(updater);

    for (size_t i = 0; i < questions->count; i++) {
        struct pintle__tries tries = {0};
        char key[KEY_SIZE];

        host_key(key, &questions->hosts[i]);
        pintle__update_count_try(updater, &tries, now);
        pintle__update_put_tries(updater, key, &tries);
    }
}

/* Answer these, and nobody who asked later. */
static void answer(struct pintle_updater *updater, uint64_t last)
{
    pintle__updater_lock(updater);
    if (updater->answered < last)
        updater->answered = last;
    (void)pthread_cond_broadcast(&updater->changed);
    pintle__updater_unlock(updater);
}

void pintle__update_serve(struct pintle_updater *updater)
{
    enum pintle_update_result result = PINTLE_UPDATE_FAILED;
    struct questions questions;
    bool mine;
    bool served;

    take_questions(updater, &questions);
    keep_allowed(updater, &questions);
    if (questions.count == 0) {
        answer(updater, questions.last);
        return;
    }
    pintle__updater_lock(updater);
    mine = pintle__update_take_turn(updater);
    served = updater->answered >= questions.last; /* by an update that ran meanwhile */
    pintle__updater_unlock(updater);
    if (!mine)
        return;
    if (served) {
        pintle__update_drop_turn(updater);
        return;
    }
    /* How it ended is told by events. */
    if (pintle__update_all(updater, false, &result, NULL) != PINTLE_OK)
        result = PINTLE_UPDATE_FAILED;
    pintle__update_end_turn(updater);
    if (result == PINTLE_UPDATE_NEW)
        start_anew(updater, &questions);
}
