/* SPDX-License-Identifier: Apache-2.0 */
#include "draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "format.h"

#define ID_SIZE PINTLE_RULE_ID_SIZE

/* group: the clauses of one rule. ids: those given so far, as members of an object. */
struct group {
    const struct clause *clauses;
    size_t count;
};

/* Every function below hands NULL, false or what is not whole on: want of memory shows at the end. */
static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static bool append(json_t *list, json_t *value)
{
    return json_array_append_new(list, value) == 0;
}

/* --- pins ----------------------------------------------------------------------------------------- */

static bool put_time(json_t *object, const char *key, int64_t time)
{
    char text[PINTLE_TIME_TEXT_SIZE];

    return time == PINTLE_NEVER || put(object, key, json_string(pintle_time_format(time, text)));
}

static bool append_pin(json_t *list, const struct clause_pin *pin)
{
    static const char *const positions[] = {"any", "leaf", "ca"};
    char text[PINTLE_PIN_TEXT_SIZE];
    json_t *json = json_pack("{s:s, s:s}", "spki", pintle_pin_format(&pin->pin, text), "at",
                             positions[pin->at]);
    bool done = json != NULL && put_time(json, "until", pin->until);

    if (done && pin->label != NULL && pin->label[0] != '\0')
        done = put(json, "label", json_string(pin->label));
    if (done && pin->backup)
        done = put(json, "backup", json_true());
    return append(list, json) && done;
}

static bool put_pins(json_t *rule, const struct clause *clause)
{
    json_t *list = json_array();

    for (size_t i = 0; i < clause->pin_count; i++)
        if (!append_pin(list, &clause->pins[i])) {
            json_decref(list);
            return false;
        }
    return put(rule, "pins", list);
}

static bool put_deny(json_t *rule, const struct clause *clause)
{
    json_t *list;

    if (clause->deny_count == 0)
        return true;
    list = json_array();
    for (size_t i = 0; i < clause->deny_count; i++) {
        char text[PINTLE_PIN_TEXT_SIZE];

        if (!append(list, json_string(pintle_pin_format(&clause->deny[i], text)))) {
            json_decref(list);
            return false;
        }
    }
    return put(rule, "deny", list);
}

static bool put_report(json_t *rule, const struct clause *clause)
{
    json_t *list;

    if (clause->report_count == 0)
        return true;
    list = json_array();
    for (size_t i = 0; i < clause->report_count; i++)
        if (!append(list, json_string(clause->report[i]))) {
            json_decref(list);
            return false;
        }
    return put(rule, "report", list);
}

/* --- hosts ---------------------------------------------------------------------------------------- */

static bool append_patterns(json_t *list, const struct clause *clause)
{
    bool exact = clause->reach == REACH_EXACT || clause->reach == REACH_EXACT_OR_ONE;
    bool one = clause->reach == REACH_ONE || clause->reach == REACH_EXACT_OR_ONE;

    if (exact && !append(list, json_string(clause->host)))
        return false;
    if (one && !append(list, json_sprintf("*.%s", clause->host)))
        return false;
    return clause->reach != REACH_ANY || append(list, json_sprintf("**.%s", clause->host));
}

static bool seen_before(const struct group *group, size_t index)
{
    const struct clause *clause = &group->clauses[index];

    for (size_t i = index; i > 0; i--)
        if (group->clauses[i - 1].reach == clause->reach &&
            strcmp(group->clauses[i - 1].host, clause->host) == 0)
            return true;
    return false;
}

/* Host and port may stand in every combination: each host once, then each port once. */
static bool put_match(json_t *rule, const struct group *group)
{
    bool by_port = group->clauses[0].port != 0;
    json_t *list = json_array();

    for (size_t i = 0; i < group->count; i++)
        if ((!by_port || !seen_before(group, i)) && !append_patterns(list, &group->clauses[i])) {
            json_decref(list);
            return false;
        }
    return put(rule, "match", list);
}

static bool has_port(const json_t *list, uint16_t port)
{
    size_t count = json_array_size(list);

    for (size_t i = 0; i < count; i++)
        if (json_integer_value(json_array_get(list, i)) == port)
            return true;
    return false;
}

static bool put_ports(json_t *rule, const struct group *group)
{
    json_t *list;

    if (group->clauses[0].port == 0)
        return true;
    list = json_array();
    for (size_t i = 0; i < group->count; i++)
        if (!has_port(list, group->clauses[i].port) &&
            !append(list, json_integer(group->clauses[i].port))) {
            json_decref(list);
            return false;
        }
    return put(rule, "ports", list);
}

