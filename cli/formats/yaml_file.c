/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml_file.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

/* An open mapping or sequence. key: the name of the member that is read, NULL while a name is next. number: from 1. */
struct level {
    char *key;
    size_t number;
    bool mapping;
};

struct scan {
    yaml_parser_t parser;
    struct level levels[YAML_DEPTH_MAX];
    size_t depth;
    size_t opened;
    enum pintle_status (*found)(void *ctx, const struct yaml_scalar *scalar,
                                struct pintle_error *err);
    void *ctx;
    struct pintle_error *err;
};

static enum pintle_status refuse(const struct scan *scan, enum pintle_status status,
                                 const yaml_mark_t *mark, const char *text)
{
    return format_refuse(scan->err, status, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1,
                         "%.120s", text);
}

/* A value is over: the next scalar of a mapping is a name. */
static void end_value(struct scan *scan)
{
    struct level *level = scan->depth > 0 ? &scan->levels[scan->depth - 1] : NULL;

    if (level == NULL || !level->mapping)
        return;
    free(level->key);
    level->key = NULL;
}

static bool expects_name(const struct scan *scan)
{
    return scan->depth > 0 && scan->levels[scan->depth - 1].mapping &&
           scan->levels[scan->depth - 1].key == NULL;
}

static enum pintle_status tell(struct scan *scan, const yaml_event_t *event)
{
    const char *keys[YAML_DEPTH_MAX];
    size_t mappings[YAML_DEPTH_MAX];
    struct yaml_scalar scalar = {.value = (const char *)event->data.scalar.value,
                                 .len = event->data.scalar.length,
                                 .keys = keys,
                                 .mappings = mappings,
                                 .line = (uint32_t)event->start_mark.line + 1,
                                 .column = (uint32_t)event->start_mark.column + 1};

    for (size_t i = 0; i < scan->depth; i++) {
        if (!scan->levels[i].mapping) {
            scalar.sequence = scan->levels[i].number;
            continue;
        }
        keys[scalar.depth] = scan->levels[i].key;
        mappings[scalar.depth++] = scan->levels[i].number;
    }
    return scan->found(scan->ctx, &scalar, scan->err);
}

static enum pintle_status on_scalar(struct scan *scan, const yaml_event_t *event)
{
    enum pintle_status status;

    if (expects_name(scan)) {
        struct level *level = &scan->levels[scan->depth - 1];

        level->key = strdup((const char *)event->data.scalar.value);
        return level->key != NULL ? PINTLE_OK
                                  : format_refuse(scan->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    }
    status = tell(scan, event);
    end_value(scan);
    return status;
}

static enum pintle_status on_open(struct scan *scan, const yaml_event_t *event, bool mapping)
{
    if (scan->depth == YAML_DEPTH_MAX)
        return refuse(scan, PINTLE_E_LIMIT, &event->start_mark, "is nested too deep");
    if (expects_name(scan))
        return refuse(scan, PINTLE_E_SCHEMA, &event->start_mark, "a name is no scalar");
    scan->levels[scan->depth++] = (struct level){.mapping = mapping, .number = ++scan->opened};
    return PINTLE_OK;
}

static void on_close(struct scan *scan)
{
    free(scan->levels[--scan->depth].key);
    end_value(scan);
}

static enum pintle_status on_event(struct scan *scan, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(scan, event);
    case YAML_MAPPING_START_EVENT:
        return on_open(scan, event, true);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(scan, event, false);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        on_close(scan);
        return PINTLE_OK;
    case YAML_ALIAS_EVENT:
        return refuse(scan, PINTLE_E_SCHEMA, &event->start_mark, "aliases are not read");
    default:
        return PINTLE_OK;
    }
}

static enum pintle_status parse_error(const struct scan *scan)
{
    if (scan->parser.error == YAML_MEMORY_ERROR)
        return format_refuse(scan->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return refuse(scan, PINTLE_E_SCHEMA, &scan->parser.problem_mark,
                  scan->parser.problem != NULL ? scan->parser.problem : "is no YAML");
}

enum pintle_status yaml_file_scan(const char *text, size_t len,
                                  enum pintle_status (*found)(void *ctx,
                                                              const struct yaml_scalar *scalar,
                                                              struct pintle_error *err),
                                  void *ctx, struct pintle_error *err)
{
    struct scan scan = {.found = found, .ctx = ctx, .err = err};
    enum pintle_status status = PINTLE_OK;
    bool over = false;

    if (yaml_parser_initialize(&scan.parser) == 0)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    yaml_parser_set_input_string(&scan.parser, (const unsigned char *)text, len);
    while (status == PINTLE_OK && !over) {
        yaml_event_t event;

        if (yaml_parser_parse(&scan.parser, &event) == 0) {
            status = parse_error(&scan);
            break;
        }
        over = event.type == YAML_STREAM_END_EVENT;
        status = on_event(&scan, &event);
        yaml_event_delete(&event);
    }
    while (scan.depth > 0)
        free(scan.levels[--scan.depth].key);
    yaml_parser_delete(&scan.parser);
    return status;
}

bool yaml_file_is(const struct yaml_scalar *scalar, const char *name)
{
    return scalar->depth > 0 && strcmp(scalar->keys[scalar->depth - 1], name) == 0;
}

size_t yaml_file_mapping(const struct yaml_scalar *scalar, const char *name)
{
    for (size_t i = 0; i < scalar->depth; i++)
        if (strcmp(scalar->keys[i], name) == 0)
            return scalar->mappings[i];
    return 0;
}
