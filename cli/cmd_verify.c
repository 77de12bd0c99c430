/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pintle/openssl.h>

#include "envelope_file.h"
#include "json_build.h"
#include "os/file.h"
#include "os/update_pass.h"

#define PASS_MS 60000

struct verify_options {
    struct opt_list roots;
    const char *now;
    bool json;
};

const struct opt_spec opts_verify[] = {
    {.name = "root",
     .type = OPT_LIST,
     .metavar = "FILE",
     .help = "the root to begin with; given again, the roots that follow",
     .offset = offsetof(struct verify_options, roots)},
    {.name = "now",
     .type = OPT_STRING,
     .metavar = "TIME",
     .help = "judge as at this time (RFC 3339, UTC)",
     .offset = offsetof(struct verify_options, now)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct verify_options, json)},
    {.type = OPT_END},
};

struct job {
    const struct verify_options *options;
    const char *path;
    int64_t now;
    struct pintle_trusted *trusted;
};

static enum cli_exit tell(const char *what, const struct pintle_error *err)
{
    enum cli_exit code = cli_fail(what, err);

    return code == CLI_INTERNAL && err->status == PINTLE_E_STORAGE ? CLI_INPUT : code;
}

/* --- the state of a client ------------------------------------------------------------------------ */

static enum cli_exit read_all(char **out, size_t *len, const char *path, size_t max_len)
{
    struct pintle_error err = {0};

    if (os_read_file(out, len, path, max_len, &err) == PINTLE_OK)
        return CLI_OK;
    cli_error("%s", err.text);
    return err.status == PINTLE_E_NOMEM ? CLI_INTERNAL : CLI_INPUT;
}

/* The anchor, and the roots behind it one by one. */
static enum cli_exit take_root(struct job *job, const char *path)
{
    struct pintle_trusted_options options = {.crypto = pintle_openssl_crypto(),
                                             .loader = pintle_pinset_loader()};
    struct pintle_error err = {0};
    struct pintle_view view;
    enum pintle_status status;
    char *text = NULL;
    size_t len = 0;
    enum cli_exit code = read_all(&text, &len, path, PINTLE_ENVELOPE_MAX_LEN);

    if (code != CLI_OK)
        return code;
    view = (struct pintle_view){(const uint8_t *)text, len};
    if (job->trusted == NULL)
        status = pintle_trusted_new(&job->trusted, view, &options, &err);
    else
        status = pintle_trusted_apply(job->trusted, PINTLE_ROLE_ROOT, view, job->now, &err);
    if (status != PINTLE_OK)
        code = tell(path, &err);
    free(text);
    return code;
}

/* --- what is judged ------------------------------------------------------------------------------- */

static enum cli_exit judge_directory(struct job *job)
{
    struct pintle__update_source source = {0};
    struct pintle__update_pass pass = {.source = &source,
                                       .crypto = pintle_openssl_crypto(),
                                       .end_ms = pintle__http_now_ms() + PASS_MS,
                                       .now = job->now,
                                       .stale_ok = true};
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;

    if (pintle__update_source_init(&source, job->path, &err) != PINTLE_OK ||
        pintle__update_pass(job->trusted, &pass, &err) != PINTLE_OK) {
        cli_error("%s", err.text); /* begins with the source */
        code = cli_exit_for(err.status);
    }
    if (code == CLI_OK && pintle__update_fresh_until(job->trusted) <= job->now)
        cli_note("%s: stale: nothing says that these pins are the newest", cli_safe(job->path));
    pintle__update_source_clear(&source);
    return code;
}

/* In a seed nothing expires, since a client starts from it whatever the time; so it is said. */
static enum cli_exit judge_seed(struct job *job, struct pintle_view seed)
{
    struct pintle_error err = {0};
    size_t refused = 0;

    if (pintle_trusted_restore(job->trusted, seed, &refused, &err) != PINTLE_OK)
        return tell(job->path, &err);
    if (refused == 0)
        return CLI_OK;
    cli_error("%s: %zu of its records are refused under this root", cli_safe(job->path), refused);
    return CLI_INPUT;
}

static enum cli_exit judge_envelope(struct job *job, struct pintle_view view)
{
    struct pintle_envelope *envelope;
    struct pintle_error err = {0};
    enum pintle_role role;
    enum cli_exit code = CLI_OK;

    if (pintle_envelope_parse(&envelope, (const char *)view.data, view.len, &err) != PINTLE_OK)
        return tell(job->path, &err);
    if (!pintle_envelope_get_role(envelope, &role)) {
        cli_error("%s: its payload type is none of ours: %s", cli_safe(job->path),
                  cli_safe(pintle_envelope_get_type(envelope)));
        code = CLI_INPUT;
    } else if (pintle_trusted_apply(job->trusted, role, view, job->now, &err) != PINTLE_OK) {
        code = tell(job->path, &err);
    }
    pintle_envelope_free(envelope);
    return code;
}

