/* SPDX-License-Identifier: Apache-2.0 */
#include "lower.h"
#include "public_name.h"

#include <string.h>

#define HTTPS_PORT 443
#define DAY_S 86400

struct lowering {
    struct clauses *out;
    struct losses *losses;
    const struct pintle_pinset *set;
    const struct semantics *semantics;
    const struct lower_options *options;
};

static bool can_reach(const struct lowering *lowering, enum reach reach)
{
    return (lowering->semantics->reaches & REACH_BIT(reach)) != 0;
}

/* --- what a rule demands, whichever hosts it is for ----------------------------------------------- */

static int64_t day_of(int64_t time)
{
    return time / DAY_S * DAY_S;
}

/* Only what softens ends the pins; no platform gets harder by itself. */
static int64_t lower_end(const struct lowering *lowering, const struct pintle_rule *rule,
                         size_t index, enum pintle_mode mode)
{
    enum end_unit unit = lowering->semantics->end;
    char day[FORMAT_DAY_SIZE];
    int64_t ends = rule->ends;

    if (ends == PINTLE_NEVER || ends <= lowering->options->now || rule->after == mode)
        return PINTLE_NEVER;
    (void)format_day(ends, day);
    if (rule->after < mode) {
        losses_add(lowering->losses, LOSS_LATER_HARDER, index, "from %s on", day);
        return PINTLE_NEVER;
    }
    if (unit == END_NEVER) {
        losses_add(lowering->losses, LOSS_NO_END, index, "%s", day);
        return PINTLE_NEVER;
    }
    if (rule->after == PINTLE_MODE_REPORT)
        losses_add(lowering->losses, LOSS_SILENT_END, index, "%s", day);
    if (unit == END_SECOND)
        return ends;
    if (unit == END_DAY_LOCAL || day_of(ends) != ends)
        losses_add(lowering->losses, LOSS_END_ROUNDED, index, "%s%s", day,
                   unit == END_DAY_LOCAL ? " in the device's time zone" : "");
    return day_of(ends);
}

static bool trusts_key_alone(const struct pintle_rule *rule)
{
    return rule->trust == PINTLE_TRUST_KEY || rule->trust == PINTLE_TRUST_TOFU_KEY;
}

static bool has_pin_above_leaf(const struct clause *clause)
{
    for (size_t i = 0; i < clause->pin_count; i++)
        if (clause->pins[i].at != PINTLE_AT_LEAF)
            return true;
    return false;
}

static bool has_pin_of_leaf(const struct clause *clause)
{
    for (size_t i = 0; i < clause->pin_count; i++)
        if (clause->pins[i].at != PINTLE_AT_CA)
            return true;
    return false;
}

static bool lower_path(const struct lowering *lowering, const struct pintle_rule *rule,
                       size_t index, const struct clause *clause)
{
    enum path_demand path = lowering->semantics->path;
    bool key_alone = trusts_key_alone(rule);

    if (path == PATH_ALWAYS && key_alone)
        losses_add(lowering->losses, LOSS_NEEDS_PATH, index, "%s", "");
    if (!key_alone && (path == PATH_NEVER || (path == PATH_FOR_CAS && has_pin_of_leaf(clause))))
        losses_add(lowering->losses, LOSS_NO_PATH, index, "%s", "");
    if (path == PATH_FOR_CAS)
        return !has_pin_above_leaf(clause);
    return path == PATH_NEVER || (path == PATH_AS_TOLD && key_alone);
}

