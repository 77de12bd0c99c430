/* SPDX-License-Identifier: Apache-2.0 */
/* Several valid paths: cross-signed intermediates, other roots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/engine/stage.h"

static const char rules[] =
    "{'id':'enforce','match':['enforce.test'],'mode':'enforce','pins':[{'spki':'@p'}]},"
    "{'id':'report','match':['report.test'],'mode':'report','pins':[{'spki':'@p'}]},"
    "{'id':'off','match':['off.test'],'mode':'off','pins':[{'spki':'@p'}]},"
    "{'id':'key','match':['key.test'],'mode':'enforce','trust':'key','pins':[{'spki':'@p'}]},"
    "{'id':'deny','match':['deny.test'],'mode':'enforce','pins':[{'spki':'@p'}],'deny':['@d']},"
    "{'id':'deny-report','match':['deny-report.test'],'mode':'report','pins':[{'spki':'@p'}],"
    " 'deny':['@d']}";

#define PATHS_MAX 16

/* What next_path gives in turn; behind the last it has no more, or lies for ever. */
struct script {
    const char *paths[PATHS_MAX];
    bool for_ever;
    unsigned asked;
    char rule[PINTLE_RULE_ID_SIZE];
    struct stage_path lent;
};

static bool next_path(void *ctx, const struct pintle_rule *rule, struct pintle_chain *chain)
{
    struct script *script = ctx;
    const char *keys = script->paths[script->for_ever ? 0 : script->asked];

    script->asked++;
    (void)snprintf(script->rule, sizeof(script->rule), "%s", rule->id);
    if (keys == NULL)
        return false;
    *chain = stage_chain(&script->lent, keys);
    return true;
}

static struct pintle_verdict decide(struct stage *stage, const char *host, enum pintle_path path,
                                    const char *keys, struct script *script)
{
    struct pintle_host dialled = stage_host(host);
    struct pintle_peer peer = {0};
    struct pintle_verdict verdict;
    struct stage_path certs;

    peer.host = &dialled;
    peer.port = 443;
    peer.path = path;
    peer.chain = stage_chain(&certs, keys);
    peer.next_path = next_path;
    peer.ctx = script;
    pintle_decide(&verdict, stage->engine, &peer);
    return verdict;
}

static void assert_verdict(const struct pintle_verdict *verdict, enum pintle_decision decision,
                           enum pintle_reason reason, unsigned path_count)
{
    assert_int_equal(verdict->decision, decision);
    assert_int_equal(verdict->reason, reason);
    assert_int_equal(verdict->path_count, path_count);
    assert_int_equal(verdict->softened,
                     decision == PINTLE_ACCEPT && reason == PINTLE_REASON_MISMATCH);
}

static int set_up(void **state)
{
    static struct stage stage;

    stage_init(&stage);
    stage_open(&stage, rules);
    *state = &stage;
    return 0;
}

static int tear_down(void **state)
{
    stage_close(*state);
    return 0;
}

static void a_pin_in_the_second_path_accepts_and_the_trace_shows_that_path(void **state)
{
    struct script script = {.paths = {"45p6"}};
    struct pintle_verdict verdict =
        decide(*state, "enforce.test", PINTLE_PATH_VALID, "123", &script);
    struct pintle_pin pin = fake_cert_pin('p');

    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MATCH, 2);
    assert_int_equal(script.asked, 1);
    assert_string_equal(script.rule, "enforce");
    assert_int_equal(verdict.cert_index, 2);
    assert_int_equal(verdict.pin_index, 0);
    assert_int_equal(verdict.chain_count, 4);
    assert_int_equal(verdict.chain[2].note, PINTLE_CERT_PINNED);
    assert_true(pintle_pin_equal(&verdict.chain[2].pin, &pin));
    assert_int_equal(verdict.chain[3].note, PINTLE_CERT_UNCHECKED);
}

static void without_a_pin_anywhere_the_trace_shows_the_first_path(void **state)
{
    struct script script = {.paths = {"4567", "8"}};
    struct pintle_verdict verdict =
        decide(*state, "enforce.test", PINTLE_PATH_VALID, "12", &script);
    struct pintle_pin first = fake_cert_pin('1');

    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 3);
    assert_int_equal(script.asked, 3);
    assert_int_equal(verdict.cert_index, -1);
    assert_int_equal(verdict.pin_index, -1);
    assert_int_equal(verdict.chain_count, 2);
    assert_true(pintle_pin_equal(&verdict.chain[0].pin, &first));
    assert_int_equal(verdict.chain[1].note, PINTLE_CERT_NO_PIN);
}

static void the_eighth_other_path_still_counts(void **state)
{
    struct script script = {.paths = {"1a", "1b", "1c", "1d", "1e", "1f", "1g", "1p"}};
    struct pintle_verdict verdict =
        decide(*state, "enforce.test", PINTLE_PATH_VALID, "12", &script);

    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MATCH, 9);
    assert_int_equal(script.asked, 8);
}

static void the_ninth_other_path_is_never_asked_for(void **state)
{
    struct script script = {.paths = {"1a", "1b", "1c", "1d", "1e", "1f", "1g", "1h", "1p"}};
    struct pintle_verdict verdict =
        decide(*state, "enforce.test", PINTLE_PATH_VALID, "12", &script);

    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 9);
    assert_int_equal(script.asked, PINTLE_PATHS_MAX);
}

