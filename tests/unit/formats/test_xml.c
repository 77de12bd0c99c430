/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of an XML document, and what is refused before it can do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xml.h"

static struct clauses memory;
static struct pintle_error err;

static enum pintle_status parse_bytes(const struct xml_node **out, const char *text, size_t len)
{
    clauses_clear(&memory);
    err = (struct pintle_error){0};
    return xml_parse(out, &memory, text, len, &err);
}

static const struct xml_node *parse(const char *text)
{
    const struct xml_node *root;

    if (parse_bytes(&root, text, strlen(text)) != PINTLE_OK)
        fail_msg("%s: %s", text, err.text);
    assert_non_null(root);
    return root;
}

static int clear(void **unused)
{
    (void)unused;
    clauses_clear(&memory);
    return 0;
}

/* --- what is read --------------------------------------------------------------------------------- */

static void reads_elements_and_attributes(void **unused)
{
    const struct xml_node *root = parse("<a xmlns='urn:1' xmlns:q='urn:2' b='1' q:b='2'>\n"
                                        "  <b c='&lt;&amp;&#65;'/><q:c/>\n <d xmlns=''/>\n</a>\n");
    const struct xml_node *b = root->first;

    (void)unused;
    assert_string_equal(root->name, "a");
    assert_string_equal(root->space, "urn:1");
    assert_null(root->parent);
    assert_null(root->next);
    assert_string_equal(xml_attribute(root, "b"), "1");
    assert_null(xml_attribute(root, "c"));
    assert_string_equal(root->attributes->next->space, "urn:2");
    assert_null(root->attributes->next->next);
    assert_string_equal(b->name, "b");
    assert_string_equal(xml_attribute(b, "c"), "<&A");
    assert_int_equal(b->line, 2);
    assert_int_equal(b->column, 3);
    assert_ptr_equal(b->parent, root);
    assert_string_equal(b->next->space, "urn:2");
    assert_string_equal(b->next->next->space, "");
    assert_int_equal(b->next->next->line, 3);
    assert_null(b->next->next->next);
}

static void joins_text(void **unused)
{
    const struct xml_node *root =
        parse("<a> x<!-- c --> &#x20AC;<b>inner</b><![CDATA[<y>]]>\r\n</a>");
    size_t len;

    (void)unused;
    assert_string_equal(root->text, " x \xe2\x82\xac<y>\n");
    assert_string_equal(root->first->text, "inner");
    assert_ptr_equal(xml_trimmed(root, &len), root->text + 1);
    assert_int_equal(len, strlen("x \xe2\x82\xac<y>"));
    root = parse("<a> \t\r\n </a>");
    (void)xml_trimmed(root, &len);
    assert_int_equal(len, 0);
    assert_string_equal(parse("<a/>")->text, "");
}

static void tells_what_stands_in_a_text(void **unused)
{
    static const struct {
        const char *text;
        bool interrupted;
        bool split;
    } cases[] = {
        {"<a>xy</a>", false, false},
        {"<a>x&amp;y<![CDATA[z]]></a>", false, false},
        {"<a>x<!-- -->y</a>", true, true},
        {"<a>x<!-- --><!-- --> <!-- -->y</a>", true, true},
        {"<a>x<!-- --><b/>y</a>", true, true},
        {"<a><!-- -->xy</a>", true, false},
        {"<a> <!-- -->xy <!-- --> </a>", true, false},
        {"<a>x<?p q?>y</a>", true, false},
        {"<a><b>x<!-- -->y</b></a>", false, false},
        {"<a>x<b><!-- --></b>y</a>", false, false},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct xml_node *root = parse(cases[i].text);

        assert_int_equal(root->interrupted, cases[i].interrupted);
        assert_int_equal(root->split, cases[i].split);
    }
}

#define BYTES(text) text, sizeof(text) - 1

