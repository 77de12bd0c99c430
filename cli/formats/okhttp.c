/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OkHttp's CertificatePinner, in Java and in Kotlin. All patterns that match a host count; pins match anywhere in the chain that
 * the platform validated. "**." is known since 4.3.0: before, it silently matched no host
 * (docs/changelogs/changelog_4x.md of square/okhttp), so the code tries it. IPv6 addresses stand in
 * brackets, which every version takes. OkHttp knows no end: the code leaves ended rules out.
 */
#include <stdio.h>
#include <string.h>

#include "code.h"
#include "code_templates.h"
#include "pin_text.h"

/* A method of the JVM holds 64 KiB, and each string in it costs up to 13 bytes. */
#define PART_STRINGS 4000

/*
 * The same statements in two languages.
 *
 * call, head, tail  of a method for a part of many rules
 */
struct dialect {
    const char *template;
    const char *indent;
    const char *step;
    const char *array[2];
    const char *array_end;
    bool trailing_comma;
    const char *add;
    const char *added;
    const char *call[2];
    const char *head[2];
    const char *tail;
};

static const struct dialect java = {
    .template = code_template_Pins_java,
    .indent = "    ",
    .step = "  ",
    .array = {"String[] pins", " = {"},
    .array_end = "};",
    .trailing_comma = true,
    .add = ", pins",
    .added = ");",
    .call = {"    addPart", "(builder, now);"},
    .head = {"  private static void addPart", "(CertificatePinner.Builder builder, long now) {"},
    .tail = "  }"};

static const struct dialect kotlin = {
    .template = code_template_Pins_kt,
    .indent = "        ",
    .step = "    ",
    .array = {"val pins", " = arrayOf("},
    .array_end = ")",
    .add = ", *pins",
    .added = ")",
    .call = {"        addPart", "(builder, now)"},
    .head = {"    private fun addPart", "(builder: CertificatePinner.Builder, now: Long) {"},
    .tail = "    }"};

/* Where a writer is: `number` names the arrays. */
struct okhttp {
    struct text *out;
    const struct dialect *dialect;
    const struct clauses *clauses;
    size_t next;
    size_t number;
};

#define INDENT_SIZE 32

static void add_pins(const struct okhttp *okhttp, const struct clause *clause, const char *indent)
{
    const struct dialect *dialect = okhttp->dialect;
    char deeper[INDENT_SIZE];

    (void)snprintf(deeper, sizeof(deeper), "%s%s", indent, dialect->step);
    text_printf(okhttp->out, "%s%s%zu%s\n", indent, dialect->array[0], okhttp->number,
                dialect->array[1]);
    for (size_t i = 0; i < clause->pin_count; i++) {
        bool comma = i + 1 < clause->pin_count || dialect->trailing_comma;
        char pin[PINTLE_PIN_TEXT_SIZE];

        code_add_label(okhttp->out, deeper, "//", &clause->pins[i]);
        text_printf(okhttp->out, "%s\"%s\"%s\n", deeper,
                    pintle_pin_format(&clause->pins[i].pin, pin), comma ? "," : "");
    }
    text_printf(okhttp->out, "%s%s\n", indent, dialect->array_end);
}

static void add_patterns(const struct okhttp *okhttp, const struct code_rule *rule,
                         const char *indent)
{
    for (size_t i = 0; i < rule->match_count; i++) {
        const struct clause *clause = &rule->clauses[i];
        bool ipv6 = strchr(clause->host, ':') != NULL;
        char pattern[CODE_PATTERN_SIZE];

        (void)code_pattern(clause, pattern);
        text_printf(okhttp->out, ipv6 ? "%sbuilder.add(\"[%s]\"" : "%sbuilder.add(\"%s\"", indent,
                    pattern);
        text_printf(okhttp->out, "%s%zu%s\n", okhttp->dialect->add, okhttp->number,
                    okhttp->dialect->added);
    }
}

static void add_rule(struct okhttp *okhttp, const struct code_rule *rule)
{
    const struct clause *clause = &rule->clauses[0];
    const struct dialect *dialect = okhttp->dialect;
    bool ends = clause->until != PINTLE_NEVER;
    char indent[INDENT_SIZE];
    char time[PINTLE_TIME_TEXT_SIZE];

    okhttp->number++;
    (void)snprintf(indent, sizeof(indent), "%s%s", dialect->indent, ends ? dialect->step : "");
    text_printf(okhttp->out, "%s// Rule %s.\n", dialect->indent, clause->id);
    if (ends)
        text_printf(okhttp->out, "%sif (now < %lld000L) { // %s\n", dialect->indent,
                    (long long)clause->until, pintle_time_format(clause->until, time));
    add_pins(okhttp, clause, indent);
    add_patterns(okhttp, rule, indent);
    if (ends)
        text_printf(okhttp->out, "%s}\n", dialect->indent);
}

