/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds: their bytes, and starting from one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/seed.h"
#include "kit/test_crypto.h"
#include "unit/bundle/client.h"
#include "unit/bundle/hand.h"

static struct pintle_error err;

static enum pintle_status from_seed(struct pintle_trusted **out, struct pintle_view seed)
{
    enum pintle_status status;

    err = (struct pintle_error){.status = PINTLE_OK};
    status = pintle_trusted_new_from_seed(out, seed, client_options(), &err);
    assert_int_equal(err.status, status);
    assert_int_equal(status == PINTLE_OK, *out != NULL);
    return status;
}

/* --- bytes -------------------------------------------------------------------------------------- */

static void is_what_the_format_says(void **state)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct pintle_view seed = client_seed(trusted);
    const struct pintle_envelope *root = pintle_trusted_get_envelope(trusted, PINTLE_ROLE_ROOT, 0);
    struct pintle_view payload = pintle_envelope_get_payload(root);
    struct test_key key = test_key_make('r');
    const uint8_t *at = seed.data + 14;
    uint8_t digits[PINTLE_KEY_ID_SIZE];

    (void)state;
    assert_memory_equal(seed.data, "pintle seed 1\n", 14);
    assert_int_equal(at[0], PINTLE_ROLE_ROOT);
    assert_int_equal(at[1], 2);
    assert_int_equal(at[2] << 24 | at[3] << 16 | at[4] << 8 | at[5], payload.len);
    for (size_t i = 0; i < 64; i++)
        digits[i] = (uint8_t) "0123456789abcdef"[at[6 + i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    assert_memory_equal(digits, key.id, 64);
    assert_memory_equal(at + 38, pintle_envelope_get_signature(root, 0)->bytes, 64);
    assert_memory_equal(at + 6 + 2 * 96, payload.data, payload.len);
    at += 6 + 2 * 96 + payload.len;
    assert_int_equal(at[0], PINTLE_ROLE_PINS);
    pintle_trusted_free(trusted);
    free_view(seed);
}

/* What is cut where a record ends is whole, all else is not a seed. */
static void a_seed_cut_short_is_none(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *again;
    struct pintle_view seed = client_seed(trusted);
    size_t whole = 0, ends[8] = {0}, records = 0, offset = PINTLE__SEED_MAGIC_LEN;
    struct pintle__seed_record record;

    (void)state;
    while (pintle__seed_next(seed, &offset, &record))
        ends[records++] = offset;
    assert_int_equal(records, 6);
    for (size_t len = 0; len < seed.len; len++) {
        struct pintle_view cut = {seed.data, len};
        if (whole < records && len == ends[whole]) {
            whole++;
            assert_int_equal(pintle__seed_check(cut, NULL), PINTLE_OK);
            continue;
        }
        assert_int_equal(from_seed(&again, cut), PINTLE_E_ENVELOPE);
        assert_int_equal(pintle_trusted_restore(trusted, cut, NULL, NULL), PINTLE_E_ENVELOPE);
    }
    assert_int_equal(whole, records - 1);
    pintle_trusted_free(trusted);
    free_view(seed);
}

/* Whatever bit is turned, it is refused, unless it is in a hint. */
static void a_seed_with_a_wrong_byte_is_refused(void **state)
{
    struct pintle_trusted *trusted = client_with_pins(), *again;
    struct pintle_view seed = client_seed(trusted);
    uint8_t *bytes = malloc(seed.len);
    size_t accepted = 0;

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, seed.data, seed.len);
    for (size_t i = 0; i < seed.len; i++) {
        bytes[i] ^= 1;
        if (from_seed(&again, (struct pintle_view){bytes, seed.len}) == PINTLE_OK) {
            accepted++;
            assert_int_equal(client_version(again), 1);
            pintle_trusted_free(again);
        }
        bytes[i] ^= 1;
    }
    assert_int_equal(accepted, 4 * 32);
    free(bytes);
    pintle_trusted_free(trusted);
    free_view(seed);
}

/* A seed of records that hold nothing: role and payload length. */
static enum pintle_status check(const char *magic, size_t count, const uint32_t *records)
{
    size_t len = strlen(magic);
    uint8_t *bytes = calloc(1, len + count * (6 + PINTLE_PINS_PAYLOAD_MAX_LEN + 1));
    enum pintle_status status;

    memcpy(bytes, magic, len);
    for (size_t i = 0; i < count; i++) {
        bytes[len] = (uint8_t)(records[i] >> 24);
        bytes[len + 3] = (uint8_t)(records[i] >> 16 & 0xff);
        bytes[len + 4] = (uint8_t)(records[i] >> 8 & 0xff);
        bytes[len + 5] = (uint8_t)(records[i] & 0xff);
        len += 6 + (records[i] & 0xffffff);
    }
    status = pintle__seed_check((struct pintle_view){bytes, len}, &err);
    free(bytes);
    return status;
}

