/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads of roots, fresh statements and unpins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/statement.h"
#include "kit/test_crypto.h"
#include "unit/bundle/client.h"

static struct pintle_error err;

static enum pintle_status parse(struct pintle_root **out, const char *text)
{
    enum pintle_status status;

    err = (struct pintle_error){.status = PINTLE_OK};
    status = pintle_root_parse(out, test_view(text), test_crypto(), &err);
    assert_int_equal(err.status, status);
    assert_int_equal(status == PINTLE_OK, *out != NULL);
    return status;
}

static void reads_a_root(void **state)
{
    struct test_root spec = usual_root;
    struct pintle_root *root;
    char *text;

    (void)state;
    spec.version = INT64_MAX;
    spec.epoch = 3;
    text = test_root_payload(&spec);
    assert_int_equal(parse(&root, text), PINTLE_OK);
    assert_string_equal(root->app, TEST_APP);
    assert_true(root->version == INT64_MAX);
    assert_int_equal(root->epoch, 3);
    assert_int_equal(root->issued, TEST_NOW);
    assert_int_equal(root->expires, TEST_NOW + 365 * TEST_DAY);
    assert_int_equal(root->key_count, 10);
    assert_true(root->keys[9].usable);
    assert_string_equal(root->keys[9].id, test_key_make('w').id);
    assert_memory_equal(root->keys[9].public_key, test_key_make('w').public_key, 32);
    assert_string_equal(root->keys[9].label, "w");
    assert_int_equal(root->roles[PINTLE_ROLE_ROOT].threshold, 2);
    assert_int_equal(root->roles[PINTLE_ROLE_ROOT].key_count, 3);
    assert_int_equal(root->roles[PINTLE_ROLE_PINS].keys[0], 3);
    assert_int_equal(root->roles[PINTLE_ROLE_UNPIN].keys[2], 9);
    free(root);
    free(text);
}

static void fresh_and_unpin_may_be_left_out(void **state)
{
    struct test_root spec = {.roles = {{"r", 1}, {"r", 1}}};
    struct pintle_root *root;
    char *text = test_root_payload(&spec);

    (void)state;
    text = text_with(text, ", \"label\": \"r\"", ", \"new\": [1, {}]");
    text = text_with(text, "\"roles\": {", "\"new\": {\"x\": null}, \"roles\": {\"other\": 5, ");
    assert_int_equal(parse(&root, text), PINTLE_OK);
    assert_int_equal(root->key_count, 1);
    assert_string_equal(root->keys[0].label, "");
    assert_int_equal(root->roles[PINTLE_ROLE_FRESH].key_count, 0);
    assert_int_equal(root->roles[PINTLE_ROLE_UNPIN].key_count, 0);
    free(root);
    free(text);
}

/* An algorithm of the future takes its place without being asked for anything. */
static void a_key_of_an_unknown_algorithm_never_counts(void **state)
{
    struct test_root spec = usual_root;
    struct pintle_root *root;
    struct pintle_envelope *envelope;
    char *text = text_with(test_root_payload(&spec), "\"alg\": \"ed25519\", \"public\": \"",
                           "\"alg\": \"Ed25519\", \"public\": \"?");
    char *signed_text = test_sign(PINTLE_ROLE_ROOT, text, "rs");
    bool signed_by[PINTLE_ROLE_KEYS_MAX];

    (void)state;
    assert_int_equal(parse(&root, text), PINTLE_OK);
    assert_false(root->keys[0].usable);
    assert_int_equal(root->keys[0].public_key[0], 0);
    assert_int_equal(pintle_envelope_parse(&envelope, signed_text, strlen(signed_text), NULL),
                     PINTLE_OK);
    assert_int_equal(
        pintle_root_count_signers(root, PINTLE_ROLE_ROOT, envelope, test_crypto(), signed_by), 1);
    assert_false(signed_by[0]);
    assert_true(signed_by[1]);
    assert_false(signed_by[2]);
    pintle_envelope_free(envelope);
    free(root);
    text = text_with(text, "\"alg\": \"ed25519\"", "\"alg\": \"none\"");
    assert_int_equal(parse(&root, text), PINTLE_E_SCHEMA);
    free(signed_text);
    free(text);
}

