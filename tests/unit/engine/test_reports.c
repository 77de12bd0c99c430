/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: which are queued, which are left out, and that none is lost unsaid. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/engine/stage.h"

static const char rules[] =
    "{'id':'enforce','match':['**.enforce.test'],'mode':'enforce','pins':[{'spki':'@p'}]},"
    "{'id':'report','match':['report.test'],'mode':'report','pins':[{'spki':'@p'}]}";

#define KEPT_MAX 128

/* The reports that were taken. */
struct kept {
    size_t count;
    struct pintle_report reports[KEPT_MAX];
    char rule_ids[KEPT_MAX][PINTLE_RULE_ID_SIZE];
    int64_t versions[KEPT_MAX];
};

static void keep(void *ctx, const struct pintle_report *report)
{
    struct kept *kept = ctx;
    size_t i = kept->count++;

    assert_true(i < KEPT_MAX);
    kept->reports[i] = *report;
    kept->versions[i] = pintle_pinset_get_version(report->set);
    if (report->rule != NULL)
        (void)snprintf(kept->rule_ids[i], PINTLE_RULE_ID_SIZE, "%s", report->rule->id);
}

/* What the tests share: the stage, and room for reports. */
struct scene {
    struct stage stage;
    struct kept kept;
};

static struct kept *take(struct scene *scene)
{
    size_t count;

    memset(&scene->kept, 0, sizeof(scene->kept));
    count = pintle_take_reports(scene->stage.engine, keep, &scene->kept);
    assert_int_equal(count, scene->kept.count);
    return &scene->kept;
}

static void refuse(struct scene *scene, const char *host)
{
    (void)stage_decide(&scene->stage, host, PINTLE_PATH_VALID, "123");
}

static int set_up_with_interval(void **state, int64_t interval_s)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    stage_init(&scene->stage);
    scene->stage.config.report_interval_s = interval_s;
    stage_open(&scene->stage, rules);
    *state = scene;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with_interval(state, 10);
}

static int set_up_default(void **state)
{
    return set_up_with_interval(state, 0);
}

static int set_up_unlimited(void **state)
{
    return set_up_with_interval(state, -1);
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    stage_close(&scene->stage);
    free(scene);
    return 0;
}

static void refusals_and_softened_mismatches_are_reported_and_nothing_else(void **state)
{
    struct scene *scene = *state;
    struct kept *kept;

    (void)stage_decide(&scene->stage, "enforce.test", PINTLE_PATH_VALID, "p");
    (void)stage_decide(&scene->stage, "enforce.test", PINTLE_PATH_VALID, "1");
    (void)stage_decide(&scene->stage, "report.test", PINTLE_PATH_VALID, "1");
    (void)stage_decide(&scene->stage, "other.test", PINTLE_PATH_VALID, "1");
    kept = take(scene);
    assert_int_equal(kept->count, 3);
    assert_int_equal(kept->reports[0].verdict.decision, PINTLE_REFUSE);
    assert_int_equal(kept->reports[0].verdict.reason, PINTLE_REASON_MISMATCH);
    assert_string_equal(kept->reports[0].verdict.host.text, "enforce.test");
    assert_string_equal(kept->rule_ids[0], "enforce");
    assert_int_equal(kept->versions[0], 7);
    assert_true(kept->reports[1].verdict.softened);
    assert_string_equal(kept->rule_ids[1], "report");
    assert_int_equal(kept->reports[2].verdict.reason, PINTLE_REASON_NO_RULE);
    assert_null(kept->reports[2].rule);
    assert_int_equal(take(scene)->count, 0);
}

static void a_report_is_the_verdict_the_handshake_got(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict =
        stage_decide(&scene->stage, "enforce.test", PINTLE_PATH_VALID, "12");
    struct kept *kept = take(scene);

    assert_int_equal(kept->count, 1);
    assert_memory_equal(&kept->reports[0].verdict, &verdict, sizeof(verdict));
}

