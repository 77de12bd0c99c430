/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "envelope_file.h"
#include "json_build.h"
#include "publish_document.h"
#include "publish_gate.h"
#include "published.h"
#include "published_lock.h"
#include "statement.h"

#define DAYS_DEFAULT 90
#define LAG_DEFAULT 30
#define HOUR_S 3600

struct publish_options {
    struct publish_gate_options gate;
    struct signer_options signers;
    struct opt_list roots;
    const char *dir;
    const char *signed_file;
    const char *stage;
    long days;
    long fresh;
    bool bump;
    bool dry_run;
    bool json;
};

const struct opt_spec opts_publish[] = {
    {.name = "dir",
     .type = OPT_FILE,
     .metavar = "DIR",
     .help = "the directory that clients update from",
     .offset = offsetof(struct publish_options, dir)},
    {.name = "pinset",
     .letter = 'p',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the pin-set (pintle.json)",
     .offset = offsetof(struct publish_options, gate.check.pinset)},
    {.name = "root",
     .type = OPT_LIST,
     .metavar = "FILE",
     .help = "publish this root too; may be given again",
     .offset = offsetof(struct publish_options, roots)},
    SIGNER_OPTIONS(struct publish_options, signers),
    {.name = "stage",
     .rivals = "fresh",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "publish nothing: write the envelope to FILE, for others to sign",
     .offset = offsetof(struct publish_options, stage)},
    {.name = "signed",
     .rivals = "pinset stage bump",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "publish this envelope, which others have signed",
     .offset = offsetof(struct publish_options, signed_file)},
    {.name = "bump",
     .type = OPT_FLAG,
     .help = "one version up from what is published, issued now",
     .offset = offsetof(struct publish_options, bump)},
    {.name = "days",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "with --bump: how long the pins are good (90)",
     .offset = offsetof(struct publish_options, days),
     .min = 1,
     .max = 3650},
    {.name = "fresh",
     .type = OPT_COUNT,
     .metavar = "HOURS",
     .help = "say for so long that the published pins are the newest",
     .offset = offsetof(struct publish_options, fresh),
     .min = 1,
     .max = 8760},
    {.name = "proof",
     .type = OPT_LIST,
     .metavar = "FILE",
     .help = "a backup key's certificate or request; may be given again",
     .offset = offsetof(struct publish_options, gate.proofs)},
    {.name = "accept-risk",
     .type = OPT_LIST,
     .metavar = "ID[:RULE]",
     .help = "publish in spite of this finding; may be given again",
     .offset = offsetof(struct publish_options, gate.accept)},
    {.name = "lag",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "clients may take so long to update (30)",
     .offset = offsetof(struct publish_options, gate.check.within),
     .min = 0,
     .max = 3650},
    {.name = "host",
     .type = OPT_LIST,
     .metavar = "HOST[:PORT]",
     .help = "look at this server too, for rules with stars; may be given again",
     .offset = offsetof(struct publish_options, gate.check.hosts)},
    {.name = "connect",
     .type = OPT_STRING,
     .metavar = "ADDR:PORT",
     .help = "dial this address instead, keep the name",
     .offset = offsetof(struct publish_options, gate.check.net.connect)},
    {.name = "ca",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "trust the certificates in FILE instead of the system's",
     .offset = offsetof(struct publish_options, gate.check.net.ca)},
    {.name = "timeout",
     .type = OPT_COUNT,
     .metavar = "SECONDS",
     .help = "give up a connection that takes longer (10)",
     .offset = offsetof(struct publish_options, gate.check.net.timeout),
     .min = 1,
     .max = 3600},
    {.name = "dry-run",
     .type = OPT_FLAG,
     .help = "look at everything and write nothing",
     .offset = offsetof(struct publish_options, dry_run)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct publish_options, json)},
    {.type = OPT_END},
};

/*
 * accepted, refused  what the gate found; NULL if there were no new pins
 * facts              of the new pins, once they are there: a version of 0 means not
 */
struct job {
    struct publish_options *options;
    int64_t now;
    struct pintle_trusted *trusted;
    struct signers signers;
    json_t *accepted;
    json_t *refused;
    struct envelope_facts facts;
    int lock;
};

/* --- what is asked for ---------------------------------------------------------------------------- */

/* A pin-set of the command line: one of the environment gives way to --signed, and is none to publish
 * where freshness alone is asked for. */
static bool names_pinset(const struct publish_options *o)
{
    const char *pinset = o->gate.check.pinset;

    return pinset != NULL && !opt_is_from_env("PINTLE_PINSET", pinset);
}

