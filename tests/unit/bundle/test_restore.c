/* SPDX-License-Identifier: Apache-2.0 */
/* Taking back what was believed before a restart; marks; copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/trusted.h"
#include "kit/fake_pins.h"
#include "kit/test_crypto.h"
#include "unit/bundle/client.h"
#include "unit/bundle/hand.h"

static struct pintle_error err;

static enum pintle_status from_seed(struct pintle_trusted **out, struct pintle_view seed)
{
    return pintle_trusted_new_from_seed(out, seed, client_options(), NULL);
}

/* Restore; what is refused is counted, and no error is written. */
static size_t restore(struct pintle_trusted *trusted, struct pintle_view seed)
{
    size_t refused = 99;

    err = (struct pintle_error){.status = PINTLE_OK};
    assert_int_equal(pintle_trusted_restore(trusted, seed, &refused, &err), PINTLE_OK);
    assert_int_equal(err.status, PINTLE_OK);
    return refused;
}

/* --- taking back ---------------------------------------------------------------------------------- */

static void takes_back_all_that_it_believed(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *again = client_new();
    struct pintle_view seed = client_seed(trusted);

    (void)state;
    assert_int_equal(restore(again, seed), 0);
    client_assert_same(trusted, again);
    assert_int_equal(restore(again, seed), 0);
    client_assert_same(trusted, again);
    pintle_trusted_free(trusted);
    pintle_trusted_free(again);
    free_view(seed);
}

/* A client of a later release, whose anchor is the root that the older one came to. */
static void passes_over_roots_that_it_is_beyond(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *later;
    struct pintle_view seed = client_seed(trusted);
    const struct pintle_envelope *root = pintle_trusted_get_envelope(trusted, PINTLE_ROLE_ROOT, 2);
    char *text;
    size_t len;

    (void)state;
    assert_int_equal(pintle_envelope_format(&text, &len, root, NULL), PINTLE_OK);
    assert_int_equal(pintle_trusted_new(&later, (struct pintle_view){(uint8_t *)text, len},
                                        client_options(), NULL),
                     PINTLE_OK);
    /* Its pins are signed under root 2, which this client has not; fresh is about them. */
    assert_int_equal(restore(later, seed), 2);
    assert_int_equal(client_version(later), 0);
    assert_non_null(pintle_trusted_get_unpin(later));
    pintle_trusted_free(trusted);
    pintle_trusted_free(later);
    free_view(seed);
    free(text);
}

/* --- whose it is ------------------------------------------------------------------------------------ */

static void expect_kin(const struct pintle_trusted *trusted, struct test_root root,
                       const char *keys, enum pintle_kin expected)
{
    static struct hand hand;
    enum pintle_kin kin;

    hand_clear(&hand);
    hand_add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), keys);
    assert_int_equal(pintle_trusted_compare_seed(&kin, trusted, hand_view(&hand), &err), PINTLE_OK);
    assert_int_equal(kin, expected);
}

/* Ours is root 1, issued at TEST_NOW. */
static void tells_whose_seed_it_is(void **state)
{
    struct pintle_trusted *trusted = client_new();
    struct test_root root = usual_root;
    enum pintle_kin kin;

    (void)state;
    expect_kin(trusted, root, "rs", PINTLE_KIN_SAME);
    expect_kin(trusted, root, "r", PINTLE_KIN_SAME); /* who signed this copy does not matter */
    root.epoch = 2;
    expect_kin(trusted, root, "rs", PINTLE_KIN_FORMER);
    root.issued = TEST_NOW - 1;
    expect_kin(trusted, root, "rs", PINTLE_KIN_FORMER);
    root.version = 5;
    expect_kin(trusted, root, "rs", PINTLE_KIN_FORMER);
    root.issued = TEST_NOW; /* what ours came to, as far as that can be seen */
    expect_kin(trusted, root, "rs", PINTLE_KIN_SAME);
    root.version = 1;
    root.issued = TEST_NOW + 1;
    expect_kin(trusted, root, "rs", PINTLE_KIN_LATER);
    root.app = "com.example.other";
    expect_kin(trusted, root, "rs", PINTLE_KIN_STRANGER);
    assert_string_equal(err.text, "of app \"com.example.other\", not of \"com.example.shop\"");
    assert_int_equal(pintle_trusted_compare_seed(&kin, trusted, test_view("no seed"), NULL),
                     PINTLE_OK);
    assert_int_equal(kin, PINTLE_KIN_SAME);
    pintle_trusted_free(trusted);
}

