/* SPDX-License-Identifier: Apache-2.0 */
/* Which rule a host and port gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/vectors.h"
#include "pinset/set.h"
#include "unit/pinset/doc.h"

static bool check_lookup(const struct vector *row)
{
    struct pintle_pinset *set = doc_load_vector("accept", row->field[0].text);
    const char *id = doc_find(set, row->field[1].text, (uint16_t)vector_number(row, 2));
    const char *expected = row->field[3].len == 0 ? "-" : row->field[3].text;
    bool good = strcmp(id, expected) == 0;

    if (!good)
        (void)vector_fail(row, "found %s", id);
    pintle_pinset_free(set);
    return good;
}

static void the_most_specific_rule_wins(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("pinset/lookups.txt", 4, 4, check_lookup), 0);
}

static void the_rule_is_the_one_of_the_document(void **state)
{
    struct pintle_pinset *set = doc_load_vector("accept", "specific");
    struct pintle_host host;

    (void)state;
    assert_int_equal(pintle_host_parse(&host, "a.b.example.com", 15, NULL), PINTLE_OK);
    assert_ptr_equal(pintle_pinset_find(set, &host, 443), pintle_pinset_get_rule(set, 0));
    pintle_pinset_free(set);
}

static void a_host_that_was_never_parsed_finds_nothing(void **state)
{
    struct pintle_pinset *set = doc_load("{'id':'a','match':['**.a','a'],'mode':'off','pins':[]}");
    struct pintle_host host;

    (void)state;
    memset(&host, 0, sizeof(host));
    assert_null(pintle_pinset_find(set, &host, 443));
    /* More labels than any host has. */
    memset(host.text, '.', sizeof(host.text) - 1);
    host.len = sizeof(host.text) - 1;
    assert_null(pintle_pinset_find(set, &host, 443));
    pintle_pinset_free(set);
}

static void the_longest_host_finds_its_rule(void **state)
{
    struct pintle_pinset *set = doc_load("{'id':'a','match':['**.a.a'],'mode':'off','pins':[]}");
    char text[PINTLE_HOST_MAX_LEN + 1];

    (void)state;
    for (size_t i = 0; i < PINTLE_HOST_MAX_LEN; i++)
        text[i] = i % 2 == 0 ? 'a' : '.';
    text[PINTLE_HOST_MAX_LEN] = '\0';
    assert_string_equal(doc_find(set, text, 443), "a");
    text[PINTLE_HOST_MAX_LEN - 1] = 'b';
    assert_string_equal(doc_find(set, text, 443), "-");
    pintle_pinset_free(set);
}

/* --- very many rules ----------------------------------------------------------------------------
 */

#define MANY 100000

static struct pintle_pinset *load_many(void)
{
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;

    doc_begin(&doc);
    for (unsigned i = 0; i < MANY; i++)
        doc_add(&doc, "%s{'id':'r%u','match':['host%u.example.com'],'pins':[{'spki':'@1'}]}",
                i > 0 ? "," : "", i, i);
    doc_end(&doc);
    if (doc_parse(&set, &doc, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    doc_clear(&doc);
    return set;
}

static void each_of_very_many_rules_is_found(void **state)
{
    struct pintle_pinset *set = load_many();
    struct pintle_host host;
    char text[64];

    (void)state;
    assert_int_equal(pintle_pinset_get_rule_count(set), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        int len = snprintf(text, sizeof(text), "host%u.example.com", i);
        assert_int_equal(pintle_host_parse(&host, text, (size_t)len, NULL), PINTLE_OK);
        assert_ptr_equal(pintle_pinset_find(set, &host, 443), pintle_pinset_get_rule(set, i));
        host.text[0] = 'g';
        assert_null(pintle_pinset_find(set, &host, 443));
    }
    pintle_pinset_free(set);
}

/* DESIGN.md, section 7. */
static void a_rule_takes_at_most_200_bytes_beside_its_pins(void **state)
{
    struct pintle_pinset *set = load_many();
    size_t pins = MANY * sizeof(struct pintle_rule_pin);

    (void)state;
    assert_true(pintle__pinset_bytes(set) > pins);
    assert_true((pintle__pinset_bytes(set) - pins) / MANY <= 200);
    pintle_pinset_free(set);
}

static void the_last_of_very_many_rules_may_conflict(void **state)
{
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;

    (void)state;
    doc_begin(&doc);
    for (unsigned i = 0; i < MANY; i++)
        doc_add(&doc, "%s{'id':'r%u','match':['h%u.test'],'mode':'off','pins':[]}",
                i > 0 ? "," : "", i, i == MANY - 1 ? 0 : i);
    doc_end(&doc);
    assert_int_equal(doc_parse(&set, &doc, &err), PINTLE_E_CONFLICT);
    assert_string_equal(err.text, "/rules/99999/match/0: rules \"r0\" and \"r99999\" have equal "
                                  "rank for every port: h0.test");
    doc_clear(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_rule_wins),
        cmocka_unit_test(the_rule_is_the_one_of_the_document),
        cmocka_unit_test(a_host_that_was_never_parsed_finds_nothing),
        cmocka_unit_test(the_longest_host_finds_its_rule),
        cmocka_unit_test(each_of_very_many_rules_is_found),
        cmocka_unit_test(a_rule_takes_at_most_200_bytes_beside_its_pins),
        cmocka_unit_test(the_last_of_very_many_rules_may_conflict),
    };

    return cmocka_run_group_tests_name("pinset find", tests, NULL, NULL);
}