/* What is replaced in the usual root, and what comes of it. */
static void refuses_what_is_no_root(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum pintle_status status;
    } rows[] = {
        {"{\"pintle_root\"", "[{\"pintle_root\"", PINTLE_E_JSON},
        {"{\"pintle_root\": 1", "{\"pintle_root\": 1, \"pintle_root\": 1", PINTLE_E_JSON},
        {"{\"pintle_root\": 1", "{\"pintle_root\": 1, \"x\": {\"a\": [1.5]}", PINTLE_E_JSON},
        {"{\"pintle_root\": 1", "{\"pintle_root\": 1, \"x\": 1e3", PINTLE_E_JSON},
        {"{\"pintle_root\": 1", "{\"pintle_root\": 1, \"x\": 99999999999999999999", PINTLE_E_JSON},
        {"\"pintle_root\": 1", "\"pintle_root\": 2", PINTLE_E_VERSION},
        {"\"pintle_root\": 1", "\"pintle_root\": 2, \"x\": 1.5", PINTLE_E_VERSION},
        {"\"pintle_root\": 1", "\"pintle_root\": \"1\"", PINTLE_E_SCHEMA},
        {"\"pintle_root\": 1", "\"pintle\": 1", PINTLE_E_SCHEMA},
        {"\"version\"", "\"crit\": [\"x\"], \"version\"", PINTLE_E_CRIT},
        {"\"version\"", "\"crit\": [\"epoch\", \"keys\", \"x\"], \"version\"", PINTLE_E_CRIT},
        {"\"version\"", "\"crit\": [\"\"], \"version\"", PINTLE_E_SCHEMA},
        {"\"version\"", "\"crit\": {}, \"version\"", PINTLE_E_SCHEMA},
        {"\"version\": 1", "\"version\": 0", PINTLE_E_SCHEMA},
        {"\"version\": 1", "\"version\": -1", PINTLE_E_SCHEMA},
        {"\"version\": 1", "\"version\": 9223372036854775808", PINTLE_E_JSON},
        {"\"version\": 1", "\"version\": null", PINTLE_E_SCHEMA},
        {"\"epoch\": 1", "\"epoch\": 0", PINTLE_E_SCHEMA},
        {"\"epoch\": 1, ", "", PINTLE_E_SCHEMA},
        {"\"app\": \"com.example.shop\"", "\"app\": \"\"", PINTLE_E_SCHEMA},
        {"\"app\": \"com.example.shop\"", "\"app\": \"a\\u0000b\"", PINTLE_E_JSON},
        {"\"app\": \"com.example.shop\"", "\"app\": \"a\\u0007b\"", PINTLE_E_SCHEMA},
        {"2026-11-21T00:00:00Z", "2026-11-31T00:00:00Z", PINTLE_E_TIME},
        {"2026-11-21T00:00:00Z", "2027-11-21T00:00:00Z", PINTLE_E_SCHEMA},
        {"\"expires\": \"2027-11-21T00:00:00Z\"", "\"expires\": 1795219200", PINTLE_E_SCHEMA},
        {"\"keys\": [", "\"keys\": [[], ", PINTLE_E_SCHEMA},
        {"\"keys\": [", "\"keys\": [{}, ", PINTLE_E_SCHEMA},
        {"\"id\": \"", "\"id\": \"0", PINTLE_E_SCHEMA},
        {"\"alg\": \"ed25519\", ", "", PINTLE_E_SCHEMA},
        {"\"alg\": \"ed25519\"", "\"alg\": \"\"", PINTLE_E_SCHEMA},
        {"\"public\": \"", "\"public\": \"A", PINTLE_E_SCHEMA},
        {"\"public\"", "\"publik\"", PINTLE_E_SCHEMA},
        {"\"label\": \"r\"", "\"label\": \"\"", PINTLE_E_SCHEMA},
        {"\"label\": \"r\"", "\"label\": 1", PINTLE_E_SCHEMA},
        {"\"roles\": {", "\"roles\": [], \"x\": {", PINTLE_E_SCHEMA},
        {"\"root\": {", "\"r\": {", PINTLE_E_SCHEMA},
        {"\"pins\": {", "\"p\": {", PINTLE_E_SCHEMA},
        {"\"threshold\": 2", "\"threshold\": 0", PINTLE_E_SCHEMA},
        {"\"threshold\": 2", "\"threshold\": 4", PINTLE_E_SCHEMA},
        {"\"threshold\": 2", "\"threshold\": 4294967298", PINTLE_E_SCHEMA},
        {"\"threshold\": 2, ", "", PINTLE_E_SCHEMA},
        {"\"unpin\": {\"threshold\": 2", "\"unpin\": {\"threshold\": 1", PINTLE_E_SCHEMA},
        {"\"fresh\": {", "\"fresh\": null, \"x\": {", PINTLE_E_SCHEMA},
        {"\"root\": {\"threshold\": 2, \"keys\": [", "\"root\": {\"threshold\": 2, \"keys\": [1, ",
         PINTLE_E_SCHEMA},
        {"\"fresh\": {\"threshold\": 1, \"keys\": [",
         "\"fresh\": {\"threshold\": 1, \"keys\": [], \"x\": [", PINTLE_E_SCHEMA},
        {"\"root\": {\"threshold\": 2, \"keys\": [",
         "\"root\": {\"threshold\": 2, \"keys\": "
         "[\"0000000000000000000000000000000000000000000000000000000000000000\", ",
         PINTLE_E_SCHEMA},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = text_with(test_root_payload(&usual_root), rows[i].from, rows[i].to);
        struct pintle_root *root;
        enum pintle_status status = parse(&root, text);
        if (status != rows[i].status)
            fail_msg("%s: %s (%s)", rows[i].to, pintle_status_name(status), err.text);
        free(text);
    }
}

