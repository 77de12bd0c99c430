/* SPDX-License-Identifier: Apache-2.0 */
/* A client under test. What it refuses must leave its state byte for byte as it was. */
#ifndef PINTLE_TESTS_UNIT_BUNDLE_CLIENT_H
#define PINTLE_TESTS_UNIT_BUNDLE_CLIENT_H

#include "kit/signer.h"

/*
 * The usual root: root keys rst, pins keys opq, unpin keys uvw, two of each; fresh key f.
 */
extern const struct test_root usual_root;

/* With the usual root, signed by rs; the crypto and loader of the kit. */
struct pintle_trusted *client_new(void);

/* With the usual root and pins of version 1. */
struct pintle_trusted *client_with_pins(void);

/* That, with a fresh statement and an unpin of rule "api" besides. */
struct pintle_trusted *client_with_statements(void);
#define CLIENT_REPORT_API "[{\"id\": \"api\", \"mode\": \"report\"}]"

/*
 * Three roots, the last of which has other pins keys (xyz), and pins (version 3), fresh and unpin
 * that were signed under the second.
 */
struct pintle_trusted *client_rich(void);

/* Both believe the same, to the byte. */
void client_assert_same(const struct pintle_trusted *a, const struct pintle_trusted *b);

const struct pintle_trusted_options *client_options(void);

/* Apply an envelope, which is freed, at TEST_NOW + after. */
enum pintle_status client_apply(struct pintle_trusted *trusted, enum pintle_role role,
                                char *envelope, int64_t after);

/* The same with a payload made of the description, signed by `keys`, at TEST_NOW. */
enum pintle_status client_root(struct pintle_trusted *trusted, const struct test_root *root,
                               const char *keys);
enum pintle_status client_pins(struct pintle_trusted *trusted, const struct test_doc *doc,
                               const char *keys);
enum pintle_status client_fresh(struct pintle_trusted *trusted, const struct test_doc *doc,
                                const char *pins_payload, const char *keys);
enum pintle_status client_unpin(struct pintle_trusted *trusted, const struct test_doc *doc,
                                const char *rules, const char *keys);

/* What the last refusal said. */
extern struct pintle_error client_error;

/* The version of the pins in force, 0 for none. */
int64_t client_version(const struct pintle_trusted *trusted);

/* A seed of all that it believes; to be freed. */
struct pintle_view client_seed(const struct pintle_trusted *trusted);

/* A copy of `text` with the first `from` in it, which must be there, replaced; `text` is freed. */
char *text_with(char *text, const char *from, const char *to);

/* Free a view's bytes. */
void free_view(struct pintle_view view);

#endif
