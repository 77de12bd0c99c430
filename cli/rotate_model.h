/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rule over time: which versions of it are published when, and which key the servers show from
 * when. A plan makes such a timeline, an attack changes it, the simulation runs clients through it.
 *
 * Plain data of fixed size, without pointers: copied by assignment. Nothing here does I/O or reads a
 * clock. Times are seconds since 1970, PINTLE_NEVER for what does not happen.
 */
#ifndef PINTLE_CLI_ROTATE_MODEL_H
#define PINTLE_CLI_ROTATE_MODEL_H

#include <pintle/pinset.h>
#include <pintle/time.h>

#define ROTATE_DAY_S ((int64_t)86400)
#define ROTATE_HOUR_S ((int64_t)3600)

/* Longest time in days that is planned or simulated. */
#define ROTATE_DAYS_MAX 3650

#define ROTATE_PINS_MAX 64
#define ROTATE_ISSUES_MAX 16
#define ROTATE_SHOWN_MAX 16
#define ROTATE_LABEL_SIZE 129

struct rotate_pin {
    struct pintle_pin pin;
    int64_t until;
    enum pintle_position at;
    bool backup;
    char label[ROTATE_LABEL_SIZE];
};

/*
 * The rule as one version of the pin-set has it.
 *
 * at       when it is published
 * issued   what it says of itself: clients count its hard_ttl from here
 * held     every client has it when the timeline begins
 * hostile  made by whoever stole a signing key
 * deny     of the denied keys those that the timeline is about
 */
struct rotate_issue {
    int64_t at;
    int64_t issued;
    int64_t version;
    int64_t epoch;
    int64_t expires;
    int64_t enforce_until;
    int64_t hard_ttl_s;
    enum pintle_mode mode;
    enum pintle_mode after;
    bool held;
    bool hostile;
    size_t pin_count;
    size_t deny_count;
    struct rotate_pin pins[ROTATE_PINS_MAX];
    struct pintle_pin deny[ROTATE_PINS_MAX];
};

/* The key that every server shows from `at` on. */
struct rotate_shown {
    int64_t at;
    struct pintle_pin pin;
};

/* Issues and keys in the order of their times; the first of each is there from the beginning. */
struct rotate_timeline {
    size_t issue_count;
    size_t shown_count;
    struct rotate_issue issues[ROTATE_ISSUES_MAX];
    struct rotate_shown shown[ROTATE_SHOWN_MAX];
};

/* First second in which `after` holds, as struct pintle_rule says it. */
int64_t rotate_issue_ends(const struct rotate_issue *issue);

/* The mode of an issue by a client's clock. */
enum pintle_mode rotate_issue_mode(const struct rotate_issue *issue, int64_t clock);

/* Index of a key among the pins of an issue, or pin_count. */
size_t rotate_issue_find(const struct rotate_issue *issue, const struct pintle_pin *pin);

bool rotate_issue_denies(const struct rotate_issue *issue, const struct pintle_pin *pin);

/*
 * First second in which a key is no longer among the pins that match: INT64_MIN if it never is, or
 * is denied.
 */
int64_t rotate_issue_matches_until(const struct rotate_issue *issue, const struct pintle_pin *pin);

/* True if a client with this issue and that clock refuses a server that shows only this key. */
bool rotate_issue_refuses(const struct rotate_issue *issue, const struct pintle_pin *pin,
                          int64_t clock);

/* Add a pin, or change the one for that key. False if there is no room. */
bool rotate_issue_pin(struct rotate_issue *issue, const struct rotate_pin *pin);

/* Take a pin away, if it is there. */
void rotate_issue_unpin(struct rotate_issue *issue, const struct pintle_pin *pin);

/* Deny a key, and take its pin away. False if there is no room. */
bool rotate_issue_deny(struct rotate_issue *issue, const struct pintle_pin *pin);

/*
 * The issue that follows another at a time: one version up, expires and enforce_until as far ahead as
 * before, but neither nearer than they were.
 */
struct rotate_issue rotate_issue_next(const struct rotate_issue *issue, int64_t at);

/* Add to the end. False if there is no room. */
bool rotate_timeline_issue(struct rotate_timeline *timeline, const struct rotate_issue *issue);
bool rotate_timeline_show(struct rotate_timeline *timeline, int64_t at,
                          const struct pintle_pin *pin);

/* The newest issue published by a time, or the first. */
size_t rotate_timeline_newest(const struct rotate_timeline *timeline, int64_t time);

/* The key that servers show at a time. */
const struct pintle_pin *rotate_timeline_shown(const struct rotate_timeline *timeline,
                                               int64_t time);

/*
 * When a client whose clock is right, and that never gets anything newer than `issue`, is refused
 * for the first time and the last: [*from, *until). False if never. *until is PINTLE_NEVER if
 * nothing ends it. This is the computable worst case.
 */
bool rotate_timeline_worst(const struct rotate_timeline *timeline, size_t issue, int64_t *from,
                           int64_t *until);

/* a + b without overflow, PINTLE_NEVER if a or b is, or the sum is beyond the year 9999. */
int64_t rotate_later(int64_t a, int64_t b);

#endif
