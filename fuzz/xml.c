/* SPDX-License-Identifier: Apache-2.0 */
/* XML: whatever the bytes are, they are refused or become a tree within bounds, which written again is the same tree. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml.h"

#define XML_SPACE "http://www.w3.org/XML/1998/namespace"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* --- written again -------------------------------------------------------------------------------- */

/* White space by number: an attribute's would become blanks, and CR would become LF. */
static void write_text(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char one[2] = {*text, '\0'};

        if ((unsigned char)*text < ' ')
            text_printf(out, "&#%d;", *text);
        else
            text_add_xml(out, one);
    }
}

static void write_space(struct text *out, const char *prefix, const char *space)
{
    if (strcmp(space, XML_SPACE) == 0)
        return;
    text_printf(out, " xmlns%s=\"", prefix);
    write_text(out, space);
    text_add(out, "\"");
}

static void write_attributes(struct text *out, const struct xml_node *node)
{
    int count = 0;

    for (const struct xml_attribute *at = node->attributes; at != NULL; at = at->next, count++) {
        char prefix[16];

        (void)snprintf(prefix, sizeof(prefix), ":p%d", count);
        if (at->space[0] != '\0')
            write_space(out, prefix, at->space);
        if (strcmp(at->space, XML_SPACE) == 0)
            text_printf(out, " xml:%s=\"", at->name);
        else
            text_printf(out, " %s%s%s=\"", at->space[0] != '\0' ? prefix + 1 : "",
                        at->space[0] != '\0' ? ":" : "", at->name);
        write_text(out, at->value);
        text_add(out, "\"");
    }
}

static void write_node(struct text *out, const struct xml_node *node)
{
    const char *prefix = strcmp(node->space, XML_SPACE) == 0 ? "xml:" : "";

    text_printf(out, "<%s%s", prefix, node->name);
    write_space(out, "", node->space);
    write_attributes(out, node);
    text_add(out, ">");
    write_text(out, node->text);
    for (const struct xml_node *at = node->first; at != NULL; at = at->next)
        write_node(out, at);
    text_printf(out, "</%s%s>", prefix, node->name);
}

/* --- compared ------------------------------------------------------------------------------------- */

static void compare_attributes(const struct xml_node *node, const struct xml_node *again)
{
    const struct xml_attribute *b = again->attributes;

    for (const struct xml_attribute *a = node->attributes; a != NULL; a = a->next, b = b->next) {
        require(b != NULL);
        require(strcmp(a->space, b->space) == 0 && strcmp(a->name, b->name) == 0);
        require(strcmp(a->value, b->value) == 0);
    }
    require(b == NULL);
}

static size_t compare(const struct xml_node *node, const struct xml_node *again, size_t depth)
{
    const struct xml_node *b = again->first;
    size_t count = 1;
    size_t len;

    require(depth < XML_DEPTH_MAX && node->line >= 1 && node->column >= 1);
    require(strcmp(node->space, again->space) == 0 && strcmp(node->name, again->name) == 0);
    require(strcmp(node->text, again->text) == 0);
    require(xml_trimmed(node, &len) + len <= node->text + strlen(node->text));
    require(!node->split || node->interrupted);
    compare_attributes(node, again);
    for (const struct xml_node *a = node->first; a != NULL; a = a->next, b = b->next) {
        require(b != NULL && a->parent == node);
        count += compare(a, b, depth + 1);
    }
    require(b == NULL);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clauses memory = {0};
    struct pintle_error err = {0};
    const struct xml_node *again;
    const struct xml_node *root;
    struct text text = {0};
    enum pintle_status status = xml_parse(&root, &memory, (const char *)data, size, &err);

    require((status == PINTLE_OK) == (root != NULL) && err.status == status);
    if (status == PINTLE_OK) {
        write_node(&text, root);
        require(!text.failed);
        require(xml_parse(&again, &memory, text.data, text.len, NULL) == PINTLE_OK);
        require(compare(root, again, 0) <= XML_NODES_MAX);
    }
    text_clear(&text);
    clauses_clear(&memory);
    return 0;
}
