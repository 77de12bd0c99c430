/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <pintle/x509.h>

#include "rotate_ask.h"
#include "rotate_report.h"

/* look: what `pintle check` would be asked for the same servers */
struct status_options {
    struct check_options look;
    const char *dir;
    const char *plan;
    const char *now;
    bool json;
};

const struct opt_spec opts_rotate_status[] = {
    {.name = "pinset",
     .letter = 'p',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the pin-set (pintle.json)",
     .offset = offsetof(struct status_options, look.pinset)},
    {.name = "dir",
     .type = OPT_FILE,
     .metavar = "DIR",
     .rivals = "pinset",
     .help = "the directory that clients update from: what is published there counts",
     .offset = offsetof(struct status_options, dir)},
    NET_OPTIONS(struct status_options, look.net),
    {.name = "plan",
     .rivals = "rule",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "what `pintle rotate plan --format json` printed",
     .offset = offsetof(struct status_options, plan)},
    {.name = "rule",
     .type = OPT_STRING,
     .metavar = "ID",
     .help = "look at this rule only (with --plan: the plan's)",
     .offset = offsetof(struct status_options, look.rule)},
    {.name = "now",
     .type = OPT_STRING,
     .metavar = "DATE",
     .help = "judge as if it were then (now)",
     .offset = offsetof(struct status_options, now)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct status_options, json)},
    {.type = OPT_END},
};

struct job {
    const struct status_options *options;
    struct check check;
    struct published_pins published;
    struct rotate_plan *plan;
    struct rotate_report report;
};

/* --- what is there ---------------------------------------------------------------------------- */

static enum cli_exit choose_rule(struct job *job)
{
    const char *id = job->plan != NULL ? job->plan->rule : job->options->look.rule;
    struct check *check = &job->check;

    check->only = SIZE_MAX;
    if (id == NULL)
        return CLI_OK;
    for (size_t i = 0; i < pintle_pinset_get_rule_count(check->set); i++)
        if (strcmp(pintle_pinset_get_rule(check->set, i)->id, id) == 0)
            check->only = i;
    if (check->only != SIZE_MAX)
        return CLI_OK;
    if (job->plan != NULL) {
        cli_error("%s: no rule '%s', which %s is for", cli_safe(check->path), id,
                  cli_safe(job->options->plan));
        return CLI_INPUT;
    }
    opt_mistake("rotate status", "option --rule: no rule '%s' in %s", cli_safe(id),
                cli_safe(check->path));
    return CLI_USAGE;
}

static enum cli_exit load(struct job *job)
{
    const struct status_options *o = job->options;
    struct check *check = &job->check;
    enum cli_exit code = CLI_OK;

    if (job->options->plan != NULL) {
        job->plan = malloc(sizeof(*job->plan));
        if (job->plan == NULL)
            cli_no_memory();
        code = rotate_plan_read(job->plan, job->options->plan);
    }
    if (code == CLI_OK)
        code = rotate_load(&job->published, &check->set, check->path, "rotate status",
                           o->look.pinset, o->dir);
    if (code != CLI_OK)
        return code;
    if (o->dir == NULL)
        cli_note("judged by %s, published or not: --dir DIR judges by what clients get",
                 cli_safe(check->path));
    code = guard_make(&check->engine, pintle_pinset_retain(check->set), false);
    return code == CLI_OK ? choose_rule(job) : code;
}

/* --- what the servers show -------------------------------------------------------------------- */

/* A pin for the leaf is not met above it, nor the other way round. */
static bool shows_pin(const struct pintle_view *views, size_t count,
                      const struct pintle_rule_pin *pin)
{
    size_t first = pin->at == PINTLE_AT_CA ? 1 : 0;
    size_t last = pin->at == PINTLE_AT_LEAF && count > 1 ? 1 : count;

    return first < last && check_shows(views + first, last - first, &pin->pin);
}

/* A backup or an end matters only if nothing else in the chain is pinned without. */
static void note_pins(const struct job *job, struct rotate_rule_report *r,
                      const struct pintle_rule *rule, const struct pintle_view *views, size_t count)
{
    struct rotate_facts *facts = &r->facts;
    bool steady = false;
    bool backup = false;
    int64_t until = INT64_MIN;

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        const struct pintle_rule_pin *pin = &rule->pins[i];

        if (!shows_pin(views, count, pin))
            continue;
        facts->seen[i]++;
        backup = backup || pin->backup;
        steady = steady || (pin->until == PINTLE_NEVER);
        until = pin->until > until ? pin->until : until;
    }
    facts->backups += backup ? 1 : 0;
    if (steady || until <= job->report.now)
        return;
    facts->ending++;
    facts->ending_at = until < facts->ending_at ? until : facts->ending_at;
}

static void note_sighting(struct job *job, struct rotate_rule_report *r,
                          const struct endpoint *endpoint, const struct sighting *s)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(job->check.set, r->rule_index);
    struct rotate_facts *facts = &r->facts;
    struct pintle_certificate_info info;
    const struct pintle_view *views;
    size_t count;

    if (!sighting_seen(s)) {
        facts->invalid += s->status == PINTLE_E_TLS ? 1 : 0;
        facts->unreachable += s->status != PINTLE_E_TLS && !s->no_route ? 1 : 0;
        return;
    }
    count = check_pinned_part(&job->check, endpoint, s, &views);
    facts->reached++;
    facts->mismatched +=
        s->verdict.reason == PINTLE_REASON_MISMATCH || s->verdict.reason == PINTLE_REASON_DENIED
            ? 1
            : 0;
    facts->invalid += s->verdict.reason == PINTLE_REASON_PATH_INVALID ||
                              s->verdict.reason == PINTLE_REASON_NAME_MISMATCH
                          ? 1
                          : 0;
    note_pins(job, r, rule, views, count);
    if (job->plan != NULL) {
        facts->shows_new += check_shows(views, count, &job->plan->to) ? 1 : 0;
        facts->shows_old += check_shows(views, count, &job->plan->from) ? 1 : 0;
    }
    if (s->served_count > 0 &&
        pintle_certificate_describe(&info, s->served[0], NULL) == PINTLE_OK &&
        info.not_after < facts->cert_ends)
        facts->cert_ends = info.not_after;
}

