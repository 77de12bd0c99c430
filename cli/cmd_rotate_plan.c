/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "day.h"
#include "guard.h"
#include "init.h"
#include "pinset_path.h"
#include "rotate_plan.h"

#define DAY_S ((int64_t)24 * 3600)
#define LAG_DEFAULT 30
#define MARGIN_DEFAULT 7

static const char *const forms[] = {"text", "ics", NULL};

struct plan_options {
    const char *pinset;
    const char *rule;
    const char *to;
    const char *start;
    const char *deploy;
    const char *cert_expires;
    const char *form;
    long lag;
    long margin;
    bool json;
};

const struct opt_spec opts_rotate_plan[] = {
    {.name = "pinset",
     .letter = 'p',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the pin-set (pintle.json)",
     .offset = offsetof(struct plan_options, pinset)},
    {.name = "rule",
     .type = OPT_STRING,
     .metavar = "ID",
     .help = "the rule whose server changes (the only one)",
     .offset = offsetof(struct plan_options, rule)},
    {.name = "to",
     .type = OPT_STRING,
     .metavar = "PIN|FILE",
     .help = "the new key: its pin, certificate or request (the rule's backup)",
     .offset = offsetof(struct plan_options, to)},
    {.name = "start",
     .type = OPT_STRING,
     .metavar = "DATE",
     .help = "the first day (today)",
     .offset = offsetof(struct plan_options, start)},
    {.name = "deploy",
     .type = OPT_STRING,
     .metavar = "DATE",
     .help = "when the server should change its key (as soon as it is safe)",
     .offset = offsetof(struct plan_options, deploy)},
    {.name = "cert-expires",
     .type = OPT_STRING,
     .metavar = "DATE",
     .help = "when the server's certificate ends",
     .offset = offsetof(struct plan_options, cert_expires)},
    {.name = "update-lag",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "clients may take so long to update (30)",
     .offset = offsetof(struct plan_options, lag),
     .min = 0,
     .max = 3650},
    {.name = "margin",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "wait so much longer (7)",
     .offset = offsetof(struct plan_options, margin),
     .min = 0,
     .max = 3650},
    {.name = "form",
     .letter = 'f',
     .type = OPT_CHOICE,
     .metavar = "FORM",
     .help = "text, or a calendar (iCalendar)",
     .choices = forms,
     .offset = offsetof(struct plan_options, form)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct plan_options, json)},
    {.type = OPT_END},
};

/* cert_expires: PINTLE_NEVER if it does not matter */
struct job {
    const struct plan_options *options;
    struct pintle_pinset *set;
    char path[PINSET_PATH_SIZE];
    const struct pintle_rule *rule;
    struct rotate_plan plan;
    int64_t deploy;
    int64_t cert_expires;
};

/* --- what is asked for ---------------------------------------------------------------------------- */

static enum cli_exit read_day(const char *option, const char *text, int64_t *out)
{
    if (text == NULL || day_parse(text, strlen(text), out))
        return CLI_OK;
    opt_mistake("rotate plan", "option --%s: %s", option, DAY_MISTAKE);
    return CLI_USAGE;
}

static enum cli_exit read_days(struct job *job)
{
    const struct plan_options *o = job->options;
    enum cli_exit code;

    job->plan.start = pintle_clock_system(NULL);
    job->plan.start -= job->plan.start % DAY_S;
    job->deploy = 0;
    job->cert_expires = PINTLE_NEVER;
    code = read_day("start", o->start, &job->plan.start);
    if (code == CLI_OK)
        code = read_day("deploy", o->deploy, &job->deploy);
    if (code == CLI_OK)
        code = read_day("cert-expires", o->cert_expires, &job->cert_expires);
    return code;
}

static enum cli_exit find_rule(struct job *job)
{
    size_t count = pintle_pinset_get_rule_count(job->set);

    for (size_t i = 0; i < count; i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(job->set, i);
        if (job->options->rule == NULL ? count == 1 : strcmp(rule->id, job->options->rule) == 0)
            job->rule = rule;
    }
    if (job->rule != NULL)
        return CLI_OK;
    if (job->options->rule == NULL)
        opt_mistake("rotate plan", "option --rule is needed: %s has %zu rules", cli_safe(job->path),
                    count);
    else
        opt_mistake("rotate plan", "option --rule: no rule '%s' in %s",
                    cli_safe(job->options->rule), cli_safe(job->path));
    return CLI_USAGE;
}

static bool is_good(const struct job *job, const struct pintle_rule_pin *pin)
{
    return pin->until > job->plan.start;
}

/* The rule's backup, unless another key is named. */
static enum cli_exit find_pin(struct job *job)
{
    const struct pintle_rule *rule = job->rule;
    bool named = job->options->to != NULL;
    enum cli_exit code = CLI_OK;

