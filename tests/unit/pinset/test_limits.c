/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit: what is just inside loads, what is just outside does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/pinset/doc.h"

/* Load and forget; the pointer must begin the text. */
static enum pintle_status status_of(struct doc *doc, const char *pointer)
{
    struct pintle_pinset *set;
    struct pintle_error err;
    enum pintle_status status = doc_parse(&set, doc, &err);

    if (status != PINTLE_OK) {
        assert_int_equal(err.status, status);
        assert_int_equal(strncmp(err.text, pointer, strlen(pointer)), 0);
    }
    pintle_pinset_free(set);
    doc_clear(doc);
    return status;
}

static void the_size_is_limited_to_256_kib_by_default(void **state)
{
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;

    (void)state;
    doc_begin(&doc);
    doc_end(&doc);
    doc_fill(&doc, ' ', PINTLE_PINSET_MAX_LEN - doc.len);
    assert_int_equal(doc.len, 262144);
    assert_int_equal(pintle_pinset_parse(&set, doc.text, doc.len, NULL, &err), PINTLE_OK);
    pintle_pinset_free(set);
    doc_fill(&doc, ' ', 1);
    assert_int_equal(pintle_pinset_parse(&set, doc.text, doc.len, NULL, &err), PINTLE_E_LIMIT);
    assert_null(set);
    assert_int_equal(err.status, PINTLE_E_LIMIT);
    doc_clear(&doc);
}

static void the_size_is_limited_before_anything_is_read(void **state)
{
    static const char text[] = "no JSON";
    struct pintle_pinset_options options = {sizeof(text) - 2, NULL};
    struct pintle_pinset *set;
    struct pintle_error err;

    (void)state;
    assert_int_equal(pintle_pinset_parse(&set, text, sizeof(text) - 1, &options, &err),
                     PINTLE_E_LIMIT);
    options.max_len++;
    assert_int_equal(pintle_pinset_parse(&set, text, sizeof(text) - 1, &options, &err),
                     PINTLE_E_JSON);
    /* 300 MB are refused by their size alone: nothing is there to be read. */
    assert_int_equal(pintle_pinset_parse(&set, text, 300000000, NULL, &err), PINTLE_E_LIMIT);
}

static enum pintle_status nest(size_t depth)
{
    struct doc doc = {NULL, 0, 0};

    /* The document itself is one level. */
    doc_begin(&doc);
    doc_add(&doc, "],'deep':");
    doc_fill(&doc, '[', depth - 1);
    doc_fill(&doc, ']', depth - 1);
    doc_add(&doc, "}");
    return status_of(&doc, "");
}

static void nesting_is_limited(void **state)
{
    (void)state;
    assert_int_equal(nest(2), PINTLE_OK);
    assert_int_equal(nest(2047), PINTLE_OK);
    assert_int_equal(nest(2048), PINTLE_E_JSON);
    assert_int_equal(nest(2049), PINTLE_E_JSON);
    assert_int_equal(nest(100000), PINTLE_E_JSON);
}

static void open_brackets_alone_are_refused(void **state)
{
    struct doc doc = {NULL, 0, 0};

    (void)state;
    doc_fill(&doc, '[', 100000);
    assert_int_equal(status_of(&doc, "maximum parsing depth"), PINTLE_E_JSON);
    for (int i = 0; i < 100000; i++)
        doc_add(&doc, "{'':");
    assert_int_equal(status_of(&doc, "maximum parsing depth"), PINTLE_E_JSON);
}

/* An array with `count` items: `item`, and for '#' in it the number from 1. */
static void add_items(struct doc *doc, const char *item, unsigned count)
{
    size_t before = strcspn(item, "#");

    for (unsigned i = 1; i <= count; i++) {
        doc_add(doc, "%s%.*s", i > 1 ? "," : "", (int)before, item);
        if (item[before] == '#')
            doc_add(doc, "%u%s", i, item + before + 1);
    }
}

/* A rule whose array called `name` has so many items. */
static enum pintle_status with_items(const char *name, const char *item, unsigned count)
{
    struct doc doc = {NULL, 0, 0};
    char pointer[64];

    doc_begin(&doc);
    doc_add(&doc, "{'id':'a'");
    if (strcmp(name, "match") != 0)
        doc_add(&doc, ",'match':['h.test']");
    if (strcmp(name, "pins") != 0)
        doc_add(&doc, ",'pins':[{'spki':'@1'}]");
    doc_add(&doc, ",'%s':[", name);
    add_items(&doc, item, count);
    doc_add(&doc, "]}");
    doc_end(&doc);
    (void)snprintf(pointer, sizeof(pointer), "/rules/0/%s: holds more than", name);
    return status_of(&doc, pointer);
}

