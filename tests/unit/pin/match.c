/* SPDX-License-Identifier: Apache-2.0 */
#include "pin/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/files.h"
#include "kit/test_crypto.h"

enum {
    LEAF,
    CA,
    ROOT,
    CHAIN_LEN
};

/* The chain of the fixtures, its pins, and how often a digest was asked for. */
struct chain {
    uint8_t *bytes[CHAIN_LEN];
    struct pintle_view views[CHAIN_LEN];
    struct pintle_pin pins[CHAIN_LEN];
    struct pintle_chain path;
    struct pintle_crypto crypto;
    unsigned hashed;
    struct pintle_verdict verdict;
};

static int set_up(void **state)
{
    static const char *const files[CHAIN_LEN] = {"vectors/certs/chain-leaf.der",
                                                 "vectors/certs/chain-ca.der",
                                                 "vectors/certs/chain-root.der"};
    struct chain *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return -1;
    for (size_t i = 0; i < CHAIN_LEN; i++) {
        c->bytes[i] = test_file_read(files[i], &c->views[i].len);
        c->views[i].data = c->bytes[i];
        if (pintle_pin_from_certificate(&c->pins[i], c->views[i], test_crypto(), NULL) != PINTLE_OK)
            return -1;
    }
    c->path = pintle_chain_from_views(c->views, CHAIN_LEN);
    c->crypto = test_crypto_counting(&c->hashed);
    /* Whatever stood there before must not shine through. */
    memset(&c->verdict, 0xa5, sizeof(c->verdict));
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    struct chain *c = *state;

    for (size_t i = 0; i < CHAIN_LEN; i++)
        free(c->bytes[i]);
    free(c);
    return 0;
}

static struct pintle_rule_pin pin_at(const struct pintle_pin *pin, enum pintle_position at)
{
    return (struct pintle_rule_pin){*pin, "", PINTLE_NEVER, at, false};
}

static struct pintle_rule rule_of(const struct pintle_rule_pin *pins, uint32_t pin_count,
                                  const struct pintle_pin *deny, uint32_t deny_count)
{
    return (struct pintle_rule){.id = "test",
                                .pins = pins,
                                .pin_count = pin_count,
                                .deny = deny,
                                .deny_count = deny_count,
                                .enforce_until = PINTLE_NEVER,
                                .ends = PINTLE_NEVER};
}

static enum pintle__match match(struct chain *c, const struct pintle_rule_pin *pins,
                                uint32_t pin_count, const struct pintle_pin *deny,
                                uint32_t deny_count)
{
    struct pintle_rule rule = rule_of(pins, pin_count, deny, deny_count);

    return pintle__match_path(&c->verdict, &rule, &c->path, &c->crypto);
}

static void assert_notes(const struct chain *c, enum pintle_cert_note leaf,
                         enum pintle_cert_note ca, enum pintle_cert_note root)
{
    const enum pintle_cert_note expected[CHAIN_LEN] = {leaf, ca, root};
    static const struct pintle_pin zero = {{0}};

    assert_int_equal(c->verdict.chain_count, CHAIN_LEN);
    for (size_t i = 0; i < CHAIN_LEN; i++) {
        const struct pintle_cert_trace *trace = &c->verdict.chain[i];
        bool hashed = expected[i] != PINTLE_CERT_UNCHECKED && expected[i] != PINTLE_CERT_MALFORMED;
        assert_int_equal(trace->note, expected[i]);
        assert_true(pintle_pin_equal(&trace->pin, hashed ? &c->pins[i] : &zero));
    }
}

static void assert_indexes(const struct chain *c, int cert_index, int pin_index)
{
    assert_int_equal(c->verdict.cert_index, cert_index);
    assert_int_equal(c->verdict.pin_index, pin_index);
}

static void a_pinned_leaf_ends_the_search_at_once(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY)};

    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_PINNED, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED);
    assert_indexes(c, LEAF, 0);
    assert_int_equal(c->hashed, 1);
}

static void a_pinned_ca_is_found_above_the_leaf(void **state)
{
    struct chain *c = *state;
    struct pintle_pin other = {{1}};
    struct pintle_rule_pin pins[] = {pin_at(&other, PINTLE_AT_ANY),
                                     pin_at(&c->pins[CA], PINTLE_AT_CA)};

    assert_int_equal(match(c, pins, 2, NULL, 0), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_PINNED, PINTLE_CERT_UNCHECKED);
    assert_indexes(c, CA, 1);
    assert_int_equal(c->hashed, 2);
}