static void reads_encodings(void **unused)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {BYTES("\xef\xbb\xbf<a>\xc3\xbc</a>")},
        {BYTES("<?xml version='1.0' encoding='UTF-8'?><a>\xc3\xbc</a>")},
        {BYTES("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xfc</a>")},
        {BYTES("<?xml version='1.0' encoding='US-ASCII'?><a>&#252;</a>")},
        {BYTES("\xff\xfe<\0a\0>\0\xfc\0<\0/\0a\0>\0")},
        {BYTES("\xfe\xff\0<\0a\0>\0\xfc\0<\0/\0a\0>")},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct xml_node *root;

        assert_int_equal(parse_bytes(&root, cases[i].text, cases[i].len), PINTLE_OK);
        assert_string_equal(root->text, "\xc3\xbc");
    }
}

static void passes_over_what_declares_nothing(void **unused)
{
    (void)unused;
    assert_string_equal(parse("<!DOCTYPE a><a/>")->name, "a");
    assert_string_equal(
        parse("<!-- x --><?p q?><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/><!-- -->")->name, "a");
    assert_string_equal(parse("<!DOCTYPE plist PUBLIC '-//Apple//DTD PLIST 1.0//EN' "
                              "'http://www.apple.com/DTDs/PropertyList-1.0.dtd'><plist/>")
                            ->name,
                        "plist");
}

/* --- what is refused ------------------------------------------------------------------------------ */

