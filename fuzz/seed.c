/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeds. What starts a client is written again and starts one that believes the same; a restore never
 * lowers marks nor takes a root away, and what it accepts it accepts again.
 */
#include <stdio.h>

#include "bundle_kit.h"

/* --- pins: whatever is not empty, its bytes the numbers ------------------------------------------- */

static enum pintle_status load(const struct pintle_pinset **out, struct pintle_pins_facts *facts,
                               struct pintle_view payload, const struct pintle_crypto *crypto,
                               struct pintle_error *err)
{
    static const uint8_t set;

    *out = NULL;
    if (payload.len == 0 || payload.data[0] == '!') {
        *err = (struct pintle_error){.status = PINTLE_E_SCHEMA, .text = "refused"};
        return PINTLE_E_SCHEMA;
    }
    *out = (const struct pintle_pinset *)(const void *)&set;
    facts->app = payload.data[0] == '?' ? "other" : "a";
    facts->epoch = 1 + payload.data[payload.len - 1] % 3;
    facts->version = (int64_t)payload.len;
    facts->issued = payload.data[payload.len / 2];
    facts->expires = 1000;
    require(crypto->sha256(crypto->ctx, payload.data, payload.len, facts->digest));
    return PINTLE_OK;
}

static const struct pintle_pinset *retain(const struct pintle_pinset *set)
{
    return set;
}

static void let_go(const struct pintle_pinset *set)
{
    (void)set;
}

static const struct pintle_pins_loader loader = {load, retain, let_go};
static const struct pintle_trusted_options options = {&bundle_crypto, &loader, NULL, false};

/* --- promises ------------------------------------------------------------------------------------- */

/* True if there is something to write. */
static bool write_seed(const struct pintle_trusted *trusted, struct pintle_view *out)
{
    char *text;
    struct pintle_trusted_pins pins;
    bool has_pins = pintle_trusted_get_pins(trusted, &pins);
    enum pintle_status status = pintle_trusted_format_seed(&text, &out->len, trusted, NULL);

    require(status == (has_pins ? PINTLE_OK : PINTLE_E_STATE));
    require(out->len <= PINTLE_SEED_MAX_LEN);
    out->data = (const uint8_t *)text;
    return has_pins;
}

static void free_seed(struct pintle_view seed)
{
    union {
        const uint8_t *lent;
        void *own;
    } either = {seed.data};

    free(either.own);
}

static void require_same(const struct pintle_trusted *a, const struct pintle_trusted *b)
{
    struct pintle_view one, other;
    struct pintle_marks left = pintle_trusted_get_marks(a), right = pintle_trusted_get_marks(b);

    require(write_seed(a, &one) && write_seed(b, &other));
    require(one.len == other.len && memcmp(one.data, other.data, one.len) == 0);
    require(memcmp(&left, &right, sizeof(left)) == 0);
    free_seed(one);
    free_seed(other);
}

static void check_start(struct pintle_view seed)
{
    struct pintle_trusted *trusted, *again;
    struct pintle_error err;
    struct pintle_view written;
    enum pintle_status status = pintle_trusted_new_from_seed(&trusted, seed, &options, &err);

    if (status != PINTLE_OK) {
        require(trusted == NULL);
        check_refusal(&err, status);
        return;
    }
    if (write_seed(trusted, &written)) {
        require(pintle_trusted_new_from_seed(&again, written, &options, NULL) == PINTLE_OK);
        require_same(trusted, again);
        pintle_trusted_free(again);
        free_seed(written);
    }
    pintle_trusted_free(trusted);
}

/* --- taking back ---------------------------------------------------------------------------------- */

static void require_not_lower(struct pintle_marks before, struct pintle_marks after)
{
    require(after.epoch >= before.epoch);
    require(after.epoch > before.epoch || after.version >= before.version);
    require(after.epoch > before.epoch || after.unpin >= before.unpin);
    require(after.epoch > before.epoch || after.clock_floor >= before.clock_floor);
}

