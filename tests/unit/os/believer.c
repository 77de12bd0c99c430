/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/os/believer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/fake_pins.h"
#include "kit/signer.h"
#include "kit/test_crypto.h"

static char *sign_root(int64_t version)
{
    const struct test_root root = {.version = version, .roles = {{"a", 0}, {"b", 0}}};
    char *payload = test_root_payload(&root);
    char *envelope = test_sign(PINTLE_ROLE_ROOT, payload, "a");

    free(payload);
    return envelope;
}

/* From this root, which is freed. */
static struct pintle_trusted *start(char *root)
{
    const struct pintle_trusted_options options = {.crypto = test_crypto(),
                                                   .loader = fake_pins_loader()};
    struct pintle_trusted *trusted;
    struct pintle_error err;

    if (pintle_trusted_new(&trusted, test_view(root), &options, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    free(root);
    return trusted;
}

struct pintle_trusted *believer_new(void)
{
    return start(sign_root(1));
}

struct pintle_trusted *believer_from_root(int64_t version)
{
    return start(sign_root(version));
}

/* The key of pins stays: signatures alone do not tell the two apart. */
static struct pintle_trusted *start_anew(const struct test_root *root, const char *key)
{
    char *payload = test_root_payload(root);
    char *envelope = test_sign(PINTLE_ROLE_ROOT, payload, key);

    free(payload);
    return start(envelope);
}

struct pintle_trusted *believer_of_app(const char *app)
{
    const struct test_root root = {.app = app, .version = 1, .roles = {{"a", 0}, {"b", 0}}};

    return start_anew(&root, "a");
}

struct pintle_trusted *believer_with_other_root(int64_t later_s)
{
    const struct test_root root = {
        .version = 1, .issued = TEST_NOW + later_s, .roles = {{"z", 0}, {"b", 0}}};

    return start_anew(&root, "z");
}

static void apply(struct pintle_trusted *trusted, enum pintle_role role, char *envelope)
{
    struct pintle_error err;

    if (pintle_trusted_apply(trusted, role, test_view(envelope), TEST_NOW, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    free(envelope);
}

void believer_learn(struct pintle_trusted *trusted, int64_t version)
{
    const struct test_doc doc = {.version = version};
    char *payload = test_pins_payload(&doc);

    apply(trusted, PINTLE_ROLE_PINS, test_sign(PINTLE_ROLE_PINS, payload, "b"));
    free(payload);
}

void believer_learn_root(struct pintle_trusted *trusted, int64_t version)
{
    apply(trusted, PINTLE_ROLE_ROOT, sign_root(version));
}

struct pintle_trusted *believer_of(int64_t version)
{
    struct pintle_trusted *trusted = believer_new();

    believer_learn(trusted, version);
    return trusted;
}

int64_t believer_version(const struct pintle_trusted *trusted)
{
    struct pintle_trusted_pins pins;

    return pintle_trusted_get_pins(trusted, &pins) ? pins.facts.version : 0;
}

char *believer_seed(const struct pintle_trusted *trusted, size_t *len)
{
    char *seed;

    assert_int_equal(pintle_trusted_format_seed(&seed, len, trusted, NULL), PINTLE_OK);
    return seed;
}
