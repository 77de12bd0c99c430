/* SPDX-License-Identifier: Apache-2.0 */
/* PIN021: which members lint does not know, where they stand and what was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/pinset/found.h"

static void members_that_are_not_known(void **state)
{
    static const struct row rows[] = {
        {RULE("'mod':'report'," PINS "," UNTIL),
         "PIN021 0 - /rules/0/mod, did you mean \"mode\"?\n"},
        {RULE("'moed':'off','enforceUntil':'','Trust':'key'," PINS "," UNTIL),
         "PIN021 0 - /rules/0/moed, did you mean \"mode\"?\n"
         "PIN021 0 - /rules/0/enforceUntil, did you mean \"enforce_until\"?\n"
         "PIN021 0 - /rules/0/Trust, did you mean \"trust\"?\n"},
        {RULE("'ids':1,'ix':1,'no':1,'modifs':1,'modifzz':1,'':1," PINS "," UNTIL),
         "PIN021 0 - /rules/0/ids, did you mean \"id\"?\n"
         "PIN021 0 - /rules/0/ix, did you mean \"id\"?\n"
         "PIN021 0 - /rules/0/no\nPIN021 0 - /rules/0/modifs\nPIN021 0 - /rules/0/modifzz\n"
         "PIN021 0 - /rules/0/\n"},
        {CLEAN ",{'id':'b','match':['g.test'],'spki':1," UNTIL ",'pins':[{'spki':'@3'},"
               "{'spki':'@4','back_up':true,'backup':true,'mod':1}]}",
         "PIN021 1 - /rules/1/spki\n"
         "PIN021 1 1 /rules/1/pins/1/back_up, did you mean \"backup\"?\n"
         "PIN021 1 1 /rules/1/pins/1/mod\n"},
        {RULE("'ports':[443],'prots':[443],'crit':['mode']," PINS "," UNTIL),
         "PIN021 0 - /rules/0/prots, did you mean \"ports\"?\n"},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void only_the_object_s_own_members_are_looked_at(void **state)
{
    static const struct row rows[] = {
        {RULE("'a/b~c':{'mod':[{'mod':'},{'}],'n':{}},'q\\\"':'\\\\','l\\n':[[],{}]," PINS
              "," UNTIL),
         "PIN021 0 - /rules/0/a~1b~0c\nPIN021 0 - /rules/0/q\\\"\nPIN021 0 - /rules/0/l\\n\n"},
        {RULE("'crit':['mode']," PINS "," UNTIL), ""},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void deliberate_members_are_passed_over(void **state)
{
    static const struct row rows[] = {
        {RULE("'x-mode':1,'_mode':2,'$mode':3,'_':4,'$':5,'x-':6," UNTIL
              ",'pins':[{'spki':'@1','x-slot':1},{'spki':'@2','backup':true,'_at':'ca'}]"),
         ""},
        {RULE("'x':1,'X-a':2,'a_':3,'comment':4," PINS "," UNTIL),
         "PIN021 0 - /rules/0/x\nPIN021 0 - /rules/0/X-a\nPIN021 0 - /rules/0/a_\n"
         "PIN021 0 - /rules/0/comment\n"},
    };

    (void)state;
    assert_rows(ROWS(rows));
}

static void members_of_the_document_that_are_not_known(void **state)
{
    struct pintle_lint_options options = {time_of(DOC_ISSUED), 0, NULL, NULL};
    struct pintle_pinset *set = NULL;
    struct found found = {"", 0};
    struct pintle_error err;
    struct doc doc = {NULL, 0, 0};

    (void)state;
    doc_add(&doc,
            "{'pintle':1,'app':'t','version':1," NO_END "'expire':0,'$schema':'s','issued':'%s',"
            "'expires':'%s','rules':[%s],'rule':[],'mode':'off'}",
            DOC_ISSUED, DOC_EXPIRES, CLEAN);
    assert_int_equal(doc_parse(&set, &doc, &err), PINTLE_OK);
    assert_int_equal(pintle_pinset_lint(set, &options, note, &found), 3);
    assert_string_equal(found.text, "PIN021 - - /expire, did you mean \"expires\"?\n"
                                    "PIN021 - - /rule, did you mean \"rules\"?\n"
                                    "PIN021 - - /mode\n");
    pintle_pinset_free(set);
    doc_clear(&doc);
}

/* Three bytes to a character, so that the cut falls inside one. */
static void a_long_member_name_is_cut_between_characters(void **state)
{
    struct doc rules = {NULL, 0, 0};
    struct doc expected = {NULL, 0, 0};

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        doc_add(&rules, "{'id':'a','match':['h.test'],'");
        doc_add(&expected, "PIN021 0 - /rules/0/");
        doc_fill(&rules, 'q', shift);
        doc_fill(&expected, 'q', shift);
        for (size_t i = 0; i < 100; i++)
            doc_add(&rules, "\xe2\x82\xac");
        for (size_t i = 0; i < (155 - shift) / 3; i++)
            doc_add(&expected, "\xe2\x82\xac");
        doc_add(&rules, "':1," PINS "," UNTIL "}");
        doc_add(&expected, "...\n");
        assert_findings_at(NOW, rules.text, expected.text);
        doc_clear(&rules);
        doc_clear(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_that_are_not_known),
        cmocka_unit_test(only_the_object_s_own_members_are_looked_at),
        cmocka_unit_test(deliberate_members_are_passed_over),
        cmocka_unit_test(members_of_the_document_that_are_not_known),
        cmocka_unit_test(a_long_member_name_is_cut_between_characters),
    };

    return cmocka_run_group_tests_name("pinset unknown", tests, NULL, NULL);
}
