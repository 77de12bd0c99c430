/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python: a module with an ssl.SSLContext whose sockets (SSLContext.sslsocket_class, documented for this) look at the
 * chain that was verified. Laid out as black does. The line that says what it is made of stands below the
 * docstring: in the first two lines it could name an encoding (PEP 263).
 */
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

    text_add(out, "        match=[\n");
    for (size_t i = 0; i < rule->match_count; i++)
        text_printf(out, "            \"%s\",\n", code_pattern(&rule->clauses[i], pattern));
    text_add(out, "        ],\n");
}

static void add_ports(struct text *out, const struct code_rule *rule)
{
    text_add(out, "        ports=[\n");
    for (size_t i = 0; i < rule->count; i += rule->match_count)
        text_printf(out, "            %u,\n", (unsigned)rule->clauses[i].port);
    text_add(out, "        ],\n");
}

static void add_terms(struct text *out, const struct clause *clause)
{
    char time[PINTLE_TIME_TEXT_SIZE];

    if (clause->until != PINTLE_NEVER)
        text_printf(out, "        until=\"%s\",\n", pintle_time_format(clause->until, time));
    if (clause->exempt)
        text_add(out, "        exempt=True,\n");
    else if (!clause->enforce)
        text_add(out, "        report=True,\n");
}

/* A pin with an end has no room in one line. */
static void add_pin(struct text *out, const struct clause_pin *pin)
{
    bool ends = pin->until != PINTLE_NEVER;
    char time[PINTLE_TIME_TEXT_SIZE];

    code_add_label(out, "            ", "#", pin);
    text_add(out, ends ? "            Pin(\n                " : "            Pin(");
    add_key(out, &pin->pin);
    if (ends)
        text_printf(
            out, ",\n                at=\"%s\",\n                until=\"%s\",\n            ),\n",
            code_position(pin->at), pintle_time_format(pin->until, time));
    else
        text_printf(out, ", at=\"%s\"),\n", code_position(pin->at));
}

static void add_pins(struct text *out, const struct clause *clause)
{
    text_add(out, "        pins=[\n");
    for (size_t i = 0; i < clause->pin_count; i++)
        add_pin(out, &clause->pins[i]);
    text_add(out, "        ],\n");
}

static void add_deny(struct text *out, const struct clause *clause)
{
    text_add(out, "        deny=[\n");
    for (size_t i = 0; i < clause->deny_count; i++) {
        text_add(out, "            ");
        add_key(out, &clause->deny[i]);
        text_add(out, ",\n");
    }
    text_add(out, "        ],\n");
}

static void add_rule(struct text *out, const struct code_rule *rule)
{
    const struct clause *clause = &rule->clauses[0];

    text_printf(out, "    Rule(\n        name=\"%s\",\n", clause->id);
    add_match(out, rule);
    if (code_has_ports(rule))
        add_ports(out, rule);
    add_terms(out, clause);
    if (clause->pin_count > 0)
        add_pins(out, clause);
    if (clause->deny_count > 0)
        add_deny(out, clause);
    text_add(out, "    ),\n");
}

static enum pintle_status write_python(struct text *out, const struct writing *writing,
                                       struct pintle_error *err)
{
    const char *rest = code_add_until(out, code_begin(code_template_pins_py), "made_by");
    struct code_rule rule;
    size_t next = 0;

    (void)err;
    code_add_made_by(out, "#", writing->title);
    rest = code_add_until(out, rest, "rules");
    text_add(out, writing->clauses->count > 0 ? "RULES = [\n" : "RULES = [");
    while (code_next_rule(&rule, writing->clauses, &next))
        add_rule(out, &rule);
    text_add(out, "]\n");
    text_add(out, rest);
    return PINTLE_OK;
}

const struct format format_python = {
    .name = "python",
    .title = "Python module",
    .place = "pins.py in the program's package",
    .made_by = "# Made by pintle export from ",
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
    .write = write_python,
};
