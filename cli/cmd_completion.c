/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "completion.h"

const struct opt_spec opts_completion[] = {
    {.type = OPT_END},
};

const char *const completion_shells[] = {"bash", "zsh", "fish", NULL};

enum completion_operand completion_operand_of(const struct cli_command *command)
{
    if (strstr(command->operands, "FILE") != NULL || strstr(command->operands, "TARGET") != NULL)
        return COMPLETE_FILES;
    if (strstr(command->operands, "COMMAND") != NULL)
        return COMPLETE_COMMANDS;
    if (strstr(command->operands, "SHELL") != NULL)
        return COMPLETE_SHELLS;
    return COMPLETE_NOTHING;
}

void completion_print_quoted(const char *text, const char *quote, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void)fputs(quote, stdout);
            continue;
        }
        if (strchr(special, *text) != NULL)
            (void)putchar('\\');
        (void)putchar(*text);
    }
}

void completion_print_words(const char *const *words)
{
    for (const char *const *word = words; *word != NULL; word++)
        (void)printf("%s%s", word == words ? "" : " ", *word);
}

bool completion_is_first_of_family(const struct cli_command *command)
{
    size_t len = strcspn(command->name, " ");

    for (const struct cli_command *c = cli_commands; c != command; c++)
        if (strncmp(c->name, command->name, len) == 0 && strcspn(c->name, " ") == len)
            return false;
    return true;
}

static enum cli_exit print_completion(const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        completion_bash();
    else if (strcmp(shell, "zsh") == 0)
        completion_zsh();
    else if (strcmp(shell, "fish") == 0)
        completion_fish();
    else {
        opt_mistake("completion", "no completions for '%s': bash, zsh and fish are known",
                    cli_safe(shell));
        return CLI_USAGE;
    }
    return CLI_OK;
}

enum cli_exit cmd_completion(int argc, char **argv)
{
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("completion", opts_completion, NULL, argc, argv, &operands))
        code = print_completion(operands.items[0]);
    opt_clear(opts_completion, NULL, &operands);
    return code;
}