static void arrays_are_limited(void **state)
{
    static const struct {
        const char *name;
        const char *item;
        unsigned max;
    } rows[] = {
        {"match", "'h#.test'", 4096},
        {"ports", "#", 64},
        {"pins", "{'spki':'@1','label':'#'}", 4096},
        {"deny", "'@2'", 4096},
        {"report", "'https://h#.test'", 8},
        {"crit", "'id'", 64},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(with_items(rows[i].name, rows[i].item, rows[i].max), PINTLE_OK);
        assert_int_equal(with_items(rows[i].name, rows[i].item, rows[i].max + 1), PINTLE_E_SCHEMA);
    }
}

/* A document with a string of `len` bytes where %s stands. */
static enum pintle_status with_string(const char *before, const char *after, size_t len,
                                      const char *pointer)
{
    struct doc doc = {NULL, 0, 0};

    doc_add(&doc, "%s", before);
    doc_fill(&doc, 'a', len);
    doc_add(&doc, "%s", after);
    return status_of(&doc, pointer);
}

#define DATES "'issued':'" DOC_ISSUED "','expires':'" DOC_EXPIRES "'"
#define ROOT "'pintle':1,'version':1," DATES
#define RULES "{" ROOT ",'app':'a','rules':[{'match':['h.test'],"

static void strings_are_limited(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        size_t max;
        const char *pointer;
    } rows[] = {
        {"{" ROOT ",'rules':[],'app':'", "'}", 255, "/app"},
        {RULES "'pins':[{'spki':'@1'}],'id':'", "'}]}", 64, "/rules/0/id"},
        {RULES "'id':'a','pins':[{'spki':'@1','label':'", "'}]}]}", 128, "/rules/0/pins/0/label"},
        {RULES "'id':'a','pins':[{'spki':'@1'}],'report':['https://h/", "']}]}", 2048 - 10,
         "/rules/0/report/0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(with_string(rows[i].before, rows[i].after, rows[i].max, rows[i].pointer),
                         PINTLE_OK);
        assert_int_equal(
            with_string(rows[i].before, rows[i].after, rows[i].max + 1, rows[i].pointer),
            PINTLE_E_SCHEMA);
    }
}

/* `rules` rules of 4096 patterns and 64 ports each: 2^18 keys. */
static enum pintle_status with_keys(unsigned rules)
{
    struct doc doc = {NULL, 0, 0};

    doc_begin(&doc);
    for (unsigned r = 0; r < rules; r++) {
        doc_add(&doc, "%s{'id':'%u','mode':'off','pins':[],'ports':[1", r > 0 ? "," : "", r);
        for (unsigned p = 2; p <= 64; p++)
            doc_add(&doc, ",%u", p);
        doc_add(&doc, "],'match':['%u.t'", r * 4096);
        for (unsigned m = 1; m < 4096; m++)
            doc_add(&doc, ",'%u.t'", r * 4096 + m);
        doc_add(&doc, "]}");
    }
    doc_end(&doc);
    return status_of(&doc, "/rules: ");
}

static void patterns_times_ports_are_limited(void **state)
{
    (void)state;
    assert_int_equal(with_keys(2), PINTLE_OK);
    assert_int_equal(with_keys(65), PINTLE_E_LIMIT);
}

static void a_long_pointer_leaves_room_for_the_message(void **state)
{
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;

    (void)state;
    doc_begin(&doc);
    doc_add(&doc, "],'");
    doc_fill(&doc, 'k', 1000);
    doc_add(&doc, "':{'~/':[0.5]}}");
    assert_int_equal(doc_parse(&set, &doc, &err), PINTLE_E_JSON);
    assert_int_equal(strncmp(err.text, "/kkkk", 5), 0);
    assert_non_null(strstr(err.text, "kkk: a number that is no integer"));
    assert_int_equal(doc.text[err.offset], '0');
    doc_clear(&doc);
}

static void a_long_token_loads_whole(void **state)
{
    struct doc doc = {NULL, 0, 0};
    struct pintle_pinset *set;
    struct pintle_error err;
    char *out;
    size_t len;

    (void)state;
    doc_begin(&doc);
    doc_add(&doc, "],'long':'");
    doc_fill(&doc, 'x', 100000);
    doc_add(&doc, "'}");
    assert_int_equal(doc_parse(&set, &doc, &err), PINTLE_OK);
    assert_int_equal(pintle_pinset_format(&out, &len, set, &err), PINTLE_OK);
    assert_true(len > 100000 && strlen(strstr(out, "xxx")) == 100000 + strlen("\"\n}\n"));
    free(out);
    pintle_pinset_free(set);
    doc_clear(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_is_limited_to_256_kib_by_default),
        cmocka_unit_test(the_size_is_limited_before_anything_is_read),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(open_brackets_alone_are_refused),
        cmocka_unit_test(arrays_are_limited),
        cmocka_unit_test(strings_are_limited),
        cmocka_unit_test(patterns_times_ports_are_limited),
        cmocka_unit_test(a_long_pointer_leaves_room_for_the_message),
        cmocka_unit_test(a_long_token_loads_whole),
    };

    return cmocka_run_group_tests_name("pinset limits", tests, NULL, NULL);
}