static void passes_over_what_is_older(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *newer = client_rich();
    struct pintle_view seed = client_seed(trusted), before;
    struct test_doc doc = {.version = 4};
    char *payload = test_pins_payload(&doc);

    (void)state;
    assert_int_equal(client_pins(newer, &doc, "xy"), PINTLE_OK);
    assert_int_equal(client_fresh(newer, &doc, payload, "f"), PINTLE_OK);
    assert_int_equal(client_unpin(newer, &doc, "[]", "uv"), PINTLE_OK);
    before = client_seed(newer);
    assert_int_equal(restore(newer, seed), 0);
    free_view(seed);
    seed = client_seed(newer);
    assert_int_equal(seed.len, before.len);
    assert_memory_equal(seed.data, before.data, seed.len);
    pintle_trusted_free(trusted);
    pintle_trusted_free(newer);
    free_view(seed);
    free_view(before);
    free(payload);
}

static void what_is_refused_is_left_out(void **state)
{
    static struct hand hand;
    struct pintle_trusted *trusted = client_new();
    struct test_doc doc = {.version = 2};
    struct test_root root = usual_root;

    (void)state;
    hand_begin(&hand);
    root.version = 2;
    hand_add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "r");
    hand_add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rs");
    root.version = 9;
    hand_add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rs");
    hand_add(&hand, PINTLE_ROLE_PINS, test_text("no JSON"), "op");
    hand_add(&hand, PINTLE_ROLE_UNPIN, test_unpin_payload(&doc, CLIENT_REPORT_API), "uv");
    assert_int_equal(restore(trusted, hand_view(&hand)), 3);
    assert_int_equal(pintle_trusted_get_root(trusted)->version, 2);
    assert_int_equal(client_version(trusted), 0);
    assert_int_equal(pintle_trusted_get_unpin(trusted)->serial, 2);
    pintle_trusted_free(trusted);
}

static void unpins_that_are_ignored_are_no_refusal(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *again;
    struct pintle_trusted_options options = *client_options();
    struct pintle_view seed = client_seed(trusted);

    (void)state;
    options.ignore_unpin = true;
    assert_int_equal(pintle_trusted_new_from_seed(&again, seed, &options, NULL), PINTLE_OK);
    assert_null(pintle_trusted_get_unpin(again));
    assert_int_equal(restore(again, seed), 0);
    assert_null(pintle_trusted_get_unpin(again));
    pintle_trusted_free(trusted);
    pintle_trusted_free(again);
    free_view(seed);
}

/* Pins of the epoch before, which no root has replaced yet. */
static struct pintle_trusted *of_two_epochs(void)
{
    struct pintle_trusted *trusted = client_new();
    struct test_doc doc = {.version = 900, .issued = TEST_NOW + 300 * TEST_DAY};
    struct test_root root = usual_root;

    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_OK);
    root.version = 2;
    root.epoch = 2;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    return trusted;
}

static void pins_of_an_older_epoch_leave_no_marks(void **state)
{
    struct pintle_trusted *trusted = of_two_epochs(), *again;
    struct pintle_view seed = client_seed(trusted);
    struct test_doc doc = {.version = 2, .epoch = 2};

    (void)state;
    assert_int_equal(from_seed(&again, seed), PINTLE_OK);
    client_assert_same(trusted, again);
    assert_int_equal(pintle_trusted_get_marks(again).clock_floor, TEST_NOW);
    assert_int_equal(client_version(again), 900);
    assert_int_equal(client_pins(again, &doc, "op"), PINTLE_OK);
    assert_int_equal(restore(again, seed), 0);
    assert_int_equal(client_version(again), 2);
    pintle_trusted_free(again);
    pintle_trusted_free(trusted);
    free_view(seed);
}

