/* SPDX-License-Identifier: Apache-2.0 */
/* What the program is told, and what it can ask. */
#include "os/update_pass.h"
#include "os/updater.h"

#define DESCRIPTION_SIZE 256

void pintle__update_tell(const struct pintle_updater *updater, enum pintle_event_kind kind,
                         enum pintle_status status, const char *source, const char *text)
{
    struct pintle_event event = {kind, status, source, text};

    if (updater->config.happened != NULL)
        updater->config.happened(updater->config.happened_ctx, &event);
}

void pintle__update_tell_description(const struct pintle_updater *updater,
                                     enum pintle_event_kind kind, const char *source)
{
    char text[DESCRIPTION_SIZE];

    pintle__update_tell(updater, kind, PINTLE_OK, source,
                        pintle_describe(updater->engine, text, sizeof(text)));
}

void pintle__update_note_storage(struct pintle_updater *updater, enum pintle_status status,
                                 const struct pintle_error *err)
{
    bool worked;

    pintle__updater_lock(updater);
    worked = updater->status.storage;
    updater->status.storage = status == PINTLE_OK;
    pintle__updater_unlock(updater);
    if (status != PINTLE_OK && worked)
        pintle__update_tell(updater, PINTLE_EVENT_STORAGE, status, "", err->text);
}

void pintle__update_note_trusted(struct pintle_updater *updater)
{
    const struct pintle_unpin *unpin = pintle_trusted_get_unpin(updater->trusted);
    int64_t root_version = pintle_trusted_get_root(updater->trusted)->version;
    int64_t fresh_until = pintle__update_fresh_until(updater->trusted);
    struct pintle_updater_status *status = &updater->status;
    struct pintle_trusted_pins pins = {0};

    (void)pintle_trusted_get_pins(updater->trusted, &pins);
    pintle__updater_lock(updater);
    status->root_version = root_version;
    status->epoch = pins.facts.epoch;
    status->version = pins.facts.version;
    status->issued = pins.facts.issued;
    status->expires = pins.facts.expires;
    status->fresh_until = fresh_until;
    status->unpin_until = unpin != NULL ? unpin->expires : 0;
    pintle__updater_unlock(updater);
}

void pintle__update_tell_unpin(struct pintle_updater *updater)
{
    const struct pintle_unpin *unpin = pintle_trusted_get_unpin(updater->trusted);

    if (unpin == NULL || (unpin->serial == updater->told_unpin_serial &&
                          unpin->issued == updater->told_unpin_issued))
        return;
    updater->told_unpin_serial = unpin->serial;
    updater->told_unpin_issued = unpin->issued;
    if (unpin->rule_count > 0 && pintle__updater_now(updater) < unpin->expires)
        pintle__update_tell(updater, PINTLE_EVENT_UNPINNED, PINTLE_OK, "", unpin->reason);
}

void pintle__update_note_postponed(struct pintle_updater *updater, int64_t until)
{
    pintle__updater_lock(updater);
    updater->status.postponed_until = until;
    pintle__updater_unlock(updater);
}

void pintle__update_tell_stale(struct pintle_updater *updater)
{
    int64_t now = pintle__updater_now(updater);
    bool stale;
    bool told;

    pintle__updater_lock(updater);
    stale = now >= updater->status.fresh_until;
    told = updater->told_stale;
    updater->told_stale = stale;
    pintle__updater_unlock(updater);
    if (stale && !told)
        pintle__update_tell_description(updater, PINTLE_EVENT_STALE, "");
}

void pintle_updater_get_status(struct pintle_updater *updater, struct pintle_updater_status *out)
{
    int64_t now = pintle__updater_now(updater);

    pintle__updater_lock(updater);
    *out = updater->status;
    pintle__updater_unlock(updater);
    out->stale = now >= out->fresh_until;
}
