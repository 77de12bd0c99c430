/* SPDX-License-Identifier: Apache-2.0 */
/* Public-Key-Pins headers of answers (RFC 7469): noted, forgotten, reported. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pintle/hpkp.h>

#include "fetch.h"
#include "json_build.h"

/* --- headers ---------------------------------------------------------------------------------- */

/* What no header may hold: one that has this is void. */
#define VOID '\x01'

/* A copy of the value of a line "NAME: VALUE", or NULL if it is another header or memory ran out. */
static char *value_of(const char *line, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    char *value;

    if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
        return NULL;
    line += name_len + 1;
    len -= name_len + 1;
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
        len--;
    value = calloc(1, len + 2); /* also an empty one has room for VOID */
    if (value == NULL)
        return NULL;
    memcpy(value, line, len);
    for (char *end = memchr(value, '\0', len); end != NULL; end = memchr(value, '\0', len))
        *end = VOID;
    return value;
}

void fetch_hpkp_clear(struct fetch_hpkp *hpkp)
{
    free(hpkp->header);
    free(hpkp->report_only);
    *hpkp = (struct fetch_hpkp){0};
}

/* Of several headers the first counts (section 2.3.1). */
static void take(struct fetch_hpkp *hpkp, char **out, const char *line, size_t len,
                 const char *name)
{
    if (*out != NULL)
        return;
    *out = value_of(line, len, name);
    if (*out != NULL)
        hpkp->last = *out;
}

/*
 * One behind the body is none. One that goes on in the next line (RFC 7230 section 3.2.4) is void:
 * half of it must not be taken for all.
 */
void fetch_hpkp_line(struct fetch_hpkp *hpkp, const char *line, size_t len)
{
    if (len >= 5 && strncmp(line, "HTTP/", 5) == 0) {
        fetch_hpkp_clear(hpkp);
        hpkp->in_head = true;
    } else if (len <= 2) {
        hpkp->in_head = false;
    }
    if (!hpkp->in_head)
        return;
    if (hpkp->last != NULL && (line[0] == ' ' || line[0] == '\t'))
        hpkp->last[0] = VOID;
    hpkp->last = NULL;
    take(hpkp, &hpkp->header, line, len, "Public-Key-Pins");
    take(hpkp, &hpkp->report_only, line, len, "Public-Key-Pins-Report-Only");
}

/* --- reports ------------------------------------------------------------------------------------ */

/* In the database, to be sent by `pintle report send`, if somebody wants it. */
static void spool(struct fetch *f, const struct pintle_report *report)
{
    const struct pintle_verdict *verdict = &report->verdict;
    char cause[16 + PINTLE_PIN_TEXT_SIZE];
    char pin[PINTLE_PIN_TEXT_SIZE];
    struct pintle__spooled spooled = {.host = verdict->host.text,
                                      .port = verdict->port,
                                      .cause = cause,
                                      .created = verdict->time};
    struct pintle_error err = {0};
    size_t len;
    char *json;

    if (report->learned == NULL || report->learned->report_uri[0] == '\0')
        return;
    if (pintle_report_format(&json, &len, report, &err) != PINTLE_OK)
        return; /* a report is not worth an end for want of memory */
    (void)snprintf(cause, sizeof(cause), "%.15s %s", pintle_reason_name(verdict->reason),
                   pintle_pin_format(&verdict->chain[0].pin, pin));
    spooled.json = json;
    spooled.uri = report->learned->report_uri;
    if (pintle__state_spool(f->learning.state, &spooled, verdict->time, &err) != PINTLE_OK)
        cli_error("%s", err.text);
    free(json);
}

static void spool_any(void *ctx, const struct pintle_report *report)
{
    spool(ctx, report);
}

/* With a seed the updater does that. */
void fetch_hpkp_report(struct fetch *f)
{
    if (f->options->learning.hpkp && f->learning.living.updater == NULL)
        (void)pintle_take_reports(f->engine, spool_any, f);
}

/* A report-only header is violated: as if report mode had let the connection pass. */
static void report_violation(struct fetch *f, const struct pintle_learned *entry)
{
    const struct pintle_pinset *set = pintle_get_pinset(f->engine);
    struct pintle_report report = {.verdict = f->hops[f->hop_count].verdict,
                                   .set = set,
                                   .learned = entry,
                                   .backend = guard_crypto()->name};

    report.verdict.reason = PINTLE_REASON_MISMATCH;
    report.verdict.mode = PINTLE_MODE_REPORT;
    report.verdict.softened = true;
    report.verdict.learned = true;
    cli_error("%s: its report-only pins (HPKP) are violated", f->url.target.text);
    spool(f, &report);
    pintle_pinset_free(set);
}

