/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "engine/state.h"

enum pintle_status pintle_new(struct pintle **out, const struct pintle_pinset *set,
                              const struct pintle_config *config, struct pintle_error *err)
{
    struct pintle *engine;

    *out = NULL;
    if (config->crypto == NULL || config->clock == NULL) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "an engine needs a crypto provider and a clock");
        return PINTLE_E_ARGUMENT;
    }
    if (pintle_pinset_get_digest(set) == NULL) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "the pin-set was loaded without a digest");
        return PINTLE_E_ARGUMENT;
    }
    engine = malloc(sizeof(*engine));
    if (engine == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    atomic_init(&engine->owners, 1);
    engine->config = *config;
    pintle__live_init(&engine->live, set);
    pintle__reports_init(&engine->reports, config->report_interval_s);
    *out = engine;
    return PINTLE_OK;
}

struct pintle *pintle_retain(struct pintle *engine)
{
    atomic_fetch_add(&engine->owners, 1);
    return engine;
}

void pintle_free(struct pintle *engine)
{
    void (*freed)(void *ctx);
    void *freed_ctx;

    if (engine == NULL || atomic_fetch_sub(&engine->owners, 1) != 1)
        return;
    freed = engine->config.freed;
    freed_ctx = engine->config.freed_ctx;
    pintle__reports_clear(&engine->reports);
    pintle__live_clear(&engine->live);
    free(engine);
    if (freed != NULL)
        freed(freed_ctx);
}

enum pintle_status pintle_replace(struct pintle *engine, const struct pintle_pinset *set,
                                  struct pintle_error *err)
{
    if (pintle_pinset_get_digest(set) == NULL) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "the pin-set was loaded without a digest");
        return PINTLE_E_ARGUMENT;
    }
    return pintle__live_replace(&engine->live, set, err);
}

const struct pintle_pinset *pintle_get_pinset(struct pintle *engine)
{
    return pintle__live_get(&engine->live);
}

const struct pintle_crypto *pintle_get_crypto(const struct pintle *engine)
{
    return engine->config.crypto;
}

int64_t pintle_get_time(const struct pintle *engine)
{
    return engine->config.clock(engine->config.clock_ctx);
}

bool pintle_get_allow_unlisted(const struct pintle *engine)
{
    return engine->config.allow_unlisted;
}

size_t pintle_take_reports(struct pintle *engine,
                           void (*reported)(void *ctx, const struct pintle_report *report),
                           void *ctx)
{
    struct pintle_report report;
    struct pintle__cargo *cargo;
    size_t count = 0;

    /* No more wait at one time: under a flood the caller still gets to do something else. */
    while (count < PINTLE_REPORT_QUEUE && pintle__reports_take(&engine->reports, &report, &cargo)) {
        report.backend = engine->config.crypto->name;
        reported(ctx, &report);
        pintle_pinset_free(report.set);
        free(cargo);
        count++;
    }
    return count;
}
