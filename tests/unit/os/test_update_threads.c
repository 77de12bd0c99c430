/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes, mismatches, status and reports on many threads while updates replace the pin-set. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "kit/signer.h"
#include "os/updater.h"
#include "unit/os/published.h"

#define VERSIONS 60
#define DECIDERS 3

struct scene {
    const struct folder *folder;
    struct pintle_updater *updater;
    struct pintle *engine;
    char *seed;
    atomic_bool over;
    atomic_size_t decided;
    atomic_size_t wrong;
    atomic_size_t events;
    atomic_size_t reported;
};

static void count_event(void *ctx, const struct pintle_event *event)
{
    struct scene *scene = ctx;

    (void)event;
    atomic_fetch_add(&scene->events, 1);
}

static void open_updater(struct scene *scene, struct pintle_update_config *config)
{
    scene->seed = published_seed(1, &config->seed.len);
    config->seed.data = (const uint8_t *)scene->seed;
    if (config->happened == NULL) {
        config->happened = count_event;
        config->happened_ctx = scene;
    }
    assert_int_equal(pintle_updater_open(&scene->updater, config, NULL), PINTLE_OK);
    scene->engine = pintle_updater_get_engine(scene->updater);
}

static void close_updater(struct scene *scene)
{
    pintle_updater_close(scene->updater);
    free(scene->seed);
}

/* A verdict fits the version it was found under, and versions never go back. */
static void *decide(void *ctx)
{
    struct scene *scene = ctx;
    int64_t last = 0;

    while (!atomic_load(&scene->over)) {
        uint32_t key = (uint32_t)(atomic_fetch_add(&scene->decided, 1) % 2 + 1);
        struct pintle_verdict verdict = published_decide(scene->engine, key);
        bool accepted = verdict.decision == PINTLE_ACCEPT;

        if (accepted != (published_key(verdict.set_version) == key) || verdict.set_version < last)
            atomic_fetch_add(&scene->wrong, 1);
        last = verdict.set_version;
    }
    return NULL;
}

static void *ask(void *ctx)
{
    struct scene *scene = ctx;
    int64_t last = 0;

    while (!atomic_load(&scene->over)) {
        struct pintle_updater_status status;

        pintle_updater_get_status(scene->updater, &status);
        if (status.version < last)
            atomic_fetch_add(&scene->wrong, 1);
        last = status.version;
    }
    return NULL;
}

static void *keep_running(void *ctx)
{
    struct scene *scene = ctx;

    while (!atomic_load(&scene->over)) {
        enum pintle_update_result result;

        if (pintle_updater_run(scene->updater, &result, NULL) != PINTLE_OK)
            atomic_fetch_add(&scene->wrong, 1);
    }
    return NULL;
}

static void decisions_fit_their_version_while_updates_replace_it(void **state)
{
    struct scene scene = {.folder = *state};
    struct pintle_update_config config = published_config(scene.folder);
    pthread_t threads[DECIDERS + 2];

    config.mismatch_wait_ms = 1000;
    published_write(scene.folder, 1);
    open_updater(&scene, &config);
    for (size_t i = 0; i < DECIDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, decide, &scene), 0);
    assert_int_equal(pthread_create(&threads[DECIDERS], NULL, ask, &scene), 0);
    assert_int_equal(pthread_create(&threads[DECIDERS + 1], NULL, keep_running, &scene), 0);
    for (int64_t version = 2; version <= VERSIONS; version++) {
        enum pintle_update_result result;

        published_write(scene.folder, version);
        assert_int_equal(pintle_updater_run(scene.updater, &result, NULL), PINTLE_OK);
        assert_int_not_equal(result, PINTLE_UPDATE_FAILED);
    }
    atomic_store(&scene.over, true);
    for (size_t i = 0; i < DECIDERS + 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&scene.wrong), 0);
    assert_int_equal(published_decide(scene.engine, published_key(VERSIONS)).set_version, VERSIONS);
    close_updater(&scene);
}

static void *mismatch_once(void *ctx)
{
    struct scene *scene = ctx;
    struct pintle_verdict verdict = published_decide(scene->engine, published_key(2));

    if (verdict.decision != PINTLE_ACCEPT || verdict.set_version != 2)
        atomic_fetch_add(&scene->wrong, 1);
    return NULL;
}

/* A host may cause one update a minute, so all of them got it from the same one. */
static void one_update_serves_all_that_wait(void **state)
{
    struct scene scene = {.folder = *state};
    struct pintle_update_config config = published_config(scene.folder);
    pthread_t threads[16];

    config.mismatch_wait_ms = 60000;
    published_write(scene.folder, 2);
    open_updater(&scene, &config);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, mismatch_once, &scene), 0);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&scene.wrong), 0);
    assert_int_equal(atomic_load(&scene.events), 2); /* started, updated */
    close_updater(&scene);
}