static bool only_fresh(const struct publish_options *o)
{
    return o->fresh > 0 && !names_pinset(o) && o->signed_file == NULL && !o->bump &&
           o->roots.count == 0 && o->stage == NULL;
}

static enum cli_exit check(const struct publish_options *o)
{
    const char *mistake = NULL;

    if (o->dir == NULL)
        mistake = "option --dir is needed";
    else if (o->signed_file != NULL && (o->stage != NULL || o->bump || names_pinset(o)))
        mistake = "option --signed stands for --pinset, --bump and --stage";
    else if (o->stage != NULL && o->fresh > 0)
        mistake = "options --stage and --fresh exclude each other";
    else if (o->stage == NULL && o->signed_file == NULL && !o->dry_run &&
             o->signers.keys.count == 0)
        mistake = "option --key, --signed or --stage is needed";
    if (mistake == NULL)
        return net_options_check("publish", &o->gate.check.net) ? CLI_OK : CLI_USAGE;
    opt_mistake("publish", "%s", mistake);
    return CLI_USAGE;
}

/* A dry run needs no key: nothing is signed then, nor judged as a client would. */
static bool signs(const struct job *job)
{
    return !job->options->dry_run || job->options->signers.keys.count > 0;
}

/* --- the gate ------------------------------------------------------------------------------------- */

static void print_findings(const char *word, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *rule = json_string_value(json_object_get(item, "rule"));
        (void)printf("%s %s  %s%s%s: %s\n", word, json_string_value(json_object_get(item, "id")),
                     rule == NULL ? "" : rule, rule == NULL ? "" : "  ",
                     json_string_value(json_object_get(item, "title")),
                     cli_safe(json_string_value(json_object_get(item, "detail"))));
    }
}

static enum cli_exit run_gate(struct job *job, const char *text, size_t len)
{
    struct pintle_pinset_options options = {PINTLE_PINS_PAYLOAD_MAX_LEN, guard_crypto()};
    struct pintle_pinset *set = NULL;
    struct pintle_error err = {0};

    if (pintle_pinset_parse(&set, text, len, &options, &err) != PINTLE_OK)
        return cli_fail("the pin-set as it would be published", &err);
    return publish_gate_run(&job->options->gate, set, job->now, &job->accepted, &job->refused);
}

/* --- new pins ------------------------------------------------------------------------------------- */

/* Through the gate, then with what was accepted in its log. */
static enum cli_exit compose(struct job *job, struct pintle_envelope **out)
{
    struct publish_document_how how = {job->trusted, job->now, job->options->bump,
                                       job->options->days};
    json_t *document = NULL;
    enum cli_exit code = publish_document_load(&document, job->options->gate.check.pinset, &how);
    char *text;

    if (code != CLI_OK)
        return code;
    text = cli_json_dump(document, JSON_INDENT(2));
    if (text == NULL)
        cli_no_memory();
    code = run_gate(job, text, strlen(text));
    free(text);
    if (code != CLI_OK) {
        json_decref(document);
        return code;
    }
    publish_document_log(document, job->trusted, json_incref(job->accepted));
    return statement_wrap(out, PINTLE_ROLE_PINS, document);
}

static enum cli_exit take_signed(struct job *job, struct pintle_envelope **out)
{
    enum cli_exit code = envelope_load(out, job->options->signed_file);
    struct pintle_view payload;

    if (code != CLI_OK)
        return code;
    payload = pintle_envelope_get_payload(*out);
    code = run_gate(job, (const char *)payload.data, payload.len);
    return code != CLI_OK ? code : publish_document_check(payload, job->trusted, job->accepted);
}

static enum cli_exit sign_pins(struct job *job, struct pintle_envelope *envelope)
{
    if (job->signers.count == 0 || job->options->signed_file != NULL)
        return CLI_OK;
    return statement_sign(envelope, PINTLE_ROLE_PINS, &job->signers, job->trusted);
}

static enum cli_exit publish_pins(struct job *job)
{
    struct pintle_envelope *envelope = NULL;
    const struct publish_options *o = job->options;
    enum cli_exit code =
        o->signed_file != NULL ? take_signed(job, &envelope) : compose(job, &envelope);

    if (code == CLI_OK)
        code = envelope_describe(&job->facts, envelope, "the new pins");
    if (code == CLI_OK)
        code = sign_pins(job, envelope);
    if (code == CLI_OK && o->stage != NULL && !o->dry_run)
        code = envelope_create(envelope, o->stage);
    else if (code == CLI_OK && o->stage == NULL && signs(job))
        code = statement_apply(job->trusted, PINTLE_ROLE_PINS, envelope, job->now, "the new pins");
    pintle_envelope_free(envelope);
    return code;
}

