/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <pintle/openssl.h>

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
    {.name = "no-fresh",
     .type = OPT_FLAG,
     .help = "expect no statements of freshness any more",
     .offset = offsetof(struct rotate_options, root.dropped[PINTLE_ROLE_FRESH])},
    {.name = "no-unpin",
     .type = OPT_FLAG,
     .help = "allow no emergency unpins any more",
     .offset = offsetof(struct rotate_options, root.dropped[PINTLE_ROLE_UNPIN])},
    ROOT_OPTIONS(struct rotate_options, root),
    {.type = OPT_END},
};

/* Signatures may still be gathered for it; but nothing that follows it is believed before. */
static void note_unsigned(const struct pintle_envelope *envelope, const struct pintle_root *root)
{
    unsigned long needed = root->roles[PINTLE_ROLE_ROOT].threshold;
    unsigned long have = (unsigned long)pintle_root_count_signers(root, PINTLE_ROLE_ROOT, envelope,
                                                                  pintle_openssl_crypto(), NULL);

    if (have < needed)
        cli_note("warning: root %lld is signed by %lu of the %lu keys that it asks for",
                 (long long)root->version, have, needed);
}

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
        note_unsigned(envelope, current);
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