static void tell_rest(const struct lowering *lowering, const struct pintle_rule *rule, size_t index,
                      const struct clause *clause)
{
    const struct semantics *semantics = lowering->semantics;

    if (rule->port_count > 0 && !semantics->ports && (!semantics->per_host || semantics->host_kept))
        losses_add(lowering->losses, LOSS_PORTS, index, "port %u%s", (unsigned)rule->ports[0],
                   rule->port_count > 1 ? " and others" : "");
    if (rule->deny_count > 0 && !semantics->deny)
        losses_add(lowering->losses, LOSS_DENY, index, "%s", "");
    if (rule->report_count > 0 && !semantics->reports)
        losses_add(lowering->losses, LOSS_REPORTS, index, "%.200s", rule->report[0]);
    if (rule->report_count > 1 && semantics->reports && semantics->one_report)
        losses_add(lowering->losses, LOSS_ONE_REPORT, index, "%.200s", rule->report[1]);
    if (semantics->served_chain && has_pin_above_leaf(clause))
        losses_add(lowering->losses, LOSS_SERVED_CHAIN, index, "%s", "");
    if (semantics->refuses_nothing)
        losses_add(lowering->losses, LOSS_NO_REFUSAL, index, "%s", "");
}

static bool learns(const struct pintle_rule *rule)
{
    return rule->trust == PINTLE_TRUST_TOFU || rule->trust == PINTLE_TRUST_TOFU_KEY;
}

static unsigned least_pins(const struct semantics *semantics, enum pintle_mode mode)
{
    return mode == PINTLE_MODE_REPORT && semantics->min_pins_report > 0 ? semantics->min_pins_report
                                                                        : semantics->min_pins;
}

/* What all clauses of a rule have in common. *wanted is false if there is nothing to write. */
static bool lower_demands(const struct lowering *lowering, size_t index,
                          const struct pintle_rule *rule, struct clause *out, bool *wanted)
{
    const struct semantics *semantics = lowering->semantics;
    int64_t now = lowering->options->now;
    enum pintle_mode mode = pintle_rule_get_mode(rule, now);

    *wanted = false;
    *out = (struct clause){.id = rule->id, .until = lower_end(lowering, rule, index, mode)};
    if (mode == PINTLE_MODE_OFF) {
        out->exempt = true;
        *wanted = semantics->exempt;
        return true;
    }
    if (learns(rule))
        losses_add(lowering->losses, LOSS_LEARNED, index, "%s", "");
    if (mode == PINTLE_MODE_REPORT && !semantics->report_mode) {
        losses_add(lowering->losses, LOSS_REPORT_MODE, index, "%s", "");
        return true;
    }
    if (!lower_pins(lowering->out, out, lowering->losses, index, rule, semantics, now))
        return false;
    if (out->pin_count > 0 && out->pin_count < least_pins(semantics, mode)) {
        losses_add(lowering->losses, LOSS_FEW_PINS, index, "%zu of %u", out->pin_count,
                   least_pins(semantics, mode));
        return true;
    }
    out->enforce = mode == PINTLE_MODE_ENFORCE;
    out->key_alone = lower_path(lowering, rule, index, out);
    if (semantics->deny) {
        out->deny = rule->deny;
        out->deny_count = rule->deny_count;
    }
    if (semantics->reports) {
        out->report = rule->report;
        out->report_count =
            semantics->one_report && rule->report_count > 1 ? 1 : rule->report_count;
    }
    *wanted = out->pin_count > 0;
    if (*wanted)
        tell_rest(lowering, rule, index, out);
    if (*wanted && mode == PINTLE_MODE_REPORT && semantics->report_inside)
        losses_add(lowering->losses, LOSS_REPORT_INSIDE, index, "%s", "");
    return true;
}

/* --- the hosts ------------------------------------------------------------------------------------ */

static bool add(const struct lowering *lowering, const struct clause *demands, size_t index,
                const char *host, enum reach reach, uint16_t port)
{
    struct clause *clause = clauses_add(lowering->out);

    if (clause == NULL)
        return false;
    *clause = *demands;
    clause->reach = reach;
    clause->port = port;
    clause->group = index;
    clause->host = clauses_text(lowering->out, host, strlen(host));
    clause->rules.items = clauses_alloc(lowering->out, 1, sizeof(*clause->rules.items));
    if (clause->host == NULL || clause->rules.items == NULL)
        return false;
    clause->rules.items[0] = index;
    clause->rules.count = 1;
    return true;
}

