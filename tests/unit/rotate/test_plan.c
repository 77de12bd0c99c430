/* SPDX-License-Identifier: Apache-2.0 */
/* Plans, and what simulating them comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rotate_notes.h"
#include "unit/rotate/stage.h"

/* Issued at T0 - 60 days: key 1 is live, key 2 in reserve. */
struct scene {
    struct pintle_pinset *set;
    struct rotate_request request;
    struct rotate_plan plan;
};

static struct scene scene;

static void load(const char *root, const char *rule, const char *old)
{
    char one[PINTLE_PIN_TEXT_SIZE];
    char two[PINTLE_PIN_TEXT_SIZE];
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    char text[2048];
    struct pintle_pin key1 = stage_key(1);
    struct pintle_pin key2 = stage_key(2);
    struct pintle_error err;

    pintle_pinset_free(scene.set);
    scene.set = NULL;
    (void)snprintf(
        text, sizeof(text),
        "{\"pintle\":1,\"app\":\"a\",\"version\":7,\"issued\":\"%s\",\"expires\":\"%s\",%s"
        "\"rules\":[{\"id\":\"api\",\"match\":[\"a.example\"],%s\"pins\":["
        "{\"spki\":\"%s\",\"at\":\"leaf\"%s},{\"spki\":\"%s\",\"backup\":true}]}]}",
        pintle_time_format(T0 - 60 * DAY, issued), pintle_time_format(T0 + 300 * DAY, expires),
        root, rule, pintle_pin_format(&key1, one), old, pintle_pin_format(&key2, two));
    assert_int_equal(pintle_pinset_parse(&scene.set, text, strlen(text), NULL, &err), PINTLE_OK);
    scene.request = (struct rotate_request){.set = scene.set,
                                            .rule = pintle_pinset_get_rule(scene.set, 0),
                                            .from = stage_key(1),
                                            .to = stage_key(3),
                                            .start = T0,
                                            .deploy = PINTLE_NEVER,
                                            .cert_expires = T0 + 200 * DAY,
                                            .since = T0 - 60 * DAY,
                                            .lag_s = 14 * DAY,
                                            .margin_s = 7 * DAY,
                                            .lag_share = 0.99};
}

static int set_up(void **unused)
{
    (void)unused;
    load("\"hard_ttl_s\":17280000,", "", "");
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    pintle_pinset_free(scene.set);
    scene.set = NULL;
    return 0;
}

static void make(void)
{
    assert_true(rotate_plan_make(&scene.plan, &scene.request));
}

static int64_t at(enum rotate_step_kind kind)
{
    const struct rotate_step *step = rotate_plan_step(&scene.plan, kind);

    assert_non_null(step);
    return step->at;
}

/* Everybody who is not slower than the wait gets through. */
static void assert_locks_nobody_out(bool refresh)
{
    static struct rotate_timeline timeline;
    static const int64_t sample[] = {0, DAY, 5 * DAY, 20 * DAY};
    struct rotate_fleet fleet = {
        .kind = ROTATE_LAG_SAMPLE, .sample = sample, .sample_count = 4, .seed = 1};
    struct rotate_play play;
    struct rotate_tally tally;

    timeline = scene.plan.timeline;
    play = stage_play(&timeline, 150, refresh);
    stage_run(&tally, &play, &fleet, 2000, 1);
    assert_int_equal(tally.locked_s, 0);
    rotate_tally_clear(&tally);
}

static void a_new_key_is_waited_for(void **unused)
{
    (void)unused;
    make();
    assert_int_equal(scene.plan.kind, ROTATE_NEW_KEY);
    assert_int_equal(scene.plan.refused.count, 0);
    assert_true(at(ROTATE_PUBLISH_BACKUP) == T0);
    assert_true(at(ROTATE_DEPLOY) == T0 + 21 * DAY);
    assert_true(at(ROTATE_RETIRE) == T0 + 28 * DAY);
    assert_true(at(ROTATE_REMOVE) == T0 + 42 * DAY);
    assert_non_null(rotate_plan_step(&scene.plan, ROTATE_NEW_BACKUP));
    assert_int_equal(scene.plan.timeline.issue_count, 4);
    assert_locks_nobody_out(false);
}

static void a_backup_is_deployed_at_once(void **unused)
{
    (void)unused;
    scene.request.to = stage_key(2);
    scene.request.new_backup = stage_key(4);
    scene.request.has_new_backup = true;
    make();
    assert_int_equal(scene.plan.kind, ROTATE_BACKUP);
    assert_true(at(ROTATE_DEPLOY) == T0);
    assert_null(rotate_plan_step(&scene.plan, ROTATE_PUBLISH_BACKUP));
    assert_null(rotate_plan_step(&scene.plan, ROTATE_NEW_BACKUP));
    assert_locks_nobody_out(false);
    assert_false(rotate_plan_worst(&scene.plan, &(int64_t){0}, &(int64_t){0}, &(int64_t){0}));
}