static void a_pinned_root_is_found_at_the_end(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[ROOT], PINTLE_AT_ANY)};

    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN, PINTLE_CERT_PINNED);
    assert_indexes(c, ROOT, 0);
}

static void without_a_pin_all_are_looked_at_and_none_matches(void **state)
{
    struct chain *c = *state;
    struct pintle_pin other = c->pins[LEAF];
    struct pintle_rule_pin pins[1];

    other.digest[31] ^= 1;
    pins[0] = pin_at(&other, PINTLE_AT_ANY);
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_NONE);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN);
    assert_indexes(c, -1, -1);
    assert_int_equal(c->hashed, 3);
}

static void a_rule_without_pins_matches_nothing(void **state)
{
    struct chain *c = *state;

    assert_int_equal(match(c, NULL, 0, NULL, 0), PINTLE__MATCH_NONE);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN);
}

static void a_leaf_pin_does_not_accept_a_ca(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[CA], PINTLE_AT_LEAF),
                                     pin_at(&c->pins[ROOT], PINTLE_AT_LEAF)};

    assert_int_equal(match(c, pins, 2, NULL, 0), PINTLE__MATCH_NONE);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_MISPLACED, PINTLE_CERT_MISPLACED);
    assert_indexes(c, -1, -1);
}

static void a_ca_pin_does_not_accept_a_leaf(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_CA)};

    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_NONE);
    assert_notes(c, PINTLE_CERT_MISPLACED, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN);
    assert_indexes(c, -1, -1);
}

static void an_unknown_position_accepts_nothing(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], (enum pintle_position)7)};

    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_NONE);
    assert_notes(c, PINTLE_CERT_MISPLACED, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN);
}

static void a_key_pinned_for_two_positions_matches_at_either(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_CA),
                                     pin_at(&c->pins[LEAF], PINTLE_AT_LEAF)};

    assert_int_equal(match(c, pins, 2, NULL, 0), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_PINNED, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED);
    assert_indexes(c, LEAF, 1);
}

static void a_misplaced_leaf_does_not_hide_a_pinned_ca(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_CA),
                                     pin_at(&c->pins[CA], PINTLE_AT_ANY)};

    assert_int_equal(match(c, pins, 2, NULL, 0), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_MISPLACED, PINTLE_CERT_PINNED, PINTLE_CERT_UNCHECKED);
    assert_indexes(c, CA, 1);
}

static void a_denied_root_outweighs_a_pinned_leaf(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY)};

    assert_int_equal(match(c, pins, 1, &c->pins[ROOT], 1), PINTLE__MATCH_DENIED);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN, PINTLE_CERT_DENIED);
    assert_indexes(c, ROOT, -1);
    assert_int_equal(c->hashed, 3);
}

static void a_key_both_pinned_and_denied_is_denied(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY)};

    assert_int_equal(match(c, pins, 1, &c->pins[LEAF], 1), PINTLE__MATCH_DENIED);
    assert_notes(c, PINTLE_CERT_DENIED, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED);
    assert_indexes(c, LEAF, -1);
}

static void a_deny_list_without_a_hit_lets_the_pin_decide(void **state)
{
    struct chain *c = *state;
    struct pintle_pin others[2] = {{{1}}, {{2}}};
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[CA], PINTLE_AT_ANY)};

    assert_int_equal(match(c, pins, 1, others, 2), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_PINNED, PINTLE_CERT_NO_PIN);
    assert_indexes(c, CA, 0);
    assert_int_equal(c->hashed, 3);
}

static void a_deny_list_without_a_hit_accepts_nothing_by_itself(void **state)
{
    struct chain *c = *state;
    struct pintle_pin other = {{1}};

    assert_int_equal(match(c, NULL, 0, &other, 1), PINTLE__MATCH_NONE);
    assert_indexes(c, -1, -1);
}

