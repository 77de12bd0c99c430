/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include <limits.h>
#include <string.h>

#include <expat.h>

/* Stands between namespace and name; no URI holds it. */
#define SEPARATOR '\n'

/*
 * The text of an open element grows here, and is copied when the element ends.
 *
 * said  some of it is not blank
 * cut   a comment stands behind that
 */
struct open_element {
    struct xml_node *node;
    struct xml_node *last_child;
    struct text text;
    bool said;
    bool cut;
};

struct xml_reading {
    XML_Parser parser;
    struct clauses *memory;
    struct open_element open[XML_DEPTH_MAX];
    size_t depth;
    size_t count;
    const struct xml_node *root;
    enum pintle_status status; /* why reading was stopped, and where; or OK */
    const char *reason;
    uint32_t line;
    uint32_t column;
};

static void stop(struct xml_reading *reading, enum pintle_status status, const char *reason)
{
    if (reading->status != PINTLE_OK)
        return;
    reading->status = status;
    reading->reason = reason;
    reading->line = (uint32_t)XML_GetCurrentLineNumber(reading->parser);
    reading->column = (uint32_t)XML_GetCurrentColumnNumber(reading->parser) + 1;
    (void)XML_StopParser(reading->parser, XML_FALSE);
}

/* Split what expat calls a name. */
static bool copy_name(struct clauses *memory, const char *whole, const char **space,
                      const char **name)
{
    const char *split = strchr(whole, SEPARATOR);
    const char *local = split != NULL ? split + 1 : whole;

    *space = split != NULL ? clauses_text(memory, whole, (size_t)(split - whole)) : "";
    *name = clauses_text(memory, local, strlen(local));
    return *space != NULL && *name != NULL;
}

static bool copy_attributes(struct clauses *memory, struct xml_node *node, const XML_Char **from)
{
    struct xml_attribute **end = &node->attributes;

    for (; from[0] != NULL; from += 2) {
        struct xml_attribute *attribute = clauses_alloc(memory, 1, sizeof(*attribute));

        if (attribute == NULL || !copy_name(memory, from[0], &attribute->space, &attribute->name))
            return false;
        attribute->value = clauses_text(memory, from[1], strlen(from[1]));
        if (attribute->value == NULL)
            return false;
        *end = attribute;
        end = &attribute->next;
    }
    return true;
}

