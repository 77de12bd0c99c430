/* SPDX-License-Identifier: Apache-2.0 */
/* Starting from a seed, and taking back what was believed before a restart. */
#include <stdlib.h>

#include "base/error.h"
#include "bundle/envelope.h"
#include "bundle/seed.h"
#include "bundle/trusted.h"

/* These say nothing of the record. */
static bool is_our_failure(enum pintle_status status)
{
    return status == PINTLE_E_CRYPTO || status == PINTLE_E_NOMEM;
}

/* Whether it is a root that we have, or are beyond. Its signatures do not matter: it changes
 * nothing. Fails only for want of memory or crypto. */
static enum pintle_status find_old_root(const struct pintle__claim *claim, bool *old)
{
    const struct pintle_trusted *trusted = claim->trusted;
    struct pintle_root *root;
    enum pintle_status status = pintle_root_parse(
        &root, pintle_envelope_get_payload(claim->envelope), trusted->crypto, claim->err);

    *old = status == PINTLE_OK && root->version <= pintle__trusted_root(trusted)->version;
    free(root);
    return is_our_failure(status) ? status : PINTLE_OK;
}

/* `alone`: the seed is all there is, so that no root in it is old. Writes err even if all is well: a
 * root of the chain may not have signed what another did. */
static enum pintle_status take_record(struct pintle_trusted *trusted, bool alone,
                                      const struct pintle__seed_record *record,
                                      struct pintle_error *err)
{
    struct pintle__claim claim = {.trusted = trusted, .restoring = true, .err = err};
    bool old = false;
    enum pintle_status status;

    if (record->role == PINTLE_ROLE_UNPIN && trusted->ignore_unpin)
        return PINTLE_OK;
    status = pintle__seed_envelope(&claim.envelope, record, err);
    if (status == PINTLE_OK && record->role == PINTLE_ROLE_ROOT && !alone)
        status = find_old_root(&claim, &old);
    if (status == PINTLE_OK && !old)
        status = pintle__judge(&claim, record->role);
    pintle_envelope_free(claim.envelope);
    return status;
}

/* --- all that holds or nothing -------------------------------------------------------------------- */

static enum pintle_status take_records(struct pintle_trusted *trusted, struct pintle_view seed,
                                       size_t *refused, struct pintle_error *err)
{
    struct pintle__seed_record record;
    struct pintle_error why;
    size_t offset = PINTLE__SEED_MAGIC_LEN;

    while (pintle__seed_next(seed, &offset, &record)) {
        enum pintle_status status = take_record(trusted, false, &record, &why);
        if (is_our_failure(status)) {
            if (err != NULL)
                *err = why;
            return status;
        }
        if (status != PINTLE_OK)
            *refused += 1;
    }
    return PINTLE_OK;
}

/* What one of them holds is then the other's. */
static void swap(struct pintle_trusted *a, struct pintle_trusted *b)
{
    struct pintle_trusted kept = *a;

    *a = *b;
    *b = kept;
}

enum pintle_status pintle_trusted_restore(struct pintle_trusted *trusted, struct pintle_view seed,
                                          size_t *refused, struct pintle_error *err)
{
    struct pintle_trusted *work = NULL;
    size_t count = 0;
    enum pintle_status status = pintle__seed_check(seed, err);

    if (status == PINTLE_OK)
        status = pintle_trusted_copy(&work, trusted, err);
    if (status == PINTLE_OK)
        status = take_records(work, seed, &count, err);
    if (status == PINTLE_OK)
        swap(trusted, work);
    pintle_trusted_free(work);
    if (refused != NULL)
        *refused = status == PINTLE_OK ? count : 0;
    return status;
}

/* --- a seed alone --------------------------------------------------------------------------------- */

static enum pintle_status start(struct pintle_trusted **out, struct pintle_view seed,
                                size_t *offset, const struct pintle_trusted_options *options,
                                struct pintle_error *err)
{
    struct pintle__seed_record record;
    struct pintle_envelope *envelope = NULL;
    enum pintle_status status;

    *out = NULL;
    if (!pintle__seed_next(seed, offset, &record))
        return PINTLE_E_ENVELOPE;
    status = pintle__seed_envelope(&envelope, &record, err);
    if (status == PINTLE_OK)
        status = pintle__trusted_start(out, envelope, options, err);
    return status;
}

enum pintle_status pintle_trusted_new_from_seed(struct pintle_trusted **out,
                                                struct pintle_view seed,
                                                const struct pintle_trusted_options *options,
                                                struct pintle_error *err)
{
    struct pintle_trusted *trusted = NULL;
    struct pintle__seed_record record;
    struct pintle_error why;
    size_t offset = PINTLE__SEED_MAGIC_LEN;
    enum pintle_status status = pintle__seed_check(seed, &why);

    *out = NULL;
    if (status == PINTLE_OK)
        status = start(&trusted, seed, &offset, options, &why);
    while (status == PINTLE_OK && pintle__seed_next(seed, &offset, &record))
        status = take_record(trusted, true, &record, &why);
    if (status != PINTLE_OK && err != NULL)
        *err = why;
    if (status == PINTLE_OK)
        *out = trusted;
    else
        pintle_trusted_free(trusted);
    return status;
}