static void refuses_what_is_there_twice(void **state)
{
    struct test_key r = test_key_make('r'), s = test_key_make('s');
    struct pintle_root *root;
    char *to = test_text("[\"%s\", \"%s\", ", r.id, s.id);
    char *text = text_with(test_root_payload(&usual_root), "\"keys\": [\"", "\"keys\": [\"");

    (void)state;
    text = text_with(text, "\"root\": {\"threshold\": 2, \"keys\": [",
                     "\"root\": {\"threshold\": 2, \"keys\": @");
    text = text_with(text, "@", to);
    assert_int_equal(parse(&root, text), PINTLE_E_SCHEMA);
    assert_non_null(strstr(err.text, "/roles/root/keys/2"));
    free(text);
    free(to);
    to = test_text("\"keys\": [{\"id\": \"%s\", \"alg\": \"x\"}, ", r.id);
    text = text_with(test_root_payload(&usual_root), "\"keys\": [", to);
    assert_int_equal(parse(&root, text), PINTLE_E_SCHEMA);
    assert_non_null(strstr(err.text, "/keys/1/id"));
    free(text);
    free(to);
    text = text_with(test_root_payload(&usual_root), r.id, s.id);
    assert_int_equal(parse(&root, text), PINTLE_E_SCHEMA);
    assert_non_null(strstr(err.text, "/keys/0/id"));
    free(text);
}

/* A root with so many keys, of which each of two roles has so many. */
static char *large_root(size_t keys, size_t of_role)
{
    static char names[PINTLE_ROOT_KEYS_MAX + 2];
    static char few[PINTLE_ROOT_KEYS_MAX + 2];
    struct test_root spec = {.roles = {{names, 1}, {few, 1}}};
    char *text;

    for (size_t i = 0; i < keys; i++)
        names[i] = (char)(i + 33 + (i > 0) + (i > 57));
    names[keys] = '\0';
    memcpy(few, names, of_role);
    few[of_role] = '\0';
    text = test_root_payload(&spec);
    return text;
}

