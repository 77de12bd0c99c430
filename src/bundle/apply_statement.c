/* SPDX-License-Identifier: Apache-2.0 */
/* Believing fresh and unpin statements or refusing them. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bundle/envelope.h"
#include "bundle/key.h"
#include "bundle/trusted.h"

#define UNPIN_EARLY_S ((int64_t)24 * 3600)

static enum pintle_status check_signers(const struct pintle__claim *claim, enum pintle_role role)
{
    return pintle__check_signers(pintle__trusted_root(claim->trusted), role, claim->envelope,
                                 claim->trusted->crypto, claim->err);
}

/*
 * Keys of fresh are online, and unpins are rare: neither moves our time beyond the clock, or its
 * thief would end rules by their dates.
 */
static void raise_floor(const struct pintle__claim *claim, int64_t issued)
{
    if (!claim->restoring)
        pintle__trusted_raise_floor(claim->trusted, issued < claim->now ? issued : claim->now);
}

/* --- fresh -------------------------------------------------------------------------------------- */

/* In a seed: about pins, or issued, before those in force. */
static bool is_old_fresh(const struct pintle__claim *claim, const struct pintle__fresh *fresh)
{
    const struct pintle_trusted *trusted = claim->trusted;
    const struct pintle__record *held = trusted->held[PINTLE_ROLE_FRESH];

    if (!claim->restoring)
        return false;
    if (fresh->epoch < pintle__trusted_root(trusted)->epoch)
        return true;
    if (trusted->pins.set != NULL && fresh->epoch == trusted->pins.facts.epoch &&
        fresh->version < trusted->pins.facts.version)
        return true;
    return held != NULL && fresh->issued < held->fresh->issued;
}

static enum pintle_status check_subject(const struct pintle__claim *claim,
                                        const struct pintle__fresh *fresh)
{
    const struct pintle_trusted *trusted = claim->trusted;
    const struct pintle_pins_facts *facts = &trusted->pins.facts;
    char digest[PINTLE_KEY_ID_SIZE];

    pintle__hex_from_digest(digest, facts->digest);
    if (trusted->pins.set != NULL && fresh->epoch == facts->epoch &&
        fresh->version == facts->version && strcmp(fresh->pins, digest) == 0)
        return PINTLE_OK;
    pintle__error_set(claim->err, PINTLE_E_MISMATCH,
                      "about version %lld of epoch %lld, which is not what is in force",
                      (long long)fresh->version, (long long)fresh->epoch);
    return PINTLE_E_MISMATCH;
}

static enum pintle_status check_fresh(const struct pintle__claim *claim,
                                      const struct pintle__fresh *fresh)
{
    const struct pintle__record *held = claim->trusted->held[PINTLE_ROLE_FRESH];
    enum pintle_status status = pintle__check_epoch(claim, fresh->epoch);

    if (status == PINTLE_OK)
        status = pintle__check_root_expiry(claim);
    if (status == PINTLE_OK)
        status = pintle__check_expiry(claim, fresh->expires);
    if (status == PINTLE_OK && held != NULL && fresh->issued < held->fresh->issued) {
        pintle__error_set(claim->err, PINTLE_E_ROLLBACK, "issued before the one in force");
        return PINTLE_E_ROLLBACK;
    }
    if (status == PINTLE_OK)
        status = check_subject(claim, fresh);
    return status;
}

enum pintle_status pintle__judge_fresh(struct pintle__claim *claim)
{
    struct pintle__record *record = NULL;
    struct pintle__fresh *fresh = NULL;
    bool old = false;
    enum pintle_status status = check_signers(claim, PINTLE_ROLE_FRESH);

    if (status == PINTLE_OK)
        status =
            pintle__fresh_parse(&fresh, pintle_envelope_get_payload(claim->envelope), claim->err);
    if (status == PINTLE_OK)
        status = pintle__check_app(claim, fresh->app);
    if (status == PINTLE_OK)
        old = is_old_fresh(claim, fresh);
    if (status == PINTLE_OK && !old)
        status = check_fresh(claim, fresh);
    if (status == PINTLE_OK && !old)
        status = pintle__claim_record(claim, &record);
    if (record == NULL) {
        free(fresh);
        return status;
    }
    record->fresh = fresh;
    pintle__trusted_hold(claim->trusted, PINTLE_ROLE_FRESH, record);
    raise_floor(claim, fresh->issued);
    return PINTLE_OK;
}

/* --- unpin -------------------------------------------------------------------------------------- */

