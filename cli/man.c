/* SPDX-License-Identifier: Apache-2.0 */
#include "man.h"

#include <errno.h>
#include <string.h>

#include "help.h"

/* When the manual last changed in substance: the day of the build would not be reproducible. */
#define MANUAL_DATE "November 21, 2026"

#define LINE_SIZE 1024

/* --- mdoc text ------------------------------------------------------------------------------- */

/* As a macro's argument or a text line: '-' stays ASCII, nothing begins a request. */
static void print_escaped(const char *text)
{
    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '-')
            (void)fputs("\\-", stdout);
        else if (*text == '\\')
            (void)fputs("\\e", stdout);
        else
            (void)fputc(*text, stdout);
    }
}

/* A line of the tables as a sentence. */
static void print_sentence(const char *text)
{
    char first[2] = {text[0], '\0'};

    if (first[0] >= 'a' && first[0] <= 'z')
        first[0] = (char)(first[0] - 'a' + 'A');
    print_escaped(first);
    print_escaped(text[0] != '\0' ? text + 1 : text);
    (void)fputs(".\n", stdout);
}

/* "pintle-key-backup", or "PINTLE-KEY-BACKUP" for the title. */
static void print_page_name(const struct cli_command *command, bool upper)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "pintle%s%s", command != NULL ? "-" : "",
                   command != NULL ? command->name : "");
    for (char *c = name; *c != '\0'; c++) {
        if (*c == ' ')
            *c = '-';
        if (upper && *c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
    print_escaped(name);
}

/* ".It Fl p , Fl -pins Ar FILE" */
static void print_option_item(const struct opt_spec *spec)
{
    char text[HELP_TEXT_SIZE];

    (void)fputs(".It ", stdout);
    if (spec->letter != 0)
        (void)printf("Fl %c , ", spec->letter);
    (void)fputs("Fl ", stdout);
    print_escaped("-");
    print_escaped(spec->name);
    if (spec->metavar != NULL) {
        (void)fputs(" Ar ", stdout);
        print_escaped(spec->metavar);
    }
    (void)fputc('\n', stdout);
    print_sentence(help_option_text(spec, text));
}

static void print_options(const char *title, const struct opt_spec *specs)
{
    if (specs->type == OPT_END)
        return;
    (void)printf(".Sh %s\n.Bl -tag -width Ds\n", title);
    for (; specs->type != OPT_END; specs++)
        if (!specs->hidden)
            print_option_item(specs);
    (void)fputs(".El\n", stdout);
}

/* --- generated sections ---------------------------------------------------------------------- */

static void print_head(const struct cli_command *command)
{
    (void)printf(".\\\" SPDX-License-Identifier: Apache-2.0\n.Dd %s\n.Dt ", MANUAL_DATE);
    print_page_name(command, true);
    (void)printf(" 1\n.Os pintle %s\n.Sh NAME\n.Nm ", PINTLE_VERSION);
    print_page_name(command, false);
    (void)fputs("\n.Nd ", stdout);
    print_escaped(command != NULL ? command->summary : HELP_TAGLINE);
    (void)fputs("\n.Sh SYNOPSIS\n", stdout);
}

static void print_synopsis_option(const struct opt_spec *spec)
{
    (void)fputs(".Oo Fl ", stdout);
    if (spec->letter != 0)
        (void)fputc(spec->letter, stdout);
    else
        (void)printf("\\-%s", spec->name);
    if (spec->metavar != NULL) {
        (void)fputs(" Ar ", stdout);
        print_escaped(spec->metavar);
    }
    (void)fputs(spec->type == OPT_LIST ? " Oc Ns ...\n" : " Oc\n", stdout);
}

static void print_synopsis(const struct cli_command *command)
{
    if (command == NULL) {
        (void)fputs(".Nm\n.Op Fl V\n.Op Fl q\n.Op Fl \\-color Ar WHEN\n.Ar COMMAND\n"
                    ".Op Ar OPTION...\n.Op Ar ARGUMENT...\n",
                    stdout);
        return;
    }
    (void)printf(".Nm pintle Cm %s\n", command->name);
    for (const struct opt_spec *spec = command->specs; spec->type != OPT_END; spec++)
        if (!spec->hidden)
            print_synopsis_option(spec);
    if (*command->operands != '\0') {
        (void)fputs(".Ar ", stdout);
        print_escaped(command->operands);
        (void)fputc('\n', stdout);
    }
}

static void print_commands(void)
{
    (void)fputs(".Sh COMMANDS\n", stdout);
    for (unsigned group = 0; group < CLI_GROUPS; group++) {
        (void)printf(".Ss %s\n.Bl -tag -width Ds\n", cli_group_titles[group]);
        for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
            if (c->group != (enum cli_group)group)
                continue;
            (void)fputs(".It Xr ", stdout);
            print_page_name(c, false);
            (void)fputs(" 1\n", stdout);
            print_sentence(c->summary);
        }
        (void)fputs(".El\n", stdout);
    }
}

