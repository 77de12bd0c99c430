/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted and what it means; what is refused, why and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/files.h"
#include "kit/test_crypto.h"
#include "kit/vectors.h"
#include "unit/pinset/doc.h"

static char *read_vector(const char *folder, const char *name, size_t *len)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "vectors/pinset/%s/%s.json", folder, name);
    return (char *)test_file_read(path, len);
}

static bool check_accepted(const struct vector *row)
{
    size_t len;
    char *text = read_vector("accept", row->field[0].text, &len);
    struct pintle_pinset *set;
    struct pintle_error err;
    enum pintle_status status = pintle_pinset_parse(&set, text, len, NULL, &err);
    bool good;

    free(text);
    if (status != PINTLE_OK)
        return vector_fail(row, "%s %s", pintle_status_name(status), err.text);
    good = vector_is(row, 1, pintle_pinset_get_app(set)) &&
           vector_number(row, 2) == (size_t)pintle_pinset_get_version(set) &&
           vector_number(row, 3) == pintle_pinset_get_rule_count(set);
    pintle_pinset_free(set);
    return good || vector_fail(row, "other app, version or count of rules");
}

static void every_document_to_accept_loads(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("pinset/accept.txt", 4, 4, check_accepted), 0);
}

/* The text begins with the pointer, and says more. */
static bool has_pointer(const struct pintle_error *err, const struct vector_field *pointer)
{
    if (pointer->len == 0)
        return err->text[0] != '\0' && err->text[0] != '/';
    return strncmp(err->text, pointer->text, pointer->len) == 0 &&
           strncmp(err->text + pointer->len, ": ", 2) == 0 && err->text[pointer->len + 2] != '\0';
}

static bool check_refused(const struct vector *row)
{
    size_t len;
    char *text = read_vector("refuse", row->field[0].text, &len);
    struct pintle_pinset *set = (void *)&len; /* must become NULL */
    struct pintle_error err;
    enum pintle_status status = pintle_pinset_parse(&set, text, len, NULL, &err);
    enum pintle_status without = pintle_pinset_parse(&set, text, len, NULL, NULL);

    free(text);
    if (status == PINTLE_OK || set != NULL)
        return vector_fail(row, "accepted");
    if (without != status)
        return vector_fail(row, "another status without an error to fill");
    if (vector_number(row, 2) != err.line || vector_number(row, 3) != err.column)
        return vector_fail(row, "line %u, column %u: %s", err.line, err.column, err.text);
    if (!has_pointer(&err, &row->field[5]))
        return vector_fail(row, "says %s", err.text);
    return vector_is(row, 1, pintle_status_name(status)) && vector_number(row, 4) == err.offset
               ? true
               : vector_fail(row, "%s at %zu: %s", pintle_status_name(status), err.offset,
                             err.text);
}

static void every_document_to_refuse_is_refused_where_it_is_wrong(void **state)
{
    (void)state;
    assert_int_equal(vectors_run("pinset/refuse.txt", 6, 6, check_refused), 0);
}

static void all_members_are_read(void **state)
{
    struct pintle_pinset *set = doc_load_vector("accept", "all-members");
    const struct pintle_rule *rule = pintle_pinset_get_rule(set, 0);

    (void)state;
    assert_string_equal(pintle_pinset_get_app(set), "com.example.shop");
    assert_int_equal(pintle_pinset_get_version(set), INT64_MAX);
    assert_int_equal(pintle_pinset_get_issued(set), 0);
    assert_int_equal(pintle_pinset_get_expires(set), INT64_C(253402300799));
    assert_string_equal(rule->id, "Api_1.v-2");
    assert_int_equal(rule->match_count, 5);
    assert_string_equal(rule->match[1], "*.api.example.com");
    assert_string_equal(rule->match[4], "2001:db8::1");
    assert_int_equal(rule->port_count, 3);
    assert_int_equal(rule->ports[0], 443);
    assert_int_equal(rule->ports[1], 65535);
    assert_int_equal(rule->ports[2], 1);
    assert_int_equal(rule->mode, PINTLE_MODE_ENFORCE);
    assert_int_equal(rule->after, PINTLE_MODE_OFF);
    assert_int_equal(rule->trust, PINTLE_TRUST_PKIX);
    assert_int_equal(rule->enforce_until, 1819756800);
    assert_int_equal(rule->report_count, 2);
    assert_string_equal(rule->report[1], "HTTP://[2001:db8::2]:8080/?a=b#c");
    assert_int_equal(rule->deny_count, 1);
    pintle_pinset_free(set);
}