#define RECORD(role, len) ((uint32_t)(role) << 24 | (len))

static void records_have_an_order_and_limits(void **state)
{
    static const struct {
        size_t count;
        uint32_t records[6];
        enum pintle_status status;
    } rows[] = {
        {1, {RECORD(0, 1)}, PINTLE_OK},
        {6,
         {RECORD(0, 1), RECORD(0, 1), RECORD(0, 9), RECORD(1, 0), RECORD(2, 0), RECORD(3, 0)},
         PINTLE_OK},
        {3, {RECORD(0, 1), RECORD(1, 1), RECORD(3, 1)}, PINTLE_OK},
        {0, {0}, PINTLE_E_ENVELOPE},
        {1, {RECORD(1, 1)}, PINTLE_E_ENVELOPE},
        {2, {RECORD(1, 1), RECORD(0, 1)}, PINTLE_E_ENVELOPE},
        {3, {RECORD(0, 1), RECORD(1, 1), RECORD(0, 1)}, PINTLE_E_ENVELOPE},
        {3, {RECORD(0, 1), RECORD(1, 1), RECORD(1, 1)}, PINTLE_E_ENVELOPE},
        {3, {RECORD(0, 1), RECORD(3, 1), RECORD(3, 1)}, PINTLE_E_ENVELOPE},
        {3, {RECORD(0, 1), RECORD(3, 1), RECORD(2, 1)}, PINTLE_E_ENVELOPE},
        {2, {RECORD(0, 1), RECORD(4, 1)}, PINTLE_E_ENVELOPE},
        {2, {RECORD(0, 1), RECORD(255, 1)}, PINTLE_E_ENVELOPE},
        {1, {RECORD(0, 64 * 1024)}, PINTLE_OK},
        {1, {RECORD(0, 64 * 1024 + 1)}, PINTLE_E_LIMIT},
        {2, {RECORD(0, 1), RECORD(1, 1024 * 1024)}, PINTLE_OK},
        {2, {RECORD(0, 1), RECORD(1, 1024 * 1024 + 1)}, PINTLE_E_LIMIT},
        {2, {RECORD(0, 1), RECORD(2, 16 * 1024 + 1)}, PINTLE_E_LIMIT},
        {2, {RECORD(0, 1), RECORD(3, 16 * 1024 + 1)}, PINTLE_E_LIMIT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(check("pintle seed 1\n", rows[i].count, rows[i].records), rows[i].status);
    assert_int_equal(check("pintle seed 2\n", 1, rows[0].records), PINTLE_E_ENVELOPE);
    assert_int_equal(check("pintle seed 1\r", 1, rows[0].records), PINTLE_E_ENVELOPE);
    assert_int_equal(check("{\"payloadType\": 1}", 1, rows[0].records), PINTLE_E_ENVELOPE);
}

static void seeds_have_limits(void **state)
{
    static uint32_t roots[PINTLE_ROOT_CHAIN_MAX + 1];
    static const uint8_t signatures[] = "pintle seed 1\n\0\x21\0\0\0";
    uint8_t *bytes = calloc(1, PINTLE_SEED_MAX_LEN + 1);

    (void)state;
    assert_int_equal(check("pintle seed 1\n", PINTLE_ROOT_CHAIN_MAX, roots), PINTLE_OK);
    assert_int_equal(check("pintle seed 1\n", PINTLE_ROOT_CHAIN_MAX + 1, roots), PINTLE_E_LIMIT);
    assert_int_equal(pintle__seed_check((struct pintle_view){signatures, sizeof(signatures)}, &err),
                     PINTLE_E_LIMIT);
    assert_int_equal(pintle__seed_check((struct pintle_view){bytes, PINTLE_SEED_MAX_LEN}, &err),
                     PINTLE_E_ENVELOPE);
    assert_int_equal(pintle__seed_check((struct pintle_view){bytes, PINTLE_SEED_MAX_LEN + 1}, &err),
                     PINTLE_E_LIMIT);
    free(bytes);
}

/* --- starting ------------------------------------------------------------------------------------- */

static void starts_where_it_was(void **state)
{
    struct pintle_trusted *trusted = client_rich(), *again;
    struct pintle_view seed = client_seed(trusted);
    struct pintle_trusted_pins pins;

    (void)state;
    assert_int_equal(from_seed(&again, seed), PINTLE_OK);
    client_assert_same(trusted, again);
    assert_true(pintle_trusted_get_pins(again, &pins));
    assert_int_equal(pins.facts.version, 3);
    assert_true(pintle_trusted_get_fresh_until(again) > 0);
    assert_non_null(pintle_trusted_get_unpin(again));
    pintle_trusted_free(trusted);
    pintle_trusted_free(again);
    free_view(seed);
}

static enum pintle_status start(const struct hand *hand)
{
    struct pintle_trusted *trusted;
    enum pintle_status status = from_seed(&trusted, hand_view(hand));

    pintle_trusted_free(trusted);
    return status;
}

static void every_record_must_hold(void **state)
{
    static struct hand hand;
    struct test_root root = usual_root;
    struct test_doc doc = {0};
    char *payload;

    (void)state;
    hand_begin(&hand);
    assert_int_equal(start(&hand), PINTLE_OK);
    hand_add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rt");
    assert_int_equal(start(&hand), PINTLE_OK);
    root.expires = TEST_NOW + 1;
    hand_add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rt");
    assert_int_equal(start(&hand), PINTLE_E_EQUIVOCATION);
    hand_begin(&hand);
    root.version = 3;
    hand_add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rt");
    assert_int_equal(start(&hand), PINTLE_E_ROOT_VERSION);
    hand_begin(&hand);
    root.version = 2;
    hand_add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "r");
    assert_int_equal(start(&hand), PINTLE_E_SIGNATURES);
    hand_begin(&hand);
    hand_add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&doc), "o");
    assert_int_equal(start(&hand), PINTLE_E_SIGNATURES);
    hand_begin(&hand);
    doc.epoch = 2;
    hand_add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&doc), "op");
    assert_int_equal(start(&hand), PINTLE_E_EPOCH);
    hand_begin(&hand);
    doc.app = "com.example.other";
    hand_add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&doc), "op");
    assert_int_equal(start(&hand), PINTLE_E_APP);
    doc = (struct test_doc){0};
    payload = test_pins_payload(&doc);
    hand_begin(&hand);
    hand_add(&hand, PINTLE_ROLE_FRESH, test_fresh_payload(&doc, payload), "f");
    assert_int_equal(start(&hand), PINTLE_E_MISMATCH);
    hand_begin(&hand);
    doc.expires = TEST_NOW + 15 * TEST_DAY;
    hand_add(&hand, PINTLE_ROLE_UNPIN, test_unpin_payload(&doc, CLIENT_REPORT_API), "uv");
    assert_int_equal(start(&hand), PINTLE_E_UNPIN);
    free(payload);
}

