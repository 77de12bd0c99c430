/* SPDX-License-Identifier: Apache-2.0 */
/* Pins that hosts without a rule announced themselves: only there, and never beside a rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pintle/hpkp.h>

#include "kit/memory.h"
#include "unit/engine/stage.h"

static const char rules[] =
    "{'id':'enforce','match':['enforce.test'],'mode':'enforce','pins':[{'spki':'@p'}]},"
    "{'id':'off','match':['off.test'],'mode':'off','pins':[{'spki':'@p'}]}";

struct scene {
    struct stage stage;
    struct memory memory;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    stage_init(&scene->stage);
    memory_init(&scene->memory);
    scene->stage.config.memory = &scene->memory.calls;
    scene->stage.config.allow_unlisted = true;
    stage_open(&scene->stage, rules);
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

static struct pintle_verdict expect(struct scene *scene, const char *host, enum pintle_path path,
                                    const char *keys, enum pintle_decision decision,
                                    enum pintle_reason reason)
{
    struct pintle_verdict verdict = stage_decide(&scene->stage, host, path, keys);

    if (verdict.decision != decision || verdict.reason != reason)
        fail_msg("%s %s: decision %d, %s: %s", host, keys, (int)verdict.decision,
                 pintle_reason_name(verdict.reason), verdict.detail);
    return verdict;
}

#define VALID PINTLE_PATH_VALID

static void pins_that_a_host_announced_must_be_in_its_path(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict;

    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "a.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    verdict = expect(scene, "a.test", VALID, "1h2", PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    assert_true(verdict.learned);
    assert_int_equal(verdict.cert_index, 1);
    assert_int_equal(verdict.chain_count, 3);
    assert_int_equal(verdict.chain[1].note, PINTLE_CERT_PINNED);
    assert_string_equal(verdict.rule, "");
    verdict = expect(scene, "a.test", VALID, "123", PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    assert_true(verdict.learned);
    assert_string_equal(verdict.detail, "no key that the host has announced (HPKP)");
    verdict = expect(scene, "b.test", VALID, "123", PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
    assert_false(verdict.learned);
    assert_int_equal(scene->memory.learns, 0);
}

static void pins_do_not_mend_a_path(void **state)
{
    struct scene *scene = *state;

    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "a.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    (void)expect(scene, "a.test", PINTLE_PATH_INVALID, "h", PINTLE_REFUSE, PINTLE_REASON_NO_RULE);
    (void)expect(scene, "a.test", PINTLE_PATH_WRONG_NAME, "h", PINTLE_REFUSE,
                 PINTLE_REASON_NO_RULE);
}

static void subdomains_are_held_to_their_parents_pins(void **state)
{
    struct scene *scene = *state;

    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "a.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    (void)expect(scene, "x.a.test", VALID, "1", PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
    scene->memory.entries[0].include_subdomains = true;
    (void)expect(scene, "x.a.test", VALID, "1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    (void)expect(scene, "x.y.a.test", VALID, "1h", PINTLE_ACCEPT, PINTLE_REASON_MATCH);
}

static void pins_hold_until_they_expire(void **state)
{
    struct scene *scene = *state;

    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "a.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), scene->stage.now + 1);
    (void)expect(scene, "a.test", VALID, "1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    scene->stage.now++;
    (void)expect(scene, "a.test", VALID, "1", PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
}

static void a_signed_rule_comes_first(void **state)
{
    struct scene *scene = *state;

    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "enforce.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "off.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    (void)expect(scene, "enforce.test", VALID, "p1", PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    (void)expect(scene, "enforce.test", VALID, "h1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    (void)expect(scene, "off.test", VALID, "1", PINTLE_ACCEPT, PINTLE_REASON_OFF);
    assert_int_equal(scene->memory.recalls, 0);
}

static void addresses_are_never_pinned(void **state)
{
    struct scene *scene = *state;

    scene->memory.fails_recall = true;
    (void)expect(scene, "192.0.2.1", VALID, "1", PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
    (void)expect(scene, "2001:db8::1", VALID, "1", PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
    assert_int_equal(scene->memory.recalls, 0);
}

static void report_only_pins_are_not_asked_for(void **state)
{
    struct scene *scene = *state;

    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP_REPORT_ONLY, "a.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    (void)expect(scene, "a.test", VALID, "1", PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
}

static void a_memory_that_fails_refuses(void **state)
{
    struct scene *scene = *state;

    scene->memory.fails_recall = true;
    (void)expect(scene, "a.test", VALID, "1", PINTLE_REFUSE, PINTLE_REASON_MEMORY);
}

static void a_certificate_that_cannot_be_read_refuses_only_where_pins_are_asked_for(void **state)
{
    struct scene *scene = *state;
    struct pintle_verdict verdict =
        expect(scene, "a.test", VALID, "1?", PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);

    assert_string_equal(verdict.detail, "");
    assert_int_equal(verdict.chain[1].note, PINTLE_CERT_MALFORMED);
    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "a.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    (void)expect(scene, "a.test", VALID, "h?", PINTLE_REFUSE, PINTLE_REASON_INTERNAL);
}

/* What a new header is judged by. */
static void the_path_of_an_unlisted_host_is_shown_whole(void **state)
{
    struct scene *scene = *state;
    struct pintle_hpkp header = {.max_age_s = 60, .pin_count = 2};
    struct pintle_learned entry;
    struct pintle_verdict verdict;

    header.pins[0] = fake_cert_pin('2');
    header.pins[1] = fake_cert_pin('b');
    verdict = expect(scene, "a.test", VALID, "123", PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
    assert_int_equal(pintle_hpkp_judge(&entry, NULL, &header, false, &verdict, scene->stage.now),
                     PINTLE_HPKP_NOTE);
    scene->memory.entries[scene->memory.count++] = entry;
    verdict = expect(scene, "a.test", VALID, "12", PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    assert_int_equal(pintle_hpkp_judge(&entry, NULL, &header, false, &verdict, scene->stage.now),
                     PINTLE_HPKP_NOTE);
    (void)expect(scene, "a.test", VALID, "13", PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    /* The pins of a rule's verdict are the signer's business. */
    verdict = expect(scene, "enforce.test", VALID, "p2", PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    assert_int_equal(pintle_hpkp_judge(&entry, NULL, &header, false, &verdict, scene->stage.now),
                     PINTLE_HPKP_IGNORE);
}

/* --- sessions ----------------------------------------------------------------------------------- */

static struct pintle_binding bind(struct scene *scene, const char *name)
{
    struct pintle_host host = stage_host(name);
    struct pintle_binding binding;

    assert_int_equal(pintle_session_binding(&binding, scene->stage.engine, &host, 443, NULL),
                     PINTLE_OK);
    return binding;
}

static bool same(struct pintle_binding a, struct pintle_binding b)
{
    return memcmp(a.digest, b.digest, PINTLE_DIGEST_LEN) == 0;
}

static void a_session_from_before_the_pins_is_not_bound_any_more(void **state)
{
    struct scene *scene = *state;
    struct pintle_binding before = bind(scene, "a.test");
    struct pintle_binding other = bind(scene, "enforce.test");

    assert_true(same(before, bind(scene, "a.test")));
    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "a.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    assert_false(same(before, bind(scene, "a.test")));
    scene->memory.count = 0;
    assert_true(same(before, bind(scene, "a.test")));
    scene->memory.fails_recall = true;
    assert_false(same(before, bind(scene, "a.test")));
    assert_true(same(other, bind(scene, "enforce.test")));
}

static void a_resumption_that_pins_overtook_is_refused(void **state)
{
    struct scene *scene = *state;
    struct pintle_host host = stage_host("a.test");
    struct pintle_verdict verdict;

    pintle_decide_resumed(&verdict, scene->stage.engine, &host, 443);
    assert_int_equal(verdict.decision, PINTLE_ACCEPT);
    (void)memory_add(&scene->memory, PINTLE_LEARNED_HPKP, "a.test", fake_cert_pin('h'),
                     stage_time(STAGE_NOW), INT64_MAX);
    pintle_decide_resumed(&verdict, scene->stage.engine, &host, 443);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_UNCHECKED);
    scene->memory.fails_recall = true;
    pintle_decide_resumed(&verdict, scene->stage.engine, &host, 443);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_MEMORY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(pins_that_a_host_announced_must_be_in_its_path),
        TEST(pins_do_not_mend_a_path),
        TEST(subdomains_are_held_to_their_parents_pins),
        TEST(pins_hold_until_they_expire),
        TEST(a_signed_rule_comes_first),
        TEST(addresses_are_never_pinned),
        TEST(report_only_pins_are_not_asked_for),
        TEST(a_memory_that_fails_refuses),
        TEST(a_certificate_that_cannot_be_read_refuses_only_where_pins_are_asked_for),
        TEST(the_path_of_an_unlisted_host_is_shown_whole),
        TEST(a_session_from_before_the_pins_is_not_bound_any_more),
        TEST(a_resumption_that_pins_overtook_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
