/* SPDX-License-Identifier: Apache-2.0 */
/* A mismatch asks for a newer pin-set once; unpinned and stale verdicts; the line at the start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/memory.h"
#include "unit/engine/stage.h"

static const char old_rules[] =
    "{'id':'api','match':['api.test'],'mode':'enforce','pins':[{'spki':'@p'}],'deny':['@d']},"
    "{'id':'report','match':['report.test'],'mode':'report','pins':[{'spki':'@p'}]},"
    "{'id':'tofu','match':['tofu.test'],'mode':'enforce','trust':'tofu','pins':[]}";

static const char new_rules[] =
    "{'id':'api','match':['api.test'],'mode':'enforce','pins':[{'spki':'@q'}]},"
    "{'id':'report','match':['report.test'],'mode':'report','pins':[{'spki':'@q'}]},"
    "{'id':'tofu','match':['tofu.test'],'mode':'enforce','trust':'tofu',"
    " 'pins':[{'spki':'@q'}]}";

/* rules: what the next refresh puts in force, or NULL; answers: what it says it did. */
struct scene {
    struct stage stage;
    struct memory memory;
    const char *rules;
    bool answers;
    unsigned asked;
    struct pintle_verdict seen;
    size_t reports;
    struct pintle_verdict reported;
};

static bool refresh(void *ctx, const struct pintle_verdict *verdict)
{
    struct scene *scene = ctx;

    scene->asked++;
    scene->seen = *verdict;
    if (scene->rules != NULL)
        assert_int_equal(pintle_replace(scene->stage.engine, stage_pinset(scene->rules, 8), NULL),
                         PINTLE_OK);
    return scene->answers;
}

static void keep(void *ctx, const struct pintle_report *report)
{
    struct scene *scene = ctx;

    scene->reports++;
    scene->reported = report->verdict;
}

static void take(struct scene *scene)
{
    scene->reports = 0;
    (void)pintle_take_reports(scene->stage.engine, keep, scene);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    stage_init(&scene->stage);
    memory_init(&scene->memory);
    scene->stage.config.memory = &scene->memory.calls;
    scene->stage.config.refresh = refresh;
    scene->stage.config.refresh_ctx = scene;
    stage_open(&scene->stage, old_rules);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    stage_close(&scene->stage);
    free(scene);
    return 0;
}

static struct pintle_verdict expect(struct scene *scene, const char *host, const char *keys,
                                    enum pintle_decision decision, enum pintle_reason reason,
                                    unsigned asked)
{
    struct pintle_verdict verdict;

    scene->asked = 0;
    verdict = stage_decide(&scene->stage, host, PINTLE_PATH_VALID, keys);
    if (verdict.decision != decision || verdict.reason != reason || scene->asked != asked)
        fail_msg("%s %s: decision %d, %s, asked %u times", host, keys, (int)verdict.decision,
                 pintle_reason_name(verdict.reason), scene->asked);
    return verdict;
}