/* --- freshness ------------------------------------------------------------------------------------ */

static json_t *fresh_document(const struct job *job, const struct pintle_trusted_pins *pins)
{
    char issued[PINTLE_TIME_TEXT_SIZE], expires[PINTLE_TIME_TEXT_SIZE];
    char digest[2 * PINTLE_DIGEST_LEN + 1];

    for (size_t i = 0; i < PINTLE_DIGEST_LEN; i++)
        (void)snprintf(digest + 2 * i, 3, "%02x", pins->facts.digest[i]);
    return json_pack("{s:i, s:s, s:I, s:I, s:s, s:s, s:s}", "pintle_fresh", 1, "app",
                     pins->facts.app, "epoch", (json_int_t)pins->facts.epoch, "version",
                     (json_int_t)pins->facts.version, "pins", digest, "issued",
                     pintle_time_format(job->now, issued), "expires",
                     pintle_time_format(job->now + (int64_t)job->options->fresh * HOUR_S, expires));
}

static enum cli_exit publish_fresh(struct job *job)
{
    struct pintle_envelope *envelope = NULL;
    struct pintle_trusted_pins pins;
    enum cli_exit code;

    if (!pintle_trusted_get_pins(job->trusted, &pins)) {
        cli_error("there are no pins to call fresh");
        return CLI_INPUT;
    }
    code = statement_wrap(&envelope, PINTLE_ROLE_FRESH, fresh_document(job, &pins));
    if (code == CLI_OK)
        code = statement_sign(envelope, PINTLE_ROLE_FRESH, &job->signers, job->trusted);
    if (code == CLI_OK)
        code = statement_apply(job->trusted, PINTLE_ROLE_FRESH, envelope, job->now,
                               "the statement of freshness");
    pintle_envelope_free(envelope);
    return code;
}

/* --- what was done -------------------------------------------------------------------------------- */

static json_t *list_or_empty(json_t *list)
{
    return list != NULL ? json_incref(list) : json_array();
}

static enum cli_exit print_json(const struct job *job, bool written)
{
    const struct pintle_root *root = pintle_trusted_get_root(job->trusted);
    struct pintle_trusted_pins pins = {0};
    bool has_pins = pintle_trusted_get_pins(job->trusted, &pins);
    int64_t fresh_until = pintle_trusted_get_fresh_until(job->trusted);
    char until[PINTLE_TIME_TEXT_SIZE];
    json_t *json = json_pack("{s:s, s:I, s:b, s:o, s:o}", "app", root->app, "root",
                             (json_int_t)root->version, "written", (int)written, "accepted",
                             list_or_empty(job->accepted), "refused", list_or_empty(job->refused));

    json =
        json_build_member(json, has_pins, "version", json_integer((json_int_t)pins.facts.version));
    json = json_build_member(json, has_pins, "epoch", json_integer((json_int_t)pins.facts.epoch));
    return cli_print_json("publish",
                          json_build_member(json, fresh_until > 0, "fresh_until",
                                            json_string(pintle_time_format(fresh_until, until))));
}

static void print_plan(const struct job *job)
{
    const struct publish_options *o = job->options;
    const struct envelope_facts *facts = &job->facts;
    char until[PINTLE_TIME_TEXT_SIZE];

    if (facts->version > 0)
        (void)printf("would %s version %lld of epoch %lld, good until %.10s\n",
                     o->stage != NULL ? "stage" : "publish", (long long)facts->version,
                     (long long)facts->epoch, pintle_time_format(facts->expires, until));
    if (o->stage != NULL) {
        (void)printf("would write %s\n", cli_safe(o->stage));
        return;
    }
    for (size_t i = 0; i < o->roots.count; i++)
        (void)printf("would write the root of %s\n", cli_safe(o->roots.items[i]));
    if (facts->version > 0)
        (void)printf("would write pins/%s.json\n", facts->digest);
    if (o->fresh > 0)
        (void)printf("would write a statement of freshness\n");
    (void)printf("would replace latest.json in %s\n", cli_safe(o->dir));
}

