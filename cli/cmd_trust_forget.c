/* SPDX-License-Identifier: Apache-2.0 */
#include "json_build.h"
#include "target.h"
#include "trust.h"

struct forget_options {
    struct trust_options trust;
    bool all;
};

const struct opt_spec opts_trust_forget[] = {
    {.name = "all",
     .type = OPT_FLAG,
     .help = "forget every host",
     .offset = offsetof(struct forget_options, all)},
    TRUST_OPTIONS(struct forget_options, trust),
    {.type = OPT_END},
};

/* What came of it. `was_lost`: the host may have been in a database that was. */
static const char *outcome(size_t count, bool was_lost)
{
    if (count > 0)
        return "forgotten";
    return was_lost ? "may be learned anew" : "was not known";
}

/* How many entries were forgotten, as text or an object. */
static json_t *tell(const struct target *target, size_t count, bool was_lost, bool as_json)
{
    const char *name = "everything";
    json_t *json;

    if (target != NULL)
        name = target->port != 0 ? target->text : target->host.text;
    if (!as_json) {
        cli_note("%s: %s", name, outcome(count, was_lost));
        return NULL;
    }
    json = json_pack("{s:I}", "count", (json_int_t)count);
    if (target == NULL)
        return json;
    json = json_build_text(json, "host", target->host.text);
    return json_build_member(json, target->port != 0, "port",
                             target->port != 0 ? json_integer(target->port) : NULL);
}

static enum cli_exit forget(struct pintle__state *state, const struct target *target, bool as_json,
                            json_t **list)
{
    struct pintle_error err = {0};
    enum pintle_status status = PINTLE_OK;
    size_t count = 0;
    int64_t lost_at = 0;
    json_t *told;

    if (state != NULL)
        status = pintle__state_get_lost(state, pintle_clock_system(NULL), &lost_at, &err);
    if (state != NULL && status == PINTLE_OK)
        status = pintle__state_forget(state, target != NULL ? &target->host : NULL,
                                      target != NULL ? target->port : 0, &count, &err);
    if (status != PINTLE_OK) {
        cli_error("%s", err.text);
        return cli_exit_for(status);
    }
    told = tell(target, count, lost_at != 0, as_json);
    if (as_json)
        *list = json_build_item(*list, told);
    return CLI_OK;
}

static enum cli_exit forget_each(struct pintle__state *state, const struct opt_list *hosts,
                                 bool as_json, json_t **list)
{
    enum cli_exit code = CLI_OK;

    for (size_t i = 0; code == CLI_OK && i < hosts->count; i++) {
        struct target target;
        struct pintle_error err = {0};

        if (target_parse_server(&target, hosts->items[i], 0, &err) != PINTLE_OK)
            return cli_fail(hosts->items[i], &err);
        code = forget(state, &target, as_json, list);
    }
    return code;
}

static enum cli_exit run(const struct forget_options *options, const struct opt_list *hosts)
{
    bool as_json = options->trust.json;
    json_t *list = as_json ? json_array() : NULL;
    struct pintle__state *state;
    enum cli_exit code = trust_open(&state, &options->trust, false);

    if (code == CLI_OK)
        code = options->all ? forget(state, NULL, as_json, &list)
                            : forget_each(state, hosts, as_json, &list);
    pintle__state_close(state);
    if (code == CLI_OK && as_json)
        return cli_print_json("trust-forget",
                              list != NULL ? json_pack("{s:o}", "forgotten", list) : NULL);
    json_decref(list);
    return code;
}

enum cli_exit cmd_trust_forget(int argc, char **argv)
{
    struct forget_options options = {0};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("trust forget", opts_trust_forget, &options, argc, argv, &operands) &&
        trust_options_check("trust forget", &options.trust)) {
        if (options.all == (operands.count > 0))
            opt_mistake("trust forget", "name the hosts to forget, or --all");
        else
            code = run(&options, &operands);
    }
    opt_clear(opts_trust_forget, &options, &operands);
    return code;
}
