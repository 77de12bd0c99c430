/* SPDX-License-Identifier: Apache-2.0 */
#include "survey.h"

#include <stdlib.h>
#include <string.h>

#include "certificate.h"

/* Every address with RSA, ECDSA and another kind of key. */
#define SIGHTINGS_MAX ((size_t)OS_ADDRS_MAX * 3)

struct run {
    struct survey *survey;
    const struct target *target;
    const struct net_options *options;
    const struct survey_how *how;
};

bool sighting_seen(const struct sighting *sighting)
{
    return sighting->status == PINTLE_OK || sighting->status == PINTLE_E_REFUSED;
}

/* --- keeping what a connection lends ---------------------------------------------------------- */

/* One block: the views and behind them their bytes. */
static bool copy_views(struct pintle_view **out, size_t *out_count, const struct pintle_view *views,
                       size_t count)
{
    size_t size = count * sizeof(*views);
    struct pintle_view *copy;
    uint8_t *bytes;

    for (size_t i = 0; i < count; i++)
        size += views[i].len;
    if (count == 0)
        return true;
    copy = malloc(size);
    if (copy == NULL)
        return false;
    bytes = (uint8_t *)(copy + count);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes, views[i].data, views[i].len);
        copy[i] = (struct pintle_view){bytes, views[i].len};
        bytes += views[i].len;
    }
    *out = copy;
    *out_count = count;
    return true;
}

static bool keep(struct sighting *s, const struct pintle_client *client)
{
    const struct pintle_client_info *info = pintle_client_get_info(client);
    const struct pintle_verdict *verdict = pintle_client_get_verdict(client);

    (void)snprintf(s->protocol, sizeof(s->protocol), "%s", info->protocol);
    (void)snprintf(s->cipher, sizeof(s->cipher), "%s", info->cipher);
    (void)snprintf(s->path_detail, sizeof(s->path_detail), "%s", info->path_detail);
    s->path = info->path;
    s->judged = verdict != NULL;
    if (verdict != NULL)
        s->verdict = *verdict;
    return copy_views(&s->served, &s->served_count, info->served, info->served_count) &&
           copy_views(&s->verified, &s->verified_count, info->verified, info->verified_count);
}

static void forget(struct sighting *s)
{
    free(s->served);
    free(s->verified);
    memset(s, 0, sizeof(*s));
}

void survey_clear(struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        forget(&survey->items[i]);
    free(survey->items);
    *survey = (struct survey){0};
}

/* --- one connection -------------------------------------------------------------------------- */

/* A failure that another address could not have. */
static bool is_ours(enum pintle_status status)
{
    switch (status) {
    case PINTLE_OK:
    case PINTLE_E_REFUSED:
    case PINTLE_E_CONNECT:
    case PINTLE_E_TIMEOUT:
    case PINTLE_E_TLS:
        return false;
    default:
        return true;
    }
}

/* What is wrong on this side ends the whole survey; what is wrong there stands in the sighting. */
static enum pintle_status look(struct run *run, struct sighting *out, const struct os_addrs *addrs,
                               enum pintle_key_kind keys, struct pintle_error *err)
{
    struct dial_how how = {.engine = run->how->engine, .keys = keys};
    struct os_deadline deadline = net_options_deadline(run->options);
    struct dial dial;
    enum pintle_status status = PINTLE_OK;

    memset(out, 0, sizeof(*out));
    out->status = dial_open(&dial, run->target, addrs, run->options, &how, &deadline, &out->err);
    (void)snprintf(out->address, sizeof(out->address), "%s",
                   dial.address[0] != '\0' ? dial.address : addrs->items[0].text);
    if (is_ours(out->status)) {
        *err = out->err;
        status = out->status;
    } else if (sighting_seen(out) && !keep(out, dial.client)) {
        *err = (struct pintle_error){.status = PINTLE_E_NOMEM};
        status = PINTLE_E_NOMEM;
    } else if (out->status == PINTLE_E_CONNECT) {
        out->no_route = !os_has_route(&addrs->items[0]);
    }
    dial_close(&dial);
    return status;
}

