/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "json_build.h"
#include "published.h"
#include "published_lock.h"
#include "published_place.h"
#include "statement.h"
#include "unpin_text.h"

#define DAY_S ((int64_t)24 * 3600)

static const char *const modes[] = {"report", "off", NULL};

struct unpin_options {
    struct signer_options signers;
    struct opt_list rules;
    const char *dir;
    const char *mode;
    const char *reason;
    const char *stage;
    const char *signed_file;
    long days;
    bool withdraw;
    bool json;
};

const struct opt_spec opts_unpin[] = {
    {.name = "dir",
     .type = OPT_FILE,
     .metavar = "DIR",
     .help = "the directory that clients update from",
     .offset = offsetof(struct unpin_options, dir)},
    {.name = "soften",
     .type = OPT_LIST,
     .metavar = "RULE",
     .help = "soften this rule; may be given again",
     .offset = offsetof(struct unpin_options, rules)},
    {.name = "mode",
     .type = OPT_CHOICE,
     .metavar = "MODE",
     .help = "to what (report)",
     .choices = modes,
     .offset = offsetof(struct unpin_options, mode)},
    {.name = "days",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "for how long, 14 days at most (7)",
     .offset = offsetof(struct unpin_options, days),
     .min = 1,
     .max = 14},
    {.name = "reason",
     .type = OPT_STRING,
     .metavar = "TEXT",
     .help = "why, for whoever reads the logs",
     .offset = offsetof(struct unpin_options, reason)},
    {.name = "withdraw",
     .rivals = "soften",
     .type = OPT_FLAG,
     .help = "end the unpin that is published",
     .offset = offsetof(struct unpin_options, withdraw)},
    SIGNER_OPTIONS(struct unpin_options, signers),
    {.name = "stage",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "publish nothing: write the envelope to FILE, for others to sign",
     .offset = offsetof(struct unpin_options, stage)},
    {.name = "signed",
     .rivals = "soften withdraw stage",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "publish this envelope, which others have signed",
     .offset = offsetof(struct unpin_options, signed_file)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct unpin_options, json)},
    {.type = OPT_END},
};

struct job {
    const struct unpin_options *options;
    int64_t now;
    struct pintle_trusted *trusted;
    struct signers signers;
    int lock;
};

/* --- what is asked for ---------------------------------------------------------------------------- */

static enum cli_exit check(const struct unpin_options *o)
{
    const char *mistake = NULL;

    if (o->dir == NULL)
        mistake = "option --dir is needed";
    else if (o->signed_file != NULL && (o->rules.count > 0 || o->withdraw || o->stage != NULL))
        mistake = "option --signed stands for --soften, --withdraw and --stage";
    else if (o->signed_file == NULL && (o->rules.count > 0) == o->withdraw)
        mistake = "either --soften or --withdraw is needed";
    else if (o->signed_file == NULL && !o->withdraw && o->reason == NULL)
        mistake = "option --reason is needed";
    else if (o->signed_file == NULL && o->stage == NULL && o->signers.keys.count == 0)
        mistake = "option --key is needed, or --stage for others to sign";
    if (mistake == NULL)
        return CLI_OK;
    opt_mistake("unpin", "%s", mistake);
    return CLI_USAGE;
}

static const struct pintle_rule *find_rule(const struct pintle_pinset *set, const char *id)
{
    for (size_t i = 0; i < pintle_pinset_get_rule_count(set); i++) {
        if (strcmp(pintle_pinset_get_rule(set, i)->id, id) == 0)
            return pintle_pinset_get_rule(set, i);
    }
    return NULL;
}

/* A slip in an id would soften nothing, in the middle of an emergency. */
static enum cli_exit check_rules(const struct job *job)
{
    struct pintle_trusted_pins pins;

    if (!pintle_trusted_get_pins(job->trusted, &pins)) {
        cli_error("%s: no pins are published", cli_safe(job->options->dir));
        return CLI_INPUT;
    }
    for (size_t i = 0; i < job->options->rules.count; i++) {
        if (find_rule(pins.set, job->options->rules.items[i]) != NULL)
            continue;
        cli_error("version %lld has no rule '%s'", (long long)pins.facts.version,
                  cli_safe(job->options->rules.items[i]));
        return CLI_INPUT;
    }
    return CLI_OK;
}

/* --- the statement -------------------------------------------------------------------------------- */

static json_t *document(const struct job *job)
{
    const struct unpin_options *o = job->options;
    const struct pintle_root *root = pintle_trusted_get_root(job->trusted);
    char issued[PINTLE_TIME_TEXT_SIZE], expires[PINTLE_TIME_TEXT_SIZE];
    int64_t serial = pintle_trusted_get_marks(job->trusted).unpin + 1;
    json_t *rules = json_array();

    for (size_t i = 0; i < o->rules.count; i++)
        rules =
            json_build_item(rules, json_pack("{s:o, s:s}", "id", cli_json_text(o->rules.items[i]),
                                             "mode", o->mode));
    return json_pack("{s:i, s:s, s:I, s:I, s:s, s:s, s:o, s:o}", "pintle_unpin", 1, "app",
                     root->app, "epoch", (json_int_t)root->epoch, "serial", (json_int_t)serial,
                     "issued", pintle_time_format(job->now, issued), "expires",
                     pintle_time_format(job->now + (int64_t)o->days * DAY_S, expires), "reason",
                     cli_json_text(o->reason != NULL ? o->reason : "withdrawn"), "rules", rules);
}

static enum cli_exit make(struct job *job, struct pintle_envelope **out)
{
    enum cli_exit code;

