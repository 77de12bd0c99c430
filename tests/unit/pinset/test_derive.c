/* SPDX-License-Identifier: Apache-2.0 */
/* The same pin-set under other terms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pinset/set.h"
#include "unit/pinset/doc.h"

#define ISSUED INT64_C(1767225600)  /* DOC_ISSUED */
#define EXPIRES INT64_C(1798761600) /* DOC_EXPIRES */
#define NOW (ISSUED + 1000)
#define UNTIL (ISSUED + 2000)

static const char rules[] = "{'id':'enforce','match':['a.test'],'pins':[{'spki':'@1'}]},"
                            "{'id':'report','match':['b.test'],'mode':'report',"
                            " 'pins':[{'spki':'@2'}],'x':1},"
                            "{'id':'off','match':['c.test'],'mode':'off','pins':[]},"
                            "{'id':'other','match':['**.test'],'pins':[{'spki':'@3'}]}";

static const struct pintle_pinset *derive(const struct pintle_pinset *set, int64_t fresh_until,
                                          const struct pintle_softening *soften, size_t count)
{
    struct pintle_pinset_terms terms = {fresh_until, soften, count, UNTIL};
    const struct pintle_pinset *out;
    struct pintle_error err;

    if (pintle_pinset_derive(&out, set, &terms, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    return out;
}

static enum pintle_mode mode_at(const struct pintle_pinset *set, const char *host, int64_t time)
{
    const struct pintle_rule *rule;
    struct pintle_host parsed;

    assert_int_equal(pintle_host_parse(&parsed, host, strlen(host), NULL), PINTLE_OK);
    rule = pintle_pinset_find(set, &parsed, 443);
    assert_non_null(rule);
    return pintle_rule_get_mode(rule, time);
}

static void without_terms_it_is_the_same(void **state)
{
    struct pintle_pinset *set = doc_load(rules);
    const struct pintle_pinset *derived = derive(set, PINTLE_NEVER, NULL, 0);

    (void)state;
    doc_assert_equal(set, derived);
    assert_memory_equal(pintle_pinset_get_digest(set), pintle_pinset_get_digest(derived),
                        PINTLE_DIGEST_LEN);
    assert_ptr_equal(pintle_pinset_get_rule(set, 0), pintle_pinset_get_rule(derived, 0));
    assert_int_equal(pintle_pinset_get_fresh_until(derived), EXPIRES);
    pintle_pinset_free(set);
    pintle_pinset_free(derived);
}

static void a_pin_set_without_digest_stays_without(void **state)
{
    static const char text[] =
        "{\"pintle\":1,\"app\":\"a\",\"version\":1,\"issued\":\"2026-01-01T00:00:00Z\","
        "\"expires\":\"2027-01-01T00:00:00Z\",\"rules\":[]}";
    struct pintle_softening soften = {"a", true};
    const struct pintle_pinset *derived;
    struct pintle_pinset *set;

    (void)state;
    assert_int_equal(pintle_pinset_parse(&set, text, strlen(text), NULL, NULL), PINTLE_OK);
    derived = derive(set, PINTLE_NEVER, &soften, 1);
    assert_null(pintle_pinset_get_digest(derived));
    assert_int_equal(pintle_pinset_get_rule_count(derived), 0);
    pintle_pinset_free(derived);
    pintle_pinset_free(set);
}

static void freshness_ends_with_whatever_ends_first(void **state)
{
    struct pintle_pinset *set = doc_load(rules);
    const struct {
        int64_t fresh_until, expected;
    } rows[] = {
        {PINTLE_NEVER, EXPIRES},
        {EXPIRES + 1, EXPIRES},
        {EXPIRES, EXPIRES},
        {EXPIRES - 1, EXPIRES - 1},
        {0, 0},
    };

    (void)state;
    assert_int_equal(pintle_pinset_get_fresh_until(set), EXPIRES);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct pintle_pinset *derived = derive(set, rows[i].fresh_until, NULL, 0);

        assert_int_equal(pintle_pinset_get_fresh_until(derived), rows[i].expected);
        assert_int_equal(pintle_pinset_get_expires(derived), EXPIRES);
        pintle_pinset_free(derived);
    }
    pintle_pinset_free(set);
}

static void only_named_rules_are_softened_and_only_for_a_time(void **state)
{
    const struct pintle_softening soften[] = {{"enforce", false}, {"nobody", true}, {"", true}};
    struct pintle_pinset *set = doc_load(rules);
    const struct pintle_pinset *derived = derive(set, PINTLE_NEVER, soften, 3);

    (void)state;
    assert_int_equal(mode_at(derived, "a.test", NOW), PINTLE_MODE_REPORT);
    assert_int_equal(mode_at(derived, "a.test", UNTIL - 1), PINTLE_MODE_REPORT);
    assert_int_equal(mode_at(derived, "a.test", UNTIL), PINTLE_MODE_ENFORCE);
    assert_int_equal(mode_at(derived, "b.test", NOW), PINTLE_MODE_REPORT);
    assert_int_equal(mode_at(derived, "d.test", NOW), PINTLE_MODE_ENFORCE);
    assert_int_equal(mode_at(set, "a.test", NOW), PINTLE_MODE_ENFORCE);
    assert_int_equal(pintle_pinset_count_enforced(set, NOW), 2);
    assert_int_equal(pintle_pinset_count_enforced(derived, NOW), 1);
    assert_int_equal(pintle_pinset_count_enforced(derived, UNTIL), 2);
    doc_assert_equal(set, derived);
    pintle_pinset_free(derived);
    pintle_pinset_free(set);
}

static void nothing_is_ever_hardened(void **state)
{
    const struct pintle_softening soften[] = {{"report", false}, {"off", false}};
    struct pintle_pinset *set = doc_load(rules);
    const struct pintle_pinset *derived = derive(set, PINTLE_NEVER, soften, 2);

    (void)state;
    assert_int_equal(mode_at(derived, "b.test", NOW), PINTLE_MODE_REPORT);
    assert_int_equal(mode_at(derived, "c.test", NOW), PINTLE_MODE_OFF);
    assert_false(pintle_rule_is_unpinned(pintle_pinset_get_rule(derived, 1), NOW));
    assert_false(pintle_rule_is_unpinned(pintle_pinset_get_rule(derived, 2), NOW));
    pintle_pinset_free(derived);
    pintle_pinset_free(set);
}

static void of_a_rule_named_twice_the_softer_counts(void **state)
{
    const struct pintle_softening soften[] = {
        {"enforce", true}, {"enforce", false}, {"other", false}, {"other", true}};
    struct pintle_pinset *set = doc_load(rules);
    const struct pintle_pinset *derived = derive(set, PINTLE_NEVER, soften, 4);

    (void)state;
    assert_int_equal(mode_at(derived, "a.test", NOW), PINTLE_MODE_OFF);
    assert_int_equal(mode_at(derived, "d.test", NOW), PINTLE_MODE_OFF);
    assert_true(pintle_rule_is_unpinned(pintle_pinset_get_rule(derived, 0), NOW));
    pintle_pinset_free(derived);
    pintle_pinset_free(set);
}

static void terms_are_replaced_not_added_to(void **state)
{
    const struct pintle_softening first = {"enforce", true}, second = {"other", false};
    struct pintle_pinset *set = doc_load(rules);
    const struct pintle_pinset *one = derive(set, 5, &first, 1);
    const struct pintle_pinset *two = derive(one, PINTLE_NEVER, &second, 1);
    const struct pintle_pinset *none = derive(two, PINTLE_NEVER, NULL, 0);

    (void)state;
    assert_int_equal(mode_at(two, "a.test", NOW), PINTLE_MODE_ENFORCE);
    assert_int_equal(mode_at(two, "d.test", NOW), PINTLE_MODE_REPORT);
    assert_int_equal(pintle_pinset_get_fresh_until(two), EXPIRES);
    assert_ptr_equal(pintle_pinset_get_rule(none, 0), pintle_pinset_get_rule(set, 0));
    pintle_pinset_free(one);
    pintle_pinset_free(two);
    pintle_pinset_free(set);
    assert_int_equal(mode_at(none, "a.test", NOW), PINTLE_MODE_ENFORCE);
    pintle_pinset_free(none);
}

static void a_derived_pin_set_outlives_the_one_it_is_of(void **state)
{
    const struct pintle_softening soften = {"enforce", true};
    struct pintle_pinset *set = doc_load(rules);
    const struct pintle_pinset *derived = derive(set, PINTLE_NEVER, &soften, 1);
    char *text;
    size_t len;

    (void)state;
    pintle_pinset_free(set);
    assert_string_equal(doc_find(derived, "b.test", 443), "report");
    assert_string_equal(pintle_pinset_get_app(derived), "com.example.test");
    assert_int_equal(pintle_pinset_format(&text, &len, derived, NULL), PINTLE_OK);
    assert_non_null(strstr(text, "\"x\": 1"));
    assert_null(strstr(text, "unpin"));
    free(text);
    pintle_pinset_free(derived);
}

/* Many rules, some softened: each gets what is said of it and no more. */
static void every_rule_of_many_gets_its_own(void **state)
{
    static struct pintle_softening soften[100];
    static char ids[100][16];
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;
    const struct pintle_pinset *derived;

    (void)state;
    doc_begin(&doc);
    for (unsigned i = 0; i < 1000; i++)
        doc_add(&doc, "%s{'id':'r%u','match':['h%u.test'],'pins':[{'spki':'@1'}]}",
                i > 0 ? "," : "", i, i);
    doc_end(&doc);
    assert_int_equal(doc_parse(&set, &doc, &err), PINTLE_OK);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "r%u", i * 10);
        soften[i] = (struct pintle_softening){ids[i], i % 2 == 0};
    }
    derived = derive(set, PINTLE_NEVER, soften, 100);
    for (unsigned i = 0; i < 1000; i++) {
        enum pintle_mode expected = i % 10 != 0   ? PINTLE_MODE_ENFORCE
                                    : i % 20 == 0 ? PINTLE_MODE_OFF
                                                  : PINTLE_MODE_REPORT;

        assert_int_equal(pintle_rule_get_mode(pintle_pinset_get_rule(derived, i), NOW), expected);
    }
    assert_int_equal(pintle_pinset_count_enforced(derived, NOW), 900);
    pintle_pinset_free(derived);
    pintle_pinset_free(set);
    doc_clear(&doc);
}

