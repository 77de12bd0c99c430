/* SPDX-License-Identifier: Apache-2.0 */
/* Believing an envelope or refusing it: what is the same for all roles, and roots. */
#include <string.h>

#include <pintle/time.h>

#include "base/error.h"
#include "bundle/envelope.h"
#include "bundle/key.h"
#include "bundle/seed.h"
#include "bundle/trusted.h"

/* --- checks that roles share -------------------------------------------------------------------- */

enum pintle_status pintle__check_app(const struct pintle__claim *claim, const char *app)
{
    const char *ours = pintle__trusted_root(claim->trusted)->app;

    if (strcmp(app, ours) == 0)
        return PINTLE_OK;
    pintle__error_set(claim->err, PINTLE_E_APP, "for app \"%s\", this is \"%s\"", app, ours);
    return PINTLE_E_APP;
}

enum pintle_status pintle__check_epoch(const struct pintle__claim *claim, int64_t epoch)
{
    int64_t ours = pintle__trusted_root(claim->trusted)->epoch;

    if (epoch == ours)
        return PINTLE_OK;
    pintle__error_set(claim->err, PINTLE_E_EPOCH, "of epoch %lld, the root's is %lld",
                      (long long)epoch, (long long)ours);
    return PINTLE_E_EPOCH;
}

static enum pintle_status check_time(const struct pintle__claim *claim, int64_t expires,
                                     const char *what)
{
    char text[PINTLE_TIME_TEXT_SIZE];

    if (claim->restoring || pintle_trusted_get_time(claim->trusted, claim->now) < expires)
        return PINTLE_OK;
    pintle__error_set(claim->err, PINTLE_E_EXPIRED, "%s expired %s", what,
                      pintle_time_format(expires, text));
    return PINTLE_E_EXPIRED;
}

enum pintle_status pintle__check_root_expiry(const struct pintle__claim *claim)
{
    return check_time(claim, pintle__trusted_root(claim->trusted)->expires, "the current root");
}

enum pintle_status pintle__check_expiry(const struct pintle__claim *claim, int64_t expires)
{
    return check_time(claim, expires, "it");
}

enum pintle_status pintle__claim_record(struct pintle__claim *claim, struct pintle__record **out)
{
    enum pintle_status status = pintle__record_new(out, claim->err);

    if (status != PINTLE_OK)
        return status;
    (*out)->envelope = claim->envelope;
    claim->envelope = NULL;
    return PINTLE_OK;
}

/* --- roots -------------------------------------------------------------------------------------- */

/* What new roots must leave of a seed: the largest pins, fresh and unpin there may be. */
#define OTHERS_MAX_LEN                                                                             \
    (PINTLE_PINS_PAYLOAD_MAX_LEN + 2 * PINTLE_SMALL_PAYLOAD_MAX_LEN +                              \
     3 * PINTLE__SEED_RECORD_MAX_OVERHEAD)

static enum pintle_status check_room(const struct pintle__claim *claim)
{
    const struct pintle_trusted *trusted = claim->trusted;
    size_t len = trusted->roots_len + pintle__seed_record_len(claim->envelope);

    if (trusted->root_count < PINTLE_ROOT_CHAIN_MAX &&
        len <= PINTLE_SEED_MAX_LEN - PINTLE__SEED_MAGIC_LEN - OTHERS_MAX_LEN)
        return PINTLE_OK;
    pintle__error_set(claim->err, PINTLE_E_LIMIT, "the chain of roots is too long");
    return PINTLE_E_LIMIT;
}

/* E_EQUIVOCATION, E_ROOT_VERSION, E_EPOCH, E_LIMIT. *known: it is the current root. */
static enum pintle_status check_next(const struct pintle__claim *claim,
                                     const struct pintle_root *next, bool *known)
{
    const struct pintle_trusted *trusted = claim->trusted;
    const struct pintle_root *current = pintle__trusted_root(trusted);

    *known = next->version == current->version;
    if (*known) {
        if (pintle__envelope_same_payload(claim->envelope,
                                          trusted->roots[trusted->root_count - 1]->envelope))
            return PINTLE_OK;
        pintle__error_set(claim->err, PINTLE_E_EQUIVOCATION, "another root of version %lld",
                          (long long)current->version);
        return PINTLE_E_EQUIVOCATION;
    }
    if (next->version - 1 != current->version) {
        pintle__error_set(claim->err, PINTLE_E_ROOT_VERSION, "root %lld does not follow root %lld",
                          (long long)next->version, (long long)current->version);
        return PINTLE_E_ROOT_VERSION;
    }
    if (next->epoch < current->epoch) {
        pintle__error_set(claim->err, PINTLE_E_EPOCH, "epoch %lld is lower than %lld",
                          (long long)next->epoch, (long long)current->epoch);
        return PINTLE_E_EPOCH;
    }
    return check_room(claim);
}

static int64_t epoch_of(const struct pintle__record *record)
{
    return record->fresh != NULL ? record->fresh->epoch : record->unpin->epoch;
}

/* A statement outlives a root only if the new one's keys stand behind it too: whoever stole the old
 * ones must not keep a rule softened. */
