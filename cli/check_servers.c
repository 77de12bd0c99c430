/* SPDX-License-Identifier: Apache-2.0 */
/* Which servers a check looks at. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "verdict.h"

static struct endpoint *add_endpoint(struct check *check)
{
    struct endpoint *all =
        realloc(check->endpoints, (check->endpoint_count + 1) * sizeof(*check->endpoints));

    if (all == NULL) {
        check->no_memory = true;
        return NULL;
    }
    check->endpoints = all;
    memset(&all[check->endpoint_count], 0, sizeof(*all));
    return &all[check->endpoint_count++];
}

static size_t rule_index(const struct check *check, const struct pintle_rule *rule)
{
    size_t index = 0;

    while (index < pintle_pinset_get_rule_count(check->set) &&
           pintle_pinset_get_rule(check->set, index) != rule)
        index++;
    return index;
}

/* Another rule may be more specific for this very port: then the server is that one's. */
static void add_if_ruled(struct check *check, size_t index, const struct pintle_host *host,
                         uint16_t port)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(check->set, index);
    struct endpoint *endpoint;

    if (pintle_pinset_find(check->set, host, port) != rule)
        return;
    endpoint = add_endpoint(check);
    if (endpoint == NULL)
        return;
    endpoint->rule_index = index;
    target_from_host(&endpoint->target, host, port);
}

static void add_rule(struct check *check, size_t index)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(check->set, index);
    uint16_t usual = net_options_port(&check->options->net);

    for (uint32_t i = 0; i < rule->match_count; i++) {
        const char *text = rule->match[i];
        struct pintle_pattern pattern;

        if (pintle_pattern_parse(&pattern, text, strlen(text), NULL) != PINTLE_OK ||
            pattern.kind != PINTLE_PATTERN_EXACT)
            continue;
        if (rule->port_count == 0)
            add_if_ruled(check, index, &pattern.suffix, usual);
        for (uint32_t j = 0; j < rule->port_count; j++)
            add_if_ruled(check, index, &pattern.suffix, rule->ports[j]);
    }
}

static bool is_there(const struct check *check, const struct target *target)
{
    for (size_t i = 0; i < check->endpoint_count; i++)
        if (strcmp(check->endpoints[i].target.text, target->text) == 0)
            return true;
    return false;
}

/* --host adds a server; without a port it is the rule's first one. */
static enum cli_exit add_host(struct check *check, const char *text)
{
    uint16_t usual = net_options_port(&check->options->net);
    struct pintle_error err = {0};
    const struct pintle_rule *rule;
    struct endpoint *endpoint;
    struct target target;
    char ports[VERDICT_PORTS_SIZE];

    if (target_parse_server(&target, text, usual, &err) != PINTLE_OK)
        return cli_fail(text, &err);
    rule = pintle_pinset_find(check->set, &target.host, target.port);
    if (rule == NULL || !check_covers(check, rule_index(check, rule))) {
        (void)verdict_other_ports(check->set, &target.host, ports);
        cli_error("%s: no rule covers %s%s%s", cli_safe(check->path), target.text,
                  rule == NULL && ports[0] != '\0' ? "; " : "", rule == NULL ? ports : "");
        return CLI_REFUSED;
    }
    if (is_there(check, &target))
        return CLI_OK;
    endpoint = add_endpoint(check);
    if (endpoint != NULL) {
        endpoint->rule_index = rule_index(check, rule);
        endpoint->target = target;
    }
    return CLI_OK;
}

enum cli_exit check_gather(struct check *check)
{
    size_t count = pintle_pinset_get_rule_count(check->set);

    for (size_t i = 0; i < count; i++)
        if (check_covers(check, i))
            add_rule(check, i);
    for (size_t i = 0; i < check->options->hosts.count; i++) {
        enum cli_exit code = add_host(check, check->options->hosts.items[i]);

        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

/* Of what went wrong, what tells of the server and not of this side. */
static bool is_a_finding(enum pintle_status status)
{
    return status == PINTLE_OK || status == PINTLE_E_RESOLVE || status == PINTLE_E_TIMEOUT ||
           status == PINTLE_E_LIMIT;
}

static void show_progress(const struct check *check, size_t at)
{
    if (cli_progress())
        (void)fprintf(stderr, "\r\033[Kchecking %s (%zu of %zu) ", check->endpoints[at].target.text,
                      at + 1, check->endpoint_count);
}

enum cli_exit check_survey(struct check *check)
{
    struct survey_how how = {.engine = check->engine, .every_address = true};

    for (size_t i = 0; i < check->endpoint_count; i++) {
        struct endpoint *endpoint = &check->endpoints[i];

        show_progress(check, i);
        endpoint->status = survey_run(&endpoint->survey, &endpoint->target, &check->options->net,
                                      &how, &endpoint->err);
        if (cli_interrupted != 0)
            return CLI_INTERNAL;
        if (!is_a_finding(endpoint->status))
            return cli_fail(endpoint->target.text, &endpoint->err);
    }
    if (cli_progress())
        (void)fprintf(stderr, "\r\033[K");
    return CLI_OK;
}
