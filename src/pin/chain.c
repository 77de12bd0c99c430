/* SPDX-License-Identifier: Apache-2.0 */
#include <pintle/rule.h>

static bool get_view(void *ctx, size_t index, struct pintle_view *der)
{
    const struct pintle_view *views = ctx;

    *der = views[index];
    return true;
}

struct pintle_chain pintle_chain_from_views(const struct pintle_view *views, size_t count)
{
    /* A context is a plain pointer; get_view() gives the const back. */
    union {
        const struct pintle_view *views;
        void *ctx;
    } lent = {views};
    struct pintle_chain chain = {count, get_view, lent.ctx};

    return chain;
}

/* The mode that the document asks for. */
static enum pintle_mode written_mode(const struct pintle_rule *rule, int64_t now)
{
    return rule->ends != PINTLE_NEVER && now >= rule->ends ? rule->after : rule->mode;
}

bool pintle_rule_is_unpinned(const struct pintle_rule *rule, int64_t now)
{
    /* Modes grow softer: an unpin never hardens. */
    return now < rule->unpin_until && rule->unpin_mode > written_mode(rule, now);
}

enum pintle_mode pintle_rule_get_mode(const struct pintle_rule *rule, int64_t now)
{
    return pintle_rule_is_unpinned(rule, now) ? rule->unpin_mode : written_mode(rule, now);
}