    if (named)
        code = init_read_backup(job->options->to, &job->plan.pin);
    for (uint32_t i = 0; code == CLI_OK && i < rule->pin_count && !job->plan.known; i++) {
        const struct pintle_rule_pin *pin = &rule->pins[i];
        if (!is_good(job, pin) ||
            (named ? !pintle_pin_equal(&pin->pin, &job->plan.pin) : !pin->backup))
            continue;
        job->plan.pin = pin->pin;
        job->plan.known = true;
    }
    if (code == CLI_OK && !named && !job->plan.known) {
        opt_mistake("rotate plan", "option --to is needed: rule '%s' has no backup pin", rule->id);
        code = CLI_USAGE;
    }
    return code;
}

/* --- the plan ------------------------------------------------------------------------------------- */

static const char *date(int64_t time, char out[PINTLE_TIME_TEXT_SIZE])
{
    (void)pintle_time_format(time, out);
    out[10] = '\0';
    return out;
}

/* CLI_REFUSED, told, if clients would be locked out. */
static enum cli_exit check(const struct job *job, int64_t ready)
{
    char first[PINTLE_TIME_TEXT_SIZE], second[PINTLE_TIME_TEXT_SIZE];

    if (job->deploy < ready) {
        cli_error("a new key on %s locks out clients that have no pin for it yet; on %s it does "
                  "not",
                  date(job->deploy, first), date(ready, second));
        cli_note("deploy a backup whose pin clients have, or let the rule report until then");
        return CLI_REFUSED;
    }
    if (job->cert_expires < job->deploy) {
        cli_error("the certificate ends on %s, and the new key is safe on %s only",
                  date(job->cert_expires, first), date(job->deploy, second));
        cli_note("renew the certificate with the key it has, or deploy a backup whose pin clients "
                 "have");
        return CLI_REFUSED;
    }
    if (job->rule->ends != PINTLE_NEVER && job->rule->ends <= job->deploy)
        cli_note("rule '%s' enforces until %s only: publish a later end with the first step",
                 job->rule->id, date(job->rule->ends, first));
    return CLI_OK;
}

static void fill(struct job *job)
{
    static const char backup[] = "publish a new backup pin: this one goes into use";
    static const char new_pin[] = "publish the new key's pin beside the old one's";
    struct rotate_plan *plan = &job->plan;
    int64_t overlap = pintle_pinset_get_overlap(job->set);
    int64_t lag = (int64_t)plan->lag_days * DAY_S;
    int64_t drop = job->deploy + (int64_t)plan->margin_days * DAY_S;

    plan->steps[0] = (struct rotate_step){"publish", plan->known ? backup : new_pin, plan->start};
    plan->steps[1] =
        (struct rotate_step){"deploy", "the server changes to the new key", job->deploy};
    plan->steps[2] = (struct rotate_step){
        "drop", "publish without the old key's pin; clients keep it for the overlap", drop};
    plan->steps[3] = (struct rotate_step){"retired", "no client accepts the old key any more",
                                          drop + (overlap > lag ? overlap : lag)};
}

static enum cli_exit make(struct job *job)
{
    struct rotate_plan *plan = &job->plan;
    int64_t wait = (int64_t)(job->options->lag + job->options->margin) * DAY_S;
    int64_t ready = plan->known ? plan->start : plan->start + wait;
    enum cli_exit code;

    plan->rule = job->rule->id;
    plan->lag_days = job->options->lag;
    plan->margin_days = job->options->margin;
    if (job->options->deploy == NULL)
        job->deploy = ready;
    code = check(job, ready);
    if (code == CLI_OK)
        fill(job);
    return code;
}

static enum cli_exit run(struct job *job)
{
    enum cli_exit code = read_days(job);

    if (code == CLI_OK)
        code = guard_load(&job->set, job->options->pinset, job->path);
    if (code == CLI_OK)
        code = find_rule(job);
    if (code == CLI_OK)
        code = find_pin(job);
    if (code == CLI_OK)
        code = make(job);
    if (code != CLI_OK)
        return code;
    if (job->options->json)
        return rotate_plan_json(&job->plan);
    if (strcmp(job->options->form, "ics") == 0)
        rotate_plan_ics(&job->plan);
    else
        rotate_plan_text(&job->plan);
    return CLI_OK;
}

enum cli_exit cmd_rotate_plan(int argc, char **argv)
{
    struct plan_options options = {.form = forms[0], .lag = LAG_DEFAULT, .margin = MARGIN_DEFAULT};
    struct opt_list operands = {0};
    struct job job = {.options = &options};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("rotate plan", opts_rotate_plan, &options, argc, argv, &operands))
        code = run(&job);
    pintle_pinset_free(job.set);
    opt_clear(opts_rotate_plan, &options, &operands);
    return code;
}
