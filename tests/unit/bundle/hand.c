/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/bundle/hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/bundle/client.h"

static void put(struct hand *hand, const void *bytes, size_t len)
{
    assert_true(len <= sizeof(hand->bytes) - hand->len);
    memcpy(hand->bytes + hand->len, bytes, len);
    hand->len += len;
}

void hand_clear(struct hand *hand)
{
    hand->len = 0;
    put(hand, "pintle seed 1\n", 14);
}

void hand_add_envelope(struct hand *hand, char *text)
{
    static const uint8_t no_key_id[32];
    struct pintle_envelope *envelope;
    struct pintle_view payload;
    enum pintle_role role;
    size_t count;

    assert_int_equal(pintle_envelope_parse(&envelope, text, strlen(text), NULL), PINTLE_OK);
    assert_true(pintle_envelope_get_role(envelope, &role));
    payload = pintle_envelope_get_payload(envelope);
    count = pintle_envelope_get_signature_count(envelope);
    put(hand,
        (const uint8_t[]){(uint8_t)role, (uint8_t)count, (uint8_t)(payload.len >> 24),
                          (uint8_t)(payload.len >> 16), (uint8_t)(payload.len >> 8),
                          (uint8_t)payload.len},
        6);
    for (size_t i = 0; i < count; i++) {
        put(hand, no_key_id, sizeof(no_key_id));
        put(hand, pintle_envelope_get_signature(envelope, i)->bytes, PINTLE_ED25519_SIGNATURE_LEN);
    }
    put(hand, payload.data, payload.len);
    pintle_envelope_free(envelope);
    free(text);
}

void hand_add(struct hand *hand, enum pintle_role role, char *payload, const char *keys)
{
    hand_add_envelope(hand, test_sign(role, payload, keys));
    free(payload);
}

void hand_begin(struct hand *hand)
{
    hand_clear(hand);
    hand_add(hand, PINTLE_ROLE_ROOT, test_root_payload(&usual_root), "rs");
}

struct pintle_view hand_view(const struct hand *hand)
{
    return (struct pintle_view){hand->bytes, hand->len};
}
