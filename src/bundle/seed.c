/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds as bytes: reading records and writing them. */
#include "bundle/seed.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "bundle/envelope.h"
#include "bundle/key.h"

/* --- reading ------------------------------------------------------------------------------------ */

static enum pintle_status refuse(size_t offset, const char *why, struct pintle_error *err)
{
    pintle__error_at(err, PINTLE_E_ENVELOPE, offset, "%s", why);
    return PINTLE_E_ENVELOPE;
}

static enum pintle_status refuse_size(size_t offset, const char *why, struct pintle_error *err)
{
    pintle__error_at(err, PINTLE_E_LIMIT, offset, "%s", why);
    return PINTLE_E_LIMIT;
}

static size_t payload_len(const uint8_t *head)
{
    return (size_t)head[2] << 24 | (size_t)head[3] << 16 | (size_t)head[4] << 8 | head[5];
}

static enum pintle_status check_record(struct pintle_view seed, size_t offset, size_t *len,
                                       struct pintle_error *err)
{
    const uint8_t *head = seed.data + offset;
    size_t left = seed.len - offset;

    if (left < PINTLE__SEED_HEAD_LEN)
        return refuse(offset, "a record is cut short", err);
    if (head[0] >= PINTLE_ROLES)
        return refuse(offset, "a record of no known role", err);
    if (head[1] > PINTLE_SIGNATURES_MAX)
        return refuse_size(offset, "a record with too many signatures", err);
    if (payload_len(head) > pintle__payload_max_len((enum pintle_role)head[0]))
        return refuse_size(offset, "a record with too long a payload", err);
    *len = PINTLE__SEED_HEAD_LEN + head[1] * PINTLE__SEED_SIGNATURE_LEN + payload_len(head);
    if (*len > left)
        return refuse(offset, "a record is cut short", err);
    return PINTLE_OK;
}

/* Roots come first, then one each of the others in their order. */
static enum pintle_status check_order(int last, int role, size_t offset, struct pintle_error *err)
{
    if (last < 0 && role != PINTLE_ROLE_ROOT)
        return refuse(offset, "the first record is no root", err);
    if (role < last || (role == last && role != PINTLE_ROLE_ROOT))
        return refuse(offset, "a record out of order", err);
    return PINTLE_OK;
}

static enum pintle_status check_records(struct pintle_view seed, struct pintle_error *err)
{
    size_t offset = PINTLE__SEED_MAGIC_LEN;
    size_t roots = 0;
    int last = -1;

    while (offset < seed.len) {
        int role = seed.data[offset];
        size_t len = 0;
        enum pintle_status status = check_record(seed, offset, &len, err);
        if (status == PINTLE_OK)
            status = check_order(last, role, offset, err);
        if (status != PINTLE_OK)
            return status;
        roots += role == PINTLE_ROLE_ROOT ? 1 : 0;
        if (roots > PINTLE_ROOT_CHAIN_MAX)
            return refuse_size(offset, "too many roots", err);
        last = role;
        offset += len;
    }
    return last < 0 ? refuse(offset, "no root", err) : PINTLE_OK;
}

enum pintle_status pintle__seed_check(struct pintle_view seed, struct pintle_error *err)
{
    if (seed.len > PINTLE_SEED_MAX_LEN)
        return refuse_size(0, "the seed is too long", err);
    if (seed.len < PINTLE__SEED_MAGIC_LEN ||
        memcmp(seed.data, PINTLE__SEED_MAGIC, PINTLE__SEED_MAGIC_LEN) != 0)
        return refuse(0, "not a seed", err);
    return check_records(seed, err);
}

bool pintle__seed_next(struct pintle_view seed, size_t *offset, struct pintle__seed_record *out)
{
    const uint8_t *at = seed.data + *offset;

    if (*offset >= seed.len)
        return false;
    out->role = (enum pintle_role)at[0];
    out->signature_count = at[1];
    out->payload.len = payload_len(at);
    out->signatures.data = at + PINTLE__SEED_HEAD_LEN;
    out->signatures.len = out->signature_count * PINTLE__SEED_SIGNATURE_LEN;
    out->payload.data = out->signatures.data + out->signatures.len;
    *offset = (size_t)(out->payload.data + out->payload.len - seed.data);
    return true;
}