static void the_last_of_many_pins_matches(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[200];

    for (size_t i = 0; i < 200; i++) {
        struct pintle_pin other = c->pins[LEAF];
        other.digest[i % 32] ^= (uint8_t)(1 + i / 32);
        pins[i] = pin_at(&other, PINTLE_AT_ANY);
    }
    assert_int_equal(match(c, pins, 200, NULL, 0), PINTLE__MATCH_NONE);
    pins[199].pin = c->pins[LEAF];
    assert_int_equal(match(c, pins, 200, NULL, 0), PINTLE__MATCH_PINNED);
    assert_indexes(c, LEAF, 199);
}

static void a_pin_no_longer_matches_from_its_until_on(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[CA], PINTLE_AT_ANY)};

    pins[0].until = 1000;
    c->verdict.time = 999;
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_PINNED, PINTLE_CERT_UNCHECKED);
    c->verdict.time = 1000;
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_NONE);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_RETIRED, PINTLE_CERT_NO_PIN);
    assert_indexes(c, -1, -1);
    c->verdict.time = INT64_MAX;
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_NONE);
    c->verdict.time = INT64_MIN;
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_PINNED);
}

static void a_pin_without_until_matches_for_ever(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY)};

    c->verdict.time = INT64_MAX;
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_PINNED);
}

static void a_retired_pin_does_not_hide_another(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY),
                                     pin_at(&c->pins[LEAF], PINTLE_AT_LEAF),
                                     pin_at(&c->pins[ROOT], PINTLE_AT_ANY)};

    pins[0].until = 1000;
    c->verdict.time = 1000;
    assert_int_equal(match(c, pins, 2, NULL, 0), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_PINNED, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED);
    assert_indexes(c, LEAF, 1);
    pins[1].until = 1;
    assert_int_equal(match(c, pins, 3, NULL, 0), PINTLE__MATCH_PINNED);
    assert_notes(c, PINTLE_CERT_RETIRED, PINTLE_CERT_NO_PIN, PINTLE_CERT_PINNED);
    assert_indexes(c, ROOT, 2);
}

static void a_retired_key_at_the_wrong_place_is_told_as_what_would_match(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_CA),
                                     pin_at(&c->pins[LEAF], PINTLE_AT_LEAF),
                                     pin_at(&c->pins[LEAF], PINTLE_AT_CA)};

    c->verdict.time = 1000;
    pins[0].until = pins[1].until = 1000;
    assert_int_equal(match(c, pins, 3, NULL, 0), PINTLE__MATCH_NONE);
    assert_notes(c, PINTLE_CERT_RETIRED, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN);
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_NONE);
    assert_notes(c, PINTLE_CERT_MISPLACED, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN);
}

static void a_malformed_leaf_is_an_error_though_the_ca_is_pinned(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[CA], PINTLE_AT_ANY)};

    c->views[LEAF].len -= 1;
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_ERROR);
    assert_notes(c, PINTLE_CERT_MALFORMED, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED);
    assert_indexes(c, -1, -1);
    assert_string_equal(c->verdict.detail,
                        "certificate 0, byte 1: certificate: length leaves its parent");
}

static void a_malformed_certificate_above_the_pin_is_not_looked_at(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY)};

    c->views[ROOT].len -= 1;
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_PINNED);
}

static void with_a_deny_list_every_certificate_must_be_readable(void **state)
{
    struct chain *c = *state;
    struct pintle_pin other = {{1}};
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY)};

    c->views[ROOT].len -= 1;
    assert_int_equal(match(c, pins, 1, &other, 1), PINTLE__MATCH_ERROR);
    assert_notes(c, PINTLE_CERT_NO_PIN, PINTLE_CERT_NO_PIN, PINTLE_CERT_MALFORMED);
    assert_indexes(c, -1, -1);
}

static void a_provider_that_fails_is_an_error(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY)};

    c->crypto = *test_crypto_failing();
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_ERROR);
    assert_notes(c, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED);
    assert_indexes(c, -1, -1);
    assert_string_equal(c->verdict.detail, "certificate 0: SHA-256 of the public key failed");
}

static void a_provider_that_fails_does_not_match_a_pin_of_zeros(void **state)
{
    struct chain *c = *state;
    struct pintle_pin zero = {{0}};
    struct pintle_rule_pin pins[] = {pin_at(&zero, PINTLE_AT_ANY)};

    c->crypto = *test_crypto_failing();
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_ERROR);
    assert_int_equal(match(c, pins, 1, &zero, 1), PINTLE__MATCH_ERROR);
}