static void reports_come_oldest_first(void **state)
{
    struct scene *scene = *state;
    struct kept *kept;
    char host[32];

    for (int i = 0; i < 40; i++) {
        (void)snprintf(host, sizeof(host), "h%d.enforce.test", i);
        refuse(scene, host);
    }
    kept = take(scene);
    assert_int_equal(kept->count, 40);
    for (int i = 0; i < 40; i++) {
        (void)snprintf(host, sizeof(host), "h%d.enforce.test", i);
        assert_string_equal(kept->reports[i].verdict.host.text, host);
    }
}

static void equal_ones_within_the_interval_are_counted_in_the_next(void **state)
{
    struct scene *scene = *state;
    struct kept *kept;

    for (int i = 0; i < 5; i++)
        refuse(scene, "enforce.test");
    scene->stage.now += 9;
    refuse(scene, "enforce.test");
    kept = take(scene);
    assert_int_equal(kept->count, 1);
    assert_int_equal(kept->reports[0].suppressed, 0);
    scene->stage.now += 1;
    refuse(scene, "enforce.test");
    kept = take(scene);
    assert_int_equal(kept->count, 1);
    assert_int_equal(kept->reports[0].suppressed, 5);
    assert_int_equal(kept->reports[0].dropped, 0);
    assert_int_equal(scene->stage.notified, 2);
}

static void another_host_port_or_reason_is_not_held_back(void **state)
{
    struct scene *scene = *state;
    struct pintle_host host = stage_host("enforce.test");
    struct pintle_verdict verdict;

    refuse(scene, "enforce.test");
    refuse(scene, "a.enforce.test");
    (void)stage_decide(&scene->stage, "enforce.test", PINTLE_PATH_INVALID, "123");
    pintle_decide_refusal(&verdict, scene->stage.engine, &host, 444, PINTLE_REASON_MISMATCH, NULL);
    refuse(scene, "enforce.test");
    assert_int_equal(take(scene)->count, 4);
}

static void the_interval_is_a_minute_unless_told_otherwise(void **state)
{
    struct scene *scene = *state;

    refuse(scene, "enforce.test");
    scene->stage.now += 59;
    refuse(scene, "enforce.test");
    assert_int_equal(take(scene)->count, 1);
    scene->stage.now += 1;
    refuse(scene, "enforce.test");
    assert_int_equal(take(scene)->count, 1);
}

static void a_negative_interval_holds_nothing_back(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 20; i++)
        refuse(scene, "enforce.test");
    assert_int_equal(take(scene)->count, 20);
    assert_int_equal(scene->stage.notified, 20);
}

static void a_clock_set_back_does_not_silence_reports(void **state)
{
    struct scene *scene = *state;

    refuse(scene, "enforce.test");
    scene->stage.now -= INT64_C(10) * 365 * 86400;
    refuse(scene, "enforce.test");
    refuse(scene, "enforce.test");
    assert_int_equal(take(scene)->count, 2);
    scene->stage.now += 10;
    refuse(scene, "enforce.test");
    assert_int_equal(take(scene)->count, 1);
}

static void the_farthest_times_do_not_confuse_the_interval(void **state)
{
    struct scene *scene = *state;

    scene->stage.now = INT64_MIN;
    refuse(scene, "enforce.test");
    scene->stage.now = INT64_MAX;
    refuse(scene, "enforce.test");
    refuse(scene, "enforce.test");
    assert_int_equal(take(scene)->count, 2);
    scene->stage.now = INT64_MIN;
    refuse(scene, "enforce.test");
    assert_int_equal(take(scene)->count, 1);
}

static void a_full_queue_drops_the_newest_and_counts_it(void **state)
{
    struct scene *scene = *state;
    struct kept *kept;
    char host[32];

    for (int i = 0; i < PINTLE_REPORT_QUEUE + 5; i++) {
        (void)snprintf(host, sizeof(host), "h%d.enforce.test", i);
        refuse(scene, host);
    }
    assert_int_equal(scene->stage.notified, PINTLE_REPORT_QUEUE);
    kept = take(scene);
    assert_int_equal(kept->count, PINTLE_REPORT_QUEUE);
    assert_string_equal(kept->reports[0].verdict.host.text, "h0.enforce.test");
    assert_int_equal(kept->reports[0].dropped, 5);
    for (size_t i = 1; i < kept->count; i++)
        assert_int_equal(kept->reports[i].dropped, 0);
    refuse(scene, "enforce.test");
    kept = take(scene);
    assert_int_equal(kept->count, 1);
    assert_int_equal(kept->reports[0].dropped, 0);
}

