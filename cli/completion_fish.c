/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "completion.h"

/* __pintle_words prints what stands on the line before the cursor apart from options. */
static const char head[] = "# Completions of pintle for fish, made by 'pintle completion fish'.\n"
                           "function __pintle_words\n"
                           "    set -l skip 0\n"
                           "    for word in (commandline -opc)[2..-1]\n"
                           "        if test $skip = 1\n"
                           "            set skip 0\n"
                           "        else if test \"$word\" = --color\n"
                           "            set skip 1\n"
                           "        else if not string match -q -- '-*' \"$word\"\n"
                           "            printf '%s\\n' $word\n"
                           "        end\n"
                           "    end\n"
                           "end\n\n"
                           "function __pintle_at_start\n"
                           "    test (count (__pintle_words)) -eq 0\n"
                           "end\n\n"
                           "function __pintle_after\n"
                           "    set -l words (__pintle_words)\n"
                           "    test \"$words\" = \"$argv\"\n"
                           "end\n\n"
                           "function __pintle_in\n"
                           "    set -l words (__pintle_words)\n"
                           "    test \"$words[1..\"(count $argv)\"]\" = \"$argv\"\n"
                           "end\n\n"
                           "complete -c pintle -f\n";

static void print_text(const char *text)
{
    completion_print_quoted(text, "\\'", "\\");
}

/* test and words say where: "__pintle_in pin"; both are "" for everywhere. */
static void print_option(const char *test, const char *words, const struct opt_spec *spec)
{
    (void)fputs("complete -c pintle", stdout);
    if (*test != '\0')
        (void)printf(" -n '%s%s'", test, words);
    (void)printf(" -l %s", spec->name);
    if (spec->letter != 0)
        (void)printf(" -s %c", spec->letter);
    if (spec->type == OPT_FILE)
        (void)fputs(" -r -F", stdout);
    else if (spec->type != OPT_FLAG)
        (void)fputs(" -x", stdout);
    if (spec->choices != NULL) {
        (void)fputs(" -a '", stdout);
        completion_print_words(spec->choices);
        (void)putchar('\'');
    }
    (void)fputs(" -d '", stdout);
    print_text(spec->help);
    (void)fputs("'\n", stdout);
}

static void print_options(const char *test, const char *words, const struct opt_spec *specs)
{
    for (; specs->type != OPT_END; specs++)
        if (!specs->hidden)
            print_option(test, words, specs);
}

/* The words of a command's name: the first at the start, the second behind the first. */
static void print_name(const struct cli_command *command)
{
    int first = (int)strcspn(command->name, " ");

    if (command->name[first] == '\0') {
        (void)printf("complete -c pintle -n __pintle_at_start -a %s -d '", command->name);
    } else {
        if (completion_is_first_of_family(command))
            (void)printf("complete -c pintle -n __pintle_at_start -a %.*s\n", first, command->name);
        (void)printf("complete -c pintle -n '__pintle_after %.*s' -a %s -d '", first, command->name,
                     command->name + first + 1);
    }
    print_text(command->summary);
    (void)fputs("'\n", stdout);
}

static void print_help_words(const struct cli_command *command)
{
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        if (completion_is_first_of_family(c))
            (void)printf("complete -c pintle -n '__pintle_after %s' -a %.*s\n", command->name,
                         (int)strcspn(c->name, " "), c->name);
}

static void print_operands(const struct cli_command *command)
{
    switch (completion_operand_of(command)) {
    case COMPLETE_FILES:
        (void)printf("complete -c pintle -n '__pintle_in %s' -F\n", command->name);
        break;
    case COMPLETE_COMMANDS:
        print_help_words(command);
        break;
    case COMPLETE_SHELLS:
        (void)printf("complete -c pintle -n '__pintle_after %s' -a '", command->name);
        completion_print_words(completion_shells);
        (void)fputs("'\n", stdout);
        break;
    case COMPLETE_NOTHING:
        break;
    }
}

void completion_fish(void)
{
    (void)fputs(head, stdout);
    print_options("__pintle_at_start", "", cli_front_specs);
    print_options("", "", opt_common_specs);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        print_name(c);
        print_options("__pintle_in ", c->name, c->specs);
        print_operands(c);
    }
}
