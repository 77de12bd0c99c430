/* SPDX-License-Identifier: Apache-2.0 */
#include "key_add.h"

#include <stdlib.h>
#include <string.h>

#include "os/file.h"

/* chosen: one for each rule of the set, in document order */
struct key_add {
    const char *path;
    json_t *document;
    const struct pintle_pinset *set;
    bool *chosen;
};

/* --- which rules ----------------------------------------------------------------------------- */

static bool has_pattern(const struct pintle_rule *rule, const char *pattern)
{
    for (uint32_t i = 0; i < rule->match_count; i++)
        if (strcmp(rule->match[i], pattern) == 0)
            return true;
    return false;
}

/* Another rule may be nearer to the host, and on some of the ports only. */
static bool is_for_host(const struct pintle_pinset *set, const struct pintle_rule *rule,
                        const struct pintle_host *host)
{
    if (rule->port_count == 0)
        return pintle_pinset_find(set, host, 0) == rule;
    for (uint32_t i = 0; i < rule->port_count; i++)
        if (pintle_pinset_find(set, host, rule->ports[i]) == rule)
            return true;
    return false;
}

static bool choose(struct key_add *add, const char *name)
{
    bool wildcard = strncmp(name, "*.", 2) == 0;
    struct pintle_host host = {0};
    bool found = false;

    if (!wildcard && pintle_host_parse(&host, name, strlen(name), NULL) != PINTLE_OK)
        return false;
    for (size_t i = 0; i < pintle_pinset_get_rule_count(add->set); i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(add->set, i);

        if (wildcard ? has_pattern(rule, name) : is_for_host(add->set, rule, &host)) {
            add->chosen[i] = true;
            found = true;
        }
    }
    return found;
}

/* --- reading --------------------------------------------------------------------------------- */

static enum cli_exit choose_all(struct key_add *add, const char *const *names, size_t count)
{
    add->chosen = calloc(pintle_pinset_get_rule_count(add->set) + 1, sizeof(*add->chosen));
    if (add->chosen == NULL || add->document == NULL) {
        cli_error("out of memory");
        return CLI_INTERNAL;
    }
    for (size_t i = 0; i < count; i++)
        if (!choose(add, names[i])) {
            cli_error("%s: no rule is for %s", cli_safe(add->path), names[i]);
            return CLI_INPUT;
        }
    return CLI_OK;
}

static enum cli_exit load(struct key_add *add, const char *const *names, size_t count)
{
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {0};
    char *text = NULL;
    size_t len = 0;
    enum cli_exit code;

    if (os_read_file(&text, &len, add->path, PINTLE_PINSET_MAX_LEN, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(err.status);
    }
    if (pintle_pinset_parse(&set, text, len, NULL, &err) != PINTLE_OK) {
        code = cli_fail(add->path, &err);
    } else {
        add->set = set;
        add->document = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
        code = choose_all(add, names, count);
    }
    free(text);
    return code;
}

enum cli_exit key_add_open(struct key_add **out, const char *path, const char *const *names,
                           size_t count)
{
    struct key_add *add = calloc(1, sizeof(*add));
    enum cli_exit code;

    *out = NULL;
    if (add == NULL)
        cli_no_memory();
    add->path = path;
    code = load(add, names, count);
    if (code != CLI_OK) {
        key_add_free(add);
        return code;
    }
    *out = add;
    return CLI_OK;
}

/* --- writing --------------------------------------------------------------------------------- */

/* The key is the server's own: no certificate above it can have it. */
static bool add_pin(json_t *rule, const char *pin, const char *today)
{
    json_t *entry = json_pack("{s:s, s:s, s:s+, s:b}", "spki", pin, "at", "leaf", "label",
                              "backup made ", today, "backup", 1);

    return json_array_append_new(json_object_get(rule, "pins"), entry) == 0;
}

/* Change the JSON; the pin-set itself is immutable. */
static bool edit(const struct key_add *add, const struct pintle_pin *pin)
{
    char text[PINTLE_PIN_TEXT_SIZE];
    char now[PINTLE_TIME_TEXT_SIZE];
    char today[11];
    json_t *rules = json_object_get(add->document, "rules");
    json_int_t version = pintle_pinset_get_version(add->set);

    (void)pintle_time_format(pintle_clock_system(NULL), now);
    (void)snprintf(today, sizeof(today), "%.10s", now);
    (void)pintle_pin_format(pin, text);
    for (size_t i = 0; i < json_array_size(rules); i++)
        if (add->chosen[i] && !add_pin(json_array_get(rules, i), text, today))
            return false;
    return json_object_set_new(add->document, "version", json_integer(version + 1)) == 0 &&
           json_object_set_new(add->document, "issued", json_string(now)) == 0;
}

/* Through the library, which refuses what must not be written and orders the rest. */
static enum cli_exit write_set(const struct key_add *add, const struct pintle_pinset *set)
{
    struct pintle_error err = {0};
    char *text = NULL;
    size_t len = 0;
    enum cli_exit code = CLI_OK;

    if (pintle_pinset_format(&text, &len, set, &err) != PINTLE_OK)
        return cli_fail(add->path, &err);
    if (os_write_file(add->path, text, len, 0644, &err) != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(err.status);
    }
    free(text);
    return code;
}

enum cli_exit key_add_write(struct key_add *add, const struct pintle_pin *pin)
{
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {0};
    enum cli_exit code = CLI_INTERNAL;
    char *text = NULL;

    if (edit(add, pin))
        text = cli_json_dump(add->document, JSON_COMPACT);
    if (text == NULL)
        cli_error("out of memory");
    else if (pintle_pinset_parse(&set, text, strlen(text), NULL, &err) != PINTLE_OK)
        code = cli_fail(add->path, &err);
    else
        code = write_set(add, set);
    free(text);
    if (code != CLI_OK) {
        pintle_pinset_free(set);
        return code;
    }
    pintle_pinset_free(add->set);
    add->set = set;
    return CLI_OK;
}

/* --- telling --------------------------------------------------------------------------------- */

const char *key_add_path(const struct key_add *add)
{
    return add->path;
}

json_t *key_add_json(const struct key_add *add)
{
    json_t *rules = json_array();

    for (size_t i = 0; i < pintle_pinset_get_rule_count(add->set); i++)
        if (add->chosen[i] &&
            json_array_append_new(rules, json_string(pintle_pinset_get_rule(add->set, i)->id)) !=
                0) {
            json_decref(rules);
            return NULL;
        }
    return json_pack("{s:o, s:I, s:o}", "file", cli_json_text(add->path), "version",
                     (json_int_t)pintle_pinset_get_version(add->set), "rules", rules);
}

void key_add_free(struct key_add *add)
{
    if (add == NULL)
        return;
    json_decref(add->document);
    pintle_pinset_free(add->set);
    free(add->chosen);
    free(add);
}
