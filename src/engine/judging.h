/* SPDX-License-Identifier: Apache-2.0 */
/* One decision under way: what decide.c and its helpers hand to each other. */
#ifndef PINTLE_SRC_ENGINE_JUDGING_H
#define PINTLE_SRC_ENGINE_JUDGING_H

#include "engine/state.h"
#include "pin/match.h"

/*
 * path     how path validation ended; what cannot be looked at is no path
 * shown    the path that the verdict's trace shows
 * learned  room for what is compared with, or learned now; set if has_learned
 */
struct pintle__judging {
    struct pintle_verdict *verdict;
    struct pintle *engine;
    const struct pintle_peer *peer;
    const struct pintle_rule *rule;
    enum pintle_path path;
    struct pintle_chain shown;
    bool has_learned;
    struct pintle_learned *learned;
};

static inline void pintle__accept(struct pintle_verdict *verdict, enum pintle_reason reason)
{
    verdict->decision = PINTLE_ACCEPT;
    verdict->reason = reason;
}

/* True for the trusts that learn keys. */
static inline bool pintle__is_tofu(const struct pintle_rule *rule)
{
    return rule->trust == PINTLE_TRUST_TOFU || rule->trust == PINTLE_TRUST_TOFU_KEY;
}

/* --- decide.c --------------------------------------------------------------------------------- */

/*
 * Look for the pins of `rule` in other valid paths of the peer. If one of them holds a pin, the
 * trace shows that one; else it stays as it was.
 */
enum pintle__match pintle__look_elsewhere(struct pintle__judging *judging,
                                          const struct pintle_rule *rule);

/* Refuse for the path. */
void pintle__refuse_path(struct pintle__judging *judging);

/* --- learn.c: trust on first use -------------------------------------------------------------- */

/*
 * No pin of the rule was met: decide by what was learned, and learn if nothing was. The trace shows
 * the peer's first path, hashed whole (for "tofu-key" at least its leaf).
 */
void pintle__judge_learned(struct pintle__judging *judging);

/* A pin of the rule accepted: what was learned is replaced if it is something else. */
void pintle__learn_pinned(struct pintle__judging *judging);

/* --- noted.c: HPKP ---------------------------------------------------------------------------- */

/* A host without a rule: accepted unless pins noted for it say otherwise. */
void pintle__judge_noted(struct pintle__judging *judging);

/*
 * A rule that learns is about to accept what no pin of it vouches for. True unless the host has
 * announced pins none of which is met: it is known, and so this is no first use. Else the verdict is
 * written. There is a memory, and a path that shows something.
 */
bool pintle__obeys_noted(struct pintle__judging *judging);

/* A pin of the rule accepted, and there is a memory: pins that the host had announced end if they
 * say otherwise. Those of its parents are its parents'. */
void pintle__overrule_noted(struct pintle__judging *judging);

/*
 * Are pins noted for a host? NONE also where nothing is ever noted: without a memory, and for IP
 * addresses (RFC 7469 section 2.2).
 */
enum pintle_recall pintle__recall_noted(struct pintle *engine, const struct pintle_host *host,
                                        uint16_t port, int64_t now, struct pintle_learned *out);

/* --- recall.c: what both share ---------------------------------------------------------------- */

/* Ask the memory, believing only what makes sense. The engine has one. */
enum pintle_recall pintle__recall(struct pintle *engine, enum pintle_learned_from from,
                                  const struct pintle_host *host, uint16_t port, int64_t now,
                                  struct pintle_learned *out);

/* The same of what the memory handed back when it was to learn something else. */
enum pintle_recall pintle__recall_check(const struct pintle_learned *held,
                                        enum pintle_learned_from from, int64_t now);

/* Refuse as MEMORY. */
void pintle__refuse_memory(struct pintle_verdict *verdict, const char *detail);

/* Look for a learned key in the trace. True if there is one: the trace then says so. */
bool pintle__find_learned(struct pintle_verdict *verdict, const struct pintle_learned *learned);

/* No learned key was met: MISMATCH, softened in report mode on a valid path. */
void pintle__refuse_learned(struct pintle__judging *judging, const char *detail);

#endif
