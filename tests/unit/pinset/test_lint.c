/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of finding: what brings it about, what it says, and what does not bring it about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/pinset/found.h"

static void a_clean_document_has_no_finding(void **state)
{
    (void)state;
    assert_findings_at(NOW, CLEAN, "");
    assert_findings_at(NOW,
                       "{'id':'all','match':['**.example.com','192.0.2.1'],'ports':[443]," UNTIL
                       ",'pins':[{'spki':'@1','at':'leaf'},{'spki':'@2','at':'ca'},"
                       "{'spki':'@3','backup':true}],'deny':['@4'],'after':'off',"
                       "'report':['https://pins.example.net/']}",
                       "");
}

static void the_document_s_own_dates(void **state)
{
    (void)state;
    assert_findings_at("2026-12-02T00:00:01Z",
                       "{'id':'a','match':['h.test'],'mode':'off','pins':[]}",
                       "PIN007 - - expires 2027-01-01T00:00:00Z\nPIN016 0 - mode is off\n");
    assert_findings_at("2026-12-01T23:59:59Z",
                       "{'id':'a','match':['h.test'],'mode':'off','pins':[]}",
                       "PIN016 0 - mode is off\n");
    assert_findings_at("2027-01-01T00:00:00Z",
                       "{'id':'a','match':['h.test'],'mode':'off','pins':[]}",
                       "PIN006 - - expired 2027-01-01T00:00:00Z\nPIN016 0 - mode is off\n");
    assert_findings_at("2025-12-31T23:59:59Z", CLEAN, "PIN017 - - issued 2026-01-01T00:00:00Z\n");
    assert_findings_at("2026-01-01T00:00:00Z", CLEAN, "");
    assert_findings_at(NOW, "", "PIN019 - - rules is empty\n");
}

