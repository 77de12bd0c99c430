/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/pinset/doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/fake_cert.h"
#include "kit/files.h"
#include "kit/test_crypto.h"

static void reserve(struct doc *doc, size_t more)
{
    if (doc->size - doc->len > more)
        return;
    doc->size = doc->size * 2 + more + 1;
    doc->text = realloc(doc->text, doc->size);
    assert_non_null(doc->text);
}

static void put(struct doc *doc, const char *text, size_t len)
{
    reserve(doc, len);
    memcpy(doc->text + doc->len, text, len);
    doc->len += len;
    doc->text[doc->len] = '\0';
}

void doc_add(struct doc *doc, const char *format, ...)
{
    char text[4096];
    char pin_text[PINTLE_PIN_TEXT_SIZE];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert_true(len >= 0 && (size_t)len < sizeof(text));
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '@') {
            struct pintle_pin pin = fake_cert_pin((unsigned char)*++c);
            put(doc, pintle_pin_format(&pin, pin_text), PINTLE_PIN_TEXT_SIZE - 1);
        } else {
            put(doc, *c == '\'' ? "\"" : c, 1);
        }
    }
}

void doc_fill(struct doc *doc, char byte, size_t count)
{
    reserve(doc, count);
    memset(doc->text + doc->len, byte, count);
    doc->len += count;
    doc->text[doc->len] = '\0';
}

void doc_begin(struct doc *doc)
{
    doc_begin_with(doc, "");
}

void doc_begin_with(struct doc *doc, const char *members)
{
    doc_add(doc,
            "{'pintle':1,'app':'com.example.test','version':7,'issued':'" DOC_ISSUED
            "','expires':'" DOC_EXPIRES "',%s'rules':[",
            members);
}

void doc_end(struct doc *doc)
{
    doc_add(doc, "]}");
}

void doc_clear(struct doc *doc)
{
    free(doc->text);
    memset(doc, 0, sizeof(*doc));
}

enum pintle_status doc_parse(struct pintle_pinset **out, const struct doc *doc,
                             struct pintle_error *err)
{
    struct pintle_pinset_options options = {doc->len + 1, test_crypto()};

    memset(err, 0, sizeof(*err));
    return pintle_pinset_parse(out, doc->text, doc->len, &options, err);
}

struct pintle_pinset *doc_load(const char *rules)
{
    return doc_load_with("", rules);
}

struct pintle_pinset *doc_load_with(const char *members, const char *rules)
{
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;

    doc_begin_with(&doc, members);
    doc_add(&doc, "%s", rules);
    doc_end(&doc);
    if (doc_parse(&set, &doc, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    doc_clear(&doc);
    return set;
}

struct pintle_pinset *doc_load_vector(const char *folder, const char *name)
{
    struct pintle_pinset_options options = {0, test_crypto()};
    struct pintle_pinset *set;
    struct pintle_error err;
    char path[256];
    size_t len;
    char *text;

    (void)snprintf(path, sizeof(path), "vectors/pinset/%s/%s.json", folder, name);
    text = (char *)test_file_read(path, &len);
    if (pintle_pinset_parse(&set, text, len, &options, &err) != PINTLE_OK)
        fail_msg("%s: %s", path, err.text);
    free(text);
    return set;
}

const char *doc_find(const struct pintle_pinset *set, const char *host, uint16_t port)
{
    const struct pintle_rule *rule;
    struct pintle_host parsed;

    if (pintle_host_parse(&parsed, host, strlen(host), NULL) != PINTLE_OK)
        fail_msg("%s is no host", host);
    rule = pintle_pinset_find(set, &parsed, port);
    return rule == NULL ? "-" : rule->id;
}

/* --- comparing ----------------------------------------------------------------------------------
 */

static void assert_equal_strings(const char *const *a, const char *const *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_string_equal(a[i], b[i]);
}

static void assert_equal_pins(const struct pintle_rule *a, const struct pintle_rule *b)
{
    assert_int_equal(a->pin_count, b->pin_count);
    for (uint32_t i = 0; i < a->pin_count; i++) {
        assert_true(pintle_pin_equal(&a->pins[i].pin, &b->pins[i].pin));
        assert_int_equal(a->pins[i].at, b->pins[i].at);
        assert_int_equal(a->pins[i].until, b->pins[i].until);
        assert_string_equal(a->pins[i].label, b->pins[i].label);
        assert_int_equal(a->pins[i].backup, b->pins[i].backup);
    }
    assert_int_equal(a->deny_count, b->deny_count);
    for (uint32_t i = 0; i < a->deny_count; i++)
        assert_true(pintle_pin_equal(&a->deny[i], &b->deny[i]));
}

static void assert_equal_rules(const struct pintle_rule *a, const struct pintle_rule *b)
{
    assert_string_equal(a->id, b->id);
    assert_int_equal(a->match_count, b->match_count);
    assert_equal_strings(a->match, b->match, a->match_count);
    assert_int_equal(a->port_count, b->port_count);
    for (uint32_t i = 0; i < a->port_count; i++)
        assert_int_equal(a->ports[i], b->ports[i]);
    assert_equal_pins(a, b);
    assert_int_equal(a->report_count, b->report_count);
    assert_equal_strings(a->report, b->report, a->report_count);
    assert_int_equal(a->enforce_until, b->enforce_until);
    assert_int_equal(a->ends, b->ends);
    assert_int_equal(a->learn_at, b->learn_at);
    assert_int_equal(a->learn_days, b->learn_days);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->after, b->after);
    assert_int_equal(a->trust, b->trust);
}

void doc_assert_equal(const struct pintle_pinset *a, const struct pintle_pinset *b)
{
    assert_string_equal(pintle_pinset_get_app(a), pintle_pinset_get_app(b));
    assert_int_equal(pintle_pinset_get_epoch(a), pintle_pinset_get_epoch(b));
    assert_int_equal(pintle_pinset_get_version(a), pintle_pinset_get_version(b));
    assert_int_equal(pintle_pinset_get_hard_ttl(a), pintle_pinset_get_hard_ttl(b));
    assert_int_equal(pintle_pinset_get_overlap(a), pintle_pinset_get_overlap(b));
    assert_int_equal(pintle_pinset_get_issued(a), pintle_pinset_get_issued(b));
    assert_int_equal(pintle_pinset_get_expires(a), pintle_pinset_get_expires(b));
    assert_int_equal(pintle_pinset_get_rule_count(a), pintle_pinset_get_rule_count(b));
    for (size_t i = 0; i < pintle_pinset_get_rule_count(a); i++)
        assert_equal_rules(pintle_pinset_get_rule(a, i), pintle_pinset_get_rule(b, i));
}
