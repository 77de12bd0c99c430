/* SPDX-License-Identifier: Apache-2.0 */
/* What is enforced, in one line. */
#include <stdio.h>

#include <pintle/time.h>

#include "engine/state.h"

#define VERSION_SIZE 56
#define FRESHNESS_SIZE (16 + PINTLE_TIME_TEXT_SIZE)

static size_t count_unpinned(const struct pintle_pinset *set, int64_t now)
{
    size_t count = 0;

    for (size_t i = 0; i < pintle_pinset_get_rule_count(set); i++)
        count += pintle_rule_is_unpinned(pintle_pinset_get_rule(set, i), now);
    return count;
}

/* Of the first epoch nobody needs to know. */
static void format_version(char out[VERSION_SIZE], const struct pintle_pinset *set)
{
    long long version = (long long)pintle_pinset_get_version(set);
    long long epoch = (long long)pintle_pinset_get_epoch(set);

    if (epoch > 1)
        (void)snprintf(out, VERSION_SIZE, "%lld of epoch %lld", version, epoch);
    else
        (void)snprintf(out, VERSION_SIZE, "%lld", version);
}

/* 0: the root wants a statement of freshness, and there never was one. */
static void format_freshness(char out[FRESHNESS_SIZE], int64_t until, int64_t now)
{
    char when[PINTLE_TIME_TEXT_SIZE];

    if (until <= 0)
        (void)snprintf(out, FRESHNESS_SIZE, "never confirmed as the newest");
    else
        (void)snprintf(out, FRESHNESS_SIZE, "%s %s", now < until ? "fresh until" : "stale since",
                       pintle_time_format(until, when));
}

char *pintle_describe(struct pintle *engine, char *out, size_t size)
{
    const struct pintle_pinset *set = pintle__live_get(&engine->live);
    int64_t now = pintle_get_time(engine);
    size_t unpinned = count_unpinned(set, now);
    char softened[64] = "";
    char version[VERSION_SIZE];
    char freshness[FRESHNESS_SIZE];

    if (unpinned > 0)
        (void)snprintf(softened, sizeof(softened), ", %zu unpinned", unpinned);
    format_version(version, set);
    format_freshness(freshness, pintle_pinset_get_fresh_until(set), now);
    (void)snprintf(out, size, "enforcing %zu of %zu rules, version %s, %s%s",
                   pintle_pinset_count_enforced(set, now), pintle_pinset_get_rule_count(set),
                   version, freshness, softened);
    pintle_pinset_free(set);
    return out;
}
