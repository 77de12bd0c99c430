/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes as they lie in memory (DSSE protocol 1.0), and as text. */
#include "bundle/envelope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"

/* "DSSEv1 ", two lengths, a type and three spaces. */
#define ENCODING_HEAD_SIZE (7 + 20 + 20 + 3 + PINTLE__TYPE_MAX_LEN + 1)

enum pintle_status pintle__no_memory(struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
    return PINTLE_E_NOMEM;
}

bool pintle__is_key_id(const char *text)
{
    size_t len = strspn(text, "0123456789abcdef");

    return len == PINTLE_KEY_ID_SIZE - 1 && text[len] == '\0';
}

/* --- limits ------------------------------------------------------------------------------------- */

size_t pintle__payload_max_len(enum pintle_role role)
{
    switch (role) {
    case PINTLE_ROLE_ROOT:
        return PINTLE_ROOT_PAYLOAD_MAX_LEN;
    case PINTLE_ROLE_PINS:
        return PINTLE_PINS_PAYLOAD_MAX_LEN;
    case PINTLE_ROLE_FRESH:
    case PINTLE_ROLE_UNPIN:
        break;
    }
    return PINTLE_SMALL_PAYLOAD_MAX_LEN;
}

static enum pintle_status check_len(enum pintle_role role, size_t len, struct pintle_error *err)
{
    size_t max_len = pintle__payload_max_len(role);

    if (len <= max_len)
        return PINTLE_OK;
    pintle__error_set(err, PINTLE_E_LIMIT, "the payload is longer than %zu bytes", max_len);
    return PINTLE_E_LIMIT;
}

enum pintle_status pintle__envelope_check_len(const struct pintle_envelope *envelope,
                                              struct pintle_error *err)
{
    enum pintle_role role = PINTLE_ROLE_PINS;

    (void)pintle_envelope_get_role(envelope, &role);
    return check_len(role, envelope->payload_len, err);
}

/* --- making ------------------------------------------------------------------------------------- */

enum pintle_status pintle__envelope_alloc(struct pintle_envelope **out, size_t payload_room,
                                          struct pintle_error *err)
{
    struct pintle_envelope *envelope = calloc(1, sizeof(*envelope));

    *out = NULL;
    if (envelope == NULL)
        return pintle__no_memory(err);
    envelope->block = malloc(ENCODING_HEAD_SIZE + payload_room);
    if (envelope->block == NULL) {
        free(envelope);
        return pintle__no_memory(err);
    }
    envelope->signed_at = ENCODING_HEAD_SIZE;
    envelope->payload_at = ENCODING_HEAD_SIZE;
    *out = envelope;
    return PINTLE_OK;
}

void pintle__envelope_seal(struct pintle_envelope *envelope)
{
    char head[ENCODING_HEAD_SIZE];
    int len = snprintf(head, sizeof(head), "DSSEv1 %zu %s %zu ", strlen(envelope->type),
                       envelope->type, envelope->payload_len);

    envelope->signed_at = envelope->payload_at - (size_t)len;
    memcpy(envelope->block + envelope->signed_at, head, (size_t)len);
}

enum pintle_status pintle_envelope_new(struct pintle_envelope **out, enum pintle_role role,
                                       struct pintle_view payload, struct pintle_error *err)
{
    enum pintle_status status = check_len(role, payload.len, err);

    *out = NULL;
    if (status == PINTLE_OK)
        status = pintle__envelope_alloc(out, payload.len, err);
    if (status != PINTLE_OK)
        return status;
    if (payload.len > 0)
        memcpy((*out)->block + (*out)->payload_at, payload.data, payload.len);
    (*out)->payload_len = payload.len;
    (void)snprintf((*out)->type, sizeof((*out)->type), "%s", pintle_role_payload_type(role));
    pintle__envelope_seal(*out);
    return PINTLE_OK;
}

void pintle_envelope_free(struct pintle_envelope *envelope)
{
    if (envelope == NULL)
        return;
    free(envelope->block);
    free(envelope->signatures);
    free(envelope);
}

enum pintle_status pintle__envelope_reserve(struct pintle_envelope *envelope,
                                            struct pintle_error *err)
{
    if (envelope->signatures == NULL)
        envelope->signatures = calloc(PINTLE_SIGNATURES_MAX, sizeof(*envelope->signatures));
    return envelope->signatures == NULL ? pintle__no_memory(err) : PINTLE_OK;
}

static struct pintle_signature *find_signature(struct pintle_envelope *envelope, const char *key_id)
{
    for (size_t i = 0; key_id[0] != '\0' && i < envelope->signature_count; i++) {
        if (strcmp(envelope->signatures[i].key_id, key_id) == 0)
            return &envelope->signatures[i];
    }
    return NULL;
}

