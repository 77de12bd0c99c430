/* SPDX-License-Identifier: Apache-2.0 */
/* Every refusal of fresh statements and unpins, and what ends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/trusted.h"
#include "kit/test_crypto.h"
#include "unit/bundle/client.h"

#define YEAR (365 * TEST_DAY)

/* --- fresh -------------------------------------------------------------------------------------- */

static void fresh_statements_are_refused_in_order(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc pins = {0}, other = {.version = 2};
    struct test_doc doc = {.version = 2, .expires = TEST_NOW + TEST_DAY, .issued = TEST_NOW - 1};
    char *payload = test_pins_payload(&pins);
    char *other_payload = test_pins_payload(&other);
    char *text;

    (void)state;
    assert_int_equal(client_fresh(trusted, &pins, payload, "f"), PINTLE_OK);
#define AFTER(time)                                                                                \
    (text = test_fresh_payload(&doc, other_payload),                                               \
     client_apply(trusted, PINTLE_ROLE_FRESH, test_sign(PINTLE_ROLE_FRESH, text, "f"), time))
    assert_int_equal(AFTER(0), PINTLE_E_ROLLBACK);
    free(text);
    assert_int_equal(AFTER(TEST_DAY), PINTLE_E_EXPIRED);
    free(text);
    assert_null(strstr(client_error.text, "root"));
    assert_int_equal(AFTER(YEAR), PINTLE_E_EXPIRED);
    free(text);
    assert_non_null(strstr(client_error.text, "root"));
    doc.epoch = 2;
    assert_int_equal(AFTER(YEAR), PINTLE_E_EPOCH);
    free(text);
    doc.app = "com.example.other";
    assert_int_equal(AFTER(YEAR), PINTLE_E_APP);
    free(text);
#undef AFTER
    assert_int_equal(client_fresh(trusted, &other, other_payload, "f"), PINTLE_E_MISMATCH);
    assert_int_equal(client_fresh(trusted, &pins, other_payload, "f"), PINTLE_E_MISMATCH);
    assert_int_equal(client_fresh(trusted, &other, payload, "f"), PINTLE_E_MISMATCH);
    assert_int_equal(client_fresh(trusted, &pins, payload, "f"), PINTLE_OK);
    pintle_trusted_free(trusted);
    free(payload);
    free(other_payload);
}

static void there_is_nothing_fresh_without_pins(void **state)
{
    struct pintle_trusted *trusted = client_new();
    struct test_doc doc = {0};
    char *payload = test_pins_payload(&doc);

    (void)state;
    assert_int_equal(client_fresh(trusted, &doc, payload, "f"), PINTLE_E_MISMATCH);
    pintle_trusted_free(trusted);
    free(payload);
}

static void new_pins_end_what_was_said_of_the_old(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc doc = {0}, next = {.version = 2};
    char *payload = test_pins_payload(&doc);

    (void)state;
    assert_int_equal(client_fresh(trusted, &doc, payload, "f"), PINTLE_OK);
    assert_int_equal(client_pins(trusted, &doc, "pq"), PINTLE_OK);
    assert_true(pintle_trusted_get_fresh_until(trusted) > TEST_NOW);
    assert_int_equal(client_pins(trusted, &next, "op"), PINTLE_OK);
    assert_int_equal(pintle_trusted_get_fresh_until(trusted), 0);
    assert_int_equal(client_fresh(trusted, &doc, payload, "f"), PINTLE_E_MISMATCH);
    pintle_trusted_free(trusted);
    free(payload);
}

static void statements_move_no_clock(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc doc = {.issued = TEST_NOW + 90 * TEST_DAY}, pins = {0};
    struct test_doc soon = {.issued = TEST_NOW + TEST_DAY};
    char *payload = test_pins_payload(&pins);
    char *text = test_fresh_payload(&doc, payload);

    (void)state;
    assert_int_equal(client_fresh(trusted, &doc, payload, "f"), PINTLE_OK);
    assert_int_equal(client_unpin(trusted, &soon, "[]", "uv"), PINTLE_OK);
    assert_int_equal(pintle_trusted_get_marks(trusted).clock_floor, TEST_NOW);
    assert_int_equal(client_apply(trusted, PINTLE_ROLE_FRESH,
                                  test_sign(PINTLE_ROLE_FRESH, text, "f"), 95 * TEST_DAY),
                     PINTLE_OK);
    assert_int_equal(pintle_trusted_get_marks(trusted).clock_floor, TEST_NOW + 90 * TEST_DAY);
    pintle_trusted_free(trusted);
    free(payload);
    free(text);
}

