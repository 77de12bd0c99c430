/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the checks is the numbered list at pintle_decide() in pintle/engine.h. */
#include <stdio.h>

#include "engine/judging.h"
#include "engine/scene.h"

static const char no_certificates[] = "a valid path without certificates";

/* The leaf's key alone is asked for: no path. */
static bool is_key(const struct pintle_rule *rule)
{
    return rule->trust == PINTLE_TRUST_KEY || rule->trust == PINTLE_TRUST_TOFU_KEY;
}

/* How path validation ended, in the terms of a verdict: what cannot be looked at is no path. */
static enum pintle_path judge_path(struct pintle_verdict *verdict, const struct pintle_peer *peer)
{
    if (peer->chain.count > PINTLE_CHAIN_MAX) {
        char detail[64];

        (void)snprintf(detail, sizeof(detail), "a chain of %zu certificates, more than %d",
                       peer->chain.count, PINTLE_CHAIN_MAX);
        pintle__verdict_explain(verdict, detail);
        return PINTLE_PATH_INVALID;
    }
    if (peer->path == PINTLE_PATH_VALID) {
        verdict->path_count = 1;
        return PINTLE_PATH_VALID;
    }
    pintle__verdict_explain(verdict, peer->detail);
    return peer->path;
}

/*
 * Look for denied and pinned keys in the path as far as validation built it: on a failed path the
 * pins decide nothing without trust "key", but the report shows which keys were met.
 */
static enum pintle__match look(struct pintle_verdict *verdict, const struct pintle_rule *rule,
                               const struct pintle_chain *path, const struct pintle_crypto *crypto)
{
    bool only_leaf = is_key(rule);
    struct pintle_chain chain = *path;
    enum pintle__match found;

    if (chain.count == 0 || chain.count > PINTLE_CHAIN_MAX)
        return PINTLE__MATCH_NONE;
    if (verdict->mode == PINTLE_MODE_OFF && !only_leaf && rule->deny_count == 0)
        return PINTLE__MATCH_NONE;
    if (only_leaf && rule->deny_count == 0)
        chain.count = 1;
    found = pintle__match_path(verdict, rule, &chain, crypto);
    if (only_leaf && found == PINTLE__MATCH_PINNED && verdict->cert_index > 0) {
        verdict->chain[verdict->cert_index].note = PINTLE_CERT_MISPLACED;
        found = PINTLE__MATCH_NONE;
    }
    return found;
}

/* One with a denied key is as if it did not exist; one that cannot be read ends the search, as
 * anywhere. */
static enum pintle__match search(struct pintle__judging *judging, const struct pintle_rule *rule)
{
    const struct pintle_peer *peer = judging->peer;
    struct pintle_verdict *verdict = judging->verdict;

    for (int i = 0; peer->next_path != NULL && i < PINTLE_PATHS_MAX; i++) {
        struct pintle_chain path = {0, NULL, NULL};
        struct pintle_verdict trial = *verdict;
        enum pintle__match found;

        if (!peer->next_path(peer->ctx, rule, &path))
            break;
        verdict->path_count++;
        if (path.count == 0) {
            pintle__verdict_explain(verdict, no_certificates);
            return PINTLE__MATCH_ERROR;
        }
        found = look(&trial, rule, &path, judging->engine->config.crypto);
        if (found == PINTLE__MATCH_PINNED || found == PINTLE__MATCH_ERROR) {
            trial.path_count = verdict->path_count;
            *verdict = trial;
            judging->shown = path;
            return found;
        }
    }
    return PINTLE__MATCH_NONE;
}

enum pintle__match pintle__look_elsewhere(struct pintle__judging *judging,
                                          const struct pintle_rule *rule)
{
    enum pintle__match found = search(judging, rule);

    if (found == PINTLE__MATCH_NONE && judging->peer->reset != NULL)
        judging->peer->reset(judging->peer->ctx);
    return found;
}