static void note_rule(struct job *job, struct rotate_rule_report *r)
{
    const struct pintle_rule *rule = pintle_pinset_get_rule(job->check.set, r->rule_index);

    r->facts.cert_ends = PINTLE_NEVER;
    r->facts.ending_at = PINTLE_NEVER;
    if (job->plan != NULL && job->options->dir != NULL)
        r->facts.pinned_since = published_pins_run(&job->published, rule->id, &job->plan->to).since;
    r->facts.seen = calloc((size_t)rule->pin_count + 1, sizeof(*r->facts.seen));
    if (r->facts.seen == NULL)
        cli_no_memory();
    for (size_t i = 0; i < job->check.endpoint_count; i++) {
        const struct endpoint *endpoint = &job->check.endpoints[i];

        if (endpoint->rule_index != r->rule_index)
            continue;
        r->facts.unreachable += endpoint->status != PINTLE_OK ? 1 : 0;
        for (size_t k = 0; k < endpoint->survey.count; k++)
            note_sighting(job, r, endpoint, &endpoint->survey.items[k]);
    }
    rotate_status_judge(&r->status, job->check.set, rule, &r->facts, job->plan, job->report.now);
}

static enum cli_exit look(struct job *job)
{
    struct rotate_report *report = &job->report;
    struct check *check = &job->check;
    size_t count = pintle_pinset_get_rule_count(check->set);
    enum cli_exit code = check_gather(check);

    if (code == CLI_OK)
        code = check_survey(check);
    if (code != CLI_OK)
        return code;
    report->rules = calloc(count + 1, sizeof(*report->rules));
    if (report->rules == NULL || check->no_memory) {
        cli_error("out of memory");
        return CLI_INTERNAL;
    }
    for (size_t i = 0; i < count; i++)
        if (check_covers(check, i)) {
            report->rules[report->rule_count].rule_index = i;
            note_rule(job, &report->rules[report->rule_count++]);
        }
    return CLI_OK;
}

/* --- the answer ------------------------------------------------------------------------------ */

/* As for check: what is late or unsafe weighs more than an invalid path, and that more than a
 * server that cannot be reached. */
static enum cli_exit judge(const struct rotate_report *report)
{
    bool invalid = false;
    bool unreachable = false;

    for (size_t i = 0; i < report->rule_count; i++) {
        const struct rotate_rule_report *r = &report->rules[i];

        if (r->status.late || r->status.unsafe.count > 0)
            return CLI_REFUSED;
        invalid = invalid || r->facts.invalid > 0;
        unreachable = unreachable || r->facts.unreachable > 0;
    }
    if (invalid)
        return CLI_TLS;
    return unreachable ? CLI_UNREACHABLE : CLI_OK;
}

static enum cli_exit tell(const struct job *job)
{
    enum cli_exit code = CLI_OK;

    if (job->options->json)
        code = cli_print_json("rotate-status", rotate_report_json(&job->report));
    else
        rotate_report_print(&job->report);
    return code == CLI_OK ? judge(&job->report) : code;
}

static void clear(struct job *job)
{
    for (size_t i = 0; i < job->report.rule_count; i++)
        free(job->report.rules[i].facts.seen);
    for (size_t i = 0; i < job->check.endpoint_count; i++)
        survey_clear(&job->check.endpoints[i].survey);
    free(job->report.rules);
    free(job->check.endpoints);
    free(job->plan);
    pintle_free(job->check.engine);
    pintle_pinset_free(job->check.set);
    published_pins_clear(&job->published);
}

static enum cli_exit run(const struct status_options *options)
{
    struct job job = {.options = options,
                      .check = {.options = &options->look, .now = pintle_clock_system(NULL)}};
    enum cli_exit code;

    if (!net_options_check("rotate status", &options->look.net) ||
        !rotate_option_date(&job.report.now, "rotate status", "now", options->now, job.check.now))
        return CLI_USAGE;
    if (options->plan != NULL && options->look.rule != NULL) {
        opt_mistake("rotate status", "options --plan and --rule exclude each other");
        return CLI_USAGE;
    }
    code = load(&job);
    if (code == CLI_OK)
        code = look(&job);
    job.report.check = &job.check;
    job.report.plan = job.plan;
    job.report.published = options->dir != NULL;
    job.report.plan_file = options->plan != NULL ? options->plan : "";
    if (code == CLI_OK)
        code = tell(&job);
    clear(&job);
    return code;
}

enum cli_exit cmd_rotate_status(int argc, char **argv)
{
    struct status_options options = {.look.net.timeout = NET_TIMEOUT_DEFAULT};
    enum cli_exit code = CLI_USAGE;

    /* The operands are the hosts that `pintle check --host` would be given. */
    if (opt_parse("rotate status", opts_rotate_status, &options, argc, argv, &options.look.hosts))
        code = run(&options);
    opt_clear(opts_rotate_status, &options, &options.look.hosts);
    return code;
}
