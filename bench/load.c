/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What loading 100 000 rules costs beside the JSON library's own parse of the same text, and what
 * stays in memory afterwards.
 */
#include "bench.h"

#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#define ROUNDS 7
#define RULES 100000
#define PINS_PER_RULE 2

static const struct pintle_pinset *parse(const char *text, size_t len)
{
    struct pintle_pinset_options options = {len, pintle_openssl_crypto()};
    struct pintle_pinset *set = NULL;
    struct pintle_error err;

    bench_must(pintle_pinset_parse(&set, text, len, &options, &err), "pin-set", &err);
    return set;
}

static double time_parse(const char *text, size_t len)
{
    double start = bench_now();
    const struct pintle_pinset *set = parse(text, len);

    start = bench_now() - start;
    pintle_pinset_free(set);
    return start;
}

static double time_json(const char *text, size_t len, size_t flags)
{
    json_error_t err;
    double start = bench_now();
    json_t *root = json_loadb(text, len, flags, &err);

    start = bench_now() - start;
    if (root == NULL)
        bench_die("json_loadb: %s", err.text);
    json_decref(root);
    return start;
}

static void run_time(const char *text, size_t len)
{
    struct bench_samples ratio = {.count = 0};
    struct bench_samples strict = {.count = 0};
    struct bench_samples ours = {.count = 0};

    time_parse(text, len);
    time_json(text, len, 0);
    for (int round = 0; round < ROUNDS; round++) {
        double parsed = time_parse(text, len);
        bench_add(&ours, parsed / RULES);
        bench_add(&ratio, parsed / time_json(text, len, 0));
        bench_add(&strict, parsed / time_json(text, len, JSON_REJECT_DUPLICATES));
    }
    bench_row("parse of 100 000 rules / json_loadb", &ratio, "x", 3,
              "two pins each; digest of the document included");
    bench_row("the same / json_loadb, duplicates refused", &strict, "x", BENCH_INFO,
              "json_loadb with JSON_REJECT_DUPLICATES");
    bench_row("parse, one rule", &ours, "ns", BENCH_INFO, "of 100 000");
}

static double bytes_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)info.uordblks + (double)info.hblkhd;
}

static void run_memory(const char *text, size_t len)
{
    struct bench_samples beside = {.count = 0};
    struct bench_samples digests = {.count = 0};
    double before = bytes_in_use();
    const struct pintle_pinset *set = parse(text, len);
    double each = (bytes_in_use() - before) / RULES;

    bench_add(&beside, each - (double)(PINS_PER_RULE * sizeof(struct pintle_rule_pin)));
    bench_add(&digests, each - (double)(PINS_PER_RULE * sizeof(struct pintle_pin)));
    bench_row("resident bytes, one rule beside its pins", &beside, "B", 200,
              "mallinfo2, less two struct pintle_rule_pin");
    bench_row("resident bytes, one rule beside its digests", &digests, "B", BENCH_INFO,
              "the same, less 2 x 32 bytes only");
    pintle_pinset_free(set);
}

int main(void)
{
    char *text = bench_document(RULES, NULL, "enforce");
    size_t len = strlen(text);

    run_memory(text, len);
    run_time(text, len);
    free(text);
    return 0;
}
