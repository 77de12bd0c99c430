/* SPDX-License-Identifier: Apache-2.0 */
/* Which clauses count for a host: the index against asking each of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clause.h"

static uint32_t state = 1;

static uint32_t draw(uint32_t below)
{
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % below;
}

/* Few names of few labels. */
static void make_host(char out[64])
{
    static const char *const labels[] = {"a.", "b.", "c."};
    static const char *const domains[] = {"one.example", "two.example", "example"};
    uint32_t count = draw(4);

    out[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        (void)strcat(out, labels[draw(3)]);
    (void)strcat(out, domains[draw(3)]);
}

static void fill(struct clauses *clauses)
{
    uint32_t count = 1 + draw(12);

    for (uint32_t i = 0; i < count; i++) {
        struct clause *clause = clauses_add(clauses);
        char host[64];

        assert_non_null(clause);
        make_host(host);
        clause->host = clauses_text(clauses, host, strlen(host));
        clause->reach = (enum reach)draw(4);
        clause->port = draw(3) == 0 ? 8443 : 0;
    }
}

/* --- the same without an index -------------------------------------------------------------------- */

/* How many labels a host is below another; SIZE_MAX if it is not. */
static size_t labels_below(const char *host, const char *suffix)
{
    size_t count = 0;

    for (const char *at = host;; at = strchr(at, '.') + 1, count++) {
        if (strcmp(at, suffix) == 0)
            return count;
        if (strchr(at, '.') == NULL)
            return SIZE_MAX;
    }
}

static bool covers(const struct clause *clause, const char *host, uint16_t port)
{
    size_t labels = labels_below(host, clause->host);
    bool reached = labels == 0   ? clause->reach != REACH_ONE
                   : labels == 1 ? clause->reach != REACH_EXACT
                                 : labels != SIZE_MAX && clause->reach == REACH_ANY;

    return reached && (clause->port == 0 || clause->port == port);
}

static size_t specificity(const struct clause *clause)
{
    size_t narrow = clause->reach == REACH_EXACT ? 2 : clause->reach == REACH_ONE ? 1 : 0;

    return strlen(clause->host) * 100 + narrow * 10 + (clause->port != 0);
}

struct found {
    const struct clause *items[32];
    size_t count;
};

static void note(void *ctx, const struct clause *clause)
{
    struct found *found = ctx;

    found->items[found->count++] = clause;
}

static bool has(const struct found *found, const struct clause *clause)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i] == clause)
            return true;
    return false;
}

static void compare(const struct clauses *clauses, const struct clause_index *index,
                    const char *text)
{
    struct pintle_host host;
    struct found every = {.count = 0};
    struct found best = {.count = 0};
    size_t count = 0;
    size_t top = 0;

    assert_int_equal(pintle_host_parse(&host, text, strlen(text), NULL), PINTLE_OK);
    clause_index_find(index, CLAUSE_EVERY, &host, 8443, note, &every);
    clause_index_find(index, CLAUSE_MOST_SPECIFIC, &host, 8443, note, &best);
    for (size_t i = 0; i < clauses->count; i++) {
        const struct clause *clause = &clauses->items[i];

        assert_int_equal(has(&every, clause), covers(clause, text, 8443));
        if (covers(clause, text, 8443)) {
            count++;
            top = specificity(clause) > top ? specificity(clause) : top;
        }
    }
    assert_int_equal(every.count, count);
    assert_int_equal(best.count > 0, count > 0);
    for (size_t i = 0; i < best.count; i++)
        assert_int_equal(specificity(best.items[i]), top);
}

static void the_index_finds_what_covers(void **unused)
{
    (void)unused;
    for (int round = 0; round < 500; round++) {
        struct clauses clauses = {0};
        struct clause_index index;

        fill(&clauses);
        assert_true(clause_index_init(&index, &clauses));
        for (int i = 0; i < 20; i++) {
            char host[64];

            make_host(host);
            compare(&clauses, &index, host);
        }
        clause_index_clear(&index);
        clauses_clear(&clauses);
    }
}

static void addresses_have_no_labels(void **unused)
{
    struct clauses clauses = {0};
    struct clause *clause = clauses_add(&clauses);
    struct clause_index index;
    struct pintle_host host;
    struct found found = {.count = 0};

    (void)unused;
    clause->host = "0.0.1";
    clause->reach = REACH_ANY;
    assert_int_equal(pintle_host_parse(&host, "127.0.0.1", 9, NULL), PINTLE_OK);
    assert_true(clause_index_init(&index, &clauses));
    clause_index_find(&index, CLAUSE_EVERY, &host, 443, note, &found);
    assert_int_equal(found.count, 0);
    clause_index_clear(&index);
    clauses_clear(&clauses);
}

static void reaches_join(void **unused)
{
    (void)unused;
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++)
            for (size_t labels = 0; labels < 4; labels++) {
                bool either =
                    reach_covers((enum reach)a, labels) || reach_covers((enum reach)b, labels);

                if (either)
                    assert_true(reach_covers(reach_join((enum reach)a, (enum reach)b), labels));
            }
    assert_int_equal(reach_join(REACH_EXACT, REACH_ONE), REACH_EXACT_OR_ONE);
}

static void pins_stand_once_in_a_position(void **unused)
{
    struct clauses clauses = {0};
    struct clause *clause = clauses_add(&clauses);

    (void)unused;
    for (int round = 0; round < 2; round++)
        for (uint8_t i = 0; i < 100; i++) {
            struct clause_pin pin = {.until = PINTLE_NEVER, .at = (enum pintle_position)(i % 3)};

            pin.pin.digest[0] = i / 3;
            assert_true(clause_add_pin(&clauses, clause, &pin));
        }
    assert_int_equal(clause->pin_count, 100);
    for (uint8_t i = 0; i < 100; i++)
        assert_int_equal(clause->pins[i].pin.digest[0], i / 3);
    clauses_clear(&clauses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_finds_what_covers),
        cmocka_unit_test(addresses_have_no_labels),
        cmocka_unit_test(reaches_join),
        cmocka_unit_test(pins_stand_once_in_a_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
