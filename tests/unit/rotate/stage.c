/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/rotate/stage.h"

struct pintle_pin stage_key(int byte)
{
    struct pintle_pin pin;

    memset(&pin, byte, sizeof(pin));
    return pin;
}

struct rotate_issue stage_issue(int64_t at, int64_t version, int key, int key2)
{
    struct rotate_issue issue = {.at = at,
                                 .issued = at,
                                 .version = version,
                                 .epoch = 1,
                                 .expires = PINTLE_NEVER,
                                 .enforce_until = PINTLE_NEVER,
                                 .hard_ttl_s = PINTLE_NEVER,
                                 .mode = PINTLE_MODE_ENFORCE,
                                 .after = PINTLE_MODE_REPORT};
    int keys[] = {key, key2};

    for (int i = 0; i < 2; i++)
        if (keys[i] != 0) {
            struct rotate_pin pin = {.pin = stage_key(keys[i]), .until = PINTLE_NEVER};

            assert_true(rotate_issue_pin(&issue, &pin));
        }
    return issue;
}

void stage_rotation(struct rotate_timeline *out, int64_t deploy)
{
    struct rotate_issue before = stage_issue(T0 - 100 * DAY, 1, 1, 0);
    struct rotate_issue both = stage_issue(T0, 2, 1, 2);
    struct pintle_pin one = stage_key(1);
    struct pintle_pin two = stage_key(2);

    memset(out, 0, sizeof(*out));
    before.held = true;
    assert_true(rotate_timeline_issue(out, &before));
    assert_true(rotate_timeline_issue(out, &both));
    assert_true(rotate_timeline_show(out, before.at, &one));
    assert_true(rotate_timeline_show(out, deploy, &two));
}

struct rotate_play stage_play(struct rotate_timeline *timeline, int64_t days, bool refresh)
{
    struct rotate_attack none = rotate_attack_none();
    struct rotate_play play = {.start = T0, .end = T0 + days * DAY, .refresh = refresh};

    assert_true(rotate_attack_apply(timeline, &play, &none));
    return play;
}

void stage_run(struct rotate_tally *out, const struct rotate_play *play,
               const struct rotate_fleet *fleet, uint64_t clients, unsigned threads)
{
    struct rotate_stage stage;

    rotate_stage_make(&stage, play);
    assert_int_equal(rotate_fleet_run(out, &stage, fleet, clients, threads, NULL), ROTATE_RUN_DONE);
}

double stage_share(const struct rotate_tally *tally, size_t series, int64_t after, uint64_t clients)
{
    return (double)rotate_tally_get(tally, series, (size_t)(after / ROTATE_BIN_S)) /
           (double)clients;
}
