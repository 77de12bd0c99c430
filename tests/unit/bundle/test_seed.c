/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds: their bytes, starting from one, and taking back what was believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/seed.h"
#include "bundle/trusted.h"
#include "kit/fake_pins.h"
#include "kit/test_crypto.h"
#include "unit/bundle/client.h"

#define REPORT_API "[{\"id\": \"api\", \"mode\": \"report\"}]"

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

/* Restore; what is refused is counted, and no error is written. */
static size_t restore(struct pintle_trusted *trusted, struct pintle_view seed)
{
    size_t refused = 99;

    err = (struct pintle_error){.status = PINTLE_OK};
    assert_int_equal(pintle_trusted_restore(trusted, seed, &refused, &err), PINTLE_OK);
    assert_int_equal(err.status, PINTLE_OK);
    return refused;
}

/* A client of three roots, the last of which has other pins keys (xyz), that believes all there is. */
static struct pintle_trusted *rich(void)
{
    struct pintle_trusted *trusted = client_new();
    struct test_root root = usual_root;
    struct test_doc doc = {.version = 3};
    char *payload = test_pins_payload(&doc);

    root.version = 2;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_OK);
    assert_int_equal(client_fresh(trusted, &doc, payload, "f"), PINTLE_OK);
    assert_int_equal(client_unpin(trusted, &doc, REPORT_API, "uv"), PINTLE_OK);
    root.version = 3;
    root.roles[PINTLE_ROLE_PINS].keys = "xyz";
    assert_int_equal(client_root(trusted, &root, "st"), PINTLE_OK);
    free(payload);
    return trusted;
}

static void assert_same(const struct pintle_trusted *a, const struct pintle_trusted *b)
{
    struct pintle_view one = client_seed(a), other = client_seed(b);
    struct pintle_marks left = pintle_trusted_get_marks(a), right = pintle_trusted_get_marks(b);

    assert_int_equal(one.len, other.len);
    assert_memory_equal(one.data, other.data, one.len);
    assert_memory_equal(&left, &right, sizeof(left));
    free_view(one);
    free_view(other);
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
    struct pintle_trusted *trusted = rich(), *again;
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
    struct pintle_trusted *trusted = rich(), *again;
    struct pintle_view seed = client_seed(trusted);
    struct pintle_trusted_pins pins;

    (void)state;
    assert_int_equal(from_seed(&again, seed), PINTLE_OK);
    assert_same(trusted, again);
    assert_true(pintle_trusted_get_pins(again, &pins));
    assert_int_equal(pins.facts.version, 3);
    assert_true(pintle_trusted_get_fresh_until(again) > 0);
    assert_non_null(pintle_trusted_get_unpin(again));
    pintle_trusted_free(trusted);
    pintle_trusted_free(again);
    free_view(seed);
}

/* An envelope as a record of a seed; it is freed. */
static void add_record(uint8_t *seed, size_t *len, char *text)
{
    struct pintle_envelope *envelope;
    struct pintle_view payload;
    enum pintle_role role;
    uint8_t *at = seed + *len;

    assert_int_equal(pintle_envelope_parse(&envelope, text, strlen(text), NULL), PINTLE_OK);
    assert_true(pintle_envelope_get_role(envelope, &role));
    payload = pintle_envelope_get_payload(envelope);
    *len += pintle__seed_record_len(envelope);
    *at++ = (uint8_t)role;
    *at++ = (uint8_t)pintle_envelope_get_signature_count(envelope);
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(payload.len >> shift);
    for (size_t i = 0; i < pintle_envelope_get_signature_count(envelope); i++) {
        memset(at, 0, 32);
        memcpy(at + 32, pintle_envelope_get_signature(envelope, i)->bytes, 64);
        at += 96;
    }
    memcpy(at, payload.data, payload.len);
    pintle_envelope_free(envelope);
    free(text);
}

/* Seeds made by hand: the anchor, signed by rs, and one record behind it. */
struct hand {
    uint8_t bytes[64 * 1024];
    size_t len;
};

static void begin(struct hand *hand)
{
    char *payload = test_root_payload(&usual_root);

    memcpy(hand->bytes, PINTLE__SEED_MAGIC, PINTLE__SEED_MAGIC_LEN);
    hand->len = PINTLE__SEED_MAGIC_LEN;
    add_record(hand->bytes, &hand->len, test_sign(PINTLE_ROLE_ROOT, payload, "rs"));
    free(payload);
}

/* The payload is freed. */
static void add(struct hand *hand, enum pintle_role role, char *payload, const char *keys)
{
    add_record(hand->bytes, &hand->len, test_sign(role, payload, keys));
    free(payload);
}

