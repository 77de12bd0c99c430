/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a lookup grows with the pin-set: pintle_pinset_find() among 100 000 rules against 10.
 *
 * Twice: for hosts that are asked for again and again, as a program does with its servers, and for
 * hosts drawn anew from the whole pin-set, so that each lookup reads memory that is in no near
 * cache. What one such read costs on this machine is measured beside it: no table does with less.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 31
#define BATCHES 200
#define HOSTS 128
#define SMALL 10
#define LARGE 100000

enum kind {
    HIT,
    SUBDOMAIN,
    MISS
};

/* A pin-set, and the hosts that are asked for again and again. */
struct subject {
    const struct pintle_pinset *set;
    size_t rules;
    struct pintle_host again[HOSTS];
};

static struct pintle_host random_host(enum kind kind, size_t rules)
{
    size_t even = bench_random(rules / 2) * 2;
    char text[64];

    switch (kind) {
    case HIT:
        snprintf(text, sizeof(text), BENCH_HOST_FORMAT, even);
        break;
    case SUBDOMAIN:
        snprintf(text, sizeof(text), "a." BENCH_HOST_FORMAT, even + 1);
        break;
    case MISS:
        snprintf(text, sizeof(text), "none%06zu.example.test", even);
        break;
    }
    return bench_host(text);
}

static double time_batch(const struct subject *subject, const struct pintle_host hosts[HOSTS],
                         enum kind kind)
{
    size_t found = 0;
    double clock_cost;
    double start = bench_now();

    clock_cost = bench_now() - start;
    start = bench_now();
    for (size_t i = 0; i < HOSTS; i++)
        found += pintle_pinset_find(subject->set, &hosts[i], 443) != NULL;
    start = bench_now() - start - clock_cost;
    if (found != (kind == MISS ? 0 : HOSTS))
        bench_die("%zu of %d hosts found", found, HOSTS);
    return start / HOSTS;
}

static double time_lookup(const struct subject *subject, enum kind kind, bool anew)
{
    struct pintle_host drawn[HOSTS];
    double batches[BATCHES];

    for (size_t i = 0; i < BATCHES; i++) {
        for (size_t k = 0; anew && k < HOSTS; k++)
            drawn[k] = random_host(kind, subject->rules);
        batches[i] = time_batch(subject, anew ? drawn : subject->again, kind);
    }
    return bench_median(batches, BATCHES);
}

static void run(struct subject *small, struct subject *large, enum kind kind, bool anew)
{
    static const char *const kinds[] = {"hit", "subdomain hit", "miss"};
    const char *hosts = anew ? "anew" : "again";
    struct bench_samples in_small = {.count = 0};
    struct bench_samples in_large = {.count = 0};
    struct bench_samples ratio = {.count = 0};
    char row[64];

    for (size_t i = 0; i < HOSTS; i++) {
        small->again[i] = random_host(kind, SMALL);
        large->again[i] = random_host(kind, LARGE);
    }
    for (int round = 0; round < ROUNDS; round++) {
        double a = time_lookup(small, kind, anew);
        double b = time_lookup(large, kind, anew);
        bench_add(&in_small, a);
        bench_add(&in_large, b);
        bench_add(&ratio, b / a);
    }
    snprintf(row, sizeof(row), "%s, hosts %s, 100 000 rules / 10", kinds[kind], hosts);
    bench_row(row, &ratio, "x", 4,
              anew ? "each host drawn from the whole pin-set" : "128 hosts in turn");
    snprintf(row, sizeof(row), "%s, hosts %s, 10 rules", kinds[kind], hosts);
    bench_row(row, &in_small, "ns", BENCH_INFO, "one lookup");
    snprintf(row, sizeof(row), "%s, hosts %s, 100 000 rules", kinds[kind], hosts);
    bench_row(row, &in_large, "ns", BENCH_INFO, "one lookup");
}

/* --- memory ------------------------------------------------------------------------------------
 */

/* As much as the index of 100 000 rules takes, in cache lines. */
#define LINE_SIZE 64
#define LINES ((size_t)6 * 1024 * 1024 / LINE_SIZE)

/* Lines in one random circle: each holds the number of the next (Sattolo 1986). */
static void link_lines(size_t *lines, size_t stride)
{
    for (size_t i = 0; i < LINES; i++)
        lines[i * stride] = i;
    for (size_t i = LINES - 1; i > 0; i--) {
        size_t k = bench_random(i);
        size_t other = lines[k * stride];
        lines[k * stride] = lines[i * stride];
        lines[i * stride] = other;
    }
}

static void run_memory(void)
{
    const size_t stride = LINE_SIZE / sizeof(size_t);
    size_t *lines = malloc(LINES * LINE_SIZE);
    struct bench_samples samples = {.count = 0};
    size_t at = 0;

    if (lines == NULL)
        bench_die("out of memory");
    link_lines(lines, stride);
    for (int round = 0; round < ROUNDS; round++) {
        double start = bench_now();
        for (size_t i = 0; i < LINES; i++)
            at = lines[at * stride];
        bench_keep(&at);
        bench_add(&samples, (bench_now() - start) / (double)LINES);
    }
    bench_row("one read of far memory", &samples, "ns", BENCH_INFO,
              "dependent reads of random lines in 6 MiB");
    free(lines);
}

int main(void)
{
    static struct subject small = {.rules = SMALL};
    static struct subject large = {.rules = LARGE};

    small.set = bench_pinset(SMALL, NULL, "enforce");
    large.set = bench_pinset(LARGE, NULL, "enforce");
    for (int anew = 0; anew < 2; anew++) {
        run(&small, &large, HIT, anew != 0);
        run(&small, &large, SUBDOMAIN, anew != 0);
        run(&small, &large, MISS, anew != 0);
    }
    run_memory();
    pintle_pinset_free(large.set);
    pintle_pinset_free(small.set);
    return 0;
}
