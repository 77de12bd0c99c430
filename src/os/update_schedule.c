/* SPDX-License-Identifier: Apache-2.0 */
#include "os/update_schedule.h"

#include <time.h>
#include <unistd.h>

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct pintle__dice pintle__dice_init(void)
{
    struct timespec real = {0, 0};
    struct timespec steady = {0, 0};
    struct pintle__dice dice;

    (void)clock_gettime(CLOCK_REALTIME, &real);
    (void)clock_gettime(CLOCK_MONOTONIC, &steady);
    dice.state = mix((uint64_t)real.tv_nsec ^ ((uint64_t)real.tv_sec << 30));
    dice.state ^= mix((uint64_t)steady.tv_nsec + ((uint64_t)getpid() << 32));
    dice.state ^= mix((uint64_t)(uintptr_t)&dice); /* a place that the system chose at random */
    return dice;
}

int64_t pintle__dice_roll(struct pintle__dice *dice, int64_t max)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    return max <= 0 ? 0 : (int64_t)(mix(dice->state) % ((uint64_t)max + 1));
}

int64_t pintle__dice_shift(struct pintle__dice *dice, int64_t value)
{
    int64_t tenth = value / 10;

    return value - tenth + pintle__dice_roll(dice, 2 * tenth);
}

int64_t pintle__backoff_s(unsigned failures)
{
    int64_t wait = PINTLE__BACKOFF_FIRST_S;

    if (failures == 0)
        return 0;
    for (unsigned i = 1; i < failures && wait < PINTLE__BACKOFF_LAST_S; i++)
        wait *= 2;
    return wait < PINTLE__BACKOFF_LAST_S ? wait : PINTLE__BACKOFF_LAST_S;
}

bool pintle__is_due(int64_t next_at, int64_t last_at, int64_t now)
{
    int64_t longest = 2 * PINTLE__BACKOFF_LAST_S; /* any wait, shift included */

    if (now >= next_at || now < last_at)
        return true;
    return now > INT64_MAX - longest || next_at > now + longest;
}
