/* SPDX-License-Identifier: Apache-2.0 */
/* Which connection is accepted and which is refused, and for which reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/engine/stage.h"

#define VALID PINTLE_PATH_VALID
#define INVALID PINTLE_PATH_INVALID
#define OTHER_NAME PINTLE_PATH_WRONG_NAME

#define YES PINTLE_ACCEPT
#define NO PINTLE_REFUSE

/* Rules are named like their hosts. */
static const char rules[] =
    "{'id':'enforce','match':['enforce.test'],'mode':'enforce',"
    " 'pins':[{'spki':'@p'},{'spki':'@b','backup':true}]},"
    "{'id':'report','match':['report.test'],'mode':'report','pins':[{'spki':'@p'}]},"
    "{'id':'off','match':['off.test'],'mode':'off','pins':[{'spki':'@p'}]},"
    "{'id':'placed','match':['placed.test'],'mode':'enforce',"
    " 'pins':[{'spki':'@p','at':'leaf'},{'spki':'@c','at':'ca'}]},"
    "{'id':'key','match':['key.test'],'mode':'enforce','trust':'key',"
    " 'pins':[{'spki':'@p'},{'spki':'@l','at':'leaf'},{'spki':'@c','at':'ca'}]},"
    "{'id':'key-report','match':['key-report.test'],'mode':'report','trust':'key',"
    " 'pins':[{'spki':'@p'}]},"
    "{'id':'key-off','match':['key-off.test'],'mode':'off','trust':'key','pins':[{'spki':'@p'}]},"
    "{'id':'deny','match':['deny.test'],'mode':'enforce','pins':[{'spki':'@p'}],'deny':['@d']},"
    "{'id':'deny-report','match':['deny-report.test'],'mode':'report','pins':[{'spki':'@p'}],"
    " 'deny':['@d']},"
    "{'id':'deny-off','match':['deny-off.test'],'mode':'off','pins':[{'spki':'@p'}],"
    " 'deny':['@d']},"
    "{'id':'deny-key','match':['deny-key.test'],'mode':'enforce','trust':'key',"
    " 'pins':[{'spki':'@p'}],'deny':['@d']}";

struct row {
    const char *name;
    const char *host;
    enum pintle_path path;
    const char *chain;
    enum pintle_decision decision;
    enum pintle_reason reason;
    int cert_index;
    int pin_index;
};

static bool same(const char *row, const char *what, long got, long wanted)
{
    if (got == wanted)
        return true;
    print_error("%s: %s is %ld, not %ld\n", row, what, got, wanted);
    return false;
}

/* What must hold of every verdict, whatever it says. */
static bool check_account(struct stage *stage, const struct row *row,
                          const struct pintle_verdict *verdict)
{
    const struct pintle_pinset *set = pintle_get_pinset(stage->engine);
    bool softened = row->decision == YES && row->reason == PINTLE_REASON_MISMATCH;
    bool good = same(row->name, "softened", verdict->softened, softened);

    good &= same(row->name, "port", verdict->port, 443);
    good &= same(row->name, "host", strcmp(verdict->host.text, row->host), 0);
    good &= same(row->name, "time", (long)verdict->time, (long)stage->now);
    good &= same(row->name, "set_version", (long)verdict->set_version, 7);
    good &= same(row->name, "set_digest",
                 memcmp(verdict->set_digest, pintle_pinset_get_digest(set), PINTLE_DIGEST_LEN), 0);
    good &= same(row->name, "resumed", verdict->resumed, false);
    pintle_pinset_free(set);
    return good;
}

static void check_rows(struct stage *stage, const struct row *table, size_t count)
{
    bool good = true;

    for (size_t i = 0; i < count; i++) {
        const struct row *row = &table[i];
        struct pintle_verdict verdict = stage_decide(stage, row->host, row->path, row->chain);

        good &= same(row->name, "decision", (long)verdict.decision, (long)row->decision);
        good &= same(row->name, "reason", (long)verdict.reason, (long)row->reason);
        good &= same(row->name, "cert_index", verdict.cert_index, row->cert_index);
        good &= same(row->name, "pin_index", verdict.pin_index, row->pin_index);
        good &= check_account(stage, row, &verdict);
    }
    assert_true(good);
}

#define CHECK_ROWS(stage, table) check_rows(stage, table, sizeof(table) / sizeof((table)[0]))

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

