/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/host.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kit/vectors.h"

static bool is_empty(const struct pintle_host *host)
{
    return host->len == 0 && host->text[0] == '\0' && !host->is_ip;
}

static bool check_host(const struct vector *row)
{
    struct pintle_error err;
    struct pintle_host host, again;
    enum pintle_status status =
        pintle_host_parse(&host, row->field[0].text, row->field[0].len, &err);

    if (status != PINTLE_OK)
        return is_empty(&host) ? vector_check_error(row, 1, status, &err)
                               : vector_fail(row, "a refused host is not empty");
    if (!vector_is(row, 1, "OK") || !vector_is(row, 2, host.text) || host.len != row->field[2].len)
        return vector_fail(row, "accepted as %s", host.text);
    if (!vector_is(row, 3, host.is_ip ? "ip" : "name"))
        return vector_fail(row, "is_ip is %d", host.is_ip);
    if (pintle_host_parse(&again, host.text, host.len, NULL) != PINTLE_OK ||
        strcmp(again.text, host.text) != 0 || again.is_ip != host.is_ip)
        return vector_fail(row, "parsing again gives another host");
    return true;
}

static bool check_pattern(const struct vector *row)
{
    static const char *const kinds[] = {"exact", "one", "any"};
    struct pintle_error err;
    struct pintle_pattern pattern;
    enum pintle_status status =
        pintle_pattern_parse(&pattern, row->field[0].text, row->field[0].len, &err);

    if (status != PINTLE_OK)
        return is_empty(&pattern.suffix) && pattern.kind == PINTLE_PATTERN_EXACT
                   ? vector_check_error(row, 1, status, &err)
                   : vector_fail(row, "a refused pattern is not empty");
    if (!vector_is(row, 1, "OK") || !vector_is(row, 2, kinds[pattern.kind]) ||
        !vector_is(row, 3, pattern.suffix.text))
        return vector_fail(row, "accepted as %s %s", kinds[pattern.kind], pattern.suffix.text);
    return true;
}

static bool check_match(const struct vector *row)
{
    struct pintle_pattern pattern;
    struct pintle_host host;
    bool matches;

    if (pintle_pattern_parse(&pattern, row->field[0].text, row->field[0].len, NULL) != PINTLE_OK ||
        pintle_host_parse(&host, row->field[1].text, row->field[1].len, NULL) != PINTLE_OK)
        return vector_fail(row, "pattern or host is refused");
    matches = pintle_pattern_matches(&pattern, &host);
    return vector_is(row, 2, matches ? "yes" : "no") || vector_fail(row, "wrong answer");
}

static void hosts_parse_as_the_vectors_say(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("hosts.txt", 3, 4, check_host), 0);
}

static void patterns_parse_as_the_vectors_say(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("patterns.txt", 3, 4, check_pattern), 0);
}

static void patterns_match_as_the_vectors_say(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("matches.txt", 3, 3, check_match), 0);
}

/* A name of `len` bytes in labels of one byte, with room for more. */
static char *name_of(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = i % 2 == 0 || i + 1 == len ? 'a' : '.';
    text[len] = '\0';
    return text;
}

static void a_name_of_253_bytes_is_the_longest(void **state)
{
    char text[600];
    struct pintle_host host;
    struct pintle_error err;

    (void)state;
    assert_int_equal(pintle_host_parse(&host, name_of(text, 253), 253, &err), PINTLE_OK);
    assert_int_equal(host.len, 253);
    assert_string_equal(host.text, text);
    assert_int_equal(pintle_host_parse(&host, name_of(text, 254), 254, &err), PINTLE_E_HOST);
    assert_int_equal(err.offset, 253);
    assert_true(is_empty(&host));
}

static void the_trailing_dot_does_not_count(void **state)
{
    char text[600];
    struct pintle_host host;
    struct pintle_error err;

    (void)state;
    name_of(text, 253)[253] = '.';
    assert_int_equal(pintle_host_parse(&host, text, 254, &err), PINTLE_OK);
    assert_int_equal(host.len, 253);
    name_of(text, 254)[254] = '.';
    assert_int_equal(pintle_host_parse(&host, text, 255, &err), PINTLE_E_HOST);
    assert_int_equal(err.offset, 253);
    name_of(text, 254)[253] = '.';
    text[254] = '.';
    assert_int_equal(pintle_host_parse(&host, text, 255, &err), PINTLE_E_HOST);
}

