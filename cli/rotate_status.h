/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a rotation stands: what the servers show, what the pin-set says and what the plan wants are
 * put together by pure functions (rotate_judge.c); cmd_rotate_status.c looks, rotate_status_text.c
 * and rotate_status_json.c tell.
 */
#ifndef PINTLE_CLI_ROTATE_STATUS_H
#define PINTLE_CLI_ROTATE_STATUS_H

#include "rotate_show.h"

/*
 * What the servers of a rule show.
 *
 * reached      handshakes that could be looked at; of these
 * mismatched   show no pinned key, or a denied one
 * shows_new, shows_old
 *              have the plan's new or old key in the part of the chain that pins are for
 * unreachable, invalid
 *              could not be reached; have an invalid path, or TLS failed
 * ending       show a pin that has an end: ending_at is the earliest
 * backups      show a pin that is marked as backup
 * cert_ends    the earliest end of a server's own certificate, or PINTLE_NEVER
 * pinned_since when the plan's new key was published, or 0 if that is not known
 * seen         for each pin of the rule: how many handshakes showed it
 */
struct rotate_facts {
    size_t reached;
    size_t mismatched;
    size_t shows_new;
    size_t shows_old;
    size_t unreachable;
    size_t invalid;
    size_t ending;
    size_t backups;
    int64_t ending_at;
    int64_t cert_ends;
    int64_t pinned_since;
    size_t *seen;
};

enum rotate_pin_state {
    ROTATE_PIN_LIVE = 0,   /* shown */
    ROTATE_PIN_BACKUP = 1, /* in reserve */
    ROTATE_PIN_UNUSED = 2, /* not shown, nor marked as backup */
    ROTATE_PIN_ENDING = 3, /* not shown, and has an end to come */
    ROTATE_PIN_RETIRED = 4 /* matches no longer */
};

/* "live", …. Static storage. */
const char *rotate_pin_state_name(enum rotate_pin_state state);
enum rotate_pin_state rotate_pin_state(const struct pintle_rule_pin *pin, size_t seen, int64_t now);

enum rotate_step_state {
    ROTATE_STEP_DONE = 0,
    ROTATE_STEP_WAITING = 1, /* its time has not come */
    ROTATE_STEP_DUE = 2,
    ROTATE_STEP_LATE = 3
};

const char *rotate_step_state_name(enum rotate_step_state state);

/*
 * The verdict on a rule.
 *
 * stage    "steady", "changing", "changed", "retiring", "unsafe" or, with a plan, "done": one word
 * steps    states of the plan's steps
 * next     index of the first step that is not done, or SIZE_MAX
 * safe_at  when that may be done
 * unsafe   what is wrong
 * advice   what to do next, or ""
 */
struct rotate_status {
    const char *stage;
    enum rotate_step_state steps[ROTATE_STEPS_MAX];
    size_t next;
    int64_t safe_at;
    bool late;
    struct rotate_notes unsafe;
    char advice[ROTATE_NOTE_SIZE];
};

/* plan may be NULL. */
void rotate_status_judge(struct rotate_status *out, const struct pintle_pinset *set,
                         const struct pintle_rule *rule, const struct rotate_facts *facts,
                         const struct rotate_plan *plan, int64_t now);

#endif
