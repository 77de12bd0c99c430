/* SPDX-License-Identifier: Apache-2.0 */
/* What an accepted bundle changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/fake_pins.h"
#include "unit/bundle/client.h"

static void begins_with_the_anchor_alone(void **state)
{
    struct pintle_trusted *trusted = client_new();
    struct pintle_trusted_pins pins;
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    char *seed;
    size_t len;

    (void)state;
    assert_false(pintle_trusted_get_pins(trusted, &pins));
    assert_int_equal(marks.epoch, 1);
    assert_int_equal(marks.version, 0);
    assert_int_equal(marks.unpin, 0);
    assert_int_equal(marks.clock_floor, TEST_NOW);
    assert_int_equal(pintle_trusted_get_fresh_until(trusted), 0);
    assert_true(pintle_trusted_wants_fresh(trusted));
    assert_null(pintle_trusted_get_unpin(trusted));
    assert_non_null(pintle_trusted_get_envelope(trusted, PINTLE_ROLE_ROOT, 0));
    assert_null(pintle_trusted_get_envelope(trusted, PINTLE_ROLE_ROOT, 1));
    assert_null(pintle_trusted_get_envelope(trusted, PINTLE_ROLE_PINS, 0));
    assert_int_equal(pintle_trusted_get_root(trusted)->version, 1);
    assert_string_equal(pintle_trusted_get_root(trusted)->app, TEST_APP);
    assert_int_equal(pintle_trusted_format_seed(&seed, &len, trusted, NULL), PINTLE_E_STATE);
    assert_null(seed);
    pintle_trusted_free(trusted);
}

static void takes_pins_fresh_and_unpin(void **state)
{
    struct pintle_trusted *trusted = client_new();
    struct test_doc doc = {.version = 7, .issued = TEST_NOW + 5};
    struct test_doc unpin = {.version = 3};
    char *payload = test_pins_payload(&doc);
    struct pintle_marks marks;

    (void)state;
    assert_int_equal(client_pins(trusted, &doc, "oq"), PINTLE_OK);
    assert_int_equal(client_version(trusted), 7);
    assert_int_equal(client_fresh(trusted, &doc, payload, "f"), PINTLE_OK);
    assert_int_equal(pintle_trusted_get_fresh_until(trusted), doc.issued + 30 * TEST_DAY);
    assert_int_equal(client_unpin(trusted, &unpin, "[{\"id\": \"api\", \"mode\": \"off\"}]", "vw"),
                     PINTLE_OK);
    assert_int_equal(pintle_trusted_get_unpin(trusted)->rule_count, 1);
    assert_string_equal(pintle_trusted_get_unpin(trusted)->rules[0].rule, "api");
    assert_true(pintle_trusted_get_unpin(trusted)->rules[0].off);
    assert_string_equal(pintle_trusted_get_unpin(trusted)->reason, "lost key");
    marks = pintle_trusted_get_marks(trusted);
    assert_int_equal(marks.version, 7);
    assert_int_equal(marks.unpin, 3);
    assert_int_equal(marks.clock_floor, TEST_NOW + 5);
    pintle_trusted_free(trusted);
    free(payload);
}

static void a_root_follows_a_root(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_root next = usual_root;

    (void)state;
    next.version = 2;
    next.roles[PINTLE_ROLE_ROOT].keys = "xyz";
    assert_int_equal(client_root(trusted, &next, "rsxy"), PINTLE_OK);
    assert_int_equal(pintle_trusted_get_root(trusted)->version, 2);
    assert_int_equal(client_version(trusted), 1);
    next.version = 3;
    assert_int_equal(client_root(trusted, &next, "rs"), PINTLE_E_SIGNATURES);
    assert_int_equal(client_root(trusted, &next, "xz"), PINTLE_OK);
    assert_non_null(pintle_trusted_get_envelope(trusted, PINTLE_ROLE_ROOT, 2));
    pintle_trusted_free(trusted);
}

static void a_seed_tells_it_all(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct pintle_trusted *again;
    struct test_root next = usual_root;
    struct pintle_view seed, same;

    (void)state;
    next.version = 2;
    assert_int_equal(client_root(trusted, &next, "rst"), PINTLE_OK);
    seed = client_seed(trusted);
    assert_int_equal(pintle_trusted_new_from_seed(&again, seed, client_options(), NULL), PINTLE_OK);
    same = client_seed(again);
    assert_int_equal(seed.len, same.len);
    assert_memory_equal(seed.data, same.data, seed.len);
    pintle_trusted_free(trusted);
    pintle_trusted_free(again);
    free_view(seed);
    free_view(same);
}

static void nothing_is_left(void **state)
{
    (void)state;
    assert_int_equal(fake_pins_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_with_the_anchor_alone),
        cmocka_unit_test(takes_pins_fresh_and_unpin),
        cmocka_unit_test(a_root_follows_a_root),
        cmocka_unit_test(a_seed_tells_it_all),
        cmocka_unit_test(nothing_is_left),
    };

    return cmocka_run_group_tests_name("bundle trusted", tests, NULL, NULL);
}
