/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a client: making, copying and reading it. */
#include "bundle/trusted.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bundle/envelope.h"
#include "bundle/key.h"
#include "bundle/seed.h"

/* --- records ------------------------------------------------------------------------------------ */

enum pintle_status pintle__record_new(struct pintle__record **out, struct pintle_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return pintle__no_memory(err);
    atomic_init(&(*out)->refs, 1);
    return PINTLE_OK;
}

struct pintle__record *pintle__record_retain(struct pintle__record *record)
{
    if (record != NULL)
        atomic_fetch_add_explicit(&record->refs, 1, memory_order_relaxed);
    return record;
}

void pintle__record_free(struct pintle__record *record)
{
    /* Release and acquire: whoever frees sees all that other owners did before they let go. */
    if (record == NULL || atomic_fetch_sub_explicit(&record->refs, 1, memory_order_acq_rel) != 1)
        return;
    pintle_envelope_free(record->envelope);
    free(record->root);
    free(record->fresh);
    free(record->unpin);
    free(record);
}

/* --- making ------------------------------------------------------------------------------------- */

/* Signed by itself, of our payload type, for our app. The record has its envelope. */
static enum pintle_status read_anchor(struct pintle__record *record,
                                      const struct pintle_trusted_options *options,
                                      struct pintle_error *err)
{
    enum pintle_role role;
    enum pintle_status status;

    if (!pintle_envelope_get_role(record->envelope, &role) || role != PINTLE_ROLE_ROOT) {
        pintle__error_set(err, PINTLE_E_PAYLOAD_TYPE, "it is no root but of type \"%s\"",
                          pintle_envelope_get_type(record->envelope));
        return PINTLE_E_PAYLOAD_TYPE;
    }
    status = pintle_root_parse(&record->root, pintle_envelope_get_payload(record->envelope),
                               options->crypto, err);
    if (status == PINTLE_OK)
        status = pintle__check_signers(record->root, PINTLE_ROLE_ROOT, record->envelope,
                                       options->crypto, err);
    if (status == PINTLE_OK && options->app != NULL &&
        strcmp(options->app, record->root->app) != 0) {
        pintle__error_set(err, PINTLE_E_APP, "the root is for app \"%s\"", record->root->app);
        return PINTLE_E_APP;
    }
    return status;
}

static struct pintle_trusted *new_state(struct pintle__record *anchor,
                                        const struct pintle_trusted_options *options)
{
    struct pintle_trusted *trusted = calloc(1, sizeof(*trusted));

    if (trusted == NULL)
        return NULL;
    trusted->crypto = options->crypto;
    trusted->loader = options->loader;
    trusted->ignore_unpin = options->ignore_unpin;
    trusted->roots[0] = anchor;
    trusted->root_count = 1;
    trusted->roots_len = pintle__seed_record_len(anchor->envelope);
    trusted->marks.epoch = anchor->root->epoch;
    trusted->marks.clock_floor = anchor->root->issued;
    return trusted;
}

enum pintle_status pintle__trusted_start(struct pintle_trusted **out,
                                         struct pintle_envelope *envelope,
                                         const struct pintle_trusted_options *options,
                                         struct pintle_error *err)
{
    struct pintle__record *record;
    enum pintle_status status = pintle__record_new(&record, err);

    *out = NULL;
    if (status != PINTLE_OK) {
        pintle_envelope_free(envelope);
        return status;
    }
    record->envelope = envelope;
    status = read_anchor(record, options, err);
    if (status == PINTLE_OK) {
        *out = new_state(record, options);
        if (*out == NULL)
            status = pintle__no_memory(err);
    }
    if (status != PINTLE_OK)
        pintle__record_free(record);
    return status;
}

enum pintle_status pintle_trusted_new(struct pintle_trusted **out, struct pintle_view root,
                                      const struct pintle_trusted_options *options,
                                      struct pintle_error *err)
{
    struct pintle_envelope *envelope;
    enum pintle_status status =
        pintle_envelope_parse(&envelope, (const char *)root.data, root.len, err);

    *out = NULL;
    if (status == PINTLE_OK)
        status = pintle__trusted_start(out, envelope, options, err);
    return status;
}

