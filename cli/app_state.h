/* SPDX-License-Identifier: Apache-2.0 */
/* The state database of an app, for commands that look into it. */
#ifndef PINTLE_CLI_APP_STATE_H
#define PINTLE_CLI_APP_STATE_H

#include "cli.h"
#include "os/state.h"

/* state: the database; app: or the app whose own it is. One of them. */
struct app_state_options {
    const char *state;
    const char *app;
};

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
/* Rows of opt_specs for a `struct app_state_options` that is `member` of `owner`. */
#define APP_STATE_OPTIONS(owner, member)                                                            \
    {.name = "state", .type = OPT_FILE, .metavar = "PATH", .help = "the state database",           \
     .rivals = "app", .offset = offsetof(owner, member.state)},                                                      \
    {.name = "app", .type = OPT_STRING, .metavar = "APP",                                          \
     .help = "the app whose own database it is, below XDG_STATE_HOME",                             \
     .offset = offsetof(owner, member.app)}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* False after telling what does not fit together; the command then returns CLI_USAGE. */
bool app_state_options_check(const char *command, const struct app_state_options *options);

/* Open it; one that is not there is not made. Tells failures itself. */
enum cli_exit app_state_open(struct pintle__state **out, const struct app_state_options *options);

#endif
