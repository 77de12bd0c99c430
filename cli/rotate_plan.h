/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planning of a rotation: which step comes when, so that no client is locked out. Pure.
 *
 *   publish-backup   a pin-set that holds the new key too; unless clients have it already
 *   deploy           every server shows the new key
 *   watch            nothing else changes for a while, and the old key is kept to go back to
 *   new-backup       another key is made and kept in reserve
 *   retire           a pin-set in which the old pin has an end
 *   remove           a pin-set without it
 *   deny             a pin-set that denies the old key: it was stolen
 */
#ifndef PINTLE_CLI_ROTATE_PLAN_H
#define PINTLE_CLI_ROTATE_PLAN_H

#include "rotate_model.h"

#define ROTATE_STEPS_MAX 12
#define ROTATE_NOTES_MAX 12
#define ROTATE_NOTE_SIZE 384
#define ROTATE_ORDERS 2

enum rotate_kind {
    ROTATE_BACKUP = 0,  /* the new key is a pin that clients have */
    ROTATE_NEW_KEY = 1, /* it is not */
    ROTATE_LOST = 2,    /* the old key is lost */
    ROTATE_STOLEN = 3   /* the old key is in other hands */
};

/* "backup", "new-key", "lost", "stolen". Static storage. */
const char *rotate_kind_name(enum rotate_kind kind);

enum rotate_step_kind {
    ROTATE_PUBLISH_BACKUP = 0,
    ROTATE_DEPLOY = 1,
    ROTATE_WATCH = 2,
    ROTATE_NEW_BACKUP = 3,
    ROTATE_RETIRE = 4,
    ROTATE_REMOVE = 5,
    ROTATE_DENY = 6
};
#define ROTATE_STEP_KINDS 7

/* "publish-backup", …. Static storage. */
const char *rotate_step_name(enum rotate_step_kind kind);

/*
 * at     not before this
 * by     late after this
 * issue  index into the timeline of what is published, or SIZE_MAX
 */
struct rotate_step {
    enum rotate_step_kind kind;
    int64_t at;
    int64_t by;
    size_t issue;
};

/* An id that stays the same, and a sentence. */
struct rotate_note {
    char id[32];
    char text[ROTATE_NOTE_SIZE];
};

struct rotate_notes {
    size_t count;
    struct rotate_note items[ROTATE_NOTES_MAX];
};

/*
 * In which order a stolen key that has no pinned successor is answered, and what that costs: shares
 * of the fleet at the worst moment, and days for the average client.
 */
enum rotate_order {
    ROTATE_ORDER_AUTO = 0,
    ROTATE_DEPLOY_FIRST = 1, /* the new key at once: who has not updated is locked out */
    ROTATE_PUBLISH_FIRST = 2 /* after the wait: the stolen key is accepted until then */
};

const char *rotate_order_name(enum rotate_order order);

struct rotate_cost {
    enum rotate_order order;
    double locked_share;
    double locked_days;
    double exposed_days;
};

/*
 * What is asked for.
 *
 * set, rule     lent
 * from          the live key that is replaced
 * to            the key that replaces it
 * new_backup    with has_new_backup: the reserve behind it
 * deploy        desired date, or PINTLE_NEVER for the earliest that is safe
 * cert_expires  end of the certificate in use, or PINTLE_NEVER if it is not known
 * since         from when on the rule has been published as it is
 * before        the last version without the new key, lent; NULL if it is not known
 * lag_s, lag_share
 *               within lag_s so large a share of the clients has a new pin-set
 * margin_s      added to every wait
 * emergency     ROTATE_LOST, ROTATE_STOLEN, or anything else for none
 */
struct rotate_request {
    const struct pintle_pinset *set;
    const struct pintle_rule *rule;
    const struct pintle_pinset *before;
    struct pintle_pin from;
    struct pintle_pin to;
    struct pintle_pin new_backup;
    bool has_new_backup;
    int64_t start;
    int64_t deploy;
    int64_t cert_expires;
    int64_t since;
    int64_t lag_s;
    int64_t margin_s;
    double lag_share;
    enum rotate_kind emergency;
    enum rotate_order order;
};

/*
 * A plan. It is whole even if something in it is refused: so it can be simulated.
 *
 * refused   why it must not be done like that; possible says what can be done instead
 * costs     of the orders, for a stolen key without a pinned successor; `order` is the chosen one
 */
struct rotate_plan {
    char app[256];
    char rule[PINTLE_RULE_ID_SIZE];
    enum rotate_kind kind;
    int64_t start;
    int64_t lag_s;
    int64_t margin_s;
    double lag_share;
    int64_t cert_expires;
    struct pintle_pin from;
    struct pintle_pin to;
    struct pintle_pin new_backup;
    bool has_new_backup;
    struct rotate_timeline timeline;
    size_t step_count;
    struct rotate_step steps[ROTATE_STEPS_MAX];
    struct rotate_notes refused;
    struct rotate_notes possible;
    struct rotate_notes warnings;
    enum rotate_order order;
    size_t cost_count;
    struct rotate_cost costs[ROTATE_ORDERS];
};

/*
 * Copy a rule into an issue. False if it has more pins than there is room for. `about` are keys of
 * which it matters whether they are denied.
 */
bool rotate_issue_from_rule(struct rotate_issue *out, const struct pintle_pinset *set,
                            const struct pintle_rule *rule, const struct pintle_pin *about,
                            size_t about_count);

/*
 * Make a plan. False if the rule has too many pins for one (E_LIMIT). *out is large: not for the
 * stack of a small thread.
 */
bool rotate_plan_make(struct rotate_plan *out, const struct rotate_request *request);

/*
 * A pin-set that stays as it is, and its servers too, from `start` on: to play attacks on. The keys
 * are the rule's live pin and none. False as above, or if it has no pin.
 */
bool rotate_plan_stand_still(struct rotate_plan *out, const struct pintle_pinset *set,
                             const struct pintle_rule *rule, int64_t start);

/* The plan's step of a kind, or NULL. */
const struct rotate_step *rotate_plan_step(const struct rotate_plan *plan,
                                           enum rotate_step_kind kind);

/* Index of the issue that is published when the plan begins. */
size_t rotate_plan_current(const struct rotate_plan *plan);

/* When the last step is due. */
int64_t rotate_plan_end(const struct rotate_plan *plan);

/* Mean of the exponential distribution that has this share by this lag, in days. */
double rotate_mean_days(int64_t lag_s, double share);

/*
 * The longest that a client which gets nothing of this plan is refused: from *from, until *until
 * (PINTLE_NEVER: for ever); *version is what it holds. False if none is ever refused.
 */
bool rotate_plan_worst(const struct rotate_plan *plan, int64_t *from, int64_t *until,
                       int64_t *version);

/*
 * One line, and one paragraph, about a step. out has ROTATE_NOTE_SIZE bytes; returns it.
 *
 * published  the version that is out by now, above which the next one is; 0 when the plan is made
 */
const char *rotate_step_title(enum rotate_step_kind kind);
char *rotate_step_text(const struct rotate_plan *plan, const struct rotate_step *step,
                       int64_t published, char *out);

#endif
