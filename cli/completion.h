/* SPDX-License-Identifier: Apache-2.0 */
/* Completions for shells, all of them from the tables. */
#ifndef PINTLE_CLI_COMPLETION_H
#define PINTLE_CLI_COMPLETION_H

#include "cli.h"

/* Print the whole script. */
void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

/* What a command's operands are completed with, read off its synopsis. */
enum completion_operand {
    COMPLETE_NOTHING = 0,
    COMPLETE_FILES,
    COMPLETE_COMMANDS,
    COMPLETE_SHELLS
};
enum completion_operand completion_operand_of(const struct cli_command *command);

/* Names of the shells; NULL-terminated. */
extern const char *const completion_shells[];

/* Print text for between single quotes: "'" as '\'' (or as \' for fish), `special` behind a '\'. */
void completion_print_quoted(const char *text, const char *quote, const char *special);

/* Print a list of words with spaces between them. */
void completion_print_words(const char *const *words);

/* True if this row is the first of those whose names begin with the same word. */
bool completion_is_first_of_family(const struct cli_command *command);

#endif