static void a_peer_that_always_has_another_path_is_refused_in_the_end(void **state)
{
    struct script script = {.paths = {"12"}, .for_ever = true};
    struct pintle_verdict verdict =
        decide(*state, "enforce.test", PINTLE_PATH_VALID, "12", &script);

    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 9);
    assert_int_equal(script.asked, PINTLE_PATHS_MAX);
}

static void report_mode_looks_at_all_paths_before_it_softens(void **state)
{
    struct script hit = {.paths = {"1a", "1p"}};
    struct script miss = {.paths = {"1a", "1b"}};
    struct pintle_verdict verdict = decide(*state, "report.test", PINTLE_PATH_VALID, "12", &hit);

    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MATCH, 3);
    verdict = decide(*state, "report.test", PINTLE_PATH_VALID, "12", &miss);
    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MISMATCH, 3);
}

static void other_paths_are_asked_for_only_after_a_mismatch_on_a_valid_one(void **state)
{
    static const struct {
        const char *host;
        enum pintle_path path;
        const char *keys;
        enum pintle_decision decision;
        enum pintle_reason reason;
    } rows[] = {
        {"enforce.test", PINTLE_PATH_VALID, "p", PINTLE_ACCEPT, PINTLE_REASON_MATCH},
        {"enforce.test", PINTLE_PATH_INVALID, "1", PINTLE_REFUSE, PINTLE_REASON_PATH_INVALID},
        {"enforce.test", PINTLE_PATH_WRONG_NAME, "1", PINTLE_REFUSE, PINTLE_REASON_NAME_MISMATCH},
        {"enforce.test", PINTLE_PATH_VALID, "?", PINTLE_REFUSE, PINTLE_REASON_INTERNAL},
        {"deny.test", PINTLE_PATH_VALID, "1d", PINTLE_REFUSE, PINTLE_REASON_DENIED},
        {"off.test", PINTLE_PATH_VALID, "1", PINTLE_ACCEPT, PINTLE_REASON_OFF},
        {"key.test", PINTLE_PATH_VALID, "1", PINTLE_REFUSE, PINTLE_REASON_MISMATCH},
        {"other.test", PINTLE_PATH_VALID, "1", PINTLE_REFUSE, PINTLE_REASON_NO_RULE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct script script = {.paths = {"1p"}};
        struct pintle_verdict verdict =
            decide(*state, rows[i].host, rows[i].path, rows[i].keys, &script);

        assert_int_equal(verdict.decision, rows[i].decision);
        assert_int_equal(verdict.reason, rows[i].reason);
        assert_int_equal(script.asked, 0);
    }
}

static void a_path_with_a_denied_key_does_not_count(void **state)
{
    struct script denied = {.paths = {"pd"}};
    struct script then_pinned = {.paths = {"pd", "1p"}};
    struct script reported = {.paths = {"pd"}};
    struct pintle_verdict verdict = decide(*state, "deny.test", PINTLE_PATH_VALID, "12", &denied);

    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 2);
    assert_int_equal(verdict.cert_index, -1);
    verdict = decide(*state, "deny.test", PINTLE_PATH_VALID, "12", &then_pinned);
    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MATCH, 3);
    assert_int_equal(verdict.cert_index, 1);
    verdict = decide(*state, "deny-report.test", PINTLE_PATH_VALID, "12", &reported);
    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MISMATCH, 2);
}

static void another_path_that_cannot_be_read_refuses_also_in_report_mode(void **state)
{
    static const char *const unreadable[] = {"1?", "!", ""};
    static const char *const hosts[] = {"enforce.test", "report.test", "deny-report.test"};

    for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
        for (size_t j = 0; j < sizeof(hosts) / sizeof(hosts[0]); j++) {
            struct script script = {.paths = {unreadable[i], "1p"}};
            struct pintle_verdict verdict =
                decide(*state, hosts[j], PINTLE_PATH_VALID, "12", &script);

            assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_INTERNAL, 2);
            assert_string_not_equal(verdict.detail, "");
            assert_int_equal(script.asked, 1);
        }
    }
}

static void another_path_that_is_too_long_does_not_count(void **state)
{
    struct script longest = {.paths = {"123456789012345p"}};
    struct script too_long = {.paths = {"p1234567890123456"}};
    struct pintle_verdict verdict =
        decide(*state, "enforce.test", PINTLE_PATH_VALID, "12", &longest);

    assert_verdict(&verdict, PINTLE_ACCEPT, PINTLE_REASON_MATCH, 2);
    assert_int_equal(verdict.cert_index, 15);
    verdict = decide(*state, "enforce.test", PINTLE_PATH_VALID, "12", &too_long);
    assert_verdict(&verdict, PINTLE_REFUSE, PINTLE_REASON_MISMATCH, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_in_the_second_path_accepts_and_the_trace_shows_that_path),
        cmocka_unit_test(without_a_pin_anywhere_the_trace_shows_the_first_path),
        cmocka_unit_test(the_eighth_other_path_still_counts),
        cmocka_unit_test(the_ninth_other_path_is_never_asked_for),
        cmocka_unit_test(a_peer_that_always_has_another_path_is_refused_in_the_end),
        cmocka_unit_test(report_mode_looks_at_all_paths_before_it_softens),
        cmocka_unit_test(other_paths_are_asked_for_only_after_a_mismatch_on_a_valid_one),
        cmocka_unit_test(a_path_with_a_denied_key_does_not_count),
        cmocka_unit_test(another_path_that_cannot_be_read_refuses_also_in_report_mode),
        cmocka_unit_test(another_path_that_is_too_long_does_not_count),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