static void all_members_of_pins_are_read(void **state)
{
    struct pintle_pinset *set = doc_load_vector("accept", "all-members");
    const struct pintle_rule *rule = pintle_pinset_get_rule(set, 0);

    (void)state;
    assert_int_equal(rule->pin_count, 3);
    assert_int_equal(rule->pins[0].at, PINTLE_AT_LEAF);
    assert_string_equal(rule->pins[0].label, "2026 key");
    assert_false(rule->pins[0].backup);
    assert_int_equal(rule->pins[1].at, PINTLE_AT_CA);
    assert_int_equal(rule->pins[2].at, PINTLE_AT_ANY);
    assert_string_equal(rule->pins[2].label, "");
    assert_true(rule->pins[2].backup);
    assert_false(pintle_pin_equal(&rule->pins[0].pin, &rule->pins[1].pin));
    assert_null(pintle_pinset_get_rule(set, 1));
    pintle_pinset_free(set);
}

#define DAY_S INT64_C(86400)

static void a_rule_ends_with_whatever_comes_first(void **state)
{
    struct pintle_pinset *set = doc_load_vector("accept", "living");
    const int64_t issued = pintle_pinset_get_issued(set);
    const int64_t hard_end = issued + 180 * DAY_S;
    const struct {
        const char *id;
        int64_t ends;
    } rows[] = {
        {"bounded", hard_end}, {"sooner", hard_end - 1},
        {"later", hard_end},   {"for-ever", hard_end},            /* where nothing changes */
        {"off", PINTLE_NEVER}, {"hardens", issued + 284 * DAY_S}, /* not earlier than it says */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct pintle_rule *rule = pintle_pinset_get_rule(set, i);

        assert_string_equal(rule->id, rows[i].id);
        assert_int_equal(rule->ends, rows[i].ends);
        assert_int_equal(rule->unpin_until, 0);
    }
    assert_int_equal(pintle_pinset_count_enforced(set, hard_end - 2), 6);
    assert_int_equal(pintle_pinset_count_enforced(set, hard_end - 1), 5);
    assert_int_equal(pintle_pinset_count_enforced(set, hard_end), 1);
    assert_int_equal(pintle_pinset_count_enforced(set, issued + 284 * DAY_S), 2);
    pintle_pinset_free(set);
}

static void the_members_of_living_pin_sets_are_read(void **state)
{
    struct pintle_pinset *set = doc_load_vector("accept", "living");
    const struct pintle_rule_pin *pins = pintle_pinset_get_rule(set, 0)->pins;

    (void)state;
    assert_int_equal(pintle_pinset_get_epoch(set), INT64_MAX);
    assert_int_equal(pintle_pinset_get_hard_ttl(set), 180 * DAY_S);
    assert_int_equal(pintle_pinset_get_overlap(set), 14 * DAY_S);
    assert_int_equal(pintle_pinset_get_fresh_until(set), pintle_pinset_get_expires(set));
    assert_true(pins[0].until == PINTLE_NEVER);
    assert_int_equal(pins[1].until, pintle_pinset_get_issued(set) + 100 * DAY_S);
    assert_string_equal(pins[1].label, "2026 key");
    pintle_pinset_free(set);
}

