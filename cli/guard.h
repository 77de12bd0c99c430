/* SPDX-License-Identifier: Apache-2.0 */
/* Which pins hold on a command's connections, and the engine that enforces them. */
#ifndef PINTLE_CLI_GUARD_H
#define PINTLE_CLI_GUARD_H

#include "cli.h"
#include "target.h"

/*
 * pinset          the file of -p, or NULL
 * pins            --pin: they stand in for a file, for the one host that is dialled
 * trust_key       the pinned key of --pin needs no certificate path
 * allow_unlisted  accept hosts without a rule whose path is valid
 */
struct pin_options {
    const char *pinset;
    struct opt_list pins;
    bool trust_key;
    bool allow_unlisted;
};

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
/* Rows of opt_specs for a `struct pin_options` that is `member` of `owner`. */
#define PIN_OPTIONS(owner, member)                                                                  \
    {.name = "pinset", .letter = 'p', .type = OPT_FILE, .metavar = "FILE",                         \
     .help = "the pin-set (pintle.json)", .offset = offsetof(owner, member.pinset)},                \
    {.name = "pin", .type = OPT_LIST, .metavar = "PIN",                                            \
     .help = "pin this key for the host, without a pin-set; may be given again",                   \
     .rivals = "pinset", .offset = offsetof(owner, member.pins)},                                                       \
    {.name = "trust-key", .type = OPT_FLAG,                                                        \
     .help = "with --pin: the server's own pinned key is enough, no CA",                           \
     .offset = offsetof(owner, member.trust_key)},                                                  \
    {.name = "allow-unlisted", .type = OPT_FLAG,                                                   \
     .help = "accept hosts without a rule if their certificate path is valid",                     \
     .offset = offsetof(owner, member.allow_unlisted)}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* False after telling what does not fit together; the command then returns CLI_USAGE. */
bool pin_options_check(const char *command, const struct pin_options *options);

/*
 * Load the pin-set that the options mean and make its engine; pintle_free() it. Tells failures
 * itself. --pin is for the target's host and port.
 */
enum cli_exit guard_open(struct pintle **out, const struct pin_options *options,
                         const struct target *target);

/* The pin-set that the options mean. Tells failures itself. */
enum cli_exit guard_pinset(const struct pintle_pinset **out, const struct pin_options *options,
                           const struct target *target);

/*
 * Load the pin-set of -p (`given`) or the default one, and write its name to `path`
 * (PINSET_PATH_SIZE bytes). Tells failures itself.
 */
enum cli_exit guard_load(struct pintle_pinset **out, const char *given, char *path);

/* An engine for a pin-set, which it takes over, on failure too. Tells failures itself. */
enum cli_exit guard_make(struct pintle **out, const struct pintle_pinset *set, bool allow_unlisted);

/* The crypto provider. */
const struct pintle_crypto *guard_crypto(void);

#endif
