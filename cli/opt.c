/* SPDX-License-Identifier: Apache-2.0 */
#include "opt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "near.h"
#include "opt_value.h"

static const char *const color_choices[] = {"auto", "always", "never", NULL};

struct opt_common opt_common = {.color = "auto"};

const struct opt_spec opt_common_specs[] = {
    {.name = "help",
     .letter = 'h',
     .type = OPT_FLAG,
     .help = "show this help",
     .offset = offsetof(struct opt_common, help)},
    {.name = "quiet",
     .letter = 'q',
     .type = OPT_FLAG,
     .help = "no progress and no advice; errors are still told",
     .offset = offsetof(struct opt_common, quiet)},
    {.name = "color",
     .type = OPT_CHOICE,
     .metavar = "WHEN",
     .help = "when to use colour",
     .choices = color_choices,
     .offset = offsetof(struct opt_common, color)},
    {.type = OPT_END},
};

enum token_kind {
    TOKEN_END,
    TOKEN_OPTION,
    TOKEN_OPERAND,
    TOKEN_UNKNOWN,     /* text is the argument */
    TOKEN_NEEDS_VALUE, /* spec is the option */
    TOKEN_TAKES_NONE   /* spec is the option */
};

/* common: spec is one of opt_common_specs, and its value goes to opt_common */
struct token {
    enum token_kind kind;
    bool common;
    const struct opt_spec *spec;
    const char *text;
};

/* rest: what is left of a cluster of letters, or NULL */
struct reader {
    const struct opt_spec *specs;
    int argc;
    char **argv;
    int index;
    const char *rest;
    bool operands_only;
};

static const struct opt_spec *find_name(const struct opt_spec *specs, const char *name, size_t len)
{
    for (; specs->type != OPT_END; specs++)
        if (strlen(specs->name) == len && memcmp(specs->name, name, len) == 0)
            return specs;
    return NULL;
}

static const struct opt_spec *find_letter(const struct opt_spec *specs, char letter)
{
    for (; specs->type != OPT_END; specs++)
        if (specs->letter == letter)
            return specs;
    return NULL;
}

static struct token with_value(struct reader *r, struct token token, const char *attached)
{
    token.text = attached;
    if (attached == NULL && r->index < r->argc)
        token.text = r->argv[r->index++];
    if (token.text == NULL)
        token.kind = TOKEN_NEEDS_VALUE;
    return token;
}

static struct token next_long(struct reader *r, const char *argument)
{
    const char *name = argument + 2;
    size_t len = strcspn(name, "=");
    const char *attached = name[len] == '=' ? name + len + 1 : NULL;
    struct token token = {.kind = TOKEN_OPTION, .spec = find_name(r->specs, name, len)};

    if (token.spec == NULL) {
        token.spec = find_name(opt_common_specs, name, len);
        token.common = true;
    }
    if (token.spec == NULL)
        return (struct token){.kind = TOKEN_UNKNOWN, .text = argument};
    if (token.spec->type != OPT_FLAG)
        return with_value(r, token, attached);
    if (attached != NULL)
        token.kind = TOKEN_TAKES_NONE;
    return token;
}

static struct token next_letter(struct reader *r)
{
    char letter = *r->rest++;
    const char *attached = *r->rest != '\0' ? r->rest : NULL;
    struct token token = {.kind = TOKEN_OPTION, .spec = find_letter(r->specs, letter)};

    if (token.spec == NULL) {
        token.spec = find_letter(opt_common_specs, letter);
        token.common = true;
    }
    if (token.spec == NULL)
        return (struct token){.kind = TOKEN_UNKNOWN, .text = r->rest - 1};
    if (attached == NULL || token.spec->type != OPT_FLAG)
        r->rest = NULL;
    if (token.spec->type != OPT_FLAG)
        return with_value(r, token, attached);
    return token;
}

static struct token next(struct reader *r)
{
    const char *argument;

