/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <pintle/openssl.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Most bytes that a rule takes in bench_document(). */
#define RULE_SIZE ((size_t)320)

double bench_now(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
        bench_die("no CPU clock");
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void bench_keep(const void *value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

void bench_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void bench_must(enum pintle_status status, const char *what, const struct pintle_error *err)
{
    if (status != PINTLE_OK)
        bench_die("%s: %s: %s", what, pintle_status_text(status), err->text);
}

void bench_add(struct bench_samples *samples, double value)
{
    if (samples->count == BENCH_SAMPLES_MAX)
        bench_die("too many rounds");
    samples->value[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

void bench_row(const char *name, struct bench_samples *samples, const char *unit, double target,
               const char *note)
{
    double median = bench_median(samples->value, samples->count);

    printf("{\"name\": \"%s\", \"value\": %.4f, \"min\": %.4f, \"max\": %.4f, \"unit\": \"%s\", ",
           name, median, samples->value[0], samples->value[samples->count - 1], unit);
    if (target > BENCH_INFO)
        printf("\"target\": %g, ", target);
    printf("\"note\": \"%s\"}\n", note);
    fflush(stdout);
}

static size_t read_file(uint8_t *out, size_t size, const char *dir, const char *name)
{
    char path[1024];
    FILE *file = NULL;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "rb");
    if (file == NULL)
        bench_die("cannot read %s (bench/run makes it)", path);
    len = fread(out, 1, size, file);
    fclose(file);
    return len;
}

void bench_chain_load(struct bench_chain *chain, const char *dir)
{
    static const char *const names[BENCH_CHAIN_COUNT] = {"leaf.der", "int.der", "root.der"};
    struct pintle_error err;

    for (size_t i = 0; i < BENCH_CHAIN_COUNT; i++) {
        chain->der[i].data = chain->bytes[i];
        chain->der[i].len = read_file(chain->bytes[i], sizeof(chain->bytes[i]), dir, names[i]);
        bench_must(pintle_spki_from_certificate(&chain->spki[i], chain->der[i], &err), names[i],
                   &err);
        bench_must(
            pintle_pin_from_spki(&chain->pin[i], chain->spki[i], pintle_openssl_crypto(), &err),
            names[i], &err);
    }
}

size_t bench_random(size_t bound)
{
    /* xorshift64*, Vigna 2016: fixed seed, so that runs can be compared. */
    static uint64_t state = 0x9e3779b97f4a7c15U;

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * 0x2545f4914f6cdd1dU) >> 32) % bound;
}

static struct pintle_pin random_pin(void)
{
    struct pintle_pin pin;

    for (size_t i = 0; i < sizeof(pin.digest); i++)
        pin.digest[i] = (uint8_t)bench_random(256);
    return pin;
}

char *bench_document(size_t count, const struct pintle_pin *pin, const char *mode)
{
    size_t size = 256 + count * RULE_SIZE;
    char *text = malloc(size);
    char a[PINTLE_PIN_TEXT_SIZE];
    char b[PINTLE_PIN_TEXT_SIZE];
    size_t len;

    if (text == NULL)
        bench_die("out of memory");
    len = (size_t)snprintf(text, size,
                           "{\"pintle\": 1, \"app\": \"test.example.bench\", \"version\": 1,\n"
                           "\"issued\": \"2026-01-01T00:00:00Z\", "
                           "\"expires\": \"2027-01-01T00:00:00Z\", \"rules\": [");
    for (size_t i = 0; i < count; i++) {
        struct pintle_pin first = random_pin();
        struct pintle_pin second = pin == NULL ? random_pin() : *pin;
        len += (size_t)snprintf(text + len, size - len,
                                "%s\n{\"id\": \"r%zu\", \"match\": [\"%s" BENCH_HOST_FORMAT "\"], "
                                "\"mode\": \"%s\", "
                                "\"pins\": [{\"spki\": \"%s\"}, {\"spki\": \"%s\"}]}",
                                i == 0 ? "" : ",", i, i % 2 == 0 ? "" : "**.", i, mode,
                                pintle_pin_format(&first, a), pintle_pin_format(&second, b));
    }
    snprintf(text + len, size - len, "]}\n");
    return text;
}

const struct pintle_pinset *bench_pinset(size_t count, const struct pintle_pin *pin,
                                         const char *mode)
{
    struct pintle_pinset_options options = {SIZE_MAX, pintle_openssl_crypto()};
    struct pintle_pinset *set = NULL;
    struct pintle_error err;
    char *text = bench_document(count, pin, mode);

    bench_must(pintle_pinset_parse(&set, text, strlen(text), &options, &err), "pin-set", &err);
    free(text);
    return set;
}

/* 2026-06-01T00:00:00Z. */
static int64_t stopped_clock(void *ctx)
{
    (void)ctx;
    return 1780272000;
}

struct pintle *bench_engine(size_t count, const struct pintle_pin *pin, const char *mode,
                            int64_t report_interval_s)
{
    struct pintle_config config = {.crypto = pintle_openssl_crypto(),
                                   .clock = stopped_clock,
                                   .report_interval_s = report_interval_s};
    struct pintle *engine = NULL;
    struct pintle_error err;

    bench_must(pintle_new(&engine, bench_pinset(count, pin, mode), &config, &err), "engine", &err);
    return engine;
}

struct pintle_host bench_host(const char *text)
{
    struct pintle_host host;
    struct pintle_error err;

    bench_must(pintle_host_parse(&host, text, strlen(text), &err), text, &err);
    return host;
}