static void a_dropped_report_does_not_hold_back_the_next(void **state)
{
    struct scene *scene = *state;
    struct kept *kept;
    char host[32];

    for (int i = 0; i < PINTLE_REPORT_QUEUE; i++) {
        (void)snprintf(host, sizeof(host), "h%d.enforce.test", i);
        refuse(scene, host);
    }
    refuse(scene, "enforce.test");
    (void)take(scene);
    refuse(scene, "enforce.test");
    kept = take(scene);
    assert_int_equal(kept->count, 1);
    assert_string_equal(kept->reports[0].verdict.host.text, "enforce.test");
    assert_int_equal(kept->reports[0].suppressed, 0);
}

static void *take_on_thread(void *ctx)
{
    (void)take(ctx);
    return NULL;
}

static void another_thread_can_take_what_was_queued_here(void **state)
{
    struct scene *scene = *state;
    pthread_t thread;

    refuse(scene, "enforce.test");
    assert_int_equal(pthread_create(&thread, NULL, take_on_thread, scene), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(scene->kept.count, 1);
    assert_string_equal(scene->kept.rule_ids[0], "enforce");
}

static void a_report_keeps_its_pin_set_when_another_comes_into_force(void **state)
{
    struct scene *scene = *state;
    struct kept *kept;

    refuse(scene, "enforce.test");
    assert_int_equal(pintle_replace(scene->stage.engine, stage_pinset(rules, 8), NULL), PINTLE_OK);
    refuse(scene, "report.test");
    kept = take(scene);
    assert_int_equal(kept->count, 2);
    assert_int_equal(kept->versions[0], 7);
    assert_string_equal(kept->rule_ids[0], "enforce");
    assert_int_equal(kept->versions[1], 8);
}

static void refuse_again(void *ctx, const struct pintle_report *report)
{
    (void)report;
    refuse(ctx, "enforce.test");
}

static void taking_ends_although_each_report_brings_another(void **state)
{
    struct scene *scene = *state;

    refuse(scene, "enforce.test");
    assert_int_equal(pintle_take_reports(scene->stage.engine, refuse_again, scene),
                     PINTLE_REPORT_QUEUE);
    assert_int_equal(take(scene)->count, 1);
}

static void reports_nobody_takes_end_with_the_engine(void **state)
{
    struct scene *scene = *state;

    refuse(scene, "enforce.test");
    refuse(scene, "other.test"); /* the leak checker sees what tear_down leaves */
    assert_int_equal(scene->stage.notified, 2);
}

int main(void)
{
#define TEST(name, up) cmocka_unit_test_setup_teardown(name, up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(refusals_and_softened_mismatches_are_reported_and_nothing_else, set_up),
        TEST(a_report_is_the_verdict_the_handshake_got, set_up),
        TEST(reports_come_oldest_first, set_up),
        TEST(equal_ones_within_the_interval_are_counted_in_the_next, set_up),
        TEST(another_host_port_or_reason_is_not_held_back, set_up),
        TEST(the_interval_is_a_minute_unless_told_otherwise, set_up_default),
        TEST(a_negative_interval_holds_nothing_back, set_up_unlimited),
        TEST(a_clock_set_back_does_not_silence_reports, set_up),
        TEST(the_farthest_times_do_not_confuse_the_interval, set_up),
        TEST(a_full_queue_drops_the_newest_and_counts_it, set_up),
        TEST(a_dropped_report_does_not_hold_back_the_next, set_up),
        TEST(another_thread_can_take_what_was_queued_here, set_up),
        TEST(a_report_keeps_its_pin_set_when_another_comes_into_force, set_up),
        TEST(taking_ends_although_each_report_brings_another, set_up_unlimited),
        TEST(reports_nobody_takes_end_with_the_engine, set_up),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
