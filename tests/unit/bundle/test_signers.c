/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are counted, not signatures and not key ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/test_crypto.h"
#include "unit/bundle/client.h"

/* A root that has keys abc for pins, and an envelope for it that is not signed. */
struct fixture {
    struct pintle_root *root;
    struct pintle_envelope *envelope;
    struct pintle_crypto crypto;
    unsigned checks;
};

static enum pintle_signature_check count_and_check(void *ctx, const uint8_t public_key[32],
                                                   const uint8_t *message, size_t len,
                                                   const uint8_t signature[64])
{
    struct fixture *fixture = ctx;

    fixture->checks++;
    return test_crypto()->verify_ed25519(NULL, public_key, message, len, signature);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct test_root spec = {.roles = {{"r", 1}, {"abc", 2}}};
    char *text = test_root_payload(&spec);

    fixture.crypto = *test_crypto();
    fixture.crypto.ctx = &fixture;
    fixture.crypto.verify_ed25519 = count_and_check;
    fixture.checks = 0;
    assert_int_equal(pintle_root_parse(&fixture.root, test_view(text), test_crypto(), NULL),
                     PINTLE_OK);
    assert_int_equal(
        pintle_envelope_new(&fixture.envelope, PINTLE_ROLE_PINS, test_view("{}"), NULL), PINTLE_OK);
    free(text);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    pintle_envelope_free(fixture->envelope);
    free(fixture->root);
    return 0;
}

/* Sign with `key`, and say it was `hint` who did; '-' for no hint. */
static void sign(struct fixture *fixture, char key, char hint)
{
    struct pintle_signature signature =
        test_key_sign(key, pintle_envelope_get_signed_bytes(fixture->envelope));

    memset(signature.key_id, 0, sizeof(signature.key_id));
    if (hint != '-')
        memcpy(signature.key_id, test_key_make(hint).id, sizeof(signature.key_id));
    assert_int_equal(pintle_envelope_add_signature(fixture->envelope, &signature, NULL), PINTLE_OK);
}

/* The keys of pins that are found to have signed, in order. */
static const char *signers(struct fixture *fixture)
{
    static char out[PINTLE_ROLE_KEYS_MAX + 1];
    bool signed_by[PINTLE_ROLE_KEYS_MAX];
    size_t count = pintle_root_count_signers(fixture->root, PINTLE_ROLE_PINS, fixture->envelope,
                                             &fixture->crypto, signed_by);
    size_t len = 0;

    for (size_t i = 0; i < 3; i++) {
        if (signed_by[i])
            out[len++] = "abc"[i];
    }
    out[len] = '\0';
    assert_int_equal(len, count);
    assert_int_equal(pintle_root_count_signers(fixture->root, PINTLE_ROLE_PINS, fixture->envelope,
                                               test_crypto(), NULL),
                     count);
    return out;
}

static void each_key_counts(void **state)
{
    struct fixture *fixture = *state;

    assert_string_equal(signers(fixture), "");
    sign(fixture, 'c', 'c');
    assert_string_equal(signers(fixture), "c");
    sign(fixture, 'a', 'a');
    assert_string_equal(signers(fixture), "ac");
}

static void a_key_counts_once(void **state)
{
    struct fixture *fixture = *state;

    sign(fixture, 'a', 'a');
    sign(fixture, 'a', 'b');
    sign(fixture, 'a', 'c');
    sign(fixture, 'a', '-');
    sign(fixture, 'a', 'z');
    assert_string_equal(signers(fixture), "a");
}

static void a_key_id_is_but_a_hint(void **state)
{
    struct fixture *fixture = *state;

    sign(fixture, 'a', 'b');
    sign(fixture, 'b', 'a');
    sign(fixture, 'c', 'z');
    assert_string_equal(signers(fixture), "abc");
}

static void no_hint_is_needed(void **state)
{
    struct fixture *fixture = *state;

    sign(fixture, 'b', '-');
    sign(fixture, 'a', '-');
    assert_string_equal(signers(fixture), "ab");
}

static void a_true_hint_saves_work(void **state)
{
    struct fixture *fixture = *state;

    sign(fixture, 'c', 'c');
    sign(fixture, 'b', 'b');
    sign(fixture, 'a', 'a');
    assert_string_equal(signers(fixture), "abc");
    assert_int_equal(fixture->checks, 3);
}

/* One bad signature costs one check by each key at most, its repetitions nothing. */
static void bad_signatures_cost_little(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < PINTLE_SIGNATURES_MAX - 1; i++)
        sign(fixture, 'z', '-');
    sign(fixture, 'y', 'a');
    assert_string_equal(signers(fixture), "");
    assert_int_equal(fixture->checks, 6);
}

static void keys_of_other_roles_do_not_count(void **state)
{
    struct fixture *fixture = *state;

    sign(fixture, 'r', 'r');
    assert_string_equal(signers(fixture), "");
    assert_int_equal(pintle_root_count_signers(fixture->root, PINTLE_ROLE_ROOT, fixture->envelope,
                                               test_crypto(), NULL),
                     1);
    assert_int_equal(pintle_root_count_signers(fixture->root, PINTLE_ROLE_FRESH, fixture->envelope,
                                               test_crypto(), NULL),
                     0);
}

static void another_payload_is_not_signed(void **state)
{
    struct fixture *fixture = *state;
    struct pintle_signature signature;
    struct pintle_envelope *other;

    sign(fixture, 'a', 'a');
    signature = *pintle_envelope_get_signature(fixture->envelope, 0);
    assert_int_equal(pintle_envelope_new(&other, PINTLE_ROLE_PINS, test_view("{} "), NULL),
                     PINTLE_OK);
    assert_int_equal(pintle_envelope_add_signature(other, &signature, NULL), PINTLE_OK);
    assert_int_equal(
        pintle_root_count_signers(fixture->root, PINTLE_ROLE_PINS, other, test_crypto(), NULL), 0);
    pintle_envelope_free(other);
}

int main(void)
{
#define signers_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        signers_test(each_key_counts),
        signers_test(a_key_counts_once),
        signers_test(a_key_id_is_but_a_hint),
        signers_test(no_hint_is_needed),
        signers_test(a_true_hint_saves_work),
        signers_test(bad_signatures_cost_little),
        signers_test(keys_of_other_roles_do_not_count),
        signers_test(another_payload_is_not_signed),
    };

    return cmocka_run_group_tests_name("bundle signers", tests, NULL, NULL);
}