static void refuses(void **unused)
{
    static const struct {
        const char *text;
        size_t len;
        const char *message;
    } cases[] = {
        {BYTES(""), "no element"},
        {BYTES(" "), "no element"},
        {BYTES("<a>"), "no element"},
        {BYTES("<a></b>"), "mismatched tag"},
        {BYTES("<a/><a/>"), "junk"},
        {BYTES("<a b='1' b='2'/>"), "duplicate attribute"},
        {BYTES("<a xmlns:p='x' xmlns:q='x' p:b='' q:b=''/>"), "duplicate attribute"},
        {BYTES("<p:a/>"), "unbound prefix"},
        {BYTES("<a xmlns:p='x&#10;y'/>"), "syntax error"},
        {BYTES("<a>\0</a>"), "not well-formed"},
        {BYTES("<a>\x01</a>"), "not well-formed"},
        {BYTES("<a>&#0;</a>"), "reference to invalid character"},
        {BYTES("<a>&#xD800;</a>"), "reference to invalid character"},
        {BYTES("<a>\xff</a>"), "not well-formed"},
        {BYTES("<a>\xc0\xaf</a>"), "not well-formed"},
        {BYTES("<a>\xed\xa0\x80</a>"), "not well-formed"},
        {BYTES("<a><!-- -- --></a>"), "not well-formed"},
        {BYTES("<?xml version='1.0' encoding='klingon'?><a/>"), "unknown encoding"},
        {BYTES("<?xml version='1.0' encoding='UTF-16'?><a/>"), "encoding"},
        {BYTES("<a>&nbsp;</a>"), "undefined entity"},
        {BYTES("<!DOCTYPE a SYSTEM 'a.dtd'><a>&b;</a>"), "an entity that XML does not have"},
        {BYTES("<!DOCTYPE a []><a/>"), "with declarations"},
        {BYTES("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "with declarations"},
        {BYTES("<!DOCTYPE a [<!ENTITY % b SYSTEM 'c'> %b;]><a/>"), "with declarations"},
        {BYTES("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
         "with declarations"},
        {BYTES("<!DOCTYPE a SYSTEM 'x' [<!ATTLIST a b CDATA 'c'>]><a/>"), "with declarations"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct xml_node *root = (const void *)cases;
        enum pintle_status status = parse_bytes(&root, cases[i].text, cases[i].len);

        if (status != PINTLE_E_SCHEMA || strstr(err.text, cases[i].message) == NULL)
            fail_msg("%zu, %s: status %d, %s", i, cases[i].text, (int)status, err.text);
        assert_null(root);
        assert_int_equal(err.status, PINTLE_E_SCHEMA);
        assert_true(err.line >= 1 && err.column >= 1);
    }
}

static void says_where(void **unused)
{
    const struct xml_node *root;

    (void)unused;
    assert_int_equal(parse_bytes(&root, BYTES("<a>\n  <b></a>\n")), PINTLE_E_SCHEMA);
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 8);
    assert_int_equal(parse_bytes(&root, BYTES("<!DOCTYPE a\n[<!ENTITY b 'c'>]><a/>")),
                     PINTLE_E_SCHEMA);
    assert_int_equal(err.line, 2);
    assert_int_equal(xml_parse(&root, &memory, "<", 1, NULL), PINTLE_E_SCHEMA);
}

/* --- limits --------------------------------------------------------------------------------------- */

static enum pintle_status parse_many(const char *before, const char *each, size_t count,
                                     const char *end, size_t end_count, const char *after)
{
    const struct xml_node *root;
    struct text text = {0};
    enum pintle_status status;

    text_add(&text, before);
    for (size_t i = 0; i < count; i++)
        text_add(&text, each);
    for (size_t i = 0; i < end_count; i++)
        text_add(&text, end);
    text_add(&text, after);
    status = parse_bytes(&root, text.data, text.len);
    text_clear(&text);
    return status;
}

static void bounds_depth(void **unused)
{
    (void)unused;
    assert_int_equal(parse_many("", "<a>", XML_DEPTH_MAX, "</a>", XML_DEPTH_MAX, ""), PINTLE_OK);
    assert_int_equal(parse_many("", "<a>", XML_DEPTH_MAX + 1, "</a>", XML_DEPTH_MAX + 1, ""),
                     PINTLE_E_LIMIT);
    assert_string_equal(err.text, "elements are nested too deep");
    assert_int_equal(err.column, 3 * XML_DEPTH_MAX + 1);
    /* What never ends is not read to its end. */
    assert_int_equal(parse_many("", "<a>", 1000000, "", 0, ""), PINTLE_E_LIMIT);
}

static void bounds_elements(void **unused)
{
    (void)unused;
    assert_int_equal(parse_many("<r>", "<a/>", XML_NODES_MAX - 1, "", 0, "</r>"), PINTLE_OK);
    assert_int_equal(parse_many("<r>", "<a/>", XML_NODES_MAX, "", 0, "</r>"), PINTLE_E_LIMIT);
    assert_string_equal(err.text, "there are too many elements");
}

/* Ten entities of ten of the one before, and one that is long: neither is made larger than it stands. */
static void bombs_do_not_go_off(void **unused)
{
    struct text text = {0};
    const struct xml_node *root;

    (void)unused;
    text_add(&text, "<!DOCTYPE a [<!ENTITY e0 'aaaaaaaaaa'>");
    for (int i = 1; i < 10; i++) {
        text_printf(&text, "<!ENTITY e%d '", i);
        for (int j = 0; j < 10; j++)
            text_printf(&text, "&e%d;", i - 1);
        text_add(&text, "'>");
    }
    text_add(&text, "]><a>&e9;</a>");
    assert_int_equal(parse_bytes(&root, text.data, text.len), PINTLE_E_SCHEMA);
    assert_string_equal(err.text, "a document type with declarations is refused");
    text_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_elements_and_attributes, clear),
        cmocka_unit_test_teardown(joins_text, clear),
        cmocka_unit_test_teardown(tells_what_stands_in_a_text, clear),
        cmocka_unit_test_teardown(reads_encodings, clear),
        cmocka_unit_test_teardown(passes_over_what_declares_nothing, clear),
        cmocka_unit_test_teardown(refuses, clear),
        cmocka_unit_test_teardown(says_where, clear),
        cmocka_unit_test_teardown(bounds_depth, clear),
        cmocka_unit_test_teardown(bounds_elements, clear),
        cmocka_unit_test_teardown(bombs_do_not_go_off, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
