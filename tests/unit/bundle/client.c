/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/bundle/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/trusted.h"
#include "kit/fake_pins.h"
#include "kit/test_crypto.h"

const struct test_root usual_root = {
    .roles = {[PINTLE_ROLE_ROOT] = {"rst", 2},
              [PINTLE_ROLE_PINS] = {"opq", 2},
              [PINTLE_ROLE_FRESH] = {"f", 1},
              [PINTLE_ROLE_UNPIN] = {"uvw", 2}},
};

struct pintle_error client_error;

const struct pintle_trusted_options *client_options(void)
{
    static struct pintle_trusted_options options;

    options.crypto = test_crypto();
    options.loader = fake_pins_loader();
    return &options;
}

struct pintle_trusted *client_new(void)
{
    char *payload = test_root_payload(&usual_root);
    char *envelope = test_sign(PINTLE_ROLE_ROOT, payload, "rs");
    struct pintle_trusted *trusted;

    assert_int_equal(pintle_trusted_new(&trusted, test_view(envelope), client_options(), NULL),
                     PINTLE_OK);
    free(envelope);
    free(payload);
    return trusted;
}

struct pintle_trusted *client_with_pins(void)
{
    struct pintle_trusted *trusted = client_new();
    struct test_doc doc = {0};

    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_OK);
    return trusted;
}

enum pintle_status client_apply(struct pintle_trusted *trusted, enum pintle_role role,
                                char *envelope, int64_t after)
{
    struct pintle_trusted before = *trusted;
    enum pintle_status status;

    client_error = (struct pintle_error){.status = PINTLE_OK};
    status =
        pintle_trusted_apply(trusted, role, test_view(envelope), TEST_NOW + after, &client_error);
    assert_int_equal(client_error.status, status);
    if (status != PINTLE_OK)
        assert_memory_equal(&before, trusted, sizeof(before));
    free(envelope);
    return status;
}

/* The payload is freed. */
static enum pintle_status apply_payload(struct pintle_trusted *trusted, enum pintle_role role,
                                        char *payload, const char *keys)
{
    char *envelope = test_sign(role, payload, keys);

    free(payload);
    return client_apply(trusted, role, envelope, 0);
}

enum pintle_status client_root(struct pintle_trusted *trusted, const struct test_root *root,
                               const char *keys)
{
    return apply_payload(trusted, PINTLE_ROLE_ROOT, test_root_payload(root), keys);
}

enum pintle_status client_pins(struct pintle_trusted *trusted, const struct test_doc *doc,
                               const char *keys)
{
    return apply_payload(trusted, PINTLE_ROLE_PINS, test_pins_payload(doc), keys);
}

enum pintle_status client_fresh(struct pintle_trusted *trusted, const struct test_doc *doc,
                                const char *pins_payload, const char *keys)
{
    return apply_payload(trusted, PINTLE_ROLE_FRESH, test_fresh_payload(doc, pins_payload), keys);
}

enum pintle_status client_unpin(struct pintle_trusted *trusted, const struct test_doc *doc,
                                const char *rules, const char *keys)
{
    return apply_payload(trusted, PINTLE_ROLE_UNPIN, test_unpin_payload(doc, rules), keys);
}

int64_t client_version(const struct pintle_trusted *trusted)
{
    struct pintle_trusted_pins pins;

    return pintle_trusted_get_pins(trusted, &pins) ? pins.facts.version : 0;
}

struct pintle_view client_seed(const struct pintle_trusted *trusted)
{
    char *out;
    size_t len;

    assert_int_equal(pintle_trusted_format_seed(&out, &len, trusted, NULL), PINTLE_OK);
    return (struct pintle_view){(const uint8_t *)out, len};
}

char *text_with(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);
    char *out;

    if (at == NULL)
        fail_msg("no %s in %s", from, text);
    out = test_text("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    free(text);
    return out;
}

void free_view(struct pintle_view view)
{
    union {
        const uint8_t *lent;
        void *own;
    } either = {view.data};

    free(either.own);
}

struct pintle_trusted *client_with_statements(void)
{
    struct pintle_trusted *trusted = client_with_pins();
    struct test_doc doc = {0};
    char *payload = test_pins_payload(&doc);

    assert_int_equal(client_fresh(trusted, &doc, payload, "f"), PINTLE_OK);
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "uv"), PINTLE_OK);
    free(payload);
    return trusted;
}

/* A client of three roots, the last of which has other pins keys (xyz), that believes all there is. */
struct pintle_trusted *client_rich(void)
{
    struct pintle_trusted *trusted = client_new();
    struct test_root root = usual_root;
    struct test_doc doc = {.version = 3};
    char *payload = test_pins_payload(&doc);

    root.version = 2;
    assert_int_equal(client_root(trusted, &root, "rs"), PINTLE_OK);
    assert_int_equal(client_pins(trusted, &doc, "op"), PINTLE_OK);
    assert_int_equal(client_fresh(trusted, &doc, payload, "f"), PINTLE_OK);
    assert_int_equal(client_unpin(trusted, &doc, CLIENT_REPORT_API, "uv"), PINTLE_OK);
    root.version = 3;
    root.roles[PINTLE_ROLE_PINS].keys = "xyz";
    assert_int_equal(client_root(trusted, &root, "st"), PINTLE_OK);
    free(payload);
    return trusted;
}

void client_assert_same(const struct pintle_trusted *a, const struct pintle_trusted *b)
{
    struct pintle_view one = client_seed(a), other = client_seed(b);
    struct pintle_marks left = pintle_trusted_get_marks(a), right = pintle_trusted_get_marks(b);

    assert_int_equal(one.len, other.len);
    assert_memory_equal(one.data, other.data, one.len);
    assert_memory_equal(&left, &right, sizeof(left));
    free_view(one);
    free_view(other);
}