static bool get_none(void *ctx, size_t index, struct pintle_view *der)
{
    (void)ctx;
    (void)index;
    (void)der;
    return false;
}

static void a_certificate_that_cannot_be_lent_is_an_error(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[LEAF], PINTLE_AT_ANY)};

    c->path.get = get_none;
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_ERROR);
    assert_notes(c, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED, PINTLE_CERT_UNCHECKED);
    assert_string_equal(c->verdict.detail, "certificate 0 cannot be read");
}

static void what_is_not_of_the_search_stays_as_it_was(void **state)
{
    struct chain *c = *state;
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[CA], PINTLE_AT_ANY)};
    struct pintle_verdict before = c->verdict;

    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_PINNED);
    before.chain_count = c->verdict.chain_count;
    before.cert_index = c->verdict.cert_index;
    before.pin_index = c->verdict.pin_index;
    memcpy(before.chain, c->verdict.chain, CHAIN_LEN * sizeof(before.chain[0]));
    assert_memory_equal(&before, &c->verdict, sizeof(before));
}

static void the_longest_chain_is_searched_to_its_end(void **state)
{
    struct chain *c = *state;
    struct pintle_view views[PINTLE_CHAIN_MAX];
    struct pintle_rule_pin pins[] = {pin_at(&c->pins[ROOT], PINTLE_AT_ANY)};

    for (size_t i = 0; i < PINTLE_CHAIN_MAX; i++)
        views[i] = c->views[i + 1 < PINTLE_CHAIN_MAX ? CA : ROOT];
    c->path = pintle_chain_from_views(views, PINTLE_CHAIN_MAX);
    assert_int_equal(match(c, pins, 1, NULL, 0), PINTLE__MATCH_PINNED);
    assert_indexes(c, PINTLE_CHAIN_MAX - 1, 0);
    assert_int_equal(c->hashed, PINTLE_CHAIN_MAX);
}

static void enforcement_ends_in_the_second_it_names(void **state)
{
    struct pintle_rule rule = rule_of(NULL, 0, NULL, 0);

    (void)state;
    rule.mode = PINTLE_MODE_ENFORCE;
    rule.after = PINTLE_MODE_REPORT;
    rule.ends = 1000;
    assert_int_equal(pintle_rule_get_mode(&rule, 0), PINTLE_MODE_ENFORCE);
    assert_int_equal(pintle_rule_get_mode(&rule, 999), PINTLE_MODE_ENFORCE);
    assert_int_equal(pintle_rule_get_mode(&rule, 1000), PINTLE_MODE_REPORT);
    assert_int_equal(pintle_rule_get_mode(&rule, INT64_MAX), PINTLE_MODE_REPORT);
    assert_int_equal(pintle_rule_get_mode(&rule, INT64_MIN), PINTLE_MODE_ENFORCE);
}

/* Whatever the document says of enforce_until: `ends` is what was made of it. */
static void only_ends_counts(void **state)
{
    struct pintle_rule rule = rule_of(NULL, 0, NULL, 0);

    (void)state;
    rule.after = PINTLE_MODE_REPORT;
    rule.enforce_until = 1000;
    assert_int_equal(pintle_rule_get_mode(&rule, 1000), PINTLE_MODE_ENFORCE);
    rule.ends = 500;
    assert_int_equal(pintle_rule_get_mode(&rule, 499), PINTLE_MODE_ENFORCE);
    assert_int_equal(pintle_rule_get_mode(&rule, 500), PINTLE_MODE_REPORT);
}

static void an_unpin_softens_until_its_end_and_never_hardens(void **state)
{
    static const enum pintle_mode modes[] = {PINTLE_MODE_ENFORCE, PINTLE_MODE_REPORT,
                                             PINTLE_MODE_OFF};

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        struct pintle_rule rule = rule_of(NULL, 0, NULL, 0);
        enum pintle_mode softer;

        rule.mode = modes[i / 3];
        rule.unpin_mode = modes[i % 3];
        rule.unpin_until = 1000;
        softer = rule.mode > rule.unpin_mode ? rule.mode : rule.unpin_mode;
        assert_int_equal(pintle_rule_get_mode(&rule, INT64_MIN), softer);
        assert_int_equal(pintle_rule_get_mode(&rule, 999), softer);
        assert_int_equal(pintle_rule_get_mode(&rule, 1000), rule.mode);
        assert_int_equal(pintle_rule_is_unpinned(&rule, 999), rule.unpin_mode > rule.mode);
        assert_false(pintle_rule_is_unpinned(&rule, 1000));
        assert_false(pintle_rule_is_unpinned(&rule, INT64_MAX));
    }
}

