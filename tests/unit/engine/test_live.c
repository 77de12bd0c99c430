/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing the pin-set while handshakes are decided. Linked with --wrap, so that every ownership
 * of a pin-set taken and given up in the engine is counted.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/live.h"
#include "kit/test_crypto.h"
#include "unit/engine/stage.h"

static const char rules_a[] =
    "{'id':'a','match':['x.test'],'mode':'enforce','pins':[{'spki':'@p'}]}";
static const char rules_b[] =
    "{'id':'b','match':['x.test'],'mode':'enforce','pins':[{'spki':'@q'}]}";

static atomic_long retained;
static atomic_long freed;

const struct pintle_pinset *__real_pintle_pinset_retain(const struct pintle_pinset *set);
const struct pintle_pinset *__wrap_pintle_pinset_retain(const struct pintle_pinset *set);
void __real_pintle_pinset_free(const struct pintle_pinset *set);
void __wrap_pintle_pinset_free(const struct pintle_pinset *set);

/* Giving way here makes the moment long between reading the pointer and owning the pin-set. */
const struct pintle_pinset *__wrap_pintle_pinset_retain(const struct pintle_pinset *set)
{
    if (atomic_fetch_add(&retained, 1) % 4 == 0)
        (void)sched_yield();
    return __real_pintle_pinset_retain(set);
}

void __wrap_pintle_pinset_free(const struct pintle_pinset *set)
{
    if (set != NULL)
        atomic_fetch_add(&freed, 1);
    __real_pintle_pinset_free(set);
}

static int64_t fixed_clock(void *ctx)
{
    const int64_t *now = ctx;

    return *now;
}

#define READERS 3
#define REPLACEMENTS 10000

struct scene {
    struct pintle *engine;
    const struct pintle_pinset *a;
    const struct pintle_pinset *b;
    int64_t now;
    atomic_bool done;
    atomic_size_t decided;
    atomic_size_t inconsistent;
};

/* Under a the chain is pinned and under b it is not: a verdict in between belongs to neither. */
static bool consistent(const struct scene *scene, const struct pintle_verdict *verdict)
{
    bool under_a = verdict->set_version == 1;
    const struct pintle_pinset *set = under_a ? scene->a : scene->b;

    return verdict->reason == (under_a ? PINTLE_REASON_MATCH : PINTLE_REASON_MISMATCH) &&
           verdict->decision == (under_a ? PINTLE_ACCEPT : PINTLE_REFUSE) &&
           strcmp(verdict->rule, under_a ? "a" : "b") == 0 &&
           memcmp(verdict->set_digest, pintle_pinset_get_digest(set), PINTLE_DIGEST_LEN) == 0;
}

static void *decide_on_and_on(void *ctx)
{
    struct scene *scene = ctx;
    struct pintle_host host = stage_host("x.test");
    struct stage_path certs;
    struct pintle_peer peer = {0};

    peer.host = &host;
    peer.port = 443;
    peer.path = PINTLE_PATH_VALID;
    peer.chain = stage_chain(&certs, "p");
    while (!atomic_load(&scene->done)) {
        struct pintle_verdict verdict;

        pintle_decide(&verdict, scene->engine, &peer);
        atomic_fetch_add(&scene->decided, 1);
        if (!consistent(scene, &verdict))
            atomic_fetch_add(&scene->inconsistent, 1);
    }
    return NULL;
}

static void check_report(void *ctx, const struct pintle_report *report)
{
    struct scene *scene = ctx;

    if (!consistent(scene, &report->verdict) || strcmp(report->rule->id, "b") != 0 ||
        pintle_pinset_get_version(report->set) != 2)
        atomic_fetch_add(&scene->inconsistent, 1);
}

static void *take_on_and_on(void *ctx)
{
    struct scene *scene = ctx;

    while (!atomic_load(&scene->done))
        (void)pintle_take_reports(scene->engine, check_report, scene);
    return NULL;
}

static void open_scene(struct scene *scene)
{
    struct pintle_config config = {0};

    memset(scene, 0, sizeof(*scene));
    scene->now = stage_time(STAGE_NOW);
    config.crypto = test_crypto();
    config.clock = fixed_clock;
    config.clock_ctx = &scene->now;
    config.report_interval_s = -1;
    scene->a = stage_pinset(rules_a, 1);
    scene->b = stage_pinset(rules_b, 2);
    atomic_store(&retained, 2);
    atomic_store(&freed, 0);
    assert_int_equal(pintle_new(&scene->engine, pintle_pinset_retain(scene->a), &config, NULL),
                     PINTLE_OK);
}

