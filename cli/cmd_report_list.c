/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "app_state.h"
#include "json_build.h"

struct report_list_options {
    struct app_state_options state;
    bool json;
};

const struct opt_spec opts_report_list[] = {
    APP_STATE_OPTIONS(struct report_list_options, state),
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print the reports as JSON, whole",
     .offset = offsetof(struct report_list_options, json)},
    {.type = OPT_END},
};

/* The first word of a cause is the reason; the rest are keys. */
static int reason_len(const char *cause)
{
    return (int)strcspn(cause, " ");
}

static bool print_report(void *ctx, const struct pintle__spooled *report)
{
    char created[PINTLE_TIME_TEXT_SIZE];

    (void)ctx;
    (void)printf("%lld  %s  %s:%u  %.*s  %s", (long long)report->id,
                 pintle_time_format(report->created, created), cli_safe(report->host),
                 (unsigned)report->port, reason_len(report->cause), cli_safe(report->cause),
                 cli_safe(report->uri));
    if (report->tries > 0)
        (void)printf("  tried %u time%s", report->tries, report->tries == 1 ? "" : "s");
    if (report->repeats > 0)
        (void)printf("  and %llu more like it", (unsigned long long)report->repeats);
    (void)putchar('\n');
    return true;
}

/* ctx is the list, NULL without memory. */
static bool add_report(void *ctx, const struct pintle__spooled *report)
{
    json_t **list = ctx;
    char created[PINTLE_TIME_TEXT_SIZE];
    json_t *body = json_loads(report->json, 0, NULL);
    json_t *item =
        json_pack("{s:I, s:o, s:o, s:i, s:s%, s:s, s:i, s:I}", "id", (json_int_t)report->id, "uri",
                  cli_json_text(report->uri), "host", cli_json_text(report->host), "port",
                  (int)report->port, "reason", report->cause, (size_t)reason_len(report->cause),
                  "created", pintle_time_format(report->created, created), "tries",
                  (int)report->tries, "repeats", (json_int_t)report->repeats);

    *list = json_build_item(*list, json_build_member(item, body != NULL, "report", body));
    return *list != NULL;
}

static enum cli_exit list(struct pintle__state *state, bool as_json)
{
    json_t *reports = as_json ? json_array() : NULL;
    struct pintle_error err = {0};
    enum pintle_status status =
        as_json ? pintle__state_list_spool(state, INT64_MAX, add_report, &reports, &err)
                : pintle__state_list_spool(state, INT64_MAX, print_report, NULL, &err);

    if (status != PINTLE_OK) {
        json_decref(reports);
        cli_error("%s", err.text);
        return cli_exit_for(status);
    }
    if (!as_json)
        return CLI_OK;
    return cli_print_json("report-list",
                          reports != NULL ? json_pack("{s:o}", "reports", reports) : NULL);
}

static enum cli_exit open_and_list(const struct report_list_options *options)
{
    struct pintle__state *state;
    enum cli_exit code;

    if (!app_state_options_check("report list", &options->state))
        return CLI_USAGE;
    code = app_state_open(&state, &options->state);
    if (code != CLI_OK)
        return code;
    code = list(state, options->json);
    pintle__state_close(state);
    return code;
}

enum cli_exit cmd_report_list(int argc, char **argv)
{
    struct report_list_options options = {0};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("report list", opts_report_list, &options, argc, argv, &operands))
        code = open_and_list(&options);
    opt_clear(opts_report_list, &options, &operands);
    return code;
}