/* The narrowest reach that covers the pattern, or else the widest within it; see format.h. */
static bool choose_reach(const struct lowering *lowering, enum pintle_pattern_kind kind,
                         enum reach *out)
{
    static const enum reach choices[][4] = {
        [PINTLE_PATTERN_EXACT] = {REACH_EXACT, REACH_EXACT_OR_ONE, REACH_ANY, REACH_ANY},
        [PINTLE_PATTERN_ONE] = {REACH_ONE, REACH_EXACT_OR_ONE, REACH_ANY, REACH_ANY},
        [PINTLE_PATTERN_ANY] = {REACH_ANY, REACH_EXACT_OR_ONE, REACH_EXACT, REACH_ONE}};

    for (size_t i = 0; i < 4; i++)
        if (can_reach(lowering, choices[kind][i])) {
            *out = choices[kind][i];
            return true;
        }
    return false;
}

static bool name_is_taken(const struct semantics *semantics, const char *name, enum reach reach)
{
    return (!semantics->public_names || public_name_fits(name, reach)) &&
           (!semantics->plain_names || public_name_is_plain(name));
}

/* Without a reach that fits nothing is written; lower_compare_hosts() then tells. */
static bool lower_pattern(const struct lowering *lowering, const struct clause *demands,
                          size_t index, const char *text, uint16_t port)
{
    struct pintle_pattern pattern;
    enum reach reach;

    if (pintle_pattern_parse(&pattern, text, strlen(text), NULL) != PINTLE_OK)
        return true;
    if (pattern.suffix.is_ip && !lowering->semantics->addresses) {
        losses_add(lowering->losses, LOSS_ADDRESS, index, "%s", pattern.suffix.text);
        return true;
    }
    if (!choose_reach(lowering, pattern.kind, &reach))
        return true;
    if (!name_is_taken(lowering->semantics, pattern.suffix.text, reach)) {
        if (!demands->exempt)
            losses_add(lowering->losses, LOSS_NO_PUBLIC_NAME, index, "%s", pattern.suffix.text);
        return true;
    }
    if (!add(lowering, demands, index, pattern.suffix.text, reach, port))
        return false;
    if (pattern.kind == PINTLE_PATTERN_ANY && reach == REACH_EXACT &&
        can_reach(lowering, REACH_ONE))
        return add(lowering, demands, index, pattern.suffix.text, REACH_ONE, port);
    return true;
}

static bool lower_port(const struct lowering *lowering, const struct clause *demands, size_t index,
                       const struct pintle_rule *rule, uint16_t port)
{
    for (uint32_t i = 0; i < rule->match_count; i++)
        if (!lower_pattern(lowering, demands, index, rule->match[i], port))
            return false;
    return true;
}

static bool lower_hosts(const struct lowering *lowering, const struct clause *demands, size_t index,
                        const struct pintle_rule *rule)
{
    if (!lowering->semantics->ports)
        return lower_port(lowering, demands, index, rule, 0);
    if (rule->port_count == 0 && lowering->semantics->port_needed) {
        losses_add(lowering->losses, LOSS_FEWER_HOSTS, index, "ports other than %d", HTTPS_PORT);
        return lower_port(lowering, demands, index, rule, HTTPS_PORT);
    }
    if (rule->port_count == 0)
        return lower_port(lowering, demands, index, rule, 0);
    for (uint32_t i = 0; i < rule->port_count; i++)
        if (!lower_port(lowering, demands, index, rule, rule->ports[i]))
            return false;
    return true;
}

static bool lower_rule(const struct lowering *lowering, size_t index)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(lowering->set, index);
    struct clause demands;
    bool wanted;

    if (!lower_demands(lowering, index, rule, &demands, &wanted))
        return false;
    return !wanted || lower_hosts(lowering, &demands, index, rule);
}

