/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "root_document.h"

struct rotate_options {
    struct root_options root;
    const char *current;
    bool raise_epoch;
};

const struct opt_spec opts_root_rotate[] = {
    {.name = "root",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "the current root",
     .offset = offsetof(struct rotate_options, current)},
    {.name = "raise-epoch",
     .type = OPT_FLAG,
     .help = "begin to count versions anew: a stolen key has used up the numbers",
     .offset = offsetof(struct rotate_options, raise_epoch)},
    ROOT_OPTIONS(struct rotate_options, root),
    {.type = OPT_END},
};

static enum cli_exit rotate(const struct rotate_options *options)
{
    struct pintle_envelope *envelope = NULL;
    struct pintle_root *current = NULL;
    enum cli_exit code;

    if (options->current == NULL) {
        opt_mistake("root rotate", "option --root is needed: the current root");
        return CLI_USAGE;
    }
    code = envelope_load_root(&envelope, &current, options->current);
    if (code == CLI_OK)
        code = root_document_make(current->app, current,
                                  current->epoch + (options->raise_epoch ? 1 : 0), &options->root);
    if (code == CLI_OK)
        cli_note("a root that changes keys of role pins, or the epoch, goes out together with pins "
                 "signed under it");
    pintle_envelope_free(envelope);
    free(current);
    return code;
}

enum cli_exit cmd_root_rotate(int argc, char **argv)
{
    struct rotate_options options = {.root.days = ROOT_DAYS_DEFAULT};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("root rotate", opts_root_rotate, &options, argc, argv, &operands))
        code = rotate(&options);
    opt_clear(opts_root_rotate, &options, &operands);
    return code;
}
