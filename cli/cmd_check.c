/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check.h"

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

/* --- the answer ------------------------------------------------------------------------------ */

static enum pintle_severity least_severity(const struct check *check)
{
    const char *name = check->options->fail_on;

    if (strcmp(name, "error") == 0)
        return PINTLE_ERROR;
    return strcmp(name, "info") == 0 ? PINTLE_INFO : PINTLE_WARNING;
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
    return unreachable ? check_unseen(check) : CLI_OK;
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

    if (code == CLI_OK)
        code = check_take(check, set);
    return code == CLI_OK ? select_rule(check) : code;
}

static enum cli_exit run(const struct check_options *options)
{
    struct check check = {.options = options, .now = pintle_clock_system(NULL)};
    enum cli_exit code;

    if (!net_options_check("check", &options->net))
        return CLI_USAGE;
    code = load(&check);
    if (code == CLI_OK) {
        check_lint(&check);
        code = options->offline ? CLI_OK : check_look(&check);
    }
    if (code == CLI_OK && check.no_memory)
        cli_error("out of memory");
    if (code == CLI_OK && !check.no_memory)
        code = print(&check);
    if (code == CLI_OK)
        code = judge(&check);
    check_clear(&check);
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
