/* SPDX-License-Identifier: Apache-2.0 */
/* Documents for tests, written short. */
#ifndef PINTLE_TESTS_UNIT_PINSET_DOC_H
#define PINTLE_TESTS_UNIT_PINSET_DOC_H

#include <pintle/pinset.h>

/* The dates of a document that doc_begin() begins. */
#define DOC_ISSUED "2026-01-01T00:00:00Z"
#define DOC_EXPIRES "2027-01-01T00:00:00Z"

/* Text that grows. Zero it before use; doc_clear() frees it. */
struct doc {
    char *text;
    size_t len;
    size_t size;
};

/* Append as printf() would, then turn every ' into " and every @c into the pin of key c. */
void doc_add(struct doc *doc, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same byte many times. */
void doc_fill(struct doc *doc, char byte, size_t count);

/* Everything up to the first rule, and everything behind the last. More members of the root each
 * end with a comma. */
void doc_begin(struct doc *doc);
void doc_begin_with(struct doc *doc, const char *members);
void doc_end(struct doc *doc);

void doc_clear(struct doc *doc);

/* Load what is written, whatever its length. *err is all zero on success. */
enum pintle_status doc_parse(struct pintle_pinset **out, const struct doc *doc,
                             struct pintle_error *err);

/* Load a document with these rules, which must be accepted. */
struct pintle_pinset *doc_load(const char *rules);
struct pintle_pinset *doc_load_with(const char *members, const char *rules);

/* Load tests/vectors/pinset/<folder>/<name>.json, which must be accepted. */
struct pintle_pinset *doc_load_vector(const char *folder, const char *name);

/* The id of the rule for a host and port, or "-". */
const char *doc_find(const struct pintle_pinset *set, const char *host, uint16_t port);

/* Fail the test if two pin-sets differ in meaning. */
void doc_assert_equal(const struct pintle_pinset *a, const struct pintle_pinset *b);

#endif