    if (r->rest != NULL)
        return next_letter(r);
    if (r->index >= r->argc)
        return (struct token){.kind = TOKEN_END};
    argument = r->argv[r->index++];
    if (r->operands_only || argument[0] != '-' || argument[1] == '\0')
        return (struct token){.kind = TOKEN_OPERAND, .text = argument};
    if (strcmp(argument, "--") == 0) {
        r->operands_only = true;
        return next(r);
    }
    if (argument[1] == '-')
        return next_long(r, argument);
    r->rest = argument + 1;
    return next_letter(r);
}

/* --- mistakes -------------------------------------------------------------------------------- */

#define MISTAKE_SIZE 1024

/* The options of the command that runs which the environment gave: what is beyond is not told. */
static const struct opt_spec *from_environment[64];
static size_t from_environment_count;

/* Does a text speak of "--name"? */
static bool speaks_of(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strstr(text, "--"); at != NULL; at = strstr(at + 2, "--"))
        if (strncmp(at + 2, name, len) == 0 && strchr("-_", at[2 + len]) == NULL &&
            !((at[2 + len] | 0x20) >= 'a' && (at[2 + len] | 0x20) <= 'z'))
            return true;
    return false;
}

static void tell_variables(const char *text)
{
    for (size_t i = 0; i < from_environment_count; i++) {
        const struct opt_spec *spec = from_environment[i];
        char variable[OPT_ENV_SIZE];

        if (speaks_of(text, spec->name))
            (void)fprintf(stderr, " (--%s is from %s)", spec->name, opt_env_name(spec, variable));
    }
}

void opt_mistake(const char *command, const char *format, ...)
{
    char text[MISTAKE_SIZE] = "";
    va_list args;

    (void)fprintf(stderr, "%spintle%s%s:%s ", cli_on(stderr, CLI_RED), *command != '\0' ? " " : "",
                  command, cli_off(stderr));
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    tell_variables(text);
    (void)fprintf(stderr, "\nTry 'pintle%s%s -h'.\n", *command != '\0' ? " " : "", command);
}

/* The longest option that a word begins with: "--cafile" is meant for "--ca". */
static const char *begin_of(const struct opt_spec *specs, const char *word)
{
    const char *found = NULL;

    for (; specs->type != OPT_END; specs++) {
        size_t len = strlen(specs->name);

        if (!specs->hidden && strncmp(word, specs->name, len) == 0 &&
            (found == NULL || len > strlen(found)))
            found = specs->name;
    }
    return found;
}

static void tell_unknown(const char *command, const struct opt_spec *specs, const char *argument)
{
    char name[64];
    struct near_best best = {.word = name};

    if (argument[0] != '-') {
        opt_mistake(command, "unknown option -%s", cli_safe((char[]){argument[0], '\0'}));
        return;
    }
    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
    for (const struct opt_spec *spec = specs; spec->type != OPT_END; spec++)
        if (!spec->hidden)
            near_weigh(&best, spec->name, spec->name);
    for (const struct opt_spec *spec = opt_common_specs; spec->type != OPT_END; spec++)
        near_weigh(&best, spec->name, spec->name);
    if (best.name == NULL)
        best.name = begin_of(specs, name);
    if (best.name != NULL)
        opt_mistake(command, "unknown option --%s; did you mean --%s?", cli_safe(name), best.name);
    else
        opt_mistake(command, "unknown option --%s", cli_safe(name));
}

static void tell(const char *command, const struct opt_spec *specs, const struct token *token)
{
    if (token->kind == TOKEN_UNKNOWN)
        tell_unknown(command, specs, token->text);
    else if (token->kind == TOKEN_NEEDS_VALUE)
        opt_mistake(command, "option --%s needs a value: %s", token->spec->name,
                    token->spec->metavar);
    else
        opt_mistake(command, "option --%s takes no value", token->spec->name);
}

/* --- the command line ------------------------------------------------------------------------ */

static bool is_given(const struct opt_spec *specs, const struct opt_spec *spec, int argc,
                     char **argv)
{
    struct reader r = {.specs = specs, .argc = argc, .argv = argv};

    for (;;) {
        struct token token = next(&r);

        if (token.kind == TOKEN_END)
            return false;
        if (token.spec == spec)
            return true;
    }
}