enum pintle_status pintle_envelope_add_signature(struct pintle_envelope *envelope,
                                                 const struct pintle_signature *signature,
                                                 struct pintle_error *err)
{
    struct pintle_signature copy = *signature;
    struct pintle_signature *place;

    copy.key_id[PINTLE_KEY_ID_SIZE - 1] = '\0';
    if (!pintle__is_key_id(copy.key_id))
        memset(copy.key_id, 0, sizeof(copy.key_id));
    place = find_signature(envelope, copy.key_id);
    if (place == NULL && envelope->signature_count == PINTLE_SIGNATURES_MAX) {
        pintle__error_set(err, PINTLE_E_LIMIT, "more than %d signatures", PINTLE_SIGNATURES_MAX);
        return PINTLE_E_LIMIT;
    }
    if (place == NULL) {
        enum pintle_status status = pintle__envelope_reserve(envelope, err);
        if (status != PINTLE_OK)
            return status;
        place = &envelope->signatures[envelope->signature_count++];
    }
    *place = copy;
    return PINTLE_OK;
}

/* --- reading ------------------------------------------------------------------------------------ */

struct pintle_view pintle_envelope_get_payload(const struct pintle_envelope *envelope)
{
    return (struct pintle_view){envelope->block + envelope->payload_at, envelope->payload_len};
}

const char *pintle_envelope_get_type(const struct pintle_envelope *envelope)
{
    return envelope->type;
}

bool pintle_envelope_get_role(const struct pintle_envelope *envelope, enum pintle_role *out)
{
    for (int role = 0; role < PINTLE_ROLES; role++) {
        if (strcmp(envelope->type, pintle_role_payload_type((enum pintle_role)role)) == 0) {
            *out = (enum pintle_role)role;
            return true;
        }
    }
    return false;
}

size_t pintle_envelope_get_signature_count(const struct pintle_envelope *envelope)
{
    return envelope->signature_count;
}

const struct pintle_signature *pintle_envelope_get_signature(const struct pintle_envelope *envelope,
                                                             size_t index)
{
    return index < envelope->signature_count ? &envelope->signatures[index] : NULL;
}

struct pintle_view pintle_envelope_get_signed_bytes(const struct pintle_envelope *envelope)
{
    return (struct pintle_view){envelope->block + envelope->signed_at,
                                envelope->payload_at - envelope->signed_at + envelope->payload_len};
}

bool pintle__envelope_same_payload(const struct pintle_envelope *a, const struct pintle_envelope *b)
{
    return a->payload_len == b->payload_len &&
           memcmp(a->block + a->payload_at, b->block + b->payload_at, a->payload_len) == 0;
}

/* --- writing ------------------------------------------------------------------------------------ */

/* Returns where the next text goes: over the NUL. */
static char *put_text(char *out, const char *text)
{
    size_t len = strlen(text);

    memcpy(out, text, len + 1);
    return out + len;
}

/* As a JSON string's contents; there are no control characters in types. */
static char *put_escaped(char *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            *out++ = '\\';
        *out++ = *text;
    }
    return out;
}

static char *put_base64(char *out, const uint8_t *data, size_t len)
{
    pintle__base64_encode(out, data, len);
    return out + pintle__base64_encoded_len(len);
}

static char *put_signature(char *out, const struct pintle_signature *signature, bool first)
{
    out = put_text(out, first ? "\n    {\"keyid\": \"" : ",\n    {\"keyid\": \"");
    out = put_text(out, signature->key_id);
    out = put_text(out, "\", \"sig\": \"");
    out = put_base64(out, signature->bytes, sizeof(signature->bytes));
    return put_text(out, "\"}");
}

enum pintle_status pintle_envelope_format(char **out, size_t *out_len,
                                          const struct pintle_envelope *envelope,
                                          struct pintle_error *err)
{
    size_t room = 128 + 2 * sizeof(envelope->type) +
                  pintle__base64_encoded_len(envelope->payload_len) +
                  envelope->signature_count * 192;
    struct pintle_view payload = pintle_envelope_get_payload(envelope);
    char *end;

    *out_len = 0;
    *out = malloc(room);
    if (*out == NULL)
        return pintle__no_memory(err);
    end = put_text(*out, "{\n  \"payloadType\": \"");
    end = put_escaped(end, envelope->type);
    end = put_text(end, "\",\n  \"payload\": \"");
    end = put_base64(end, payload.data, payload.len);
    end = put_text(end, "\",\n  \"signatures\": [");
    for (size_t i = 0; i < envelope->signature_count; i++)
        end = put_signature(end, &envelope->signatures[i], i == 0);
    end = put_text(end, envelope->signature_count == 0 ? "]\n}\n" : "\n  ]\n}\n");
    *out_len = (size_t)(end - *out);
    return PINTLE_OK;
}
