/* SPDX-License-Identifier: Apache-2.0 */
#include "anchors.h"
#include "json_build.h"
#include "living.h"

#define TIMEOUT_DEFAULT 30

struct update_options {
    struct living_options living;
    const char *ca;
    long timeout;
    bool json;
};

const struct opt_spec opts_update[] = {
    LIVING_SOURCE_OPTIONS(struct update_options, living),
    {.name = "ca",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "trust the certificates in FILE instead of the system's",
     .offset = offsetof(struct update_options, ca)},
    {.name = "timeout",
     .type = OPT_COUNT,
     .metavar = "SECONDS",
     .help = "give up a source that takes longer (30)",
     .offset = offsetof(struct update_options, timeout),
     .min = 1,
     .max = 3600},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print the result as JSON",
     .offset = offsetof(struct update_options, json)},
    {.type = OPT_END},
};

static const char *const results[] = {
    [PINTLE_UPDATE_FAILED] = "failed",
    [PINTLE_UPDATE_CURRENT] = "current",
    [PINTLE_UPDATE_NEW] = "new",
};

static enum cli_exit print_json(struct living *living, enum pintle_update_result result,
                                const struct pintle_error *err)
{
    bool failed = result == PINTLE_UPDATE_FAILED;
    json_t *json =
        json_pack("{s:s, s:o}", "result", results[result], "living", living_json(living));
    json_t *error = NULL;

    if (failed)
        error = json_pack("{s:s, s:o}", "status", pintle_status_name(err->status), "text",
                          cli_json_text(err->text));
    return cli_print_json("update", json_build_member(json, failed, "error", error));
}

static void print_text(const struct living *living, enum pintle_update_result result)
{
    char text[256];

    (void)pintle_describe(pintle_updater_get_engine(living->updater), text, sizeof(text));
    (void)printf("%s: %s\n", results[result], text);
}

static enum cli_exit update(const struct update_options *options, struct living *living)
{
    enum pintle_update_result result = PINTLE_UPDATE_FAILED;
    struct pintle_error err = {0};
    enum pintle_status status = pintle_updater_run(living->updater, &result, &err);
    enum cli_exit code = CLI_OK;

    if (status != PINTLE_OK) {
        if (opt_common.quiet) /* else every source's failure was told when it happened */
            cli_error("%s", err.text[0] != '\0' ? err.text : pintle_status_text(status));
        err.status = status;
        code = cli_exit_for(status);
    } else if (living_storage_failed(living)) {
        code = CLI_INPUT; /* told when it happened: the next start will not know of this update */
    }
    if (options->json) {
        enum cli_exit printed = print_json(living, result, &err);

        return code != CLI_OK ? code : printed;
    }
    print_text(living, result);
    if (living_storage_failed(living))
        cli_error("nothing could be saved: the next start knows nothing of this update");
    return code;
}

static enum cli_exit open_and_update(struct update_options *options)
{
    struct pintle_update_config how = {.ca_file = options->ca,
                                       .timeout_ms = (int64_t)options->timeout * 1000};
    struct living living = {0};
    enum cli_exit code;

    if (options->living.seed == NULL || options->living.sources.count == 0) {
        opt_mistake("update", "option --%s is needed",
                    options->living.seed == NULL ? "seed" : "source");
        return CLI_USAGE;
    }
    code = anchors_check(options->ca);
    if (code == CLI_OK)
        code = living_open(&living, &options->living, &how);
    if (code == CLI_OK)
        code = update(options, &living);
    living_close(&living);
    return code;
}

enum cli_exit cmd_update(int argc, char **argv)
{
    struct update_options options = {.timeout = TIMEOUT_DEFAULT};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("update", opts_update, &options, argc, argv, &operands))
        code = open_and_update(&options);
    opt_clear(opts_update, &options, &operands);
    return code;
}
