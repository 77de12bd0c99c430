/* SPDX-License-Identifier: Apache-2.0 */
/* Believing pins or refusing them. */
#include <string.h>

#include "base/error.h"
#include "bundle/envelope.h"
#include "bundle/key.h"
#include "bundle/scan.h"
#include "bundle/trusted.h"

/* --- under which root ----------------------------------------------------------------------------- */

/*
 * The newest root of the chain before `end` whose pins keys signed it; its index in *out. When not
 * restoring only the current one counts.
 */
static enum pintle_status find_root(const struct pintle__claim *claim, size_t end, size_t *out)
{
    const struct pintle_trusted *trusted = claim->trusted;
    enum pintle_status status = PINTLE_E_SIGNATURES;

    for (size_t i = end; i-- > 0 && status == PINTLE_E_SIGNATURES;) {
        status = pintle__check_signers(trusted->roots[i]->root, PINTLE_ROLE_PINS, claim->envelope,
                                       trusted->crypto, claim->err);
        *out = i;
        if (!claim->restoring)
            break;
    }
    return status;
}

/* E_EPOCH unless a root that signed it has its epoch. `index`: the newest that signed it. */
static enum pintle_status check_epoch(const struct pintle__claim *claim, int64_t epoch,
                                      size_t index)
{
    enum pintle_status status = PINTLE_OK;

    if (!claim->restoring)
        return pintle__check_epoch(claim, epoch);
    while (status == PINTLE_OK && claim->trusted->roots[index]->root->epoch != epoch)
        status = find_root(claim, index, &index);
    if (status != PINTLE_E_SIGNATURES)
        return status;
    pintle__error_set(claim->err, PINTLE_E_EPOCH,
                      "of epoch %lld, the roots that it is signed under are not", (long long)epoch);
    return PINTLE_E_EPOCH;
}

/* --- what they say -------------------------------------------------------------------------------- */

/* The same bytes as those in force need no loading. */
static enum pintle_status load(const struct pintle__claim *claim, struct pintle_trusted_pins *out)
{
    const struct pintle_trusted *trusted = claim->trusted;
    const struct pintle__record *held = trusted->held[PINTLE_ROLE_PINS];
    struct pintle_view payload = pintle_envelope_get_payload(claim->envelope);
    enum pintle_status status;

    if (held != NULL && pintle__envelope_same_payload(held->envelope, claim->envelope)) {
        *out = trusted->pins;
        (void)trusted->loader->retain(out->set);
        return PINTLE_OK;
    }
    status = pintle__scan((const char *)payload.data, payload.len, NULL, NULL, claim->err);
    if (status == PINTLE_OK)
        status =
            trusted->loader->load(&out->set, &out->facts, payload, trusted->crypto, claim->err);
    return status;
}

/* --- whether they are newer ----------------------------------------------------------------------- */

static enum pintle_status refuse_rollback(const struct pintle__claim *claim,
                                          const struct pintle_pins_facts *facts)
{
    const struct pintle_marks *marks = &claim->trusted->marks;

    pintle__error_set(claim->err, PINTLE_E_ROLLBACK,
                      "version %lld of epoch %lld; %lld of epoch %lld was seen",
                      (long long)facts->version, (long long)facts->epoch, (long long)marks->version,
                      (long long)marks->epoch);
    return PINTLE_E_ROLLBACK;
}

static enum pintle_status refuse_equivocation(const struct pintle__claim *claim, int64_t version)
{
    pintle__error_set(claim->err, PINTLE_E_EQUIVOCATION, "another document of version %lld",
                      (long long)version);
    return PINTLE_E_EQUIVOCATION;
}

/* E_ROLLBACK, E_EQUIVOCATION. An older epoch comes by only in a seed, or under marks of an epoch
 * whose root we do not have (yet). */
