/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with an updater, driven line by line, for tests in Python (tests/kit/probe.py). It
 * prints what happens and what it is asked, one JSON object to a line.
 *
 *   run                  update now
 *   status               where things stand
 *   decide HOST KEYS     a handshake whose valid path has these keys, leaf first: "3,1"
 *   clock SECONDS        the clock is so far off from now on
 *   quit                 close and end; so does the end of the input
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <pintle/openssl.h>
#include <pintle/update.h>

#include "kit/fake_cert.h"

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t clock_offset;

static void die(const char *why)
{
    (void)fprintf(stderr, "updater_probe: %s\n", why);
    exit(70);
}

/* Takes over `json`. */
static void say(json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text == NULL)
        die("out of memory, or text that is no UTF-8");
    (void)pthread_mutex_lock(&output);
    (void)puts(text);
    (void)fflush(stdout);
    (void)pthread_mutex_unlock(&output);
    free(text);
    json_decref(json);
}

static int64_t shifted_clock(void *ctx)
{
    return pintle_clock_system(ctx) + atomic_load(&clock_offset);
}

static void happened(void *ctx, const struct pintle_event *event)
{
    static const char *const kinds[] = {"started", "updated", "current", "source",
                                        "storage", "stale",   "unpinned"};

    (void)ctx;
    say(json_pack("{s:s, s:s, s:s, s:s}", "event", kinds[event->kind], "status",
                  event->status == PINTLE_OK ? "OK" : pintle_status_name(event->status), "source",
                  event->source, "text", event->text));
}

/* Without --mismatches nothing but `run` and the schedule updates. */
static bool refresh_nothing(void *ctx, const struct pintle_verdict *verdict)
{
    (void)ctx;
    (void)verdict;
    return false;
}

/* --- commands -------------------------------------------------------------------------------- */

static void run(struct pintle_updater *updater)
{
    static const char *const results[] = {"failed", "current", "new"};
    enum pintle_update_result result;
    struct pintle_error err = {0};
    enum pintle_status status = pintle_updater_run(updater, &result, &err);

    say(json_pack("{s:s, s:s, s:s}", "run", results[result], "status",
                  status == PINTLE_OK ? "OK" : pintle_status_name(status), "text", err.text));
}

static void tell_status(struct pintle_updater *updater)
{
    struct pintle_updater_status s;

    pintle_updater_get_status(updater, &s);
    say(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:i}", "root_version",
                  (json_int_t)s.root_version, "epoch", (json_int_t)s.epoch, "version",
                  (json_int_t)s.version, "fresh_until", (json_int_t)s.fresh_until, "unpin_until",
                  (json_int_t)s.unpin_until, "checked", (json_int_t)s.checked, "stale",
                  (int)s.stale, "storage", (int)s.storage, "failures", (int)s.failures));
}

#define KEYS_MAX 8

static size_t make_path(struct fake_cert certs[KEYS_MAX], struct pintle_view views[KEYS_MAX],
                        char *keys)
{
    char *save = NULL;
    size_t count = 0;

    for (char *word = strtok_r(keys, ",", &save); word != NULL && count < KEYS_MAX;
         word = strtok_r(NULL, ",", &save)) {
        fake_cert_make(&certs[count], (uint32_t)strtoul(word, NULL, 10));
        views[count] = fake_cert_der(&certs[count]);
        count++;
    }
    return count;
}

static void decide(struct pintle_updater *updater, const char *name, char *keys)
{
    struct fake_cert certs[KEYS_MAX];
    struct pintle_view views[KEYS_MAX];
    struct pintle_peer peer = {.port = 443, .path = PINTLE_PATH_VALID};
    struct pintle_verdict verdict;
    struct pintle_host host;

    if (pintle_host_parse(&host, name, strlen(name), NULL) != PINTLE_OK)
        die("not a host");
    peer.host = &host;
    peer.chain = pintle_chain_from_views(views, make_path(certs, views, keys));
    pintle_decide(&verdict, pintle_updater_get_engine(updater), &peer);
    say(json_pack("{s:s, s:s, s:b, s:b, s:b, s:I}", "decision",
                  verdict.decision == PINTLE_ACCEPT ? "accept" : "refuse", "reason",
                  pintle_reason_name(verdict.reason), "stale", (int)verdict.stale, "softened",
                  (int)verdict.softened, "unpinned", (int)verdict.unpinned, "version",
                  (json_int_t)verdict.set_version));
}