/* The pin-set that brought the backup is a week old: that is how long clients had for it. */
static void a_backup_that_is_recent_is_waited_for(void **unused)
{
    (void)unused;
    scene.request.to = stage_key(2);
    scene.request.since = T0 - 7 * DAY;
    make();
    assert_true(at(ROTATE_DEPLOY) == T0 + 14 * DAY);
    assert_true(rotate_notes_have(&scene.plan.warnings, "recent"));
    assert_locks_nobody_out(false);
}

static void the_overlap_keeps_the_old_pin(void **unused)
{
    (void)unused;
    load("\"overlap_s\":8640000,", "", "");
    make();
    assert_true(at(ROTATE_REMOVE) == T0 + 28 * DAY + 100 * DAY);
}

static void a_certificate_that_ends_first_is_refused(void **unused)
{
    (void)unused;
    scene.request.cert_expires = T0 + 10 * DAY;
    make();
    assert_true(rotate_notes_have(&scene.plan.refused, "certificate-ends"));
    assert_true(rotate_notes_have(&scene.plan.possible, "renew"));
    assert_true(rotate_notes_have(&scene.plan.possible, "backup-sooner"));
    assert_true(rotate_notes_have(&scene.plan.possible, "to-backup"));
    assert_true(rotate_notes_have(&scene.plan.possible, "report-mode"));
    scene.request.cert_expires = T0 + 21 * DAY;
    make();
    assert_int_equal(scene.plan.refused.count, 0);
    scene.request.deploy = T0 + 22 * DAY;
    make();
    assert_true(rotate_notes_have(&scene.plan.refused, "certificate-ends"));
    assert_true(rotate_notes_have(&scene.plan.possible, "deploy-sooner"));
}

/* A plan that is refused can be played, and shows why. */
static void haste_is_refused_and_locks_out(void **unused)
{
    static struct rotate_timeline timeline;
    struct rotate_fleet fleet = {.kind = ROTATE_LAG_EXPONENTIAL, .a = 5, .seed = 1};
    struct rotate_play play;
    struct rotate_tally tally;

    (void)unused;
    scene.request.deploy = T0 + 21 * DAY - 1;
    make();
    assert_true(rotate_notes_have(&scene.plan.refused, "too-early"));
    scene.request.deploy = T0 + 2 * DAY;
    make();
    timeline = scene.plan.timeline;
    play = stage_play(&timeline, 60, false);
    stage_run(&tally, &play, &fleet, 5000, 1);
    assert_true(stage_share(&tally, ROTATE_LOCKED, 2 * DAY, 5000) > 0.6);
    rotate_tally_clear(&tally);
    scene.request.deploy = T0 + 21 * DAY;
    make();
    assert_int_equal(scene.plan.refused.count, 0);
}

static void pins_that_end_too_soon_are_refused(void **unused)
{
    char member[64];
    char until[PINTLE_TIME_TEXT_SIZE];

    (void)unused;
    (void)snprintf(member, sizeof(member), ",\"until\":\"%s\"",
                   pintle_time_format(T0 + 10 * DAY, until));
    load("", "", member);
    make();
    assert_true(rotate_notes_have(&scene.plan.refused, "old-key-ends"));
}

static void a_denied_key_is_refused(void **unused)
{
    char member[128];
    char text[PINTLE_PIN_TEXT_SIZE];
    struct pintle_pin key = stage_key(3);

    (void)unused;
    (void)snprintf(member, sizeof(member), "\"deny\":[\"%s\"],", pintle_pin_format(&key, text));
    load("", member, "");
    make();
    assert_true(rotate_notes_have(&scene.plan.refused, "denied"));
}

static void ends_in_the_middle_are_told(void **unused)
{
    int64_t from = 0;
    int64_t until = 0;
    int64_t version = 0;

    (void)unused;
    load("\"hard_ttl_s\":6048000,", "", ""); /* 70 days, 10 after T0 */
    make();
    assert_true(rotate_notes_have(&scene.plan.warnings, "ends-in-step"));
    assert_false(rotate_plan_worst(&scene.plan, &from, &until, &version));
    load("\"hard_ttl_s\":8640000,", "", "");
    make();
    assert_true(rotate_plan_worst(&scene.plan, &from, &until, &version));
    assert_true(from == T0 + 21 * DAY && until == T0 + 40 * DAY && version == 7);
    load("", "", "");
    make();
    assert_true(rotate_notes_have(&scene.plan.warnings, "unbounded"));
    assert_true(rotate_plan_worst(&scene.plan, &from, &until, &version));
    assert_true(until == PINTLE_NEVER);
    load("", "\"mode\":\"report\",", "");
    make();
    assert_true(rotate_notes_have(&scene.plan.warnings, "not-enforced"));
}

