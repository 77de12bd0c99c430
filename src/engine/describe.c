/* SPDX-License-Identifier: Apache-2.0 */
/* What is enforced, in one line. */
#include <stdio.h>

#include <pintle/time.h>

#include "engine/state.h"

static size_t count_unpinned(const struct pintle_pinset *set, int64_t now)
{
    size_t count = 0;

    for (size_t i = 0; i < pintle_pinset_get_rule_count(set); i++)
        count += pintle_rule_is_unpinned(pintle_pinset_get_rule(set, i), now);
    return count;
}

char *pintle_describe(struct pintle *engine, char *out, size_t size)
{
    const struct pintle_pinset *set = pintle__live_get(&engine->live);
    int64_t now = pintle_get_time(engine);
    int64_t until = pintle_pinset_get_fresh_until(set);
    size_t unpinned = count_unpinned(set, now);
    char softened[64] = "";
    char when[PINTLE_TIME_TEXT_SIZE];

    if (unpinned > 0)
        (void)snprintf(softened, sizeof(softened), ", %zu unpinned", unpinned);
    (void)pintle_time_format(until, when);
    (void)snprintf(out, size, "enforcing %zu of %zu rules, version %lld, %s %s%s",
                   pintle_pinset_count_enforced(set, now), pintle_pinset_get_rule_count(set),
                   (long long)pintle_pinset_get_version(set),
                   now < until ? "fresh until" : "stale since", when, softened);
    pintle_pinset_free(set);
    return out;
}