/* Two documents of one version are found out in an epoch that has no marks any more, too. */
static void pins_of_an_older_epoch_are_not_exchanged(void **state)
{
    static struct hand hand;
    struct pintle_trusted *trusted = of_two_epochs();
    struct test_doc other = {.version = 900}, older = {.version = 899}, newer = {.version = 901};

    (void)state;
    hand_begin(&hand);
    hand_add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&other), "op");
    assert_int_equal(restore(trusted, hand_view(&hand)), 1);
    hand_begin(&hand);
    hand_add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&older), "op");
    assert_int_equal(restore(trusted, hand_view(&hand)), 0);
    assert_int_equal(client_version(trusted), 900);
    hand_begin(&hand);
    hand_add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&newer), "op");
    assert_int_equal(restore(trusted, hand_view(&hand)), 0);
    assert_int_equal(client_version(trusted), 901);
    pintle_trusted_free(trusted);
}

static void statements_of_an_older_epoch_are_passed_over(void **state)
{
    struct pintle_trusted *trusted = client_with_statements(), *newer = of_two_epochs();
    struct pintle_view seed = client_seed(trusted);

    (void)state;
    assert_int_equal(restore(newer, seed), 0);
    assert_int_equal(pintle_trusted_get_fresh_until(newer), 0);
    assert_null(pintle_trusted_get_unpin(newer));
    assert_int_equal(client_version(newer), 900);
    pintle_trusted_free(trusted);
    pintle_trusted_free(newer);
    free_view(seed);
}

static void marks_hold_against_an_older_seed(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *again = client_new();
    struct pintle_view seed = client_seed(trusted);
    struct pintle_marks marks = {.epoch = 1, .version = 4, .unpin = 4};

    (void)state;
    pintle_trusted_raise_marks(again, &marks);
    assert_int_equal(restore(again, seed), 2);
    assert_int_equal(client_version(again), 0);
    assert_null(pintle_trusted_get_unpin(again));
    pintle_trusted_free(again);
    again = of_two_epochs();
    free_view(seed);
    seed = client_seed(again);
    pintle_trusted_free(again);
    again = client_new();
    marks = (struct pintle_marks){.epoch = 2, .version = 1};
    pintle_trusted_raise_marks(again, &marks);
    assert_int_equal(restore(again, seed), 1);
    assert_int_equal(client_version(again), 0);
    pintle_trusted_free(again);
    pintle_trusted_free(trusted);
    free_view(seed);
}

static void nothing_is_taken_if_the_provider_fails(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *again = client_new();
    struct pintle_view seed = client_seed(trusted);
    struct pintle_trusted before;
    size_t refused = 99;

    (void)state;
    again->crypto = test_crypto_failing();
    before = *again;
    assert_int_equal(pintle_trusted_restore(again, seed, &refused, &err), PINTLE_E_CRYPTO);
    assert_int_equal(err.status, PINTLE_E_CRYPTO);
    assert_int_equal(refused, 0);
    assert_memory_equal(&before, again, sizeof(before));
    assert_int_equal(pintle_trusted_restore(again, seed, NULL, NULL), PINTLE_E_CRYPTO);
    pintle_trusted_free(trusted);
    pintle_trusted_free(again);
    free_view(seed);
}

/* --- marks and copies ----------------------------------------------------------------------------- */