static void obey(struct pintle_updater *updater, char *line)
{
    char *save = NULL;
    const char *word = strtok_r(line, " \n", &save);
    char *first = strtok_r(NULL, " \n", &save);
    char *second = strtok_r(NULL, " \n", &save);

    if (word == NULL)
        return;
    if (strcmp(word, "run") == 0)
        run(updater);
    else if (strcmp(word, "status") == 0)
        tell_status(updater);
    else if (strcmp(word, "decide") == 0 && second != NULL)
        decide(updater, first, second);
    else if (strcmp(word, "clock") == 0 && first != NULL)
        atomic_store(&clock_offset, strtoll(first, NULL, 10));
    else
        die("no such command");
}

/* --- the program ------------------------------------------------------------------------------- */

static char *read_seed(const char *path, size_t *len)
{
    static char bytes[PINTLE_SEED_MAX_LEN];
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        die("no seed");
    *len = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    return bytes;
}

static void set_option(struct pintle_update_config *config, const char *name, const char *value)
{
    static const char *sources[PINTLE_SOURCES_MAX];
    long long number = strtoll(value, NULL, 10);

    if (strcmp(name, "--seed") == 0) {
        config->seed.data = (const uint8_t *)read_seed(value, &config->seed.len);
    } else if (strcmp(name, "--source") == 0 && config->source_count < PINTLE_SOURCES_MAX) {
        config->sources = sources;
        sources[config->source_count++] = value;
    } else if (strcmp(name, "--state") == 0) {
        config->state_path = value;
    } else if (strcmp(name, "--ca") == 0) {
        config->ca_file = value;
    } else if (strcmp(name, "--clock") == 0) {
        atomic_store(&clock_offset, number);
    } else if (strcmp(name, "--interval") == 0) {
        config->interval_s = number;
    } else if (strcmp(name, "--timeout") == 0) {
        config->timeout_ms = number;
    } else if (strcmp(name, "--wait") == 0) {
        config->mismatch_wait_ms = number;
    } else if (strcmp(name, "--wait-on-open") == 0) {
        config->wait_on_open_ms = number;
    } else if (strcmp(name, "--background") == 0) {
        config->background = number != 0;
    } else if (strcmp(name, "--reports") == 0) {
        config->reports = number != 0;
    } else if (strcmp(name, "--mismatches") == 0) {
        config->engine.refresh = number != 0 ? NULL : refresh_nothing;
    } else if (strcmp(name, "--certificates") == 0) {
        config->engine.report_certificates = number != 0;
    } else if (strcmp(name, "--ignore-unpin") == 0) {
        config->ignore_unpin = number != 0;
    } else {
        die("no such option");
    }
}

int main(int argc, char **argv)
{
    struct pintle_update_config config = {.happened = happened,
                                          .engine = {.refresh = refresh_nothing}};
    struct pintle_updater *updater;
    struct pintle_error err = {0};
    char line[512];
    enum pintle_status status;

    for (int i = 1; i + 1 < argc; i += 2)
        set_option(&config, argv[i], argv[i + 1]);
    config.engine.crypto = pintle_openssl_crypto();
    config.engine.clock = shifted_clock;
    config.engine.report_interval_s = -1;
    status = pintle_updater_open(&updater, &config, &err);
    say(json_pack("{s:s, s:s}", "open", status == PINTLE_OK ? "OK" : pintle_status_name(status),
                  "text", err.text));
    if (status != PINTLE_OK)
        return 1;
    while (fgets(line, sizeof(line), stdin) != NULL && strncmp(line, "quit", 4) != 0)
        obey(updater, line);
    pintle_updater_close(updater);
    say(json_pack("{s:b}", "closed", 1));
    return 0;
}