static enum pintle_status check_marks(const struct pintle__claim *claim,
                                      const struct pintle_pins_facts *facts)
{
    const struct pintle_marks *marks = &claim->trusted->marks;

    if (facts->epoch < marks->epoch) {
        if (claim->restoring && marks->version == 0)
            return PINTLE_OK;
        return refuse_rollback(claim, facts);
    }
    if (facts->version < marks->version)
        return refuse_rollback(claim, facts);
    if (facts->version == marks->version &&
        memcmp(facts->digest, marks->digest, sizeof(facts->digest)) != 0)
        return refuse_equivocation(claim, facts->version);
    return PINTLE_OK;
}

/* Compared with the pins in force, as (epoch, version) orders them: -1 older, 0 the same, 1 newer. */
static int compare(const struct pintle_trusted *trusted, const struct pintle_pins_facts *facts)
{
    const struct pintle_pins_facts *held = &trusted->pins.facts;

    if (trusted->pins.set == NULL)
        return 1;
    if (facts->epoch != held->epoch)
        return facts->epoch > held->epoch ? 1 : -1;
    if (facts->version != held->version)
        return facts->version > held->version ? 1 : -1;
    return 0;
}

static enum pintle_status check_order(const struct pintle__claim *claim,
                                      const struct pintle_pins_facts *facts)
{
    enum pintle_status status = check_marks(claim, facts);

    if (status == PINTLE_OK && compare(claim->trusted, facts) == 0 &&
        memcmp(facts->digest, claim->trusted->pins.facts.digest, sizeof(facts->digest)) != 0)
        status = refuse_equivocation(claim, facts->version);
    return status;
}

/* --- in force ----------------------------------------------------------------------------------- */

/* Nothing here fails. What is not the newest epoch leaves no marks. */
static void take(struct pintle_trusted *trusted, struct pintle__record *record,
                 const struct pintle_trusted_pins *pins)
{
    const struct pintle_pins_facts *facts = &pins->facts;
    bool same = trusted->pins.set != NULL &&
                memcmp(facts->digest, trusted->pins.facts.digest, sizeof(facts->digest)) == 0;

    if (!same)
        pintle__trusted_hold(trusted, PINTLE_ROLE_FRESH, NULL);
    pintle__trusted_hold(trusted, PINTLE_ROLE_PINS, record);
    if (trusted->pins.set != NULL)
        trusted->loader->free(trusted->pins.set);
    trusted->pins = *pins;
    if (facts->epoch != trusted->marks.epoch)
        return;
    trusted->marks.version = facts->version;
    memcpy(trusted->marks.digest, facts->digest, sizeof(facts->digest));
    pintle__trusted_raise_floor(trusted, facts->issued);
}

static enum pintle_status check(const struct pintle__claim *claim,
                                const struct pintle_pins_facts *facts, size_t root)
{
    enum pintle_status status = pintle__check_app(claim, facts->app);

    if (status == PINTLE_OK)
        status = check_epoch(claim, facts->epoch, root);
    if (status == PINTLE_OK)
        status = pintle__check_root_expiry(claim);
    if (status == PINTLE_OK && claim->restoring && compare(claim->trusted, facts) < 0)
        return PINTLE_OK; /* and is passed over */
    if (status == PINTLE_OK)
        status = check_order(claim, facts);
    if (status == PINTLE_OK)
        status = pintle__check_expiry(claim, facts->expires);
    return status;
}

enum pintle_status pintle__judge_pins(struct pintle__claim *claim)
{
    struct pintle_trusted *trusted = claim->trusted;
    struct pintle_trusted_pins pins = {0};
    struct pintle__record *record = NULL;
    size_t root = 0;
    enum pintle_status status = find_root(claim, trusted->root_count, &root);

    if (status == PINTLE_OK)
        status = load(claim, &pins);
    if (status != PINTLE_OK)
        return status;
    status = check(claim, &pins.facts, root);
    if (status == PINTLE_OK && compare(trusted, &pins.facts) >= 0)
        status = pintle__claim_record(claim, &record);
    if (record != NULL)
        take(trusted, record, &pins);
    else
        trusted->loader->free(pins.set);
    return status;
}