/* What is not softened costs nothing but a header; the rest is shared. */
static void memory_is_shared(void **state)
{
    const struct pintle_softening soften = {"enforce", true};
    struct pintle_pinset *set = doc_load(rules);
    const struct pintle_pinset *fresh = derive(set, 5, NULL, 0);
    const struct pintle_pinset *softer = derive(set, 5, &soften, 1);

    (void)state;
    assert_int_equal(pintle__pinset_bytes(fresh), sizeof(struct pintle_pinset));
    assert_int_equal(pintle__pinset_bytes(softer),
                     sizeof(struct pintle_pinset) + 4 * sizeof(struct pintle_rule));
    assert_ptr_equal(pintle_pinset_get_rule(softer, 0)->pins, pintle_pinset_get_rule(set, 0)->pins);
    pintle_pinset_free(fresh);
    pintle_pinset_free(softer);
    pintle_pinset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_terms_it_is_the_same),
        cmocka_unit_test(a_pin_set_without_digest_stays_without),
        cmocka_unit_test(freshness_ends_with_whatever_ends_first),
        cmocka_unit_test(only_named_rules_are_softened_and_only_for_a_time),
        cmocka_unit_test(nothing_is_ever_hardened),
        cmocka_unit_test(of_a_rule_named_twice_the_softer_counts),
        cmocka_unit_test(terms_are_replaced_not_added_to),
        cmocka_unit_test(a_derived_pin_set_outlives_the_one_it_is_of),
        cmocka_unit_test(every_rule_of_many_gets_its_own),
        cmocka_unit_test(memory_is_shared),
    };

    return cmocka_run_group_tests_name("pinset derive", tests, NULL, NULL);
}