static void check_restore(struct pintle_trusted *trusted, struct pintle_view seed)
{
    struct pintle_marks before = pintle_trusted_get_marks(trusted);
    int64_t root = pintle_trusted_get_root(trusted)->version;
    struct pintle_trusted *again;
    struct pintle_error err;
    size_t refused, more;
    enum pintle_status status = pintle_trusted_restore(trusted, seed, &refused, &err);

    if (status != PINTLE_OK) {
        check_refusal(&err, status);
        require(refused == 0);
    }
    require_not_lower(before, pintle_trusted_get_marks(trusted));
    require(pintle_trusted_get_root(trusted)->version >= root);
    require(pintle_trusted_copy(&again, trusted, NULL) == PINTLE_OK);
    require(pintle_trusted_restore(again, seed, &more, NULL) == status && more <= refused);
    if (pintle_trusted_get_envelope(trusted, PINTLE_ROLE_PINS, 0) != NULL)
        require_same(trusted, again);
    pintle_trusted_free(again);
}

/* --- a client ------------------------------------------------------------------------------------- */

/* Key number n is 2 and zeros but for its last byte: 0 and 1 would be of small order. */
static void key_id(char out[PINTLE_KEY_ID_SIZE], uint8_t n)
{
    uint8_t key[PINTLE_ED25519_KEY_LEN] = {2};

    key[PINTLE_ED25519_KEY_LEN - 1] = n;
    require(pintle_key_id(out, key, &bundle_crypto, NULL) == PINTLE_OK);
}

/* Keys 0 to 4: root, pins, fresh and the two of unpin. */
static struct pintle_envelope *make_anchor(void)
{
    static const char format[] =
        "{\"pintle_root\":1,\"app\":\"a\",\"version\":1,\"epoch\":1,\"issued\":"
        "\"1970-01-01T00:00:01Z\",\"expires\":\"1970-01-01T00:20:00Z\",\"keys\":[%s],\"roles\":{"
        "\"root\":{\"threshold\":1,\"keys\":[\"%s\"]},\"pins\":{\"threshold\":1,\"keys\":[\"%s\"]},"
        "\"fresh\":{\"threshold\":1,\"keys\":[\"%s\"]},"
        "\"unpin\":{\"threshold\":2,\"keys\":[\"%s\",\"%s\"]}}}";
    struct pintle_signature signature = {"", {0}};
    struct pintle_envelope *out;
    char ids[5][PINTLE_KEY_ID_SIZE], keys[1024] = "", payload[4096];
    size_t len = 0;

    for (uint8_t n = 0; n < 5; n++) {
        key_id(ids[n], n);
        len += (size_t)snprintf(keys + len, sizeof(keys) - len,
                                "%s{\"id\":\"%s\",\"alg\":\"ed25519\",\"public\":\"%.41s%c%c=\"}",
                                n == 0 ? "" : ",", ids[n],
                                "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 'A', "AEIMQ"[n]);
    }
    (void)snprintf(payload, sizeof(payload), format, keys, ids[0], ids[1], ids[2], ids[3], ids[4]);
    require(pintle_envelope_new(&out, PINTLE_ROLE_ROOT,
                                (struct pintle_view){(const uint8_t *)payload, strlen(payload)},
                                NULL) == PINTLE_OK);
    require(pintle_envelope_add_signature(out, &signature, NULL) == PINTLE_OK);
    return out;
}

static struct pintle_trusted *new_client(void)
{
    struct pintle_envelope *root = make_anchor();
    struct pintle_trusted *trusted;
    char *text;
    size_t len;

    require(pintle_envelope_format(&text, &len, root, NULL) == PINTLE_OK);
    require(pintle_trusted_new(&trusted, (struct pintle_view){(const uint8_t *)text, len}, &options,
                               NULL) == PINTLE_OK);
    pintle_envelope_free(root);
    free(text);
    return trusted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pintle_view seed = {data, size};
    struct pintle_trusted *trusted = new_client();

    check_start(seed);
    check_restore(trusted, seed);
    pintle_trusted_free(trusted);
    return 0;
}
