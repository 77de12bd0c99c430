/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue is a ring after Dmitry Vyukov's bounded MPMC queue. A position counts puts (or takes)
 * since the start; its place in the ring is position % PINTLE_REPORT_QUEUE. The place's `turn` is
 * the position that may fill it next, or one more than the position that has filled it. Who moves
 * `tail` (or `head`) over a position owns its place until he sets the next turn.
 */
#include "engine/reports.h"

#include <stdlib.h>
#include <string.h>

#include "engine/cargo.h"

#define DEFAULT_INTERVAL_S 60

void pintle__reports_init(struct pintle__reports *reports, int64_t interval_s)
{
    memset(reports, 0, sizeof(*reports));
    reports->interval_s = interval_s == 0 ? DEFAULT_INTERVAL_S : interval_s;
    atomic_init(&reports->dropped, 0);
    atomic_init(&reports->head, 0);
    atomic_init(&reports->tail, 0);
    for (size_t i = 0; i < PINTLE__RATE_SLOTS; i++) {
        atomic_init(&reports->rates[i].key, 0);
        atomic_init(&reports->rates[i].last, 0);
        atomic_init(&reports->rates[i].suppressed, 0);
    }
    for (size_t i = 0; i < PINTLE_REPORT_QUEUE; i++)
        atomic_init(&reports->slots[i].turn, i);
}

/* FNV-1a. */
static uint64_t hash(uint64_t key, const void *bytes, size_t len)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < len; i++)
        key = (key ^ byte[i]) * UINT64_C(0x100000001b3);
    return key;
}

/* Never 0. */
static uint64_t rate_key(const struct pintle_verdict *verdict)
{
    unsigned char rest[] = {(unsigned char)(verdict->port >> 8),
                            (unsigned char)(verdict->port & 0xff), (unsigned char)verdict->reason};
    uint64_t key = UINT64_C(0xcbf29ce484222325);

    key = hash(key, verdict->host.text, verdict->host.len);
    key = hash(key, rest, sizeof(rest));
    return key == 0 ? 1 : key;
}

static struct pintle__rate_slot *rate_slot(struct pintle__reports *reports, uint64_t key)
{
    return &reports->rates[(key ^ (key >> 32)) % PINTLE__RATE_SLOTS];
}

/* A clock that was set back must not silence anything: such a report counts as old. */
static bool recent(const struct pintle__reports *reports, int64_t last, int64_t now)
{
    return now >= last && (uint64_t)now - (uint64_t)last < (uint64_t)reports->interval_s;
}

/*
 * May this one be reported? Then *suppressed is how many equal ones were left out before it;
 * otherwise it was counted as left out.
 *
 * Two kinds that share a place push each other out, which costs additional reports. What was left
 * out of the one pushed out cannot be told in a report of its own any more: it is told as dropped.
 * `last` is read before `key`: should the place change hands in between, it came back to this kind
 * because one of it is being reported right now.
 */
static bool admit(struct pintle__reports *reports, uint64_t key, int64_t now, uint64_t *suppressed)
{
    struct pintle__rate_slot *slot = rate_slot(reports, key);

    *suppressed = 0;
    for (;;) {
        int_least64_t last = atomic_load(&slot->last);
        uint_least64_t found = atomic_load(&slot->key);

        if (found != key) {
            if (!atomic_compare_exchange_weak(&slot->key, &found, key))
                continue;
            atomic_store(&slot->last, now);
            atomic_fetch_add(&reports->dropped, atomic_exchange(&slot->suppressed, 0));
            return true;
        }
        if (recent(reports, last, now)) {
            atomic_fetch_add(&slot->suppressed, 1);
            return false;
        }
        if (atomic_compare_exchange_weak(&slot->last, &last, now)) {
            *suppressed = atomic_exchange(&slot->suppressed, 0);
            return true;
        }
    }
}

/* Claim the next place to fill, or NULL if the queue is full. */
static struct pintle__report_slot *claim(struct pintle__reports *reports, size_t *position)
{
    size_t tail = atomic_load(&reports->tail);

    for (;;) {
        struct pintle__report_slot *slot = &reports->slots[tail % PINTLE_REPORT_QUEUE];
        size_t ahead = atomic_load(&slot->turn) - tail;

        if (ahead > SIZE_MAX / 2)
            return NULL; /* filled a lap ago and not taken yet */
        if (ahead > 0) {
            tail = atomic_load(&reports->tail); /* another thread was faster */
        } else if (atomic_compare_exchange_weak(&reports->tail, &tail, tail + 1)) {
            *position = tail;
            return slot;
        }
    }
}

/* Count it, and let the next equal one try again. */
static void drop(struct pintle__reports *reports, uint64_t key, uint64_t suppressed)
{
    uint_least64_t expected = key;

    atomic_compare_exchange_strong(&rate_slot(reports, key)->key, &expected, 0);
    atomic_fetch_add(&reports->dropped, suppressed + 1);
}

bool pintle__reports_put(struct pintle__reports *reports, const struct pintle_verdict *verdict,
                         const struct pintle_pinset *set, const struct pintle_rule *rule,
                         const struct pintle__extra *extra)
{
    uint64_t key = rate_key(verdict);
    uint64_t suppressed = 0;
    struct pintle__cargo *cargo;
    struct pintle__report_slot *slot;
    size_t position = 0;

    if (reports->interval_s > 0 && !admit(reports, key, verdict->time, &suppressed))
        return false;
    cargo = pintle__cargo_load(extra); /* before a place is claimed: others wait behind that */
    slot = claim(reports, &position);
    if (slot == NULL) {
        free(cargo);
        drop(reports, key, suppressed);
        return false;
    }
    slot->cargo = cargo;
    pintle__cargo_lend(cargo, &slot->report);
    slot->report.verdict = *verdict;
    slot->report.set = pintle_pinset_retain(set);
    slot->report.rule = rule;
    slot->report.suppressed = suppressed;
    atomic_store(&slot->turn, position + 1);
    return true;
}

bool pintle__reports_take(struct pintle__reports *reports, struct pintle_report *out,
                          struct pintle__cargo **cargo)
{
    size_t head = atomic_load(&reports->head);

    for (;;) {
        struct pintle__report_slot *slot = &reports->slots[head % PINTLE_REPORT_QUEUE];
        size_t ahead = atomic_load(&slot->turn) - (head + 1);

        if (ahead > SIZE_MAX / 2)
            return false; /* empty, or the oldest is still being written */
        if (ahead > 0) {
            head = atomic_load(&reports->head);
        } else if (atomic_compare_exchange_weak(&reports->head, &head, head + 1)) {
            *out = slot->report;
            *cargo = slot->cargo;
            atomic_store(&slot->turn, head + PINTLE_REPORT_QUEUE);
            out->dropped = atomic_exchange(&reports->dropped, 0);
            return true;
        }
    }
}

void pintle__reports_clear(struct pintle__reports *reports)
{
    struct pintle_report report;
    struct pintle__cargo *cargo;

    while (pintle__reports_take(reports, &report, &cargo)) {
        pintle_pinset_free(report.set);
        free(cargo);
    }
}