static void print_text(const struct job *job, bool written)
{
    struct pintle_trusted_pins pins;
    char until[PINTLE_TIME_TEXT_SIZE];

    print_findings("refused ", job->refused);
    print_findings("accepted", job->accepted);
    if (json_array_size(job->refused) > 0) {
        (void)printf("nothing was published: mend it, or name each exception with --accept-risk\n");
        return;
    }
    if (job->options->dry_run)
        print_plan(job);
    else if (job->options->stage != NULL)
        (void)printf("staged %s: sign it (pintle sign), then publish it with --signed\n",
                     cli_safe(job->options->stage));
    if (!written || !pintle_trusted_get_pins(job->trusted, &pins))
        return;
    if (!only_fresh(job->options))
        (void)printf("published version %lld of epoch %lld in %s, good until %.10s\n",
                     (long long)pins.facts.version, (long long)pins.facts.epoch,
                     cli_safe(job->options->dir), pintle_time_format(pins.facts.expires, until));
    if (job->options->fresh > 0)
        (void)printf("version %lld of epoch %lld in %s is the newest until %s\n",
                     (long long)pins.facts.version, (long long)pins.facts.epoch,
                     cli_safe(job->options->dir),
                     pintle_time_format(pintle_trusted_get_fresh_until(job->trusted), until));
}

static enum cli_exit report(const struct job *job, bool written)
{
    if (written && pintle_trusted_wants_fresh(job->trusted) &&
        pintle_trusted_get_fresh_until(job->trusted) == 0)
        cli_note("clients will call these pins stale until --fresh says that they are the newest");
    if (job->options->json)
        return print_json(job, written);
    print_text(job, written);
    return CLI_OK;
}

/* A key that signs nothing here is in danger for nothing: a root key on a machine of CI, above all. */
static void note_idle_keys(const struct job *job)
{
    const struct publish_options *o = job->options;
    const struct pintle_root *root = pintle_trusted_get_root(job->trusted);
    bool pins = !only_fresh(o) && o->signed_file == NULL;

    for (size_t i = 0; i < job->signers.count; i++) {
        const struct pintle_signing_key *key = job->signers.keys[i];

        if ((pins && signers_may_sign(root, PINTLE_ROLE_PINS, key)) ||
            (o->fresh > 0 && signers_may_sign(root, PINTLE_ROLE_FRESH, key)))
            continue;
        cli_note("warning: %s signs nothing here%s", cli_safe(o->signers.keys.items[i]),
                 signers_may_sign(root, PINTLE_ROLE_ROOT, key) ? ": a root key is best kept offline"
                 : signers_may_sign(root, PINTLE_ROLE_FRESH, key) ? ": it is for --fresh"
                                                                  : "");
    }
}

/* --- the command ---------------------------------------------------------------------------------- */

static enum cli_exit publish(struct job *job)
{
    const struct publish_options *o = job->options;
    enum cli_exit code = CLI_OK;

    cli_die_by_signals();
    code = signers_load(&job->signers, &o->signers);
    cli_catch_signals();
    if (code == CLI_OK)
        code = published_lock(&job->lock, o->dir);
    if (code == CLI_OK)
        code = published_open(&job->trusted, o->dir, NULL, &o->roots, 0);
    if (code == CLI_OK && signs(job))
        note_idle_keys(job);
    if (code == CLI_OK && !only_fresh(o))
        code = publish_pins(job);
    if (code == CLI_INPUT && o->fresh > 0 && names_pinset(o) && !o->bump)
        cli_note("to say only that what is published is the newest, leave --pinset out");
    if (code == CLI_OK && o->fresh > 0 && signs(job))
        code = publish_fresh(job);
    if (code == CLI_OK && o->stage == NULL && !o->dry_run)
        code = published_write(o->dir, job->trusted, job->lock);
    if (code == CLI_OK || (code == CLI_REFUSED && json_array_size(job->refused) > 0)) {
        enum cli_exit told = report(job, code == CLI_OK && o->stage == NULL && !o->dry_run);
        return code != CLI_OK ? code : told;
    }
    return code;
}

enum cli_exit cmd_publish(int argc, char **argv)
{
    struct publish_options options = {.gate.check.within = LAG_DEFAULT,
                                      .gate.check.net.timeout = NET_TIMEOUT_DEFAULT,
                                      .days = DAYS_DEFAULT};
    struct opt_list operands = {0};
    struct job job = {.options = &options, .now = pintle_clock_system(NULL), .lock = -1};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("publish", opts_publish, &options, argc, argv, &operands))
        code = check(&options);
    if (code == CLI_OK)
        code = publish(&job);
    published_unlock(job.lock);
    signers_clear(&job.signers);
    pintle_trusted_free(job.trusted);
    json_decref(job.accepted);
    json_decref(job.refused);
    opt_clear(opts_publish, &options, &operands);
    return code;
}
