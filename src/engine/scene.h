/* SPDX-License-Identifier: Apache-2.0 */
/* What every verdict begins and ends with. */
#ifndef PINTLE_SRC_ENGINE_SCENE_H
#define PINTLE_SRC_ENGINE_SCENE_H

#include "engine/reports.h"

/*
 * What one verdict is found under: it stays the same however often the pin-set is replaced
 * meanwhile.
 *
 * set   owned
 * rule  the rule for the host and port, lent by set, or NULL
 */
struct pintle__scene {
    const struct pintle_pinset *set;
    const struct pintle_rule *rule;
};

/* Begin: *verdict becomes a refusal that says host, port, time, pin-set, rule and mode. */
struct pintle__scene pintle__scene_open(struct pintle_verdict *verdict, struct pintle *engine,
                                        const struct pintle_host *host, uint16_t port);

/*
 * Begin again if another pin-set is in force than the scene's; otherwise change nothing and return
 * false.
 */
bool pintle__scene_renew(struct pintle__scene *scene, struct pintle_verdict *verdict,
                         struct pintle *engine, const struct pintle_host *host, uint16_t port);

/*
 * End: queue a report if the verdict is worth one, with what `extra` (may be NULL) has for it, and
 * let go of the pin-set.
 */
void pintle__scene_close(struct pintle__scene *scene, struct pintle *engine,
                         const struct pintle_verdict *verdict, const struct pintle__extra *extra);

/* True unless `host` is NULL or empty. */
bool pintle__host_known(const struct pintle_host *host);

/* Set verdict->detail: printable UTF-8, cut to fit. NULL leaves it. */
void pintle__verdict_explain(struct pintle_verdict *verdict, const char *detail);

#endif
