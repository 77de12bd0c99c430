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

/* Modes grow softer: an unpin never hardens. */
static bool is_unpinned(const struct pintle_rule *rule, int64_t now, enum pintle_mode written)
{
    return now < rule->unpin_until && rule->unpin_mode > written;
}

bool pintle_rule_is_unpinned(const struct pintle_rule *rule, int64_t now)
{
    return is_unpinned(rule, now, written_mode(rule, now));
}

enum pintle_mode pintle_rule_get_mode(const struct pintle_rule *rule, int64_t now)
{
    enum pintle_mode written = written_mode(rule, now);

    return is_unpinned(rule, now, written) ? rule->unpin_mode : written;
}
