/* SPDX-License-Identifier: Apache-2.0 */
/* Pin-sets as signed bundles bring them. */
#include <stdlib.h>
#include <string.h>

#include <pintle/engine.h>

#include "base/error.h"

/* --- the loader of bundles -------------------------------------------------------------------- */

static enum pintle_status load(const struct pintle_pinset **out, struct pintle_pins_facts *facts,
                               struct pintle_view payload, const struct pintle_crypto *crypto,
                               struct pintle_error *err)
{
    struct pintle_pinset_options options = {PINTLE_PINS_PAYLOAD_MAX_LEN, crypto};
    struct pintle_pinset *set;
    enum pintle_status status;

    *out = NULL;
    if (crypto == NULL) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "a pin-set without a digest is of no use");
        return PINTLE_E_ARGUMENT;
    }
    status = pintle_pinset_parse(&set, (const char *)payload.data, payload.len, &options, err);
    if (status != PINTLE_OK)
        return status;
    facts->app = pintle_pinset_get_app(set);
    facts->epoch = pintle_pinset_get_epoch(set);
    facts->version = pintle_pinset_get_version(set);
    facts->issued = pintle_pinset_get_issued(set);
    facts->expires = pintle_pinset_get_expires(set);
    memcpy(facts->digest, pintle_pinset_get_digest(set), PINTLE_DIGEST_LEN);
    *out = set;
    return PINTLE_OK;
}

const struct pintle_pins_loader *pintle_pinset_loader(void)
{
    static const struct pintle_pins_loader loader = {load, pintle_pinset_retain,
                                                     pintle_pinset_free};

    return &loader;
}

/* --- what a trust state stands for ------------------------------------------------------------ */

/* Without a fresh statement, where the root wants one, nothing says that the pins are the newest. */
static int64_t fresh_until(const struct pintle_trusted *trusted)
{
    return pintle_trusted_wants_fresh(trusted) ? pintle_trusted_get_fresh_until(trusted)
                                               : PINTLE_NEVER;
}

/* The rules of an unpin as a pin-set takes them. The caller frees *out. */
static enum pintle_status soften(struct pintle_softening **out, const struct pintle_unpin *unpin,
                                 struct pintle_error *err)
{
    *out = NULL;
    if (unpin == NULL || unpin->rule_count == 0)
        return PINTLE_OK;
    *out = calloc(unpin->rule_count, sizeof(**out));
    if (*out == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    for (uint32_t i = 0; i < unpin->rule_count; i++) {
        (*out)[i].rule = unpin->rules[i].rule;
        (*out)[i].off = unpin->rules[i].off;
    }
    return PINTLE_OK;
}

enum pintle_status pintle_pinset_from_trusted(const struct pintle_pinset **out,
                                              const struct pintle_trusted *trusted,
                                              struct pintle_error *err)
{
    const struct pintle_unpin *unpin = pintle_trusted_get_unpin(trusted);
    struct pintle_pinset_terms terms = {.fresh_until = fresh_until(trusted)};
    struct pintle_softening *softened;
    struct pintle_trusted_pins pins;
    enum pintle_status status;

    *out = NULL;
    if (!pintle_trusted_get_pins(trusted, &pins)) {
        pintle__error_set(err, PINTLE_E_STATE, "no pins are trusted yet");
        return PINTLE_E_STATE;
    }
    status = soften(&softened, unpin, err);
    if (status != PINTLE_OK)
        return status;
    if (softened != NULL) {
        terms.soften = softened;
        terms.soften_count = unpin->rule_count;
        terms.soften_until = unpin->expires;
    }
    status = pintle_pinset_derive(out, pins.set, &terms, err);
    free(softened);
    return status;
}
