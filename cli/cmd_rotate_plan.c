/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "rotate_ask.h"
#include "rotate_show.h"

struct plan_options {
    struct rotate_options ask;
    const char *format;
    bool json;
};

static const char *const formats[] = {"text", "json", "ics", NULL};

const struct opt_spec opts_rotate_plan[] = {
    ROTATE_OPTIONS(struct plan_options, ask),
    NET_OPTIONS(struct plan_options, ask.net),
    {.name = "offline",
     .type = OPT_FLAG,
     .help = "ask no server which key is in use and when its certificate ends",
     .offset = offsetof(struct plan_options, ask.offline)},
    {.name = "format",
     .type = OPT_CHOICE,
     .metavar = "FORMAT",
     .help = "how to print the plan (text)",
     .choices = formats,
     .offset = offsetof(struct plan_options, format)},
    {.name = "json",
     .type = OPT_FLAG,
     .rivals = "format",
     .help = "the same as --format json",
     .offset = offsetof(struct plan_options, json)},
    {.type = OPT_END},
};

/* A calendar of what must not be done helps nobody. */
static enum cli_exit print_ics(const struct rotate_plan *plan, int64_t now)
{
    for (size_t i = 0; i < plan->refused.count; i++)
        cli_error("refused: %s", plan->refused.items[i].text);
    for (size_t i = 0; i < plan->possible.count; i++)
        if (plan->refused.count > 0)
            cli_note("possible: %s", plan->possible.items[i].text);
    if (plan->refused.count > 0)
        return CLI_REFUSED;
    rotate_plan_print_ics(plan, now);
    return CLI_OK;
}

static enum cli_exit print(const struct plan_options *options, const struct rotate_asked *asked,
                           const struct rotate_plan *plan)
{
    enum cli_exit code = CLI_OK;

    if (options->json || strcmp(options->format, "json") == 0)
        code = cli_print_json("rotate-plan",
                              rotate_plan_json(plan, asked->path, options->ask.dir != NULL));
    else if (strcmp(options->format, "ics") == 0)
        code = print_ics(plan, asked->now);
    else
        rotate_plan_print(plan, asked->path);
    if (code == CLI_OK && plan->refused.count > 0)
        code = CLI_REFUSED;
    return code;
}

static enum cli_exit run(const struct plan_options *options)
{
    struct rotate_plan *plan;
    struct rotate_asked asked;
    enum cli_exit code;

    if (!net_options_check("rotate plan", &options->ask.net))
        return CLI_USAGE;
    if (options->json && strcmp(options->format, "ics") == 0) {
        opt_mistake("rotate plan", "options --json and --format ics exclude each other");
        return CLI_USAGE;
    }
    plan = malloc(sizeof(*plan));
    if (plan == NULL)
        cli_no_memory();
    code = rotate_ask(&asked, "rotate plan", &options->ask);
    if (code == CLI_OK)
        code = rotate_ask_plan(plan, &asked, "rotate plan", &options->ask);
    if (code == CLI_OK)
        code = print(options, &asked, plan);
    rotate_asked_clear(&asked);
    free(plan);
    return code;
}

enum cli_exit cmd_rotate_plan(int argc, char **argv)
{
    struct plan_options options = {.ask = rotate_options_default(), .format = "text"};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("rotate plan", opts_rotate_plan, &options, argc, argv, &operands))
        code = run(&options);
    opt_clear(opts_rotate_plan, &options, &operands);
    return code;
}