static void rules_that_learn_are_read(void **state)
{
    struct pintle_pinset *set = doc_load_vector("accept", "living");
    const struct pintle_rule *leaf = pintle_pinset_get_rule(set, 6);
    const struct pintle_rule *ca = pintle_pinset_get_rule(set, 7);
    const struct pintle_rule *key = pintle_pinset_get_rule(set, 8);

    (void)state;
    assert_int_equal(leaf->trust, PINTLE_TRUST_TOFU);
    assert_int_equal(leaf->learn_at, PINTLE_AT_LEAF);
    assert_int_equal(leaf->learn_days, 90);
    assert_int_equal(leaf->pin_count, 0);
    assert_int_equal(ca->trust, PINTLE_TRUST_TOFU);
    assert_int_equal(ca->learn_at, PINTLE_AT_CA);
    assert_int_equal(ca->learn_days, 730);
    assert_int_equal(ca->pin_count, 1);
    assert_int_equal(key->trust, PINTLE_TRUST_TOFU_KEY);
    assert_int_equal(key->learn_at, PINTLE_AT_LEAF);
    assert_int_equal(key->learn_days, 1);
    pintle_pinset_free(set);
}

/* No sum runs over, and none is a time that no text can say. */
static void the_longest_spans_have_no_end(void **state)
{
    struct pintle_pinset *set = doc_load_vector("accept", "spans");
    struct pintle_pinset *least = doc_load_vector("accept", "spans-least");

    (void)state;
    assert_int_equal(pintle_pinset_get_hard_ttl(set), INT64_C(253402300799));
    assert_int_equal(pintle_pinset_get_overlap(set), INT64_C(253402300799));
    assert_true(pintle_pinset_get_rule(set, 0)->ends == PINTLE_NEVER);
    assert_int_equal(pintle_pinset_get_rule(set, 0)->pins[0].until, 0);
    assert_int_equal(pintle_pinset_get_rule(least, 0)->ends, INT64_C(253402300799));
    pintle_pinset_free(set);
    pintle_pinset_free(least);
}

static void what_is_absent_has_its_default(void **state)
{
    struct pintle_pinset *set = doc_load("{'id':'a','match':['h.test'],'pins':[{'spki':'@1'}]}");
    const struct pintle_rule *rule = pintle_pinset_get_rule(set, 0);

    (void)state;
    assert_int_equal(rule->mode, PINTLE_MODE_ENFORCE);
    assert_int_equal(rule->after, PINTLE_MODE_REPORT);
    assert_int_equal(rule->trust, PINTLE_TRUST_PKIX);
    assert_true(rule->enforce_until == PINTLE_NEVER);
    assert_true(rule->ends == PINTLE_NEVER);
    assert_int_equal(rule->learn_at, PINTLE_AT_LEAF);
    assert_int_equal(rule->learn_days, 0);
    assert_true(rule->pins[0].until == PINTLE_NEVER);
    assert_int_equal(pintle_pinset_get_epoch(set), 1);
    assert_true(pintle_pinset_get_hard_ttl(set) == PINTLE_NEVER);
    assert_int_equal(pintle_pinset_get_overlap(set), 0);
    assert_int_equal(rule->port_count, 0);
    assert_int_equal(rule->deny_count, 0);
    assert_int_equal(rule->report_count, 0);
    assert_int_equal(rule->pins[0].at, PINTLE_AT_ANY);
    assert_string_equal(rule->pins[0].label, "");
    assert_false(rule->pins[0].backup);
    pintle_pinset_free(set);
}

static void every_form_of_pin_is_the_same_key(void **state)
{
    struct pintle_pinset *set = doc_load_vector("accept", "pin-forms");
    const struct pintle_rule *rule = pintle_pinset_get_rule(set, 0);

    (void)state;
    assert_int_equal(rule->pin_count, 8);
    assert_int_equal(rule->deny_count, 8);
    for (uint32_t i = 0; i < rule->pin_count; i++) {
        assert_true(pintle_pin_equal(&rule->pins[i].pin, &rule->pins[0].pin));
        assert_true(pintle_pin_equal(&rule->deny[i], &rule->pins[0].pin));
    }
    pintle_pinset_free(set);
}

