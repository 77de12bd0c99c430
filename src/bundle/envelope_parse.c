/* SPDX-License-Identifier: Apache-2.0 */
/* Reading envelopes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "bundle/envelope.h"
#include "bundle/scan.h"
#include "json/member.h"

enum envelope_member {
    MEMBER_TYPE,
    MEMBER_PAYLOAD,
    MEMBER_SIGNATURES,
    MEMBERS
};
static const char *const members[MEMBERS + 1] = {"payloadType", "payload", "signatures", NULL};

enum signature_member {
    MEMBER_KEY_ID,
    MEMBER_SIG,
    SIGNATURE_MEMBERS
};
static const char *const signature_members[SIGNATURE_MEMBERS + 1] = {"keyid", "sig", NULL};

/* --- errors ------------------------------------------------------------------------------------- */

/* What src/json calls a breach of the schema. */
static enum pintle_status as_envelope(const struct pintle__source *source,
                                      enum pintle_status status)
{
    if (status != PINTLE_E_SCHEMA)
        return status;
    if (source->err != NULL)
        source->err->status = PINTLE_E_ENVELOPE;
    return PINTLE_E_ENVELOPE;
}

static enum pintle_status refuse(const struct pintle__source *source, const struct pintle__at *at,
                                 const char *why)
{
    pintle__json_fail(source, PINTLE_E_ENVELOPE, at, "%s", why);
    return PINTLE_E_ENVELOPE;
}

/* --- the payload ---------------------------------------------------------------------------------- */

/* An envelope with this payload. *valid tells if it is base64; if not, *out is NULL. */
static enum pintle_status decode(struct pintle_envelope **out, const char *text, size_t len,
                                 bool *valid, struct pintle_error *err)
{
    enum pintle_status status = pintle__envelope_alloc(out, pintle__base64_room(len), err);
    size_t bad;

    *valid = false;
    if (status != PINTLE_OK)
        return status;
    *valid = pintle__base64_decode((*out)->block + (*out)->payload_at, &(*out)->payload_len, text,
                                   len, &bad);
    if (!*valid) {
        pintle_envelope_free(*out);
        *out = NULL;
    }
    return PINTLE_OK;
}

static enum pintle_status read_payload(struct pintle_envelope **out,
                                       const struct pintle__source *source, const json_t *json)
{
    struct pintle__at root = {NULL, NULL, 0};
    struct pintle__at at = pintle__at_key(&root, "payload");
    struct pintle__string text;
    bool valid;
    enum pintle_status status = pintle__get_string(source, &at, json, 0, SIZE_MAX, &text);

    if (status == PINTLE_OK)
        status = decode(out, text.text, text.len, &valid, source->err);
    if (status == PINTLE_OK && !valid)
        status = refuse(source, &at, "is not canonical base64");
    return status;
}

/* --- the rest ------------------------------------------------------------------------------------- */

static enum pintle_status read_type(struct pintle_envelope *envelope,
                                    const struct pintle__source *source, const json_t *json)
{
    struct pintle__at root = {NULL, NULL, 0};
    struct pintle__at at = pintle__at_key(&root, "payloadType");
    struct pintle__string text;
    enum pintle_status status =
        pintle__get_string(source, &at, json, 1, PINTLE__TYPE_MAX_LEN, &text);

    if (status == PINTLE_OK)
        memcpy(envelope->type, text.text, text.len + 1);
    return status;
}

/* A key id of another form is no hint at all (DSSE protocol 1.0: it has no meaning of its own). */
static enum pintle_status read_key_id(struct pintle_signature *out,
                                      const struct pintle__source *source,
                                      const struct pintle__at *at, const json_t *json)
{
    struct pintle__at member = pintle__at_key(at, "keyid");
    struct pintle__string text = {"", 0};
    enum pintle_status status = PINTLE_OK;

    if (json != NULL)
        status = pintle__get_string(source, &member, json, 0, SIZE_MAX, &text);
    if (status == PINTLE_OK && pintle__is_key_id(text.text))
        memcpy(out->key_id, text.text, PINTLE_KEY_ID_SIZE);
    return status;
}

static enum pintle_status read_signature(struct pintle_signature *out,
                                         const struct pintle__source *source,
                                         const struct pintle__at *at, json_t *json)
{
    struct pintle__at member = pintle__at_key(at, "sig");
    uint8_t bytes[PINTLE_ED25519_SIGNATURE_LEN + 2];
    struct pintle__string text;
    json_t *known[SIGNATURE_MEMBERS];
    size_t len, bad;
    bool unknown;
    enum pintle_status status =
        pintle__get_members(source, at, json, signature_members, known, &unknown);

    if (status == PINTLE_OK)
        status = read_key_id(out, source, at, known[MEMBER_KEY_ID]);
    if (status == PINTLE_OK)
        status = pintle__get_string(source, &member, known[MEMBER_SIG], 0, SIZE_MAX, &text);
    if (status != PINTLE_OK)
        return status;
    if (pintle__base64_room(text.len) > sizeof(bytes) ||
        !pintle__base64_decode(bytes, &len, text.text, text.len, &bad) ||
        len != PINTLE_ED25519_SIGNATURE_LEN)
        return refuse(source, &member, "is not the canonical base64 of 64 bytes");
    memcpy(out->bytes, bytes, PINTLE_ED25519_SIGNATURE_LEN);
    return PINTLE_OK;
}

