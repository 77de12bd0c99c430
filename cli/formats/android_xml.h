/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Android's network security configuration as XML, for the platform alone and for libraries that read the same file. Grammar and
 * what is refused: XmlConfigSource.java of android.security.net.config; what resources become when they are compiled:
 * aapt2.
 */
#ifndef PINTLE_CLI_FORMATS_ANDROID_XML_H
#define PINTLE_CLI_FORMATS_ANDROID_XML_H

#include "xml.h"

/* --- writing -------------------------------------------------------------------------------------- */

void android_write_start(struct text *out, const char *title);
void android_write_domain(struct text *out, const struct clause *clause);
void android_write_pins(struct text *out, const struct clause *clause);
void android_write_end(struct text *out);

/* --- values --------------------------------------------------------------------------------------- */

/*
 * A boolean, as aapt2 compiles it: "true", "True", "TRUE", the same of "false", and numbers. False if it is
 * none: it then stays a string, and the platform takes its default.
 */
bool android_read_bool(bool *out, const char *text);

/*
 * A pin, as android.util.Base64 decodes it: bytes of no meaning, the padding and surplus bits do not count.
 * False unless that makes 32 bytes. *surplus tells of bytes without meaning that are not white space.
 */
bool android_read_pin(struct pintle_pin *out, const char *text, size_t len, bool *surplus);

/*
 * A day, as SimpleDateFormat("yyyy-MM-dd") reads it, not lenient: leading zeros are optional, blanks before a number and
 * whatever stands behind the day do not count, and *surplus tells of the latter. The second it begins in UTC; that of
 * 1970-01-01 for earlier ones, PINTLE_NEVER behind the year 9999.
 */
bool android_read_day(int64_t *out, const char *text, bool *surplus);

/* Fill in pins and end from a <pin-set>. */
enum pintle_status android_read_pins(struct reading *reading, struct clause *demands,
                                     const struct xml_node *node, struct pintle_error *err);

/* --- reading -------------------------------------------------------------------------------------- */

/*
 * What a library makes of the same file beside the platform; each may be NULL. `ctx` is the library's own.
 *
 * enforces  whether the pins are enforced where nothing else is said
 * file      refuses what the library refuses at the top of the file
 * config    told of a domain-config whose pins are in `demands`, or of one around it; then
 * domain    of each of its domains, whether or not hosts can match it; then of what stands in it
 * finish    told when all clauses are there
 */
struct android_reader {
    bool enforces;
    enum pintle_status (*file)(const struct xml_node *root, struct pintle_error *err);
    enum pintle_status (*config)(void *ctx, struct reading *reading, const struct xml_node *node,
                                 struct clause *demands, struct pintle_error *err);
    enum pintle_status (*domain)(void *ctx, const struct xml_node *node,
                                 const struct clause *demands, struct pintle_error *err);
    enum pintle_status (*finish)(void *ctx, struct reading *reading, struct pintle_error *err);
};

/* Read a whole file. */
PINTLE_MUST_USE enum pintle_status android_read(struct reading *reading,
                                                const struct android_reader *reader, void *ctx,
                                                const char *text, size_t len,
                                                struct pintle_error *err);

/* Refuse an element. "Android refuses <pin>: …"; who: "Android". */
enum pintle_status android_refuse(const char *who, const struct xml_node *node,
                                  enum pintle_status status, const char *why,
                                  struct pintle_error *err);

/* True if an element has this name: the platform does not look at namespaces of elements. */
bool android_is(const struct xml_node *node, const char *name);

/* The first child of this name, and the next one behind another; NULL if there is none. */
const struct xml_node *android_find(const struct xml_node *node, const char *name);
const struct xml_node *android_find_next(const struct xml_node *child, const char *name);

/* How many elements an element stands in. */
size_t android_depth(const struct xml_node *node);

/* An attribute that is a boolean; the platform's default if it is absent or none, which is told. */
bool android_flag(struct reading *reading, const struct xml_node *node, const char *name,
                  bool otherwise);

/* All that is in an element, which must be text. */
enum pintle_status android_only_text(const struct xml_node *node, const char **text, size_t *len,
                                     struct pintle_error *err);

/* Tell of an element that nobody reads, and of attributes but those named; NULL-terminated. */
void android_pass_over(struct reading *reading, const struct xml_node *node);
void android_pass_attributes(struct reading *reading, const struct xml_node *node,
                             const char *const *known);

#endif