/* Every ownership must have been given up, the first ones of a and b included. */
static void close_scene(struct scene *scene)
{
    pintle_free(scene->engine);
    pintle_pinset_free(scene->a);
    pintle_pinset_free(scene->b);
    assert_int_equal(atomic_load(&retained), atomic_load(&freed));
}

static void replace_many(struct scene *scene, int count)
{
    for (int i = 0; i < count; i++) {
        const struct pintle_pinset *next = i % 2 == 0 ? scene->b : scene->a;

        assert_int_equal(pintle_replace(scene->engine, pintle_pinset_retain(next), NULL),
                         PINTLE_OK);
    }
}

static void each_verdict_is_found_under_one_pin_set_whole(void **state)
{
    pthread_t readers[READERS], taker;
    struct scene scene;

    (void)state;
    open_scene(&scene);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, decide_on_and_on, &scene), 0);
    assert_int_equal(pthread_create(&taker, NULL, take_on_and_on, &scene), 0);
    while (atomic_load(&scene.decided) < READERS)
        continue;
    replace_many(&scene, REPLACEMENTS);
    atomic_store(&scene.done, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(pthread_join(taker, NULL), 0);
    assert_int_equal(atomic_load(&scene.inconsistent), 0);
    close_scene(&scene);
}

/* Documents that nobody but the engine owns: freed too early, a reader meets rubbish. */
static void *replace_with_new_ones(void *ctx)
{
    struct scene *scene = ctx;

    for (int i = 0; i < 500; i++) {
        bool a = i % 2 == 0;
        struct pintle_pinset *next = stage_pinset(a ? rules_a : rules_b, a ? 1 : 2);

        atomic_fetch_add(&retained, 1);
        assert_int_equal(pintle_replace(scene->engine, next, NULL), PINTLE_OK);
    }
    return NULL;
}

static void several_writers_and_readers_neither_leak_nor_meet_freed_memory(void **state)
{
    pthread_t readers[READERS], writers[2];
    struct scene scene;

    (void)state;
    open_scene(&scene);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, decide_on_and_on, &scene), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, replace_with_new_ones, &scene), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(writers[i], NULL), 0);
    atomic_store(&scene.done, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(atomic_load(&scene.inconsistent), 0);
    close_scene(&scene);
}

static void without_readers_the_old_pin_set_is_let_go_at_once(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene);
    pintle_pinset_free(pintle_get_pinset(scene.engine)); /* one that has come and gone */
    replace_many(&scene, 5);
    assert_int_equal(atomic_load(&freed), 6);
    close_scene(&scene);
}

static void under_a_reader_the_old_pin_set_stays_and_is_let_go_later(void **state)
{
    struct pintle__live live;
    const struct pintle_pinset *a = stage_pinset(rules_a, 1);
    const struct pintle_pinset *b = stage_pinset(rules_b, 2);

    (void)state;
    atomic_store(&freed, 0);
    pintle__live_init(&live, a);
    atomic_fetch_add(&live.readers, 1); /* one that has read the pointer to a */
    assert_int_equal(pintle__live_replace(&live, pintle_pinset_retain(b), NULL), PINTLE_OK);
    assert_int_equal(pintle__live_replace(&live, pintle_pinset_retain(b), NULL), PINTLE_OK);
    assert_int_equal(atomic_load(&freed), 0);
    assert_int_equal(pintle_pinset_get_version(a), 1);
    atomic_fetch_sub(&live.readers, 1);
    assert_int_equal(pintle__live_replace(&live, pintle_pinset_retain(b), NULL), PINTLE_OK);
    assert_int_equal(atomic_load(&freed), 3); /* a, and b twice */
    pintle__live_clear(&live);
    assert_int_equal(atomic_load(&freed), 4);
    pintle_pinset_free(b);
}

static void what_is_still_retired_ends_with_the_engine(void **state)
{
    struct pintle__live live;
    const struct pintle_pinset *b = stage_pinset(rules_b, 2);

    (void)state;
    atomic_store(&freed, 0);
    pintle__live_init(&live, stage_pinset(rules_a, 1));
    atomic_fetch_add(&live.readers, 1);
    assert_int_equal(pintle__live_replace(&live, b, NULL), PINTLE_OK);
    pintle__live_clear(&live);
    assert_int_equal(atomic_load(&freed), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict_is_found_under_one_pin_set_whole),
        cmocka_unit_test(several_writers_and_readers_neither_leak_nor_meet_freed_memory),
        cmocka_unit_test(without_readers_the_old_pin_set_is_let_go_at_once),
        cmocka_unit_test(under_a_reader_the_old_pin_set_stays_and_is_let_go_later),
        cmocka_unit_test(what_is_still_retired_ends_with_the_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
