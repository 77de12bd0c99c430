/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a verdict beside its answer: times, ports, trace, faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/test_crypto.h"
#include "unit/engine/stage.h"

#define BOUNDARY "2026-06-01T00:00:00Z"

static const char rules[] =
    "{'id':'enforce','match':['enforce.test'],'mode':'enforce','pins':[{'spki':'@p'}]},"
    "{'id':'report','match':['report.test'],'mode':'report','pins':[{'spki':'@p'}]},"
    "{'id':'off','match':['off.test'],'mode':'off','pins':[{'spki':'@p'}]},"
    "{'id':'key','match':['key.test'],'mode':'enforce','trust':'key','pins':[{'spki':'@p'}]},"
    "{'id':'deny-key','match':['deny-key.test'],'mode':'enforce','trust':'key',"
    " 'pins':[{'spki':'@p'}],'deny':['@d']},"
    "{'id':'leaf','match':['leaf.test'],'mode':'enforce','pins':[{'spki':'@p','at':'leaf'}]},"
    "{'id':'deny','match':['deny.test'],'mode':'enforce','pins':[{'spki':'@p'}],'deny':['@d']},"
    "{'id':'deny-off','match':['deny-off.test'],'mode':'off','pins':[{'spki':'@p'}],"
    " 'deny':['@d']},"
    "{'id':'port','match':['ports.test'],'ports':[8443],'mode':'enforce','pins':[{'spki':'@q'}]},"
    "{'id':'rest','match':['ports.test'],'mode':'enforce','pins':[{'spki':'@p'}]},"
    "{'id':'to-report','match':['to-report.test'],'mode':'enforce','pins':[{'spki':'@p'}],"
    " 'enforce_until':'" BOUNDARY "','after':'report'},"
    "{'id':'to-enforce','match':['to-enforce.test'],'mode':'enforce','pins':[{'spki':'@p'}],"
    " 'enforce_until':'" BOUNDARY "','after':'enforce'},"
    "{'id':'to-off','match':['to-off.test'],'mode':'enforce','pins':[{'spki':'@p'}],"
    " 'enforce_until':'" BOUNDARY "','after':'off'}";

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

static void assert_verdict(const struct pintle_verdict *verdict, enum pintle_decision decision,
                           enum pintle_reason reason)
{
    assert_int_equal(verdict->decision, decision);
    assert_int_equal(verdict->reason, reason);
    assert_int_equal(verdict->softened,
                     decision == PINTLE_ACCEPT && reason == PINTLE_REASON_MISMATCH);
}

static void after_holds_from_the_second_of_enforce_until_on(void **state)
{
    static const struct {
        const char *host;
        int offset_s;
        enum pintle_mode mode;
        enum pintle_decision decision;
        enum pintle_reason reason;
    } rows[] = {
        {"to-report.test", -1, PINTLE_MODE_ENFORCE, PINTLE_REFUSE, PINTLE_REASON_MISMATCH},
        {"to-report.test", 0, PINTLE_MODE_REPORT, PINTLE_ACCEPT, PINTLE_REASON_MISMATCH},
        {"to-report.test", 1, PINTLE_MODE_REPORT, PINTLE_ACCEPT, PINTLE_REASON_MISMATCH},
        {"to-enforce.test", -1, PINTLE_MODE_ENFORCE, PINTLE_REFUSE, PINTLE_REASON_MISMATCH},
        {"to-enforce.test", 0, PINTLE_MODE_ENFORCE, PINTLE_REFUSE, PINTLE_REASON_MISMATCH},
        {"to-enforce.test", 1, PINTLE_MODE_ENFORCE, PINTLE_REFUSE, PINTLE_REASON_MISMATCH},
        {"to-off.test", -1, PINTLE_MODE_ENFORCE, PINTLE_REFUSE, PINTLE_REASON_MISMATCH},
        {"to-off.test", 0, PINTLE_MODE_OFF, PINTLE_ACCEPT, PINTLE_REASON_OFF},
        {"to-off.test", 1, PINTLE_MODE_OFF, PINTLE_ACCEPT, PINTLE_REASON_OFF},
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_verdict verdict;

        stage->now = stage_time(BOUNDARY) + rows[i].offset_s;
        verdict = stage_decide(stage, rows[i].host, PINTLE_PATH_VALID, "123");
        assert_int_equal(verdict.mode, rows[i].mode);
        assert_verdict(&verdict, rows[i].decision, rows[i].reason);
    }
}

static void no_after_softens_a_path_that_is_not_valid(void **state)
{
    static const char *const hosts[] = {"to-report.test", "to-enforce.test", "to-off.test"};
    struct stage *stage = *state;

    stage->now = stage_time(BOUNDARY) + 1;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct pintle_verdict verdict = stage_decide(stage, hosts[i], PINTLE_PATH_INVALID, "p");

        assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_PATH_INVALID);
        verdict = stage_decide(stage, hosts[i], PINTLE_PATH_WRONG_NAME, "p");
        assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_NAME_MISMATCH);
    }
}

