/* SPDX-License-Identifier: Apache-2.0 */
#include "plist.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml.h"

#define SPACE " \t\r\n"
#define BASE64_LEN 44

struct plist_reading {
    struct clauses *memory;
    struct notes *notes;
    struct pintle_error *err;
};

static const struct {
    const char *tag;
    const char *name;
} kinds[] = {[PLIST_DICT] = {"dict", "a dictionary"},  [PLIST_ARRAY] = {"array", "an array"},
             [PLIST_STRING] = {"string", "a string"},  [PLIST_TRUE] = {"true", "a boolean"},
             [PLIST_FALSE] = {"false", "a boolean"},   [PLIST_INTEGER] = {"integer", "an integer"},
             [PLIST_REAL] = {"real", "a real number"}, [PLIST_DATE] = {"date", "a date"},
             [PLIST_DATA] = {"data", "data"}};

const char *plist_kind_name(const struct plist *value)
{
    return kinds[value->kind].name;
}

enum pintle_status plist_refuse(struct pintle_error *err, enum pintle_status status,
                                const struct plist *value, const char *format, ...)
{
    char text[sizeof(err->text)];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return format_refuse(err, status, value->line, value->column, "%s", text);
}

static enum pintle_status refuse(const struct plist_reading *reading, const struct xml_node *node,
                                 const char *what)
{
    (void)format_refuse(reading->err, PINTLE_E_SCHEMA, node->line, node->column, "<%.40s>: %s",
                        node->name, what);
    return PINTLE_E_SCHEMA;
}

static enum pintle_status no_memory(const struct plist_reading *reading)
{
    (void)format_refuse(reading->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return PINTLE_E_NOMEM;
}

/* --- values that hold no others -------------------------------------------------------------------- */

/* CoreFoundation reads signs, decimal digits, and hexadecimal ones behind "0x". */
static bool is_integer(const char *text, size_t len)
{
    const char *digits = "0123456789";

    if (len > 0 && (*text == '-' || *text == '+')) {
        text++;
        len--;
    }
    if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
        len -= 2;
        digits = "0123456789abcdefABCDEF";
    }
    return len > 0 && strspn(text, digits) >= len;
}

static bool is_date(const char *text, size_t len)
{
    int64_t time;

    return pintle_time_parse(&time, text, len, NULL) == PINTLE_OK;
}

/* Text that CoreFoundation reads to the next '<', which must be that of the closing tag. */
static enum pintle_status read_text(const struct plist_reading *reading, struct plist *out,
                                    const struct xml_node *node)
{
    size_t len;
    const char *text = xml_trimmed(node, &len);

    if (node->first != NULL)
        return refuse(reading, node, "holds an element");
    if (node->interrupted)
        return refuse(reading, node, "holds a comment or an instruction");
    if ((out->kind == PLIST_TRUE || out->kind == PLIST_FALSE) && node->text[0] != '\0')
        return refuse(reading, node, "holds text");
    if (out->kind == PLIST_INTEGER && !is_integer(text, len))
        return refuse(reading, node, "is no integer");
    if (out->kind == PLIST_DATE && !is_date(text, len))
        return refuse(reading, node, "is no date");
    out->text = node->text;
    return PINTLE_OK;
}

/* --- containers ------------------------------------------------------------------------------------ */

static enum pintle_status read_value(const struct plist_reading *reading, struct plist **out,
                                     const struct xml_node *node);

static enum pintle_status check_blank(const struct plist_reading *reading,
                                      const struct xml_node *node)
{
    return node->text[strspn(node->text, SPACE)] == '\0'
               ? PINTLE_OK
               : refuse(reading, node, "holds text between its elements");
}

static enum pintle_status read_items(const struct plist_reading *reading, struct plist *out,
                                     const struct xml_node *node)
{
    struct plist **end = &out->first;
    enum pintle_status status = check_blank(reading, node);

    for (const struct xml_node *n = node->first; status == PINTLE_OK && n != NULL; n = n->next) {
        status = read_value(reading, end, n);
        if (status == PINTLE_OK)
            end = &(*end)->next;
    }
    return status;
}

static enum pintle_status read_member(const struct plist_reading *reading, struct plist **out,
                                      const struct xml_node *key)
{
    struct plist name = {.kind = PLIST_STRING};
    enum pintle_status status;

    if (key->space[0] != '\0' || strcmp(key->name, "key") != 0)
        return refuse(reading, key, "stands where a key is expected");
    if (key->next == NULL)
        return refuse(reading, key, "has no value");
    status = read_text(reading, &name, key);
    if (status == PINTLE_OK)
        status = read_value(reading, out, key->next);
    if (status != PINTLE_OK)
        return status;
    (*out)->key = name.text;
    (*out)->line = key->line;
    (*out)->column = key->column;
    return PINTLE_OK;
}

