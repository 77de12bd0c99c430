/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "help.h"
#include "man.h"

struct help_options {
    bool commands;
    bool json;
    const char *mdoc;
};

const struct opt_spec opts_help[] = {
    {.name = "commands",
     .type = OPT_FLAG,
     .help = "print the names of all commands, one to a line",
     .offset = offsetof(struct help_options, commands)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print commands, options and exit codes as JSON",
     .offset = offsetof(struct help_options, json)},
    {.name = "mdoc",
     .type = OPT_FILE,
     .metavar = "FILE",
     .help = "print the manual page whose prose is in FILE",
     .offset = offsetof(struct help_options, mdoc),
     .hidden = true},
    {.type = OPT_END},
};

/* --- JSON ------------------------------------------------------------------------------------ */

static const char *type_name(enum opt_type type)
{
    static const char *const names[] = {
        [OPT_END] = "",      [OPT_FLAG] = "flag",     [OPT_STRING] = "string",
        [OPT_FILE] = "file", [OPT_CHOICE] = "choice", [OPT_COUNT] = "number",
        [OPT_LIST] = "list",
    };

    return names[type];
}

static json_t *choices_json(const struct opt_spec *spec)
{
    json_t *list = json_array();

    for (const char *const *choice = spec->choices; *choice != NULL; choice++)
        if (json_array_append_new(list, json_string(*choice)) != 0)
            goto fail;
    return list;
fail:
    json_decref(list);
    return NULL;
}

/* Not by json_pack("s*"), which leaves a member out when memory is short too. */
static bool set_text(json_t *object, const char *key, const char *text)
{
    return text == NULL || json_object_set_new(object, key, json_string(text)) == 0;
}

static bool set_members(json_t *option, const struct opt_spec *spec)
{
    char letter[2] = {spec->letter, '\0'};
    char env[OPT_ENV_SIZE];

    if (!set_text(option, "name", spec->name) ||
        !set_text(option, "letter", spec->letter != 0 ? letter : NULL) ||
        !set_text(option, "type", type_name(spec->type)) ||
        !set_text(option, "metavar", spec->metavar) || !set_text(option, "help", spec->help) ||
        !set_text(option, "environment", opt_env_name(spec, env)))
        return false;
    if (spec->choices != NULL && json_object_set_new(option, "choices", choices_json(spec)) != 0)
        return false;
    return spec->type != OPT_COUNT ||
           (json_object_set_new(option, "min", json_integer(spec->min)) == 0 &&
            json_object_set_new(option, "max", json_integer(spec->max)) == 0);
}

static json_t *option_json(const struct opt_spec *spec)
{
    json_t *option = json_object();

    if (option != NULL && !set_members(option, spec)) {
        json_decref(option);
        return NULL;
    }
    return option;
}

static json_t *options_json(const struct opt_spec *specs)
{
    json_t *list = json_array();

    for (; specs->type != OPT_END; specs++)
        if (!specs->hidden && json_array_append_new(list, option_json(specs)) != 0)
            goto fail;
    return list;
fail:
    json_decref(list);
    return NULL;
}

static json_t *commands_json(const struct cli_command *only)
{
    json_t *list = json_array();

    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        json_t *command;

        if (only != NULL && only != c)
            continue;
        command = json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", c->name, "group",
                            cli_group_titles[c->group], "operands", c->operands, "summary",
                            c->summary, "options", options_json(c->specs));
        if (json_array_append_new(list, command) != 0)
            goto fail;
    }
    return list;
fail:
    json_decref(list);
    return NULL;
}

static json_t *exits_json(void)
{
    json_t *list = json_array();

    for (const struct cli_exit_text *exit = cli_exit_texts; exit->text != NULL; exit++)
        if (json_array_append_new(
                list, json_pack("{s:i, s:s}", "code", (int)exit->code, "meaning", exit->text)) != 0)
            goto fail;
    return list;
fail:
    json_decref(list);
    return NULL;
}

static enum cli_exit print_json(const struct cli_command *command)
{
    return cli_print_json("help", json_pack("{s:o, s:o, s:o}", "commands", commands_json(command),
                                            "common_options", options_json(opt_common_specs),
                                            "exit_codes", exits_json()));
}

/* --- the command ----------------------------------------------------------------------------- */

static enum cli_exit print_names(void)
{
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        (void)puts(c->name);
    return CLI_OK;
}

static enum cli_exit print_help(const struct help_options *options,
                                const struct cli_command *command)
{
    if (options->mdoc != NULL)
        return man_print(command, options->mdoc);
    if (options->commands)
        return print_names();
    if (options->json)
        return print_json(command);
    if (command != NULL)
        help_long(stdout, command);
    else
        help_overview(stdout);
    return CLI_OK;
}

static enum cli_exit answer(const struct help_options *options, const struct opt_list *operands)
{
    const struct cli_command *command = NULL;
    const char *const *words = (const char *const *)operands->items;
    size_t used = 0;

    if (operands->count == 0)
        return print_help(options, NULL);
    if (operands->count == 1 && help_family(stdout, words[0]))
        return CLI_OK;
    command = cli_find(operands->count, words, &used);
    if (command == NULL)
        return cli_unknown(operands->count, words);
    if (used < operands->count) {
        opt_mistake("help", "one operand too many: '%s'", cli_safe(words[used]));
        return CLI_USAGE;
    }
    return print_help(options, command);
}

enum cli_exit cmd_help(int argc, char **argv)
{
    struct help_options options = {0};
    struct opt_list operands = {0};
    enum cli_exit code = CLI_USAGE;

    if (opt_parse("help", opts_help, &options, argc, argv, &operands))
        code = answer(&options, &operands);
    opt_clear(opts_help, &options, &operands);
    return code;
}