static void backups_and_live_pins(void **state)
{
    static const struct row rows[] = {
        {RULE(UNTIL ",'pins':[{'spki':'@1'},{'spki':'@2'}]"),
         "PIN001 0 - pins: 2, backups: none\n"},
        {RULE("'mode':'report','report':['https://r.example'],'pins':[{'spki':'@1'}]"),
         "PIN016 0 - mode is report\n"},
        {RULE("'mode':'report','report':['https://r.example']," UNTIL
              ",'after':'enforce','pins':[{'spki':'@1'}]"),
         "PIN001 0 - pins: 1, backups: none\nPIN002 0 - after is enforce\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1','backup':true},{'spki':'@2','backup':true}]"),
         "PIN012 0 - pins: 2, all of them backups\n"},
        {CLEAN ",{'id':'b','match':['g.test']," UNTIL ",'pins':[{'spki':'@1'}]}",
         "PIN001 1 - pins: 1, backups: none\n"},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void the_spans_of_the_document(void **state)
{
    static const char quiet[] = "{'id':'a','match':['h.test'],'mode':'off','pins':[]}";
    static const struct {
        const char *members, *rules, *expected;
    } rows[] = {
        {"", CLEAN, "PIN027 - - hard_ttl_s is missing\n"},
        {"", quiet, "PIN016 0 - mode is off\n"},
        {"'hard_ttl_s':31536000,", CLEAN, ""},
        {"'hard_ttl_s':31535999,", CLEAN,
         "PIN028 - - hard_ttl_s is 31535999, expires comes after 31536000 s\n"},
        {NO_END "'overlap_s':86400,", CLEAN, ""},
        {NO_END "'overlap_s':86399,", CLEAN, "PIN029 - - overlap_s is 86399\n"},
        {NO_END "'overlap_s':0,", CLEAN, ""},
        {NO_END "'epoch':1000,", CLEAN, ""},
        {NO_END "'epoch':1001,", CLEAN, "PIN033 - - epoch is 1001\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_findings_with(NOW, rows[i].members, rows[i].rules, rows[i].expected);
}

/* hard_ttl_s ends a rule as enforce_until does, whichever comes first. */
static void the_hard_end_of_enforcement(void **state)
{
    static const struct {
        const char *now, *members, *rules, *expected;
    } rows[] = {
        {NOW, "'hard_ttl_s':34560000,", RULE(PINS), ""},
        {NOW, "'hard_ttl_s':34560001,", RULE(PINS),
         "PIN003 0 - enforced until 2027-02-05T00:00:01Z, 400 days\n"},
        {NOW, "'hard_ttl_s':34560001,", CLEAN, ""},
        {NOW, "'hard_ttl_s':34560000,", RULE(PINS ",'after':'enforce'"),
         "PIN002 0 - after is enforce\n"},
        {"2027-02-05T00:00:00Z", "'hard_ttl_s':34560000,", RULE(PINS),
         "PIN006 - - expired 2027-01-01T00:00:00Z\n"
         "PIN004 0 - since 2027-02-05T00:00:00Z the mode is report\n"},
        {"2026-11-15T00:00:00Z", "'hard_ttl_s':31536000,",
         RULE(PINS ",'enforce_until':'2027-03-01T00:00:00Z'"), ""},
        {"2026-12-15T00:00:00Z", "'hard_ttl_s':31536000,",
         RULE(PINS ",'enforce_until':'2027-03-01T00:00:00Z'"),
         "PIN007 - - expires 2027-01-01T00:00:00Z\n"
         "PIN005 0 - from 2027-01-01T00:00:00Z on the mode is report\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_findings_with(rows[i].now, rows[i].members, rows[i].rules, rows[i].expected);
}

/* NOW is 2026-06-01, and 30 days ahead are looked at. */
static void pins_that_end(void **state)
{
    static const struct row rows[] = {
        {RULE(UNTIL ",'pins':[{'spki':'@1'},{'spki':'@2','backup':true},"
                    "{'spki':'@3','until':'2026-06-01T00:00:00Z'}]"),
         "PIN022 0 2 @3: since 2026-06-01T00:00:00Z\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1'},{'spki':'@2','backup':true},"
                    "{'spki':'@3','until':'2026-06-01T00:00:01Z'}]"),
         "PIN023 0 2 @3: from 2026-06-01T00:00:01Z on\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1'},{'spki':'@2','backup':true},"
                    "{'spki':'@3','until':'2026-07-01T00:00:00Z'}]"),
         "PIN023 0 2 @3: from 2026-07-01T00:00:00Z on\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1'},{'spki':'@2','backup':true},"
                    "{'spki':'@3','until':'2026-07-01T00:00:01Z'}]"),
         ""},
        {RULE(UNTIL ",'pins':[{'spki':'@1','until':'2026-06-01T00:00:00Z'},"
                    "{'spki':'@2','backup':true}]"),
         "PIN024 0 - retired since 2026-06-01T00:00:00Z\n"
         "PIN022 0 0 @1: since 2026-06-01T00:00:00Z\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1','until':'2026-01-02T00:00:00Z'},"
                    "{'spki':'@3','until':'2026-06-02T00:00:00Z'},{'spki':'@2','backup':true}]"),
         "PIN024 0 - retired from 2026-06-02T00:00:00Z on\n"
         "PIN022 0 0 @1: since 2026-01-02T00:00:00Z\n"
         "PIN023 0 1 @3: from 2026-06-02T00:00:00Z on\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1','until':'2026-09-01T00:00:00Z'},"
                    "{'spki':'@2','backup':true}]"),
         ""},
        {RULE(UNTIL ",'pins':[{'spki':'@1'},"
                    "{'spki':'@2','backup':true,'until':'2026-09-01T00:00:00Z'}]"),
         "PIN025 0 1 @2: until 2026-09-01T00:00:00Z\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1'},"
                    "{'spki':'@2','backup':true,'until':'2026-01-01T00:00:00Z'}]"),
         "PIN001 0 - pins: 2, backups: none\nPIN022 0 1 @2: since 2026-01-01T00:00:00Z\n"
         "PIN025 0 1 @2: until 2026-01-01T00:00:00Z\n"},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void pins_that_end_before_the_overlap(void **state)
{
    static const char at_its_end[] =
        RULE(UNTIL ",'pins':[{'spki':'@1'},{'spki':'@2','backup':true},"
                   "{'spki':'@3','until':'2026-09-01T00:00:00Z'}]");

    (void)state;
    assert_findings_with(NOW, NO_END "'overlap_s':20995200,", at_its_end, "");
    assert_findings_with(NOW, NO_END "'overlap_s':20995201,", at_its_end,
                         "PIN030 0 2 @3: until 2026-09-01T00:00:00Z, overlap_s is 20995201\n");
    assert_findings_with(NOW, NO_END "'overlap_s':253402300799,", at_its_end,
                         "PIN030 0 2 @3: until 2026-09-01T00:00:00Z, overlap_s is 253402300799\n");
}

static void pins_of_one_ca(void **state)
{
    static const struct row rows[] = {
        {RULE(UNTIL ",'pins':[{'spki':'@1','at':'ca'}]"),
         "PIN001 0 - pins: 1, backups: none\nPIN026 0 - pins: 1, all of them of one CA\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1','at':'ca'},"
                    "{'spki':'@2','at':'ca','until':'2026-01-02T00:00:00Z'},"
                    "{'spki':'@1','at':'ca','backup':true}]"),
         "PIN026 0 - pins: 2, all of them of one CA\nPIN022 0 1 @2: since 2026-01-02T00:00:00Z\n"
         "PIN009 0 2 @1: pin 0 again\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1','at':'ca'},{'spki':'@2','at':'ca','backup':true}]"), ""},
        {RULE(UNTIL ",'pins':[{'spki':'@1','at':'ca'},{'spki':'@2','at':'leaf','backup':true}]"),
         ""},
        {RULE("'mode':'report','report':['https://r.example'],'pins':[{'spki':'@1','at':'ca'}]"),
         "PIN016 0 - mode is report\n"},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void rules_that_learn(void **state)
{
    static const struct row rows[] = {
        {RULE(UNTIL ",'trust':'tofu','pins':[]"), "PIN031 0 - trust is tofu, pins is empty\n"},
        {RULE(UNTIL ",'trust':'tofu-key','pins':[]"),
         "PIN031 0 - trust is tofu-key, pins is empty\n"},
        {RULE(UNTIL ",'trust':'tofu','pins':[{'spki':'@1'}]"),
         "PIN001 0 - pins: 1, backups: none\n"},
        {RULE(UNTIL ",'trust':'tofu','pins':[{'spki':'@1','backup':true}]"), ""},
        {RULE(UNTIL ",'trust':'tofu','pins':[{'spki':'@1','until':'2026-01-01T00:00:00Z'},"
                    "{'spki':'@2','backup':true}]"),
         "PIN022 0 0 @1: since 2026-01-01T00:00:00Z\n"},
        {RULE(UNTIL ",'trust':'tofu','learn_days':180," PINS), ""},
        {RULE(UNTIL ",'trust':'tofu','learn_days':181," PINS), "PIN032 0 - learn_days is 181\n"},
        {RULE(UNTIL ",'trust':'tofu-key','pins':[{'spki':'@1'},"
                    "{'spki':'@2','at':'ca','backup':true}]"),
         "PIN014 0 1 @2\n"},
        {RULE(UNTIL ",'trust':'tofu','pins':[{'spki':'@1'},"
                    "{'spki':'@2','at':'ca','backup':true}]"),
         ""},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void the_end_of_enforcement(void **state)
{
    static const struct row rows[] = {
        {RULE(PINS), "PIN002 0 - enforce_until is missing\n"},
        {RULE(PINS "," UNTIL ",'after':'enforce'"), "PIN002 0 - after is enforce\n"},
        {RULE(PINS ",'enforce_until':'2027-02-05T00:00:00Z'"), ""},
        {RULE(PINS ",'enforce_until':'2027-02-05T00:00:01Z'"),
         "PIN003 0 - enforced until 2027-02-05T00:00:01Z, 400 days\n"},
        {RULE(PINS ",'enforce_until':'2026-06-01T00:00:00Z'"),
         "PIN004 0 - since 2026-06-01T00:00:00Z the mode is report\n"},
        {RULE(PINS ",'enforce_until':'2026-01-01T00:00:00Z','after':'off'"),
         "PIN004 0 - since 2026-01-01T00:00:00Z the mode is off\n"},
        {RULE(PINS ",'enforce_until':'2026-06-01T00:00:01Z'"),
         "PIN005 0 - from 2026-06-01T00:00:01Z on the mode is report\n"},
        {RULE(PINS ",'enforce_until':'2026-07-01T00:00:00Z','after':'off'"),
         "PIN005 0 - from 2026-07-01T00:00:00Z on the mode is off\n"},
        {RULE(PINS ",'enforce_until':'2026-07-01T00:00:01Z'"), ""},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void pins_one_by_one(void **state)
{
    static const struct row rows[] = {
        {RULE(UNTIL ",'pins':[{'spki':'@1'},{'backup':true,"
                    "'spki':'sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='}]"),
         "PIN008 0 1 sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=: the same bytes again "
         "and again\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1'},{'spki':'@2','backup':true},{'spki':'@1','at':'ca'}]"),
         "PIN009 0 2 @1: pin 0 again\n"},
        {RULE(PINS "," UNTIL ",'deny':['@3','@2']"), "PIN010 0 1 @2\n"},
        {CLEAN ",{'id':'b','match':['g.test']," UNTIL
               ",'deny':['@1'],'pins':[{'spki':'@3'},{'spki':'@4','backup':true}]}",
         ""},
        {RULE(UNTIL ",'trust':'key','pins':[{'spki':'@1','at':'leaf'},"
                    "{'spki':'@2','at':'ca','backup':true}]"),
         "PIN014 0 1 @2\n"},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void pins_for_the_leaf_only(void **state)
{
    static const struct row rows[] = {
        {RULE(UNTIL ",'pins':[{'spki':'@1','at':'leaf'},{'spki':'@2','at':'leaf','backup':true}]"),
         "PIN011 0 - pins: 2, all of them at leaf\n"},
        {RULE(UNTIL ",'pins':[{'spki':'@1','at':'leaf'},{'spki':'@2','at':'any','backup':true}]"),
         ""},
        {RULE(UNTIL ",'trust':'key','pins':[{'spki':'@1','at':'leaf'},"
                    "{'spki':'@2','at':'leaf','backup':true}]"),
         ""},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void patterns_on_public_suffixes(void **state)
{
    static const struct row rows[] = {
        {"{'id':'a','match':['*.co.uk','a.co.uk','**.co.uk','co.uk','**.a.co.uk','*.test']," PINS
         "," UNTIL "}",
         "PIN013 0 - *.co.uk\nPIN013 0 - **.co.uk\nPIN013 0 - co.uk\nPIN013 0 - *.test\n"},
        {"{'id':'a','match':['192.0.2.1']," PINS "," UNTIL "}", ""},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void without_a_list_no_suffix_is_public(void **state)
{
    struct pintle_lint_options options = {time_of(NOW), 0, NULL, NULL};
    struct pintle_pinset *set =
        doc_load_with(NO_END, "{'id':'a','match':['**.co.uk']," PINS "," UNTIL "}");
    struct found found = {"", 0};

    (void)state;
    assert_int_equal(pintle_pinset_lint(set, &options, note, &found), 0);
    pintle_pinset_free(set);
}

static void modes_and_reports(void **state)
{
    static const struct row rows[] = {
        {RULE("'mode':'report','pins':[{'spki':'@1'}]"),
         "PIN016 0 - mode is report\nPIN015 0 - mode is report, report is empty\n"},
        {RULE("'mode':'off','pins':[]"), "PIN016 0 - mode is off\n"},
        {RULE(PINS "," UNTIL ",'report':['https://h.test:8443/r','https://r.example/']"),
         "PIN018 0 - rule \"a\" covers https://h.test:8443/r\n"},
        {"{'id':'a','match':['h.test'],'ports':[443]," PINS "," UNTIL
         ",'report':['https://h.test:8443/r']}",
         ""},
        {RULE("'mode':'off','pins':[],'report':['https://h.test/']"), "PIN016 0 - mode is off\n"},
        {RULE(PINS "," UNTIL ",'report':['http://r.example/']"), "PIN020 0 - http://r.example/\n"},
        {RULE(PINS "," UNTIL ",'report':['https://r..example/']"), ""},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void a_window_of_nothing_tells_only_what_has_ended(void **state)
{
    struct pintle_lint_options options = {time_of("2026-11-30T23:59:59Z"), 0, NULL, NULL};
    struct pintle_pinset *set = doc_load_with(NO_END, CLEAN);
    struct found found = {"", 0};

    (void)state;
    assert_int_equal(pintle_pinset_lint(set, &options, note, &found), 0);
    options.within_s = -1;
    assert_int_equal(pintle_pinset_lint(set, &options, note, &found), 0);
    options.within_s = 1;
    assert_int_equal(pintle_pinset_lint(set, &options, note, &found), 1);
    options.within_s = INT64_MAX;
    options.now = INT64_MIN;
    assert_int_equal(pintle_pinset_lint(set, &options, note, &found), 1);
    options.now = INT64_MAX;
    assert_int_equal(pintle_pinset_lint(set, &options, note, &found), 2);
    pintle_pinset_free(set);
}

static void kinds_are_complete_and_in_order(void **state)
{
    const struct pintle_finding_kind *kind;
    const char *last = "";
    size_t count = 0;

    (void)state;
    for (; (kind = pintle_finding_kind_get(count)) != NULL; count++) {
        assert_int_equal(strlen(kind->id), 6);
        assert_int_equal(strncmp(kind->id, "PIN", 3), 0);
        assert_true(strcmp(last, kind->id) < 0);
        assert_ptr_equal(pintle_finding_kind_find(kind->id), kind);
        assert_true(kind->severity <= PINTLE_ERROR);
        assert_true(strlen(kind->title) > 0 && strlen(kind->title) <= 60);
        assert_true(strlen(kind->explanation) > 20);
        assert_int_equal(kind->explanation[strlen(kind->explanation) - 1], '.');
        assert_int_equal(kind->fix[strlen(kind->fix) - 1], '.');
        last = kind->id;
    }
    assert_int_equal(count, 46);
    assert_null(pintle_finding_kind_get(SIZE_MAX));
    assert_null(pintle_finding_kind_find("PIN999"));
    assert_null(pintle_finding_kind_find(""));
    assert_int_equal(pintle_finding_kind_find("PIN001")->severity, PINTLE_ERROR);
    assert_int_equal(pintle_finding_kind_find("PIN002")->severity, PINTLE_WARNING);
    assert_int_equal(pintle_finding_kind_find("PIN016")->severity, PINTLE_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_document_has_no_finding),
        cmocka_unit_test(the_document_s_own_dates),
        cmocka_unit_test(backups_and_live_pins),
        cmocka_unit_test(the_spans_of_the_document),
        cmocka_unit_test(the_hard_end_of_enforcement),
        cmocka_unit_test(pins_that_end),
        cmocka_unit_test(pins_that_end_before_the_overlap),
        cmocka_unit_test(pins_of_one_ca),
        cmocka_unit_test(rules_that_learn),
        cmocka_unit_test(the_end_of_enforcement),
        cmocka_unit_test(pins_one_by_one),
        cmocka_unit_test(pins_for_the_leaf_only),
        cmocka_unit_test(patterns_on_public_suffixes),
        cmocka_unit_test(without_a_list_no_suffix_is_public),
        cmocka_unit_test(modes_and_reports),
        cmocka_unit_test(a_window_of_nothing_tells_only_what_has_ended),
        cmocka_unit_test(kinds_are_complete_and_in_order),
    };

    return cmocka_run_group_tests_name("pinset lint", tests, NULL, NULL);
}
