/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "check.h"

#define DAY_S 86400
#define DETAIL_SIZE 768

static const char *const formats[] = {"text", "json", "sarif", NULL};
static const char *const severities[] = {"error", "warning", "info", NULL};

const struct opt_spec opts_check[] = {
    {.name = "pinset",
     .letter = 'p',
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the pin-set (pintle.json)",
     .offset = offsetof(struct check_options, pinset)},
    NET_OPTIONS(struct check_options, net),
    {.name = "fail-on",
     .type = OPT_CHOICE,
     .metavar = "SEVERITY",
     .help = "exit 1 for findings of this severity and above (warning)",
     .choices = severities,
     .offset = offsetof(struct check_options, fail_on)},
    {.name = "format",
     .type = OPT_CHOICE,
     .metavar = "FORMAT",
     .help = "how to print the result (text)",
     .choices = formats,
     .offset = offsetof(struct check_options, format)},
    {.name = "host",
     .type = OPT_LIST,
     .metavar = "HOST[:PORT]",
     .help = "look at this server too, for rules with stars; may be given again",
     .offset = offsetof(struct check_options, hosts)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "the same as --format json",
     .offset = offsetof(struct check_options, json)},
    {.name = "offline",
     .type = OPT_FLAG,
     .help = "look at the pin-set only, at no server",
     .offset = offsetof(struct check_options, offline)},
    {.name = "rule",
     .type = OPT_STRING,
     .metavar = "ID",
     .help = "look at this rule only",
     .offset = offsetof(struct check_options, rule)},
    {.name = "within",
     .type = OPT_COUNT,
     .metavar = "DAYS",
     .help = "tell what ends within so many days (30)",
     .offset = offsetof(struct check_options, within),
     .min = 0,
     .max = 3650},
    {.type = OPT_END},
};

/* --- findings -------------------------------------------------------------------------------- */

static bool is_there(const struct check *check, const struct check_finding *finding,
                     const char *detail)
{
    for (size_t i = 0; i < check->finding_count; i++) {
        const struct check_finding *other = &check->findings[i];

        if (other->kind == finding->kind && other->rule_index == finding->rule_index &&
            other->pin_index == finding->pin_index && strcmp(other->detail, detail) == 0)
            return true;
    }
    return false;
}

static void keep(struct check *check, struct check_finding finding, const char *detail)
{
    struct check_finding *all;

    if (is_there(check, &finding, detail))
        return;
    all = realloc(check->findings, (check->finding_count + 1) * sizeof(*check->findings));
    if (all != NULL)
        check->findings = all;
    finding.detail = strdup(detail);
    if (all == NULL || finding.detail == NULL) {
        free(finding.detail);
        check->no_memory = true;
        return;
    }
    all[check->finding_count++] = finding;
}