/* By key, then as in the file. */
static int compare_members(const void *a, const void *b)
{
    const struct plist *one = *(struct plist *const *)a;
    const struct plist *other = *(struct plist *const *)b;
    int order = strcmp(one->key, other->key);

    if (order != 0)
        return order;
    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    return one->column < other->column ? -1 : one->column > other->column;
}

/* Of each key leave the last: CFDictionarySetValue() replaces. What goes loses its key. */
static void mark_twice(const struct plist_reading *reading, struct plist **sorted, size_t count)
{
    qsort(sorted, count, sizeof(struct plist *), compare_members);
    for (size_t i = 0; i + 1 < count; i++)
        if (strcmp(sorted[i]->key, sorted[i + 1]->key) == 0) {
            notes_add(reading->notes, NOTE_TWICE, sorted[i]->line, "%.200s: the last one counts",
                      sorted[i]->key);
            sorted[i]->key = NULL;
        }
}

static enum pintle_status drop_twice(const struct plist_reading *reading, struct plist *dict,
                                     size_t count)
{
    struct plist **sorted = calloc(count + 1, sizeof(struct plist *));
    struct plist **link = &dict->first;
    size_t i = 0;

    if (sorted == NULL)
        return no_memory(reading);
    for (struct plist *m = dict->first; m != NULL; m = m->next)
        sorted[i++] = m;
    mark_twice(reading, sorted, count);
    free(sorted);
    while (*link != NULL)
        if ((*link)->key == NULL)
            *link = (*link)->next;
        else
            link = &(*link)->next;
    return PINTLE_OK;
}

static enum pintle_status read_members(const struct plist_reading *reading, struct plist *out,
                                       const struct xml_node *node)
{
    struct plist **end = &out->first;
    enum pintle_status status = check_blank(reading, node);
    size_t count = 0;

    for (const struct xml_node *n = node->first; status == PINTLE_OK && n != NULL;
         n = n->next->next) {
        status = read_member(reading, end, n);
        if (status != PINTLE_OK)
            break;
        end = &(*end)->next;
        count++;
    }
    return status != PINTLE_OK ? status : drop_twice(reading, out, count);
}

/* As deep as XML_DEPTH_MAX allows. */
static enum pintle_status read_value(const struct plist_reading *reading, struct plist **out,
                                     const struct xml_node *node)
{
    struct plist *value = clauses_alloc(reading->memory, 1, sizeof(*value));
    size_t kind = 0;

    if (value == NULL)
        return no_memory(reading);
    if (node->space[0] != '\0')
        return refuse(reading, node, "stands in a namespace, which property lists have not");
    while (kind < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[kind].tag, node->name) != 0)
        kind++;
    if (kind == sizeof(kinds) / sizeof(kinds[0]))
        return refuse(reading, node, "is no value of a property list");
    *value = (struct plist){.kind = (enum plist_kind)kind,
                            .key = "",
                            .text = "",
                            .line = node->line,
                            .column = node->column};
    *out = value;
    if (value->kind == PLIST_DICT)
        return read_members(reading, value, node);
    if (value->kind == PLIST_ARRAY)
        return read_items(reading, value, node);
    return read_text(reading, value, node);
}

/* --- documents ------------------------------------------------------------------------------------- */

/* "<plist>" around the one value is usual, and not asked for. */
static enum pintle_status read_root(const struct plist_reading *reading, struct plist **out,
                                    const struct xml_node *root)
{
    enum pintle_status status;

    if (root->space[0] != '\0' || strcmp(root->name, "plist") != 0)
        return read_value(reading, out, root);
    status = check_blank(reading, root);
    if (status != PINTLE_OK)
        return status;
    if (root->first == NULL || root->first->next != NULL)
        return refuse(reading, root, "holds not one value");
    return read_value(reading, out, root->first);
}

static bool begins(const char *text, size_t len, const char *what)
{
    return len >= strlen(what) && memcmp(text, what, strlen(what)) == 0;
}

static enum pintle_status check_kind(const char *text, size_t len, struct pintle_error *err)
{
    static const char how[] =
        "convert it first: plutil -convert xml1 FILE on a Mac, or plistutil -i "
        "FILE -f xml -o NEW";