/* Cut the list of keys of role root to that of pins. */
static char *cut_root_role(char *text)
{
    char *from = strstr(text, "\"root\": {"), *to = strstr(text, "\"pins\": {");
    char *out = test_text("%.*s\"root\": %s", (int)(from - text), text, to + 8);
    char *end = strstr(out, "}}");
    char *whole = test_text("%.*s}, %s", (int)(end - out), out, to);

    free(text);
    free(out);
    return whole;
}

static void has_limits(void **state)
{
    struct pintle_root *root;
    char *text = cut_root_role(large_root(PINTLE_ROOT_KEYS_MAX, PINTLE_ROLE_KEYS_MAX));

    (void)state;
    assert_int_equal(parse(&root, text), PINTLE_OK);
    assert_int_equal(root->key_count, PINTLE_ROOT_KEYS_MAX);
    assert_int_equal(root->roles[PINTLE_ROLE_ROOT].key_count, PINTLE_ROLE_KEYS_MAX);
    free(root);
    free(text);
    text = cut_root_role(large_root(PINTLE_ROOT_KEYS_MAX + 1, 1));
    assert_int_equal(parse(&root, text), PINTLE_E_LIMIT);
    assert_non_null(strstr(err.text, "/keys"));
    free(text);
    text = cut_root_role(large_root(PINTLE_ROOT_KEYS_MAX, PINTLE_ROLE_KEYS_MAX + 1));
    assert_int_equal(parse(&root, text), PINTLE_E_LIMIT);
    assert_non_null(strstr(err.text, "/roles/root/keys"));
    free(text);
    text = test_text("%*s", (int)PINTLE_ROOT_PAYLOAD_MAX_LEN + 1, "");
    assert_int_equal(parse(&root, text), PINTLE_E_LIMIT);
    free(text);
}

static void a_failing_digest_is_no_schema_error(void **state)
{
    char *text = test_root_payload(&usual_root);
    struct pintle_root *root;

    (void)state;
    assert_int_equal(pintle_root_parse(&root, test_view(text), test_crypto_failing(), &err),
                     PINTLE_E_CRYPTO);
    assert_null(root);
    free(text);
}

/* --- statements ----------------------------------------------------------------------------------- */

static void refuses_what_is_no_fresh_statement(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum pintle_status status;
    } rows[] = {
        {"{", "{", PINTLE_OK},
        {"{", "{\"x\": [], ", PINTLE_OK},
        {"{", "{\"crit\": [\"pins\"], ", PINTLE_OK},
        {"{", "{\"crit\": [\"x\"], \"x\": 1, ", PINTLE_E_CRIT},
        {"\"pintle_fresh\": 1", "\"pintle_fresh\": 2", PINTLE_E_VERSION},
        {"\"pintle_fresh\"", "\"pintle_unpin\"", PINTLE_E_SCHEMA},
        {"\"version\": 1", "\"version\": 0", PINTLE_E_SCHEMA},
        {"\"version\": 1, ", "", PINTLE_E_SCHEMA},
        {"\"pins\": \"", "\"pins\": \"0", PINTLE_E_SCHEMA},
        {"\"pins\": \"", "\"pins\": 1, \"x\": \"", PINTLE_E_SCHEMA},
        {"2026-12-21T00:00:00Z", "2026-11-21T00:00:00Z", PINTLE_E_SCHEMA},
        {"2026-12-21T00:00:00Z", "soon", PINTLE_E_TIME},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct test_doc doc = {0};
        char *text = text_with(test_fresh_payload(&doc, "x"), rows[i].from, rows[i].to);
        struct pintle__fresh *fresh;
        enum pintle_status status = pintle__fresh_parse(&fresh, test_view(text), &err);
        if (status != rows[i].status)
            fail_msg("%s: %s (%s)", rows[i].to, pintle_status_name(status), err.text);
        assert_int_equal(status == PINTLE_OK, fresh != NULL);
        free(fresh);
        free(text);
    }
}

