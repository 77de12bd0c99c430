/* SPDX-License-Identifier: Apache-2.0 */
/* An XML document as a tree, read strictly: no entities of its own, nothing from outside, bounded. */
#ifndef PINTLE_CLI_FORMATS_XML_H
#define PINTLE_CLI_FORMATS_XML_H

#include "format.h"

/* Elements deeper than this, and more of them, are refused. */
#define XML_DEPTH_MAX 64
#define XML_NODES_MAX ((size_t)1000000)

struct xml_attribute {
    const char *space; /* namespace URI, or "" */
    const char *name;  /* local name */
    const char *value;
    struct xml_attribute *next;
};

/*
 * An element.
 *
 * text         all character data directly inside, joined; "" without
 * interrupted  a comment or a processing instruction stands directly inside
 * split        a comment parts its text: neither piece is blank
 */
struct xml_node {
    const char *space;
    const char *name;
    const char *text;
    struct xml_attribute *attributes;
    struct xml_node *first;
    struct xml_node *next;
    struct xml_node *parent;
    uint32_t line;
    uint32_t column;
    bool interrupted;
    bool split;
};

/*
 * Read a document; its tree lives as long as `memory`. A byte order mark and any encoding that expat
 * knows (UTF-8, UTF-16, ISO 8859-1, US-ASCII) are read; a document type is passed over if it declares
 * nothing.
 *
 * E_SCHEMA with err->line and column: not well-formed, a document type with declarations, an entity
 * that XML does not have itself. E_LIMIT: deeper or more than the limits. E_NOMEM.
 */
PINTLE_MUST_USE enum pintle_status xml_parse(const struct xml_node **out, struct clauses *memory,
                                             const char *text, size_t len,
                                             struct pintle_error *err);

/* The value of an attribute without a namespace, or NULL. */
const char *xml_attribute(const struct xml_node *node, const char *name);

/* The text with white space around it cut off; *len is its length. */
const char *xml_trimmed(const struct xml_node *node, size_t *len);

#endif