static void a_newer_pin_set_decides_in_place_of_the_old(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;

    scene->rules = new_rules;
    scene->answers = true;
    verdict = expect(scene, "api.test", "q1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, 1);
    assert_int_equal(verdict.set_version, 8);
    assert_int_equal(scene->seen.reason, PINTLE_REASON_MISMATCH);
    assert_int_equal(scene->seen.set_version, 7);
    assert_int_equal(scene->seen.chain_count, 2);
    take(scene);
    assert_int_equal(scene->reports, 0); /* only the answer counts */
}

static void it_is_asked_for_once(void **state)
{
    struct scene *scene = *state;

    scene->rules = new_rules;
    scene->answers = true;
    (void)expect(scene, "api.test", "x1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 1);
    take(scene);
    assert_int_equal(scene->reports, 1);
    assert_int_equal(scene->reported.set_version, 8);
}

static void without_a_newer_one_the_first_answer_stands(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;

    verdict = expect(scene, "api.test", "q1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 1);
    assert_int_equal(verdict.set_version, 7);
    scene->answers = true; /* it says so, but there is none */
    (void)expect(scene, "api.test", "q1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 1);
    take(scene);
    assert_int_equal(scene->reports, 2);
    scene->answers = false; /* somebody else was quicker */
    scene->rules = new_rules;
    (void)expect(scene, "api.test", "q1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, 1);
}

static void only_a_mismatch_asks(void **state)
{
    struct scene *scene = *state;

    scene->rules = new_rules;
    (void)expect(scene, "api.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, 0);
    (void)expect(scene, "api.test", "dq", PINTLE_REFUSE, PINTLE_REASON_DENIED, 0);
    (void)expect(scene, "api.test", "?", PINTLE_REFUSE, PINTLE_REASON_INTERNAL, 0);
    (void)expect(scene, "other.test", "q", PINTLE_REFUSE, PINTLE_REASON_NO_RULE, 0);
    scene->memory.fails_recall = true;
    (void)expect(scene, "tofu.test", "q", PINTLE_REFUSE, PINTLE_REASON_MEMORY, 0);
}

static void a_softened_mismatch_asks_too(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;

    verdict = expect(scene, "report.test", "q1", PINTLE_ACCEPT, PINTLE_REASON_MISMATCH, 1);
    assert_true(verdict.softened);
    scene->rules = new_rules;
    verdict = expect(scene, "report.test", "q1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, 1);
    assert_false(verdict.softened);
}

/* A signed bundle announces the change of a key that was learned. */
static void a_newer_pin_set_announces_another_key_than_was_learned(void **state)
{
    struct scene *scene = *state;
    struct pintle_pin pin = fake_cert_pin('q');
    struct pintle_verdict verdict;

    (void)expect(scene, "tofu.test", "a1", PINTLE_ACCEPT, PINTLE_REASON_FIRST_USE, 0);
    (void)expect(scene, "tofu.test", "q1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 1);
    scene->rules = new_rules;
    verdict = expect(scene, "tofu.test", "q1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, 1);
    assert_false(verdict.learned);
    assert_string_equal(verdict.detail, "");
    assert_true(pintle_pin_equal(&scene->memory.entries[0].pins[0], &pin));
    (void)expect(scene, "tofu.test", "a1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 1);
}

/* --- terms ---------------------------------------------------------------------------------------- */

static void derive(struct scene *scene, int64_t fresh_until, bool off, int64_t until)
{
    const struct pintle_softening soften = {"api", off};
    struct pintle_pinset_terms terms = {fresh_until, &soften, 1, until};
    const struct pintle_pinset *set = pintle_get_pinset(scene->stage.engine);
    const struct pintle_pinset *derived;

    assert_int_equal(pintle_pinset_derive(&derived, set, &terms, NULL), PINTLE_OK);
    pintle_pinset_free(set);
    assert_int_equal(pintle_replace(scene->stage.engine, derived, NULL), PINTLE_OK);
}

static void an_unpinned_connection_is_always_told(void **state)
{
    struct scene *scene = *state;
    struct pintle_host host = stage_host("api.test");
    struct pintle_verdict verdict;

    derive(scene, PINTLE_NEVER, true, scene->stage.now + 1);
    verdict = expect(scene, "api.test", "x1", PINTLE_ACCEPT, PINTLE_REASON_OFF, 0);
    assert_true(verdict.unpinned);
    assert_int_equal(verdict.mode, PINTLE_MODE_OFF);
    take(scene);
    assert_int_equal(scene->reports, 1);
    assert_true(scene->reported.unpinned);
    pintle_decide_resumed(&verdict, scene->stage.engine, &host, 443);
    assert_true(verdict.unpinned);
    take(scene);
    assert_int_equal(scene->reports, 1);
    scene->stage.now++;
    verdict = expect(scene, "api.test", "x1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 1);
    assert_false(verdict.unpinned);
    verdict = expect(scene, "report.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, 0);
    assert_false(verdict.unpinned);
}

static void a_denied_key_is_refused_under_an_unpin(void **state)
{
    struct scene *scene = *state;

    derive(scene, PINTLE_NEVER, true, INT64_MAX);
    (void)expect(scene, "api.test", "d1", PINTLE_REFUSE, PINTLE_REASON_DENIED, 0);
}

static void verdicts_are_stale_when_the_fresh_statement_ends(void **state)
{
    struct scene *scene = *state;

    derive(scene, scene->stage.now + 10, false, 0);
    assert_false(expect(scene, "api.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, 0).stale);
    scene->stage.now += 10;
    assert_true(expect(scene, "api.test", "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH, 0).stale);
    assert_true(expect(scene, "api.test", "x1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 1).stale);
}

static void one_line_says_what_is_enforced(void **state)
{
    struct scene *scene = *state;
    struct pintle *engine = scene->stage.engine;
    char text[256];
    char small[8];

    assert_string_equal(pintle_describe(engine, text, sizeof(text)),
                        "enforcing 2 of 3 rules, version 7, fresh until " STAGE_EXPIRES);
    derive(scene, stage_time("2026-06-01T00:00:00Z"), false, INT64_MAX);
    assert_string_equal(
        pintle_describe(engine, text, sizeof(text)),
        "enforcing 1 of 3 rules, version 7, fresh until 2026-06-01T00:00:00Z, 1 unpinned");
    scene->stage.now = stage_time("2026-06-01T00:00:00Z");
    assert_string_equal(
        pintle_describe(engine, text, sizeof(text)),
        "enforcing 1 of 3 rules, version 7, stale since 2026-06-01T00:00:00Z, 1 unpinned");
    derive(scene, 0, false, 0);
    assert_string_equal(pintle_describe(engine, text, sizeof(text)),
                        "enforcing 2 of 3 rules, version 7, never confirmed as the newest");
    assert_string_equal(pintle_describe(engine, small, sizeof(small)), "enforci");
    assert_string_equal(pintle_describe(engine, small, 1), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_newer_pin_set_decides_in_place_of_the_old),
        TEST(it_is_asked_for_once),
        TEST(without_a_newer_one_the_first_answer_stands),
        TEST(only_a_mismatch_asks),
        TEST(a_softened_mismatch_asks_too),
        TEST(a_newer_pin_set_announces_another_key_than_was_learned),
        TEST(an_unpinned_connection_is_always_told),
        TEST(a_denied_key_is_refused_under_an_unpin),
        TEST(verdicts_are_stale_when_the_fresh_statement_ends),
        TEST(one_line_says_what_is_enforced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
