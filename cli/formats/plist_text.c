/* SPDX-License-Identifier: Apache-2.0 */
#include "plist.h"

static void indent(const struct plist_writer *writer)
{
    for (unsigned i = 0; i < writer->depth; i++)
        text_add(writer->out, "\t");
}

static void add_key(const struct plist_writer *writer, const char *key)
{
    if (key == NULL)
        return;
    indent(writer);
    text_add(writer->out, "<key>");
    text_add_xml(writer->out, key);
    text_add(writer->out, "</key>\n");
}

void plist_begin(struct plist_writer *writer, struct text *out, const char *title)
{
    *writer = (struct plist_writer){.out = out};
    text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
                  "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
                  "<!-- Made by pintle export from ");
    text_add_xml_comment(out, title);
    text_add(out, ". -->\n<plist version=\"1.0\">\n");
}

void plist_end(struct plist_writer *writer)
{
    text_add(writer->out, "</plist>\n");
}

void plist_open(struct plist_writer *writer, const char *key, const char *container)
{
    add_key(writer, key);
    indent(writer);
    text_printf(writer->out, "<%s>\n", container);
    writer->depth++;
}

void plist_close(struct plist_writer *writer, const char *container)
{
    writer->depth--;
    indent(writer);
    text_printf(writer->out, "</%s>\n", container);
}

void plist_string(struct plist_writer *writer, const char *key, const char *value,
                  const char *comment)
{
    add_key(writer, key);
    indent(writer);
    text_add(writer->out, "<string>");
    text_add_xml(writer->out, value);
    text_add(writer->out, "</string>");
    if (comment != NULL && comment[0] != '\0') {
        text_add(writer->out, " <!-- ");
        text_add_xml_comment(writer->out, comment);
        text_add(writer->out, " -->");
    }
    text_add(writer->out, "\n");
}

void plist_bool(struct plist_writer *writer, const char *key, bool value)
{
    add_key(writer, key);
    indent(writer);
    text_add(writer->out, value ? "<true/>\n" : "<false/>\n");
}
