/* SPDX-License-Identifier: Apache-2.0 */
/* From a trust state to the pin-set that is enforced: what unpin and fresh statements make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pintle/engine.h>

#include "kit/signer.h"
#include "kit/test_crypto.h"

static const char pins_payload[] =
    "{\"pintle\":1,\"app\":\"" TEST_APP "\",\"version\":3,\"issued\":\"2026-11-21T00:00:00Z\","
    "\"expires\":\"2026-12-21T00:00:00Z\",\"rules\":["
    "{\"id\":\"api\",\"match\":[\"api.test\"],\"mode\":\"enforce\",\"pins\":[{\"spki\":"
    "\"sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\"}]},"
    "{\"id\":\"www\",\"match\":[\"www.test\"],\"mode\":\"enforce\",\"pins\":[{\"spki\":"
    "\"sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\"}]}]}";

static struct pintle_trusted *begin(bool wants_fresh)
{
    const struct test_root root = {.roles = {[PINTLE_ROLE_ROOT] = {"r", 1},
                                             [PINTLE_ROLE_PINS] = {"p", 1},
                                             [PINTLE_ROLE_FRESH] = {wants_fresh ? "f" : NULL, 1},
                                             [PINTLE_ROLE_UNPIN] = {"uv", 2}}};
    struct pintle_trusted_options options = {test_crypto(), pintle_pinset_loader(), NULL, false};
    char *payload = test_root_payload(&root);
    char *envelope = test_sign(PINTLE_ROLE_ROOT, payload, "r");
    struct pintle_trusted *trusted;
    struct pintle_error err;

    if (pintle_trusted_new(&trusted, test_view(envelope), &options, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    free(payload);
    free(envelope);
    return trusted;
}

static enum pintle_status apply(struct pintle_trusted *trusted, enum pintle_role role,
                                const char *payload, const char *keys)
{
    char *envelope = test_sign(role, payload, keys);
    enum pintle_status status =
        pintle_trusted_apply(trusted, role, test_view(envelope), TEST_NOW, NULL);

    free(envelope);
    return status;
}

static const struct pintle_pinset *make(const struct pintle_trusted *trusted)
{
    const struct pintle_pinset *set;
    struct pintle_error err;

    if (pintle_pinset_from_trusted(&set, trusted, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    return set;
}

static enum pintle_mode mode_of(const struct pintle_pinset *set, size_t index, int64_t now)
{
    return pintle_rule_get_mode(pintle_pinset_get_rule(set, index), now);
}

static void without_pins_there_is_no_pin_set(void **state)
{
    struct pintle_trusted *trusted = begin(false);
    const struct pintle_pinset *set;
    struct pintle_error err;

    (void)state;
    assert_int_equal(pintle_pinset_from_trusted(&set, trusted, &err), PINTLE_E_STATE);
    assert_null(set);
    assert_int_equal(err.status, PINTLE_E_STATE);
    pintle_trusted_free(trusted);
}

static void the_loader_tells_what_the_document_says(void **state)
{
    struct pintle_trusted *trusted = begin(false);
    struct pintle_trusted_pins pins;
    const struct pintle_pinset *set;

    (void)state;
    assert_int_equal(apply(trusted, PINTLE_ROLE_PINS, pins_payload, "p"), PINTLE_OK);
    assert_true(pintle_trusted_get_pins(trusted, &pins));
    assert_string_equal(pins.facts.app, TEST_APP);
    assert_int_equal(pins.facts.epoch, 1);
    assert_int_equal(pins.facts.version, 3);
    assert_int_equal(pins.facts.issued, TEST_NOW);
    assert_int_equal(pins.facts.expires, TEST_NOW + 30 * TEST_DAY);
    assert_memory_equal(pins.facts.digest, pintle_pinset_get_digest(pins.set), PINTLE_DIGEST_LEN);
    set = make(trusted);
    assert_int_equal(pintle_pinset_get_fresh_until(set), TEST_NOW + 30 * TEST_DAY);
    assert_int_equal(mode_of(set, 0, TEST_NOW), PINTLE_MODE_ENFORCE);
    pintle_trusted_free(trusted);
    assert_int_equal(pintle_pinset_get_rule_count(set), 2); /* it lives on */
    pintle_pinset_free(set);
}

