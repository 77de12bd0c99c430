/* SPDX-License-Identifier: Apache-2.0 */
/* From the engine's queue to the database. Runs on the reporter's thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/updater.h"

/* A reason and the pins of a chain, apart by a character. */
#define CAUSE_SIZE (32 + PINTLE_CHAIN_MAX * (PINTLE_PIN_TEXT_SIZE + 1))

/* What makes two reports of one host equal: why, and which keys were seen. */
static void write_cause(char out[CAUSE_SIZE], const struct pintle_verdict *verdict)
{
    size_t len = (size_t)snprintf(out, CAUSE_SIZE, "%.31s", pintle_reason_name(verdict->reason));

    for (size_t i = 0; i < verdict->chain_count && i < PINTLE_CHAIN_MAX; i++) {
        out[len++] = ' ';
        (void)pintle_pin_format(&verdict->chain[i].pin, out + len);
        len += strlen(out + len);
    }
}

/* Have the sender look soon; a report that waits already does not put it off. */
static void wake_sender(struct pintle_updater *updater)
{
    int64_t soon_ms = pintle__http_now_ms() + pintle__updater_soon_ms(updater);

    pintle__updater_lock(updater);
    if (soon_ms < updater->send_ms)
        updater->send_ms = soon_ms;
    (void)pthread_cond_broadcast(&updater->changed);
    pintle__updater_unlock(updater);
}

static void spool_for(struct pintle_updater *updater, const struct pintle__spooled *report)
{
    struct pintle_error err = {0};

    pintle__update_note_storage(
        updater, pintle__state_spool(updater->state, report, report->created, &err), &err);
}

static void spool(struct pintle_updater *updater, const struct pintle_report *report,
                  const char *json)
{
    char cause[CAUSE_SIZE];
    struct pintle__spooled spooled = {
        .host = report->verdict.host.text,
        .port = report->verdict.port,
        .cause = cause,
        .json = json,
        .created = report->verdict.time,
    };

    write_cause(cause, &report->verdict);
    for (uint32_t i = 0; report->rule != NULL && i < report->rule->report_count; i++) {
        spooled.uri = report->rule->report[i];
        spool_for(updater, &spooled);
    }
    if (report->learned != NULL && report->learned->report_uri[0] != '\0') {
        spooled.uri = report->learned->report_uri;
        spool_for(updater, &spooled);
    }
    wake_sender(updater);
}

/* Whom it is to be sent to: without anybody it is not even written. */
static bool has_readers(const struct pintle_report *report)
{
    return (report->rule != NULL && report->rule->report_count > 0) ||
           (report->learned != NULL && report->learned->report_uri[0] != '\0');
}

void pintle__update_spool(void *ctx, const struct pintle_report *report)
{
    struct pintle_updater *updater = ctx;
    struct pintle_error err = {0};
    size_t len;
    char *json;

    if (updater->config.reported != NULL)
        updater->config.reported(updater->config.reported_ctx, report);
    if (updater->state == NULL || !has_readers(report))
        return;
    if (pintle_report_format(&json, &len, report, &err) != PINTLE_OK)
        return; /* without memory this one is lost; the engine's next one counts it as left out */
    spool(updater, report, json);
    free(json);
}
