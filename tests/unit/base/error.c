/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pintle/version.h>

/* Exactly as long as an error text can be, without its NUL. */
#define TEXT_MAX (PINTLE_ERROR_TEXT_SIZE - 1)

static struct pintle_error rubbish(void)
{
    struct pintle_error err;

    memset(&err, 0xa5, sizeof(err));
    return err;
}

static const char *printed(struct pintle_error *err, const char *text)
{
    *err = rubbish();
    pintle__error_set(err, PINTLE_E_JSON, "%s", text);
    return err->text;
}

static void setting_an_error_clears_all_but_status_and_text(void **state)
{
    struct pintle_error err = rubbish();

    (void)state;
    pintle__error_set(&err, PINTLE_E_KEY, "key %d of %s", 3, "four");
    assert_int_equal(err.status, PINTLE_E_KEY);
    assert_int_equal(err.index, 0);
    assert_int_equal(err.offset, 0);
    assert_int_equal(err.line, 0);
    assert_int_equal(err.column, 0);
    assert_string_equal(err.text, "key 3 of four");
}

static void an_offset_is_kept(void **state)
{
    struct pintle_error err = rubbish();

    (void)state;
    pintle__error_at(&err, PINTLE_E_DER, 4711, "here");
    assert_int_equal(err.status, PINTLE_E_DER);
    assert_int_equal(err.offset, 4711);
    assert_int_equal(err.index, 0);
    assert_string_equal(err.text, "here");
}

static void no_error_is_wanted_is_fine(void **state)
{
    (void)state;
    pintle__error_set(NULL, PINTLE_E_DER, "%s", "unseen");
    pintle__error_at(NULL, PINTLE_E_DER, 1, "%s", "unseen");
}

static void control_characters_become_question_marks(void **state)
{
    struct pintle_error err;

    (void)state;
    assert_string_equal(printed(&err, "a\nb\tc\033[31md\x7f"), "a?b?c?[31md?");
    assert_string_equal(printed(&err, "csi \xc2\x9b"
                                      "31m"),
                        "csi ??31m");
}

static void text_that_is_no_utf_8_becomes_question_marks(void **state)
{
    struct pintle_error err;

    (void)state;
    assert_string_equal(printed(&err, "\xff\xfe"), "??");
    assert_string_equal(printed(&err, "\xc0\xaf"), "??");
    assert_string_equal(printed(&err, "\xe0\x80\xaf"), "???");
    assert_string_equal(printed(&err, "\xed\xa0\x80"), "???");
    assert_string_equal(printed(&err, "\xf0\x80\x80\x80"), "????");
    assert_string_equal(printed(&err, "\xf4\x90\x80\x80"), "????");
    assert_string_equal(printed(&err, "\xe2\x80"), "??");
    assert_string_equal(printed(&err, "\xc3("), "?(");
}

static void utf_8_stays(void **state)
{
    struct pintle_error err;

    (void)state;
    assert_string_equal(printed(&err, "b\xc3\xbc"
                                      "cher \xe2\x80\xa6 \xf0\x9f\x94\x91"),
                        "b\xc3\xbc"
                        "cher \xe2\x80\xa6 \xf0\x9f\x94\x91");
}

static void a_text_that_just_fits_is_whole(void **state)
{
    struct pintle_error err;
    char text[TEXT_MAX + 1];

    (void)state;
    memset(text, 'a', TEXT_MAX);
    text[TEXT_MAX] = '\0';
    assert_string_equal(printed(&err, text), text);
}

static void a_long_text_is_cut_behind_a_whole_character(void **state)
{
    static const char *const characters[] = {"a", "\xc3\xbc", "\xe2\x80\xa6", "\xf0\x9f\x94\x91"};

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        size_t len = strlen(characters[c]);
        for (size_t start = TEXT_MAX - 4; start <= TEXT_MAX; start++) {
            struct pintle_error err;
            char text[2 * PINTLE_ERROR_TEXT_SIZE];
            size_t kept = start + len <= TEXT_MAX ? start + len : start;
            memset(text, 'x', start);
            (void)snprintf(text + start, sizeof(text) - start, "%s\xc3\xbc%s", characters[c],
                           "yyyyyyyy");
            (void)printed(&err, text);
            assert_true(strlen(err.text) >= kept && strlen(err.text) <= TEXT_MAX);
            assert_memory_equal(err.text, text, strlen(err.text));
            assert_null(strchr(err.text, '?'));
        }
    }
}

static void every_status_has_its_name_and_text(void **state)
{
    (void)state;
#define CHECK(name, value, words)                                                                  \
    assert_int_equal(PINTLE_##name, value);                                                        \
    assert_string_equal(pintle_status_name(PINTLE_##name), #name);                                 \
    assert_string_equal(pintle_status_text(PINTLE_##name), words);
    PINTLE_STATUS_MAP(CHECK)
#undef CHECK
    assert_string_equal(pintle_status_name(PINTLE_OK), "OK");
    assert_string_equal(pintle_status_text(PINTLE_OK), "success");
}

static void an_unknown_status_has_a_name_too(void **state)
{
    (void)state;
    assert_string_equal(pintle_status_name((enum pintle_status)0x7fff), "E_UNKNOWN");
    assert_string_equal(pintle_status_text((enum pintle_status)0x7fff), "unknown status");
}

static void the_library_says_the_version_of_its_headers(void **state)
{
    char text[64];

    (void)state;
    (void)snprintf(text, sizeof(text), "%d.%d.%d", PINTLE_VERSION_MAJOR, PINTLE_VERSION_MINOR,
                   PINTLE_VERSION_PATCH);
    assert_string_equal(pintle_version(), PINTLE_VERSION);
    assert_string_equal(pintle_version(), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_clears_all_but_status_and_text),
        cmocka_unit_test(an_offset_is_kept),
        cmocka_unit_test(no_error_is_wanted_is_fine),
        cmocka_unit_test(control_characters_become_question_marks),
        cmocka_unit_test(text_that_is_no_utf_8_becomes_question_marks),
        cmocka_unit_test(utf_8_stays),
        cmocka_unit_test(a_text_that_just_fits_is_whole),
        cmocka_unit_test(a_long_text_is_cut_behind_a_whole_character),
        cmocka_unit_test(every_status_has_its_name_and_text),
        cmocka_unit_test(an_unknown_status_has_a_name_too),
        cmocka_unit_test(the_library_says_the_version_of_its_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
