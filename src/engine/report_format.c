/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report as JSON: the members of RFC 7469 section 3, and ours in an object of their own. Keys are
 * told by their hashes; nothing else of a certificate is, unless the report carries it whole.
 */
#include <stdlib.h>
#include <string.h>

#include <pintle/engine.h>
#include <pintle/time.h>
#include <pintle/version.h>

#include "base/base64.h"
#include "base/error.h"
#include "engine/pem.h"
#include "json/write.h"

#define SCHEMA "https://pintle.dev/schema/report/1"

/* Below, a function that makes JSON returns NULL, and one that puts it somewhere false, when memory
 * ran out. Values are handed over, even then. */

static bool put(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new_nocheck(object, name, value) == 0;
}

static bool put_bool(json_t *object, const char *name, bool value)
{
    return put(object, name, json_boolean(value));
}

static bool put_number(json_t *object, const char *name, uint64_t value)
{
    return put(object, name, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

static bool put_time(json_t *object, const char *name, int64_t time)
{
    char text[PINTLE_TIME_TEXT_SIZE];

    return put(object, name, json_string_nocheck(pintle_time_format(time, text)));
}

/* A text that need not be UTF-8. */
static bool put_text(json_t *object, const char *name, const char *text)
{
    char ascii[PINTLE_VERDICT_DETAIL_SIZE];
    json_t *value = json_string(text);
    size_t len = 0;

    if (value != NULL)
        return put(object, name, value);
    for (; text[len] != '\0' && len + 1 < sizeof(ascii); len++) {
        ascii[len] = text[len];
        if (text[len] < ' ' || text[len] > '~')
            ascii[len] = '?';
    }
    ascii[len] = '\0';
    return put(object, name, json_string_nocheck(ascii));
}

/* A member that is left out where there is nothing to say. */
static bool put_some(json_t *object, const char *name, const char *text)
{
    return text == NULL || text[0] == '\0' || put_text(object, name, text);
}

static bool put_index(json_t *object, const char *name, int index)
{
    return index < 0 || put(object, name, json_integer(index));
}

/* The value, if it was made whole. */
static json_t *finish(json_t *json, bool whole)
{
    if (whole)
        return json;
    json_decref(json);
    return NULL;
}

/* --- RFC 7469 section 3 ----------------------------------------------------------------------- */

/* The pattern of the rule that covers the host best. False if none does. */
static bool find_pattern(struct pintle_pattern *best, const struct pintle_rule *rule,
                         const struct pintle_host *host)
{
    bool found = false;

    for (uint32_t i = 0; i < rule->match_count; i++) {
        struct pintle_pattern pattern;

        if (pintle_pattern_parse(&pattern, rule->match[i], strlen(rule->match[i]), NULL) !=
                PINTLE_OK ||
            !pintle_pattern_matches(&pattern, host))
            continue;
        if (!found || pattern.suffix.len > best->suffix.len ||
            (pattern.suffix.len == best->suffix.len && pattern.kind < best->kind))
            *best = pattern;
        found = true;
    }
    return found;
}

/* For which host, and whether its subdomains too, the pins are known. */
static bool put_noted(json_t *out, const struct pintle_report *report)
{
    const struct pintle_host *host = &report->verdict.host;
    struct pintle_pattern pattern;
    bool subdomains = false;

    if (report->learned != NULL) {
        host = &report->learned->host;
        subdomains = report->learned->include_subdomains;
    } else if (report->rule != NULL && find_pattern(&pattern, report->rule, host)) {
        host = &pattern.suffix;
        subdomains = pattern.kind != PINTLE_PATTERN_EXACT;
    }
    return put_bool(out, "include-subdomains", subdomains) &&
           put(out, "noted-hostname", json_string_nocheck(host->text));
}

/* Until when the pins hold. */
static int64_t effective_end(const struct pintle_report *report)
{
    if (report->learned != NULL)
        return report->learned->expires;
    if (report->rule != NULL && report->rule->ends != PINTLE_NEVER)
        return report->rule->ends;
    return report->set != NULL ? pintle_pinset_get_expires(report->set) : report->verdict.time;
}

static bool append_pin(json_t *list, const struct pintle_pin *pin)
{
    char text[] = "pin-sha256=\"                                            \"";

    pintle__base64_from_digest(text + strlen("pin-sha256=\""), pin->digest);
    return json_array_append_new(list, json_string_nocheck(text)) == 0;
}

static json_t *make_known_pins(const struct pintle_report *report)
{
    const struct pintle_rule *rule = report->rule;
    json_t *list = json_array();
    bool whole = list != NULL;

    for (uint32_t i = 0; whole && rule != NULL && i < rule->pin_count; i++) {
        if (report->verdict.time < rule->pins[i].until)
            whole = append_pin(list, &rule->pins[i].pin);
    }
    for (uint32_t i = 0; whole && report->learned != NULL && i < report->learned->pin_count; i++)
        whole = append_pin(list, &report->learned->pins[i]);
    return finish(list, whole);
}

static json_t *make_certificates(const struct pintle_report *report, bool wanted)
{
    json_t *list = json_array();
    bool whole = list != NULL;

    for (size_t i = 0; whole && wanted && i < report->certificate_count; i++) {
        char *pem = pintle__pem_certificate(report->certificates[i]);

        whole = pem != NULL && json_array_append_new(list, json_string_nocheck(pem)) == 0;
        free(pem);
    }
    return finish(list, whole);
}

/* The list that the server sent is not kept. What is there of a path that is not valid came from
 * there, and is told as that. */
static bool put_rfc7469(json_t *out, const struct pintle_report *report)
{
    const struct pintle_verdict *verdict = &report->verdict;
    bool validated = verdict->path_count > 0;

    return put_time(out, "date-time", verdict->time) &&
           put(out, "hostname", json_string_nocheck(verdict->host.text)) &&
           put_number(out, "port", verdict->port) &&
           put_time(out, "effective-expiration-date", effective_end(report)) &&
           put_noted(out, report) &&
           put(out, "served-certificate-chain", make_certificates(report, !validated)) &&
           put(out, "validated-certificate-chain", make_certificates(report, validated)) &&
           put(out, "known-pins", make_known_pins(report));
}

/* --- ours ------------------------------------------------------------------------------------- */

static const char *note_name(enum pintle_cert_note note)
{
    switch (note) {
    case PINTLE_CERT_UNCHECKED:
        return "unchecked";
    case PINTLE_CERT_NO_PIN:
        return "no-pin";
    case PINTLE_CERT_PINNED:
        return "pinned";
    case PINTLE_CERT_MISPLACED:
        return "misplaced";
    case PINTLE_CERT_DENIED:
        return "denied";
    case PINTLE_CERT_MALFORMED:
        return "malformed";
    case PINTLE_CERT_RETIRED:
        return "retired";
    }
    return "unchecked";
}

static json_t *make_trace(const struct pintle_cert_trace *trace)
{
    bool hashed = trace->note != PINTLE_CERT_UNCHECKED && trace->note != PINTLE_CERT_MALFORMED;
    char pin[PINTLE_PIN_TEXT_SIZE];
    json_t *out = json_object();

    return finish(out, (!hashed || put(out, "pin",
                                       json_string_nocheck(pintle_pin_format(&trace->pin, pin)))) &&
                           put(out, "note", json_string_nocheck(note_name(trace->note))));
}

static json_t *make_chain(const struct pintle_verdict *verdict)
{
    json_t *list = json_array();
    bool whole = list != NULL;

    for (size_t i = 0; whole && i < verdict->chain_count && i < PINTLE_CHAIN_MAX; i++)
        whole = json_array_append_new(list, make_trace(&verdict->chain[i])) == 0;
    return finish(list, whole);
}

static const char *from_name(enum pintle_learned_from from)
{
    switch (from) {
    case PINTLE_LEARNED_TOFU:
        return "tofu";
    case PINTLE_LEARNED_HPKP:
        return "hpkp";
    case PINTLE_LEARNED_HPKP_REPORT_ONLY:
        break;
    }
    return "hpkp-report-only";
}

static const char *at_name(enum pintle_position at)
{
    switch (at) {
    case PINTLE_AT_LEAF:
        return "leaf";
    case PINTLE_AT_CA:
        return "ca";
    case PINTLE_AT_ANY:
        break;
    }
    return "any";
}

static json_t *make_memory(const struct pintle_learned *learned)
{
    json_t *out = json_object();

    return finish(out, put(out, "from", json_string_nocheck(from_name(learned->from))) &&
                           put(out, "at", json_string_nocheck(at_name(learned->at))) &&
                           put_some(out, "key_type", learned->key_type) &&
                           put_time(out, "learned", learned->learned) &&
                           put_time(out, "seen", learned->seen) &&
                           put_time(out, "expires", learned->expires));
}

static bool put_verdict(json_t *out, const struct pintle_verdict *verdict)
{
    return put(out, "decision",
               json_string_nocheck(verdict->decision == PINTLE_ACCEPT ? "accept" : "refuse")) &&
           put(out, "reason", json_string_nocheck(pintle_reason_name(verdict->reason))) &&
           put(out, "mode", json_string_nocheck(pintle_mode_name(verdict->mode))) &&
           put_bool(out, "softened", verdict->softened) && put_bool(out, "stale", verdict->stale) &&
           put_bool(out, "unpinned", verdict->unpinned) &&
           put_bool(out, "learned", verdict->learned) &&
           put_bool(out, "resumed", verdict->resumed) && put_some(out, "rule", verdict->rule) &&
           put_number(out, "paths", verdict->path_count) &&
           put(out, "chain", make_chain(verdict)) &&
           put_index(out, "certificate", verdict->cert_index) &&
           put_index(out, "pin", verdict->pin_index) && put_some(out, "detail", verdict->detail);
}

static json_t *make_hex(const uint8_t digest[PINTLE_DIGEST_LEN])
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * PINTLE_DIGEST_LEN];

    for (size_t i = 0; i < PINTLE_DIGEST_LEN; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 0xf];
    }
    return json_stringn_nocheck(text, sizeof(text));
}