static void enforce_accepts_a_pinned_key_in_a_valid_path_and_nothing_else(void **state)
{
    static const struct row table[] = {
        {"leaf", "enforce.test", VALID, "p12", YES, PINTLE_REASON_MATCH, 0, 0},
        {"intermediate", "enforce.test", VALID, "1p2", YES, PINTLE_REASON_MATCH, 1, 0},
        {"root", "enforce.test", VALID, "12p", YES, PINTLE_REASON_MATCH, 2, 0},
        {"backup", "enforce.test", VALID, "b12", YES, PINTLE_REASON_MATCH, 0, 1},
        {"lowest first", "enforce.test", VALID, "1bp", YES, PINTLE_REASON_MATCH, 1, 1},
        {"no pin", "enforce.test", VALID, "123", NO, PINTLE_REASON_MISMATCH, -1, -1},
        {"bad path", "enforce.test", INVALID, "p12", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"bad path, no pin", "enforce.test", INVALID, "1", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"bad path, empty", "enforce.test", INVALID, "", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"name", "enforce.test", OTHER_NAME, "p12", NO, PINTLE_REASON_NAME_MISMATCH, -1, -1},
        {"name, empty", "enforce.test", OTHER_NAME, "", NO, PINTLE_REASON_NAME_MISMATCH, -1, -1},
        {"unheard-of path", "enforce.test", (enum pintle_path)3, "p", NO,
         PINTLE_REASON_PATH_INVALID, -1, -1},
    };

    CHECK_ROWS(*state, table);
}

static void report_softens_a_mismatch_on_a_valid_path_and_nothing_else(void **state)
{
    static const struct row table[] = {
        {"pin", "report.test", VALID, "1p", YES, PINTLE_REASON_MATCH, 1, 0},
        {"no pin", "report.test", VALID, "123", YES, PINTLE_REASON_MISMATCH, -1, -1},
        {"bad path", "report.test", INVALID, "123", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"bad path, pin", "report.test", INVALID, "p", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"name", "report.test", OTHER_NAME, "123", NO, PINTLE_REASON_NAME_MISMATCH, -1, -1},
        {"denied", "deny-report.test", VALID, "1d2", NO, PINTLE_REASON_DENIED, 1, -1},
        {"not denied", "deny-report.test", VALID, "12", YES, PINTLE_REASON_MISMATCH, -1, -1},
        {"unreadable", "report.test", VALID, "1?", NO, PINTLE_REASON_INTERNAL, -1, -1},
        {"missing", "report.test", VALID, "!", NO, PINTLE_REASON_INTERNAL, -1, -1},
        {"empty", "report.test", VALID, "", NO, PINTLE_REASON_INTERNAL, -1, -1},
        {"key, bad path", "key-report.test", INVALID, "1", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"key, name", "key-report.test", OTHER_NAME, "1", NO, PINTLE_REASON_NAME_MISMATCH, -1, -1},
        {"key, no pin", "key-report.test", VALID, "1", YES, PINTLE_REASON_MISMATCH, -1, -1},
        {"key, pin", "key-report.test", INVALID, "p", YES, PINTLE_REASON_MATCH, 0, 0},
    };

    CHECK_ROWS(*state, table);
}

static void off_asks_for_a_valid_path_and_no_denied_key(void **state)
{
    static const struct row table[] = {
        {"no pin", "off.test", VALID, "123", YES, PINTLE_REASON_OFF, -1, -1},
        {"pin", "off.test", VALID, "p", YES, PINTLE_REASON_OFF, -1, -1},
        {"bad path", "off.test", INVALID, "p", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"name", "off.test", OTHER_NAME, "p", NO, PINTLE_REASON_NAME_MISMATCH, -1, -1},
        {"empty", "off.test", VALID, "", NO, PINTLE_REASON_INTERNAL, -1, -1},
        {"denied", "deny-off.test", VALID, "p1d", NO, PINTLE_REASON_DENIED, 2, -1},
        {"not denied", "deny-off.test", VALID, "1", YES, PINTLE_REASON_OFF, -1, -1},
        {"not denied, pin", "deny-off.test", VALID, "1p", YES, PINTLE_REASON_OFF, -1, -1},
        {"unreadable", "deny-off.test", VALID, "1?", NO, PINTLE_REASON_INTERNAL, -1, -1},
        {"key", "key-off.test", VALID, "1", YES, PINTLE_REASON_OFF, -1, -1},
        {"key, bad path", "key-off.test", INVALID, "1", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"key, pin", "key-off.test", INVALID, "p", YES, PINTLE_REASON_MATCH, 0, 0},
    };

    CHECK_ROWS(*state, table);
}