/* --- our own threads must not wait for themselves ------------------------------------------------- */

/* A handshake of the program's, made when it is told of something: on the worker, or wherever. */
static void decide_when_told(void *ctx, const struct pintle_event *event)
{
    struct scene *scene = ctx;

    atomic_fetch_add(&scene->events, 1);
    if (event->kind == PINTLE_EVENT_UPDATED) {
        enum pintle_update_result result;
        struct pintle_verdict verdict = published_decide(scene->engine, 99);

        if (verdict.decision != PINTLE_REFUSE)
            atomic_fetch_add(&scene->wrong, 1);
        if (pintle_updater_run(scene->updater, &result, NULL) != PINTLE_E_STATE)
            atomic_fetch_add(&scene->wrong, 1);
    }
}

static void a_mismatch_in_a_callback_does_not_wait_for_itself(void **state)
{
    struct scene scene = {.folder = *state};
    struct pintle_update_config config = published_config(scene.folder);

    config.mismatch_wait_ms = 600000;
    config.happened = decide_when_told;
    config.happened_ctx = &scene;
    published_write(scene.folder, 2);
    open_updater(&scene, &config);
    /* On the worker, which this waits for; */
    assert_int_equal(published_decide(scene.engine, published_key(2)).decision, PINTLE_ACCEPT);
    /* and on this thread. */
    published_write(scene.folder, 3);
    {
        enum pintle_update_result result;

        assert_int_equal(pintle_updater_run(scene.updater, &result, NULL), PINTLE_OK);
    }
    assert_int_equal(atomic_load(&scene.wrong), 0);
    close_updater(&scene);
}

/* `reported` runs on the reporter's thread, and its handshake meets a mismatch of its own. */
static void decide_when_reported(void *ctx, const struct pintle_report *report)
{
    struct scene *scene = ctx;

    if (atomic_fetch_add(&scene->reported, 1) == 0 &&
        published_decide(scene->engine, 98).decision != PINTLE_REFUSE)
        atomic_fetch_add(&scene->wrong, 1);
    if (report->verdict.reason != PINTLE_REASON_MISMATCH)
        atomic_fetch_add(&scene->wrong, 1);
}

static void reports_are_handed_on_and_may_mismatch_too(void **state)
{
    struct scene scene = {.folder = *state};
    struct pintle_update_config config = published_config(scene.folder);

    config.mismatch_wait_ms = 60000;
    config.reports = true;
    config.reported = decide_when_reported;
    config.reported_ctx = &scene;
    published_write(scene.folder, 1);
    open_updater(&scene, &config);
    assert_int_equal(published_decide(scene.engine, 99).decision, PINTLE_REFUSE);
    close_updater(&scene); /* hands out what is queued */
    assert_true(atomic_load(&scene.reported) >= 1);
    assert_int_equal(atomic_load(&scene.wrong), 0);
}

/* --- somebody else is quicker ------------------------------------------------------------------- */

/* In the middle of an update, another updater of the same database brings version 3. */
struct rival {
    struct pintle_updater *updater;
    unsigned runs;
};

static void let_the_rival_in(void *ctx, const struct pintle_event *event)
{
    struct rival *rival = ctx;
    enum pintle_update_result result;

    if (event->kind != PINTLE_EVENT_SOURCE || rival->runs++ > 0)
        return;
    assert_int_equal(pintle_updater_run(rival->updater, &result, NULL), PINTLE_OK);
    assert_int_equal(result, PINTLE_UPDATE_NEW);
}

static void what_another_process_saved_meanwhile_is_not_undone(void **state)
{
    const struct folder *folder = *state;
    struct pintle_update_config config = published_config(folder);
    const char *sources[] = {"/nowhere", folder->path};
    struct rival rival = {NULL, 0};
    struct pintle_updater_status status;
    enum pintle_update_result result;
    struct pintle_updater *updater;
    char path[FOLDER_PATH_SIZE];
    char *seed = published_seed(1, &config.seed.len);
    struct pintle_update_config rivals;
    struct folder newer;

    (void)snprintf(path, sizeof(path), "%s", folder_path(folder, "app.db"));
    (void)snprintf(newer.path, sizeof(newer.path), "%s", folder_path(folder, "newer"));
    assert_int_equal(mkdir(newer.path, 0700), 0);
    published_write(&newer, 3);
    published_write(folder, 2);
    config.seed.data = (const uint8_t *)seed;
    config.state_path = path;
    rivals = config;
    rivals.sources = (const char *const[]){newer.path};
    rivals.timeout_ms = 100; /* for the right to update, which the other one has */
    config.sources = sources;
    config.source_count = 2;
    config.happened = let_the_rival_in;
    config.happened_ctx = &rival;
    assert_int_equal(pintle_updater_open(&rival.updater, &rivals, NULL), PINTLE_OK);
    assert_int_equal(pintle_updater_open(&updater, &config, NULL), PINTLE_OK);
    assert_int_equal(pintle_updater_run(updater, &result, NULL), PINTLE_OK);
    assert_int_equal(result, PINTLE_UPDATE_NEW);
    assert_true(rival.runs > 0);
    pintle_updater_get_status(updater, &status);
    assert_int_equal(status.version, 3);
    assert_true(status.storage);
    pintle_updater_close(updater);
    pintle_updater_close(rival.updater);
    config.sources = sources;
    config.happened = NULL;
    assert_int_equal(pintle_updater_open(&updater, &config, NULL), PINTLE_OK);
    pintle_updater_get_status(updater, &status);
    assert_int_equal(status.version, 3);
    pintle_updater_close(updater);
    published_clear(&newer);
    free(seed);
}