static void attach(struct xml_reading *reading, struct xml_node *node)
{
    struct open_element *parent;

    if (reading->depth == 0) {
        reading->root = node;
        return;
    }
    parent = &reading->open[reading->depth - 1];
    node->parent = parent->node;
    if (parent->last_child != NULL)
        parent->last_child->next = node;
    else
        parent->node->first = node;
    parent->last_child = node;
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct xml_reading *reading = ctx;
    struct xml_node *node;

    if (reading->depth == XML_DEPTH_MAX || reading->count == XML_NODES_MAX) {
        stop(reading, PINTLE_E_LIMIT,
             reading->depth == XML_DEPTH_MAX ? "elements are nested too deep"
                                             : "there are too many elements");
        return;
    }
    node = clauses_alloc(reading->memory, 1, sizeof(*node));
    if (node == NULL || !copy_name(reading->memory, name, &node->space, &node->name) ||
        !copy_attributes(reading->memory, node, attributes)) {
        stop(reading, PINTLE_E_NOMEM, "out of memory");
        return;
    }
    node->text = "";
    node->line = (uint32_t)XML_GetCurrentLineNumber(reading->parser);
    node->column = (uint32_t)XML_GetCurrentColumnNumber(reading->parser) + 1;
    attach(reading, node);
    reading->open[reading->depth++] = (struct open_element){.node = node};
    reading->count++;
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct xml_reading *reading = ctx;
    struct open_element *open = &reading->open[--reading->depth];
    char *copy = NULL;

    (void)name;
    if (open->text.len > 0) {
        copy = clauses_text(reading->memory, open->text.data, open->text.len);
        if (copy != NULL)
            open->node->text = copy;
    }
    if (open->text.failed || (open->text.len > 0 && copy == NULL))
        stop(reading, PINTLE_E_NOMEM, "out of memory");
    text_clear(&open->text);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_blank(const char *bytes, size_t len)
{
    while (len > 0 && is_space(bytes[len - 1]))
        len--;
    return len == 0;
}

static void XMLCALL on_text(void *ctx, const XML_Char *bytes, int len)
{
    struct xml_reading *reading = ctx;
    struct open_element *open;

    if (reading->depth == 0)
        return;
    open = &reading->open[reading->depth - 1];
    text_add_bytes(&open->text, bytes, (size_t)len);
    if (is_blank(bytes, (size_t)len))
        return;
    open->said = true;
    if (open->cut)
        open->node->split = true;
}

static void interrupt(struct xml_reading *reading)
{
    if (reading->depth > 0)
        reading->open[reading->depth - 1].node->interrupted = true;
}

static void XMLCALL on_comment(void *ctx, const XML_Char *text)
{
    struct xml_reading *reading = ctx;

    (void)text;
    interrupt(reading);
    if (reading->depth > 0)
        reading->open[reading->depth - 1].cut = reading->open[reading->depth - 1].said;
}

static void XMLCALL on_instruction(void *ctx, const XML_Char *target, const XML_Char *text)
{
    (void)target, (void)text;
    interrupt(ctx);
}

/* NOLINTNEXTLINE(readability-function-size): expat's type */
static void XMLCALL on_entity(void *ctx, const XML_Char *name, int is_parameter,
                              const XML_Char *value, int value_length, const XML_Char *base,
                              const XML_Char *system_id, const XML_Char *public_id,
                              const XML_Char *notation)
{
    (void)name, (void)is_parameter, (void)value, (void)value_length, (void)base;
    (void)system_id, (void)public_id, (void)notation;
    stop(ctx, PINTLE_E_SCHEMA, "entities of its own are refused");
}

static void XMLCALL on_skipped_entity(void *ctx, const XML_Char *name, int is_parameter)
{
    (void)name, (void)is_parameter;
    stop(ctx, PINTLE_E_SCHEMA, "refers to an entity that XML does not have");
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id;
    if (has_internal_subset != 0)
        stop(ctx, PINTLE_E_SCHEMA, "a document type with declarations is refused");
}

static void listen(XML_Parser parser, struct xml_reading *reading)
{
    XML_SetUserData(parser, reading);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetCommentHandler(parser, on_comment);
    XML_SetProcessingInstructionHandler(parser, on_instruction);
    XML_SetEntityDeclHandler(parser, on_entity);
    XML_SetSkippedEntityHandler(parser, on_skipped_entity);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
}

static enum pintle_status answer(const struct xml_reading *reading, enum XML_Status parsed,
                                 struct pintle_error *err)
{
    uint32_t line = (uint32_t)XML_GetCurrentLineNumber(reading->parser);
    uint32_t column = (uint32_t)XML_GetCurrentColumnNumber(reading->parser) + 1;
    enum XML_Error code = XML_GetErrorCode(reading->parser);

    if (reading->status != PINTLE_OK)
        return format_refuse(err, reading->status, reading->line, reading->column, "%s",
                             reading->reason);
    if (parsed == XML_STATUS_OK)
        return PINTLE_OK;
    if (code == XML_ERROR_NO_MEMORY)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return format_refuse(err, PINTLE_E_SCHEMA, line, column, "is no XML: %s",
                         XML_ErrorString(code));
}

enum pintle_status xml_parse(const struct xml_node **out, struct clauses *memory, const char *text,
                             size_t len, struct pintle_error *err)
{
    struct xml_reading reading = {.memory = memory};
    enum pintle_status status;

    *out = NULL;
    if (len > INT_MAX)
        return format_refuse(err, PINTLE_E_LIMIT, 0, 0, "is larger than 2 GiB");
    reading.parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (reading.parser == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    listen(reading.parser, &reading);
    status = answer(&reading, XML_Parse(reading.parser, text, (int)len, 1), err);
    while (reading.depth > 0)
        text_clear(&reading.open[--reading.depth].text);
    XML_ParserFree(reading.parser);
    if (status == PINTLE_OK)
        *out = reading.root;
    return status;
}

const char *xml_attribute(const struct xml_node *node, const char *name)
{
    for (const struct xml_attribute *a = node->attributes; a != NULL; a = a->next)
        if (a->space[0] == '\0' && strcmp(a->name, name) == 0)
            return a->value;
    return NULL;
}

const char *xml_trimmed(const struct xml_node *node, size_t *len)
{
    const char *start = node->text;
    size_t end;

    while (is_space(*start))
        start++;
    end = strlen(start);
    while (end > 0 && is_space(start[end - 1]))
        end--;
    *len = end;
    return start;
}