static void marks_only_rise(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct pintle_marks before = pintle_trusted_get_marks(trusted), now;
    struct pintle_marks marks = {.epoch = 1, .clock_floor = TEST_NOW - 1};
    struct test_doc doc = {.version = 7};

    (void)state;
    pintle_trusted_raise_marks(trusted, &marks);
    now = pintle_trusted_get_marks(trusted);
    assert_memory_equal(&now, &before, sizeof(now));
    marks =
        (struct pintle_marks){.epoch = 1, .version = 7, .unpin = 3, .clock_floor = TEST_NOW + 9};
    pintle_trusted_raise_marks(trusted, &marks);
    now = pintle_trusted_get_marks(trusted);
    assert_memory_equal(&now, &marks, sizeof(now));
    assert_int_equal(client_version(trusted), 1);
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_EQUIVOCATION);
    doc.version = 6;
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_ROLLBACK);
    doc.version = 2;
    assert_int_equal(client_unpin(trusted, &doc, "[]", "uv"), PINTLE_E_ROLLBACK);
    marks = (struct pintle_marks){.epoch = 2, .version = 1, .clock_floor = 5};
    pintle_trusted_raise_marks(trusted, &marks);
    now = pintle_trusted_get_marks(trusted);
    assert_memory_equal(&now, &marks, sizeof(now));
    marks = (struct pintle_marks){.epoch = 1, .version = 99, .unpin = 99, .clock_floor = 99};
    pintle_trusted_raise_marks(trusted, &marks);
    assert_int_equal(pintle_trusted_get_marks(trusted).version, 1);
    pintle_trusted_free(trusted);
}

/* Marks of an epoch whose root was lost: nothing of an older one is believed until it is back. */
static void marks_wait_for_their_root(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct pintle_marks marks = {.epoch = 3, .version = 5, .clock_floor = TEST_NOW};
    struct test_doc doc = {.version = 9};
    struct test_root root = usual_root;

    (void)state;
    pintle_trusted_raise_marks(trusted, &marks);
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_ROLLBACK);
    assert_int_equal(client_unpin(trusted, &doc, "[]", "uv"), PINTLE_E_ROLLBACK);
    root.version = 2;
    root.epoch = 2;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    doc.epoch = 2;
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_ROLLBACK);
    root.version = 3;
    root.epoch = 3;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    doc.epoch = 3;
    doc.version = 4;
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_ROLLBACK);
    doc.version = 6;
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_OK);
    pintle_trusted_free(trusted);
}

static void a_copy_changes_on_its_own(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *copy, *second;
    struct test_doc doc = {.version = 4};

    (void)state;
    assert_int_equal(pintle_trusted_copy(&copy, trusted, NULL), PINTLE_OK);
    assert_int_equal(pintle_trusted_copy(&second, copy, NULL), PINTLE_OK);
    client_assert_same(trusted, copy);
    assert_int_equal(client_pins(copy, &doc, "xz"), PINTLE_OK);
    assert_int_equal(client_version(copy), 4);
    assert_int_equal(client_version(trusted), 3);
    pintle_trusted_free(trusted);
    assert_int_equal(client_version(second), 3);
    assert_non_null(pintle_trusted_get_unpin(second));
    pintle_trusted_free(copy);
    pintle_trusted_free(second);
    pintle_trusted_free(NULL);
    assert_int_equal(fake_pins_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_back_all_that_it_believed),
        cmocka_unit_test(passes_over_roots_that_it_is_beyond),
        cmocka_unit_test(tells_whose_seed_it_is),
        cmocka_unit_test(passes_over_what_is_older),
        cmocka_unit_test(what_is_refused_is_left_out),
        cmocka_unit_test(unpins_that_are_ignored_are_no_refusal),
        cmocka_unit_test(pins_of_an_older_epoch_leave_no_marks),
        cmocka_unit_test(pins_of_an_older_epoch_are_not_exchanged),
        cmocka_unit_test(statements_of_an_older_epoch_are_passed_over),
        cmocka_unit_test(marks_hold_against_an_older_seed),
        cmocka_unit_test(nothing_is_taken_if_the_provider_fails),
        cmocka_unit_test(marks_only_rise),
        cmocka_unit_test(marks_wait_for_their_root),
        cmocka_unit_test(a_copy_changes_on_its_own),
    };

    return cmocka_run_group_tests_name("bundle restore", tests, NULL, NULL);
}