static void refuses_what_is_no_unpin(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum pintle_status status;
    } rows[] = {
        {"{", "{", PINTLE_OK},
        {"\"reason\": \"lost key\", ", "", PINTLE_OK},
        {"\"rules\": [", "\"rules\": [], \"x\": [", PINTLE_OK},
        {"\"mode\": \"off\"", "\"mode\": \"enforce\"", PINTLE_OK},
        {"\"pintle_unpin\": 1", "\"pintle_unpin\": 0", PINTLE_E_VERSION},
        {"\"serial\": 1", "\"serial\": 0", PINTLE_E_SCHEMA},
        {"\"serial\": 1, ", "", PINTLE_E_SCHEMA},
        {"\"reason\": \"lost key\"", "\"reason\": 1", PINTLE_E_SCHEMA},
        {"\"reason\": \"lost key\"", "\"reason\": \"lost\\nkey\"", PINTLE_E_SCHEMA},
        {"\"rules\"", "\"rule\"", PINTLE_E_SCHEMA},
        {"\"rules\": [", "\"rules\": [1, ", PINTLE_E_SCHEMA},
        {"\"rules\": [", "\"rules\": [{\"id\": \"a\", \"mode\": \"off\"}, ", PINTLE_E_SCHEMA},
        {"\"id\": \"a\", ", "", PINTLE_E_SCHEMA},
        {"\"id\": \"a\"", "\"id\": \"\"", PINTLE_E_SCHEMA},
        {"\"id\": \"a\"",
         "\"id\": \"0123456789012345678901234567890123456789012345678901234567890123\"", PINTLE_OK},
        {"\"id\": \"a\"",
         "\"id\": \"01234567890123456789012345678901234567890123456789012345678901234\"",
         PINTLE_E_SCHEMA},
        {"\"mode\": \"off\"", "\"mode\": \"Off\"", PINTLE_E_SCHEMA},
        {", \"mode\": \"off\"", "", PINTLE_E_SCHEMA},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct test_doc doc = {0};
        char *text = text_with(test_unpin_payload(&doc, "[{\"id\": \"a\", \"mode\": \"off\"}]"),
                               rows[i].from, rows[i].to);
        struct pintle__unpin *unpin;
        enum pintle_status status = pintle__unpin_parse(&unpin, test_view(text), &err);
        if (status != rows[i].status)
            fail_msg("%s: %s (%s)", rows[i].to, pintle_status_name(status), err.text);
        assert_int_equal(status == PINTLE_OK, unpin != NULL);
        free(unpin);
        free(text);
    }
}

static void an_unpin_names_so_many_rules(void **state)
{
    struct test_doc doc = {0};
    struct pintle__unpin *unpin;
    char *rules = test_text("[");

    (void)state;
    for (int i = 0; i <= PINTLE_UNPIN_RULES_MAX; i++) {
        char *more =
            test_text("%s%s{\"id\": \"r%d\", \"mode\": \"report\"}", rules, i == 0 ? "" : ",", i);
        char *text;
        free(rules);
        rules = more;
        more = test_text("%s]", rules);
        text = test_unpin_payload(&doc, more);
        assert_int_equal(pintle__unpin_parse(&unpin, test_view(text), &err),
                         i < PINTLE_UNPIN_RULES_MAX ? PINTLE_OK : PINTLE_E_LIMIT);
        free(unpin);
        free(text);
        free(more);
    }
    free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_root),
        cmocka_unit_test(fresh_and_unpin_may_be_left_out),
        cmocka_unit_test(a_key_of_an_unknown_algorithm_never_counts),
        cmocka_unit_test(refuses_what_is_no_root),
        cmocka_unit_test(refuses_what_is_there_twice),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(a_failing_digest_is_no_schema_error),
        cmocka_unit_test(refuses_what_is_no_fresh_statement),
        cmocka_unit_test(refuses_what_is_no_unpin),
        cmocka_unit_test(an_unpin_names_so_many_rules),
    };

    return cmocka_run_group_tests_name("bundle root", tests, NULL, NULL);
}