static void a_lost_key_is_replaced_today(void **unused)
{
    (void)unused;
    scene.request.to = stage_key(2);
    scene.request.emergency = ROTATE_LOST;
    make();
    assert_int_equal(scene.plan.kind, ROTATE_LOST);
    assert_true(at(ROTATE_DEPLOY) == T0 && at(ROTATE_RETIRE) == T0);
    assert_int_equal(scene.plan.refused.count, 0);
    assert_false(rotate_notes_have(&scene.plan.warnings, "lock-out"));
    assert_locks_nobody_out(false);
    scene.request.to = stage_key(3);
    make();
    assert_true(rotate_notes_have(&scene.plan.warnings, "lock-out"));
    assert_locks_nobody_out(true);
}

/* A key is denied when no server shows it any more. */
static void a_stolen_key_is_denied_behind_the_change(void **unused)
{
    struct pintle_pin old = stage_key(1);
    const struct rotate_step *deny;

    (void)unused;
    scene.request.to = stage_key(2);
    scene.request.emergency = ROTATE_STOLEN;
    make();
    deny = rotate_plan_step(&scene.plan, ROTATE_DENY);
    assert_true(at(ROTATE_DEPLOY) == T0 && deny->at > T0);
    assert_true(rotate_issue_denies(&scene.plan.timeline.issues[deny->issue], &old));
    assert_int_equal(scene.plan.cost_count, 0);
    assert_locks_nobody_out(false);
}

static void a_stolen_key_without_a_successor_costs_one_or_the_other(void **unused)
{
    (void)unused;
    scene.request.emergency = ROTATE_STOLEN;
    make();
    assert_int_equal(scene.plan.cost_count, 2);
    assert_int_equal(scene.plan.order, ROTATE_DEPLOY_FIRST);
    assert_true(scene.plan.costs[0].locked_days > scene.plan.costs[1].locked_days);
    assert_true(scene.plan.costs[0].exposed_days < scene.plan.costs[1].exposed_days);
    assert_true(at(ROTATE_DEPLOY) == T0);
    assert_locks_nobody_out(true);
    scene.request.order = ROTATE_PUBLISH_FIRST;
    make();
    assert_true(at(ROTATE_DEPLOY) == T0 + 21 * DAY);
    assert_locks_nobody_out(false);
}

static void standing_still_changes_nothing(void **unused)
{
    (void)unused;
    assert_true(rotate_plan_stand_still(&scene.plan, scene.set, scene.request.rule, T0));
    assert_int_equal(scene.plan.timeline.issue_count, 1);
    assert_int_equal(scene.plan.step_count, 0);
    assert_locks_nobody_out(false);
}

static void every_step_says_what_to_do(void **unused)
{
    char text[ROTATE_NOTE_SIZE];

    (void)unused;
    make();
    for (size_t i = 0; i < scene.plan.step_count; i++) {
        size_t len = strlen(rotate_step_text(&scene.plan, &scene.plan.steps[i], 0, text));

        assert_true(len > 20 && len < ROTATE_NOTE_SIZE - 1);
        assert_true(text[len - 1] == '.');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_key_is_waited_for, set_up),
        cmocka_unit_test_setup(a_backup_is_deployed_at_once, set_up),
        cmocka_unit_test_setup(a_backup_that_is_recent_is_waited_for, set_up),
        cmocka_unit_test_setup(the_overlap_keeps_the_old_pin, set_up),
        cmocka_unit_test_setup(a_certificate_that_ends_first_is_refused, set_up),
        cmocka_unit_test_setup(haste_is_refused_and_locks_out, set_up),
        cmocka_unit_test_setup(pins_that_end_too_soon_are_refused, set_up),
        cmocka_unit_test_setup(a_denied_key_is_refused, set_up),
        cmocka_unit_test_setup(ends_in_the_middle_are_told, set_up),
        cmocka_unit_test_setup(a_lost_key_is_replaced_today, set_up),
        cmocka_unit_test_setup(a_stolen_key_is_denied_behind_the_change, set_up),
        cmocka_unit_test_setup(a_stolen_key_without_a_successor_costs_one_or_the_other, set_up),
        cmocka_unit_test_setup(standing_still_changes_nothing, set_up),
        cmocka_unit_test_setup(every_step_says_what_to_do, set_up),
    };

    return cmocka_run_group_tests_name("rotate_plan", tests, NULL, tear_down);
}
