/* SPDX-License-Identifier: Apache-2.0 */
/* What attacks do to a timeline and to clients in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/rotate/stage.h"

static struct rotate_timeline timeline;

/* One client with this lag and clock, in an attacked rotation that deploys on day 20. */
static void play_one(struct rotate_tally *out, const struct rotate_attack *attack, int64_t lag,
                     int64_t clock)
{
    struct rotate_play play = {.start = T0, .end = T0 + 60 * DAY, .refresh = true};
    struct rotate_client client = {.lag = lag, .clock = clock};
    struct rotate_stage stage;

    stage_rotation(&timeline, T0 + 20 * DAY);
    assert_true(rotate_attack_apply(&timeline, &play, attack));
    rotate_stage_make(&stage, &play);
    assert_true(rotate_tally_init(out, rotate_stage_bins(&stage)));
    rotate_client_play(&stage, &client, out);
    rotate_tally_finish(out);
}

static bool has(const struct rotate_tally *tally, size_t series, int64_t after)
{
    return rotate_tally_get(tally, series, (size_t)(after / ROTATE_BIN_S)) > 0;
}

static void a_lost_key_is_followed_by_the_backup(void **unused)
{
    struct rotate_attack attack = rotate_attack_none();
    struct rotate_tally tally;

    (void)unused;
    attack.lose_key = T0 + 5 * DAY;
    play_one(&tally, &attack, 2 * DAY, 0);
    assert_int_equal(tally.locked_s, 0);
    assert_int_equal(timeline.shown_count, 2);
    assert_true(timeline.shown[1].at == attack.lose_key);
    assert_int_equal(timeline.shown[1].pin.digest[0], 2);
    assert_int_equal(timeline.issues[2].version, 3);
    assert_int_equal(timeline.issues[2].pin_count, 1);
    rotate_tally_clear(&tally);
    /* Who is never updated does not know the backup. */
    play_one(&tally, &attack, PINTLE_NEVER, 0);
    assert_int_equal(tally.locked_s, 55 * DAY);
    assert_true(has(&tally, ROTATE_REASON_FIRST + ROTATE_NEVER, 6 * DAY));
    rotate_tally_clear(&tally);
}

static void a_key_lost_before_there_is_a_backup_takes_an_update(void **unused)
{
    struct rotate_attack attack = rotate_attack_none();
    struct rotate_tally tally;

    (void)unused;
    attack.lose_key = T0;
    stage_rotation(&timeline, T0 + 20 * DAY);
    timeline.issues[1].at = T0 + DAY;
    struct rotate_play play = {.start = T0, .end = T0 + 60 * DAY};
    struct rotate_client client = {.lag = 2 * DAY};
    struct rotate_stage stage;

    assert_true(rotate_attack_apply(&timeline, &play, &attack));
    assert_int_equal(timeline.issue_count, 2);
    rotate_stage_make(&stage, &play);
    assert_true(rotate_tally_init(&tally, rotate_stage_bins(&stage)));
    rotate_client_play(&stage, &client, &tally);
    rotate_tally_finish(&tally);
    assert_int_equal(tally.locked_s, 2 * DAY);
    rotate_tally_clear(&tally);
}

static void a_stolen_key_is_accepted_until_it_is_denied(void **unused)
{
    struct rotate_attack attack = rotate_attack_none();
    struct rotate_tally tally;

    (void)unused;
    attack.steal_key = T0 + 5 * DAY;
    attack.react_s = 2 * DAY;
    play_one(&tally, &attack, 3 * DAY, 0);
    assert_int_equal(tally.locked_s, 0);
    /* Two days until the answer, an hour until it is published, three until it is there. */
    assert_int_equal(tally.exposed_s, 5 * DAY + HOUR);
    assert_int_equal(timeline.issues[2].deny_count, 1);
    rotate_tally_clear(&tally);
}

