/* SPDX-License-Identifier: Apache-2.0 */
#include "json_build.h"
#include "trust.h"

struct list_options {
    struct trust_options trust;
};

const struct opt_spec opts_trust_list[] = {
    TRUST_OPTIONS(struct list_options, trust),
    {.type = OPT_END},
};

/* json: the list, NULL without memory. */
struct listing {
    int64_t now;
    bool as_json;
    json_t *json;
};

static bool show(void *ctx, const struct pintle_learned *entry)
{
    struct listing *listing = ctx;

    if (!listing->as_json) {
        trust_print(stdout, entry, listing->now);
        return true;
    }
    listing->json = json_build_item(listing->json, trust_json(entry, listing->now));
    return listing->json != NULL;
}

/* Hosts are missing in the list that are not unknown. */
static enum pintle_status tell_lost(struct pintle__state *state, int64_t now,
                                    struct pintle_error *err)
{
    char when[PINTLE_TIME_TEXT_SIZE];
    int64_t lost_at;
    enum pintle_status status = pintle__state_get_lost(state, now, &lost_at, err);

    if (status == PINTLE_OK && lost_at != 0)
        cli_note("what was known before %s may be lost: hosts that are not listed are refused "
                 "until they are forgotten (pintle trust forget HOST, or --all)",
                 pintle_time_format(lost_at, when));
    return status;
}

static enum cli_exit list(struct pintle__state *state, bool as_json)
{
    struct listing listing = {pintle_clock_system(NULL), as_json, as_json ? json_array() : NULL};
    struct pintle_error err = {0};
    enum pintle_status status = PINTLE_OK;

    if (state != NULL)
        status = pintle__state_list_learned(state, show, &listing, &err);
    if (state != NULL && status == PINTLE_OK)
        status = tell_lost(state, listing.now, &err);
    if (status != PINTLE_OK) {
        json_decref(listing.json);
        cli_error("%s", err.text);
        return cli_exit_for(status);
    }
    if (!as_json)
        return CLI_OK;
    return cli_print_json(
        "trust-list", listing.json != NULL ? json_pack("{s:o}", "entries", listing.json) : NULL);
}

static enum cli_exit open_and_list(const struct trust_options *options)
{
    struct pintle__state *state;
    enum cli_exit code;

    if (!trust_options_check("trust list", options))
        return CLI_USAGE;
    code = trust_open(&state, options, false);
    if (code == CLI_OK)
        code = list(state, options->json);
    pintle__state_close(state);
    return code;
}

enum cli_exit cmd_trust_list(int argc, char **argv)
{
    struct list_options options = {0};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("trust list", opts_trust_list, &options, argc, argv, &operands))
        code = open_and_list(&options.trust);
    opt_clear(opts_trust_list, &options, &operands);
    return code;
}