static void a_pin_counts_only_at_its_position(void **state)
{
    static const struct row table[] = {
        {"leaf at leaf", "placed.test", VALID, "p12", YES, PINTLE_REASON_MATCH, 0, 0},
        {"leaf pin above", "placed.test", VALID, "1p2", NO, PINTLE_REASON_MISMATCH, -1, -1},
        {"leaf pin as root", "placed.test", VALID, "12p", NO, PINTLE_REASON_MISMATCH, -1, -1},
        {"ca pin at leaf", "placed.test", VALID, "c12", NO, PINTLE_REASON_MISMATCH, -1, -1},
        {"ca pin above", "placed.test", VALID, "1c2", YES, PINTLE_REASON_MATCH, 1, 1},
        {"ca pin as root", "placed.test", VALID, "12c", YES, PINTLE_REASON_MATCH, 2, 1},
        {"both astray, then right", "placed.test", VALID, "cpc", YES, PINTLE_REASON_MATCH, 2, 1},
    };

    CHECK_ROWS(*state, table);
}

static void trust_in_a_key_looks_at_the_leaf_alone(void **state)
{
    static const struct row table[] = {
        {"self-signed", "key.test", INVALID, "p", YES, PINTLE_REASON_MATCH, 0, 0},
        {"other name", "key.test", OTHER_NAME, "p1", YES, PINTLE_REASON_MATCH, 0, 0},
        {"valid too", "key.test", VALID, "p12", YES, PINTLE_REASON_MATCH, 0, 0},
        {"leaf pin", "key.test", INVALID, "l", YES, PINTLE_REASON_MATCH, 0, 1},
        {"ca pin at leaf", "key.test", INVALID, "c", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"ca pin above", "key.test", VALID, "1c", NO, PINTLE_REASON_MISMATCH, -1, -1},
        {"pin above", "key.test", VALID, "1p2", NO, PINTLE_REASON_MISMATCH, -1, -1},
        {"pin above, bad path", "key.test", INVALID, "1p", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"no pin, bad path", "key.test", INVALID, "1", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"no pin, name", "key.test", OTHER_NAME, "1", NO, PINTLE_REASON_NAME_MISMATCH, -1, -1},
        {"no pin", "key.test", VALID, "123", NO, PINTLE_REASON_MISMATCH, -1, -1},
        {"nothing shown", "key.test", INVALID, "", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"nothing, yet valid", "key.test", VALID, "", NO, PINTLE_REASON_INTERNAL, -1, -1},
        {"unreadable", "key.test", INVALID, "?", NO, PINTLE_REASON_INTERNAL, -1, -1},
        {"denied above", "deny-key.test", INVALID, "pd", NO, PINTLE_REASON_DENIED, 1, -1},
        {"denied", "deny-key.test", INVALID, "d", NO, PINTLE_REASON_DENIED, 0, -1},
        {"not denied", "deny-key.test", INVALID, "p1", YES, PINTLE_REASON_MATCH, 0, 0},
        {"not denied, above", "deny-key.test", VALID, "1p", NO, PINTLE_REASON_MISMATCH, -1, -1},
    };

    CHECK_ROWS(*state, table);
}

static void a_denied_key_refuses_before_everything_else(void **state)
{
    static const struct row table[] = {
        {"below a pin", "deny.test", VALID, "dp", NO, PINTLE_REASON_DENIED, 0, -1},
        {"above a pin", "deny.test", VALID, "p1d", NO, PINTLE_REASON_DENIED, 2, -1},
        {"bad path", "deny.test", INVALID, "1d", NO, PINTLE_REASON_DENIED, 1, -1},
        {"other name", "deny.test", OTHER_NAME, "d", NO, PINTLE_REASON_DENIED, 0, -1},
        {"none, bad path", "deny.test", INVALID, "p1", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"none, no chain", "deny.test", INVALID, "", NO, PINTLE_REASON_PATH_INVALID, -1, -1},
        {"none, pin", "deny.test", VALID, "1p", YES, PINTLE_REASON_MATCH, 1, 0},
        {"none, no pin", "deny.test", VALID, "12", NO, PINTLE_REASON_MISMATCH, -1, -1},
        {"unreadable above a pin", "deny.test", VALID, "p?", NO, PINTLE_REASON_INTERNAL, -1, -1},
    };

    CHECK_ROWS(*state, table);
}

