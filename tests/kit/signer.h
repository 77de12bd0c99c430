/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed bundles for tests. A key is named by one character: its seed is that character 32 times,
 * so that "ab" stands for two keys, the same ones in every test. What cannot be made ends the
 * program. Texts are to be freed.
 */
#ifndef PINTLE_TESTS_KIT_SIGNER_H
#define PINTLE_TESTS_KIT_SIGNER_H

#include <pintle/bundle.h>

#define TEST_APP "com.example.shop"

/* "2026-11-21T00:00:00Z" as a time; what the documents below are issued at, give or take. */
#define TEST_NOW ((int64_t)1795219200)
#define TEST_DAY ((int64_t)24 * 3600)

struct test_key {
    uint8_t seed[32];
    uint8_t public_key[PINTLE_ED25519_KEY_LEN];
    char id[PINTLE_KEY_ID_SIZE];
};

struct test_key test_key_make(char name);

/* The signature of a key, with its id. */
struct pintle_signature test_key_sign(char name, struct pintle_view message);

/* An envelope around a payload, signed by these keys. */
char *test_sign(enum pintle_role role, const char *payload, const char *keys);
char *test_sign_bytes(enum pintle_role role, struct pintle_view payload, const char *keys);

/* Text made as by printf. */
char *test_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A root. app NULL: TEST_APP; version, epoch 0: 1; issued 0: TEST_NOW; expires 0: a year after
 * issued. A role without keys is left out. Its threshold 0: all its keys.
 */
struct test_root {
    const char *app;
    int64_t version;
    int64_t epoch;
    int64_t issued;
    int64_t expires;
    struct {
        const char *keys;
        unsigned threshold;
    } roles[PINTLE_ROLES];
};

/* Its payload. */
char *test_root_payload(const struct test_root *root);

/* One of the other payloads. Zeros as above, but the end is 30 days after issued, of an unpin 7. */
struct test_doc {
    const char *app;
    int64_t version; /* of an unpin: the serial */
    int64_t epoch;
    int64_t issued;
    int64_t expires;
};

/* A pin-set without rules. */
char *test_pins_payload(const struct test_doc *doc);

/* A statement that these pins are the newest. */
char *test_fresh_payload(const struct test_doc *doc, const char *pins_payload);

/* rules: JSON, such as "[{\"id\": \"api\", \"mode\": \"report\"}]". */
char *test_unpin_payload(const struct test_doc *doc, const char *rules);

/* A text as a view. */
struct pintle_view test_view(const char *text);

#endif
