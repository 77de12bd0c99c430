/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between a file and a pin-set is told, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drift.h"

static char told[4096];

static void note(void *ctx, const struct drift *drift)
{
    size_t len = strlen(told);

    (void)ctx;
    (void)snprintf(told + len, sizeof(told) - len, "%u %s\n", (unsigned)drift->line, drift->text);
}

static struct clause *add(struct clauses *clauses, const char *host, enum reach reach, int first,
                          int last)
{
    struct clause *clause = clauses_add(clauses);

    clause->host = host;
    clause->reach = reach;
    clause->id = "rule";
    clause->line = (uint32_t)clauses->count;
    for (int i = first; i <= last; i++) {
        struct clause_pin pin = {.until = PINTLE_NEVER};

        pin.pin.digest[0] = (uint8_t)i;
        assert_true(clause_add_pin(clauses, clause, &pin));
    }
    return clause;
}

static size_t compare(const struct clauses *wanted, const struct clauses *there, bool once)
{
    struct semantics semantics = {.one_per_host = once};

    told[0] = '\0';
    return drift_clauses(wanted, there, &semantics, note, NULL);
}

static void order_does_not_count(void **unused)
{
    struct clauses a = {0};
    struct clauses b = {0};

    (void)unused;
    (void)add(&a, "a.example", REACH_ANY, 1, 2);
    (void)add(&a, "b.example", REACH_EXACT, 3, 3);
    (void)add(&b, "b.example", REACH_EXACT, 3, 3);
    (void)add(&b, "a.example", REACH_ANY, 2, 2);
    b.items[1].pins[0] = a.items[0].pins[1];
    assert_true(clause_add_pin(&b, &b.items[1], &a.items[0].pins[0]));
    b.items[1].pins[0].label = "another label";
    assert_int_equal(compare(&a, &b, false), 0);
    assert_string_equal(told, "");
    clauses_clear(&a);
    clauses_clear(&b);
}

static void every_difference_is_told(void **unused)
{
    struct clauses a = {0};
    struct clauses b = {0};

    (void)unused;
    (void)add(&a, "a.example", REACH_ANY, 1, 2);
    (void)add(&a, "c.example", REACH_EXACT, 1, 1);
    (void)add(&b, "a.example", REACH_EXACT, 2, 3);
    (void)add(&b, "b.example", REACH_EXACT, 1, 1);
    b.items[0].until = 86400;
    b.items[0].enforce = false;
    b.items[0].key_alone = true;
    assert_int_equal(compare(&a, &b, true), 8);
    assert_string_equal(
        told, "1 a.example: is **.a.example in the pin-set\n"
              "1 a.example: is reported only, not enforced\n"
              "1 a.example: asks for the key alone\n"
              "1 a.example: ends 1970-01-02T00:00:00Z, not never\n"
              "1 a.example: lacks sha256/AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
              "1 a.example: has sha256/AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, which the "
              "pin-set does not\n"
              "2 b.example: is in the file only\n"
              "0 c.example: is not in the file (rule rule)\n");
    clauses_clear(&a);
    clauses_clear(&b);
}

static void where_a_host_may_stand_twice_reaches_are_apart(void **unused)
{
    struct clauses a = {0};
    struct clauses b = {0};

    (void)unused;
    (void)add(&a, "a.example", REACH_EXACT, 1, 1);
    (void)add(&a, "a.example", REACH_ONE, 2, 2);
    (void)add(&b, "a.example", REACH_ONE, 2, 2);
    assert_int_equal(compare(&a, &b, false), 1);
    assert_string_equal(told, "0 a.example: is not in the file (rule rule)\n");
    clauses_clear(&a);
    clauses_clear(&b);
}

static size_t texts(const char *wanted, const char *there)
{
    told[0] = '\0';
    return drift_text(wanted, there, "// Made by ", "package ", note, NULL);
}

static void texts_are_compared_by_lines(void **unused)
{
    (void)unused;
    assert_int_equal(texts("a\nb\n", "a\nb\n"), 0);
    assert_int_equal(texts("a\nb\n", "a\r\nb\r\n"), 0);
    assert_int_equal(texts("// Made by 1\na\n", "// Made by 2\na\n"), 0);
    assert_int_equal(texts("// Made by 1\na\n", "// Made up\na\n"), 1);
    assert_int_equal(texts("a\nb\n", "package x;\n\na\nb\n"), 0);
    assert_int_equal(texts("// Made by 1\na\n", "// Made by 1\npackage x;\n\na\n"), 0);
    assert_int_equal(texts("a\n", "package x;\n\nb\n"), 1);
    assert_int_equal(texts("a\nb\n", "a\nc\n"), 1);
    assert_string_equal(told, "2 is \"c\", not \"b\"\n");
    assert_int_equal(texts("a\nb\n", "a\n"), 1);
    assert_string_equal(told, "2 is \"\", not \"b\"\n");
    assert_int_equal(texts("a\n", "a\nb\n"), 1);
    assert_int_equal(texts("", ""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_count),
        cmocka_unit_test(every_difference_is_told),
        cmocka_unit_test(where_a_host_may_stand_twice_reaches_are_apart),
        cmocka_unit_test(texts_are_compared_by_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