    if (job->options->signed_file != NULL)
        return envelope_load(out, job->options->signed_file);
    code = check_rules(job);
    if (code == CLI_OK)
        code = statement_wrap(out, PINTLE_ROLE_UNPIN, document(job));
    if (code == CLI_OK && job->signers.count > 0)
        code = statement_sign(*out, PINTLE_ROLE_UNPIN, &job->signers, job->trusted);
    return code;
}

/* What an unpin lets through is always reported, but only to whom the rule names. */
static void warn_of_silence(const struct job *job)
{
    struct pintle_trusted_pins pins;
    const struct pintle_unpin *unpin = pintle_trusted_get_unpin(job->trusted);

    if (unpin == NULL || !pintle_trusted_get_pins(job->trusted, &pins))
        return;
    for (uint32_t i = 0; i < unpin->rule_count; i++) {
        const struct pintle_rule *rule = find_rule(pins.set, unpin->rules[i].rule);

        if (rule != NULL && rule->report_count == 0)
            cli_note("rule %s has no \"report\": nobody will hear of the connections that it lets "
                     "through",
                     rule->id);
    }
}

static void advise(const struct job *job, const struct pintle_envelope *envelope)
{
    if (job->options->stage != NULL || unpin_withdraws(envelope))
        return;
    cli_note("clients that read it accept connections without a pin, and report them");
    warn_of_silence(job);
}

/* Softened for whoever reads the directory by now. */
static bool is_in_force(const struct job *job)
{
    const struct pintle_unpin *unpin = pintle_trusted_get_unpin(job->trusted);

    return unpin != NULL && unpin->rule_count > 0 && unpin->expires > job->now;
}

static enum cli_exit report_nothing(const struct job *job)
{
    const struct pintle_root *root = pintle_trusted_get_root(job->trusted);

    if (job->options->json)
        return cli_print_json("unpin", json_pack("{s:s, s:s, s:I, s:b, s:b}", "role", "unpin",
                                                 "app", root->app, "epoch", (json_int_t)root->epoch,
                                                 "written", 0, "withdraws", 1));
    (void)printf("nothing to withdraw: no unpin is in force in %s\n", cli_safe(job->options->dir));
    return CLI_OK;
}

static enum cli_exit report_json(const struct job *job, const struct pintle_envelope *envelope,
                                 const struct envelope_facts *facts)
{
    json_t *json = json_build_member(envelope_json(facts), true, "written",
                                     json_boolean(job->options->stage == NULL));

    json = json_build_member(json, true, "withdraws", json_boolean(unpin_withdraws(envelope)));
    return cli_print_json("unpin", unpin_json(json, envelope));
}

static enum cli_exit report(const struct job *job, const struct pintle_envelope *envelope)
{
    const char *stage = job->options->stage;
    struct envelope_facts facts;
    char expires[PINTLE_TIME_TEXT_SIZE];
    enum cli_exit code = envelope_describe(&facts, envelope, "the unpin");

    if (code != CLI_OK)
        return code;
    if (job->options->json)
        return report_json(job, envelope, &facts);
    if (stage != NULL)
        (void)printf("staged %s: sign it (pintle sign), then publish it with --signed\n",
                     cli_safe(stage));
    else if (unpin_withdraws(envelope))
        (void)printf("withdrawn: no rule is softened any more (unpin %lld in %s)\n",
                     (long long)facts.version, cli_safe(job->options->dir));
    else
        (void)printf("published unpin %lld in %s, in force until %s\n", (long long)facts.version,
                     cli_safe(job->options->dir), pintle_time_format(facts.expires, expires));
    return CLI_OK;
}

static enum cli_exit publish(struct job *job)
{
    const struct unpin_options *o = job->options;
    struct pintle_envelope *envelope = NULL;
    enum cli_exit code = make(job, &envelope);

    if (code == CLI_OK && o->stage != NULL) {
        code = envelope_create(envelope, o->stage);
    } else if (code == CLI_OK) {
        code = statement_apply(job->trusted, PINTLE_ROLE_UNPIN, envelope, job->now, "the unpin");
        if (code == CLI_OK)
            code = published_write(o->dir, job->trusted, job->lock);
    }
    if (code == CLI_OK)
        advise(job, envelope);
    if (code == CLI_OK)
        code = report(job, envelope);
    pintle_envelope_free(envelope);
    return code;
}

static enum cli_exit unpin(struct job *job)
{
    static const struct opt_list none = {NULL, 0};
    const struct unpin_options *o = job->options;
    enum cli_exit code;

    cli_die_by_signals();
    code = published_must_exist(o->dir);
    if (code == CLI_OK)
        code = signers_load(&job->signers, &o->signers);
    cli_catch_signals();
    if (code == CLI_OK)
        code = published_lock(&job->lock, o->dir);
    if (code == CLI_OK)
        code = published_open(&job->trusted, o->dir, NULL, &none, 0);
    if (code != CLI_OK)
        return code;
    return o->withdraw && !is_in_force(job) ? report_nothing(job) : publish(job);
}

enum cli_exit cmd_unpin(int argc, char **argv)
{
    struct unpin_options options = {.mode = "report", .days = 7};
    struct opt_list operands = {0};
    struct job job = {.options = &options, .now = pintle_clock_system(NULL), .lock = -1};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("unpin", opts_unpin, &options, argc, argv, &operands))
        code = check(&options);
    if (code == CLI_OK)
        code = unpin(&job);
    published_unlock(job.lock);
    signers_clear(&job.signers);
    pintle_trusted_free(job.trusted);
    opt_clear(opts_unpin, &options, &operands);
    return code;
}