static void a_stolen_signer_is_recovered_from_by_a_new_epoch(void **unused)
{
    struct rotate_attack attack = rotate_attack_none();
    struct rotate_tally tally;

    (void)unused;
    attack.steal_signer = T0 + 5 * DAY;
    attack.react_s = 2 * DAY;
    play_one(&tally, &attack, DAY, 0);
    /* The update comes on day 6. It is refused until the answer is out, and an hour more. */
    assert_int_equal(tally.locked_s, DAY + ROTATE_RETRY_S);
    assert_int_equal(tally.exposed_s, DAY + ROTATE_RETRY_S);
    assert_true(has(&tally, ROTATE_REASON_FIRST + ROTATE_HOSTILE, 6 * DAY + HOUR));
    assert_true(timeline.issues[3].epoch == timeline.issues[0].epoch + 1);
    rotate_tally_clear(&tally);
    /* A client that is slower never sees it. */
    play_one(&tally, &attack, 3 * DAY, 0);
    assert_int_equal(tally.locked_s, 0);
    rotate_tally_clear(&tally);
    attack.threshold = 2;
    play_one(&tally, &attack, DAY, 0);
    assert_int_equal(tally.locked_s, 0);
    assert_int_equal(tally.exposed_s, 0);
    rotate_tally_clear(&tally);
}

static void a_frozen_source_keeps_the_new_key_from_clients(void **unused)
{
    struct rotate_attack attack = rotate_attack_none();
    struct rotate_tally tally;

    (void)unused;
    attack.freeze_at = T0 - DAY;
    attack.freeze_s = 31 * DAY;
    play_one(&tally, &attack, DAY, 0);
    assert_int_equal(tally.locked_s, 10 * DAY + ROTATE_RETRY_S);
    assert_true(has(&tally, ROTATE_REASON_FIRST + ROTATE_FROZEN, 25 * DAY));
    rotate_tally_clear(&tally);
    attack.freeze_at = T0 + 1;
    play_one(&tally, &attack, DAY, 0);
    assert_int_equal(tally.locked_s, 0);
    rotate_tally_clear(&tally);
}

/* A clock ahead of `expires` refuses the update, one ahead of `until` the old key. */
static void clocks_are_believed(void **unused)
{
    struct rotate_play play = {.start = T0, .end = T0 + 60 * DAY, .refresh = true};
    struct rotate_attack none = rotate_attack_none();
    struct rotate_client client = {.lag = DAY, .clock = 100 * DAY};
    struct rotate_stage stage;
    struct rotate_tally tally;

    (void)unused;
    stage_rotation(&timeline, T0 + 20 * DAY);
    timeline.issues[1].expires = T0 + 90 * DAY;
    assert_true(rotate_attack_apply(&timeline, &play, &none));
    rotate_stage_make(&stage, &play);
    assert_true(rotate_tally_init(&tally, rotate_stage_bins(&stage)));
    rotate_client_play(&stage, &client, &tally);
    rotate_tally_finish(&tally);
    assert_int_equal(tally.locked_s, 40 * DAY);
    assert_true(has(&tally, ROTATE_REASON_FIRST + ROTATE_CLOCK, 25 * DAY));
    rotate_tally_clear(&tally);
    timeline.issues[1].expires = PINTLE_NEVER;
    timeline.issues[1].pins[0].until = T0 + 50 * DAY;
    rotate_stage_make(&stage, &play);
    assert_true(rotate_tally_init(&tally, rotate_stage_bins(&stage)));
    rotate_client_play(&stage, &client, &tally);
    rotate_tally_finish(&tally);
    assert_int_equal(tally.locked_s, 19 * DAY);
    rotate_tally_clear(&tally);
}

/* No room is told, not written over. */
static void too_many_versions_are_refused(void **unused)
{
    struct rotate_attack attack = rotate_attack_none();
    struct rotate_play play = {.start = T0, .end = T0 + 60 * DAY};

    (void)unused;
    stage_rotation(&timeline, T0 + 20 * DAY);
    while (timeline.issue_count < ROTATE_ISSUES_MAX) {
        struct rotate_issue issue = stage_issue(T0 + DAY, 2 + (int64_t)timeline.issue_count, 1, 2);

        assert_true(rotate_timeline_issue(&timeline, &issue));
    }
    attack.steal_signer = T0 + 2 * DAY;
    assert_false(rotate_attack_apply(&timeline, &play, &attack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_key_is_followed_by_the_backup),
        cmocka_unit_test(a_key_lost_before_there_is_a_backup_takes_an_update),
        cmocka_unit_test(a_stolen_key_is_accepted_until_it_is_denied),
        cmocka_unit_test(a_stolen_signer_is_recovered_from_by_a_new_epoch),
        cmocka_unit_test(a_frozen_source_keeps_the_new_key_from_clients),
        cmocka_unit_test(clocks_are_believed),
        cmocka_unit_test(too_many_versions_are_refused),
    };

    return cmocka_run_group_tests_name("rotate_attack", tests, NULL, NULL);
}
