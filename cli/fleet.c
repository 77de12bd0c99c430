/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <math.h>

/* --- chance --------------------------------------------------------------------------------------- */

/* splitmix64 of Steele, Lea and Flood (2014): a stream for each client, from a counter alone. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Uniform in (0, 1). */
static double draw(uint64_t *state)
{
    *state = mix(*state);
    return ((double)(*state >> 11) + 0.5) * 0x1.0p-53;
}

static double draw_lag(const struct fleet_lag *lag, uint64_t *state)
{
    double u = draw(state);

    switch (lag->kind) {
    case FLEET_LAG_EXP:
        return -lag->a * log(u);
    case FLEET_LAG_LOGNORMAL: /* Box and Muller (1958) */
        return lag->a * exp(lag->b * sqrt(-2.0 * log(u)) * cos(6.283185307179586 * draw(state)));
    case FLEET_LAG_SAMPLES:
        break;
    }
    return lag->samples[(size_t)(u * (double)lag->sample_count) % lag->sample_count];
}

/* --- a client ------------------------------------------------------------------------------------- */

static double later(double a, double b)
{
    return a > b ? a : b;
}

static double earlier(double a, double b)
{
    return a < b ? a : b;
}

/* When an update that is tried at `day` succeeds. */
static double after_freeze(const struct fleet_plan *plan, double day)
{
    return day >= plan->freeze_from && day < plan->freeze_to ? plan->freeze_to : day;
}

static double when_possible(const struct fleet_plan *plan, const struct fleet_client *client,
                            double day)
{
    day = after_freeze(plan, day);
    if (day >= client->offline_from && day < client->offline_to)
        day = after_freeze(plan, client->offline_to);
    return day;
}

struct fleet_client fleet_client_make(const struct fleet_plan *plan, uint64_t seed, uint64_t index,
                                      size_t days)
{
    uint64_t state = mix(seed ^ mix(index));
    struct fleet_client client = {.offline_from = FLEET_NEVER, .offline_to = FLEET_NEVER};
    double lag = draw_lag(&plan->lag, &state);

    client.refreshes = draw(&state) < plan->refresh;
    if (draw(&state) < plan->offline.share) {
        client.offline_from = draw(&state) * (double)days;
        client.offline_to = client.offline_from + plan->offline.days;
    }
    if (draw(&state) < plan->clock.share)
        client.clock = draw(&state) < 0.5 ? plan->clock.days : -plan->clock.days;
    client.updates = when_possible(plan, &client, plan->publish + lag);
    return client;
}

/* --- spans of time -------------------------------------------------------------------------------- */

/* From `from` until before `to`; nothing if that is not later. */
struct span {
    double from;
    double to;
};

/* The server shows the new key, and the client has no pin for it yet. */
static struct span locked_by_new(const struct fleet_plan *plan, const struct fleet_client *client)
{
    struct span span = {plan->deploy, client->updates};

    if (plan->known)
        span.to = span.from;
    else if (client->refreshes)
        span.to = earlier(span.to, when_possible(plan, client, later(plan->deploy, plan->publish)));
    span.to = earlier(span.to, plan->enforce_until - client->clock);
    return span;
}

/* The server still shows the old key, whose pin has run out in the new bundle, or is denied there. */
static struct span locked_by_old(const struct fleet_plan *plan, const struct fleet_client *client)
{
    double retired = plan->deny ? client->updates : plan->retire - client->clock;

    return (struct span){later(retired, client->updates),
                         earlier(plan->deploy, plan->enforce_until - client->clock)};
}

/* A thief shows the old key, and the client has a pin for it. */
static struct span exposed(const struct fleet_plan *plan, const struct fleet_client *client)
{
    double retired = plan->deny ? client->updates : plan->retire - client->clock;

    return (struct span){plan->stolen, later(retired, client->updates)};
}

static bool holds(struct span span, double day)
{
    return day >= span.from && day < span.to;
}

bool fleet_client_locked(const struct fleet_plan *plan, const struct fleet_client *client,
                         double day)
{
    if (day >= client->offline_from && day < client->offline_to)
        return false;
    return holds(locked_by_new(plan, client), day) || holds(locked_by_old(plan, client), day);
}

/* --- counting ------------------------------------------------------------------------------------- */

/* The first whole day that is not before `day`. */
static size_t day_of(double day, size_t days)
{
    if (day <= 0.0)
        return 0;
    return day >= (double)days ? days : (size_t)ceil(day);
}

static void count(int64_t *changes, struct span span, size_t days)
{
    size_t from = day_of(span.from, days);
    size_t to = day_of(span.to, days);

    if (from >= to)
        return;
    changes[from]++;
    changes[to]--;
}

/* What is left of a span when the client is away in between. */
static void count_online(int64_t *changes, struct span span, const struct fleet_client *client,
                         size_t days)
{
    count(changes, (struct span){span.from, earlier(span.to, client->offline_from)}, days);
    if (client->offline_to < FLEET_NEVER)
        count(changes, (struct span){later(span.from, client->offline_to), span.to}, days);
}

void fleet_run(struct fleet_result *out, const struct fleet_plan *plan, uint64_t seed,
               uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++) {
        struct fleet_client client = fleet_client_make(plan, seed, i, out->days);

        count_online(out->locked, locked_by_new(plan, &client), &client, out->days);
        count_online(out->locked, locked_by_old(plan, &client), &client, out->days);
        count(out->exposed, exposed(plan, &client), out->days);
        count(out->updated, (struct span){client.updates, FLEET_NEVER}, out->days);
    }
}

static void add_up(int64_t *changes, size_t days)
{
    for (size_t i = 1; i < days; i++)
        changes[i] += changes[i - 1];
}

void fleet_finish(struct fleet_result *result)
{
    add_up(result->locked, result->days);
    add_up(result->exposed, result->days);
    add_up(result->updated, result->days);
}
