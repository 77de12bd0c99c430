/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include "json_build.h"

static const struct {
    const char *name;
    const char *text;
    enum cli_style style;
} notes[] = {
    [PINTLE_CERT_UNCHECKED] = {"unchecked", "not looked at", CLI_DIM},
    [PINTLE_CERT_NO_PIN] = {"no-pin", "not pinned", CLI_PLAIN},
    [PINTLE_CERT_PINNED] = {"pinned", "pinned", CLI_GREEN},
    [PINTLE_CERT_MISPLACED] = {"misplaced", "pinned for another position", CLI_YELLOW},
    [PINTLE_CERT_DENIED] = {"denied", "denied", CLI_RED},
    [PINTLE_CERT_MALFORMED] = {"malformed", "malformed", CLI_RED},
    [PINTLE_CERT_RETIRED] = {"retired", "its pin is retired", CLI_YELLOW},
};

enum cli_exit verdict_exit(const struct pintle_verdict *verdict)
{
    if (verdict->decision == PINTLE_ACCEPT)
        return CLI_OK;
    switch (verdict->reason) {
    case PINTLE_REASON_PATH_INVALID:
    case PINTLE_REASON_NAME_MISMATCH:
        return CLI_TLS;
    case PINTLE_REASON_INTERNAL:
        return CLI_INTERNAL;
    default:
        return CLI_REFUSED;
    }
}

const struct pintle_rule *verdict_rule(const struct pintle_verdict *verdict,
                                       const struct pintle_pinset *set)
{
    return verdict->host.len > 0 ? pintle_pinset_find(set, &verdict->host, verdict->port) : NULL;
}

const char *verdict_pin_role(const struct pintle_rule_pin *pin)
{
    static const char *const roles[2][3] = {{"live", "live, leaf", "live, ca"},
                                            {"backup", "backup, leaf", "backup, ca"}};

    return roles[pin->backup ? 1 : 0][pin->at];
}

bool verdict_learns(const struct pintle_rule *rule)
{
    return rule->trust == PINTLE_TRUST_TOFU || rule->trust == PINTLE_TRUST_TOFU_KEY;
}

static void write_ports(const struct pintle_rule *rule, char out[VERDICT_PORTS_SIZE])
{
    int len = snprintf(out, VERDICT_PORTS_SIZE, "rule \"%s\" covers port%s", rule->id,
                       rule->port_count == 1 ? "" : "s");
    size_t used = len > 0 ? (size_t)len : 0;

    /* Ten characters for a number and " only"; what does not fit is an ellipsis. */
    for (uint32_t i = 0; i < rule->port_count; i++) {
        bool fits = used + 24 < VERDICT_PORTS_SIZE;

        len = fits ? snprintf(out + used, VERDICT_PORTS_SIZE - used, "%s %u", i > 0 ? "," : "",
                              (unsigned)rule->ports[i])
                   : snprintf(out + used, VERDICT_PORTS_SIZE - used, ", ...");
        used += len > 0 ? (size_t)len : 0;
        if (!fits)
            break;
    }
    (void)snprintf(out + used, VERDICT_PORTS_SIZE - used, " only");
}

const char *verdict_other_ports(const struct pintle_pinset *set, const struct pintle_host *host,
                                char out[VERDICT_PORTS_SIZE])
{
    out[0] = '\0';
    for (size_t i = 0; i < pintle_pinset_get_rule_count(set); i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(set, i);

        if (rule->port_count == 0 || pintle_pinset_find(set, host, rule->ports[0]) != rule)
            continue;
        write_ports(rule, out);
        break;
    }
    return out;
}

static enum cli_style line_style(const struct pintle_verdict *verdict)
{
    if (verdict->decision != PINTLE_ACCEPT)
        return CLI_RED;
    return verdict->softened || verdict->stale || verdict->unpinned ||
                   verdict->reason == PINTLE_REASON_FIRST_USE
               ? CLI_YELLOW
               : CLI_GREEN;
}

void verdict_print_line(FILE *stream, const struct pintle_verdict *verdict)
{
    char text[1024];

    (void)pintle_verdict_format(verdict, text, sizeof(text));
    (void)fprintf(stream, "%s%s%s\n", cli_on(stream, line_style(verdict)), cli_safe(text),
                  cli_off(stream));
}

static void print_certificate(FILE *stream, const struct pintle_cert_trace *trace, size_t index)
{
    char pin[PINTLE_PIN_TEXT_SIZE];

    (void)pintle_pin_format(&trace->pin, pin);
    (void)fprintf(
        stream, "  %zu  %-51s  %s%s%s\n", index,
        trace->note == PINTLE_CERT_UNCHECKED || trace->note == PINTLE_CERT_MALFORMED ? "-" : pin,
        cli_on(stream, notes[trace->note].style), notes[trace->note].text, cli_off(stream));
}

