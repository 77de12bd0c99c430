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

struct pintle_trusted *believer_new(void)
{
    const struct pintle_trusted_options options = {
        .crypto = test_crypto(), .loader = fake_pins_loader(), .app = TEST_APP};
    struct pintle_trusted *trusted;
    struct pintle_error err;
    char *root = sign_root(1);

    if (pintle_trusted_new(&trusted, test_view(root), &options, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    free(root);
    return trusted;
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