enum pintle_status pintle_trusted_copy(struct pintle_trusted **out,
                                       const struct pintle_trusted *trusted,
                                       struct pintle_error *err)
{
    struct pintle_trusted *copy = malloc(sizeof(*copy));

    *out = copy;
    if (copy == NULL)
        return pintle__no_memory(err);
    *copy = *trusted;
    for (size_t i = 0; i < copy->root_count; i++)
        (void)pintle__record_retain(copy->roots[i]);
    for (size_t i = 0; i < PINTLE_ROLES; i++)
        (void)pintle__record_retain(copy->held[i]);
    if (copy->pins.set != NULL)
        (void)copy->loader->retain(copy->pins.set);
    return PINTLE_OK;
}

void pintle_trusted_free(struct pintle_trusted *trusted)
{
    if (trusted == NULL)
        return;
    for (size_t i = 0; i < trusted->root_count; i++)
        pintle__record_free(trusted->roots[i]);
    for (size_t i = 0; i < PINTLE_ROLES; i++)
        pintle__record_free(trusted->held[i]);
    if (trusted->pins.set != NULL)
        trusted->loader->free(trusted->pins.set);
    free(trusted);
}

/* --- changing ----------------------------------------------------------------------------------- */

void pintle__trusted_hold(struct pintle_trusted *trusted, enum pintle_role role,
                          struct pintle__record *record)
{
    pintle__record_free(trusted->held[role]);
    trusted->held[role] = record;
}

void pintle__trusted_raise_floor(struct pintle_trusted *trusted, int64_t time)
{
    if (time > trusted->marks.clock_floor)
        trusted->marks.clock_floor = time;
}

void pintle_trusted_raise_marks(struct pintle_trusted *trusted, const struct pintle_marks *marks)
{
    struct pintle_marks *ours = &trusted->marks;

    if (marks->epoch > ours->epoch) {
        *ours = *marks;
        return;
    }
    /* What an older epoch saw, its clock floor too, may be what the epoch was raised against. */
    if (marks->epoch < ours->epoch)
        return;
    if (marks->version > ours->version) {
        ours->version = marks->version;
        memcpy(ours->digest, marks->digest, sizeof(ours->digest));
    }
    if (marks->unpin > ours->unpin)
        ours->unpin = marks->unpin;
    pintle__trusted_raise_floor(trusted, marks->clock_floor);
}

/* --- reading ------------------------------------------------------------------------------------ */

const struct pintle_root *pintle__trusted_root(const struct pintle_trusted *trusted)
{
    return trusted->roots[trusted->root_count - 1]->root;
}

struct pintle_marks pintle_trusted_get_marks(const struct pintle_trusted *trusted)
{
    return trusted->marks;
}

int64_t pintle_trusted_get_time(const struct pintle_trusted *trusted, int64_t now)
{
    return now > trusted->marks.clock_floor ? now : trusted->marks.clock_floor;
}

const struct pintle_root *pintle_trusted_get_root(const struct pintle_trusted *trusted)
{
    return pintle__trusted_root(trusted);
}

bool pintle_trusted_get_pins(const struct pintle_trusted *trusted, struct pintle_trusted_pins *out)
{
    if (trusted->pins.set == NULL)
        return false;
    *out = trusted->pins;
    return true;
}

int64_t pintle_trusted_get_fresh_until(const struct pintle_trusted *trusted)
{
    const struct pintle__record *record = trusted->held[PINTLE_ROLE_FRESH];

    return record == NULL ? 0 : record->fresh->expires;
}

bool pintle_trusted_wants_fresh(const struct pintle_trusted *trusted)
{
    return pintle__trusted_root(trusted)->roles[PINTLE_ROLE_FRESH].key_count > 0;
}

const struct pintle_unpin *pintle_trusted_get_unpin(const struct pintle_trusted *trusted)
{
    const struct pintle__record *record = trusted->held[PINTLE_ROLE_UNPIN];

    return record == NULL ? NULL : &record->unpin->unpin;
}

const struct pintle_envelope *pintle_trusted_get_envelope(const struct pintle_trusted *trusted,
                                                          enum pintle_role role, size_t index)
{
    if (role == PINTLE_ROLE_ROOT)
        return index < trusted->root_count ? trusted->roots[index]->envelope : NULL;
    if (index > 0 || trusted->held[role] == NULL)
        return NULL;
    return trusted->held[role]->envelope;
}