void pintle__refuse_path(struct pintle__judging *judging)
{
    judging->verdict->reason = judging->path == PINTLE_PATH_WRONG_NAME ? PINTLE_REASON_NAME_MISMATCH
                                                                       : PINTLE_REASON_PATH_INVALID;
}

static void accept_match(struct pintle__judging *judging)
{
    pintle__accept(judging->verdict, PINTLE_REASON_MATCH);
    if (pintle__is_tofu(judging->rule))
        pintle__learn_pinned(judging);
}

/* The path is valid, the rule wants a pin, and this path has none. */
static void judge_mismatch(struct pintle__judging *judging)
{
    const struct pintle_rule *rule = judging->rule;
    struct pintle_verdict *verdict = judging->verdict;
    enum pintle__match found = PINTLE__MATCH_NONE;

    if (!is_key(rule) && rule->pin_count > 0) /* the leaf is the same in every path */
        found = pintle__look_elsewhere(judging, rule);
    if (found == PINTLE__MATCH_ERROR)
        return;
    if (found == PINTLE__MATCH_PINNED) {
        accept_match(judging);
        return;
    }
    if (pintle__is_tofu(rule)) {
        pintle__judge_learned(judging);
        return;
    }
    verdict->reason = PINTLE_REASON_MISMATCH;
    if (verdict->mode == PINTLE_MODE_REPORT) {
        verdict->decision = PINTLE_ACCEPT;
        verdict->softened = true;
    }
}

static void judge_listed(struct pintle__judging *judging)
{
    const struct pintle_rule *rule = judging->rule;
    struct pintle_verdict *verdict = judging->verdict;
    bool valid = judging->path == PINTLE_PATH_VALID;
    enum pintle__match found = look(verdict, rule, &judging->shown, judging->engine->config.crypto);

    if (found == PINTLE__MATCH_ERROR)
        return;
    if (found == PINTLE__MATCH_DENIED) {
        verdict->reason = PINTLE_REASON_DENIED;
        return;
    }
    if (found == PINTLE__MATCH_PINNED &&
        (is_key(rule) || (valid && verdict->mode != PINTLE_MODE_OFF))) {
        accept_match(judging);
        return;
    }
    verdict->cert_index = -1;
    verdict->pin_index = -1;
    if (!valid && rule->trust == PINTLE_TRUST_TOFU_KEY)
        pintle__judge_learned(judging);
    else if (!valid)
        pintle__refuse_path(judging);
    else if (verdict->mode == PINTLE_MODE_OFF)
        pintle__accept(verdict, PINTLE_REASON_OFF);
    else
        judge_mismatch(judging);
}

static void judge_unlisted(struct pintle__judging *judging)
{
    judging->verdict->reason = PINTLE_REASON_NO_RULE;
    if (judging->engine->config.allow_unlisted && judging->path == PINTLE_PATH_VALID)
        pintle__judge_noted(judging);
}

static void judge(struct pintle__judging *judging, const struct pintle__scene *scene)
{
    struct pintle_verdict *verdict = judging->verdict;

    judging->rule = scene->rule;
    judging->shown = judging->peer->chain;
    judging->has_learned = false;
    if (!pintle__host_known(judging->peer->host)) {
        verdict->reason = PINTLE_REASON_NO_HOST;
        return;
    }
    judging->path = judge_path(verdict, judging->peer);
    if (judging->path == PINTLE_PATH_VALID && judging->shown.count == 0)
        pintle__verdict_explain(verdict, no_certificates);
    else if (scene->rule == NULL)
        judge_unlisted(judging);
    else
        judge_listed(judging);
}

/* A mismatch: did somebody just put a newer pin-set in force? Then the scene begins anew. */
static bool refresh(struct pintle__judging *judging, struct pintle__scene *scene)
{
    const struct pintle_config *config = &judging->engine->config;

    if (judging->verdict->reason != PINTLE_REASON_MISMATCH || config->refresh == NULL)
        return false;
    (void)config->refresh(config->refresh_ctx, judging->verdict);
    return pintle__scene_renew(scene, judging->verdict, judging->engine, judging->peer->host,
                               judging->peer->port);
}

