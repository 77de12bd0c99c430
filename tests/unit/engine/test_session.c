/* SPDX-License-Identifier: Apache-2.0 */
/* What adapters need beside pintle_decide(): bindings, resumed sessions, refusals without a chain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/test_crypto.h"
#include "unit/engine/stage.h"

#define BOUNDARY "2026-06-01T00:00:00Z"
#define LATER "2026-07-01T00:00:00Z"

static const char rules[] =
    "{'id':'enforce','match':['enforce.test'],'mode':'enforce','pins':[{'spki':'@p'}]},"
    "{'id':'wide','match':['**.wide.test'],'mode':'enforce','pins':[{'spki':'@p'}]},"
    "{'id':'port','match':['*.wide.test'],'ports':[8443],'mode':'enforce','pins':[{'spki':'@p'}]},"
    "{'id':'report','match':['report.test'],'mode':'report','pins':[{'spki':'@p'}]},"
    "{'id':'off','match':['off.test'],'mode':'off','pins':[{'spki':'@p'}]},"
    "{'id':'timed','match':['timed.test'],'mode':'enforce','pins':[{'spki':'@p'}],"
    " 'enforce_until':'" BOUNDARY "','after':'report'},"
    "{'id':'retiring','match':['retiring.test'],'mode':'enforce','pins':[{'spki':'@p'},"
    " {'spki':'@q','until':'" BOUNDARY "'},{'spki':'@r','until':'" LATER "'}]}";

/* The same pins for all, but another document. */
static const char other_rules[] =
    "{'id':'enforce','match':['enforce.test'],'mode':'enforce','pins':[{'spki':'@p'}]}";

struct digest {
    uint8_t bytes[PINTLE_DIGEST_LEN];
};

static struct digest bind(struct stage *stage, const char *name, uint16_t port)
{
    struct pintle_host host = stage_host(name);
    struct pintle_binding binding;
    struct digest digest;

    assert_int_equal(pintle_session_binding(&binding, stage->engine, &host, port, NULL), PINTLE_OK);
    memcpy(digest.bytes, binding.digest, sizeof(digest.bytes));
    return digest;
}

static bool equal(struct digest a, struct digest b)
{
    return memcmp(a.bytes, b.bytes, PINTLE_DIGEST_LEN) == 0;
}

static int set_up(void **state)
{
    struct stage *stage = malloc(sizeof(*stage));

    assert_non_null(stage);
    stage_init(stage);
    stage_open(stage, rules);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static void a_binding_is_the_same_as_long_as_nothing_changes(void **state)
{
    struct stage *stage = *state;
    struct digest first = bind(stage, "timed.test", 443);

    stage->now = stage_time(BOUNDARY) - 1;
    assert_true(equal(first, bind(stage, "timed.test", 443)));
    assert_true(equal(first, bind(stage, "TIMED.test.", 443)));
    assert_int_equal(pintle_replace(stage->engine, stage_pinset(rules, 7), NULL), PINTLE_OK);
    assert_true(equal(first, bind(stage, "timed.test", 443)));
}

static void a_binding_changes_with_host_port_and_rule(void **state)
{
    struct digest bindings[6];

    bindings[0] = bind(*state, "enforce.test", 443);
    bindings[1] = bind(*state, "enforce.test", 444);
    bindings[2] = bind(*state, "a.wide.test", 443);
    bindings[3] = bind(*state, "b.wide.test", 443);
    bindings[4] = bind(*state, "a.wide.test", 8443);
    bindings[5] = bind(*state, "other.test", 443);
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < i; j++)
            assert_false(equal(bindings[i], bindings[j]));
    }
}

static void a_binding_changes_with_the_pin_set(void **state)
{
    struct stage *stage = *state;
    struct digest before = bind(stage, "enforce.test", 443);
    struct digest unlisted = bind(stage, "other.test", 443);

    assert_int_equal(pintle_replace(stage->engine, stage_pinset(other_rules, 7), NULL), PINTLE_OK);
    assert_false(equal(before, bind(stage, "enforce.test", 443)));
    assert_false(equal(unlisted, bind(stage, "other.test", 443)));
}

static void a_binding_changes_when_the_rule_demands_something_else(void **state)
{
    struct stage *stage = *state;
    struct digest timed = bind(stage, "timed.test", 443);
    struct digest enforced = bind(stage, "enforce.test", 443);

    stage->now = stage_time(BOUNDARY);
    assert_false(equal(timed, bind(stage, "timed.test", 443)));
    assert_true(equal(enforced, bind(stage, "enforce.test", 443)));
}

/* Otherwise a session that was accepted for the retired key could be resumed for ever. */
static void a_binding_changes_whenever_a_pin_is_retired(void **state)
{
    struct stage *stage = *state;
    struct digest before = bind(stage, "retiring.test", 443);
    struct digest other = bind(stage, "enforce.test", 443);
    struct digest first, second;

    stage->now = stage_time(BOUNDARY) - 1;
    assert_true(equal(before, bind(stage, "retiring.test", 443)));
    stage->now = stage_time(BOUNDARY);
    first = bind(stage, "retiring.test", 443);
    assert_false(equal(before, first));
    stage->now = stage_time(LATER) - 1;
    assert_true(equal(first, bind(stage, "retiring.test", 443)));
    stage->now = stage_time(LATER);
    second = bind(stage, "retiring.test", 443);
    assert_false(equal(first, second));
    assert_false(equal(before, second));
    assert_true(equal(other, bind(stage, "enforce.test", 443)));
}

static const struct pintle_pinset *softened(const char *rule, bool off, int64_t until)
{
    struct pintle_softening soften = {rule, off};
    struct pintle_pinset_terms terms = {PINTLE_NEVER, &soften, 1, until};
    struct pintle_pinset *set = stage_pinset(rules, 7);
    const struct pintle_pinset *out;

    assert_int_equal(pintle_pinset_derive(&out, set, &terms, NULL), PINTLE_OK);
    pintle_pinset_free(set);
    return out;
}

