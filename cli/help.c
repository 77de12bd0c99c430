/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <string.h>

#define WIDTH 80
#define HELP_COLUMN 28

const char *const cli_group_titles[CLI_GROUPS] = {
    [CLI_LOOK] = "Look at keys and pins",
    [CLI_KEEP] = "Make a pin-set and keep it true",
    [CLI_PUBLISH] = "Sign pins and publish them",
    [CLI_TALK] = "Talk to servers through the pins",
    [CLI_ABOUT] = "About pintle",
};

const struct cli_exit_text cli_exit_texts[] = {
    {CLI_OK, "accepted, or nothing found"},
    {CLI_REFUSED, "refused by pins or policy, or findings (lint, drift)"},
    {CLI_USAGE, "wrong usage"},
    {CLI_UNREACHABLE, "could not reach the server (DNS, connect, timeout)"},
    {CLI_TLS, "TLS or the certificate path is invalid, apart from pins"},
    {CLI_INPUT, "bad input, or a file that cannot be read or written"},
    {CLI_INTERNAL, "internal error: a bug, or out of memory"},
    {CLI_OK, NULL},
};

/* --- filled text ----------------------------------------------------------------------------- */

/* Words go to `column`; a word that would pass WIDTH begins a line at `indent`. */
struct filler {
    FILE *stream;
    size_t indent;
    size_t column;
};

static void fill_word(struct filler *f, const char *word, size_t len)
{
    if (f->column > f->indent) {
        if (f->column + 1 + len > WIDTH) {
            (void)fprintf(f->stream, "\n%*s", (int)f->indent, "");
            f->column = f->indent;
        } else {
            (void)fputc(' ', f->stream);
            f->column++;
        }
    }
    (void)fprintf(f->stream, "%.*s", (int)len, word);
    f->column += len;
}

static void fill_text(struct filler *f, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        fill_word(f, text, len);
        text += len;
        text += strspn(text, " ");
    }
}

static void print_title(FILE *stream, const char *title)
{
    (void)fprintf(stream, "\n%s%s%s\n", cli_on(stream, CLI_BOLD), title, cli_off(stream));
}

/* "  left   text", the text filled at HELP_COLUMN. */
static void print_row(FILE *stream, const char *left, const char *text)
{
    struct filler f = {.stream = stream, .indent = HELP_COLUMN, .column = HELP_COLUMN};
    size_t len = strlen("  ") + strlen(left);

    (void)fprintf(stream, "  %s%*s", left, len < HELP_COLUMN ? (int)(HELP_COLUMN - len) : 0, "");
    if (len >= HELP_COLUMN)
        (void)fprintf(stream, "\n%*s", HELP_COLUMN, "");
    fill_text(&f, text);
    (void)fputc('\n', stream);
}

/* --- options --------------------------------------------------------------------------------- */

const char *help_synopsis_word(const struct opt_spec *spec, char out[HELP_TEXT_SIZE])
{
    char name[64];

    if (spec->letter != 0)
        (void)snprintf(name, sizeof(name), "-%c", spec->letter);
    else
        (void)snprintf(name, sizeof(name), "--%s", spec->name);
    (void)snprintf(out, HELP_TEXT_SIZE, "[%s%s%s]%s", name, spec->metavar != NULL ? " " : "",
                   spec->metavar != NULL ? spec->metavar : "", spec->type == OPT_LIST ? "..." : "");
    return out;
}

const char *help_option_text(const struct opt_spec *spec, char out[HELP_TEXT_SIZE])
{
    (void)snprintf(out, HELP_TEXT_SIZE, "%s", spec->help);
    if (spec->choices == NULL)
        return out;
    for (const char *const *choice = spec->choices; *choice != NULL; choice++) {
        size_t len = strlen(out);

        (void)snprintf(out + len, HELP_TEXT_SIZE - len, "%s%s",
                       choice == spec->choices ? ": " : ", ", *choice);
    }
    return out;
}

static void print_options(FILE *stream, const char *title, const struct opt_spec *specs)
{
    char text[HELP_TEXT_SIZE];

    if (specs->type == OPT_END)
        return;
    print_title(stream, title);
    for (; specs->type != OPT_END; specs++) {
        char left[80];
        char letter[5] = "    ";

        if (specs->hidden)
            continue;
        if (specs->letter != 0)
            (void)snprintf(letter, sizeof(letter), "-%c, ", specs->letter);
        (void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, specs->name,
                       specs->metavar != NULL ? " " : "",
                       specs->metavar != NULL ? specs->metavar : "");
        print_row(stream, left, help_option_text(specs, text));
    }
}