static enum pintle_status read_signatures(struct pintle_envelope *envelope,
                                          const struct pintle__source *source, const json_t *json)
{
    struct pintle__at root = {NULL, NULL, 0};
    struct pintle__at at = pintle__at_key(&root, "signatures");
    uint32_t count;
    enum pintle_status status = pintle__get_array(source, &at, json, 0, SIZE_MAX, &count);

    if (status == PINTLE_OK && json_array_size(json) > PINTLE_SIGNATURES_MAX) {
        pintle__json_fail(source, PINTLE_E_LIMIT, &at, "holds more than %d items",
                          PINTLE_SIGNATURES_MAX);
        return PINTLE_E_LIMIT;
    }
    if (status == PINTLE_OK && count > 0)
        status = pintle__envelope_reserve(envelope, source->err);
    for (uint32_t i = 0; status == PINTLE_OK && i < count; i++) {
        struct pintle__at item = pintle__at_index(&at, i);
        status = read_signature(&envelope->signatures[i], source, &item, json_array_get(json, i));
    }
    if (status == PINTLE_OK)
        envelope->signature_count = count;
    return status;
}

/* *out is there already if its payload is. */
static enum pintle_status read_members(struct pintle_envelope **out,
                                       const struct pintle__source *source, json_t *json)
{
    struct pintle__at root = {NULL, NULL, 0};
    json_t *known[MEMBERS];
    bool unknown;
    enum pintle_status status = pintle__get_members(source, &root, json, members, known, &unknown);

    if (status == PINTLE_OK && *out == NULL)
        status = read_payload(out, source, known[MEMBER_PAYLOAD]);
    if (status == PINTLE_OK)
        status = read_type(*out, source, known[MEMBER_TYPE]);
    if (status == PINTLE_OK)
        status = read_signatures(*out, source, known[MEMBER_SIGNATURES]);
    if (status == PINTLE_OK)
        status = pintle__envelope_check_len(*out, source->err);
    if (status == PINTLE_OK)
        pintle__envelope_seal(*out);
    return as_envelope(source, status);
}

/* --- the document --------------------------------------------------------------------------------- */

/* Read the JSON with nothing in the place of `cut`. */
static enum pintle_status read_rest(json_t **out, const struct pintle__source *source,
                                    struct pintle__span cut)
{
    size_t behind = source->len - cut.end;
    char *rest = malloc(cut.start + behind);
    enum pintle_status status;

    *out = NULL;
    if (rest == NULL)
        return pintle__no_memory(source->err);
    memcpy(rest, source->text, cut.start);
    memcpy(rest + cut.start, source->text + cut.end, behind);
    status = pintle__json_read(out, rest, cut.start + behind, NULL);
    free(rest);
    if (status == PINTLE_E_NOMEM)
        return pintle__no_memory(source->err);
    /* The whole text is at fault where the rest is, and tells where that is. */
    if (status != PINTLE_OK)
        status = pintle__json_read(out, source->text, source->len, source->err);
    return status;
}

/*
 * The payload is by far the longest string. If it is written in base64's alphabet alone, it is
 * decoded in place and the JSON is read without it: any such string is as good JSON as an empty one.
 * Another (some write '/' as "\/") is read like the rest.
 */
static enum pintle_status read_document(struct pintle_envelope **out, json_t **json,
                                        const struct pintle__source *source)
{
    struct pintle__span span;
    bool valid = false;
    enum pintle_status status =
        pintle__scan(source->text, source->len, "payload", &span, source->err);

    if (status == PINTLE_OK && span.end > span.start)
        status = decode(out, source->text + span.start, span.end - span.start, &valid, source->err);
    if (status != PINTLE_OK)
        return status;
    if (valid)
        return read_rest(json, source, span);
    return pintle__json_read(json, source->text, source->len, source->err);
}

enum pintle_status pintle_envelope_parse(struct pintle_envelope **out, const char *text, size_t len,
                                         struct pintle_error *err)
{
    struct pintle__source source = {text, len, err};
    struct pintle_envelope *envelope = NULL;
    json_t *json = NULL;
    enum pintle_status status;

    *out = NULL;
    if (len > PINTLE_ENVELOPE_MAX_LEN) {
        pintle__error_set(err, PINTLE_E_LIMIT, "the envelope is longer than %zu bytes",
                          PINTLE_ENVELOPE_MAX_LEN);
        return PINTLE_E_LIMIT;
    }
    status = read_document(&envelope, &json, &source);
    if (status == PINTLE_OK)
        status = read_members(&envelope, &source, json);
    if (status == PINTLE_OK)
        *out = envelope;
    else
        pintle_envelope_free(envelope);
    json_decref(json);
    return status;
}
