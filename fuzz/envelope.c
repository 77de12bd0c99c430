/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes. What is read is written and read again the same; the bytes that are signed end with the
 * payload; reading says the same of it as a plain JSON reader without a short cut for the payload.
 */
#include <stdio.h>

#include "base/base64.h"
#include "bundle_kit.h"
#include "json/json.h"

static void check_signed(const struct pintle_envelope *envelope)
{
    struct pintle_view all = pintle_envelope_get_signed_bytes(envelope);
    struct pintle_view payload = pintle_envelope_get_payload(envelope);
    const char *type = pintle_envelope_get_type(envelope);
    char head[256];
    int len = snprintf(head, sizeof(head), "DSSEv1 %zu %s %zu ", strlen(type), type, payload.len);

    require(len > 0 && (size_t)len < sizeof(head));
    require(all.len == (size_t)len + payload.len && memcmp(all.data, head, (size_t)len) == 0);
    require(payload.data == all.data + len);
    require(pintle_envelope_get_signature_count(envelope) <= PINTLE_SIGNATURES_MAX);
}

static void check_round_trip(const struct pintle_envelope *envelope)
{
    struct pintle_envelope *again;
    char *text, *second;
    size_t len, second_len;

    require(pintle_envelope_format(&text, &len, envelope, NULL) == PINTLE_OK);
    require(strlen(text) == len);
    if (len > PINTLE_ENVELOPE_MAX_LEN) {
        free(text);
        return;
    }
    require(pintle_envelope_parse(&again, text, len, NULL) == PINTLE_OK);
    require(pintle_envelope_format(&second, &second_len, again, NULL) == PINTLE_OK);
    require(len == second_len && memcmp(text, second, len) == 0);
    pintle_envelope_free(again);
    free(text);
    free(second);
}

/* The payload as the JSON reader alone sees it. */
static void check_payload(const struct pintle_envelope *envelope, const char *text, size_t len)
{
    struct pintle_view payload = pintle_envelope_get_payload(envelope);
    size_t encoded_len = pintle__base64_encoded_len(payload.len);
    const json_t *member;
    json_t *json;
    char *encoded = malloc(encoded_len + 1);

    require(encoded != NULL);
    require(pintle__json_read(&json, text, len, NULL) == PINTLE_OK);
    member = json_object_get(json, "payload");
    pintle__base64_encode(encoded, payload.data, payload.len);
    require(json_string_length(member) == encoded_len);
    require(memcmp(json_string_value(member), encoded, encoded_len) == 0);
    json_decref(json);
    free(encoded);
}

static void check_adding(struct pintle_envelope *envelope)
{
    struct pintle_signature signature = {"", {1}};
    size_t count = pintle_envelope_get_signature_count(envelope);
    enum pintle_status status;

    memset(signature.key_id, 'a', PINTLE_KEY_ID_SIZE - 1);
    status = pintle_envelope_add_signature(envelope, &signature, NULL);
    require(status == PINTLE_OK || (status == PINTLE_E_LIMIT && count == PINTLE_SIGNATURES_MAX));
    if (status != PINTLE_OK)
        return;
    count = pintle_envelope_get_signature_count(envelope);
    require(pintle_envelope_add_signature(envelope, &signature, NULL) == PINTLE_OK);
    require(pintle_envelope_get_signature_count(envelope) == count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct pintle_envelope *envelope;
    struct pintle_error err;
    enum pintle_status status = pintle_envelope_parse(&envelope, text, size, &err);

    if (status != PINTLE_OK) {
        require(envelope == NULL);
        check_refusal(&err, status);
        require(status == PINTLE_E_JSON || status == PINTLE_E_ENVELOPE || status == PINTLE_E_LIMIT);
        return 0;
    }
    check_signed(envelope);
    check_payload(envelope, text, size);
    check_round_trip(envelope);
    check_adding(envelope);
    pintle_envelope_free(envelope);
    return 0;
}
