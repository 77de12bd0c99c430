/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that hands out reports. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pintle/app.h>

#include "kit/test_crypto.h"

#define DOCUMENT                                                                                   \
    "{\"pintle\":1,\"app\":\"com.example.test\",\"version\":5,"                                    \
    "\"issued\":\"2026-01-01T00:00:00Z\",\"expires\":\"2027-01-01T00:00:00Z\",\"rules\":[]}"

/*
 * arrived   posted for every report
 * proceed   waited for before each report is done with, if `held`
 */
struct scene {
    struct pintle_reporter *reporter;
    struct pintle *engine;
    pthread_t thread;
    sem_t arrived;
    sem_t proceed;
    bool held;
    atomic_uint reported;
    atomic_uint signals_open;
};

static void on_report(void *ctx, const struct pintle_report *report)
{
    struct scene *scene = ctx;
    sigset_t blocked;

    assert_int_equal(report->verdict.reason, PINTLE_REASON_UNCHECKED);
    assert_int_equal(pintle_pinset_get_version(report->set), 5);
    scene->thread = pthread_self();
    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (sigismember(&blocked, SIGTERM) == 0 || sigismember(&blocked, SIGSEGV) == 1)
        atomic_fetch_add(&scene->signals_open, 1);
    if (scene->held)
        (void)sem_wait(&scene->proceed);
    atomic_fetch_add(&scene->reported, 1);
    (void)sem_post(&scene->arrived);
}

static int set_up(void **state)
{
    struct pintle_pinset_options options = {0, test_crypto()};
    struct scene *scene = calloc(1, sizeof(*scene));
    struct pintle_config config = {0};
    struct pintle_pinset *set;

    assert_non_null(scene);
    assert_int_equal(sem_init(&scene->arrived, 0, 0), 0);
    assert_int_equal(sem_init(&scene->proceed, 0, 0), 0);
    assert_int_equal(pintle_reporter_new(&scene->reporter, on_report, scene, NULL), PINTLE_OK);
    assert_int_equal(pintle_pinset_parse(&set, DOCUMENT, strlen(DOCUMENT), &options, NULL),
                     PINTLE_OK);
    config.crypto = test_crypto();
    config.clock = pintle_clock_system;
    config.report_interval_s = -1;
    config.notify = pintle_reporter_notify;
    config.notify_ctx = scene->reporter;
    assert_int_equal(pintle_new(&scene->engine, set, &config, NULL), PINTLE_OK);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    pintle_reporter_stop(scene->reporter);
    pintle_free(scene->engine);
    pintle_reporter_free(scene->reporter);
    (void)sem_destroy(&scene->arrived);
    (void)sem_destroy(&scene->proceed);
    free(scene);
    return 0;
}

static void refuse(struct scene *scene)
{
    struct pintle_verdict verdict;

    pintle_decide_refusal(&verdict, scene->engine, NULL, 443, PINTLE_REASON_UNCHECKED, NULL);
}

static void a_report_arrives_on_another_thread(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, NULL), PINTLE_OK);
    for (int i = 0; i < 3; i++) {
        refuse(scene);
        assert_int_equal(sem_wait(&scene->arrived), 0);
        assert_false(pthread_equal(scene->thread, pthread_self()));
    }
    assert_int_equal(atomic_load(&scene->reported), 3);
}

static void what_was_queued_before_the_start_arrives_too(void **state)
{
    struct scene *scene = *state;

    refuse(scene);
    refuse(scene);
    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, NULL), PINTLE_OK);
    assert_int_equal(sem_wait(&scene->arrived), 0);
    assert_int_equal(sem_wait(&scene->arrived), 0);
}

static void stopping_hands_out_what_is_still_queued(void **state)
{
    struct scene *scene = *state;

    scene->held = true;
    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, NULL), PINTLE_OK);
    for (int i = 0; i < 20; i++)
        refuse(scene);
    for (int i = 0; i < 20; i++)
        assert_int_equal(sem_post(&scene->proceed), 0);
    pintle_reporter_stop(scene->reporter);
    assert_int_equal(atomic_load(&scene->reported), 20);
}

static void a_slow_reader_of_reports_holds_up_no_handshake(void **state)
{
    struct scene *scene = *state;

    scene->held = true;
    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, NULL), PINTLE_OK);
    for (int i = 0; i < 10 * PINTLE_REPORT_QUEUE; i++)
        refuse(scene); /* returns, though nothing is handed out */
    assert_int_equal(atomic_load(&scene->reported), 0);
    for (int i = 0; i < 10 * PINTLE_REPORT_QUEUE; i++)
        assert_int_equal(sem_post(&scene->proceed), 0);
    pintle_reporter_stop(scene->reporter);
    assert_in_range(atomic_load(&scene->reported), PINTLE_REPORT_QUEUE, PINTLE_REPORT_QUEUE + 1);
}

static void after_the_stop_nothing_is_handed_out_until_the_next_start(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, NULL), PINTLE_OK);
    pintle_reporter_stop(scene->reporter);
    pintle_reporter_stop(scene->reporter);
    refuse(scene);
    assert_int_equal(atomic_load(&scene->reported), 0);
    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, NULL), PINTLE_OK);
    assert_int_equal(sem_wait(&scene->arrived), 0);
    assert_int_equal(atomic_load(&scene->reported), 1);
}

static void a_reporter_starts_once(void **state)
{
    struct scene *scene = *state;
    struct pintle_error err;

    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, NULL), PINTLE_OK);
    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, &err), PINTLE_E_STATE);
    assert_int_equal(err.status, PINTLE_E_STATE);
}

static void the_thread_takes_no_signals_but_for_its_own_faults(void **state)
{
    struct scene *scene = *state;
    sigset_t here;

    assert_int_equal(pintle_reporter_start(scene->reporter, scene->engine, NULL), PINTLE_OK);
    refuse(scene);
    assert_int_equal(sem_wait(&scene->arrived), 0);
    assert_int_equal(atomic_load(&scene->signals_open), 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &here), 0);
    assert_int_equal(sigismember(&here, SIGTERM), 0);
}

static void a_reporter_keeps_its_engine_until_it_is_stopped(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;
    struct pintle *engine = scene->engine;

    assert_int_equal(pintle_reporter_start(scene->reporter, engine, NULL), PINTLE_OK);
    pintle_free(engine);
    pintle_decide_refusal(&verdict, engine, NULL, 443, PINTLE_REASON_UNCHECKED, NULL);
    assert_int_equal(sem_wait(&scene->arrived), 0);
    scene->engine = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_report_arrives_on_another_thread),
        TEST(what_was_queued_before_the_start_arrives_too),
        TEST(stopping_hands_out_what_is_still_queued),
        TEST(a_slow_reader_of_reports_holds_up_no_handshake),
        TEST(after_the_stop_nothing_is_handed_out_until_the_next_start),
        TEST(a_reporter_starts_once),
        TEST(the_thread_takes_no_signals_but_for_its_own_faults),
        TEST(a_reporter_keeps_its_engine_until_it_is_stopped),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