static enum pintle_status start(const struct hand *hand)
{
    struct pintle_trusted *trusted;
    enum pintle_status status = from_seed(&trusted, (struct pintle_view){hand->bytes, hand->len});

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
    begin(&hand);
    assert_int_equal(start(&hand), PINTLE_OK);
    add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rt");
    assert_int_equal(start(&hand), PINTLE_OK);
    root.expires = TEST_NOW + 1;
    add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rt");
    assert_int_equal(start(&hand), PINTLE_E_EQUIVOCATION);
    begin(&hand);
    root.version = 3;
    add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rt");
    assert_int_equal(start(&hand), PINTLE_E_ROOT_VERSION);
    begin(&hand);
    root.version = 2;
    add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "r");
    assert_int_equal(start(&hand), PINTLE_E_SIGNATURES);
    begin(&hand);
    add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&doc), "o");
    assert_int_equal(start(&hand), PINTLE_E_SIGNATURES);
    begin(&hand);
    doc.epoch = 2;
    add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&doc), "op");
    assert_int_equal(start(&hand), PINTLE_E_EPOCH);
    begin(&hand);
    doc.app = "com.example.other";
    add(&hand, PINTLE_ROLE_PINS, test_pins_payload(&doc), "op");
    assert_int_equal(start(&hand), PINTLE_E_APP);
    doc = (struct test_doc){0};
    payload = test_pins_payload(&doc);
    begin(&hand);
    add(&hand, PINTLE_ROLE_FRESH, test_fresh_payload(&doc, payload), "f");
    assert_int_equal(start(&hand), PINTLE_E_MISMATCH);
    begin(&hand);
    doc.expires = TEST_NOW + 15 * TEST_DAY;
    add(&hand, PINTLE_ROLE_UNPIN, test_unpin_payload(&doc, REPORT_API), "uv");
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
    hand.len = PINTLE__SEED_MAGIC_LEN;
    memcpy(hand.bytes, PINTLE__SEED_MAGIC, hand.len);
    add_record(hand.bytes, &hand.len, test_sign(PINTLE_ROLE_ROOT, payload, "r"));
    assert_int_equal(start(&hand), PINTLE_E_SIGNATURES);
    begin(&hand);
    options.app = "com.example.other";
    assert_int_equal(pintle_trusted_new_from_seed(
                         &trusted, (struct pintle_view){hand.bytes, hand.len}, &options, NULL),
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

/* --- taking back ---------------------------------------------------------------------------------- */

static void takes_back_all_that_it_believed(void **state)
{
    struct pintle_trusted *trusted = rich(), *again = client_new();
    struct pintle_view seed = client_seed(trusted);

    (void)state;
    assert_int_equal(restore(again, seed), 0);
    assert_same(trusted, again);
    assert_int_equal(restore(again, seed), 0);
    assert_same(trusted, again);
    pintle_trusted_free(trusted);
    pintle_trusted_free(again);
    free_view(seed);
}

/* A client of a later release, whose anchor is the root that the older one came to. */
static void passes_over_roots_that_it_is_beyond(void **state)
{
    struct pintle_trusted *trusted = rich(), *later;
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

static void passes_over_what_is_older(void **state)
{
    struct pintle_trusted *trusted = rich(), *newer = rich();
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
    begin(&hand);
    root.version = 2;
    add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "r");
    add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rs");
    root.version = 9;
    add(&hand, PINTLE_ROLE_ROOT, test_root_payload(&root), "rs");
    add(&hand, PINTLE_ROLE_PINS, test_text("no JSON"), "op");
    add(&hand, PINTLE_ROLE_UNPIN, test_unpin_payload(&doc, REPORT_API), "uv");
    assert_int_equal(restore(trusted, (struct pintle_view){hand.bytes, hand.len}), 3);
    assert_int_equal(pintle_trusted_get_root(trusted)->version, 2);
    assert_int_equal(client_version(trusted), 0);
    assert_int_equal(pintle_trusted_get_unpin(trusted)->serial, 2);
    pintle_trusted_free(trusted);
}

static void unpins_that_are_ignored_are_no_refusal(void **state)
{
    struct pintle_trusted *trusted = rich(), *again;
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
    assert_same(trusted, again);
    assert_int_equal(pintle_trusted_get_marks(again).clock_floor, TEST_NOW);
    assert_int_equal(client_version(again), 900);
    assert_int_equal(client_pins(again, &doc, "op"), PINTLE_OK);
    assert_int_equal(restore(again, seed), 0);
    assert_int_equal(client_version(again), 2);
    pintle_trusted_free(again);
    pintle_trusted_free(trusted);
    free_view(seed);
}

static void marks_hold_against_an_older_seed(void **state)
{
    struct pintle_trusted *trusted = rich(), *again = client_new();
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
    struct pintle_trusted *trusted = rich(), *again = client_new();
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
    struct pintle_trusted *trusted = rich(), *copy, *second;
    struct test_doc doc = {.version = 4};

    (void)state;
    assert_int_equal(pintle_trusted_copy(&copy, trusted, NULL), PINTLE_OK);
    assert_int_equal(pintle_trusted_copy(&second, copy, NULL), PINTLE_OK);
    assert_same(trusted, copy);
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
        cmocka_unit_test(is_what_the_format_says),
        cmocka_unit_test(a_seed_cut_short_is_none),
        cmocka_unit_test(a_seed_with_a_wrong_byte_is_refused),
        cmocka_unit_test(records_have_an_order_and_limits),
        cmocka_unit_test(seeds_have_limits),
        cmocka_unit_test(starts_where_it_was),
        cmocka_unit_test(every_record_must_hold),
        cmocka_unit_test(the_anchor_must_hold_too),
        cmocka_unit_test(takes_back_all_that_it_believed),
        cmocka_unit_test(passes_over_roots_that_it_is_beyond),
        cmocka_unit_test(passes_over_what_is_older),
        cmocka_unit_test(what_is_refused_is_left_out),
        cmocka_unit_test(unpins_that_are_ignored_are_no_refusal),
        cmocka_unit_test(pins_of_an_older_epoch_leave_no_marks),
        cmocka_unit_test(marks_hold_against_an_older_seed),
        cmocka_unit_test(nothing_is_taken_if_the_provider_fails),
        cmocka_unit_test(marks_only_rise),
        cmocka_unit_test(marks_wait_for_their_root),
        cmocka_unit_test(a_copy_changes_on_its_own),
    };

    return cmocka_run_group_tests_name("bundle seed", tests, NULL, NULL);
}
