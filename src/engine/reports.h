/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports on their way from handshakes to whoever takes them: a rate limit and a bounded queue.
 * Nothing here locks or waits, and nothing is allocated but what a report carries beyond its
 * verdict; all functions but init and clear are thread-safe.
 */
#ifndef PINTLE_SRC_ENGINE_REPORTS_H
#define PINTLE_SRC_ENGINE_REPORTS_H

#include <stdatomic.h>

#include <pintle/engine.h>

/* Places in the table of the rate limit. */
#define PINTLE__RATE_SLOTS 256

/*
 * When a host, port and reason was last reported.
 *
 * key         their hash, 0 for a free place
 * last        the time of their last report
 * suppressed  those left out since
 */
struct pintle__rate_slot {
    atomic_uint_least64_t key;
    atomic_int_least64_t last;
    atomic_uint_least64_t suppressed;
};

/*
 * What a report may carry beyond its verdict: copied if it is queued, and left out if there is no
 * memory for it. Both may be NULL.
 */
struct pintle__extra {
    const struct pintle_learned *learned;
    const struct pintle_chain *chain; /* whose certificates are copied */
};

/* turn says whose the place is: see reports.c. cargo is what the report's extras lie in, or NULL. */
struct pintle__report_slot {
    atomic_size_t turn;
    struct pintle_report report;
    struct pintle__cargo *cargo;
};

struct pintle__reports {
    int64_t interval_s;
    atomic_uint_least64_t dropped;
    atomic_size_t head; /* next to be taken */
    atomic_size_t tail; /* next to be filled */
    struct pintle__rate_slot rates[PINTLE__RATE_SLOTS];
    struct pintle__report_slot slots[PINTLE_REPORT_QUEUE];
};

/* interval_s as in struct pintle_config. */
void pintle__reports_init(struct pintle__reports *reports, int64_t interval_s);

/*
 * Queue a report unless an equal one went out within the interval. Retains `set` if it does.
 * Returns true if there is something new to take.
 */
bool pintle__reports_put(struct pintle__reports *reports, const struct pintle_verdict *verdict,
                         const struct pintle_pinset *set, const struct pintle_rule *rule,
                         const struct pintle__extra *extra);

/*
 * Take the oldest report, with an ownership of out->set and of *cargo, which is to be freed with
 * free(). False if none is ready.
 */
bool pintle__reports_take(struct pintle__reports *reports, struct pintle_report *out,
                          struct pintle__cargo **cargo);

/* Let go of what is still queued. */
void pintle__reports_clear(struct pintle__reports *reports);

#endif
