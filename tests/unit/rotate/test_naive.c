/* SPDX-License-Identifier: Apache-2.0 */
/* Random timelines, attacks and clients: event by event and step by step come to the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/rotate/naive.h"
#include "unit/rotate/stage.h"

#define PLANS 80
#define CLIENTS 20
#define DAYS 24

static uint64_t state = 20260101;

/* Knuth's MMIX generator: the same sequence on every machine. */
static int64_t below(int64_t bound)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)bound);
}

static bool sometimes(int64_t one_in)
{
    return below(one_in) == 0;
}

/* A multiple of a step within [0, days). */
static int64_t some_time(int64_t days)
{
    return below(days * DAY / NAIVE_STEP_S) * NAIVE_STEP_S;
}

static int64_t maybe_time(int64_t one_in, int64_t days)
{
    return sometimes(one_in) ? T0 + some_time(days) : PINTLE_NEVER;
}

static struct rotate_issue random_issue(int64_t at, int64_t version)
{
    static const enum pintle_mode modes[] = {PINTLE_MODE_ENFORCE, PINTLE_MODE_ENFORCE,
                                             PINTLE_MODE_ENFORCE, PINTLE_MODE_REPORT,
                                             PINTLE_MODE_OFF};
    struct rotate_issue issue = stage_issue(at, version, 1 + (int)below(4), 1 + (int)below(4));

    issue.mode = modes[below(5)];
    issue.after = modes[below(5)];
    issue.enforce_until = maybe_time(3, DAYS);
    issue.expires = maybe_time(6, 2 * DAYS);
    if (sometimes(3))
        issue.hard_ttl_s = NAIVE_STEP_S + some_time(DAYS);
    for (size_t i = 0; i < issue.pin_count; i++)
        issue.pins[i].until = maybe_time(4, DAYS);
    if (sometimes(4)) {
        struct pintle_pin denied = stage_key(1 + (int)below(4));

        assert_true(rotate_issue_deny(&issue, &denied));
    }
    return issue;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void random_timeline(struct rotate_timeline *out)
{
    int64_t times[4];
    size_t count = 1 + (size_t)below(4);

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < 4; i++)
        times[i] = T0 - 2 * DAY + some_time(DAYS);
    qsort(times, count, sizeof(times[0]), compare);
    for (size_t i = 0; i <= count; i++) {
        struct rotate_issue issue =
            random_issue(i == 0 ? T0 - 30 * DAY : times[i - 1], (int64_t)i + 1);

        issue.held = i == 0;
        assert_true(rotate_timeline_issue(out, &issue));
    }
    for (size_t i = 0; i < 4; i++)
        times[i] = T0 + some_time(DAYS);
    qsort(times, 4, sizeof(times[0]), compare);
    for (size_t i = 0; i < 4; i++) {
        struct pintle_pin key = stage_key(1 + (int)below(4));

        assert_true(rotate_timeline_show(out, i == 0 ? T0 - 30 * DAY : times[i], &key));
    }
}

static struct rotate_attack random_attack(void)
{
    struct rotate_attack attack = rotate_attack_none();

    attack.react_s = some_time(4);
    if (sometimes(3)) {
        attack.freeze_at = T0 + some_time(DAYS);
        attack.freeze_s = NAIVE_STEP_S + some_time(10);
    }
    if (sometimes(3))
        attack.steal_key = T0 + some_time(DAYS);
    else if (sometimes(3))
        attack.lose_key = T0 + some_time(DAYS);
    if (sometimes(4))
        attack.steal_signer = T0 + some_time(DAYS);
    return attack;
}

static struct rotate_client random_client(void)
{
    struct rotate_client client = {.lag = sometimes(12) ? PINTLE_NEVER : some_time(10)};

    if (sometimes(3)) {
        client.offline_from = T0 - 5 * DAY + some_time(DAYS);
        client.offline_until = client.offline_from + NAIVE_STEP_S + some_time(8);
    }
    if (sometimes(3))
        client.clock = some_time(16) - 8 * DAY;
    return client;
}

static void compare_counts(const struct rotate_tally *tally, const struct naive *naive, int plan)
{
    for (size_t series = 0; series < ROTATE_REASON_FIRST; series++)
        for (size_t bin = 0; bin < tally->bins; bin++)
            if (rotate_tally_get(tally, series, bin) != naive->counts[series][bin])
                fail_msg("plan %d, series %zu, bin %zu: %d, and step by step %d", plan, series, bin,
                         rotate_tally_get(tally, series, bin), naive->counts[series][bin]);
    assert_true(tally->locked_s == naive->locked_s);
    assert_true(tally->exposed_s == naive->exposed_s);
}

/* Who is locked out has a reason, and no reason is given for who is not. */
static void compare_reasons(const struct rotate_tally *tally)
{
    for (size_t bin = 0; bin < tally->bins; bin++) {
        int32_t sum = 0;

        for (size_t i = 0; i < ROTATE_REASONS; i++)
            sum += rotate_tally_get(tally, ROTATE_REASON_FIRST + i, bin);
        assert_true(sum >= rotate_tally_get(tally, ROTATE_LOCKED, bin));
        assert_true(sum == 0 || rotate_tally_get(tally, ROTATE_LOCKED, bin) > 0);
    }
}

static void event_by_event_is_step_by_step(void **unused)
{
    static struct rotate_timeline timeline;
    static struct naive naive;
    uint64_t locked = 0;
    uint64_t exposed = 0;

    (void)unused;
    for (int plan = 0; plan < PLANS; plan++) {
        struct rotate_play play = {.start = T0, .end = T0 + DAYS * DAY, .refresh = !sometimes(3)};
        struct rotate_attack attack = random_attack();
        struct rotate_stage stage;
        struct rotate_tally tally;

        random_timeline(&timeline);
        assert_true(rotate_attack_apply(&timeline, &play, &attack));
        rotate_stage_make(&stage, &play);
        assert_true(rotate_tally_init(&tally, rotate_stage_bins(&stage)));
        memset(&naive, 0, sizeof(naive));
        for (int i = 0; i < CLIENTS; i++) {
            struct rotate_client client = random_client();

            rotate_client_play(&stage, &client, &tally);
            naive_play(&naive, &play, &client);
        }
        rotate_tally_finish(&tally);
        compare_counts(&tally, &naive, plan);
        compare_reasons(&tally);
        locked += tally.locked_s;
        exposed += tally.exposed_s;
        rotate_tally_clear(&tally);
    }
    /* The plans were of a kind in which something happens. */
    assert_true(locked > 0);
    assert_true(exposed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_by_event_is_step_by_step),
    };

    return cmocka_run_group_tests_name("rotate_naive", tests, NULL, NULL);
}