static void a_binding_changes_while_a_rule_is_unpinned(void **state)
{
    struct stage *stage = *state;
    struct digest before = bind(stage, "enforce.test", 443);
    struct digest other = bind(stage, "a.wide.test", 443);
    struct digest report;

    assert_int_equal(
        pintle_replace(stage->engine, softened("enforce", false, stage_time(BOUNDARY)), NULL),
        PINTLE_OK);
    report = bind(stage, "enforce.test", 443);
    assert_false(equal(before, report));
    assert_true(equal(other, bind(stage, "a.wide.test", 443)));
    assert_int_equal(
        pintle_replace(stage->engine, softened("enforce", true, stage_time(BOUNDARY)), NULL),
        PINTLE_OK);
    assert_false(equal(before, bind(stage, "enforce.test", 443)));
    assert_false(equal(report, bind(stage, "enforce.test", 443)));
    stage->now = stage_time(BOUNDARY);
    assert_true(equal(before, bind(stage, "enforce.test", 443)));
}

static void without_a_hash_there_is_no_binding(void **state)
{
    static const uint8_t zero[PINTLE_DIGEST_LEN] = {0};
    struct pintle_host host = stage_host("enforce.test");
    struct stage *stage = *state;
    struct pintle_error err;
    struct pintle_binding out;

    stage->crypto = *test_crypto_failing();
    assert_int_equal(pintle_session_binding(&out, stage->engine, &host, 443, &err),
                     PINTLE_E_CRYPTO);
    assert_int_equal(err.status, PINTLE_E_CRYPTO);
    assert_memory_equal(out.digest, zero, sizeof(out.digest));
}

static void a_resumed_session_is_accepted_for_what_the_rule_asks_now(void **state)
{
    static const struct {
        const char *host;
        bool allow_unlisted;
        enum pintle_decision decision;
        enum pintle_reason reason;
    } rows[] = {
        {"enforce.test", false, PINTLE_ACCEPT, PINTLE_REASON_MATCH},
        {"report.test", false, PINTLE_ACCEPT, PINTLE_REASON_MATCH},
        {"off.test", false, PINTLE_ACCEPT, PINTLE_REASON_OFF},
        {"other.test", false, PINTLE_REFUSE, PINTLE_REASON_NO_RULE},
        {"other.test", true, PINTLE_ACCEPT, PINTLE_REASON_NO_RULE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_host host = stage_host(rows[i].host);
        struct pintle_verdict verdict;
        struct stage stage;

        stage_init(&stage);
        stage.config.allow_unlisted = rows[i].allow_unlisted;
        stage_open(&stage, rules);
        pintle_decide_resumed(&verdict, stage.engine, &host, 443);
        assert_int_equal(verdict.decision, rows[i].decision);
        assert_int_equal(verdict.reason, rows[i].reason);
        assert_true(verdict.resumed);
        assert_false(verdict.softened);
        assert_int_equal(verdict.cert_index, -1);
        assert_int_equal(verdict.pin_index, -1);
        assert_int_equal(verdict.chain_count, 0);
        stage_close(&stage);
    }
}

static void a_resumed_session_without_a_host_is_refused(void **state)
{
    struct stage *stage = *state;
    struct pintle_verdict verdict;

    pintle_decide_resumed(&verdict, stage->engine, NULL, 443);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_NO_HOST);
}

static void a_refusal_without_a_chain_says_what_is_known_and_is_reported(void **state)
{
    static const enum pintle_reason reasons[] = {PINTLE_REASON_PLAINTEXT, PINTLE_REASON_UNCHECKED,
                                                 PINTLE_REASON_INTERNAL, PINTLE_REASON_MATCH};
    struct pintle_host host = stage_host("off.test");
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        struct pintle_verdict verdict;

        pintle_decide_refusal(&verdict, stage->engine, &host, 443, reasons[i], "why");
        assert_int_equal(verdict.decision, PINTLE_REFUSE);
        assert_int_equal(verdict.reason, reasons[i]);
        assert_string_equal(verdict.detail, "why");
        assert_string_equal(verdict.host.text, "off.test");
        assert_string_equal(verdict.rule, "off");
        assert_int_equal(verdict.mode, PINTLE_MODE_OFF);
        assert_int_equal(verdict.set_version, 7);
        assert_int_equal(stage->notified, i + 1);
    }
}

static void a_refusal_needs_no_host_and_no_words(void **state)
{
    struct stage *stage = *state;
    struct pintle_verdict verdict;

    pintle_decide_refusal(&verdict, stage->engine, NULL, 0, PINTLE_REASON_NO_HOST, NULL);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_NO_HOST);
    assert_int_equal(verdict.host.len, 0);
    assert_string_equal(verdict.rule, "");
    assert_string_equal(verdict.detail, "");
    assert_int_equal(stage->notified, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_binding_is_the_same_as_long_as_nothing_changes),
        TEST(a_binding_changes_with_host_port_and_rule),
        TEST(a_binding_changes_with_the_pin_set),
        TEST(a_binding_changes_when_the_rule_demands_something_else),
        TEST(a_binding_changes_whenever_a_pin_is_retired),
        TEST(a_binding_changes_while_a_rule_is_unpinned),
        TEST(without_a_hash_there_is_no_binding),
        TEST(a_resumed_session_is_accepted_for_what_the_rule_asks_now),
        TEST(a_resumed_session_without_a_host_is_refused),
        TEST(a_refusal_without_a_chain_says_what_is_known_and_is_reported),
        TEST(a_refusal_needs_no_host_and_no_words),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
