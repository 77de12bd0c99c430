/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scene.h"

#include <string.h>

#include "base/error.h"
#include "engine/state.h"

bool pintle__host_known(const struct pintle_host *host)
{
    return host != NULL && host->len > 0;
}

void pintle__verdict_explain(struct pintle_verdict *verdict, const char *detail)
{
    struct pintle_error printable;
    size_t len;

    if (detail == NULL)
        return;
    pintle__error_set(&printable, PINTLE_E_INTERNAL, "%s", detail);
    len = strlen(printable.text);
    if (len >= sizeof(verdict->detail)) {
        len = sizeof(verdict->detail) - 1;
        while (len > 0 && ((unsigned char)printable.text[len] & 0xc0) == 0x80)
            len--; /* not in the middle of a character */
    }
    memcpy(verdict->detail, printable.text, len);
    verdict->detail[len] = '\0';
}

static void describe_rule(struct pintle_verdict *verdict, const struct pintle_rule *rule)
{
    size_t len = strlen(rule->id);

    if (len >= sizeof(verdict->rule))
        len = sizeof(verdict->rule) - 1;
    memcpy(verdict->rule, rule->id, len);
    verdict->rule[len] = '\0';
    verdict->mode = pintle_rule_get_mode(rule, verdict->time);
    verdict->unpinned = pintle_rule_is_unpinned(rule, verdict->time);
}

struct pintle__scene pintle__scene_open(struct pintle_verdict *verdict, struct pintle *engine,
                                        const struct pintle_host *host, uint16_t port)
{
    struct pintle__scene scene = {NULL, NULL};

    pintle_verdict_init(verdict);
    scene.set = pintle__live_get(&engine->live);
    verdict->port = port;
    verdict->time = pintle_get_time(engine);
    verdict->stale = verdict->time >= pintle_pinset_get_fresh_until(scene.set);
    verdict->set_version = pintle_pinset_get_version(scene.set);
    memcpy(verdict->set_digest, pintle_pinset_get_digest(scene.set), PINTLE_DIGEST_LEN);
    if (!pintle__host_known(host))
        return scene;
    verdict->host = *host;
    scene.rule = pintle_pinset_find(scene.set, host, port);
    if (scene.rule != NULL)
        describe_rule(verdict, scene.rule);
    return scene;
}

bool pintle__scene_renew(struct pintle__scene *scene, struct pintle_verdict *verdict,
                         struct pintle *engine, const struct pintle_host *host, uint16_t port)
{
    const struct pintle_pinset *set = pintle__live_get(&engine->live);
    bool same = set == scene->set;

    pintle_pinset_free(set);
    if (same)
        return false;
    pintle_pinset_free(scene->set);
    *scene = pintle__scene_open(verdict, engine, host, port);
    return true;
}

/* A pending verdict is followed by another one on the same handshake, which counts. */
static bool is_worth_a_report(const struct pintle_verdict *verdict)
{
    if (verdict->decision != PINTLE_ACCEPT || verdict->softened)
        return true;
    return (verdict->reason == PINTLE_REASON_FIRST_USE || verdict->unpinned) && !verdict->pending;
}

void pintle__scene_close(struct pintle__scene *scene, struct pintle *engine,
                         const struct pintle_verdict *verdict, const struct pintle__extra *extra)
{
    static const struct pintle__extra none = {NULL, NULL};
    const struct pintle_config *config = &engine->config;
    struct pintle__extra carried = extra != NULL ? *extra : none;

    if (!config->report_certificates)
        carried.chain = NULL;
    if (is_worth_a_report(verdict) &&
        pintle__reports_put(&engine->reports, verdict, scene->set, scene->rule, &carried) &&
        config->notify != NULL)
        config->notify(config->notify_ctx);
    pintle_pinset_free(scene->set);
    scene->set = NULL;
    scene->rule = NULL;
}
