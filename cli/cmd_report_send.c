/* SPDX-License-Identifier: Apache-2.0 */
#include "anchors.h"
#include "app_state.h"
#include "json_build.h"
#include "os/update_send.h"

#define TIMEOUT_DEFAULT 30

struct report_send_options {
    struct app_state_options state;
    const char *ca;
    long timeout;
    bool all;
    bool json;
};

const struct opt_spec opts_report_send[] = {
    APP_STATE_OPTIONS(struct report_send_options, state),
    {.name = "all",
     .type = OPT_FLAG,
     .help = "also those that failed a short while ago",
     .offset = offsetof(struct report_send_options, all)},
    {.name = "ca",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "trust the certificates in FILE instead of the system's",
     .offset = offsetof(struct report_send_options, ca)},
    {.name = "timeout",
     .type = OPT_COUNT,
     .metavar = "SECONDS",
     .help = "give up a report that takes longer (30)",
     .offset = offsetof(struct report_send_options, timeout),
     .min = 1,
     .max = 3600},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print what became of each as JSON",
     .offset = offsetof(struct report_send_options, json)},
    {.type = OPT_END},
};

static const char *const words[] = {
    [PINTLE__SENT_DONE] = "sent",
    [PINTLE__SENT_GIVEN_UP] = "given-up",
    [PINTLE__SENT_LATER] = "later",
};

/*
 * counts   by enum pintle__sent
 * waiting  that are not due yet, the first of them at next_at
 * reports  NULL without --json, or without memory
 */
struct account {
    size_t counts[3];
    size_t waiting;
    int64_t now;
    int64_t next_at;
    bool json;
    json_t *reports;
};

static void add_json(struct account *account, const struct pintle__spooled *report,
                     enum pintle__sent how, long http_status, const struct pintle_error *err)
{
    json_t *item = json_pack("{s:I, s:o, s:o, s:s}", "id", (json_int_t)report->id, "host",
                             cli_json_text(report->host), "uri", cli_json_text(report->uri),
                             "result", words[how]);

    item = json_build_member(item, http_status != 0, "http_status",
                             http_status != 0 ? json_integer(http_status) : NULL);
    item = json_build_text(item, "error", http_status == 0 ? err->text : "");
    account->reports = json_build_item(account->reports, item);
}

static void on_sent(void *ctx, const struct pintle__spooled *report, enum pintle__sent how,
                    long http_status, const struct pintle_error *err)
{
    struct account *account = ctx;

    account->counts[how]++;
    if (account->json) {
        add_json(account, report, how, http_status, err);
        return;
    }
    (void)printf("%lld  %s  %s  ", (long long)report->id, words[how], cli_safe(report->uri));
    if (http_status != 0)
        (void)printf("%ld\n", http_status);
    else
        (void)printf("%s\n", cli_safe(err->text));
}

static bool count_waiting(void *ctx, const struct pintle__spooled *report)
{
    struct account *account = ctx;

    if (report->next_at <= account->now)
        return true;
    if (account->waiting == 0 || report->next_at < account->next_at)
        account->next_at = report->next_at;
    account->waiting++;
    return true;
}

/* Those that failed a short while ago, of which the account says nothing. */
static enum pintle_status find_waiting(struct account *account, struct pintle__state *state,
                                       struct pintle_error *err)
{
    return pintle__state_list_spool(state, INT64_MAX, count_waiting, account, err);
}

static void tell_waiting(const struct account *account)
{
    char when[PINTLE_TIME_TEXT_SIZE];

    if (account->waiting > 0)
        cli_note("%zu more to be sent from %s on (--all sends now)", account->waiting,
                 pintle_time_format(account->next_at, when));
}

/* What is to be tried again could not be reached; what nobody wants is a finding. */
static enum cli_exit judge(const struct account *account)
{
    if (account->counts[PINTLE__SENT_LATER] > 0)
        return CLI_UNREACHABLE;
    return account->counts[PINTLE__SENT_GIVEN_UP] > 0 ? CLI_REFUSED : CLI_OK;
}

static enum cli_exit send_all(struct pintle__state *state,
                              const struct report_send_options *options)
{
    struct account account = {.now = pintle_clock_system(NULL),
                              .json = options->json,
                              .reports = options->json ? json_array() : NULL};
    struct pintle__send_options how = {.now = account.now,
                                       .all = options->all,
                                       .timeout_ms = (int64_t)options->timeout * 1000,
                                       .ca_file = options->ca,
                                       .sent = on_sent,
                                       .ctx = &account};
    struct pintle_error err = {0};
    enum pintle_status status = options->all ? PINTLE_OK : find_waiting(&account, state, &err);
    enum cli_exit code;

    if (status == PINTLE_OK)
        status = pintle__send_reports(state, &how, &err);
    tell_waiting(&account);
    code = judge(&account);
    if (status != PINTLE_OK) {
        cli_error("%s", err.text);
        code = cli_exit_for(status);
    }
    if (options->json) {
        enum cli_exit printed = cli_print_json(
            "report-send",
            account.reports != NULL ? json_pack("{s:o}", "reports", account.reports) : NULL);

        return code != CLI_OK ? code : printed;
    }
    return code;
}

static enum cli_exit open_and_send(const struct report_send_options *options)
{
    struct pintle__state *state;
    enum cli_exit code;

    if (!app_state_options_check("report send", &options->state))
        return CLI_USAGE;
    code = anchors_check(options->ca);
    if (code == CLI_OK)
        code = app_state_open(&state, &options->state);
    if (code != CLI_OK)
        return code;
    code = send_all(state, options);
    pintle__state_close(state);
    return code;
}

enum cli_exit cmd_report_send(int argc, char **argv)
{
    struct report_send_options options = {.timeout = TIMEOUT_DEFAULT};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("report send", opts_report_send, &options, argc, argv, &operands))
        code = open_and_send(&options);
    opt_clear(opts_report_send, &options, &operands);
    return code;
}
