/* SPDX-License-Identifier: Apache-2.0 */
/* Every refusal of pintle_trusted_apply(), and that the first of several is the one given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/trusted.h"
#include "kit/fake_pins.h"
#include "kit/test_crypto.h"
#include "unit/bundle/client.h"

#define YEAR (365 * TEST_DAY)

/* --- what is the same for all roles --------------------------------------------------------------- */

static void what_is_no_envelope_is_refused_first(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    char *deep = test_text("{\"a\":%.*s", 40, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");

    (void)state;
    for (int role = 0; role < PINTLE_ROLES; role++) {
        enum pintle_role asked = (enum pintle_role)role;
        assert_int_equal(client_apply(trusted, asked, test_text("{"), 0), PINTLE_E_JSON);
        assert_int_equal(client_apply(trusted, asked, test_text("%s", deep), 0), PINTLE_E_JSON);
        assert_int_equal(client_apply(trusted, asked, test_text("{}"), 0), PINTLE_E_ENVELOPE);
        assert_int_equal(client_apply(trusted, asked, test_text("%*s", 1600000, ""), 0),
                         PINTLE_E_LIMIT);
    }
    free(deep);
    pintle_trusted_free(trusted);
}

static void what_is_of_another_type_is_refused_before_its_signatures(void **state)
{
    static const char *const keys[PINTLE_ROLES] = {"rs", "op", "f", "uv"};
    struct pintle_trusted *trusted = client_with_pins();

    (void)state;
    for (int asked = 0; asked < PINTLE_ROLES; asked++) {
        for (int is = 0; is < PINTLE_ROLES; is++) {
            char *envelope =
                test_sign((enum pintle_role)is, "no JSON", asked == is ? "" : keys[asked]);
            assert_int_equal(client_apply(trusted, (enum pintle_role)asked, envelope, 0),
                             asked == is ? PINTLE_E_SIGNATURES : PINTLE_E_PAYLOAD_TYPE);
        }
    }
    pintle_trusted_free(trusted);
}

static void the_signature_covers_the_type(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    char *envelope = test_sign(PINTLE_ROLE_FRESH, "{}", "op");

    (void)state;
    envelope = text_with(envelope, "pintle.fresh", "pintle.pins");
    assert_int_equal(client_apply(trusted, PINTLE_ROLE_PINS, envelope, 0), PINTLE_E_SIGNATURES);
    pintle_trusted_free(trusted);
}

static void what_is_not_signed_by_enough_is_refused_unread(void **state)
{
    static const struct {
        enum pintle_role role;
        const char *keys;
    } rows[] = {
        {PINTLE_ROLE_ROOT, "r"},  {PINTLE_ROLE_ROOT, "op"},  {PINTLE_ROLE_PINS, "o"},
        {PINTLE_ROLE_PINS, "rs"}, {PINTLE_ROLE_PINS, "of"},  {PINTLE_ROLE_FRESH, "u"},
        {PINTLE_ROLE_UNPIN, "u"}, {PINTLE_ROLE_UNPIN, "op"},
    };
    struct pintle_trusted *trusted = client_with_pins();
    size_t loaded = fake_pins_loaded();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(client_apply(trusted, rows[i].role,
                                      test_sign(rows[i].role, "no JSON", rows[i].keys), 0),
                         PINTLE_E_SIGNATURES);
    assert_int_equal(fake_pins_loaded(), loaded);
    pintle_trusted_free(trusted);
}

static void what_is_malformed_is_refused(void **state)
{
    static const char *const keys[PINTLE_ROLES] = {"rs", "op", "f", "uv"};
    static const struct {
        const char *payload;
        enum pintle_status status;
    } rows[] = {
        {"", PINTLE_E_JSON},
        {"no JSON", PINTLE_E_JSON},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", PINTLE_E_JSON},
        {"{\"app\": \"a\", \"app\": \"a\"}", PINTLE_E_JSON},
        {"{}", PINTLE_E_SCHEMA},
    };
    struct pintle_trusted *trusted = client_with_pins();

    (void)state;
    for (int role = 0; role < PINTLE_ROLES; role++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            assert_int_equal(
                client_apply(trusted, (enum pintle_role)role,
                             test_sign((enum pintle_role)role, rows[i].payload, keys[role]), 0),
                rows[i].status);
    }
    pintle_trusted_free(trusted);
}

static void a_role_that_the_root_has_not_accepts_nothing(void **state)
{
    struct test_root root = {.roles = {{"r", 1}, {"p", 1}}};
    struct test_doc doc = {0};
    char *payload = test_root_payload(&root);
    char *envelope = test_sign(PINTLE_ROLE_ROOT, payload, "r");
    char *pins = test_pins_payload(&doc);
    struct pintle_trusted *trusted;

    (void)state;
    assert_int_equal(pintle_trusted_new(&trusted, test_view(envelope), client_options(), NULL),
                     PINTLE_OK);
    assert_false(pintle_trusted_wants_fresh(trusted));
    assert_int_equal(client_pins(trusted, &doc, "p"), PINTLE_OK);
    assert_int_equal(client_fresh(trusted, &doc, pins, "rpf"), PINTLE_E_SIGNATURES);
    assert_int_equal(client_unpin(trusted, &doc, "[]", "rpuv"), PINTLE_E_SIGNATURES);
    pintle_trusted_free(trusted);
    free(pins);
    free(envelope);
    free(payload);
}

/* --- roots -------------------------------------------------------------------------------------- */

static void roots_are_refused_in_order(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_root raised = usual_root, root = usual_root;

    (void)state;
    raised.version = 2;
    raised.epoch = 5;
    assert_int_equal(client_root(trusted, &raised, "rs"), PINTLE_OK);
    root.version = 5;
    root.epoch = 1;
    root.app = "com.example.other";
    root.roles[PINTLE_ROLE_ROOT].keys = "xyz";
    assert_int_equal(client_root(trusted, &root, "xy"), PINTLE_E_SIGNATURES);
    assert_int_equal(client_root(trusted, &root, "rsx"), PINTLE_E_SIGNATURES);
    assert_int_equal(client_root(trusted, &root, "rsxy"), PINTLE_E_APP);
    root.app = NULL;
    assert_int_equal(client_root(trusted, &root, "rsxy"), PINTLE_E_ROOT_VERSION);
    root.version = 1;
    assert_int_equal(client_root(trusted, &root, "rsxy"), PINTLE_E_ROOT_VERSION);
    root.version = INT64_MAX;
    assert_int_equal(client_root(trusted, &root, "rsxy"), PINTLE_E_ROOT_VERSION);
    root.version = 2;
    assert_int_equal(client_root(trusted, &root, "rsxy"), PINTLE_E_EQUIVOCATION);
    root.version = 3;
    assert_int_equal(client_root(trusted, &root, "rsxy"), PINTLE_E_EPOCH);
    root.epoch = 5;
    assert_int_equal(client_root(trusted, &root, "rsxy"), PINTLE_OK);
    pintle_trusted_free(trusted);
}

static void the_current_root_again_changes_nothing(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct pintle_trusted before = *trusted;

    (void)state;
    assert_int_equal(client_root(trusted, &usual_root, "st"), PINTLE_OK);
    assert_memory_equal(&before, trusted, sizeof(before));
    assert_int_equal(client_root(trusted, &usual_root, "s"), PINTLE_E_SIGNATURES);
    pintle_trusted_free(trusted);
}

static void an_expired_root_is_followed_but_signs_no_more(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_root root = usual_root;
    struct test_doc doc = {.version = 2, .issued = TEST_NOW + 3 * YEAR};
    char *pins;

    (void)state;
    root.version = 2;
    pins = test_root_payload(&root);
    assert_int_equal(
        client_apply(trusted, PINTLE_ROLE_ROOT, test_sign(PINTLE_ROLE_ROOT, pins, "rs"), 3 * YEAR),
        PINTLE_OK);
    free(pins);
    pins = test_pins_payload(&doc);
    assert_int_equal(
        client_apply(trusted, PINTLE_ROLE_PINS, test_sign(PINTLE_ROLE_PINS, pins, "op"), 3 * YEAR),
        PINTLE_E_EXPIRED);
    free(pins);
    root.version = 3;
    root.issued = TEST_NOW + 3 * YEAR;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_OK);
    pintle_trusted_free(trusted);
}

