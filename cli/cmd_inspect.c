/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "inspect.h"
#include "verdict.h"

const struct opt_spec opts_inspect[] = {
    NET_OPTIONS(struct inspect_options, net),
    PIN_OPTIONS(struct inspect_options, pins),
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print as JSON",
     .offset = offsetof(struct inspect_options, json)},
    {.name = "pem",
     .type = OPT_FLAG,
     .help = "print the certificates as served, in PEM",
     .offset = offsetof(struct inspect_options, pem)},
    {.type = OPT_END},
};

static void add_text(struct pintle_error *err, const char *text)
{
    size_t len = strlen(err->text);

    (void)snprintf(err->text + len, sizeof(err->text) - len, "%s", text);
}

static enum cli_exit look(struct inspection *inspection)
{
    struct survey_how how = {.engine = inspection->engine};
    struct survey *survey = &inspection->survey;
    struct pintle_error err = {0};

    if (survey_run(survey, &inspection->target, &inspection->options->net, &how, &err) !=
        PINTLE_OK) {
        if (inspection->may_be_file && err.status == PINTLE_E_RESOLVE)
            add_text(&err, " (nor is there a file of that name)");
        return cli_fail(inspection->target.text, &err);
    }
    for (size_t i = 0; i < survey->count; i++)
        if (!sighting_seen(&survey->items[i])) {
            enum cli_exit code = cli_fail(inspection->target.text, &survey->items[i].err);

            if (i == 0)
                return code;
        }
    return CLI_OK;
}

/* A refusal by pins weighs more than an invalid path. */
static enum cli_exit judge(const struct survey *survey)
{
    enum cli_exit worst = CLI_OK;

    for (size_t i = 0; i < survey->count; i++) {
        const struct sighting *s = &survey->items[i];
        enum cli_exit code = CLI_OK;

        if (s->judged)
            code = verdict_exit(&s->verdict);
        else if (s->path != PINTLE_PATH_VALID)
            code = sighting_seen(s) ? CLI_TLS : cli_exit_for(s->status);
        if (worst == CLI_OK || code == CLI_REFUSED || code == CLI_INTERNAL)
            worst = code != CLI_OK ? code : worst;
    }
    return worst;
}

static enum cli_exit show(const struct inspection *inspection)
{
    if (inspection->options->json)
        return inspect_print_json(inspection);
    if (inspection->options->pem)
        return inspect_print_pem(inspection);
    inspect_print(inspection);
    return CLI_OK;
}

static bool has_pins(const struct pin_options *pins)
{
    return pins->pinset != NULL || pins->pins.count > 0;
}

static enum cli_exit inspect_server(struct inspection *inspection)
{
    const struct pin_options *pins = &inspection->options->pins;
    enum cli_exit code = CLI_OK;

    if (has_pins(pins))
        code = guard_open(&inspection->engine, pins, &inspection->target);
    if (code == CLI_OK && inspection->engine != NULL)
        inspection->set = pintle_get_pinset(inspection->engine);
    if (code == CLI_OK)
        code = look(inspection);
    if (code == CLI_OK)
        code = show(inspection);
    if (code == CLI_OK)
        code = judge(&inspection->survey);
    survey_clear(&inspection->survey);
    pintle_pinset_free(inspection->set);
    pintle_free(inspection->engine);
    return code;
}

static enum cli_exit inspect(const struct inspect_options *options, const char *operand)
{
    struct inspection inspection = {.options = options, .now = pintle_clock_system(NULL)};
    struct pintle_error err = {0};

    if (!net_options_check("inspect", &options->net) ||
        !pin_options_check("inspect", &options->pins))
        return CLI_USAGE;
    if (target_parse(&inspection.target, operand, net_options_port(&options->net), &err) !=
        PINTLE_OK)
        return cli_fail(operand, &err);
    inspection.may_be_file = strchr(operand, ':') == NULL && options->net.connect == NULL;
    if (inspection.target.kind == TARGET_FILE)
        return inspect_file(inspection.target.path, options);
    return inspect_server(&inspection);
}

enum cli_exit cmd_inspect(int argc, char **argv)
{
    struct inspect_options options = {.net.timeout = NET_TIMEOUT_DEFAULT};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("inspect", opts_inspect, &options, argc, argv, &operands))
        code = inspect(&options, operands.items[0]);
    opt_clear(opts_inspect, &options, &operands);
    return code;
}
