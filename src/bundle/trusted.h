/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a client, and how a record is judged before it changes it. */
#ifndef PINTLE_SRC_BUNDLE_TRUSTED_H
#define PINTLE_SRC_BUNDLE_TRUSTED_H

#include <stdatomic.h>

#include "bundle/statement.h"

/*
 * An envelope that is believed, and what it says. Never changes, so that states share it.
 *
 * root, fresh, unpin  of the role's: the others are NULL
 */
struct pintle__record {
    atomic_uint refs;
    struct pintle_envelope *envelope;
    struct pintle_root *root;
    struct pintle__fresh *fresh;
    struct pintle__unpin *unpin;
};

/* A record of one owner with nothing in it. */
PINTLE_MUST_USE enum pintle_status pintle__record_new(struct pintle__record **out,
                                                      struct pintle_error *err);
struct pintle__record *pintle__record_retain(struct pintle__record *record);
void pintle__record_free(struct pintle__record *record);

/*
 * roots      from the anchor to the current one
 * roots_len  bytes that they take in a seed
 * held       of the other roles, what is in force; held[PINTLE_ROLE_ROOT] is NULL
 * pins       set is NULL if there are none
 */
struct pintle_trusted {
    const struct pintle_crypto *crypto;
    const struct pintle_pins_loader *loader;
    bool ignore_unpin;
    struct pintle_marks marks;
    size_t root_count;
    size_t roots_len;
    struct pintle__record *roots[PINTLE_ROOT_CHAIN_MAX];
    struct pintle__record *held[PINTLE_ROLES];
    struct pintle_trusted_pins pins;
};

/* The current root. */
const struct pintle_root *pintle__trusted_root(const struct pintle_trusted *trusted);

/* Start from a root. The envelope is taken, also on failure. */
PINTLE_MUST_USE enum pintle_status pintle__trusted_start(
    struct pintle_trusted **out, struct pintle_envelope *envelope,
    const struct pintle_trusted_options *options, struct pintle_error *err);

/* Put a record in force for its role; it is taken. NULL: none is in force any more. */
void pintle__trusted_hold(struct pintle_trusted *trusted, enum pintle_role role,
                          struct pintle__record *record);

/* Let the clock floor be no lower than this. */
void pintle__trusted_raise_floor(struct pintle_trusted *trusted, int64_t time);

/*
 * An envelope that asks to be believed.
 *
 * envelope   NULL as soon as the state has it; to be freed if not
 * restoring  it was believed before: expiry does not matter, and so on (pintle_trusted_restore())
 * now        the clock; when restoring, of no meaning
 */
struct pintle__claim {
    struct pintle_trusted *trusted;
    struct pintle_envelope *envelope;
    bool restoring;
    int64_t now;
    struct pintle_error *err;
};

/* Believe it or refuse it: from the check of its payload type on as pintle_trusted_apply(). */
PINTLE_MUST_USE enum pintle_status pintle__judge(struct pintle__claim *claim,
                                                 enum pintle_role role);
PINTLE_MUST_USE enum pintle_status pintle__judge_root(struct pintle__claim *claim);
PINTLE_MUST_USE enum pintle_status pintle__judge_pins(struct pintle__claim *claim);
PINTLE_MUST_USE enum pintle_status pintle__judge_fresh(struct pintle__claim *claim);
PINTLE_MUST_USE enum pintle_status pintle__judge_unpin(struct pintle__claim *claim);

/* E_APP, E_EPOCH, and unless restoring E_EXPIRED of the current root and of the claim itself. */
PINTLE_MUST_USE enum pintle_status pintle__check_app(const struct pintle__claim *claim,
                                                     const char *app);
PINTLE_MUST_USE enum pintle_status pintle__check_epoch(const struct pintle__claim *claim,
                                                       int64_t epoch);
PINTLE_MUST_USE enum pintle_status pintle__check_root_expiry(const struct pintle__claim *claim);
PINTLE_MUST_USE enum pintle_status pintle__check_expiry(const struct pintle__claim *claim,
                                                        int64_t expires);

/* A record of the claim's envelope, which moves there. */
PINTLE_MUST_USE enum pintle_status pintle__claim_record(struct pintle__claim *claim,
                                                        struct pintle__record **out);

#endif