/* --- unpin -------------------------------------------------------------------------------------- */

/* What begins to soften when it is believed must not be dated ahead to last longer. */
static void an_unpin_from_the_future_is_refused(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc doc = {.issued = TEST_NOW + TEST_DAY + 1};

    (void)state;
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "uv"), PINTLE_E_UNPIN);
    assert_non_null(strstr(client_error.text, "in the future"));
    assert_null(pintle_trusted_get_unpin(trusted));
    doc.issued--;
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "uv"), PINTLE_OK);
    pintle_trusted_free(trusted);
}

static void unpins_are_refused_in_order(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc good = {.version = 5};
    struct test_doc doc = {.version = 5, .expires = TEST_NOW + 15 * TEST_DAY};
    char *text;

    (void)state;
    assert_int_equal(client_unpin(trusted, &good, CLIENT_REPORT_API, "uv"), PINTLE_OK);
#define AFTER(time)                                                                                \
    (text = test_unpin_payload(&doc, "[{\"id\": \"a\", \"mode\": \"enforce\"}]"),                  \
     client_apply(trusted, PINTLE_ROLE_UNPIN, test_sign(PINTLE_ROLE_UNPIN, text, "uw"), time))
    assert_int_equal(AFTER(0), PINTLE_E_EQUIVOCATION);
    free(text);
    doc.version = 4;
    assert_int_equal(AFTER(0), PINTLE_E_ROLLBACK);
    free(text);
    assert_int_equal(AFTER(15 * TEST_DAY), PINTLE_E_EXPIRED);
    free(text);
    assert_null(strstr(client_error.text, "root"));
    assert_int_equal(AFTER(YEAR), PINTLE_E_EXPIRED);
    free(text);
    assert_non_null(strstr(client_error.text, "root"));
    doc.epoch = 2;
    assert_int_equal(AFTER(YEAR), PINTLE_E_EPOCH);
    free(text);
    doc.app = "com.example.other";
    assert_int_equal(AFTER(YEAR), PINTLE_E_APP);
    free(text);
#undef AFTER
    pintle_trusted_free(trusted);
}

static void an_unpin_softens_for_two_weeks_at_most(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc doc = {.version = 1, .expires = TEST_NOW + PINTLE_UNPIN_MAX_S + 1};

    (void)state;
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "uv"), PINTLE_E_UNPIN);
    doc.expires--;
    assert_int_equal(
        client_unpin(trusted, &doc, "[{\"id\": \"api\", \"mode\": \"enforce\"}]", "uv"),
        PINTLE_E_UNPIN);
    assert_int_equal(client_unpin(trusted, &doc,
                                  "[{\"id\": \"a\", \"mode\": \"off\"}, {\"id\": \"b\", \"mode\": "
                                  "\"enforce\"}, {\"id\": \"c\", \"mode\": \"off\"}]",
                                  "uv"),
                     PINTLE_E_UNPIN);
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "uv"), PINTLE_OK);
    assert_false(pintle_trusted_get_unpin(trusted)->rules[0].off);
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "vw"), PINTLE_OK);
    doc.version = 2;
    assert_int_equal(client_unpin(trusted, &doc, "[]", "uv"), PINTLE_OK);
    assert_int_equal(pintle_trusted_get_unpin(trusted)->rule_count, 0);
    pintle_trusted_free(trusted);
}

static void a_program_may_ignore_unpins(void **state)
{
    struct pintle_trusted_options options = *client_options();
    char *payload = test_root_payload(&usual_root);
    char *envelope = test_sign(PINTLE_ROLE_ROOT, payload, "rs");
    struct test_doc doc = {0};
    struct pintle_trusted *trusted;

    (void)state;
    options.ignore_unpin = true;
    assert_int_equal(pintle_trusted_new(&trusted, test_view(envelope), &options, NULL), PINTLE_OK);
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "uv"), PINTLE_E_UNSUPPORTED);
    assert_int_equal(client_apply(trusted, PINTLE_ROLE_UNPIN, test_text("{"), 0),
                     PINTLE_E_UNSUPPORTED);
    pintle_trusted_free(trusted);
    free(envelope);
    free(payload);
}

