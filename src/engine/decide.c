/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the checks is the numbered list at pintle_decide() in pintle/engine.h. */
#include <stdio.h>

#include "engine/scene.h"
#include "engine/state.h"
#include "pin/match.h"

static const char no_certificates[] = "a valid path without certificates";

static void accept(struct pintle_verdict *verdict, enum pintle_reason reason)
{
    verdict->decision = PINTLE_ACCEPT;
    verdict->reason = reason;
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
    bool only_leaf = rule->trust == PINTLE_TRUST_KEY;
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

/*
 * Other valid paths of the same peer. The verdict's trace changes only if one of them decides. One
 * with a denied key is as if it did not exist; one that cannot be read ends the search, as
 * anywhere.
 */
static enum pintle__match look_elsewhere(struct pintle_verdict *verdict,
                                         const struct pintle_rule *rule,
                                         const struct pintle_peer *peer,
                                         const struct pintle_crypto *crypto)
{
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
        found = look(&trial, rule, &path, crypto);
        if (found == PINTLE__MATCH_PINNED || found == PINTLE__MATCH_ERROR) {
            trial.path_count = verdict->path_count;
            *verdict = trial;
            return found;
        }
    }
    return PINTLE__MATCH_NONE;
}

/* The path is valid, the rule wants a pin, and this path has none. */
static void judge_mismatch(struct pintle_verdict *verdict, const struct pintle_rule *rule,
                           const struct pintle_peer *peer, const struct pintle_crypto *crypto)
{
    enum pintle__match found = PINTLE__MATCH_NONE;

    if (rule->trust != PINTLE_TRUST_KEY) /* the leaf is the same in every path */
        found = look_elsewhere(verdict, rule, peer, crypto);
    if (found == PINTLE__MATCH_ERROR)
        return;
    if (found == PINTLE__MATCH_PINNED) {
        accept(verdict, PINTLE_REASON_MATCH);
        return;
    }
    verdict->reason = PINTLE_REASON_MISMATCH;
    if (verdict->mode == PINTLE_MODE_REPORT) {
        verdict->decision = PINTLE_ACCEPT;
        verdict->softened = true;
    }
}

static void judge_listed(struct pintle_verdict *verdict, const struct pintle_rule *rule,
                         enum pintle_path path, const struct pintle_peer *peer,
                         const struct pintle_crypto *crypto)
{
    enum pintle__match found = look(verdict, rule, &peer->chain, crypto);

    if (found == PINTLE__MATCH_ERROR)
        return;
    if (found == PINTLE__MATCH_DENIED) {
        verdict->reason = PINTLE_REASON_DENIED;
        return;
    }
    if (found == PINTLE__MATCH_PINNED &&
        (rule->trust == PINTLE_TRUST_KEY ||
         (path == PINTLE_PATH_VALID && verdict->mode != PINTLE_MODE_OFF))) {
        accept(verdict, PINTLE_REASON_MATCH);
        return;
    }
    verdict->cert_index = -1;
    verdict->pin_index = -1;
    if (path == PINTLE_PATH_WRONG_NAME)
        verdict->reason = PINTLE_REASON_NAME_MISMATCH;
    else if (path != PINTLE_PATH_VALID)
        verdict->reason = PINTLE_REASON_PATH_INVALID;
    else if (verdict->mode == PINTLE_MODE_OFF)
        accept(verdict, PINTLE_REASON_OFF);
    else
        judge_mismatch(verdict, rule, peer, crypto);
}

static void judge_unlisted(struct pintle_verdict *verdict, bool allowed, enum pintle_path path)
{
    verdict->reason = PINTLE_REASON_NO_RULE;
    if (allowed && path == PINTLE_PATH_VALID)
        verdict->decision = PINTLE_ACCEPT;
}

void pintle_decide(struct pintle_verdict *verdict, struct pintle *engine,
                   const struct pintle_peer *peer)
{
    struct pintle__scene scene = pintle__scene_open(verdict, engine, peer->host, peer->port);

    if (!pintle__host_known(peer->host)) {
        verdict->reason = PINTLE_REASON_NO_HOST;
    } else {
        enum pintle_path path = judge_path(verdict, peer);

        if (path == PINTLE_PATH_VALID && peer->chain.count == 0)
            pintle__verdict_explain(verdict, no_certificates);
        else if (scene.rule == NULL)
            judge_unlisted(verdict, engine->config.allow_unlisted, path);
        else
            judge_listed(verdict, scene.rule, path, peer, engine->config.crypto);
    }
    pintle__scene_close(&scene, engine, verdict);
}

void pintle_decide_refusal(struct pintle_verdict *verdict, struct pintle *engine,
                           const struct pintle_host *host, uint16_t port, enum pintle_reason reason,
                           const char *detail)
{
    struct pintle__scene scene = pintle__scene_open(verdict, engine, host, port);

    verdict->reason = reason;
    pintle__verdict_explain(verdict, detail);
    pintle__scene_close(&scene, engine, verdict);
}

void pintle_decide_resumed(struct pintle_verdict *verdict, struct pintle *engine,
                           const struct pintle_host *host, uint16_t port)
{
    struct pintle__scene scene = pintle__scene_open(verdict, engine, host, port);

    verdict->resumed = true;
    if (!pintle__host_known(host))
        verdict->reason = PINTLE_REASON_NO_HOST;
    else if (scene.rule == NULL)
        judge_unlisted(verdict, engine->config.allow_unlisted, PINTLE_PATH_VALID);
    else if (verdict->mode == PINTLE_MODE_OFF)
        accept(verdict, PINTLE_REASON_OFF);
    else
        accept(verdict, PINTLE_REASON_MATCH);
    pintle__scene_close(&scene, engine, verdict);
}

void pintle_decide_plaintext(struct pintle_verdict *verdict, struct pintle *engine,
                             const struct pintle_host *host, uint16_t port)
{
    struct pintle__scene scene = pintle__scene_open(verdict, engine, host, port);

    if (!pintle__host_known(host))
        verdict->reason = PINTLE_REASON_NO_HOST;
    else if (scene.rule != NULL && verdict->mode == PINTLE_MODE_OFF)
        accept(verdict, PINTLE_REASON_OFF);
    else if (scene.rule == NULL && engine->config.allow_unlisted)
        accept(verdict, PINTLE_REASON_NO_RULE);
    else
        verdict->reason = PINTLE_REASON_PLAINTEXT;
    pintle__scene_close(&scene, engine, verdict);
}