static void lengths_that_wrap_around_a_byte_are_refused(void **state)
{
    static const size_t lens[] = {255, 256, 257, 258, 509, 511, 512, 513};
    char text[600];
    struct pintle_host host;

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
        assert_int_equal(pintle_host_parse(&host, name_of(text, lens[i]), lens[i], NULL),
                         PINTLE_E_HOST);
}

static void only_the_named_bytes_are_allowed_in_a_name(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[] = "aXb.example";
        struct pintle_host host;
        struct pintle_error err;
        bool allowed = c != 0 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789-_.",
                                        c) != NULL;
        text[1] = (char)c;
        if (allowed) {
            assert_int_equal(pintle_host_parse(&host, text, 11, &err), PINTLE_OK);
        } else {
            assert_int_equal(pintle_host_parse(&host, text, 11, &err), PINTLE_E_HOST);
            assert_int_equal(err.offset, 1);
        }
    }
}

static void upper_case_matches_lower_case_letter_by_letter(void **state)
{
    struct pintle_host upper, lower;
    static const char big[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ.EXAMPLE";
    static const char little[] = "abcdefghijklmnopqrstuvwxyz.example";

    (void)state;
    assert_int_equal(pintle_host_parse(&upper, big, strlen(big), NULL), PINTLE_OK);
    assert_int_equal(pintle_host_parse(&lower, little, strlen(little), NULL), PINTLE_OK);
    assert_string_equal(upper.text, little);
    assert_string_equal(lower.text, little);
}

static void what_failed_to_parse_matches_nothing(void **state)
{
    struct pintle_pattern pattern;
    struct pintle_host host, nothing;

    (void)state;
    assert_int_equal(pintle_host_parse(&host, "a.example", 9, NULL), PINTLE_OK);
    assert_int_equal(pintle_host_parse(&nothing, "", 0, NULL), PINTLE_E_HOST);
    assert_int_equal(pintle_pattern_parse(&pattern, "*", 1, NULL), PINTLE_E_PATTERN);
    assert_false(pintle_pattern_matches(&pattern, &host));
    assert_false(pintle_pattern_matches(&pattern, &nothing));
    pattern.kind = PINTLE_PATTERN_ANY;
    assert_false(pintle_pattern_matches(&pattern, &host));
    assert_false(pintle_pattern_matches(&pattern, &nothing));
}

static void an_address_is_never_a_name_below_another(void **state)
{
    /* No such pattern parses; whoever makes one by hand gets nothing for it. */
    struct pintle_pattern pattern = {PINTLE_PATTERN_ONE, {"2.3.4", 5, false}};
    struct pintle_host host;

    (void)state;
    assert_int_equal(pintle_host_parse(&host, "1.2.3.4", 7, NULL), PINTLE_OK);
    assert_false(pintle_pattern_matches(&pattern, &host));
    pattern.kind = PINTLE_PATTERN_ANY;
    assert_false(pintle_pattern_matches(&pattern, &host));
}

static void a_suffix_too_long_for_more_labels_matches_only_itself(void **state)
{
    char text[600] = "**.";
    struct pintle_pattern pattern;
    struct pintle_host host;

    (void)state;
    (void)name_of(text + 3, 253);
    assert_int_equal(pintle_pattern_parse(&pattern, text, 256, NULL), PINTLE_OK);
    assert_int_equal(pintle_host_parse(&host, text + 3, 253, NULL), PINTLE_OK);
    assert_true(pintle_pattern_matches(&pattern, &host));
    assert_int_equal(pintle_host_parse(&host, text + 5, 251, NULL), PINTLE_OK);
    assert_false(pintle_pattern_matches(&pattern, &host));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_parse_as_the_vectors_say),
        cmocka_unit_test(patterns_parse_as_the_vectors_say),
        cmocka_unit_test(patterns_match_as_the_vectors_say),
        cmocka_unit_test(a_name_of_253_bytes_is_the_longest),
        cmocka_unit_test(the_trailing_dot_does_not_count),
        cmocka_unit_test(lengths_that_wrap_around_a_byte_are_refused),
        cmocka_unit_test(only_the_named_bytes_are_allowed_in_a_name),
        cmocka_unit_test(upper_case_matches_lower_case_letter_by_letter),
        cmocka_unit_test(what_failed_to_parse_matches_nothing),
        cmocka_unit_test(an_address_is_never_a_name_below_another),
        cmocka_unit_test(a_suffix_too_long_for_more_labels_matches_only_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