/* --- formats for one host ------------------------------------------------------------------------- */

/* As far as the rule itself reaches from this host, if the platform can say that. */
static enum reach reach_of_host(const struct lowering *lowering, const struct pintle_rule *rule)
{
    const struct pintle_host *host = lowering->options->host;

    for (uint32_t i = 0; i < rule->match_count && can_reach(lowering, REACH_ANY); i++) {
        struct pintle_pattern pattern;

        if (pintle_pattern_parse(&pattern, rule->match[i], strlen(rule->match[i]), NULL) ==
                PINTLE_OK &&
            pattern.kind == PINTLE_PATTERN_ANY && strcmp(pattern.suffix.text, host->text) == 0)
            return REACH_ANY;
    }
    return REACH_EXACT;
}

/* Why a file for a host has nothing to hold. */
static const char *why_nothing(const struct lowering *lowering, const struct pintle_rule *rule)
{
    switch (pintle_rule_get_mode(rule, lowering->options->now)) {
    case PINTLE_MODE_OFF:
        return "is off: there is nothing to write";
    case PINTLE_MODE_REPORT:
        if (!lowering->semantics->report_mode)
            return "only reports, which the platform cannot";
        break;
    case PINTLE_MODE_ENFORCE:
        break;
    }
    return "has too few pins that count on the platform";
}

/* What is kept for a host may reach hosts of other rules. */
static bool compare_kept(const struct lowering *lowering)
{
    return !lowering->semantics->host_kept ||
           lower_compare_hosts(lowering->losses, lowering->set, lowering->out, lowering->semantics,
                               lowering->options->now);
}

static enum pintle_status lower_host(const struct lowering *lowering, struct pintle_error *err)
{
    const struct lower_options *options = lowering->options;
    const struct pintle_rule *rule =
        pintle_pinset_find(lowering->set, options->host, options->port);
    struct clause demands;
    bool wanted = false;
    size_t index;

    if (rule == NULL)
        return format_refuse(err, PINTLE_E_HOST, 0, 0, "no rule covers it at port %u",
                             (unsigned)options->port);
    index = (size_t)(rule - pintle_pinset_get_rule(lowering->set, 0));
    if (!lower_demands(lowering, index, rule, &demands, &wanted))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    if (!wanted || demands.exempt)
        return format_refuse(err, PINTLE_E_HOST, 0, 0, "its rule %s %s", rule->id,
                             why_nothing(lowering, rule));
    if (!add(lowering, &demands, index, options->host->text, reach_of_host(lowering, rule),
             lowering->semantics->host_kept ? 0 : options->port) ||
        !compare_kept(lowering))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return PINTLE_OK;
}

/* --- all of it ------------------------------------------------------------------------------------ */

static bool lower_file(const struct lowering *lowering)
{
    size_t count = pintle_pinset_get_rule_count(lowering->set);

    for (size_t i = 0; i < count; i++)
        if (!lower_rule(lowering, i))
            return false;
    if (lowering->semantics->one_per_host &&
        !lower_merge_hosts(lowering->out, lowering->losses, lowering->semantics))
        return false;
    return lower_compare_hosts(lowering->losses, lowering->set, lowering->out, lowering->semantics,
                               lowering->options->now);
}

enum pintle_status lower_pinset(struct clauses *out, struct losses *losses,
                                const struct pintle_pinset *set, const struct semantics *semantics,
                                const struct lower_options *options, struct pintle_error *err)
{
    struct lowering lowering = {out, losses, set, semantics, options};
    enum pintle_status status = PINTLE_OK;

    if (semantics->whole)
        return PINTLE_OK;
    if (semantics->per_host)
        status = lower_host(&lowering, err);
    else if (!lower_file(&lowering))
        status = format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    if (status == PINTLE_OK && losses->failed)
        status = format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    losses_sort(losses);
    return status;
}