    if (begins(text, len, "bplist"))
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "is a binary property list; %s", how);
    text += strspn(text, SPACE);
    if (*text == '{' || *text == '(')
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "is a property list in the old style; %s",
                             how);
    return PINTLE_OK;
}

/* Keys and values as they stand in manuals, without the dictionary around them: put it there. */
static enum pintle_status parse_members(const struct xml_node **out, struct clauses *memory,
                                        const char *text, size_t len, struct pintle_error *err)
{
    struct text whole = {0};
    enum pintle_status status;

    text_add(&whole, "<dict>");
    text_add_bytes(&whole, text, len);
    text_add(&whole, "</dict>");
    if (whole.failed)
        status = format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    else
        status = xml_parse(out, memory, whole.data, whole.len, err);
    text_clear(&whole);
    return status;
}

enum pintle_status plist_parse(const struct plist **out, struct clauses *memory,
                               struct notes *notes, const char *text, size_t len,
                               struct pintle_error *err)
{
    struct plist_reading reading = {memory, notes, err};
    size_t mark = begins(text, len, "\xEF\xBB\xBF") ? 3 : 0;
    size_t start = mark + strspn(text + mark, SPACE);
    const struct xml_node *root = NULL;
    struct plist *value = NULL;
    enum pintle_status status = check_kind(text + mark, len - mark, err);

    *out = NULL;
    if (status == PINTLE_OK && begins(text + start, len - start, "<key>"))
        status = parse_members(&root, memory, text + mark, len - mark, err);
    else if (status == PINTLE_OK)
        status = xml_parse(&root, memory, text, len, err);
    if (status == PINTLE_OK && root != NULL)
        status = read_root(&reading, &value, root);
    if (status == PINTLE_OK)
        *out = value;
    return status;
}

/* --- looking into them ----------------------------------------------------------------------------- */

const struct plist *plist_get(const struct plist *dict, const char *key)
{
    if (dict == NULL || dict->kind != PLIST_DICT)
        return NULL;
    for (const struct plist *m = dict->first; m != NULL; m = m->next)
        if (strcmp(m->key, key) == 0)
            return m;
    return NULL;
}

/* pintle_pin_parse() reads other forms as well; none of them is of this length. */
enum pintle_status plist_pin(struct pintle_pin *out, const char *text)
{
    if (strlen(text) != BASE64_LEN || text[BASE64_LEN - 1] != '=')
        return PINTLE_E_PIN;
    return pintle_pin_parse(out, text, BASE64_LEN, NULL);
}

static bool has_mark(const struct plist *value, const char *const *marks)
{
    for (; *marks != NULL; marks++)
        if (plist_get(value, *marks) != NULL)
            return true;
    return false;
}

static bool is_inner(const struct plist *root, const char *const *marks)
{
    if (root->kind != PLIST_DICT)
        return false;
    for (const struct plist *m = root->first; m != NULL; m = m->next)
        if (has_mark(m, marks))
            return true;
    return false;
}

/* A whole Info.plist names its bundle. */
static bool is_whole(const struct plist *root)
{
    return plist_get(root, "CFBundleIdentifier") != NULL ||
           plist_get(root, "CFBundleExecutable") != NULL;
}

enum pintle_status plist_find(const struct plist **out, const struct plist *root, const char *outer,
                              const char *inner, const char *const *marks, struct pintle_error *err)
{
    const struct plist *dict = plist_get(root, outer);
    bool whole = dict != NULL || is_whole(root);

    if (dict != NULL && dict->kind != PLIST_DICT)
        return plist_refuse(err, PINTLE_E_SCHEMA, dict, "%s is %s, not a dictionary", outer,
                            plist_kind_name(dict));
    *out = plist_get(whole ? dict : root, inner);
    if (*out == NULL && !whole && is_inner(root, marks))
        *out = root;
    if (*out == NULL && dict == NULL && plist_get(root, inner) != NULL)
        return plist_refuse(err, PINTLE_E_SCHEMA, plist_get(root, inner),
                            "%s stands outside of %s, where nothing looks for it", inner, outer);
    if (*out == NULL)
        return plist_refuse(err, PINTLE_E_SCHEMA, dict != NULL ? dict : root, "there is no %s",
                            inner);
    if ((*out)->kind != PLIST_DICT)
        return plist_refuse(err, PINTLE_E_SCHEMA, *out, "%s is %s, not a dictionary", inner,
                            plist_kind_name(*out));
    return PINTLE_OK;
}
