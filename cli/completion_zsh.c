/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "completion.h"

/*
 * One _arguments call for each command, chosen by the words before it; zsh itself then knows what
 * is complete, what may be given again and where files belong.
 */
static const char head[] = "#compdef pintle\n"
                           "# Completions of pintle for zsh, made by 'pintle completion zsh'.\n\n";

/* The file is either autoloaded as the function _pintle, or sourced. */
static const char tail[] = "if [[ ${funcstack[1]} == _pintle ]]; then\n"
                           "    _pintle \"$@\"\n"
                           "elif (( $+functions[compdef] )); then\n"
                           "    compdef _pintle pintle\n"
                           "fi\n";

static void print_text(const char *text)
{
    completion_print_quoted(text, "'\\''", "[]:\\");
}

static void print_value(const struct opt_spec *spec)
{
    if (spec->type == OPT_FLAG)
        return;
    (void)putchar(':');
    print_text(spec->metavar);
    (void)putchar(':');
    if (spec->choices != NULL) {
        (void)putchar('(');
        completion_print_words(spec->choices);
        (void)putchar(')');
    } else if (spec->type == OPT_FILE) {
        (void)fputs("_files", stdout);
    } else {
        (void)putchar(' ');
    }
}

/* '(-f --form)'{-f,--form}'[help]:FORM:(a b)' */
static void print_option(const struct opt_spec *spec)
{
    const char *again = spec->type == OPT_LIST ? "*" : "";
    /* Behind the letter or next; behind "=" or next. */
    const char *glued = spec->type == OPT_FLAG ? "" : "+";
    const char *value = spec->type == OPT_FLAG ? "" : "=";

    (void)fputs(" \\\n        ", stdout);
    if (spec->letter == 0)
        (void)printf("'%s--%s%s[", again, spec->name, value);
    else if (*again != '\0')
        (void)printf("'*'{-%c%s,--%s%s}'[", spec->letter, glued, spec->name, value);
    else
        (void)printf("'(-%c --%s)'{-%c%s,--%s%s}'[", spec->letter, spec->name, spec->letter, glued,
                     spec->name, value);
    print_text(spec->help);
    (void)putchar(']');
    print_value(spec);
    (void)putchar('\'');
}

static void print_options(const struct opt_spec *specs)
{
    for (; specs->type != OPT_END; specs++)
        if (!specs->hidden)
            print_option(specs);
}

static void print_function_name(const struct cli_command *command)
{
    (void)fputs("_pintle_", stdout);
    for (const char *c = command->name; *c != '\0'; c++)
        (void)putchar(*c == ' ' ? '_' : *c);
}

static void print_command(const struct cli_command *command)
{
    print_function_name(command);
    (void)fputs("()\n{\n    _arguments -s -S", stdout);
    print_options(command->specs);
    print_options(opt_common_specs);
    switch (completion_operand_of(command)) {
    case COMPLETE_FILES:
        (void)fputs(" \\\n        '*:file:_files'", stdout);
        break;
    case COMPLETE_COMMANDS:
        (void)fputs(" \\\n        '1:command:_pintle_commands'", stdout);
        break;
    case COMPLETE_SHELLS:
        (void)fputs(" \\\n        '1:shell:(", stdout);
        completion_print_words(completion_shells);
        (void)fputs(")'", stdout);
        break;
    case COMPLETE_NOTHING:
        break;
    }
    (void)fputs("\n}\n\n", stdout);
}

/* 'name:summary' lines, one for each first word. */
static void print_commands(void)
{
    (void)fputs("_pintle_commands()\n{\n    local -a commands=(\n", stdout);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        if (!completion_is_first_of_family(c))
            continue;
        (void)printf("        '%.*s:", (int)strcspn(c->name, " "), c->name);
        print_text(c->summary);
        (void)fputs("'\n", stdout);
    }
    (void)fputs("    )\n    _describe command commands\n}\n\n", stdout);
}

/* _pintle_key: what stands behind the first word of names that have two. */
static void print_family(const struct cli_command *first)
{
    size_t len = strcspn(first->name, " ");
    int shown = (int)len;

    (void)printf("_pintle_%.*s()\n{\n    local line state\n"
                 "    _arguments -C '1:command:((",
                 shown, first->name);
    for (const struct cli_command *c = first; c->name != NULL; c++)
        if (strncmp(c->name, first->name, len + 1) == 0) {
            (void)printf("%s\\:\"", c->name + len + 1);
            print_text(c->summary);
            (void)fputs("\" ", stdout);
        }
    (void)printf("))' '*::argument:->argument' && return\n"
                 "    (( $+functions[_pintle_%.*s_$line[1]] )) && _pintle_%.*s_$line[1]\n}\n\n",
                 shown, first->name, shown, first->name);
}

static void print_main(void)
{
    (void)fputs("_pintle()\n{\n    local line state\n    _arguments -C -S", stdout);
    print_options(cli_front_specs);
    print_options(opt_common_specs);
    (void)fputs(" \\\n        '1:command:_pintle_commands' '*::argument:->argument' && return\n"
                "    (( $+functions[_pintle_$line[1]] )) && _pintle_$line[1]\n}\n\n",
                stdout);
}

void completion_zsh(void)
{
    (void)fputs(head, stdout);
    print_commands();
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        print_command(c);
        if (strchr(c->name, ' ') != NULL && completion_is_first_of_family(c))
            print_family(c);
    }
    print_main();
    (void)fputs(tail, stdout);
}