/* --- the end --------------------------------------------------------------------------------- */

static void count_freed(void *ctx)
{
    unsigned *freed = ctx;

    *freed += 1;
}

static void an_engine_may_outlive_its_updater(void **state)
{
    struct scene scene = {.folder = *state};
    struct pintle_update_config config = published_config(scene.folder);
    unsigned freed = 0;

    config.mismatch_wait_ms = 60000;
    config.reports = true;
    config.background = true;
    config.engine.freed = count_freed;
    config.engine.freed_ctx = &freed;
    published_write(scene.folder, 2);
    open_updater(&scene, &config);
    (void)pintle_retain(scene.engine);
    close_updater(&scene);
    assert_int_equal(freed, 0);
    assert_int_equal(published_decide(scene.engine, published_key(1)).decision, PINTLE_ACCEPT);
    for (int i = 0; i < 100; i++) /* nobody updates, and nobody takes the reports */
        assert_int_equal(published_decide(scene.engine, published_key(2)).decision, PINTLE_REFUSE);
    pintle_free(scene.engine);
    assert_int_equal(freed, 1);
}

static void closing_in_the_middle_is_safe(void **state)
{
    const struct folder *folder = *state;

    published_write(folder, 2);
    for (int i = 0; i < 30; i++) {
        struct scene scene = {.folder = folder};
        struct pintle_update_config config = published_config(folder);

        config.background = true;
        config.reports = true;
        config.interval_s = 1;
        config.wait_on_open_ms = i % 2;
        open_updater(&scene, &config);
        (void)published_decide(scene.engine, 99);
        close_updater(&scene);
    }
    pintle_updater_close(NULL);
}

/* Whether its mutex is free when the program's clock is asked. */
struct clock_scene {
    struct scene scene;
    _Atomic(struct pintle_updater *) updater;
    atomic_size_t asked;
    atomic_size_t held;
};

static int64_t look_at_the_mutex(void *ctx)
{
    struct clock_scene *clock = ctx;
    struct pintle_updater *updater = atomic_load(&clock->updater);

    if (updater != NULL) {
        if (pthread_mutex_trylock(&updater->mutex) == 0)
            (void)pthread_mutex_unlock(&updater->mutex);
        else
            atomic_fetch_add(&clock->held, 1);
        atomic_fetch_add(&clock->asked, 1);
    }
    return TEST_NOW;
}

/* Or a clock with a lock of its own, and a thread that asks for the status with it, wait for ever. */
static void the_clock_is_asked_without_the_mutex(void **state)
{
    struct clock_scene clock = {.scene = {.folder = *state}};
    struct pintle_update_config config = published_config(clock.scene.folder);
    const struct timespec delay = {0, 5000000};

    config.engine.clock = look_at_the_mutex;
    config.engine.clock_ctx = &clock;
    config.background = true;
    config.interval_s = 1;
    published_write(clock.scene.folder, 1);
    open_updater(&clock.scene, &config);
    atomic_store(&clock.updater, clock.scene.updater);
    for (int i = 0; i < 2000 && atomic_load(&clock.asked) < 10; i++)
        (void)nanosleep(&delay, NULL);
    atomic_store(&clock.updater, NULL);
    close_updater(&clock.scene);
    assert_true(atomic_load(&clock.asked) >= 10);
    assert_int_equal(atomic_load(&clock.held), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, published_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(decisions_fit_their_version_while_updates_replace_it),
        TEST(one_update_serves_all_that_wait),
        TEST(a_mismatch_in_a_callback_does_not_wait_for_itself),
        TEST(reports_are_handed_on_and_may_mismatch_too),
        TEST(what_another_process_saved_meanwhile_is_not_undone),
        TEST(an_engine_may_outlive_its_updater),
        TEST(closing_in_the_middle_is_safe),
        TEST(the_clock_is_asked_without_the_mutex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
