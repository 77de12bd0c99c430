/* SPDX-License-Identifier: Apache-2.0 */
/* Keys learned from hosts (trust on first use, HPKP): the engine that a command talks through. */
#ifndef PINTLE_CLI_LEARNING_H
#define PINTLE_CLI_LEARNING_H

#include "living.h"
#include "os/state.h"

/* The app whose state is used where no pin-set names one. */
#define LEARNING_APP "pintle"

/*
 * tofu     hosts without a rule are learned on first contact
 * tofu_at  "leaf" or "ca"; NULL is "leaf"
 * hpkp     Public-Key-Pins headers are noted and obeyed
 * app      whose state database it is; NULL for the pin-set's
 */
struct learning_options {
    const char *tofu_at;
    const char *app;
    bool tofu;
    bool hpkp;
};

extern const char *const learning_positions[];

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
/* Rows of opt_specs for a `struct learning_options` that is `member` of `owner`. */
#define LEARNING_OPTIONS(owner, member)                                                             \
    {.name = "tofu", .type = OPT_FLAG,                                                             \
     .help = "learn the key of a host without a rule on first use, refuse another later",          \
     .offset = offsetof(owner, member.tofu)},                                                       \
    {.name = "tofu-at", .type = OPT_CHOICE, .metavar = "PLACE", .choices = learning_positions,     \
     .help = "which key --tofu learns: the server's or its CA's",                                  \
     .offset = offsetof(owner, member.tofu_at)},                                                    \
    {.name = "hpkp", .type = OPT_FLAG,                                                             \
     .help = "obey Public-Key-Pins headers of hosts without a rule",                               \
     .offset = offsetof(owner, member.hpkp)},                                                       \
    {.name = "app", .type = OPT_STRING, .metavar = "APP",                                          \
     .help = "keep what is learned in this app's state (the pin-set's app, or pintle)",            \
     .offset = offsetof(owner, member.app)}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/*
 * False after telling what does not fit together; the command then returns CLI_USAGE. Checks the
 * `living` options too, which must not have been checked before: --state serves both.
 */
bool learning_options_check(const char *command, const struct learning_options *options,
                            struct living_options *living, const struct pin_options *pins);

/* How a command wants its engine; living and learning may be all zero. */
struct learning_how {
    const struct learning_options *learning;
    const struct living_options *living;
    const struct pin_options *pins;
    const char *ca;
};

/*
 * What a command holds as long as its engine.
 *
 * state     NULL where nothing is learned
 * document  with --tofu: the pin-set as JSON, to which rules for first contacts are added
 */
struct learning {
    struct living living;
    struct pintle__state *state;
    json_t *document;
    const char *tofu_at;
    unsigned covered;
};

/*
 * The engine for a command that talks to servers; tells failures itself. pintle_free() it, then
 * learning_close(), which is needed after failures too.
 */
enum cli_exit learning_guard_open(struct pintle **out, struct learning *learning,
                                  const struct learning_how *how, const struct target *target);
void learning_close(struct learning *learning);

/* With --tofu: see to it that the target has a rule, if only to learn its key. Else does nothing. */
enum cli_exit learning_cover(struct learning *learning, struct pintle *engine,
                             const struct target *target);

#endif