void check_add(struct check *check, const char *id, size_t rule_index, size_t pin_index,
               const char *format, ...)
{
    struct check_finding finding = {
        .kind = pintle_finding_kind_find(id), .rule_index = rule_index, .pin_index = pin_index};
    char detail[DETAIL_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    if (finding.kind == NULL)
        check->internal = true;
    else
        keep(check, finding, detail);
}

bool check_covers(const struct check *check, size_t rule_index)
{
    return check->only == SIZE_MAX || rule_index == SIZE_MAX || check->only == rule_index;
}

size_t check_count(const struct check *check, enum pintle_severity severity)
{
    size_t count = 0;

    for (size_t i = 0; i < check->finding_count; i++)
        count += check->findings[i].kind->severity == severity ? 1 : 0;
    return count;
}

/* --- the document ---------------------------------------------------------------------------- */

/* Only suffixes on the list: an unknown top-level name ("localhost") is somebody's own. */
static bool is_public_suffix(void *psl, const char *name)
{
    return psl_is_public_suffix2(psl, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1;
}

static void found(void *ctx, const struct pintle_finding *finding)
{
    struct check *check = ctx;
    struct check_finding own = {
        .kind = finding->kind, .rule_index = finding->rule_index, .pin_index = finding->pin_index};

    if (check_covers(check, finding->rule_index))
        keep(check, own, finding->detail);
}

static void lint(struct check *check)
{
    psl_ctx_t *psl = NULL;
    struct pintle_lint_options options = {.now = check->now,
                                          .within_s = (int64_t)check->options->within * DAY_S,
                                          .is_public_suffix = is_public_suffix};

    psl = psl_latest(NULL);
    options.psl_ctx = psl;
    if (psl == NULL)
        options.is_public_suffix = NULL;
    (void)pintle_pinset_lint(check->set, &options, found, check);
    psl_free(psl);
}

static enum cli_exit select_rule(struct check *check)
{
    size_t count = pintle_pinset_get_rule_count(check->set);

    check->only = SIZE_MAX;
    if (check->options->rule == NULL)
        return CLI_OK;
    for (size_t i = 0; i < count; i++)
        if (strcmp(pintle_pinset_get_rule(check->set, i)->id, check->options->rule) == 0)
            check->only = i;
    if (check->only != SIZE_MAX)
        return CLI_OK;
    opt_mistake("check", "option --rule: no rule '%s' in %s", cli_safe(check->options->rule),
                cli_safe(check->path));
    return CLI_USAGE;
}

/* --- the servers ----------------------------------------------------------------------------- */

static enum cli_exit look(struct check *check)
{
    enum cli_exit code = check_gather(check);

    if (code == CLI_OK)
        code = check_survey(check);
    if (code != CLI_OK)
        return code;
    for (size_t i = 0; i < check->endpoint_count; i++)
        check_endpoint(check, &check->endpoints[i]);
    for (size_t i = 0; i < pintle_pinset_get_rule_count(check->set); i++)
        if (check_covers(check, i))
            check_rule(check, i);
    return CLI_OK;
}

/* --- the answer ------------------------------------------------------------------------------ */

static enum pintle_severity least_severity(const struct check *check)
{
    const char *name = check->options->fail_on;

    if (strcmp(name, "error") == 0)
        return PINTLE_ERROR;
    return strcmp(name, "info") == 0 ? PINTLE_INFO : PINTLE_WARNING;
}

/* How many handshakes failed within TLS, and whether something could not be reached at all. */
static enum cli_exit unseen(const struct check *check)
{
    enum cli_exit worst = CLI_OK;

    for (size_t i = 0; i < check->endpoint_count; i++) {
        const struct endpoint *endpoint = &check->endpoints[i];

        if (endpoint->status != PINTLE_OK && worst == CLI_OK)
            worst = cli_exit_for(endpoint->status);
        for (size_t j = 0; j < endpoint->survey.count; j++) {
            enum pintle_status status = endpoint->survey.items[j].status;

            if (status == PINTLE_E_TLS)
                worst = CLI_TLS;
            else if (status != PINTLE_OK && status != PINTLE_E_REFUSED && worst == CLI_OK)
                worst = cli_exit_for(status);
        }
    }
    return worst;
}

/*
 * docs/spec/cli.md, "Exit codes of check": findings (1) weigh more than an invalid path (4), and
 * that more than a server that cannot be reached (3).
 */
static enum cli_exit judge(const struct check *check)
{
    bool unreachable = false;
    bool path_invalid = false;

    if (check->no_memory || check->internal)
        return CLI_INTERNAL;
    for (size_t i = 0; i < check->finding_count; i++) {
        const struct pintle_finding_kind *kind = check->findings[i].kind;

        if (strcmp(kind->id, "PIN105") == 0)
            unreachable = true;
        else if (strcmp(kind->id, "PIN106") == 0)
            path_invalid = true;
        else if (kind->severity >= least_severity(check))
            return CLI_REFUSED;
    }
    if (path_invalid)
        return CLI_TLS;
    return unreachable ? unseen(check) : CLI_OK;
}

static enum cli_exit print(const struct check *check)
{
    if (check->options->json || strcmp(check->options->format, "json") == 0)
        return check_print_json(check);
    if (strcmp(check->options->format, "sarif") == 0)
        return check_print_sarif(check);
    return check_print_text(check);
}

static enum cli_exit load(struct check *check)
{
    struct pintle_pinset *set = NULL;
    enum cli_exit code = guard_load(&set, check->options->pinset, check->path);

    if (code != CLI_OK)
        return code;
    check->set = pintle_pinset_retain(set);
    code = guard_make(&check->engine, set, false);
    return code == CLI_OK ? select_rule(check) : code;
}

static void clear(struct check *check)
{
    for (size_t i = 0; i < check->endpoint_count; i++)
        survey_clear(&check->endpoints[i].survey);
    for (size_t i = 0; i < check->finding_count; i++)
        free(check->findings[i].detail);
    free(check->endpoints);
    free(check->findings);
    pintle_free(check->engine);
    pintle_pinset_free(check->set);
}

static enum cli_exit run(const struct check_options *options)
{
    struct check check = {.options = options, .now = pintle_clock_system(NULL)};
    enum cli_exit code;

    if (!net_options_check("check", &options->net))
        return CLI_USAGE;
    code = load(&check);
    if (code == CLI_OK) {
        lint(&check);
        code = options->offline ? CLI_OK : look(&check);
    }
    if (code == CLI_OK && check.no_memory)
        cli_error("out of memory");
    if (code == CLI_OK && !check.no_memory)
        code = print(&check);
    if (code == CLI_OK)
        code = judge(&check);
    clear(&check);
    return code;
}

enum cli_exit cmd_check(int argc, char **argv)
{
    struct check_options options = {
        .net.timeout = NET_TIMEOUT_DEFAULT, .format = "text", .fail_on = "warning", .within = 30};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("check", opts_check, &options, argc, argv, &operands))
        code = run(&options);
    opt_clear(opts_check, &options, &operands);
    return code;
}