static void an_unpin_is_judged_by_the_mode_of_the_time(void **state)
{
    struct pintle_rule rule = rule_of(NULL, 0, NULL, 0);

    (void)state;
    rule.after = PINTLE_MODE_OFF;
    rule.ends = 500;
    rule.unpin_mode = PINTLE_MODE_REPORT;
    rule.unpin_until = 1000;
    assert_int_equal(pintle_rule_get_mode(&rule, 499), PINTLE_MODE_REPORT);
    assert_true(pintle_rule_is_unpinned(&rule, 499));
    assert_int_equal(pintle_rule_get_mode(&rule, 500), PINTLE_MODE_OFF);
    assert_false(pintle_rule_is_unpinned(&rule, 500));
}

static void enforcement_without_an_end_never_ends(void **state)
{
    struct pintle_rule rule = rule_of(NULL, 0, NULL, 0);

    (void)state;
    rule.mode = PINTLE_MODE_ENFORCE;
    rule.after = PINTLE_MODE_OFF;
    assert_int_equal(pintle_rule_get_mode(&rule, INT64_MAX), PINTLE_MODE_ENFORCE);
}

#define WITH_CHAIN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CHAIN(a_pinned_leaf_ends_the_search_at_once),
        WITH_CHAIN(a_pinned_ca_is_found_above_the_leaf),
        WITH_CHAIN(a_pinned_root_is_found_at_the_end),
        WITH_CHAIN(without_a_pin_all_are_looked_at_and_none_matches),
        WITH_CHAIN(a_rule_without_pins_matches_nothing),
        WITH_CHAIN(a_leaf_pin_does_not_accept_a_ca),
        WITH_CHAIN(a_ca_pin_does_not_accept_a_leaf),
        WITH_CHAIN(an_unknown_position_accepts_nothing),
        WITH_CHAIN(a_key_pinned_for_two_positions_matches_at_either),
        WITH_CHAIN(a_misplaced_leaf_does_not_hide_a_pinned_ca),
        WITH_CHAIN(a_denied_root_outweighs_a_pinned_leaf),
        WITH_CHAIN(a_key_both_pinned_and_denied_is_denied),
        WITH_CHAIN(a_deny_list_without_a_hit_lets_the_pin_decide),
        WITH_CHAIN(a_deny_list_without_a_hit_accepts_nothing_by_itself),
        WITH_CHAIN(the_last_of_many_pins_matches),
        WITH_CHAIN(a_pin_no_longer_matches_from_its_until_on),
        WITH_CHAIN(a_pin_without_until_matches_for_ever),
        WITH_CHAIN(a_retired_pin_does_not_hide_another),
        WITH_CHAIN(a_retired_key_at_the_wrong_place_is_told_as_what_would_match),
        WITH_CHAIN(a_malformed_leaf_is_an_error_though_the_ca_is_pinned),
        WITH_CHAIN(a_malformed_certificate_above_the_pin_is_not_looked_at),
        WITH_CHAIN(with_a_deny_list_every_certificate_must_be_readable),
        WITH_CHAIN(a_provider_that_fails_is_an_error),
        WITH_CHAIN(a_provider_that_fails_does_not_match_a_pin_of_zeros),
        WITH_CHAIN(a_certificate_that_cannot_be_lent_is_an_error),
        WITH_CHAIN(what_is_not_of_the_search_stays_as_it_was),
        WITH_CHAIN(the_longest_chain_is_searched_to_its_end),
        cmocka_unit_test(enforcement_ends_in_the_second_it_names),
        cmocka_unit_test(enforcement_without_an_end_never_ends),
        cmocka_unit_test(only_ends_counts),
        cmocka_unit_test(an_unpin_softens_until_its_end_and_never_hardens),
        cmocka_unit_test(an_unpin_is_judged_by_the_mode_of_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