static enum cli_exit judge_file(struct job *job)
{
    static const char magic[] = "pintle seed ";
    char *text = NULL;
    size_t len = 0;
    enum cli_exit code = read_all(&text, &len, job->path, PINTLE_SEED_MAX_LEN);
    struct pintle_view view = {(const uint8_t *)text, len};

    if (code != CLI_OK)
        return code;
    if (len >= sizeof(magic) - 1 && memcmp(text, magic, sizeof(magic) - 1) == 0)
        code = judge_seed(job, view);
    else
        code = judge_envelope(job, view);
    free(text);
    return code;
}

/* --- what holds ----------------------------------------------------------------------------------- */

static enum cli_exit show_text(const struct job *job, const struct pintle_envelope *envelope)
{
    char issued[PINTLE_TIME_TEXT_SIZE], expires[PINTLE_TIME_TEXT_SIZE];
    char signers[ENVELOPE_SIGNERS_SIZE];
    struct envelope_facts facts;
    enum cli_exit code = envelope_describe(&facts, envelope, job->path);

    if (code != CLI_OK)
        return code;
    (void)printf("%s%-6s%s%lld of epoch %lld  %.10s to %.10s  signed by %s\n",
                 cli_on(stdout, CLI_BOLD), pintle_role_name(facts.role), cli_off(stdout),
                 (long long)facts.version, (long long)facts.epoch,
                 pintle_time_format(facts.issued, issued),
                 pintle_time_format(facts.expires, expires),
                 envelope_signers_text(signers, envelope, pintle_trusted_get_root(job->trusted),
                                       facts.role));
    (void)printf("      %s\n", facts.digest);
    return CLI_OK;
}

static json_t *show_json(const struct job *job, const struct pintle_envelope *envelope)
{
    struct envelope_facts facts;

    if (envelope_describe(&facts, envelope, job->path) != CLI_OK)
        return NULL;
    return json_build_member(
        envelope_json(&facts), true, "signed_by",
        envelope_signers_json(envelope, pintle_trusted_get_root(job->trusted), facts.role));
}

static const struct pintle_envelope *newest(const struct job *job, enum pintle_role role)
{
    const struct pintle_envelope *found = NULL;
    const struct pintle_envelope *next;

    for (size_t i = 0; (next = pintle_trusted_get_envelope(job->trusted, role, i)) != NULL; i++)
        found = next;
    return found;
}

static enum cli_exit show(const struct job *job)
{
    json_t *list = job->options->json ? json_array() : NULL;
    enum cli_exit code = CLI_OK;

    for (int role = 0; code == CLI_OK && role < PINTLE_ROLES; role++) {
        const struct pintle_envelope *envelope = newest(job, (enum pintle_role)role);
        if (envelope == NULL)
            continue;
        if (job->options->json)
            list = json_build_item(list, show_json(job, envelope));
        else
            code = show_text(job, envelope);
    }
    if (job->options->json && code == CLI_OK)
        return cli_print_json(
            "verify", json_pack("{s:o, s:o}", "path", cli_json_text(job->path), "envelopes", list));
    json_decref(list);
    return code;
}

/* --- the command ---------------------------------------------------------------------------------- */

static enum cli_exit read_now(struct job *job)
{
    const char *text = job->options->now;

    job->now = pintle_clock_system(NULL);
    if (text == NULL || pintle_time_parse(&job->now, text, strlen(text), NULL) == PINTLE_OK)
        return CLI_OK;
    opt_mistake("verify", "option --now: a time is written 2026-11-21T00:00:00Z");
    return CLI_USAGE;
}

static enum cli_exit run(struct job *job)
{
    struct stat info;
    enum cli_exit code = read_now(job);

    if (code == CLI_OK && job->options->roots.count == 0) {
        opt_mistake("verify", "option --root is needed: what a client would begin with");
        code = CLI_USAGE;
    }
    for (size_t i = 0; code == CLI_OK && i < job->options->roots.count; i++)
        code = take_root(job, job->options->roots.items[i]);
    if (code != CLI_OK)
        return code;
    code = stat(job->path, &info) == 0 && S_ISDIR(info.st_mode) ? judge_directory(job)
                                                                : judge_file(job);
    return code == CLI_OK ? show(job) : code;
}

enum cli_exit cmd_verify(int argc, char **argv)
{
    struct verify_options options = {0};
    struct opt_list operands = {0};
    struct job job = {.options = &options};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("verify", opts_verify, &options, argc, argv, &operands)) {
        job.path = operands.items[0];
        code = run(&job);
    }
    pintle_trusted_free(job.trusted);
    opt_clear(opts_verify, &options, &operands);
    return code;
}