static void strings_that_are_shared_stay_apart(void **state)
{
    struct doc doc = {NULL, 0, 0};
    const struct pintle_rule_pin *pins;
    struct pintle_pinset *set;
    struct pintle_error err;
    char label[16];

    (void)state;
    doc_begin(&doc);
    doc_add(&doc, "{'id':'a','match':['h.test'],'pins':[{'spki':'@1','label':'label 0'}");
    for (unsigned i = 1; i < 1000; i++)
        doc_add(&doc, ",{'spki':'@1','label':'label %u'}", i / 2);
    doc_add(&doc, "]}");
    doc_end(&doc);
    assert_int_equal(doc_parse(&set, &doc, &err), PINTLE_OK);
    pins = pintle_pinset_get_rule(set, 0)->pins;
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(label, sizeof(label), "label %u", i / 2);
        assert_string_equal(pins[i].label, label);
    }
    assert_ptr_equal(pins[998].label, pins[999].label);
    pintle_pinset_free(set);
    doc_clear(&doc);
}

static void the_digest_is_that_of_the_bytes(void **state)
{
    static const char text[] =
        "{\"pintle\":1,\"app\":\"a\",\"version\":1,\"issued\":\"2026-01-01T00:00:00Z\","
        "\"expires\":\"2027-01-01T00:00:00Z\",\"rules\":[]}";
    struct pintle_pinset_options options = {0, test_crypto()};
    uint8_t digest[PINTLE_DIGEST_LEN];
    struct pintle_pinset *set;

    (void)state;
    assert_true(options.crypto->sha256(NULL, (const uint8_t *)text, sizeof(text) - 1, digest));
    assert_int_equal(pintle_pinset_parse(&set, text, sizeof(text) - 1, &options, NULL), PINTLE_OK);
    assert_memory_equal(pintle_pinset_get_digest(set), digest, sizeof(digest));
    pintle_pinset_free(set);
    options.crypto = NULL;
    assert_int_equal(pintle_pinset_parse(&set, text, sizeof(text) - 1, &options, NULL), PINTLE_OK);
    assert_null(pintle_pinset_get_digest(set));
    pintle_pinset_free(set);
}

static void a_digest_that_fails_refuses(void **state)
{
    struct pintle_pinset_options options = {0, test_crypto_failing()};
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;

    (void)state;
    doc_begin(&doc);
    doc_end(&doc);
    assert_int_equal(pintle_pinset_parse(&set, doc.text, doc.len, &options, &err), PINTLE_E_CRYPTO);
    assert_null(set);
    assert_int_equal(err.status, PINTLE_E_CRYPTO);
    doc_clear(&doc);
}

static void an_owner_more_keeps_the_set(void **state)
{
    struct pintle_pinset *set = doc_load("{'id':'a','match':['h.test'],'pins':[{'spki':'@1'}]}");
    const struct pintle_pinset *again = pintle_pinset_retain(set);

    (void)state;
    assert_ptr_equal(again, set);
    pintle_pinset_free(set);
    assert_string_equal(doc_find(again, "h.test", 443), "a");
    pintle_pinset_free(again);
    pintle_pinset_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_document_to_accept_loads),
        cmocka_unit_test(every_document_to_refuse_is_refused_where_it_is_wrong),
        cmocka_unit_test(all_members_are_read),
        cmocka_unit_test(all_members_of_pins_are_read),
        cmocka_unit_test(the_members_of_living_pin_sets_are_read),
        cmocka_unit_test(a_rule_ends_with_whatever_comes_first),
        cmocka_unit_test(rules_that_learn_are_read),
        cmocka_unit_test(the_longest_spans_have_no_end),
        cmocka_unit_test(what_is_absent_has_its_default),
        cmocka_unit_test(every_form_of_pin_is_the_same_key),
        cmocka_unit_test(strings_that_are_shared_stay_apart),
        cmocka_unit_test(the_digest_is_that_of_the_bytes),
        cmocka_unit_test(a_digest_that_fails_refuses),
        cmocka_unit_test(an_owner_more_keeps_the_set),
    };

    return cmocka_run_group_tests_name("pinset load", tests, NULL, NULL);
}