static void print_option_sections(const struct cli_command *command)
{
    if (command == NULL)
        print_commands();
    print_options("OPTIONS", command != NULL ? command->specs : cli_front_specs);
    print_options("COMMON OPTIONS", opt_common_specs);
}

static void print_variables(const struct opt_spec *specs)
{
    char name[OPT_ENV_SIZE];

    for (; specs->type != OPT_END; specs++)
        if (opt_env_name(specs, name) != NULL)
            (void)printf(".It Ev %s\nDefault for\n.Fl \\-%s .\n", name, specs->name);
}

static void print_environment(const struct cli_command *command)
{
    (void)fputs(".Sh ENVIRONMENT\n", stdout);
    if (command == NULL)
        (void)fputs("Every option that holds no secret has a variable named after it:\n"
                    ".Fl \\-no\\-backup\nbecomes\n.Ev PINTLE_NO_BACKUP .\n",
                    stdout);
    (void)fputs("The command line comes before the environment; an empty variable counts as unset."
                "\nFlags take 1 or 0, true or false, yes or no.\n.Bl -tag -width Ds\n",
                stdout);
    if (command != NULL)
        print_variables(command->specs);
    print_variables(opt_common_specs);
    (void)fputs(".It Ev NO_COLOR\nIf set and not empty: no colour, unless\n.Fl \\-color\n"
                "asks for it.\n.El\n",
                stdout);
}

static void print_exit_status(const struct cli_command *command)
{
    (void)command;
    (void)fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", stdout);
    for (const struct cli_exit_text *exit = cli_exit_texts; exit->text != NULL; exit++) {
        (void)printf(".It %d\n", (int)exit->code);
        print_sentence(exit->text);
    }
    (void)fputs(".El\n", stdout);
}

/* --- the order of sections ------------------------------------------------------------------- */

/*
 * mdoc(7), "MANUAL STRUCTURE". A generated section is printed before the first one of the prose
 * that stands behind it there. What has no place of its own goes with the description.
 */
static const struct {
    const char *title;
    void (*print)(const struct cli_command *command);
} sections[] = {
    {"DESCRIPTION", NULL},
    {"OPTIONS", print_option_sections},
    {"ENVIRONMENT", print_environment},
    {"FILES", NULL},
    {"EXIT STATUS", print_exit_status},
    {"EXAMPLES", NULL},
    {"DIAGNOSTICS", NULL},
    {"SEE ALSO", NULL},
    {"STANDARDS", NULL},
    {"HISTORY", NULL},
    {"CAVEATS", NULL},
    {"BUGS", NULL},
    {"SECURITY CONSIDERATIONS", NULL},
};

#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))

/* Print the generated sections from *next up to the one called `title` (all without a title). */
static void print_sections_before(const struct cli_command *command, size_t *next,
                                  const char *title)
{
    size_t end = 0;

    while (end < SECTION_COUNT && (title == NULL || strcmp(sections[end].title, title) != 0))
        end++;
    if (title != NULL && end == SECTION_COUNT)
        return;
    for (; *next < end; (*next)++)
        if (sections[*next].print != NULL)
            sections[*next].print(command);
}

static void print_prose(const struct cli_command *command, FILE *prose)
{
    static const char heading[] = ".Sh ";
    char line[LINE_SIZE];
    size_t next = 0;

    while (fgets(line, sizeof(line), prose) != NULL) {
        if (strncmp(line, ".\\\"", 3) == 0)
            continue;
        if (strncmp(line, heading, strlen(heading)) == 0) {
            char title[LINE_SIZE];

            (void)snprintf(title, sizeof(title), "%s", line + strlen(heading));
            title[strcspn(title, "\n")] = '\0';
            print_sections_before(command, &next, title);
        }
        (void)fputs(line, stdout);
    }
    print_sections_before(command, &next, NULL);
}

enum cli_exit man_print(const struct cli_command *command, const char *prose)
{
    enum cli_exit code = CLI_OK;
    FILE *file = fopen(prose, "r");

    if (file == NULL) {
        cli_error("%s: %s", cli_safe(prose), strerror(errno));
        return CLI_INPUT;
    }
    print_head(command);
    print_synopsis(command);
    print_prose(command, file);
    if (ferror(file) != 0) {
        cli_error("%s: cannot be read", cli_safe(prose));
        code = CLI_INPUT;
    }
    (void)fclose(file);
    return code;
}
