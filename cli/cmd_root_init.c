/* SPDX-License-Identifier: Apache-2.0 */
#include "root_document.h"

struct init_options {
    struct root_options root;
    const char *app;
};

const struct opt_spec opts_root_init[] = {
    {.name = "app",
     .type = OPT_STRING,
     .metavar = "APP",
     .help = "the app that the pins will be for",
     .offset = offsetof(struct init_options, app)},
    ROOT_OPTIONS(struct init_options, root),
    {.type = OPT_END},
};

static enum cli_exit check(const struct init_options *options)
{
    const char *missing = NULL;

    if (options->app == NULL)
        missing = "app";
    else if (options->root.keys[PINTLE_ROLE_ROOT].count == 0)
        missing = "root-key";
    else if (options->root.keys[PINTLE_ROLE_PINS].count == 0)
        missing = "pins-key";
    if (missing == NULL)
        return CLI_OK;
    opt_mistake("root init", "option --%s is needed", missing);
    return CLI_USAGE;
}

enum cli_exit cmd_root_init(int argc, char **argv)
{
    struct init_options options = {.root.days = ROOT_DAYS_DEFAULT};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("root init", opts_root_init, &options, argc, argv, &operands))
        code = check(&options);
    if (code == CLI_OK)
        code = root_document_make(options.app, NULL, 1, &options.root);
    opt_clear(opts_root_init, &options, &operands);
    return code;
}