/* In a seed: older than what was seen. */
static bool is_old_unpin(const struct pintle__claim *claim, const struct pintle__unpin *unpin)
{
    return claim->restoring && (unpin->epoch < pintle__trusted_root(claim->trusted)->epoch ||
                                (unpin->epoch == claim->trusted->marks.epoch &&
                                 unpin->unpin.serial < claim->trusted->marks.unpin));
}

/* E_ROLLBACK, E_EQUIVOCATION */
static enum pintle_status check_serial(const struct pintle__claim *claim,
                                       const struct pintle__unpin *unpin)
{
    const struct pintle_marks *marks = &claim->trusted->marks;
    const struct pintle__record *held = claim->trusted->held[PINTLE_ROLE_UNPIN];
    long long serial = (long long)unpin->unpin.serial;

    if (unpin->epoch < marks->epoch || unpin->unpin.serial < marks->unpin) {
        pintle__error_set(
            claim->err, PINTLE_E_ROLLBACK, "serial %lld of epoch %lld; %lld of epoch %lld was seen",
            serial, (long long)unpin->epoch, (long long)marks->unpin, (long long)marks->epoch);
        return PINTLE_E_ROLLBACK;
    }
    if (held != NULL && held->unpin->unpin.serial == unpin->unpin.serial &&
        !pintle__envelope_same_payload(held->envelope, claim->envelope)) {
        pintle__error_set(claim->err, PINTLE_E_EQUIVOCATION, "another unpin of serial %lld",
                          serial);
        return PINTLE_E_EQUIVOCATION;
    }
    return PINTLE_OK;
}

/* Softening begins when an unpin is believed, so one from the future would last longer than it may; a
 * day is left to clocks that are wrong. */
static int64_t latest_issue(const struct pintle__claim *claim)
{
    int64_t now = pintle_trusted_get_time(claim->trusted, claim->now);

    return now > INT64_MAX - UNPIN_EARLY_S ? INT64_MAX : now + UNPIN_EARLY_S;
}

static enum pintle_status check_bounds(const struct pintle__claim *claim,
                                       const struct pintle__unpin *unpin)
{
    const char *why = NULL;

    if (unpin->unpin.expires - unpin->unpin.issued > PINTLE_UNPIN_MAX_S)
        why = "lasts longer than 14 days";
    else if (!claim->restoring && unpin->unpin.issued > latest_issue(claim))
        why = "is issued in the future";
    else if (unpin->tightens)
        why = "an unpin enforces nothing";
    if (why == NULL)
        return PINTLE_OK;
    pintle__error_set(claim->err, PINTLE_E_UNPIN, "%s", why);
    return PINTLE_E_UNPIN;
}

static enum pintle_status check_unpin(const struct pintle__claim *claim,
                                      const struct pintle__unpin *unpin)
{
    enum pintle_status status = pintle__check_epoch(claim, unpin->epoch);

    if (status == PINTLE_OK)
        status = pintle__check_root_expiry(claim);
    if (status == PINTLE_OK)
        status = pintle__check_expiry(claim, unpin->unpin.expires);
    if (status == PINTLE_OK)
        status = check_serial(claim, unpin);
    if (status == PINTLE_OK)
        status = check_bounds(claim, unpin);
    return status;
}

/* Nothing here fails. */
static void take_unpin(const struct pintle__claim *claim, struct pintle__record *record)
{
    struct pintle_trusted *trusted = claim->trusted;

    pintle__trusted_hold(trusted, PINTLE_ROLE_UNPIN, record);
    trusted->marks.unpin = record->unpin->unpin.serial;
    raise_floor(claim, record->unpin->unpin.issued);
}

enum pintle_status pintle__judge_unpin(struct pintle__claim *claim)
{
    struct pintle__record *record = NULL;
    struct pintle__unpin *unpin = NULL;
    bool old = false;
    enum pintle_status status = check_signers(claim, PINTLE_ROLE_UNPIN);

    if (status == PINTLE_OK)
        status =
            pintle__unpin_parse(&unpin, pintle_envelope_get_payload(claim->envelope), claim->err);
    if (status == PINTLE_OK)
        status = pintle__check_app(claim, unpin->app);
    if (status == PINTLE_OK)
        old = is_old_unpin(claim, unpin);
    if (status == PINTLE_OK && !old)
        status = check_unpin(claim, unpin);
    if (status == PINTLE_OK && !old)
        status = pintle__claim_record(claim, &record);
    if (record == NULL) {
        free(unpin);
        return status;
    }
    record->unpin = unpin;
    take_unpin(claim, record);
    return PINTLE_OK;
}