static void print_synopsis(FILE *stream, const struct cli_command *command)
{
    char text[HELP_TEXT_SIZE];
    struct filler f = {.stream = stream, .indent = strlen("usage: pintle ")};

    f.indent += strlen(command->name);
    f.column = f.indent;
    (void)fprintf(stream, "%susage:%s pintle %s", cli_on(stream, CLI_BOLD), cli_off(stream),
                  command->name);
    /* The first word is set off by a space like the others. */
    (void)fputc(' ', stream);
    f.indent++;
    f.column++;
    for (const struct opt_spec *spec = command->specs; spec->type != OPT_END; spec++)
        if (!spec->hidden) {
            (void)help_synopsis_word(spec, text);
            fill_word(&f, text, strlen(text));
        }
    fill_text(&f, command->operands);
    (void)fputc('\n', stream);
}

/* --- pages ----------------------------------------------------------------------------------- */

void help_overview(FILE *stream)
{
    const char *bold = cli_on(stream, CLI_BOLD);
    const char *off = cli_off(stream);

    (void)fprintf(stream, "%spintle%s: %s\n\n", bold, off, HELP_TAGLINE);
    (void)fprintf(stream,
                  "%susage:%s pintle [-V] [-q] [--color WHEN] COMMAND [OPTION...] [ARGUMENT...]\n",
                  bold, off);
    for (unsigned group = 0; group < CLI_GROUPS; group++) {
        print_title(stream, cli_group_titles[group]);
        for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
            if (c->group == (enum cli_group)group)
                (void)fprintf(stream, "  %-15s  %s\n", c->name, c->summary);
    }
    print_title(stream, "A first session");
    (void)fputs("  pintle inspect example.com            what does the server present?\n"
                "  pintle init example.com               pin it, with a backup key\n"
                "  pintle check                          do the pins still fit?\n"
                "  pintle fetch https://example.com/     use them\n\n"
                "'pintle COMMAND -h' shows a command's options, 'man pintle' the concepts.\n",
                stream);
}

void help_usage(FILE *stream, const struct cli_command *command)
{
    print_synopsis(stream, command);
    (void)fprintf(stream, "\n%s\n", command->summary);
    print_options(stream, "Options", command->specs);
    print_options(stream, "Common options", opt_common_specs);
}

static void print_environment(FILE *stream, const struct opt_spec *specs)
{
    char name[OPT_ENV_SIZE];
    char text[HELP_TEXT_SIZE];

    for (; specs->type != OPT_END; specs++)
        if (opt_env_name(specs, name) != NULL) {
            (void)snprintf(text, sizeof(text), "default for --%s", specs->name);
            print_row(stream, name, text);
        }
}

void help_long(FILE *stream, const struct cli_command *command)
{
    char code[8];
    char page[64];

    help_usage(stream, command);
    print_title(stream, "Environment");
    print_environment(stream, command->specs);
    print_environment(stream, opt_common_specs);
    print_row(stream, "NO_COLOR", "if set and not empty: no colour, unless asked for");
    print_title(stream, "Exit status");
    for (const struct cli_exit_text *exit = cli_exit_texts; exit->text != NULL; exit++) {
        (void)snprintf(code, sizeof(code), "%d", (int)exit->code);
        print_row(stream, code, exit->text);
    }
    (void)snprintf(page, sizeof(page), "%s", command->name);
    for (char *space = strchr(page, ' '); space != NULL; space = strchr(space, ' '))
        *space = '-';
    (void)fprintf(stream, "\nThe manual is pintle-%s(1).\n", page);
}

bool help_family(FILE *stream, const char *word)
{
    size_t len = strlen(word);
    bool found = false;

    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ') {
            if (!found)
                (void)fprintf(stream, "usage: pintle %s COMMAND [OPTION...] [ARGUMENT...]\n\n",
                              word);
            (void)fprintf(stream, "  %-15s  %s\n", c->name, c->summary);
            found = true;
        }
    return found;
}
