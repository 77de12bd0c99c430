/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"
#include "dial.h"
#include "guard.h"
#include "json_build.h"
#include "learning.h"
#include "pump.h"
#include "verdict.h"

struct connect_options {
    struct net_options net;
    struct pin_options pins;
    struct living_options living;
    bool json;
    bool verbose;
};

const struct opt_spec opts_connect[] = {
    NET_OPTIONS(struct connect_options, net),
    PIN_OPTIONS(struct connect_options, pins),
    LIVING_OPTIONS(struct connect_options, living),
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print the verdict as JSON and end, transferring nothing",
     .offset = offsetof(struct connect_options, json)},
    {.name = "verbose",
     .letter = 'v',
     .type = OPT_FLAG,
     .help = "show the connection and its verdict on stderr",
     .offset = offsetof(struct connect_options, verbose)},
    {.type = OPT_END},
};

struct connection {
    const struct connect_options *options;
    struct target target;
    struct pintle *engine;
    struct learning learning;
    struct dial dial;
};

/* --- what was reached ------------------------------------------------------------------------ */

static void print_connection(const struct connection *c)
{
    const struct pintle_client_info *info = pintle_client_get_info(c->dial.client);

    (void)fprintf(stderr, "%s at %s  %s  %s\n", c->target.text, c->dial.address, info->protocol,
                  info->cipher);
    for (size_t i = 0; i < info->verified_count; i++) {
        struct pintle_certificate_info certificate;

        if (pintle_certificate_describe(&certificate, info->verified[i], NULL) == PINTLE_OK)
            (void)fprintf(stderr, "  %zu  %s\n", i, cli_safe(certificate.subject));
    }
}

/* The account of a verdict: of a refusal always, of what was let pass, and of all when asked. */
static void print_verdict(const struct connection *c)
{
    const struct pintle_verdict *verdict = pintle_client_get_verdict(c->dial.client);
    const struct pintle_pinset *set = pintle_get_pinset(c->engine);
    bool plain = verdict->decision == PINTLE_ACCEPT && !verdict->softened && !verdict->stale &&
                 !verdict->unpinned && verdict->reason != PINTLE_REASON_FIRST_USE;

    if (c->options->verbose)
        print_connection(c);
    if (!plain || c->options->verbose)
        verdict_print(stderr, verdict, set);
    living_note_postponed(&c->learning.living, verdict);
    pintle_pinset_free(set);
}

static enum cli_exit print_json(struct connection *c)
{
    const struct pintle_client_info *info = pintle_client_get_info(c->dial.client);
    bool living = c->learning.living.updater != NULL;
    json_t *json = json_pack("{s:s, s:i, s:s, s:s, s:s, s:o}", "host", c->target.host.text, "port",
                             (int)c->target.port, "address", c->dial.address, "protocol",
                             info->protocol, "cipher", info->cipher, "verdict",
                             verdict_json(pintle_client_get_verdict(c->dial.client)));

    json =
        json_build_member(json, living, "living", living ? living_json(&c->learning.living) : NULL);
    return cli_print_json("connect", json);
}

/* --- the connection -------------------------------------------------------------------------- */

static enum pintle_status reach(struct connection *c, struct pintle_error *err)
{
    const struct net_options *net = &c->options->net;
    struct os_deadline deadline = net_options_deadline(net);
    struct dial_how how = {.engine = c->engine};
    struct os_addrs addrs;
    enum pintle_status status = dial_find(&addrs, &c->target, net, &deadline, err);

    if (status != PINTLE_OK)
        return status;
    return dial_open(&c->dial, &c->target, &addrs, net, &how, &deadline, err);
}

static enum cli_exit talk(struct connection *c)
{
    struct pintle_error err = {0};
    enum pintle_status status = reach(c, &err);
    enum cli_exit code = CLI_OK;

    if (status != PINTLE_OK && status != PINTLE_E_REFUSED)
        return cli_fail(c->target.text, &err);
    print_verdict(c);
    if (c->options->json)
        code = print_json(c);
    if (status == PINTLE_E_REFUSED)
        return verdict_exit(pintle_client_get_verdict(c->dial.client));
    if (c->options->json)
        return code;
    return pump(&c->dial, (int64_t)c->options->net.timeout * 1000, c->target.text);
}

static enum cli_exit connect_to(struct connect_options *options, const char *operand)
{
    static const struct learning_options nothing;
    struct connection c = {.options = options, .dial.fd = -1};
    struct learning_how how = {&nothing, &options->living, &options->pins, options->net.ca};
    struct pintle_error err = {0};
    enum cli_exit code;

    if (!net_options_check("connect", &options->net) ||
        !living_options_check("connect", &options->living, &options->pins) ||
        !pin_options_check("connect", &options->pins))
        return CLI_USAGE;
    if (target_parse_server(&c.target, operand, net_options_port(&options->net), &err) != PINTLE_OK)
        return cli_fail(operand, &err);
    code = learning_guard_open(&c.engine, &c.learning, &how, &c.target);
    if (code == CLI_OK)
        code = talk(&c);
    dial_close(&c.dial);
    pintle_free(c.engine);
    learning_close(&c.learning);
    return code;
}

enum cli_exit cmd_connect(int argc, char **argv)
{
    struct connect_options options = {.net.timeout = NET_TIMEOUT_DEFAULT,
                                      .living.update_wait = LIVING_WAIT_DEFAULT};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("connect", opts_connect, &options, argc, argv, &operands))
        code = connect_to(&options, operands.items[0]);
    opt_clear(opts_connect, &options, &operands);
    return code;
}