static bool put_set(json_t *out, const struct pintle_report *report)
{
    return (report->set == NULL ||
            (put_text(out, "app", pintle_pinset_get_app(report->set)) &&
             put(out, "set_epoch", json_integer(pintle_pinset_get_epoch(report->set))))) &&
           put(out, "set_version", json_integer(report->verdict.set_version)) &&
           put(out, "set_digest", make_hex(report->verdict.set_digest));
}

static json_t *make_ours(const struct pintle_report *report)
{
    json_t *out = json_object();

    return finish(
        out, put(out, "version", json_string_nocheck(pintle_version())) &&
                 put_some(out, "backend", report->backend) && put_verdict(out, &report->verdict) &&
                 (report->learned == NULL || put(out, "memory", make_memory(report->learned))) &&
                 put_set(out, report) && put_number(out, "suppressed", report->suppressed) &&
                 put_number(out, "dropped", report->dropped));
}

enum pintle_status pintle_report_format(char **out, size_t *out_len,
                                        const struct pintle_report *report,
                                        struct pintle_error *err)
{
    json_t *json = json_object();
    bool whole = put(json, "schema", json_string_nocheck(SCHEMA)) && put_rfc7469(json, report) &&
                 put(json, "pintle", make_ours(report));

    if (!pintle__json_write(out, out_len, finish(json, whole),
                            JSON_COMPACT | JSON_PRESERVE_ORDER)) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    return PINTLE_OK;
}