static void the_chain_has_an_end(void **state)
{
    struct pintle_trusted *trusted = client_new();
    struct test_root root = usual_root;

    (void)state;
    for (root.version = 2; root.version <= PINTLE_ROOT_CHAIN_MAX; root.version++)
        assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_E_LIMIT);
    root.version--;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    pintle_trusted_free(trusted);
}

/* A member that nobody knows makes a root as long as may be. */
static char *long_root(int64_t version)
{
    struct test_root root = usual_root;
    char *payload, *out;

    root.version = version;
    payload = test_root_payload(&root);
    out = test_text("{\"x\": \"%*s\", %s", (int)(PINTLE_ROOT_PAYLOAD_MAX_LEN - strlen(payload) - 9),
                    "", payload + 1);
    free(payload);
    return out;
}

static void roots_leave_room_for_the_rest_of_a_seed(void **state)
{
    struct pintle_trusted *trusted = client_new();
    enum pintle_status status = PINTLE_OK;
    struct test_doc doc = {0};
    struct pintle_view seed;
    int64_t version;

    (void)state;
    for (version = 2; status == PINTLE_OK; version++) {
        char *payload = long_root(version);
        assert_int_equal(strlen(payload), PINTLE_ROOT_PAYLOAD_MAX_LEN);
        status =
            client_apply(trusted, PINTLE_ROLE_ROOT, test_sign(PINTLE_ROLE_ROOT, payload, "rs"), 0);
        free(payload);
    }
    assert_int_equal(status, PINTLE_E_LIMIT);
    assert_true(version > 40 && version < 64);
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_OK);
    seed = client_seed(trusted);
    assert_true(seed.len < PINTLE_SEED_MAX_LEN - PINTLE_PINS_PAYLOAD_MAX_LEN);
    free_view(seed);
    pintle_trusted_free(trusted);
}

