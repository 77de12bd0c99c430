/* SPDX-License-Identifier: Apache-2.0 */
/* What is loaded can be written and loaded again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/files.h"
#include "kit/vectors.h"
#include "unit/pinset/doc.h"

static char *format(const struct pintle_pinset *set)
{
    struct pintle_error err;
    char *text;
    size_t len;

    if (pintle_pinset_format(&text, &len, set, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(strlen(text), len);
    return text;
}

static bool check_round_trip(const struct vector *row)
{
    struct pintle_pinset *set = doc_load_vector("accept", row->field[0].text);
    struct pintle_pinset *again = NULL;
    struct pintle_error err;
    char *first = format(set);
    char *second;

    if (pintle_pinset_parse(&again, first, strlen(first), NULL, &err) != PINTLE_OK)
        return vector_fail(row, "%s in %s", err.text, first);
    doc_assert_equal(set, again);
    second = format(again);
    assert_string_equal(first, second);
    pintle_pinset_free(set);
    pintle_pinset_free(again);
    free(first);
    free(second);
    return true;
}

static void every_document_survives_the_round_trip(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("pinset/accept.txt", 4, 4, check_round_trip), 0);
}

/* The file says what formatting accept/<name>.json gives, byte by byte. */
static void assert_formatted(const char *name)
{
    struct pintle_pinset *set = doc_load_vector("accept", name);
    char *text = format(set);
    char path[256];
    size_t len;
    char *expected;

    (void)snprintf(path, sizeof(path), "vectors/pinset/format/%s.json", name);
    expected = (char *)test_file_read(path, &len);
    assert_string_equal(text, expected);
    free(expected);
    free(text);
    pintle_pinset_free(set);
}

static void members_are_written_in_order(void **state)
{
    (void)state;
    assert_formatted("all-members");
}

static void members_of_living_pin_sets_are_written_where_they_say_something(void **state)
{
    (void)state;
    assert_formatted("living");
}

static void unknown_members_are_kept_behind_the_known_ones(void **state)
{
    (void)state;
    assert_formatted("unknown-members");
}

static void defaults_are_written_where_they_say_something(void **state)
{
    (void)state;
    assert_formatted("modes");
}

static void a_deep_unknown_member_is_kept(void **state)
{
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set, *again;
    struct pintle_error err;
    char *first, *second;

    (void)state;
    doc_begin(&doc);
    doc_add(&doc, "],'deep':");
    doc_fill(&doc, '[', 2046);
    doc_fill(&doc, ']', 2046);
    doc_add(&doc, "}");
    assert_int_equal(doc_parse(&set, &doc, &err), PINTLE_OK);
    first = format(set);
    doc_clear(&doc);
    doc_fill(&doc, ' ', strlen(first));
    memcpy(doc.text, first, doc.len);
    assert_int_equal(doc_parse(&again, &doc, &err), PINTLE_OK);
    second = format(again);
    assert_string_equal(first, second);
    pintle_pinset_free(set);
    pintle_pinset_free(again);
    doc_clear(&doc);
    free(first);
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_document_survives_the_round_trip),
        cmocka_unit_test(members_are_written_in_order),
        cmocka_unit_test(members_of_living_pin_sets_are_written_where_they_say_something),
        cmocka_unit_test(unknown_members_are_kept_behind_the_known_ones),
        cmocka_unit_test(defaults_are_written_where_they_say_something),
        cmocka_unit_test(a_deep_unknown_member_is_kept),
    };

    return cmocka_run_group_tests_name("pinset format", tests, NULL, NULL);
}