/* Letters, digits, '.', '_' and '-', and no rule twice. */
static void make_id(char out[ID_SIZE], const struct clause *clause, const json_t *ids)
{
    char base[ID_SIZE];

    (void)snprintf(base, sizeof(base), "%.48s%s", clause->id[0] != '\0' ? clause->id : clause->host,
                   "");
    for (char *c = base; *c != '\0'; c++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *c) == NULL)
            *c = '_';
    (void)snprintf(out, ID_SIZE, "%s", base);
    for (size_t i = 2; json_object_get(ids, out) != NULL; i++)
        (void)snprintf(out, ID_SIZE, "%.48s-%zu", base, i);
}

/* --- ends ----------------------------------------------------------------------------------------- */

/* A platform that only reports does not report after the end either. */
static bool put_end(json_t *rule, const struct clause *clause)
{
    bool stops = !clause->enforce && !clause->exempt && clause->until != PINTLE_NEVER;

    return put_time(rule, "enforce_until", clause->until) &&
           (!stops || put(rule, "after", json_string("off")));
}

/* --- rules ---------------------------------------------------------------------------------------- */

static json_t *rule_json(const struct group *group, json_t *ids)
{
    const struct clause *clause = &group->clauses[0];
    const char *mode = clause->exempt ? "off" : clause->enforce ? "enforce" : "report";
    char id[ID_SIZE];
    json_t *rule;

    make_id(id, clause, ids);
    rule = json_pack("{s:s}", "id", id);
    if (rule != NULL && put(ids, id, json_true()) && put_match(rule, group) &&
        put_ports(rule, group) && put(rule, "mode", json_string(mode)) &&
        put(rule, "trust", json_string(clause->key_alone ? "key" : "pkix")) &&
        put_pins(rule, clause) && put_deny(rule, clause) && put_end(rule, clause) &&
        put_report(rule, clause))
        return rule;
    json_decref(rule);
    return NULL;
}

static size_t group_size(const struct clauses *clauses, size_t first)
{
    size_t count = 1;

    while (first + count < clauses->count &&
           clauses->items[first + count].group == clauses->items[first].group)
        count++;
    return count;
}

static json_t *rules_json(const struct clauses *clauses)
{
    json_t *list = json_array();
    json_t *ids = json_object();

    for (size_t i = 0; i < clauses->count;) {
        struct group group = {&clauses->items[i], group_size(clauses, i)};

        if (!append(list, rule_json(&group, ids))) {
            json_decref(list);
            list = NULL;
            break;
        }
        i += group.count;
    }
    json_decref(ids);
    return list;
}

static json_t *document_json(const struct clauses *clauses, const struct draft_options *options)
{
    char issued[PINTLE_TIME_TEXT_SIZE];
    char expires[PINTLE_TIME_TEXT_SIZE];
    json_t *rules = rules_json(clauses);
    json_t *document;

    if (rules == NULL)
        return NULL;
    document = json_pack("{s:i, s:s, s:i, s:s, s:s}", "pintle", 1, "app", options->app, "version",
                         1, "issued", pintle_time_format(options->now, issued), "expires",
                         pintle_time_format(options->expires, expires));
    if (document != NULL && options->hard_ttl_s > 0 &&
        !put(document, "hard_ttl_s", json_integer(options->hard_ttl_s))) {
        json_decref(document);
        document = NULL;
    }
    if (put(document, "rules", rules))
        return document;
    json_decref(document);
    return NULL;
}

/* json_dumps() of jansson 2.14 does not look whether the key of a member found room; a text remembers. */
static int append_bytes(const char *bytes, size_t len, void *ctx)
{
    struct text *text = ctx;

    text_add_bytes(text, bytes, len);
    return text->failed ? -1 : 0;
}

static bool write_json(struct text *out, const struct clauses *clauses,
                       const struct draft_options *options)
{
    json_t *document = document_json(clauses, options);
    bool done = document != NULL &&
                json_dump_callback(document, append_bytes, out, JSON_COMPACT) == 0 && !out->failed;

    json_decref(document);
    return done;
}

enum pintle_status draft_pinset(char **out, size_t *out_len, const struct clauses *clauses,
                                const struct draft_options *options,
                                const struct pintle_crypto *crypto, struct pintle_error *err)
{
    struct pintle_pinset_options how = {.max_len = DRAFT_MAX_LEN, .crypto = crypto};
    struct pintle_pinset *set = NULL;
    enum pintle_status status;
    struct text text = {0};

    *out = NULL;
    if (!write_json(&text, clauses, options)) {
        text_clear(&text);
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    }
    status = pintle_pinset_parse(&set, text.data, text.len, &how, err);
    text_clear(&text);
    if (status == PINTLE_OK)
        status = pintle_pinset_format(out, out_len, set, err);
    else if (err != NULL)
        err->line = err->column = 0; /* of a text that nobody saw */
    pintle_pinset_free(set);
    return status;
}