static void pins_that_cannot_be_enforced_are_not_believed(void **state)
{
    struct pintle_trusted *trusted = begin(false);
    struct pintle_pins_facts facts;
    const struct pintle_pinset *set;
    char *broken = test_text("%s", pins_payload);

    (void)state;
    memcpy(strstr(broken, "enforce"), "enf0rce", 7);
    assert_int_equal(apply(trusted, PINTLE_ROLE_PINS, broken, "p"), PINTLE_E_SCHEMA);
    assert_int_equal(
        pintle_pinset_loader()->load(&set, &facts, test_view(pins_payload), NULL, NULL),
        PINTLE_E_ARGUMENT);
    assert_null(set);
    free(broken);
    pintle_trusted_free(trusted);
}

static void pins_are_stale_until_a_fresh_statement_says_otherwise(void **state)
{
    struct pintle_trusted *trusted = begin(true);
    struct test_doc doc = {.version = 3, .expires = TEST_NOW + TEST_DAY};
    char *fresh = test_fresh_payload(&doc, pins_payload);
    const struct pintle_pinset *set;

    (void)state;
    assert_int_equal(apply(trusted, PINTLE_ROLE_PINS, pins_payload, "p"), PINTLE_OK);
    set = make(trusted);
    assert_int_equal(pintle_pinset_get_fresh_until(set), 0);
    pintle_pinset_free(set);
    assert_int_equal(apply(trusted, PINTLE_ROLE_FRESH, fresh, "f"), PINTLE_OK);
    set = make(trusted);
    assert_int_equal(pintle_pinset_get_fresh_until(set), TEST_NOW + TEST_DAY);
    pintle_pinset_free(set);
    free(fresh);
    pintle_trusted_free(trusted);
}

static void an_unpin_softens_its_rules_until_it_ends(void **state)
{
    struct pintle_trusted *trusted = begin(false);
    struct test_doc doc = {.version = 1};
    char *unpin = test_unpin_payload(&doc, "[{\"id\": \"www\", \"mode\": \"report\"},"
                                           " {\"id\": \"gone\", \"mode\": \"off\"}]");
    char *withdrawn;
    const struct pintle_pinset *set;

    (void)state;
    assert_int_equal(apply(trusted, PINTLE_ROLE_PINS, pins_payload, "p"), PINTLE_OK);
    assert_int_equal(apply(trusted, PINTLE_ROLE_UNPIN, unpin, "uv"), PINTLE_OK);
    set = make(trusted);
    assert_int_equal(mode_of(set, 0, TEST_NOW), PINTLE_MODE_ENFORCE);
    assert_int_equal(mode_of(set, 1, TEST_NOW), PINTLE_MODE_REPORT);
    assert_true(pintle_rule_is_unpinned(pintle_pinset_get_rule(set, 1), TEST_NOW));
    assert_int_equal(mode_of(set, 1, TEST_NOW + 7 * TEST_DAY), PINTLE_MODE_ENFORCE);
    pintle_pinset_free(set);
    doc.version = 2;
    withdrawn = test_unpin_payload(&doc, "[]");
    assert_int_equal(apply(trusted, PINTLE_ROLE_UNPIN, withdrawn, "uv"), PINTLE_OK);
    set = make(trusted);
    assert_int_equal(mode_of(set, 1, TEST_NOW), PINTLE_MODE_ENFORCE);
    pintle_pinset_free(set);
    free(unpin);
    free(withdrawn);
    pintle_trusted_free(trusted);
}

/* Whoever is locked out by a lost key is not to wait for his slow clock. */
static void an_unpin_softens_from_when_it_is_believed(void **state)
{
    struct pintle_trusted *trusted = begin(false);
    struct test_doc doc = {.version = 1, .issued = TEST_NOW + TEST_DAY};
    char *unpin = test_unpin_payload(&doc, "[{\"id\": \"www\", \"mode\": \"report\"}]");
    const struct pintle_pinset *set;

    (void)state;
    assert_int_equal(apply(trusted, PINTLE_ROLE_PINS, pins_payload, "p"), PINTLE_OK);
    assert_int_equal(apply(trusted, PINTLE_ROLE_UNPIN, unpin, "uv"), PINTLE_OK);
    set = make(trusted);
    assert_int_equal(mode_of(set, 1, TEST_NOW), PINTLE_MODE_REPORT);
    pintle_pinset_free(set);
    free(unpin);
    pintle_trusted_free(trusted);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_pins_there_is_no_pin_set),
        cmocka_unit_test(the_loader_tells_what_the_document_says),
        cmocka_unit_test(pins_that_cannot_be_enforced_are_not_believed),
        cmocka_unit_test(pins_are_stale_until_a_fresh_statement_says_otherwise),
        cmocka_unit_test(an_unpin_softens_its_rules_until_it_ends),
        cmocka_unit_test(an_unpin_softens_from_when_it_is_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