static void the_anchor_must_hold_too(void **state)
{
    static struct hand hand;
    struct pintle_trusted_options options = *client_options();
    struct test_root root = usual_root;
    struct pintle_trusted *trusted;
    char *payload = test_root_payload(&root), *text;

    (void)state;
    hand_clear(&hand);
    hand_add_envelope(&hand, test_sign(PINTLE_ROLE_ROOT, payload, "r"));
    assert_int_equal(start(&hand), PINTLE_E_SIGNATURES);
    hand_begin(&hand);
    options.app = "com.example.other";
    assert_int_equal(pintle_trusted_new_from_seed(&trusted, hand_view(&hand), &options, NULL),
                     PINTLE_E_APP);
    text = test_sign(PINTLE_ROLE_ROOT, payload, "rs");
    assert_int_equal(pintle_trusted_new(&trusted, test_view(text), &options, NULL), PINTLE_E_APP);
    assert_null(trusted);
    options.app = TEST_APP;
    assert_int_equal(pintle_trusted_new(&trusted, test_view(text), &options, NULL), PINTLE_OK);
    pintle_trusted_free(trusted);
    options.app = NULL;
    free(text);
    text = test_sign(PINTLE_ROLE_PINS, payload, "rs");
    assert_int_equal(pintle_trusted_new(&trusted, test_view(text), &options, NULL),
                     PINTLE_E_PAYLOAD_TYPE);
    free(text);
    text = test_sign(PINTLE_ROLE_ROOT, payload, "s");
    assert_int_equal(pintle_trusted_new(&trusted, test_view(text), &options, NULL),
                     PINTLE_E_SIGNATURES);
    free(text);
    assert_int_equal(pintle_trusted_new(&trusted, test_view("{}"), &options, NULL),
                     PINTLE_E_ENVELOPE);
    text = test_sign(PINTLE_ROLE_ROOT, "{}", "rs");
    assert_int_equal(pintle_trusted_new(&trusted, test_view(text), &options, NULL),
                     PINTLE_E_SCHEMA);
    free(text);
    free(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_what_the_format_says),
        cmocka_unit_test(a_seed_cut_short_is_none),
        cmocka_unit_test(a_seed_with_a_wrong_byte_is_refused),
        cmocka_unit_test(records_have_an_order_and_limits),
        cmocka_unit_test(seeds_have_limits),
        cmocka_unit_test(starts_where_it_was),
        cmocka_unit_test(every_record_must_hold),
        cmocka_unit_test(the_anchor_must_hold_too),
    };

    return cmocka_run_group_tests_name("bundle seed", tests, NULL, NULL);
}