/* ", until 2026-12-01T00:00:00Z", or nothing for a pin without an end. */
static const char *pin_end(const struct pintle_rule_pin *pin, int64_t now, char out[64])
{
    char until[PINTLE_TIME_TEXT_SIZE];

    out[0] = '\0';
    if (pin->until != PINTLE_NEVER)
        (void)snprintf(out, 64, ", %s %s", pin->until > now ? "until" : "retired since",
                       pintle_time_format(pin->until, until));
    return out;
}

static void print_pins(FILE *stream, const struct pintle_rule *rule, int64_t now)
{
    char text[PINTLE_PIN_TEXT_SIZE];
    char end[64];

    (void)fprintf(stream, "  rule \"%s\" pins:\n", rule->id);
    for (uint32_t i = 0; i < rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &rule->pins[i];

        (void)fprintf(stream, "     %s  %s%s%s%s\n", pintle_pin_format(&pin->pin, text),
                      verdict_pin_role(pin), pin_end(pin, now, end),
                      pin->label[0] != '\0' ? ": " : "", cli_safe(pin->label));
    }
}

void verdict_print(FILE *stream, const struct pintle_verdict *verdict,
                   const struct pintle_pinset *set)
{
    const struct pintle_rule *rule = verdict_rule(verdict, set);
    char ports[VERDICT_PORTS_SIZE];

    verdict_print_line(stream, verdict);
    if (verdict->reason == PINTLE_REASON_NO_RULE &&
        verdict_other_ports(set, &verdict->host, ports)[0] != '\0')
        (void)fprintf(stream, "  %s\n", ports);
    if (verdict->reason == PINTLE_REASON_MEMORY)
        (void)fprintf(stream, "  pintle trust forget %s has it learned anew\n",
                      cli_safe(verdict->host.text));
    for (size_t i = 0; i < verdict->chain_count; i++)
        print_certificate(stream, &verdict->chain[i], i);
    if (rule != NULL && rule->pin_count > 0 && verdict->reason == PINTLE_REASON_MISMATCH)
        print_pins(stream, rule, verdict->time);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static json_t *trace_json(const struct pintle_cert_trace *trace)
{
    bool hashed = trace->note != PINTLE_CERT_UNCHECKED && trace->note != PINTLE_CERT_MALFORMED;
    char pin[PINTLE_PIN_TEXT_SIZE];

    return json_build_member(json_pack("{s:s}", "note", notes[trace->note].name), hashed, "pin",
                             hashed ? json_string(pintle_pin_format(&trace->pin, pin)) : NULL);
}

static json_t *chain_json(const struct pintle_verdict *verdict)
{
    json_t *list = json_array();

    for (size_t i = 0; i < verdict->chain_count; i++)
        list = json_build_item(list, trace_json(&verdict->chain[i]));
    return list;
}

static json_t *index_json(json_t *object, const char *key, int index)
{
    return json_build_member(object, index >= 0, key, index >= 0 ? json_integer(index) : NULL);
}

json_t *verdict_json(const struct pintle_verdict *verdict)
{
    char time[PINTLE_TIME_TEXT_SIZE];
    char text[1024];
    json_t *json = json_pack(
        "{s:s, s:s, s:o, s:s, s:b, s:b, s:b, s:b, s:b, s:i, s:s, s:I, s:I, s:o}", "decision",
        verdict->decision == PINTLE_ACCEPT ? "accept" : "refuse", "reason",
        pintle_reason_name(verdict->reason), "text",
        cli_json_text(pintle_verdict_format(verdict, text, sizeof(text))), "mode",
        pintle_mode_name(verdict->mode), "softened", (int)verdict->softened, "stale",
        (int)verdict->stale, "unpinned", (int)verdict->unpinned, "learned", (int)verdict->learned,
        "resumed", (int)verdict->resumed, "port", (int)verdict->port, "time",
        pintle_time_format(verdict->time, time), "set_version", (json_int_t)verdict->set_version,
        "paths", (json_int_t)verdict->path_count, "chain", chain_json(verdict));

    json = json_build_text(json, "host", verdict->host.text);
    json = json_build_text(json, "rule", verdict->rule);
    json = index_json(json, "certificate", verdict->cert_index);
    json = index_json(json, "pin", verdict->pin_index);
    return json_build_text(json, "detail", verdict->detail);
}
