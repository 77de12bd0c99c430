/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "help.h"
#include "near.h"

volatile sig_atomic_t cli_interrupted = 0;

const struct cli_command cli_commands[] = {
#define CLI_COMMAND(id, group, name, operands, summary)                                            \
    {name, group, cmd_##id, opts_##id, operands, summary},
#include "commands.def"
#undef CLI_COMMAND
    {0},
};

struct front_options {
    bool version;
};

const struct opt_spec cli_front_specs[] = {
    {.name = "version",
     .letter = 'V',
     .type = OPT_FLAG,
     .help = "show the version",
     .offset = offsetof(struct front_options, version)},
    {.type = OPT_END},
};

/* --- start ----------------------------------------------------------------------------------- */

static void on_signal(int number)
{
    cli_interrupted = number;
}

void cli_catch_signals(void)
{
    /* No SA_RESTART: waiting calls return. A second signal ends us at once. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

void cli_die_by_signals(void)
{
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    if (cli_interrupted != 0)
        (void)raise(cli_interrupted);
}

/*
 * A caller may have closed 0, 1 or 2. The next file we open must not take such a number: what goes
 * to stdout would end in it. They become descriptors whose use fails.
 */
static void hold_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            abort();
}

/* --- commands -------------------------------------------------------------------------------- */

const struct cli_command *cli_find(size_t argc, const char *const *argv, size_t *words)
{
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        size_t len = strcspn(c->name, " ");

        *words = c->name[len] == ' ' ? 2 : 1;
        if (argc < *words || strlen(argv[0]) != len || strncmp(argv[0], c->name, len) != 0)
            continue;
        if (*words == 1 || strcmp(argv[1], c->name + len + 1) == 0)
            return c;
    }
    return NULL;
}

/* A name of two words is compared with the first two of the line, and its first word alone. */
enum cli_exit cli_unknown(size_t argc, const char *const *argv)
{
    char line[64];
    char first[32];
    struct near_best one = {.word = argv[0]};
    struct near_best two = {.word = line};
    bool known = false;

    (void)snprintf(line, sizeof(line), "%s %s", argv[0], argc > 1 ? argv[1] : "");
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        (void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(c->name, " "), c->name);
        known = known || strcmp(first, argv[0]) == 0;
        if (argc > 1 && strchr(c->name, ' ') != NULL)
            near_weigh(&two, c->name, c->name);
        near_weigh(&one, c->name, c->name);
        near_weigh(&one, first, c->name);
    }
    if (two.name != NULL || known)
        one.name = two.name;
    opt_mistake("", "unknown command '%s'%s%s%s", cli_safe(known ? line : argv[0]),
                one.name != NULL ? "; did you mean '" : "", one.name != NULL ? one.name : "",
                one.name != NULL ? "'?" : "");
    return CLI_USAGE;
}

/* How many operands a synopsis allows. */
static void read_operands(const char *synopsis, size_t *min, size_t *max)
{
    *min = 0;
    *max = 0;
    while (*synopsis != '\0') {
        size_t len = strcspn(synopsis, " ");

        if (*synopsis != '[')
            (*min)++;
        if (*max < SIZE_MAX)
            (*max)++;
        for (size_t i = 0; i + 3 <= len; i++)
            if (strncmp(synopsis + i, "...", 3) == 0)
                *max = SIZE_MAX;
        synopsis += len;
        synopsis += strspn(synopsis, " ");
    }
}

static bool check_operands(const struct cli_command *command, const struct opt_scan *scan)
{
    size_t min;
    size_t max;

    read_operands(command->operands, &min, &max);
    if (scan->operand_count < min)
        opt_mistake(command->name, "missing operand: %s", command->operands);
    else if (scan->operand_count > max)
        opt_mistake(command->name, "one operand too many: '%s'", cli_safe(scan->last_operand));
    return scan->operand_count >= min && scan->operand_count <= max;
}

static enum cli_exit run(const struct cli_command *command, int argc, char **argv)
{
    struct opt_scan scan = opt_scan(command->specs, argc, argv);

    if (scan.help || opt_common.help) {
        help_usage(stdout, command);
        return CLI_OK;
    }
    if (!scan.mistake && !check_operands(command, &scan))
        return CLI_USAGE;
    return command->run(argc, argv);
}

/* "pintle key" alone or with -h lists the commands under that word. */
static enum cli_exit answer_family(int argc, char **argv)
{
    struct opt_scan scan = opt_scan(cli_front_specs, argc - 1, argv + 1);

    if ((scan.help || opt_common.help) && help_family(stdout, argv[0]))
        return CLI_OK;
    if (argc == 1 && help_family(stderr, argv[0]))
        return CLI_USAGE;
    return cli_unknown((size_t)argc, (const char *const *)argv);
}

static enum cli_exit dispatch(int argc, char **argv)
{
    struct front_options options = {0};
    int first = opt_parse_front(cli_front_specs, &options, argc, argv);
    const struct cli_command *command;
    size_t words;

    if (first < 0)
        return CLI_USAGE;
    if (opt_common.help && first == argc) {
        help_overview(stdout);
        return CLI_OK;
    }
    if (options.version)
        return cmd_version(0, NULL);
    if (first == argc) {
        help_overview(stderr);
        return CLI_USAGE;
    }
    argc -= first;
    argv += first;
    command = cli_find((size_t)argc, (const char *const *)argv, &words);
    if (command != NULL)
        return run(command, argc - (int)words, argv + words);
    return answer_family(argc, argv);
}

int main(int argc, char **argv)
{
    enum cli_exit code;

    hold_standard_descriptors();
    /* Writes fail instead: to a closed pipe, and beyond the limit on a file's size. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    cli_catch_signals();
    code = cli_close_stdout(dispatch(argc > 0 ? argc - 1 : 0, argv + 1));
    if (cli_interrupted != 0 && code != CLI_OK) {
        (void)signal(cli_interrupted, SIG_DFL);
        (void)raise(cli_interrupted);
    }
    return (int)code;
}
