/* SPDX-License-Identifier: Apache-2.0 */
/* Pins that hosts announced themselves (pintle/hpkp.h). */
#include <string.h>

#include "engine/judging.h"
#include "engine/scene.h"

static const char no_noted_key[] = "no key that the host has announced (HPKP)";
static const char unreadable[] = "the pins that the host announced (HPKP) cannot be read";

enum pintle_recall pintle__recall_noted(struct pintle *engine, const struct pintle_host *host,
                                        uint16_t port, int64_t now, struct pintle_learned *out)
{
    if (engine->config.memory == NULL || host->is_ip)
        return PINTLE_RECALL_NONE;
    return pintle__recall(engine, PINTLE_LEARNED_HPKP, host, port, now, out);
}

/* Hash a path into the trace: what is compared with entries. */
static bool trace(struct pintle_verdict *verdict, const struct pintle__judging *judging,
                  const struct pintle_chain *path)
{
    static const struct pintle_rule nothing;

    return pintle__match_path(verdict, &nothing, path, judging->engine->config.crypto) !=
           PINTLE__MATCH_ERROR;
}

/* All of the path that is shown, by which a new header is judged, too. */
static bool hash_path(struct pintle__judging *judging)
{
    return trace(judging->verdict, judging, &judging->shown);
}

/* Are these pins met? Without a valid path only the leaf has proved anything. */
static enum pintle__match meets(const struct pintle__judging *judging,
                                const struct pintle_learned *noted, struct pintle_verdict *trial)
{
    struct pintle_chain path = judging->shown;

    if (judging->path != PINTLE_PATH_VALID)
        path.count = 1;
    *trial = *judging->verdict;
    if (!trace(trial, judging, &path))
        return PINTLE__MATCH_ERROR;
    return pintle__find_learned(trial, noted) ? PINTLE__MATCH_PINNED : PINTLE__MATCH_NONE;
}

static void compare(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;

    judging->has_learned = true;
    verdict->learned = true;
    if (!hash_path(judging))
        return;
    if (pintle__find_learned(verdict, judging->learned))
        pintle__accept(verdict, PINTLE_REASON_MATCH);
    else
        pintle__refuse_learned(judging, no_noted_key);
}

void pintle__judge_noted(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;

    switch (pintle__recall_noted(judging->engine, &verdict->host, verdict->port, verdict->time,
                                 judging->learned)) {
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
    pintle__refuse_memory(verdict, unreadable);
}

/* --- under a rule that learns --------------------------------------------------------------------- */

static void refuse_unmet(struct pintle__judging *judging)
{
    judging->has_learned = true;
    judging->verdict->learned = true;
    if (judging->verdict->mode == PINTLE_MODE_OFF) /* no pin is asked for, but a path */
        pintle__refuse_path(judging);
    else
        pintle__refuse_learned(judging, no_noted_key);
}

bool pintle__obeys_noted(struct pintle__judging *judging)
{
    struct pintle_verdict *verdict = judging->verdict;
    enum pintle__match met = PINTLE__MATCH_PINNED;
    struct pintle_verdict trial;

    switch (pintle__recall_noted(judging->engine, &verdict->host, verdict->port, verdict->time,
                                 judging->learned)) {
    case PINTLE_RECALL_FOUND:
        met = meets(judging, judging->learned, &trial);
        break;
    case PINTLE_RECALL_NONE:
    case PINTLE_RECALL_EXPIRED:
        break;
    case PINTLE_RECALL_ERROR:
        pintle__refuse_memory(verdict, unreadable);
        return false;
    }
    if (met == PINTLE__MATCH_ERROR)
        *verdict = trial;
    else if (met == PINTLE__MATCH_NONE)
        refuse_unmet(judging);
    return met == PINTLE__MATCH_PINNED;
}

void pintle__overrule_noted(struct pintle__judging *judging)
{
    const struct pintle_memory *memory = judging->engine->config.memory;
    struct pintle_verdict *verdict = judging->verdict;
    struct pintle_learned noted, held;
    struct pintle_verdict trial;

    if (pintle__recall_noted(judging->engine, &verdict->host, verdict->port, verdict->time,
                             &noted) != PINTLE_RECALL_FOUND ||
        strcmp(noted.host.text, verdict->host.text) != 0 ||
        meets(judging, &noted, &trial) != PINTLE__MATCH_NONE)
        return;
    noted.expires = verdict->time;
    (void)memory->learn(memory->ctx, &noted, true, verdict->time, &held);
}