/* --- statements and roots ------------------------------------------------------------------------- */

static void assert_statements(const struct pintle_trusted *trusted, bool fresh, bool unpin)
{
    assert_int_equal(pintle_trusted_get_fresh_until(trusted) != 0, fresh);
    assert_int_equal(pintle_trusted_get_unpin(trusted) != NULL, unpin);
}

static void statements_end_with_the_keys_that_made_them(void **state)
{
    static const struct {
        const char *fresh;
        const char *unpin;
        unsigned threshold;
        int64_t epoch;
        bool keeps_fresh;
        bool keeps_unpin;
    } rows[] = {
        {"f", "uvw", 2, 1, true, true},   {"g", "uvw", 2, 1, false, true},
        {"fg", "uxy", 2, 1, true, false}, {"f", "uvw", 3, 1, true, false},
        {NULL, NULL, 0, 1, false, false}, {"f", "uvw", 2, 2, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_trusted *trusted = client_with_statements();
        struct test_root root = usual_root;
        root.version = 2;
        root.epoch = rows[i].epoch;
        root.roles[PINTLE_ROLE_FRESH].keys = rows[i].fresh;
        root.roles[PINTLE_ROLE_UNPIN].keys = rows[i].unpin;
        root.roles[PINTLE_ROLE_UNPIN].threshold = rows[i].threshold;
        assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
        assert_statements(trusted, rows[i].keeps_fresh, rows[i].keeps_unpin);
        assert_int_equal(client_version(trusted), 1);
        pintle_trusted_free(trusted);
    }
}

static void a_serial_outlives_its_unpin(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_root root = usual_root;
    struct test_doc doc = {.version = 9};

    (void)state;
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "uv"), PINTLE_OK);
    root.version = 2;
    root.roles[PINTLE_ROLE_UNPIN].keys = "xyz";
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    assert_null(pintle_trusted_get_unpin(trusted));
    doc.version = 8;
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "xy"), PINTLE_E_ROLLBACK);
    doc.version = 9;
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "xy"), PINTLE_OK);
    pintle_trusted_free(trusted);
}

/* Fails for unpins alone. */
static enum pintle_signature_check check_no_unpin(void *ctx, const uint8_t public_key[32],
                                                  const uint8_t *message, size_t len,
                                                  const uint8_t signature[64])
{
    static const char unpin[] = "DSSEv1 33 application/vnd.pintle.unpin";

    if (len > sizeof(unpin) && memcmp(message, unpin, sizeof(unpin) - 1) == 0)
        return PINTLE_SIGNATURE_FAILED;
    return test_crypto()->verify_ed25519(ctx, public_key, message, len, signature);
}

static void an_unpin_does_not_end_because_a_check_failed(void **state)
{
    struct pintle_trusted *trusted = client_with_statements();
    struct pintle_crypto broken = *test_crypto();
    struct test_root root = usual_root;

    (void)state;
    broken.verify_ed25519 = check_no_unpin;
    trusted->crypto = &broken;
    root.version = 2;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_E_CRYPTO);
    trusted->crypto = test_crypto();
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    assert_statements(trusted, true, true);
    pintle_trusted_free(trusted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_statements_are_refused_in_order),
        cmocka_unit_test(there_is_nothing_fresh_without_pins),
        cmocka_unit_test(new_pins_end_what_was_said_of_the_old),
        cmocka_unit_test(statements_move_no_clock),
        cmocka_unit_test(an_unpin_from_the_future_is_refused),
        cmocka_unit_test(unpins_are_refused_in_order),
        cmocka_unit_test(an_unpin_softens_for_two_weeks_at_most),
        cmocka_unit_test(a_program_may_ignore_unpins),
        cmocka_unit_test(statements_end_with_the_keys_that_made_them),
        cmocka_unit_test(a_serial_outlives_its_unpin),
        cmocka_unit_test(an_unpin_does_not_end_because_a_check_failed),
    };

    return cmocka_run_group_tests_name("bundle statement", tests, NULL, NULL);
}