static void a_pin_set_is_stale_from_the_second_of_expires_on_and_still_holds(void **state)
{
    struct stage *stage = *state;
    struct pintle_verdict verdict;

    stage->now = stage_time(STAGE_EXPIRES) - 1;
    verdict = stage_decide(stage, "enforce.test", PINTLE_PATH_VALID, "p");
    assert_false(verdict.stale);
    stage->now++;
    verdict = stage_decide(stage, "enforce.test", PINTLE_PATH_VALID, "p");
    assert_true(verdict.stale);
    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    verdict = stage_decide(stage, "enforce.test", PINTLE_PATH_VALID, "1");
    assert_true(verdict.stale);
    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
}

static void a_rule_for_a_port_holds_there_alone(void **state)
{
    static const struct {
        const char *keys;
        const char *rule;
        enum pintle_reason reason;
        uint16_t port;
    } rows[] = {
        {"p", "rest", PINTLE_REASON_MATCH, 443},
        {"q", "rest", PINTLE_REASON_MISMATCH, 443},
        {"p", "port", PINTLE_REASON_MISMATCH, 8443},
        {"q", "port", PINTLE_REASON_MATCH, 8443},
    };
    struct pintle_host host = stage_host("ports.test");
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_peer peer = {0};
        struct pintle_verdict verdict;
        struct stage_path certs;

        peer.host = &host;
        peer.port = rows[i].port;
        peer.path = PINTLE_PATH_VALID;
        peer.chain = stage_chain(&certs, rows[i].keys);
        pintle_decide(&verdict, stage->engine, &peer);
        assert_int_equal(verdict.reason, rows[i].reason);
        assert_string_equal(verdict.rule, rows[i].rule);
        assert_int_equal(verdict.port, rows[i].port);
    }
}

static void the_trace_says_what_became_of_each_certificate(void **state)
{
    static const struct {
        const char *host;
        const char *keys;
        enum pintle_cert_note notes[3];
    } rows[] = {
        {"enforce.test", "1p2", {PINTLE_CERT_NO_PIN, PINTLE_CERT_PINNED, PINTLE_CERT_UNCHECKED}},
        {"enforce.test", "123", {PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN}},
        {"enforce.test", "1?p", {PINTLE_CERT_NO_PIN, PINTLE_CERT_MALFORMED, PINTLE_CERT_UNCHECKED}},
        {"leaf.test", "1p2", {PINTLE_CERT_NO_PIN, PINTLE_CERT_MISPLACED, PINTLE_CERT_NO_PIN}},
        {"deny.test", "1dp", {PINTLE_CERT_NO_PIN, PINTLE_CERT_DENIED, PINTLE_CERT_UNCHECKED}},
    };
    struct pintle_pin none = {{0}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_verdict verdict =
            stage_decide(*state, rows[i].host, PINTLE_PATH_VALID, rows[i].keys);

        assert_int_equal(verdict.chain_count, 3);
        assert_int_equal(verdict.path_count, 1);
        for (size_t j = 0; j < 3; j++) {
            enum pintle_cert_note note = rows[i].notes[j];
            bool hashed = note != PINTLE_CERT_UNCHECKED && note != PINTLE_CERT_MALFORMED;
            struct pintle_pin pin = hashed ? fake_cert_pin((unsigned char)rows[i].keys[j]) : none;

            assert_int_equal(verdict.chain[j].note, note);
            assert_true(pintle_pin_equal(&verdict.chain[j].pin, &pin));
        }
    }
}

static void under_trust_key_a_pin_above_the_leaf_is_misplaced_if_it_is_met_at_all(void **state)
{
    struct pintle_verdict verdict = stage_decide(*state, "key.test", PINTLE_PATH_VALID, "1p");

    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    assert_int_equal(verdict.chain_count, 1);
    assert_int_equal(verdict.chain[0].note, PINTLE_CERT_NO_PIN);
    verdict = stage_decide(*state, "deny-key.test", PINTLE_PATH_VALID, "1p");
    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    assert_int_equal(verdict.chain_count, 2); /* all are looked at for denied keys */
    assert_int_equal(verdict.chain[1].note, PINTLE_CERT_MISPLACED);
}

static void a_failed_path_is_shown_with_the_words_for_it(void **state)
{
    struct pintle_host host = stage_host("enforce.test");
    struct stage *stage = *state;
    struct pintle_peer peer = {0};
    struct pintle_verdict verdict;
    struct stage_path certs;

    peer.host = &host;
    peer.port = 443;
    peer.path = PINTLE_PATH_INVALID;
    peer.chain = stage_chain(&certs, "12");
    peer.detail = "self-signed\ncertificate";
    pintle_decide(&verdict, stage->engine, &peer);
    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_PATH_INVALID);
    assert_string_equal(verdict.detail, "self-signed?certificate");
    assert_string_equal(verdict.rule, "enforce");
    assert_int_equal(verdict.path_count, 0);
    assert_int_equal(verdict.chain_count, 2);
}

