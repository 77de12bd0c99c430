/* SPDX-License-Identifier: Apache-2.0 */
/* The rate limit and the queue of reports by themselves, where everything can be counted. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/reports.h"
#include "unit/engine/stage.h"

static const char rules[] = "{'id':'enforce','match':['enforce.test'],'mode':'enforce',"
                            "'pins':[{'spki':'@p'}]}";

static const struct pintle__extra nothing = {NULL, NULL};

struct bench {
    struct pintle__reports reports;
    const struct pintle_pinset *set;
    atomic_uint_least64_t told;
    atomic_bool done;
};

/* A refusal of one of many kinds, with a check on its own wholeness. */
static void put(struct bench *bench, unsigned kind, int64_t time)
{
    struct pintle_verdict verdict;

    pintle_verdict_init(&verdict);
    verdict.reason = PINTLE_REASON_MISMATCH;
    verdict.time = time;
    verdict.port = (uint16_t)(kind & 0xffff);
    verdict.host.len =
        (uint8_t)snprintf(verdict.host.text, sizeof(verdict.host.text), "h%u.test", kind);
    verdict.cert_index = (int)kind;
    (void)pintle__reports_put(&bench->reports, &verdict, bench->set, NULL, &nothing);
}

static size_t take_from(struct bench *bench)
{
    struct pintle_report report;
    struct pintle__cargo *cargo;
    size_t count = 0;

    while (pintle__reports_take(&bench->reports, &report, &cargo)) {
        char host[32];

        (void)snprintf(host, sizeof(host), "h%d.test", report.verdict.cert_index);
        assert_string_equal(report.verdict.host.text, host);
        assert_int_equal(report.verdict.port, report.verdict.cert_index);
        assert_ptr_equal(report.set, bench->set);
        assert_null(cargo);
        atomic_fetch_add(&bench->told, 1 + report.suppressed + report.dropped);
        pintle_pinset_free(report.set);
        count++;
    }
    return count;
}

/* What was told, and what would be told next. */
static uint64_t accounted_for(struct bench *bench)
{
    uint64_t sum = atomic_load(&bench->told) + atomic_load(&bench->reports.dropped);

    for (size_t i = 0; i < PINTLE__RATE_SLOTS; i++)
        sum += atomic_load(&bench->reports.rates[i].suppressed);
    return sum;
}

static int set_up_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    pintle__reports_init(&bench->reports, 10);
    bench->set = stage_pinset(rules, 7);
    *state = bench;
    return 0;
}

static int tear_down_bench(void **state)
{
    struct bench *bench = *state;

    pintle__reports_clear(&bench->reports);
    pintle_pinset_free(bench->set);
    free(bench);
    return 0;
}

static void however_kinds_collide_each_refusal_is_told_or_counted(void **state)
{
    struct bench *bench = *state;
    const unsigned kinds = 3 * PINTLE__RATE_SLOTS;
    uint64_t puts = 0;
    size_t taken = 0;

    for (int64_t time = 0; time < 40; time += 4) {
        for (unsigned kind = 0; kind < kinds; kind++) {
            put(bench, kind, time);
            put(bench, kind, time);
            puts += 2;
            if (kind % 50 == 0) /* sometimes too late */
                taken += take_from(bench);
        }
    }
    taken += take_from(bench);
    assert_int_equal(accounted_for(bench), puts);
    assert_true(taken >= kinds);
}

static void what_was_left_out_of_a_kind_pushed_out_is_told_as_dropped(void **state)
{
    struct bench *bench = *state;
    struct pintle_report report;
    struct pintle__cargo *cargo;
    unsigned kind = 0;

    for (int i = 0; i < 3; i++)
        put(bench, kind, 0);
    assert_true(pintle__reports_take(&bench->reports, &report, &cargo));
    pintle_pinset_free(report.set);
    do { /* until one has the same place */
        put(bench, ++kind, 0);
        assert_true(pintle__reports_take(&bench->reports, &report, &cargo));
        pintle_pinset_free(report.set);
        assert_int_equal(report.suppressed, 0);
    } while (report.dropped == 0 && kind < 100 * PINTLE__RATE_SLOTS);
    assert_int_equal(report.dropped, 2);
}

/* --- threads ------------------------------------------------------------------------------- */

#define PUTTERS 3
#define TAKERS 2
#define PUTS 20000

static void *put_many(void *ctx)
{
    struct bench *bench = ctx;

    for (unsigned i = 0; i < PUTS; i++)
        put(bench, i * 7 % 600, i / 100);
    return NULL;
}

static void *take_many(void *ctx)
{
    struct bench *bench = ctx;

    while (!atomic_load(&bench->done))
        (void)take_from(bench);
    return NULL;
}

static void threads_lose_no_report_and_mix_none_up(void **state)
{
    struct bench *bench = *state;
    pthread_t putters[PUTTERS], takers[TAKERS];

    for (int i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_create(&takers[i], NULL, take_many, bench), 0);
    for (int i = 0; i < PUTTERS; i++)
        assert_int_equal(pthread_create(&putters[i], NULL, put_many, bench), 0);
    for (int i = 0; i < PUTTERS; i++)
        assert_int_equal(pthread_join(putters[i], NULL), 0);
    atomic_store(&bench->done, true);
    for (int i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_join(takers[i], NULL), 0);
    (void)take_from(bench);
    assert_int_equal(accounted_for(bench), (uint64_t)PUTTERS * PUTS);
}

static void *put_one_kind(void *ctx)
{
    for (int i = 0; i < 1000; i++)
        put(ctx, 1, 1000);
    return NULL;
}

static void equal_refusals_at_one_time_on_many_threads_are_one_report(void **state)
{
    struct bench *bench = *state;
    pthread_t putters[PUTTERS];

    for (int i = 0; i < PUTTERS; i++)
        assert_int_equal(pthread_create(&putters[i], NULL, put_one_kind, bench), 0);
    for (int i = 0; i < PUTTERS; i++)
        assert_int_equal(pthread_join(putters[i], NULL), 0);
    assert_in_range(take_from(bench), 1, PUTTERS);
    assert_int_equal(accounted_for(bench), PUTTERS * 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_bench, tear_down_bench)
    const struct CMUnitTest tests[] = {
        TEST(however_kinds_collide_each_refusal_is_told_or_counted),
        TEST(what_was_left_out_of_a_kind_pushed_out_is_told_as_dropped),
        TEST(threads_lose_no_report_and_mix_none_up),
        TEST(equal_refusals_at_one_time_on_many_threads_are_one_report),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
