/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apple's property lists in XML, read as CoreFoundation reads them (CFPropertyList.c) and as strictly;
 * and the writing of them. Binary ones are refused, and told how to convert.
 */
#ifndef PINTLE_CLI_FORMATS_PLIST_H
#define PINTLE_CLI_FORMATS_PLIST_H

#include "format.h"

enum plist_kind {
    PLIST_DICT = 0,
    PLIST_ARRAY = 1,
    PLIST_STRING = 2,
    PLIST_TRUE = 3,
    PLIST_FALSE = 4,
    PLIST_INTEGER = 5,
    PLIST_REAL = 6,
    PLIST_DATE = 7,
    PLIST_DATA = 8
};

/*
 * A value.
 *
 * key    of a member of a dictionary; "" elsewhere
 * text   what stands between the tags, of all but dictionaries and arrays
 * first  member or item; in a dictionary, a key stands there once
 * line, column  of the key, or of the value where there is none
 */
struct plist {
    enum plist_kind kind;
    const char *key;
    const char *text;
    struct plist *first;
    struct plist *next;
    uint32_t line;
    uint32_t column;
};

/*
 * Read a property list, or a fragment of one: a lone value, or the keys and values of a dictionary
 * without its tags. It lives as long as `memory`. Of a key that stands twice in a dictionary the last one
 * counts, with a note.
 *
 * What xml_parse() says; E_SCHEMA for what CoreFoundation refuses, and for other kinds of property lists.
 */
PINTLE_MUST_USE enum pintle_status plist_parse(const struct plist **out, struct clauses *memory,
                                               struct notes *notes, const char *text, size_t len,
                                               struct pintle_error *err);

/* A member of a dictionary; NULL if it has none of this key, or `dict` is NULL or no dictionary. */
const struct plist *plist_get(const struct plist *dict, const char *key);

/* "a dictionary", "a string", … */
const char *plist_kind_name(const struct plist *value);

/* Refuse for what stands there: format_refuse() with its line and column. */
enum pintle_status plist_refuse(struct pintle_error *err, enum pintle_status status,
                                const struct plist *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A pin as its digest in base64. E_PIN without a reason if it is none. */
enum pintle_status plist_pin(struct pintle_pin *out, const char *text);

/*
 * Where pins stand in an Info.plist: root → outer → inner; or, in a fragment, in `outer` itself, or in
 * `inner` itself, which is a dictionary of dictionaries that have one of `marks` (NULL-terminated).
 *
 * E_SCHEMA if there is nothing, or it is no dictionary.
 */
PINTLE_MUST_USE enum pintle_status plist_find(const struct plist **out, const struct plist *root,
                                              const char *outer, const char *inner,
                                              const char *const *marks, struct pintle_error *err);

/* --- writing -------------------------------------------------------------------------------------- */

struct plist_writer {
    struct text *out;
    unsigned depth;
};

/* The head of a document, with the comment that tells what it is made of; and its end. */
void plist_begin(struct plist_writer *writer, struct text *out, const char *title);
void plist_end(struct plist_writer *writer);

/* A container, "dict" or "array"; `key` NULL in an array. */
void plist_open(struct plist_writer *writer, const char *key, const char *container);
void plist_close(struct plist_writer *writer, const char *container);

/* A value; `key` NULL in an array, `comment` NULL without. */
void plist_string(struct plist_writer *writer, const char *key, const char *value,
                  const char *comment);
void plist_bool(struct plist_writer *writer, const char *key, bool value);

#endif
