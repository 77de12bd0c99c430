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
    struct pintle_pinset *set = doc_load("{'id':'a','match':['**.co.uk']," PINS "," UNTIL "}");
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
    struct pintle_pinset *set = doc_load(CLEAN);
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
    assert_int_equal(count, 33);
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