static void a_host_without_a_rule_is_refused(void **state)
{
    static const struct row table[] = {
        {"valid", "other.test", VALID, "p", NO, PINTLE_REASON_NO_RULE, -1, -1},
        {"bad path", "other.test", INVALID, "p", NO, PINTLE_REASON_NO_RULE, -1, -1},
        {"below a listed host", "a.enforce.test", VALID, "p", NO, PINTLE_REASON_NO_RULE, -1, -1},
        {"an address", "192.0.2.1", VALID, "p", NO, PINTLE_REASON_NO_RULE, -1, -1},
    };

    CHECK_ROWS(*state, table);
}

static void allow_unlisted_still_wants_a_valid_path(void **state)
{
    static const struct row table[] = {
        {"valid", "other.test", VALID, "1", YES, PINTLE_REASON_NO_RULE, -1, -1},
        {"bad path", "other.test", INVALID, "1", NO, PINTLE_REASON_NO_RULE, -1, -1},
        {"name", "other.test", OTHER_NAME, "1", NO, PINTLE_REASON_NO_RULE, -1, -1},
        {"empty", "other.test", VALID, "", NO, PINTLE_REASON_INTERNAL, -1, -1},
        {"too long", "other.test", VALID, "12345678901234567", NO, PINTLE_REASON_NO_RULE, -1, -1},
        {"listed", "enforce.test", VALID, "1", NO, PINTLE_REASON_MISMATCH, -1, -1},
    };
    struct stage stage;

    (void)state;
    stage_init(&stage);
    stage.config.allow_unlisted = true;
    stage_open(&stage, rules);
    CHECK_ROWS(&stage, table);
    stage_close(&stage);
}

static void without_a_host_everything_is_refused(void **state)
{
    struct stage *stage = *state;
    struct pintle_host empty = {{0}, 0, false};
    struct pintle_peer peer = {0};
    struct pintle_verdict verdict;
    struct stage_path certs;

    peer.path = VALID;
    peer.chain = stage_chain(&certs, "p");
    pintle_decide(&verdict, stage->engine, &peer);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_NO_HOST);
    peer.host = &empty;
    pintle_decide(&verdict, stage->engine, &peer);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_NO_HOST);
}

static void a_verdict_nobody_wrote_refuses(void **state)
{
    struct pintle_verdict verdict = {0};

    (void)state;
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_INTERNAL);
    assert_false(verdict.softened);
}

static void a_verdict_forgets_what_stood_there_before(void **state)
{
    struct pintle_verdict verdict;
    struct pintle_peer peer = {0};
    struct pintle_host host = stage_host("enforce.test");
    struct stage *stage = *state;
    struct stage_path certs;

    memset(&verdict, 0x01, sizeof(verdict)); /* PINTLE_ACCEPT wherever one looks */
    peer.host = &host;
    peer.path = VALID;
    peer.chain = stage_chain(&certs, "1");
    pintle_decide(&verdict, stage->engine, &peer);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_MISMATCH);
    assert_false(verdict.softened);
    assert_false(verdict.resumed);
    assert_string_equal(verdict.detail, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enforce_accepts_a_pinned_key_in_a_valid_path_and_nothing_else),
        cmocka_unit_test(report_softens_a_mismatch_on_a_valid_path_and_nothing_else),
        cmocka_unit_test(off_asks_for_a_valid_path_and_no_denied_key),
        cmocka_unit_test(a_pin_counts_only_at_its_position),
        cmocka_unit_test(trust_in_a_key_looks_at_the_leaf_alone),
        cmocka_unit_test(a_denied_key_refuses_before_everything_else),
        cmocka_unit_test(a_host_without_a_rule_is_refused),
        cmocka_unit_test(allow_unlisted_still_wants_a_valid_path),
        cmocka_unit_test(without_a_host_everything_is_refused),
        cmocka_unit_test(a_verdict_nobody_wrote_refuses),
        cmocka_unit_test(a_verdict_forgets_what_stood_there_before),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
