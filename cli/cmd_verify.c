/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pintle/openssl.h>

#include "document_kind.h"
#include "os/file.h"
#include "os/update_pass.h"
#include "rotate_value.h"
#include "verify_show.h"

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
     .metavar = "DATE",
     .help = "judge as if it were then (now)",
     .offset = offsetof(struct verify_options, now)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct verify_options, json)},
    {.type = OPT_END},
};

/* envelope: the one that was asked about; shown: something was judged, so there is what to show */
struct job {
    const struct verify_options *options;
    struct pintle_trusted *trusted;
    struct pintle_envelope *envelope;
    struct verify_result result;
    bool shown;
};

static enum cli_exit tell(const char *what, const struct pintle_error *err)
{
    enum cli_exit code = cli_fail(what, err);

    return code == CLI_INTERNAL && err->status == PINTLE_E_STORAGE ? CLI_INPUT : code;
}

/* A refusal, which is an answer: it is told, and shown with what holds. */
static enum cli_exit refuse(struct job *job, const struct pintle_error *err)
{
    job->result.why = *err;
    if (err->text[0] == '\0')
        (void)snprintf(job->result.why.text, sizeof(job->result.why.text), "%s",
                       pintle_status_text(err->status));
    return tell(job->result.path, err);
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
        status = pintle_trusted_apply(job->trusted, PINTLE_ROLE_ROOT, view, job->result.now, &err);
    if (status != PINTLE_OK)
        code = tell(path, &err);
    free(text);
    return code;
}

/* --- what is judged ------------------------------------------------------------------------------- */

static enum cli_exit judge_directory(struct job *job)
{
    struct verify_result *result = &job->result;
    struct pintle__update_source source = {0};
    struct pintle__update_pass pass = {.source = &source,
                                       .crypto = pintle_openssl_crypto(),
                                       .end_ms = pintle__http_now_ms() + PASS_MS,
                                       .now = result->now,
                                       .stale_ok = true};
    struct pintle_error err = {0};
    enum cli_exit code = CLI_OK;

    result->is_directory = true;
    if (pintle__update_source_init(&source, result->path, &err) != PINTLE_OK ||
        pintle__update_pass(job->trusted, &pass, &err) != PINTLE_OK) {
        cli_error("%s", err.text); /* begins with the source */
        result->why = err;
        code = cli_exit_for(err.status);
    }
    job->shown = true;
    result->stale = pintle__update_fresh_until(job->trusted) <= result->now;
    if (code == CLI_OK && result->stale)
        cli_note("%s: stale: nothing says that these pins are the newest", cli_safe(result->path));
    pintle__update_source_clear(&source);
    return code;
}

/* In a seed nothing expires, since a client starts from it whatever the time; so it is shown. */
static enum cli_exit judge_seed(struct job *job, struct pintle_view seed)
{
    struct pintle_error err = {0};
    size_t refused = 0;

    job->shown = true;
    if (pintle_trusted_restore(job->trusted, seed, &refused, &err) != PINTLE_OK)
        return refuse(job, &err);
    if (refused == 0)
        return CLI_OK;
    err.status = PINTLE_E_SIGNATURES;
    (void)snprintf(err.text, sizeof(err.text), "%zu of its records %s refused under this root",
                   refused, refused == 1 ? "is" : "are");
    return refuse(job, &err);
}

/* Another document of ours is named as that, not by what it lacks. */
static void name_kind(struct pintle_error *err, struct pintle_view view)
{
    const char *kind = document_kind((const char *)view.data, view.len);
    enum pintle_status status = err->status;

    if (kind == NULL || strcmp(kind, "an envelope") == 0)
        return;
    *err = (struct pintle_error){.status = status};
    (void)snprintf(err->text, sizeof(err->text), "is %s, not an envelope", kind);
}

static enum cli_exit judge_envelope(struct job *job, struct pintle_view view)
{
    struct pintle_error err = {0};
    enum pintle_role role;

    job->shown = true;
    if (pintle_envelope_parse(&job->envelope, (const char *)view.data, view.len, &err) !=
        PINTLE_OK) {
        name_kind(&err, view);
        return refuse(job, &err);
    }
    if (!pintle_envelope_get_role(job->envelope, &role)) {
        err.status = PINTLE_E_PAYLOAD_TYPE;
        (void)snprintf(err.text, sizeof(err.text), "its payload type is none of ours: %.100s",
                       cli_safe(pintle_envelope_get_type(job->envelope)));
        return refuse(job, &err);
    }
    if (pintle_trusted_apply(job->trusted, role, view, job->result.now, &err) == PINTLE_OK)
        return CLI_OK;
    job->result.refused = job->envelope;
    return refuse(job, &err);
}

static enum cli_exit judge_file(struct job *job)
{
    static const char magic[] = "pintle seed ";
    char *text = NULL;
    size_t len = 0;
    enum cli_exit code = read_all(&text, &len, job->result.path, PINTLE_SEED_MAX_LEN);
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

/* --- the command ---------------------------------------------------------------------------------- */

static enum cli_exit read_now(struct job *job)
{
    const char *text = job->options->now;

    job->result.now = pintle_clock_system(NULL);
    if (text == NULL || rotate_parse_date(&job->result.now, text))
        return CLI_OK;
    opt_mistake("verify", "option --now: a time is written 2026-11-21 or 2026-11-21T00:00:00Z");
    return CLI_USAGE;
}

static enum cli_exit judge(struct job *job)
{
    struct stat info;
    enum cli_exit code;

    if (stat(job->result.path, &info) == 0 && S_ISDIR(info.st_mode))
        code = judge_directory(job);
    else
        code = judge_file(job);
    if (job->shown && code != CLI_INTERNAL) {
        enum cli_exit showed;
        job->result.trusted = job->trusted;
        showed = verify_show(&job->result, job->options->json);
        code = showed != CLI_OK ? showed : code;
    }
    return code;
}

static enum cli_exit run(struct job *job)
{
    enum cli_exit code = read_now(job);

    if (code == CLI_OK && job->options->roots.count == 0) {
        opt_mistake("verify", "option --root is needed: what a client would begin with");
        code = CLI_USAGE;
    }
    for (size_t i = 0; code == CLI_OK && i < job->options->roots.count; i++)
        code = take_root(job, job->options->roots.items[i]);
    return code == CLI_OK ? judge(job) : code;
}

enum cli_exit cmd_verify(int argc, char **argv)
{
    struct verify_options options = {0};
    struct opt_list operands = {0};
    struct job job = {.options = &options};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("verify", opts_verify, &options, argc, argv, &operands)) {
        job.result.path = operands.items[0];
        code = run(&job);
    }
    pintle_envelope_free(job.envelope);
    pintle_trusted_free(job.trusted);
    opt_clear(opts_verify, &options, &operands);
    return code;
}