/* --- pins --------------------------------------------------------------------------------------- */

/* The faults of pins, from the last to be found to the first. */
static void pins_are_refused_in_order(void **state)
{
    struct pintle_trusted *trusted = client_new();
    struct test_doc good = {.version = 5};
    struct test_doc doc = {.version = 5, .expires = TEST_NOW + TEST_DAY};
    char *text;

    (void)state;
    assert_int_equal(client_pins(trusted, &good, "op"), PINTLE_OK);
#define AFTER(time)                                                                                \
    (text = test_pins_payload(&doc),                                                               \
     client_apply(trusted, PINTLE_ROLE_PINS, test_sign(PINTLE_ROLE_PINS, text, "oq"), time))
    assert_int_equal(AFTER(TEST_DAY), PINTLE_E_EQUIVOCATION);
    free(text);
    doc.version = 4;
    assert_int_equal(AFTER(TEST_DAY), PINTLE_E_ROLLBACK);
    free(text);
    assert_int_equal(AFTER(YEAR), PINTLE_E_EXPIRED);
    free(text);
    assert_non_null(strstr(client_error.text, "root"));
    doc.epoch = 2;
    assert_int_equal(AFTER(YEAR), PINTLE_E_EPOCH);
    free(text);
    doc.app = "com.example.other";
    assert_int_equal(AFTER(YEAR), PINTLE_E_APP);
    free(text);
    doc = (struct test_doc){.version = 6, .expires = TEST_NOW + TEST_DAY};
    assert_int_equal(AFTER(TEST_DAY), PINTLE_E_EXPIRED);
    free(text);
    assert_null(strstr(client_error.text, "root"));
    assert_int_equal(AFTER(TEST_DAY - 1), PINTLE_OK);
    free(text);
#undef AFTER
    pintle_trusted_free(trusted);
}

static void the_same_pins_again_are_not_loaded_again(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc doc = {0};
    size_t loaded = fake_pins_loaded();
    const struct pintle_envelope *envelope;

    (void)state;
    assert_int_equal(client_pins(trusted, &doc, "pq"), PINTLE_OK);
    assert_int_equal(fake_pins_loaded(), loaded);
    envelope = pintle_trusted_get_envelope(trusted, PINTLE_ROLE_PINS, 0);
    assert_string_equal(pintle_envelope_get_signature(envelope, 0)->key_id, test_key_make('p').id);
    pintle_trusted_free(trusted);
    assert_int_equal(fake_pins_live(), 0);
}

