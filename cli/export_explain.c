/* SPDX-License-Identifier: Apache-2.0 */
/* What a pin-set and a platform make of one host. */
#include "export.h"
#include "json_build.h"

#define HTTPS_PORT 443
#define FOUND_MAX 16

static const char *const positions[] = {"any", "leaf", "ca"};

/*
 * found  clauses that count for the host, the first of many
 */
struct meaning {
    struct target host;
    const struct pintle_rule *rule;
    const struct clause *found[FOUND_MAX];
    size_t found_count;
};

static void note_found(void *ctx, const struct clause *clause)
{
    struct meaning *meaning = ctx;

    if (meaning->found_count < FOUND_MAX)
        meaning->found[meaning->found_count++] = clause;
}

static void ask(struct meaning *meaning, const struct export *export,
                const struct clause_index *index, const char *host)
{
    const struct semantics *semantics = &export->format->semantics;

    *meaning = (struct meaning){.rule = NULL};
    if (target_parse_server(&meaning->host, host, HTTPS_PORT, NULL) != PINTLE_OK)
        return;
    meaning->rule = pintle_pinset_find(export->set, &meaning->host.host, meaning->host.port);
    clause_index_find(index, semantics->every_match ? CLAUSE_EVERY : CLAUSE_MOST_SPECIFIC,
                      &meaning->host.host, meaning->host.port, note_found, meaning);
}

/* The first clause that asks for pins; NULL if the platform asks for none. */
static const struct clause *pinned(const struct meaning *meaning)
{
    for (size_t i = 0; i < meaning->found_count; i++)
        if (!meaning->found[i]->exempt)
            return meaning->found[i];
    return NULL;
}

/* Where several clauses count, pins are asked for until the last of them ends. */
static int64_t pinned_until(const struct meaning *meaning)
{
    int64_t until = INT64_MIN;

    for (size_t i = 0; i < meaning->found_count; i++)
        if (!meaning->found[i]->exempt && meaning->found[i]->until > until)
            until = meaning->found[i]->until;
    return until;
}

/* A file for connections to one host says nothing of others: it must not be used for them. */
static bool is_for_another(const struct export *export, const struct meaning *meaning)
{
    const struct semantics *semantics = &export->format->semantics;

    return semantics->per_host && !semantics->host_kept && meaning->found_count == 0;
}

/* --- text ----------------------------------------------------------------------------------------- */

static const char *mode_name(enum pintle_mode mode)
{
    static const char *const names[] = {"enforced", "reported only", "off"};

    return names[mode];
}

static void print_pin(const struct pintle_pin *pin, enum pintle_position at, const char *label)
{
    char text[PINTLE_PIN_TEXT_SIZE];

    (void)printf("              %s  %-4s  %s\n", pintle_pin_format(pin, text), positions[at],
                 label != NULL ? cli_safe(label) : "");
}

static void print_end(int64_t until)
{
    char text[PINTLE_TIME_TEXT_SIZE];

    if (until != PINTLE_NEVER)
        (void)printf(", until %s", pintle_time_format(until, text));
    (void)printf("\n");
}

static void print_rule(const struct export *export, const struct pintle_rule *rule)
{
    (void)printf("  %-10s  ", "pin-set");
    if (rule == NULL) {
        (void)printf("no rule: not pinned\n");
        return;
    }
    (void)printf("rule %s, %s", rule->id, mode_name(pintle_rule_get_mode(rule, export->now)));
    print_end(rule->ends);
    for (uint32_t i = 0; i < rule->pin_count; i++)
        print_pin(&rule->pins[i].pin, rule->pins[i].at, rule->pins[i].label);
}

