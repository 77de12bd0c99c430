/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/fake_pins.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/time.h>

struct fake_set {
    size_t owners;
    char app[256];
};

static size_t live;
static size_t loaded;

static enum pintle_status fail(struct pintle_error *err, enum pintle_status status)
{
    if (err != NULL)
        *err = (struct pintle_error){.status = status};
    return status;
}

static bool get_time(int64_t *out, const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text != NULL && pintle_time_parse(out, text, strlen(text), NULL) == PINTLE_OK;
}

static bool get_facts(struct fake_set *set, struct pintle_pins_facts *facts, const json_t *json)
{
    const char *app = json_string_value(json_object_get(json, "app"));

    if (app == NULL || strlen(app) >= sizeof(set->app))
        return false;
    (void)snprintf(set->app, sizeof(set->app), "%s", app);
    facts->app = set->app;
    facts->epoch = json_integer_value(json_object_get(json, "epoch"));
    facts->version = json_integer_value(json_object_get(json, "version"));
    return facts->epoch > 0 && facts->version > 0 && get_time(&facts->issued, json, "issued") &&
           get_time(&facts->expires, json, "expires");
}

static enum pintle_status load(const struct pintle_pinset **out, struct pintle_pins_facts *facts,
                               struct pintle_view payload, const struct pintle_crypto *crypto,
                               struct pintle_error *err)
{
    json_t *json =
        json_loadb((const char *)payload.data, payload.len, JSON_REJECT_DUPLICATES, NULL);
    struct fake_set *set = calloc(1, sizeof(*set));
    enum pintle_status status = PINTLE_OK;

    *out = NULL;
    if (set == NULL)
        status = PINTLE_E_NOMEM;
    else if (json == NULL)
        status = PINTLE_E_JSON;
    else if (!get_facts(set, facts, json))
        status = PINTLE_E_SCHEMA;
    else if (!crypto->sha256(crypto->ctx, payload.data, payload.len, facts->digest))
        status = PINTLE_E_CRYPTO;
    json_decref(json);
    if (status != PINTLE_OK) {
        free(set);
        return fail(err, status);
    }
    set->owners = 1;
    live++;
    loaded++;
    *out = (const struct pintle_pinset *)(const void *)set;
    return PINTLE_OK;
}

static struct fake_set *writable(const struct pintle_pinset *set)
{
    union {
        const struct pintle_pinset *lent;
        struct fake_set *own;
    } either = {set};

    return either.own;
}

static const struct pintle_pinset *retain(const struct pintle_pinset *set)
{
    writable(set)->owners++;
    return set;
}

static void let_go(const struct pintle_pinset *set)
{
    if (set == NULL || --writable(set)->owners > 0)
        return;
    live--;
    free(writable(set));
}

const struct pintle_pins_loader *fake_pins_loader(void)
{
    static const struct pintle_pins_loader loader = {load, retain, let_go};

    return &loader;
}

size_t fake_pins_live(void)
{
    return live;
}

size_t fake_pins_loaded(void)
{
    return loaded;
}