static bool names_rival(const char *rivals, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = rivals; at != NULL && *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");

        if (word == len && memcmp(at, name, len) == 0)
            return true;
        at += word;
    }
    return false;
}

/* The command line says otherwise. */
static bool is_ousted(const struct opt_spec *specs, const struct opt_spec *spec, int argc,
                      char **argv)
{
    for (const struct opt_spec *other = specs; other->type != OPT_END; other++)
        if ((names_rival(spec->rivals, other->name) || names_rival(other->rivals, spec->name)) &&
            is_given(specs, other, argc, argv))
            return true;
    return false;
}

static bool set_from_environment(const char *command, const struct opt_spec *spec, void *values)
{
    char variable[OPT_ENV_SIZE];

    if (opt_env_name(spec, variable) == NULL || opt_env_value(variable) == NULL)
        return true;
    if (from_environment_count < sizeof(from_environment) / sizeof(from_environment[0]))
        from_environment[from_environment_count++] = spec;
    return opt_value_set_from_environment(command, spec, values);
}

static bool set_from_token(const char *command, const struct token *token, void *values)
{
    return opt_value_set(command, token->spec, token->common ? &opt_common : values, token->text);
}

bool opt_parse(const char *command, const struct opt_spec *specs, void *values, int argc,
               char **argv, struct opt_list *operands)
{
    struct reader r = {.specs = specs, .argc = argc, .argv = argv};
    struct token token;

    *operands = (struct opt_list){0};
    for (token = next(&r); token.kind != TOKEN_END; token = next(&r)) {
        if (token.kind == TOKEN_OPERAND) {
            opt_list_append(operands, token.text);
        } else if (token.kind != TOKEN_OPTION) {
            tell(command, specs, &token);
            return false;
        } else if (!set_from_token(command, &token, values)) {
            return false;
        }
    }
    for (const struct opt_spec *spec = specs; spec->type != OPT_END; spec++)
        if (!is_given(specs, spec, argc, argv) && !is_ousted(specs, spec, argc, argv) &&
            !set_from_environment(command, spec, values))
            return false;
    return true;
}

void opt_clear(const struct opt_spec *specs, void *values, struct opt_list *operands)
{
    for (; specs->type != OPT_END; specs++) {
        struct opt_list *list;

        if (specs->type != OPT_LIST)
            continue;
        list = (struct opt_list *)(void *)((char *)values + specs->offset);
        free(list->items);
        *list = (struct opt_list){0};
    }
    free(operands->items);
    *operands = (struct opt_list){0};
}

int opt_parse_front(const struct opt_spec *specs, void *values, int argc, char **argv)
{
    struct reader r = {.specs = specs, .argc = argc, .argv = argv};

    for (const struct opt_spec *spec = opt_common_specs; spec->type != OPT_END; spec++)
        if (!opt_value_set_from_environment("", spec, &opt_common))
            return -1;
    for (;;) {
        struct token token = next(&r);

        if (token.kind == TOKEN_END)
            return argc;
        if (token.kind == TOKEN_OPERAND)
            return r.index - 1;
        if (token.kind != TOKEN_OPTION) {
            tell("", specs, &token);
            return -1;
        }
        if (!set_from_token("", &token, values))
            return -1;
    }
}

struct opt_scan opt_scan(const struct opt_spec *specs, int argc, char **argv)
{
    struct reader r = {.specs = specs, .argc = argc, .argv = argv};
    struct opt_scan scan = {0};

    for (;;) {
        struct token token = next(&r);

        if (token.kind == TOKEN_END)
            return scan;
        if (token.kind == TOKEN_OPERAND) {
            scan.operand_count++;
            scan.last_operand = token.text;
        } else if (token.kind != TOKEN_OPTION) {
            scan.mistake = true;
            return scan;
        } else if (token.common && strcmp(token.spec->name, "help") == 0) {
            scan.help = true;
            return scan;
        }
    }
}
