/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "android_xml.h"

#define TOOLS "http://schemas.android.com/tools" /* taken out by the build */

enum pintle_status android_refuse(const char *who, const struct xml_node *node,
                                  enum pintle_status status, const char *why,
                                  struct pintle_error *err)
{
    return format_refuse(err, status, node->line, node->column, "%s refuses <%.40s>: %.150s", who,
                         node->name, why);
}

bool android_is(const struct xml_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

static const struct xml_node *from(const struct xml_node *at, const char *name)
{
    while (at != NULL && !android_is(at, name))
        at = at->next;
    return at;
}

const struct xml_node *android_find(const struct xml_node *node, const char *name)
{
    return from(node->first, name);
}

const struct xml_node *android_find_next(const struct xml_node *child, const char *name)
{
    return from(child->next, name);
}

size_t android_depth(const struct xml_node *node)
{
    size_t depth = 0;

    while ((node = node->parent) != NULL)
        depth++;
    return depth;
}

/* Comments part texts when resources are compiled: the platform then finds a second one, and throws. */
enum pintle_status android_only_text(const struct xml_node *node, const char **text, size_t *len,
                                     struct pintle_error *err)
{
    *text = xml_trimmed(node, len);
    if (node->first != NULL)
        return android_refuse("Android", node, PINTLE_E_SCHEMA, "holds elements", err);
    if (*len == 0)
        return android_refuse("Android", node, PINTLE_E_SCHEMA, "is empty", err);
    if (node->split)
        return android_refuse("Android", node, PINTLE_E_SCHEMA, "a comment parts its text", err);
    return PINTLE_OK;
}

void android_pass_over(struct reading *reading, const struct xml_node *node)
{
    notes_add(reading->notes, NOTE_UNKNOWN, node->line, "<%.100s>", node->name);
}

static bool is_known(const struct xml_attribute *attribute, const char *const *known)
{
    if (attribute->space[0] != '\0')
        return strcmp(attribute->space, TOOLS) == 0;
    while (*known != NULL && strcmp(*known, attribute->name) != 0)
        known++;
    return *known != NULL;
}

void android_pass_attributes(struct reading *reading, const struct xml_node *node,
                             const char *const *known)
{
    for (const struct xml_attribute *at = node->attributes; at != NULL; at = at->next)
        if (!is_known(at, known))
            notes_add(reading->notes, NOTE_UNKNOWN, node->line, "%.80s%s%.40s of <%.40s>",
                      at->space, at->space[0] != '\0' ? " " : "", at->name, node->name);
}

/* The platform's default where a value is no boolean. */
bool android_flag(struct reading *reading, const struct xml_node *node, const char *name,
                  bool otherwise)
{
    const char *text = xml_attribute(node, name);
    bool value = otherwise;

    if (text == NULL || android_read_bool(&value, text))
        return value;
    notes_add(reading->notes, NOTE_UNKNOWN, node->line, "%s \"%.40s\"", name, text);
    return otherwise;
}
