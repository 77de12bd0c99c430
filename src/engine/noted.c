/* SPDX-License-Identifier: Apache-2.0 */
/* Pins that hosts without a rule announced themselves (pintle/hpkp.h). */
#include "engine/judging.h"
#include "engine/scene.h"

enum pintle_recall pintle__recall_noted(struct pintle *engine, const struct pintle_host *host,
                                        uint16_t port, int64_t now, struct pintle_learned *out)
{
    if (engine->config.memory == NULL || host->is_ip)
        return PINTLE_RECALL_NONE;
    return pintle__recall(engine, PINTLE_LEARNED_HPKP, host, port, now, out);
}

/* Hash the whole path into the trace, which is also what a new header is judged by. */
static bool hash_path(struct pintle__judging *judging)
{
    static const struct pintle_rule nothing;

    return pintle__match_path(judging->verdict, &nothing, &judging->shown,
                              judging->engine->config.crypto) != PINTLE__MATCH_ERROR;
}

static void compare(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;

    judging->has_learned = true;
    verdict->learned = true;
    if (!hash_path(judging))
        return;
    if (pintle__find_learned(verdict, &judging->learned))
        pintle__accept(verdict, PINTLE_REASON_MATCH);
    else
        pintle__refuse_learned(judging, "no key that the host has announced (HPKP)");
}

void pintle__judge_noted(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;

    switch (pintle__recall_noted(judging->engine, &verdict->host, verdict->port, verdict->time,
                                 &judging->learned)) {
    case PINTLE_RECALL_FOUND:
        verdict->reason = PINTLE_REASON_INTERNAL;
        compare(judging);
        return;
    case PINTLE_RECALL_NONE:
    case PINTLE_RECALL_EXPIRED:
        pintle__accept(verdict, PINTLE_REASON_NO_RULE);
        /* Nobody asks for a pin: what cannot be read only keeps later headers from being noted. */
        if (judging->engine->config.memory != NULL && !verdict->host.is_ip && !hash_path(judging))
            verdict->detail[0] = '\0';
        return;
    case PINTLE_RECALL_ERROR:
        break;
    }
    pintle__refuse_memory(verdict, "the pins that the host announced (HPKP) cannot be read");
}
