/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go: a package with tls.Config.VerifyConnection, which crypto/tls calls in full and in resumed handshakes with every chain
 * that it could verify (https://pkg.go.dev/crypto/tls#Config). Laid out as gofmt does.
 */
#include <string.h>

#include "code.h"
#include "code_templates.h"
#include "pin_text.h"

static void add_key(struct text *out, const struct pintle_pin *pin)
{
    char key[PIN_TEXT_SIZE];

    text_printf(out, "\"%s\"", pin_text_format(pin, "base64", key));
}

static void add_match(struct text *out, const struct code_rule *rule)
{
    char pattern[CODE_PATTERN_SIZE];

    text_add(out, "\t\tmatch: []string{\n");
    for (size_t i = 0; i < rule->match_count; i++)
        text_printf(out, "\t\t\t\"%s\",\n", code_pattern(&rule->clauses[i], pattern));
    text_add(out, "\t\t},\n");
}

static void add_ports(struct text *out, const struct code_rule *rule)
{
    text_add(out, "[]uint16{");
    for (size_t i = 0; i < rule->count; i += rule->match_count)
        text_printf(out, "%s%u", i > 0 ? ", " : "", (unsigned)rule->clauses[i].port);
    text_add(out, "}");
}

/* gofmt sets the values of neighbouring lines one below the other. */
static void add_member(struct text *out, const char *name, int width)
{
    text_printf(out, "\t\t%s:%*s", name, width - (int)strlen(name) + 1, "");
}

static void add_terms(struct text *out, const struct code_rule *rule)
{
    const struct clause *clause = &rule->clauses[0];
    bool report = !clause->exempt && !clause->enforce;
    int width = report || clause->exempt ? 6 : 5;
    char time[PINTLE_TIME_TEXT_SIZE];

    if (code_has_ports(rule)) {
        add_member(out, "ports", width);
        add_ports(out, rule);
        text_add(out, ",\n");
    }
    if (clause->until != PINTLE_NEVER) {
        add_member(out, "until", width);
        text_printf(out, "\"%s\",\n", pintle_time_format(clause->until, time));
    }
    if (report || clause->exempt) {
        add_member(out, report ? "report" : "exempt", width);
        text_add(out, "true,\n");
    }
}

static void add_pin(struct text *out, const struct clause_pin *pin)
{
    static const char *const positions[] = {
        [PINTLE_AT_ANY] = "anywhere", [PINTLE_AT_LEAF] = "leaf", [PINTLE_AT_CA] = "ca"};
    char time[PINTLE_TIME_TEXT_SIZE];

    code_add_label(out, "\t\t\t", "//", pin);
    text_add(out, "\t\t\t{key: ");
    add_key(out, &pin->pin);
    text_printf(out, ", at: %s", positions[pin->at]);
    if (pin->until != PINTLE_NEVER)
        text_printf(out, ", until: \"%s\"", pintle_time_format(pin->until, time));
    text_add(out, "},\n");
}

static void add_pins(struct text *out, const struct clause *clause)
{
    text_add(out, "\t\tpins: []pin{\n");
    for (size_t i = 0; i < clause->pin_count; i++)
        add_pin(out, &clause->pins[i]);
    text_add(out, "\t\t},\n");
}

static void add_deny(struct text *out, const struct clause *clause)
{
    text_add(out, "\t\tdeny: []string{\n");
    for (size_t i = 0; i < clause->deny_count; i++) {
        text_add(out, "\t\t\t");
        add_key(out, &clause->deny[i]);
        text_add(out, ",\n");
    }
    text_add(out, "\t\t},\n");
}

static void add_rule(struct text *out, const struct code_rule *rule)
{
    const struct clause *clause = &rule->clauses[0];

    text_printf(out, "\t{\n\t\tname: \"%s\",\n", clause->id);
    add_match(out, rule);
    add_terms(out, rule);
    if (clause->pin_count > 0)
        add_pins(out, clause);
    if (clause->deny_count > 0)
        add_deny(out, clause);
    text_add(out, "\t},\n");
}

static enum pintle_status write_go(struct text *out, const struct writing *writing,
                                   struct pintle_error *err)
{
    const char *rest = code_add_until(out, code_begin(code_template_pins_go), "made_by");
    struct code_rule rule;
    size_t next = 0;

    (void)err;
    code_add_made_by(out, "//", writing->title);
    rest = code_add_until(out, rest, "rules");
    text_add(out, writing->clauses->count > 0 ? "var rules = []rule{\n" : "var rules = []rule{");
    while (code_next_rule(&rule, writing->clauses, &next))
        add_rule(out, &rule);
    text_add(out, "}\n");
    text_add(out, rest);
    return PINTLE_OK;
}

const struct format format_go = {
    .name = "go",
    .title = "Go package",
    .place = "pins/pins.go in the module",
    .made_by = "// Made by pintle export from ",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ONE) | REACH_BIT(REACH_ANY),
                  .positions =
                      AT_BIT(PINTLE_AT_ANY) | AT_BIT(PINTLE_AT_LEAF) | AT_BIT(PINTLE_AT_CA),
                  .ports = true,
                  .addresses = true,
                  .deny = true,
                  .report_mode = true,
                  .exempt = true,
                  .pin_until = true,
                  .end = END_SECOND,
                  .path = PATH_ALWAYS,
                  .min_pins = 1},
    .write = write_go,
};