static enum pintle_key_kind leaf_kind(const struct sighting *s)
{
    struct pintle_certificate_info leaf;

    if (s->served_count == 0 || pintle_certificate_describe(&leaf, s->served[0], NULL) != PINTLE_OK)
        return PINTLE_KEYS_ANY;
    if (strncmp(leaf.key_type, "RSA", 3) == 0)
        return PINTLE_KEYS_RSA;
    return strncmp(leaf.key_type, "EC", 2) == 0 ? PINTLE_KEYS_ECDSA : PINTLE_KEYS_ANY;
}

/* True if it shows no certificate, or the leaf of another sighting since `from`. */
static bool is_known(const struct survey *survey, size_t from, const struct sighting *s)
{
    if (s->served_count == 0)
        return true;
    for (size_t i = from; i < survey->count; i++)
        if (survey->items[i].served_count > 0 &&
            certificate_equal(survey->items[i].served[0], s->served[0]))
            return true;
    return false;
}

/* Ask for a certificate of another kind. Only what is new is kept, or a failure to connect. */
static enum pintle_status ask_for(struct run *run, const struct os_addrs *addrs, size_t from,
                                  enum pintle_key_kind keys, struct pintle_error *err)
{
    struct sighting *s = &run->survey->items[run->survey->count];
    enum pintle_status status = look(run, s, addrs, keys, err);

    if (status == PINTLE_OK && s->status != PINTLE_E_TLS &&
        !(sighting_seen(s) && is_known(run->survey, from, s)))
        run->survey->count++;
    else
        forget(s);
    return status;
}

/* --- one address, all addresses --------------------------------------------------------------- */

static void keep_only(struct os_addrs *addrs, const char *text)
{
    for (size_t i = 0; i < addrs->count; i++)
        if (strcmp(addrs->items[i].text, text) == 0) {
            addrs->items[0] = addrs->items[i];
            addrs->count = 1;
            return;
        }
}

static enum pintle_status look_at(struct run *run, struct os_addrs *addrs, struct pintle_error *err)
{
    size_t from = run->survey->count;
    struct sighting *first = &run->survey->items[from];
    enum pintle_status status = look(run, first, addrs, PINTLE_KEYS_ANY, err);
    enum pintle_key_kind kind;

    run->survey->count++;
    if (status != PINTLE_OK || !sighting_seen(first))
        return status;
    keep_only(addrs, first->address);
    kind = leaf_kind(first);
    if (kind != PINTLE_KEYS_RSA)
        status = ask_for(run, addrs, from, PINTLE_KEYS_RSA, err);
    if (status == PINTLE_OK && kind != PINTLE_KEYS_ECDSA)
        status = ask_for(run, addrs, from, PINTLE_KEYS_ECDSA, err);
    return status;
}

enum pintle_status survey_run(struct survey *out, const struct target *target,
                              const struct net_options *options, const struct survey_how *how,
                              struct pintle_error *err)
{
    struct run run = {out, target, options, how};
    struct os_deadline deadline = net_options_deadline(options);
    struct os_addrs addrs;
    enum pintle_status status;

    *out = (struct survey){0};
    status = dial_find(&addrs, target, options, &deadline, err);
    if (status != PINTLE_OK)
        return status;
    out->items = calloc(SIGHTINGS_MAX, sizeof(*out->items));
    if (out->items == NULL) {
        *err = (struct pintle_error){.status = PINTLE_E_NOMEM};
        return PINTLE_E_NOMEM;
    }
    if (!how->every_address)
        return look_at(&run, &addrs, err);
    for (size_t i = 0; status == PINTLE_OK && i < addrs.count; i++) {
        struct os_addrs one = {.count = 1};

        one.items[0] = addrs.items[i];
        status = look_at(&run, &one, err);
    }
    return status;
}