/* --- what a header comes to ----------------------------------------------------------------------- */

static enum cli_exit keep(struct fetch *f, const struct pintle_learned *entry)
{
    const struct pintle_memory *memory = pintle__state_get_memory(f->learning.state);
    struct pintle_learned held;

    if (memory->learn(memory->ctx, entry, true, entry->learned, &held) == PINTLE_RECALL_NONE)
        return CLI_OK;
    cli_error("%s: the pins it announced (HPKP) cannot be kept", f->url.target.text);
    return CLI_INPUT;
}

/* Is that what is held already? */
static bool is_held(struct fetch *f, const struct pintle_learned *entry)
{
    const struct pintle_memory *memory = pintle__state_get_memory(f->learning.state);
    struct pintle_learned held;

    return memory->recall(memory->ctx, entry->from, &entry->host, 0, entry->learned, &held) ==
               PINTLE_RECALL_FOUND &&
           strcmp(held.host.text, entry->host.text) == 0 && held.pin_count == entry->pin_count &&
           memcmp(held.pins, entry->pins, held.pin_count * sizeof(held.pins[0])) == 0;
}

/* Pins that hold from now on, or that the user may take to hold, are told unasked. */
static void tell_noted(struct fetch *f, const struct pintle_learned *entry)
{
    char when[PINTLE_TIME_TEXT_SIZE];

    if (!f->options->verbose && !is_held(f, entry))
        cli_note("%s: the pins it announces (HPKP) are kept until %s", f->url.target.text,
                 pintle_time_format(entry->expires, when));
}

static void tell_ignored(const struct fetch *f, bool report_only, const char *why)
{
    if (!f->options->verbose && !report_only)
        cli_note("%s: the pins it announces (HPKP) are ignored: %s", f->url.target.text, why);
}

static void note(struct fetch *f, const char *action, const char *why, int64_t expires)
{
    struct fetch_note *out = &f->hops[f->hop_count].hpkp;
    char when[PINTLE_TIME_TEXT_SIZE] = "";

    out->action = action;
    out->expires = expires;
    (void)snprintf(out->why, sizeof(out->why), "%s", why);
    if (expires > 0)
        (void)pintle_time_format(expires, when);
    if (f->options->verbose)
        (void)fprintf(stderr, "  HPKP: %s%s%s%s%s\n", action, why[0] != '\0' ? ": " : "", why,
                      when[0] != '\0' ? " until " : "", when);
}

static enum cli_exit obey(struct fetch *f, const char *header, bool report_only)
{
    const struct pintle_verdict *verdict = &f->hops[f->hop_count].verdict;
    struct pintle_learned entry;
    struct pintle_hpkp parsed;
    struct pintle_error err = {0};
    const char *why = "";

    if (pintle_hpkp_parse(&parsed, header, strlen(header), report_only, &err) != PINTLE_OK) {
        note(f, "ignore", err.text, 0);
        tell_ignored(f, report_only, err.text);
        return CLI_OK;
    }
    switch (pintle_hpkp_judge(&entry, &why, &parsed, report_only, verdict,
                              pintle_get_time(f->engine))) {
    case PINTLE_HPKP_NOTE:
        note(f, "note", "", entry.expires);
        tell_noted(f, &entry);
        return keep(f, &entry);
    case PINTLE_HPKP_FORGET: /* one that has expired takes it back */
        note(f, "forget", "", 0);
        return keep(f, &entry);
    case PINTLE_HPKP_REPORT:
        note(f, "report", "", 0);
        report_violation(f, &entry);
        return CLI_OK;
    case PINTLE_HPKP_IGNORE:
        break;
    }
    note(f, "ignore", why, 0);
    tell_ignored(f, report_only, why);
    return CLI_OK;
}

enum cli_exit fetch_hpkp_obey(struct fetch *f)
{
    enum cli_exit code = CLI_OK;

    if (!f->options->learning.hpkp || f->url.plain)
        return CLI_OK;
    if (f->hpkp.report_only != NULL)
        code = obey(f, f->hpkp.report_only, true);
    if (f->hpkp.header != NULL)
        code = obey(f, f->hpkp.header, false);
    return code;
}

json_t *fetch_note_json(const struct fetch_note *note)
{
    char when[PINTLE_TIME_TEXT_SIZE] = "";
    json_t *json = json_pack("{s:s}", "action", note->action);

    if (note->expires > 0)
        (void)pintle_time_format(note->expires, when);
    json = json_build_text(json, "why", note->why);
    return json_build_text(json, "expires", when);
}