static void print_clauses(const struct export *export, const struct meaning *meaning)
{
    (void)printf("  %-10s  ", export->format->name);
    if (export->format->semantics.whole) {
        (void)printf("the same: it carries the pin-set\n");
        return;
    }
    if (is_for_another(export, meaning)) {
        (void)printf("the file is for %s alone\n", export->host.text);
        return;
    }
    if (pinned(meaning) == NULL) {
        (void)printf("not pinned\n");
        return;
    }
    (void)printf("%s", pinned(meaning)->enforce ? "enforced" : "reported only");
    print_end(pinned_until(meaning));
    for (size_t i = 0; i < meaning->found_count; i++)
        for (size_t j = 0; j < meaning->found[i]->pin_count; j++)
            print_pin(&meaning->found[i]->pins[j].pin, meaning->found[i]->pins[j].at,
                      meaning->found[i]->pins[j].label);
}

enum cli_exit export_explain(const struct export *export)
{
    const struct opt_list *hosts = &export->options->explain;
    struct clause_index index;

    if (!clause_index_init(&index, &export->clauses))
        cli_no_memory();
    for (size_t i = 0; i < hosts->count; i++) {
        struct meaning meaning;

        ask(&meaning, export, &index, hosts->items[i]);
        (void)printf("%s%s%s\n", cli_on(stdout, CLI_BOLD), meaning.host.text, cli_off(stdout));
        print_rule(export, meaning.rule);
        print_clauses(export, &meaning);
    }
    clause_index_clear(&index);
    return CLI_OK;
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static json_t *add_pin(json_t *list, const struct pintle_pin *pin, enum pintle_position at)
{
    char text[PINTLE_PIN_TEXT_SIZE];

    return json_build_item(
        list, json_pack("{s:s, s:s}", "spki", pintle_pin_format(pin, text), "at", positions[at]));
}

static json_t *add_end(json_t *json, int64_t until)
{
    char text[PINTLE_TIME_TEXT_SIZE];
    bool there = until != PINTLE_NEVER;

    return json_build_member(json, there, "until",
                             there ? json_string(pintle_time_format(until, text)) : NULL);
}

static json_t *rule_json(const struct export *export, const struct pintle_rule *rule)
{
    static const char *const modes[] = {"enforce", "report", "off"};
    json_t *pins = json_array();
    json_t *json;

    if (rule == NULL) {
        json_decref(pins);
        return json_pack("{s:b}", "pinned", 0);
    }
    for (uint32_t i = 0; i < rule->pin_count; i++)
        pins = add_pin(pins, &rule->pins[i].pin, rule->pins[i].at);
    json =
        json_pack("{s:b, s:s, s:s, s:o}", "pinned",
                  (int)(pintle_rule_get_mode(rule, export->now) != PINTLE_MODE_OFF), "rule",
                  rule->id, "mode", modes[pintle_rule_get_mode(rule, export->now)], "pins", pins);
    return add_end(json, rule->ends);
}

static json_t *clauses_json(const struct export *export, const struct meaning *meaning)
{
    const struct clause *first = pinned(meaning);
    json_t *pins = json_array();
    json_t *json;

    for (size_t i = 0; i < meaning->found_count; i++)
        for (size_t j = 0; j < meaning->found[i]->pin_count; j++)
            pins = add_pin(pins, &meaning->found[i]->pins[j].pin, meaning->found[i]->pins[j].at);
    if (first == NULL) {
        json_decref(pins);
        return export->format->semantics.whole ? rule_json(export, meaning->rule)
                                               : json_pack("{s:b}", "pinned", 0);
    }
    json = json_pack("{s:b, s:s, s:o}", "pinned", 1, "mode", first->enforce ? "enforce" : "report",
                     "pins", pins);
    return add_end(json, pinned_until(meaning));
}

json_t *export_explain_json(const struct export *export)
{
    const struct opt_list *hosts = &export->options->explain;
    struct clause_index index;
    json_t *list = json_array();

    if (!clause_index_init(&index, &export->clauses))
        cli_no_memory();
    for (size_t i = 0; i < hosts->count; i++) {
        struct meaning meaning;

        ask(&meaning, export, &index, hosts->items[i]);
        list = json_build_item(
            list, json_pack("{s:s, s:i, s:o, s:o}", "host", meaning.host.host.text, "port",
                            (int)meaning.host.port, "pinset", rule_json(export, meaning.rule),
                            "platform", clauses_json(export, &meaning)));
    }
    clause_index_clear(&index);
    return list;
}
