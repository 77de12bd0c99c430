/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the benchmarks share: the clock, statistics over rounds, the row they print, and the
 * certificates and pin-sets they run on. A benchmark that cannot run says why and exits with 1.
 */
#ifndef PINTLE_BENCH_BENCH_H
#define PINTLE_BENCH_BENCH_H

#include <pintle/pintle.h>

/* CPU time of this thread in nanoseconds: other programs on the machine do not count. */
double bench_now(void);

/* Keeps the compiler from dropping the work that made `value`. */
void bench_keep(const void *value);

_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Dies unless a call of the library succeeded. */
void bench_must(enum pintle_status status, const char *what, const struct pintle_error *err);

/* --- samples and rows ------------------------------------------------------------------------ */

#define BENCH_SAMPLES_MAX 64

/* One figure, measured once in every round. */
struct bench_samples {
    double value[BENCH_SAMPLES_MAX];
    size_t count;
};

void bench_add(struct bench_samples *samples, double value);

/* The middle one; sorts. count is at least 1. */
double bench_median(double *values, size_t count);

/*
 * Print a row: the median of the samples, with the lowest and the highest as the noise.
 *
 * name    what was measured
 * unit    "x", "%", "ns", "B"
 * target  the most it may be, or BENCH_INFO for a row that only informs
 * note    method in a few words; no quotes or backslashes
 */
#define BENCH_INFO (-1.0)
void bench_row(const char *name, struct bench_samples *samples, const char *unit, double target,
               const char *note);

/* --- material ----------------------------------------------------------------------------------
 */

#define BENCH_CHAIN_COUNT 3

/* The chain in DIR, made by bench/run: leaf.der (P-256), int.der and root.der (RSA-2048). */
struct bench_chain {
    uint8_t bytes[BENCH_CHAIN_COUNT][4096];
    struct pintle_view der[BENCH_CHAIN_COUNT];
    struct pintle_view spki[BENCH_CHAIN_COUNT];
    struct pintle_pin pin[BENCH_CHAIN_COUNT];
};

void bench_chain_load(struct bench_chain *chain, const char *dir);

/*
 * Write a pin-set document of `count` rules with two pins each, the second one `pin` or, if that is
 * NULL, another key for every rule. Even rules are for "host000042.example.test", odd ones for
 * "**.host000043.example.test". mode is "enforce" or "report". The caller frees it.
 */
char *bench_document(size_t count, const struct pintle_pin *pin, const char *mode);

/* The host of rule `index`. */
#define BENCH_HOST_FORMAT "host%06zu.example.test"

/* bench_document(), loaded. */
const struct pintle_pinset *bench_pinset(size_t count, const struct pintle_pin *pin,
                                         const char *mode);

/* An engine over bench_pinset() whose clock stands still inside the validity of the document. */
struct pintle *bench_engine(size_t count, const struct pintle_pin *pin, const char *mode,
                            int64_t report_interval_s);

struct pintle_host bench_host(const char *text);

/* A number from 0 to below `bound`; the sequence is the same in every run. */
size_t bench_random(size_t bound);

#endif
