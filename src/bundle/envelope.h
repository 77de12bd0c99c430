/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINTLE_SRC_BUNDLE_ENVELOPE_H
#define PINTLE_SRC_BUNDLE_ENVELOPE_H

#include <pintle/bundle.h>

/* Bytes of a payload type, without the NUL. */
#define PINTLE__TYPE_MAX_LEN 127

/*
 * An envelope keeps what is signed in one block: DSSE's pre-authentication encoding, at the end of
 * which is the payload. So a payload is copied once, when it is decoded.
 *
 * block      to be freed
 * signed_at  where the encoding begins in it
 */
struct pintle_envelope {
    uint8_t *block;
    size_t signed_at;
    size_t payload_at;
    size_t payload_len;
    size_t signature_count;
    struct pintle_signature *signatures; /* room for PINTLE_SIGNATURES_MAX, or NULL for none */
    char type[PINTLE__TYPE_MAX_LEN + 1];
};

/* Most bytes of a payload of this role. */
size_t pintle__payload_max_len(enum pintle_role role);

/* An envelope with room for a payload, which is at block + payload_at. payload_len is 0. */
PINTLE_MUST_USE enum pintle_status pintle__envelope_alloc(struct pintle_envelope **out,
                                                          size_t payload_room,
                                                          struct pintle_error *err);

/* Write what stands before the payload, when type and payload are there. */
void pintle__envelope_seal(struct pintle_envelope *envelope);

/* Room for signatures. */
PINTLE_MUST_USE enum pintle_status pintle__envelope_reserve(struct pintle_envelope *envelope,
                                                            struct pintle_error *err);

/* True if both have a payload of the same bytes. */
bool pintle__envelope_same_payload(const struct pintle_envelope *a,
                                   const struct pintle_envelope *b);

/* E_LIMIT if the payload is longer than its type allows. */
PINTLE_MUST_USE enum pintle_status pintle__envelope_check_len(
    const struct pintle_envelope *envelope, struct pintle_error *err);

/* True for 64 lower-case hex digits and the NUL. */
bool pintle__is_key_id(const char *text);

enum pintle_status pintle__no_memory(struct pintle_error *err);

#endif