static enum pintle_status check_statement(const struct pintle__claim *claim,
                                          const struct pintle_root *next, enum pintle_role role,
                                          bool *keep)
{
    const struct pintle__record *record = claim->trusted->held[role];
    struct pintle_error why;
    enum pintle_status status;

    *keep = false;
    if (record == NULL || epoch_of(record) != next->epoch)
        return PINTLE_OK;
    status = pintle__check_signers(next, role, record->envelope, claim->trusted->crypto, &why);
    *keep = status == PINTLE_OK;
    if (status == PINTLE_OK || status == PINTLE_E_SIGNATURES)
        return PINTLE_OK;
    if (claim->err != NULL)
        *claim->err = why;
    return status;
}

/* Nothing here fails. */
static void take_root(struct pintle_trusted *trusted, struct pintle__record *record)
{
    const struct pintle_root *root = record->root;

    trusted->roots[trusted->root_count++] = record;
    trusted->roots_len += pintle__seed_record_len(record->envelope);
    if (root->epoch > trusted->marks.epoch)
        trusted->marks = (struct pintle_marks){.epoch = root->epoch, .clock_floor = root->issued};
    else
        pintle__trusted_raise_floor(trusted, root->issued);
}

/* The record has the root; the claim still has the envelope. */
static enum pintle_status judge_next(struct pintle__claim *claim, struct pintle__record *record,
                                     bool *taken)
{
    struct pintle_trusted *trusted = claim->trusted;
    bool keep_fresh = true, keep_unpin = true, known = false;
    enum pintle_status status = pintle__check_signers(record->root, PINTLE_ROLE_ROOT,
                                                      claim->envelope, trusted->crypto, claim->err);

    *taken = false;
    if (status == PINTLE_OK)
        status = pintle__check_app(claim, record->root->app);
    if (status == PINTLE_OK)
        status = check_next(claim, record->root, &known);
    if (status != PINTLE_OK || known)
        return status;
    status = check_statement(claim, record->root, PINTLE_ROLE_FRESH, &keep_fresh);
    if (status == PINTLE_OK)
        status = check_statement(claim, record->root, PINTLE_ROLE_UNPIN, &keep_unpin);
    if (status != PINTLE_OK)
        return status;
    record->envelope = claim->envelope;
    claim->envelope = NULL;
    take_root(trusted, record);
    *taken = true;
    if (!keep_fresh)
        pintle__trusted_hold(trusted, PINTLE_ROLE_FRESH, NULL);
    if (!keep_unpin)
        pintle__trusted_hold(trusted, PINTLE_ROLE_UNPIN, NULL);
    return PINTLE_OK;
}

enum pintle_status pintle__judge_root(struct pintle__claim *claim)
{
    const struct pintle_trusted *trusted = claim->trusted;
    struct pintle__record *record = NULL;
    bool taken = false;
    enum pintle_status status =
        pintle__check_signers(pintle__trusted_root(trusted), PINTLE_ROLE_ROOT, claim->envelope,
                              trusted->crypto, claim->err);

    if (status == PINTLE_OK)
        status = pintle__record_new(&record, claim->err);
    if (status == PINTLE_OK)
        status = pintle_root_parse(&record->root, pintle_envelope_get_payload(claim->envelope),
                                   trusted->crypto, claim->err);
    if (status == PINTLE_OK)
        status = judge_next(claim, record, &taken);
    if (!taken)
        pintle__record_free(record);
    return status;
}

/* --- all roles ------------------------------------------------------------------------------------ */

enum pintle_status pintle__judge(struct pintle__claim *claim, enum pintle_role role)
{
    enum pintle_role actual;

    if (!pintle_envelope_get_role(claim->envelope, &actual) || actual != role) {
        pintle__error_set(claim->err, PINTLE_E_PAYLOAD_TYPE, "it is not of type %s but \"%s\"",
                          pintle_role_payload_type(role),
                          pintle_envelope_get_type(claim->envelope));
        return PINTLE_E_PAYLOAD_TYPE;
    }
    switch (role) {
    case PINTLE_ROLE_ROOT:
        return pintle__judge_root(claim);
    case PINTLE_ROLE_PINS:
        return pintle__judge_pins(claim);
    case PINTLE_ROLE_FRESH:
        return pintle__judge_fresh(claim);
    case PINTLE_ROLE_UNPIN:
        return pintle__judge_unpin(claim);
    }
    return PINTLE_E_PAYLOAD_TYPE;
}

enum pintle_status pintle_trusted_apply(struct pintle_trusted *trusted, enum pintle_role role,
                                        struct pintle_view envelope, int64_t now,
                                        struct pintle_error *err)
{
    struct pintle__claim claim = {.trusted = trusted, .now = now, .err = err};
    enum pintle_status status;

    if (role == PINTLE_ROLE_UNPIN && trusted->ignore_unpin) {
        pintle__error_set(err, PINTLE_E_UNSUPPORTED, "unpins are ignored here");
        return PINTLE_E_UNSUPPORTED;
    }
    status = pintle_envelope_parse(&claim.envelope, (const char *)envelope.data, envelope.len, err);
    if (status == PINTLE_OK)
        status = pintle__judge(&claim, role);
    pintle_envelope_free(claim.envelope);
    return status;
}
