/* SPDX-License-Identifier: Apache-2.0 */
/* What every subcommand shares: exit codes, the command table, output and error messages. */
#ifndef PINTLE_CLI_CLI_H
#define PINTLE_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>
#include <pintle/pintle.h>

#include "opt.h"

/* The CLI contract; docs/spec/cli.md. */
enum cli_exit {
    CLI_OK = 0,          /* accepted, or nothing found */
    CLI_REFUSED = 1,     /* refused by pins or policy, or findings */
    CLI_USAGE = 2,       /* wrong options */
    CLI_UNREACHABLE = 3, /* DNS, connect, timeout */
    CLI_TLS = 4,         /* TLS or certificate path invalid, apart from pins */
    CLI_INPUT = 5,       /* malformed or unreadable input, unwritable output */
    CLI_INTERNAL = 70    /* a bug, or out of memory */
};

/* What each exit code means, in the words of help and manual; ended by a row without a text. */
struct cli_exit_text {
    enum cli_exit code;
    const char *text;
};
extern const struct cli_exit_text cli_exit_texts[];

/* The headings of the overview, in its order. */
enum cli_group {
    CLI_LOOK = 0,
    CLI_KEEP,
    CLI_PUBLISH,
    CLI_TALK,
    CLI_ABOUT,
    CLI_GROUPS
};
extern const char *const cli_group_titles[CLI_GROUPS];

/*
 * One row of commands.def:
 * run       gets argv behind the command's name; main has answered -h and counted the operands
 *           against `operands` before
 * specs     its options; --help, --color and --quiet are common to all (opt_common_specs)
 * operands  as shown in the synopsis, words apart by spaces: "TARGET", "[FILE...]", ""; brackets
 *           around a word make it optional, "..." lets it repeat
 * summary   one line
 */
struct cli_command {
    const char *name;
    enum cli_group group;
    enum cli_exit (*run)(int argc, char **argv);
    const struct opt_spec *specs;
    const char *operands;
    const char *summary;
};

/* Options that stand before a command only. */
extern const struct opt_spec cli_front_specs[];

/* All commands, ended by a row without a name. "key backup" is one row with that name. */
extern const struct cli_command cli_commands[];

/*
 * The command that argv begins with, *words of them (1 or 2); NULL if there is none.
 */
const struct cli_command *cli_find(size_t argc, const char *const *argv, size_t *words);

/* Say that there is no such command, and which one is near. Returns CLI_USAGE. */
enum cli_exit cli_unknown(size_t argc, const char *const *argv);

#define CLI_COMMAND(id, group, name, operands, summary)                                            \
    enum cli_exit cmd_##id(int argc, char **argv);                                                 \
    extern const struct opt_spec opts_##id[];
#include "commands.def"
#undef CLI_COMMAND

/* --- messages, on stderr --------------------------------------------------------------------- */

/* "pintle: " and the message and a newline. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, but nothing under --quiet. For progress and advice. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Say what failed: "pintle: WHAT: TEXT", with ":LINE" or ":LINE:COLUMN" behind WHAT if the error
 * has them.
 * Returns cli_exit_for().
 */
enum cli_exit cli_fail(const char *what, const struct pintle_error *err);

/*
 * The exit code for a status, by its class and value: the caller's mistakes are bugs of the CLI
 * (70), except E_HOST, which is how a malformed operand ends (2); bad input is 5.
 */
enum cli_exit cli_exit_for(enum pintle_status status);

/* Say "out of memory" and exit with CLI_INTERNAL. Only while nothing needs cleaning up. */
void cli_no_memory(void) __attribute__((noreturn));

/* --- output, on stdout ----------------------------------------------------------------------- */

enum cli_style {
    CLI_PLAIN,
    CLI_BOLD,
    CLI_DIM,
    CLI_GREEN,
    CLI_YELLOW,
    CLI_RED
};

/*
 * Start and end of a style on a stream ("" unless colour is on for it): --color, NO_COLOR, a
 * terminal. printf("%s%s%s", cli_on(stdout, CLI_RED), text, cli_off(stdout));
 */
const char *cli_on(FILE *stream, enum cli_style style);
const char *cli_off(FILE *stream);

/* True if progress may be drawn on stderr: a terminal, no --quiet. */
bool cli_progress(void);

/*
 * Print a JSON document on stdout with its schema and version as first members:
 *   {"schema": "https://pintle.dev/schema/NAME/1", "pintle_version": "0.1.0", …}
 * Takes over `document`. CLI_INTERNAL if it cannot be built (document may be NULL for that).
 */
enum cli_exit cli_print_json(const char *schema, json_t *document);

/* JSON as text, to be freed; NULL without memory for all of it. flags as of json_dumps(). */
char *cli_json_dump(const json_t *json, size_t flags);

/* A JSON string of a text from outside: as it is if it is UTF-8, else as cli_safe() shows it. */
json_t *cli_json_text(const char *text);

/*
 * Flush and close stdout, so that a full disk or a closed pipe is not reported as success. Called
 * by main with the command's result: returns `code` if it is a failure or all was written, else
 * CLI_INPUT after saying what failed (a closed pipe is silent).
 */
enum cli_exit cli_close_stdout(enum cli_exit code);

/*
 * A text from outside, made harmless for a terminal: control characters, bidirectional overrides
 * and bytes that are no UTF-8 become "\xHH", a very long text is cut with "…". Static buffers, four
 * in turn.
 */
const char *cli_safe(const char *text);

/*
 * The signal that asked us to end (SIGINT, SIGTERM), or 0: set by main's handlers, looked at by
 * loops. A command stops, cleans up and returns a failure; main then dies by that signal.
 */
extern volatile sig_atomic_t cli_interrupted;

/*
 * While there is nothing to clean up: end at once by SIGINT and SIGTERM. cli_catch_signals() makes
 * them set the flag again, as main does at the start.
 */
void cli_die_by_signals(void);
void cli_catch_signals(void);

/* Overwrite a secret, whatever the optimiser thinks of it. data may be NULL when len is 0. */
void cli_wipe(void *data, size_t len);

#endif
