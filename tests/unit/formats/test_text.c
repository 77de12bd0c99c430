/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing that stands in a pin-set gets out of the place it is written to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

static void grows(void **unused)
{
    struct text text = {0};

    (void)unused;
    for (int i = 0; i < 10000; i++)
        text_printf(&text, "%04d", i);
    assert_false(text.failed);
    assert_int_equal(text.len, 40000);
    assert_memory_equal(text.data + 39996, "9999", 5);
    text_clear(&text);
    assert_null(text.data);
}

static void want_of_memory_is_remembered(void **unused)
{
    struct text text = {0};

    (void)unused;
    text_add_bytes(&text, "x", SIZE_MAX / 2);
    assert_true(text.failed);
    text_add(&text, "more");
    assert_int_equal(text.len, 0);
    text_clear(&text);
}

static void escapes(void **unused)
{
    struct text text = {0};

    (void)unused;
    text_add_xml(&text, "xn--a<b>&\"c\"");
    assert_string_equal(text.data, "xn--a&lt;b&gt;&amp;&quot;c&quot;");
    text_clear(&text);
    text_add_xml_comment(&text, "a<b>&\"c\" --> ---");
    assert_string_equal(text.data, "a&lt;b&gt;&amp;&quot;c&quot; - -&gt; - - -");
    text_clear(&text);
    text_add_quoted(&text, "a\"b\\c$d", TEXT_DOLLAR_PLAIN);
    assert_string_equal(text.data, "\"a\\\"b\\\\c$d\"");
    text_clear(&text);
    text_add_quoted(&text, "${d}", TEXT_DOLLAR_ESCAPED);
    assert_string_equal(text.data, "\"\\${d}\"");
    text_clear(&text);
    text_add_comment(&text, "a\nb\\u000ac\xe2\x80\xa8 */ ~");
    assert_string_equal(text.data, "a?b?u000ac??? */ ~");
    text_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(want_of_memory_is_remembered),
        cmocka_unit_test(escapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
