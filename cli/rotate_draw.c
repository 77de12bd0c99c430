/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients by their number. Randomness is a counter run through the finaliser of SplitMix64 (Steele,
 * Lea, Flood 2014), so any client can be made without those before it.
 */
#include <math.h>

#include "rotate_sim.h"

#define PI 3.14159265358979323846
#define GOLDEN 0x9e3779b97f4a7c15u

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* What a draw is for: each client has a stream of its own. */
enum draw {
    DRAW_NEVER = 1,
    DRAW_LAG,
    DRAW_LAG_MORE,
    DRAW_OFFLINE,
    DRAW_OFFLINE_FROM,
    DRAW_CLOCK,
    DRAW_CLOCK_ERROR
};

static uint64_t bits(uint64_t stream, enum draw draw)
{
    return mix(stream + GOLDEN * (uint64_t)draw);
}

/* In (0, 1): never 0, whose logarithm has no end. */
static double uniform(uint64_t stream, enum draw draw)
{
    return ((double)(bits(stream, draw) >> 11) + 0.5) * 0x1p-53;
}

/* From 0 to below `bound`. The bias is below 2^-40 for what is asked here. */
static int64_t below(uint64_t stream, enum draw draw, int64_t bound)
{
    return (int64_t)(uniform(stream, draw) * (double)bound);
}

static double lag_days(const struct rotate_fleet *fleet, uint64_t stream)
{
    double u = uniform(stream, DRAW_LAG);

    if (fleet->kind == ROTATE_LAG_EXPONENTIAL)
        return -log(u) * fleet->a;
    if (fleet->kind == ROTATE_LAG_WEIBULL)
        return fleet->a * pow(-log(u), 1 / fleet->b);
    /* Box and Muller (1958). */
    return fleet->a *
           exp(fleet->b * sqrt(-2 * log(u)) * cos(2 * PI * uniform(stream, DRAW_LAG_MORE)));
}

static int64_t lag_s(const struct rotate_fleet *fleet, uint64_t stream)
{
    double days;

    if (fleet->never > 0 && uniform(stream, DRAW_NEVER) < fleet->never)
        return PINTLE_NEVER;
    if (fleet->kind == ROTATE_LAG_SAMPLE)
        return fleet->sample[below(stream, DRAW_LAG, (int64_t)fleet->sample_count)];
    days = lag_days(fleet, stream);
    /* Longer than any simulation: sums of times stay in range. */
    return days < 100 * ROTATE_DAYS_MAX ? (int64_t)(days * (double)ROTATE_DAY_S) : PINTLE_NEVER;
}

void rotate_client_draw(struct rotate_client *out, const struct rotate_fleet *fleet, uint64_t index,
                        int64_t start, int64_t end)
{
    uint64_t stream = mix(fleet->seed ^ mix(GOLDEN * (index + 1)));

    *out = (struct rotate_client){.lag = lag_s(fleet, stream)};
    if (fleet->offline > 0 && uniform(stream, DRAW_OFFLINE) < fleet->offline) {
        out->offline_from = start - fleet->offline_s +
                            below(stream, DRAW_OFFLINE_FROM, end - start + fleet->offline_s);
        out->offline_until = out->offline_from + fleet->offline_s;
    }
    if (fleet->clock > 0 && uniform(stream, DRAW_CLOCK) < fleet->clock)
        out->clock = below(stream, DRAW_CLOCK_ERROR, 2 * fleet->clock_s + 1) - fleet->clock_s;
}