static void read_signature(struct pintle_signature *out, const uint8_t *bytes)
{
    static const uint8_t none[PINTLE_DIGEST_LEN];

    if (memcmp(bytes, none, sizeof(none)) != 0)
        pintle__hex_from_digest(out->key_id, bytes);
    memcpy(out->bytes, bytes + PINTLE_DIGEST_LEN, sizeof(out->bytes));
}

enum pintle_status pintle__seed_envelope(struct pintle_envelope **out,
                                         const struct pintle__seed_record *record,
                                         struct pintle_error *err)
{
    enum pintle_status status = pintle_envelope_new(out, record->role, record->payload, err);

    if (status != PINTLE_OK || record->signature_count == 0)
        return status;
    status = pintle__envelope_reserve(*out, err);
    if (status != PINTLE_OK) {
        pintle_envelope_free(*out);
        *out = NULL;
        return status;
    }
    for (size_t i = 0; i < record->signature_count; i++)
        read_signature(&(*out)->signatures[i],
                       record->signatures.data + i * PINTLE__SEED_SIGNATURE_LEN);
    (*out)->signature_count = record->signature_count;
    return PINTLE_OK;
}

/* --- writing ------------------------------------------------------------------------------------ */

size_t pintle__seed_record_len(const struct pintle_envelope *envelope)
{
    return PINTLE__SEED_HEAD_LEN + envelope->signature_count * PINTLE__SEED_SIGNATURE_LEN +
           envelope->payload_len;
}

static uint8_t *put_signature(uint8_t *out, const struct pintle_signature *signature)
{
    memset(out, 0, PINTLE_DIGEST_LEN);
    for (size_t i = 0; signature->key_id[0] != '\0' && i < PINTLE_DIGEST_LEN; i++)
        out[i] = (uint8_t)(pintle__hex_digit(signature->key_id[2 * i]) << 4 |
                           pintle__hex_digit(signature->key_id[2 * i + 1]));
    memcpy(out + PINTLE_DIGEST_LEN, signature->bytes, sizeof(signature->bytes));
    return out + PINTLE__SEED_SIGNATURE_LEN;
}

static uint8_t *put_record(uint8_t *out, enum pintle_role role,
                           const struct pintle_envelope *envelope)
{
    struct pintle_view payload = pintle_envelope_get_payload(envelope);

    *out++ = (uint8_t)role;
    *out++ = (uint8_t)envelope->signature_count;
    for (int shift = 24; shift >= 0; shift -= 8)
        *out++ = (uint8_t)(payload.len >> shift);
    for (size_t i = 0; i < envelope->signature_count; i++)
        out = put_signature(out, &envelope->signatures[i]);
    memcpy(out, payload.data, payload.len);
    return out + payload.len;
}

/* Write every record, or with `out` NULL only count its bytes. */
static size_t put_records(uint8_t *out, const struct pintle_trusted *trusted)
{
    size_t len = PINTLE__SEED_MAGIC_LEN;

    for (int role = 0; role < PINTLE_ROLES; role++) {
        const struct pintle_envelope *envelope;
        for (size_t i = 0;
             (envelope = pintle_trusted_get_envelope(trusted, (enum pintle_role)role, i)) != NULL;
             i++) {
            if (out != NULL)
                (void)put_record(out + len, (enum pintle_role)role, envelope);
            len += pintle__seed_record_len(envelope);
        }
    }
    return len;
}

enum pintle_status pintle_trusted_format_seed(char **out, size_t *out_len,
                                              const struct pintle_trusted *trusted,
                                              struct pintle_error *err)
{
    size_t len = put_records(NULL, trusted);

    *out = NULL;
    *out_len = 0;
    if (pintle_trusted_get_envelope(trusted, PINTLE_ROLE_PINS, 0) == NULL) {
        pintle__error_set(err, PINTLE_E_STATE, "there are no pins yet");
        return PINTLE_E_STATE;
    }
    *out = malloc(len);
    if (*out == NULL)
        return pintle__no_memory(err);
    memcpy(*out, PINTLE__SEED_MAGIC, PINTLE__SEED_MAGIC_LEN);
    *out_len = put_records((uint8_t *)*out, trusted);
    return PINTLE_OK;
}
