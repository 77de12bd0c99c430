/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds: the whole chain of envelopes in one file (docs/spec/bundle.md). */
#ifndef PINTLE_SRC_BUNDLE_SEED_H
#define PINTLE_SRC_BUNDLE_SEED_H

#include <pintle/bundle.h>

#define PINTLE__SEED_MAGIC "pintle seed 1\n"
#define PINTLE__SEED_MAGIC_LEN (sizeof(PINTLE__SEED_MAGIC) - 1)

/* Role, signature count and payload length; a signature with its key id. */
#define PINTLE__SEED_HEAD_LEN ((size_t)6)
#define PINTLE__SEED_SIGNATURE_LEN ((size_t)(PINTLE_DIGEST_LEN + PINTLE_ED25519_SIGNATURE_LEN))
#define PINTLE__SEED_RECORD_MAX_OVERHEAD                                                           \
    (PINTLE__SEED_HEAD_LEN + PINTLE_SIGNATURES_MAX * PINTLE__SEED_SIGNATURE_LEN)

/* Bytes that an envelope takes in a seed. */
size_t pintle__seed_record_len(const struct pintle_envelope *envelope);

/* One record of a seed. */
struct pintle__seed_record {
    enum pintle_role role;
    size_t signature_count;
    struct pintle_view signatures;
    struct pintle_view payload;
};

/* E_ENVELOPE unless the bytes are a seed as far as that shows without looking into payloads;
 * E_LIMIT. */
PINTLE_MUST_USE enum pintle_status pintle__seed_check(struct pintle_view seed,
                                                      struct pintle_error *err);

/* The record at *offset, which moves behind it, of a seed that was checked; false at its end.
 * *offset begins with PINTLE__SEED_MAGIC_LEN. */
bool pintle__seed_next(struct pintle_view seed, size_t *offset, struct pintle__seed_record *out);

/* The envelope of a record. */
PINTLE_MUST_USE enum pintle_status pintle__seed_envelope(struct pintle_envelope **out,
                                                         const struct pintle__seed_record *record,
                                                         struct pintle_error *err);

#endif
