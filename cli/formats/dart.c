/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dart and Flutter: an HttpClient of dart:io. badCertificateCallback is asked about bad certificates only; connectionFactory
 * makes the connection, and can look at SecureSocket.peerCertificate, the server's own, before a request is sent
 * (sdk/lib/_http/http_impl.dart of dart-lang/sdk). The chain above it is not told.
 */
#include "code.h"
#include "code_templates.h"
#include "pin_text.h"

static void add_match(struct text *out, const struct code_rule *rule)
{
    char pattern[CODE_PATTERN_SIZE];

    text_add(out, "    match: [\n");
    for (size_t i = 0; i < rule->match_count; i++)
        text_printf(out, "      '%s',\n", code_pattern(&rule->clauses[i], pattern));
    text_add(out, "    ],\n");
}

static void add_ports(struct text *out, const struct code_rule *rule)
{
    text_add(out, "    ports: [\n");
    for (size_t i = 0; i < rule->count; i += rule->match_count)
        text_printf(out, "      %u,\n", (unsigned)rule->clauses[i].port);
    text_add(out, "    ],\n");
}

static void add_pins(struct text *out, const struct clause *clause)
{
    text_add(out, "    pins: [\n");
    for (size_t i = 0; i < clause->pin_count; i++) {
        const struct clause_pin *pin = &clause->pins[i];
        char key[PIN_TEXT_SIZE];
        char time[PINTLE_TIME_TEXT_SIZE];

        code_add_label(out, "      ", "//", pin);
        text_printf(out, "      _Pin('%s'", pin_text_format(&pin->pin, "base64", key));
        if (pin->until != PINTLE_NEVER)
            text_printf(out, ", until: '%s'", pintle_time_format(pin->until, time));
        text_add(out, "),\n");
    }
    text_add(out, "    ],\n");
}

static void add_rule(struct text *out, const struct code_rule *rule)
{
    const struct clause *clause = &rule->clauses[0];
    char time[PINTLE_TIME_TEXT_SIZE];

    text_printf(out, "  _Rule(\n    '%s',\n", clause->id);
    add_match(out, rule);
    if (code_has_ports(rule))
        add_ports(out, rule);
    if (clause->until != PINTLE_NEVER)
        text_printf(out, "    until: '%s',\n", pintle_time_format(clause->until, time));
    if (clause->exempt)
        text_add(out, "    exempt: true,\n");
    else if (!clause->enforce)
        text_add(out, "    report: true,\n");
    if (clause->pin_count > 0)
        add_pins(out, clause);
    text_add(out, "  ),\n");
}

static enum pintle_status write_dart(struct text *out, const struct writing *writing,
                                     struct pintle_error *err)
{
    const char *rest = code_add_until(out, code_begin(code_template_pins_dart), "made_by");
    struct code_rule rule;
    size_t next = 0;

    (void)err;
    code_add_made_by(out, "//", writing->title);
    rest = code_add_until(out, rest, "rules");
    text_add(out,
             writing->clauses->count > 0 ? "const _rules = <_Rule>[\n" : "const _rules = <_Rule>[");
    while (code_next_rule(&rule, writing->clauses, &next))
        add_rule(out, &rule);
    text_add(out, "];\n");
    text_add(out, rest);
    return PINTLE_OK;
}

const struct format format_dart = {
    .name = "dart",
    .title = "Dart library for dart:io, as in Flutter",
    .place = "lib/pins.dart of the package",
    .made_by = "// Made by pintle export from ",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ONE) | REACH_BIT(REACH_ANY),
                  .positions = AT_BIT(PINTLE_AT_LEAF),
                  .ports = true,
                  .addresses = true,
                  .report_mode = true,
                  .exempt = true,
                  .pin_until = true,
                  .end = END_SECOND,
                  .path = PATH_ALWAYS,
                  .min_pins = 1},
    .write = write_dart,
};