void pintle_decide(struct pintle_verdict *verdict, struct pintle *engine,
                   const struct pintle_peer *peer)
{
    struct pintle__scene scene = pintle__scene_open(verdict, engine, peer->host, peer->port);
    struct pintle__judging judging; /* `learned` is large, and seldom used */
    struct pintle__extra extra = {NULL, NULL};

    judging.verdict = verdict;
    judging.engine = engine;
    judging.peer = peer;
    judge(&judging, &scene);
    if (refresh(&judging, &scene))
        judge(&judging, &scene);
    if (judging.has_learned)
        extra.learned = &judging.learned;
    extra.chain = &judging.shown;
    pintle__scene_close(&scene, engine, verdict, &extra);
}

void pintle_decide_refusal(struct pintle_verdict *verdict, struct pintle *engine,
                           const struct pintle_host *host, uint16_t port, enum pintle_reason reason,
                           const char *detail)
{
    struct pintle__scene scene = pintle__scene_open(verdict, engine, host, port);

    verdict->reason = reason;
    pintle__verdict_explain(verdict, detail);
    pintle__scene_close(&scene, engine, verdict, NULL);
}

/* Pins that were noted since the session was made are not in its binding only if that was now. */
static void judge_unlisted_resumed(struct pintle_verdict *verdict, struct pintle *engine,
                                   const struct pintle_host *host, uint16_t port)
{
    struct pintle_learned noted;

    verdict->reason = PINTLE_REASON_NO_RULE;
    if (!engine->config.allow_unlisted)
        return;
    switch (pintle__recall_noted(engine, host, port, verdict->time, &noted)) {
    case PINTLE_RECALL_NONE:
    case PINTLE_RECALL_EXPIRED:
        pintle__accept(verdict, PINTLE_REASON_NO_RULE);
        return;
    case PINTLE_RECALL_FOUND:
        verdict->reason = PINTLE_REASON_UNCHECKED;
        pintle__verdict_explain(verdict, "the host has announced pins (HPKP) meanwhile");
        return;
    case PINTLE_RECALL_ERROR:
        break;
    }
    pintle__refuse_memory(verdict, "the pins that the host announced (HPKP) cannot be read");
}

void pintle_decide_resumed(struct pintle_verdict *verdict, struct pintle *engine,
                           const struct pintle_host *host, uint16_t port)
{
    struct pintle__scene scene = pintle__scene_open(verdict, engine, host, port);

    verdict->resumed = true;
    if (!pintle__host_known(host))
        verdict->reason = PINTLE_REASON_NO_HOST;
    else if (scene.rule == NULL)
        judge_unlisted_resumed(verdict, engine, host, port);
    else if (verdict->mode == PINTLE_MODE_OFF)
        pintle__accept(verdict, PINTLE_REASON_OFF);
    else
        pintle__accept(verdict, PINTLE_REASON_MATCH);
    pintle__scene_close(&scene, engine, verdict, NULL);
}

void pintle_decide_plaintext(struct pintle_verdict *verdict, struct pintle *engine,
                             const struct pintle_host *host, uint16_t port)
{
    struct pintle__scene scene = pintle__scene_open(verdict, engine, host, port);

    if (!pintle__host_known(host))
        verdict->reason = PINTLE_REASON_NO_HOST;
    else if (scene.rule != NULL && verdict->mode == PINTLE_MODE_OFF)
        pintle__accept(verdict, PINTLE_REASON_OFF);
    else if (scene.rule == NULL && engine->config.allow_unlisted)
        pintle__accept(verdict, PINTLE_REASON_NO_RULE);
    else
        verdict->reason = PINTLE_REASON_PLAINTEXT;
    pintle__scene_close(&scene, engine, verdict, NULL);
}