static void a_version_that_ran_away_is_caught_by_an_epoch(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc thief = {.version = INT64_MAX, .issued = TEST_NOW + 300 * TEST_DAY};
    struct test_doc doc = {.version = 2};
    struct test_root root = usual_root;
    struct pintle_marks marks;

    (void)state;
    assert_int_equal(client_pins(trusted, &thief, "op"), PINTLE_OK);
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_ROLLBACK);
    root.version = 2;
    root.roles[PINTLE_ROLE_PINS].keys = "xyz";
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    assert_int_equal(client_pins(trusted, &doc, "xy"), PINTLE_E_ROLLBACK);
    root.version = 3;
    root.epoch = 2;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    marks = pintle_trusted_get_marks(trusted);
    assert_int_equal(marks.epoch, 2);
    assert_int_equal(marks.version, 0);
    assert_int_equal(marks.unpin, 0);
    assert_int_equal(marks.clock_floor, TEST_NOW);
    assert_int_equal(client_version(trusted), INT64_MAX);
    doc.epoch = 2;
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_SIGNATURES);
    assert_int_equal(client_pins(trusted, &doc, "xy"), PINTLE_OK);
    assert_int_equal(client_version(trusted), 2);
    pintle_trusted_free(trusted);
}

static void the_clock_does_not_go_back(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc doc = {.version = 2, .issued = TEST_NOW + 40 * TEST_DAY};
    struct test_doc late = {.version = 3};
    char *payload = test_pins_payload(&late);

    (void)state;
    assert_int_equal(pintle_trusted_get_time(trusted, TEST_NOW - 10 * YEAR), TEST_NOW);
    assert_int_equal(pintle_trusted_get_time(trusted, TEST_NOW + 1), TEST_NOW + 1);
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_OK);
    assert_int_equal(pintle_trusted_get_marks(trusted).clock_floor, TEST_NOW + 40 * TEST_DAY);
    assert_int_equal(client_apply(trusted, PINTLE_ROLE_PINS,
                                  test_sign(PINTLE_ROLE_PINS, payload, "op"), -10 * YEAR),
                     PINTLE_E_EXPIRED);
    pintle_trusted_free(trusted);
    free(payload);
}

/* --- the crypto provider fails -------------------------------------------------------------------- */

static enum pintle_signature_check cannot_check(void *ctx, const uint8_t public_key[32],
                                                const uint8_t *message, size_t len,
                                                const uint8_t signature[64])
{
    (void)ctx;
    (void)public_key;
    (void)message;
    (void)len;
    (void)signature;
    return PINTLE_SIGNATURE_FAILED;
}

static void a_check_that_could_not_be_made_is_no_bad_signature(void **state)
{
    struct pintle_trusted *trusted = client_with_statements();
    struct pintle_crypto broken = *test_crypto();
    struct test_doc doc = {.version = 2};

    (void)state;
    broken.verify_ed25519 = cannot_check;
    trusted->crypto = &broken;
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_CRYPTO);
    broken.verify_ed25519 = NULL;
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_CRYPTO);
    assert_int_equal(client_pins(trusted, &doc, ""), PINTLE_E_SIGNATURES);
    broken = *test_crypto_failing();
    broken.verify_ed25519 = test_crypto()->verify_ed25519;
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_E_CRYPTO);
    trusted->crypto = test_crypto();
    pintle_trusted_free(trusted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_envelope_is_refused_first),
        cmocka_unit_test(what_is_of_another_type_is_refused_before_its_signatures),
        cmocka_unit_test(the_signature_covers_the_type),
        cmocka_unit_test(what_is_not_signed_by_enough_is_refused_unread),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(a_role_that_the_root_has_not_accepts_nothing),
        cmocka_unit_test(roots_are_refused_in_order),
        cmocka_unit_test(the_current_root_again_changes_nothing),
        cmocka_unit_test(an_expired_root_is_followed_but_signs_no_more),
        cmocka_unit_test(the_chain_has_an_end),
        cmocka_unit_test(roots_leave_room_for_the_rest_of_a_seed),
        cmocka_unit_test(pins_are_refused_in_order),
        cmocka_unit_test(the_same_pins_again_are_not_loaded_again),
        cmocka_unit_test(a_version_that_ran_away_is_caught_by_an_epoch),
        cmocka_unit_test(the_clock_does_not_go_back),
        cmocka_unit_test(a_check_that_could_not_be_made_is_no_bad_signature),
    };

    return cmocka_run_group_tests_name("bundle apply", tests, NULL, NULL);
}