/* Rules that one method has room for; false if there are more. */
static bool add_part(struct okhttp *okhttp)
{
    struct code_rule rule;
    size_t before = okhttp->next;
    size_t strings = 0;

    while (code_next_rule(&rule, okhttp->clauses, &okhttp->next)) {
        strings += rule.match_count + rule.clauses[0].pin_count;
        if (strings > PART_STRINGS && before < okhttp->next - rule.count) {
            okhttp->next -= rule.count;
            return false;
        }
        add_rule(okhttp, &rule);
    }
    return true;
}

static size_t count_parts(const struct okhttp *okhttp)
{
    struct okhttp dry = *okhttp;
    struct text text = {.failed = true};
    size_t parts = 1;

    dry.out = &text;
    while (!add_part(&dry))
        parts++;
    return parts;
}

static bool has_end(const struct clauses *clauses)
{
    for (size_t i = 0; i < clauses->count; i++)
        if (clauses->items[i].until != PINTLE_NEVER)
            return true;
    return false;
}

static bool has_double_asterisk(const struct clauses *clauses)
{
    for (size_t i = 0; i < clauses->count; i++)
        if (clauses->items[i].reach == REACH_ANY)
            return true;
    return false;
}

static void add_methods(struct okhttp *okhttp, size_t parts)
{
    for (size_t i = 1; i <= parts; i++) {
        text_printf(okhttp->out, "\n%s%zu%s\n", okhttp->dialect->head[0], i,
                    okhttp->dialect->head[1]);
        (void)add_part(okhttp);
        text_printf(okhttp->out, "%s\n", okhttp->dialect->tail);
    }
}

static enum pintle_status write_okhttp(struct text *out, const struct writing *writing,
                                       const struct dialect *dialect)
{
    const struct clauses *clauses = writing->clauses;
    struct okhttp okhttp = {.out = out, .dialect = dialect, .clauses = clauses};
    bool any = has_double_asterisk(clauses);
    size_t parts = count_parts(&okhttp);
    const char *rest = code_add_until(out, code_begin(dialect->template), "made_by");

    code_add_made_by(out, "//", writing->title);
    rest = code_add_if(out, rest, "if_any", any);
    rest = code_add_if(out, rest, "if_any", any);
    rest = code_add_if(out, rest, "if_now", parts > 1 || has_end(clauses));
    rest = code_add_until(out, rest, "rules");
    if (parts == 1)
        (void)add_part(&okhttp);
    for (size_t i = 1; parts > 1 && i <= parts; i++)
        text_printf(out, "%s%zu%s\n", dialect->call[0], i, dialect->call[1]);
    rest = code_add_until(out, rest, "parts");
    if (parts > 1)
        add_methods(&okhttp, parts);
    rest = code_add_if(out, rest, "if_any", any);
    text_add(out, rest);
    return PINTLE_OK;
}

static enum pintle_status write_java(struct text *out, const struct writing *writing,
                                     struct pintle_error *err)
{
    (void)err;
    return write_okhttp(out, writing, &java);
}

static enum pintle_status write_kotlin(struct text *out, const struct writing *writing,
                                       struct pintle_error *err)
{
    (void)err;
    return write_okhttp(out, writing, &kotlin);
}

#define OKHTTP_SEMANTICS                                                                           \
    {                                                                                              \
        .reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ONE) | REACH_BIT(REACH_ANY),           \
        .positions = AT_BIT(PINTLE_AT_ANY), .every_match = true, .addresses = true,                \
        .end = END_SECOND, .path = PATH_ALWAYS, .min_pins = 1                                      \
    }

const struct format format_okhttp_java = {
    .name = "okhttp-java",
    .title = "OkHttp CertificatePinner in Java",
    .place = "Pins.java in a source folder, below a package line of yours",
    .made_by = "// Made by pintle export from ",
    .may_add = "package ",
    .semantics = OKHTTP_SEMANTICS,
    .write = write_java,
};

const struct format format_okhttp_kotlin = {
    .name = "okhttp-kotlin",
    .title = "OkHttp CertificatePinner in Kotlin",
    .place = "Pins.kt in a source folder, below a package line of yours",
    .made_by = "// Made by pintle export from ",
    .may_add = "package ",
    .semantics = OKHTTP_SEMANTICS,
    .write = write_kotlin,
};
