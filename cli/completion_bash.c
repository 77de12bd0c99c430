/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "completion.h"

/*
 * Three functions answer from the tables: which options a command has, and with what an option's
 * value and an operand are completed ("words a b", "files" or nothing). The rest is the same for
 * all commands. bash splits "--name=value" at "=".
 */
static const char head[] = "# Completions of pintle for bash, made by 'pintle completion bash'.\n";

static const char tail[] =
    "_pintle_command()\n"
    "{\n"
    "    local i word=''\n"
    "    command=''\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "        --color) ((i++)); [[ ${COMP_WORDS[i]} == = ]] && ((i++)) ;;\n"
    "        -*) ;;\n"
    "        *)\n"
    "            word=${word:+$word }${COMP_WORDS[i]}\n"
    "            [[ -n $(_pintle_options \"$word\") ]] && command=$word && return\n"
    "            ;;\n"
    "        esac\n"
    "    done\n"
    "    begun=$word\n"
    "}\n\n"
    "_pintle()\n"
    "{\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command='' begun='' how=''\n"
    "    COMPREPLY=()\n"
    "    _pintle_command\n"
    "    if [[ $current == = ]]; then\n"
    "        current=''\n"
    "    elif [[ $previous == = ]]; then\n"
    "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    how=$(_pintle_value \"$command\" \"$previous\")\n"
    "    if [[ -z $how && $current == -* ]]; then\n"
    "        how=\"words $(_pintle_options \"$command\")\"\n"
    "    elif [[ -z $how ]]; then\n"
    "        how=$(_pintle_operand \"$command\" \"$begun\")\n"
    "    fi\n"
    "    case $how in\n"
    "    words*) mapfile -t COMPREPLY < <(compgen -W \"${how#words}\" -- \"$current\") ;;\n"
    "    files)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
    "        ;;\n"
    "    esac\n"
    "}\n\n"
    "complete -F _pintle pintle\n";

static void print_option_names(const struct opt_spec *specs)
{
    for (; specs->type != OPT_END; specs++) {
        if (specs->hidden)
            continue;
        (void)printf("--%s ", specs->name);
        if (specs->letter != 0)
            (void)printf("-%c ", specs->letter);
    }
}

static void print_options(void)
{
    (void)fputs("_pintle_options()\n{\n    case $1 in\n    '') echo '", stdout);
    print_option_names(cli_front_specs);
    print_option_names(opt_common_specs);
    (void)fputs("' ;;\n", stdout);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        (void)printf("    '%s') echo '", c->name);
        print_option_names(c->specs);
        print_option_names(opt_common_specs);
        (void)fputs("' ;;\n", stdout);
    }
    (void)fputs("    esac\n}\n\n", stdout);
}

/* star is "*" for the options that all commands have, else "". */
static void print_value_rows(const char *star, const char *command, const struct opt_spec *specs)
{
    for (; specs->type != OPT_END; specs++) {
        if (specs->hidden || specs->type == OPT_FLAG)
            continue;
        (void)printf("    %s'%s --%s'", star, command, specs->name);
        if (specs->letter != 0)
            (void)printf(" | %s'%s -%c'", star, command, specs->letter);
        if (specs->choices != NULL) {
            (void)fputs(") echo 'words ", stdout);
            completion_print_words(specs->choices);
            (void)fputs("' ;;\n", stdout);
        } else {
            (void)printf(") echo '%s' ;;\n", specs->type == OPT_FILE ? "files" : "any");
        }
    }
}

static void print_values(void)
{
    (void)fputs("_pintle_value()\n{\n    case \"$1 $2\" in\n", stdout);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        print_value_rows("", c->name, c->specs);
    print_value_rows("*", "", opt_common_specs);
    (void)fputs("    esac\n}\n\n", stdout);
}

/* The first words of all commands, or the second words of those that begin with `first`. */
static void print_command_words(const char *first)
{
    size_t len = first != NULL ? strlen(first) : 0;

    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        size_t first_len = strcspn(c->name, " ");

        if (first == NULL && completion_is_first_of_family(c))
            (void)printf("%.*s ", (int)first_len, c->name);
        else if (first != NULL && len == first_len && strncmp(c->name, first, len) == 0)
            (void)printf("%s ", c->name + first_len + 1);
    }
}

static void print_families(void)
{
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        char first[32];

        if (strchr(c->name, ' ') == NULL || !completion_is_first_of_family(c))
            continue;
        (void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(c->name, " "), c->name);
        (void)printf("    '|%s') echo 'words ", first);
        print_command_words(first);
        (void)fputs("' ;;\n", stdout);
    }
}

static void print_operands(void)
{
    (void)fputs("_pintle_operand()\n{\n    case \"$1|$2\" in\n    '|') echo 'words ", stdout);
    print_command_words(NULL);
    (void)fputs("' ;;\n", stdout);
    print_families();
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        enum completion_operand operand = completion_operand_of(c);

        if (operand == COMPLETE_NOTHING)
            continue;
        (void)printf("    '%s|') echo '", c->name);
        if (operand == COMPLETE_FILES) {
            (void)fputs("files", stdout);
        } else {
            (void)fputs("words ", stdout);
            if (operand == COMPLETE_COMMANDS)
                print_command_words(NULL);
            else
                completion_print_words(completion_shells);
        }
        (void)fputs("' ;;\n", stdout);
    }
    (void)fputs("    esac\n}\n\n", stdout);
}

void completion_bash(void)
{
    (void)fputs(head, stdout);
    print_options();
    print_values();
    print_operands();
    (void)fputs(tail, stdout);
}
