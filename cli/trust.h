/* SPDX-License-Identifier: Apache-2.0 */
/* What the `trust` commands share: the state they look into, and entries as text and JSON. */
#ifndef PINTLE_CLI_TRUST_H
#define PINTLE_CLI_TRUST_H

#include "cli.h"
#include "os/state.h"

/* state: the database; app: or the app whose own it is. Neither: that of `pintle fetch --tofu`. */
struct trust_options {
    const char *state;
    const char *app;
    bool json;
};

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes a type and a member */
/* Rows of opt_specs for a `struct trust_options` that is `member` of `owner`. */
#define TRUST_OPTIONS(owner, member)                                                                \
    {.name = "state", .type = OPT_FILE, .metavar = "PATH", .help = "the state database",           \
     .rivals = "app", .offset = offsetof(owner, member.state)},                                                      \
    {.name = "app", .type = OPT_STRING, .metavar = "APP",                                          \
     .help = "the app whose own database it is, below XDG_STATE_HOME (pintle)",                    \
     .offset = offsetof(owner, member.app)},                                                        \
    {.name = "json", .type = OPT_FLAG, .help = "print the result as JSON",                         \
     .offset = offsetof(owner, member.json)}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* False after telling what does not fit together; the command then returns CLI_USAGE. */
bool trust_options_check(const char *command, const struct trust_options *options);

/*
 * Open the database; tells failures itself. Unless `begins`, none is made: one that nobody named and
 * that is not there is then *out NULL, CLI_OK: nothing was ever learned.
 */
enum cli_exit trust_open(struct pintle__state **out, const struct trust_options *options,
                         bool begins);

/* "tofu", "hpkp", "hpkp-report-only" and "any", "leaf", "ca". */
const char *trust_from_name(enum pintle_learned_from from);
const char *trust_at_name(enum pintle_position at);

/* "host:port", or "host" for every port. */
#define TRUST_HOST_SIZE (PINTLE_HOST_MAX_LEN + 9)
const char *trust_host(const struct pintle_learned *entry, char out[TRUST_HOST_SIZE]);

/* NULL without memory. */
json_t *trust_json(const struct pintle_learned *entry, int64_t now);

/* Two lines and more. */
void trust_print(FILE *stream, const struct pintle_learned *entry, int64_t now);

#endif
