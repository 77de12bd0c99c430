/* SPDX-License-Identifier: Apache-2.0 */
#include "opt_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* --- values ---------------------------------------------------------------------------------- */

/* Where a value came from, for messages: "option --within" or "PINTLE_WITHIN". */
struct source {
    const char *command;
    char name[OPT_ENV_SIZE + 16];
};

static bool set_flag(const struct source *source, const char *text, bool *out)
{
    static const char *const words[] = {"0", "1", "false", "true", "no", "yes"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    opt_mistake(source->command, "%s: '%s' is not one of 1, 0, true, false, yes, no", source->name,
                cli_safe(text));
    return false;
}

static bool set_choice(const struct source *source, const struct opt_spec *spec, const char *text,
                       const char **out)
{
    char list[256] = "";

    for (const char *const *choice = spec->choices; *choice != NULL; choice++) {
        size_t len = strlen(list);

        if (strcmp(*choice, text) == 0) {
            *out = *choice;
            return true;
        }
        (void)snprintf(list + len, sizeof(list) - len, "%s%s", len > 0 ? ", " : "", *choice);
    }
    opt_mistake(source->command, "%s: '%s' is not one of %s", source->name, cli_safe(text), list);
    return false;
}

static bool set_count(const struct source *source, const struct opt_spec *spec, const char *text,
                      long *out)
{
    char *end = NULL;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    /* strtol() itself would take " 5" and "+5". */
    if (errno == 0 && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) && *end == '\0' &&
        value >= spec->min && value <= spec->max) {
        *out = value;
        return true;
    }
    opt_mistake(source->command, "%s: '%s' is not a number from %ld to %ld", source->name,
                cli_safe(text), spec->min, spec->max);
    return false;
}

static bool set_file(const struct source *source, const char *text, const char **out)
{
    if (text[0] == '\0') {
        opt_mistake(source->command, "%s: the file name is empty", source->name);
        return false;
    }
    *out = text;
    return true;
}

void opt_list_append(struct opt_list *list, const char *item)
{
    const char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

    if (items == NULL)
        cli_no_memory();
    items[list->count] = item;
    list->items = items;
    list->count++;
}

/* text is NULL for a flag on the command line. */
static bool set(const struct source *source, const struct opt_spec *spec, void *values,
                const char *text)
{
    void *field = (char *)values + spec->offset;

    switch (spec->type) {
    case OPT_FLAG:
        if (text != NULL)
            return set_flag(source, text, field);
        *(bool *)field = true;
        return true;
    case OPT_STRING:
        *(const char **)field = text;
        return true;
    case OPT_FILE:
        return set_file(source, text, field);
    case OPT_CHOICE:
        return set_choice(source, spec, text, field);
    case OPT_COUNT:
        return set_count(source, spec, text, field);
    case OPT_LIST:
        opt_list_append(field, text);
        return true;
    case OPT_END:
        break;
    }
    return false;
}

bool opt_value_set(const char *command, const struct opt_spec *spec, void *values, const char *text)
{
    struct source source = {.command = command};

    (void)snprintf(source.name, sizeof(source.name), "option --%s", spec->name);
    return set(&source, spec, values, text);
}

/* --- environment ----------------------------------------------------------------------------- */

const char *opt_env_name(const struct opt_spec *spec, char out[OPT_ENV_SIZE])
{
    size_t len;

    if (spec->secret || spec->hidden || strcmp(spec->name, "help") == 0)
        return NULL;
    (void)snprintf(out, OPT_ENV_SIZE, "PINTLE_%s",
                   spec->variable != NULL ? spec->variable : spec->name);
    len = strlen(out);
    for (size_t i = 0; i < len; i++) {
        if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
        else if (out[i] == '-' || out[i] == '.')
            out[i] = '_';
    }
    return out;
}

const char *opt_env_value(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

bool opt_is_from_env(const char *name, const char *value)
{
    const char *given = opt_env_value(name);

    return given != NULL && value != NULL && strcmp(given, value) == 0;
}

/* Words of `text` as items. They live in the list's own block, behind the pointers. */
static void split(struct opt_list *list, const char *text)
{
    static const char space[] = " \t\n";
    size_t len = strlen(text);
    size_t most = len / 2 + 1;
    char *copy;

    list->items = malloc(most * sizeof(*list->items) + len + 1);
    if (list->items == NULL)
        cli_no_memory();
    copy = (char *)(void *)(list->items + most);
    memcpy(copy, text, len + 1);
    for (char *word = copy + strspn(copy, space); *word != '\0';) {
        size_t word_len = strcspn(word, space);
        char *behind = word + word_len;

        list->items[list->count++] = word;
        if (*behind != '\0')
            *behind++ = '\0';
        word = behind + strspn(behind, space);
    }
}

bool opt_value_set_from_environment(const char *command, const struct opt_spec *spec, void *values)
{
    struct source source = {.command = command};
    char name[OPT_ENV_SIZE];
    const char *value;

    if (opt_env_name(spec, name) == NULL)
        return true;
    value = opt_env_value(name);
    if (value == NULL)
        return true;
    (void)snprintf(source.name, sizeof(source.name), "%s", name);
    if (spec->type == OPT_LIST) {
        split((struct opt_list *)(void *)((char *)values + spec->offset), value);
        return true;
    }
    return set(&source, spec, values, value);
}