static void long_words_are_cut_between_characters(void **state)
{
    struct pintle_host host = stage_host("enforce.test");
    struct stage *stage = *state;
    struct pintle_verdict verdict;
    char words[400];

    for (size_t shift = 0; shift < 3; shift++) {
        size_t len;

        memset(words, 'x', sizeof(words));
        for (size_t i = shift; i + 3 <= sizeof(words); i += 3)
            memcpy(words + i, "\xe2\x82\xac", 3); /* U+20AC */
        words[sizeof(words) - 1] = '\0';
        pintle_decide_refusal(&verdict, stage->engine, &host, 443, PINTLE_REASON_UNCHECKED, words);
        len = strlen(verdict.detail);
        assert_true(len >= sizeof(verdict.detail) - 4 && len < sizeof(verdict.detail));
        assert_int_equal((len - shift) % 3, 0);
        assert_memory_equal(verdict.detail, words, len);
    }
}

static void a_chain_of_16_is_looked_at_and_one_of_17_is_no_path(void **state)
{
    static const char *const hosts[] = {"enforce.test", "report.test", "off.test", "key.test",
                                        "deny-off.test"};
    struct pintle_verdict verdict =
        stage_decide(*state, "enforce.test", PINTLE_PATH_VALID, "123456789012345p");

    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    assert_int_equal(verdict.cert_index, 15);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        verdict = stage_decide(*state, hosts[i], PINTLE_PATH_VALID, "p1234567890123456");
        assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_PATH_INVALID);
        assert_string_equal(verdict.detail, "a chain of 17 certificates, more than 16");
        assert_int_equal(verdict.path_count, 0);
        assert_int_equal(verdict.chain_count, 0);
    }
}

static void what_cannot_be_hashed_is_refused_in_every_mode(void **state)
{
    static const struct {
        const char *host;
        enum pintle_path path;
        enum pintle_decision decision;
        enum pintle_reason reason;
    } rows[] = {
        {"enforce.test", PINTLE_PATH_VALID, PINTLE_REFUSE, PINTLE_REASON_INTERNAL},
        {"enforce.test", PINTLE_PATH_INVALID, PINTLE_REFUSE, PINTLE_REASON_INTERNAL},
        {"report.test", PINTLE_PATH_VALID, PINTLE_REFUSE, PINTLE_REASON_INTERNAL},
        {"key.test", PINTLE_PATH_INVALID, PINTLE_REFUSE, PINTLE_REASON_INTERNAL},
        {"deny.test", PINTLE_PATH_VALID, PINTLE_REFUSE, PINTLE_REASON_INTERNAL},
        {"deny-off.test", PINTLE_PATH_VALID, PINTLE_REFUSE, PINTLE_REASON_INTERNAL},
        {"off.test", PINTLE_PATH_VALID, PINTLE_ACCEPT, PINTLE_REASON_OFF},
    };
    struct stage *stage = *state;

    stage->crypto = *test_crypto_failing();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_verdict verdict = stage_decide(stage, rows[i].host, rows[i].path, "p");

        assert_verdict(&verdict, rows[i].decision, rows[i].reason);
        assert_int_equal(verdict.cert_index, -1);
    }
}

static void no_more_is_hashed_than_the_answer_needs(void **state)
{
    static const struct {
        const char *host;
        const char *keys;
        unsigned hashes;
    } rows[] = {
        {"enforce.test", "p12", 1},  {"enforce.test", "1p2", 2}, {"enforce.test", "123", 3},
        {"off.test", "p12", 0},      {"key.test", "123", 1},     {"deny.test", "p12", 3},
        {"deny-off.test", "p12", 3}, {"other.test", "p12", 0},
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        stage->hashes = 0;
        (void)stage_decide(stage, rows[i].host, PINTLE_PATH_VALID, rows[i].keys);
        assert_int_equal(stage->hashes, rows[i].hashes);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(after_holds_from_the_second_of_enforce_until_on),
        TEST(no_after_softens_a_path_that_is_not_valid),
        TEST(a_pin_set_is_stale_from_the_second_of_expires_on_and_still_holds),
        TEST(a_rule_for_a_port_holds_there_alone),
        TEST(the_trace_says_what_became_of_each_certificate),
        TEST(under_trust_key_a_pin_above_the_leaf_is_misplaced_if_it_is_met_at_all),
        TEST(a_failed_path_is_shown_with_the_words_for_it),
        TEST(long_words_are_cut_between_characters),
        TEST(a_chain_of_16_is_looked_at_and_one_of_17_is_no_path),
        TEST(what_cannot_be_hashed_is_refused_in_every_mode),
        TEST(no_more_is_hashed_than_the_answer_needs),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
