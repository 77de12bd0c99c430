/* SPDX-License-Identifier: Apache-2.0 */
#include "base/der.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* `tail` zero bytes follow the header, so that lengths have room. */
struct bad_element {
    const char *name;
    const char *header;
    size_t header_len;
    size_t tail;
    size_t offset;
    const char *text;
};

#define BAD(name, header, tail, offset, text)                                                      \
    {                                                                                              \
        name, header, sizeof(header) - 1, tail, offset, text                                       \
    }

static const struct bad_element bad_elements[] = {
    BAD("nothing", "", 0, 0, "it is missing"),
    BAD("tag alone", "\x04", 0, 1, "it: input ends before a length"),
    BAD("end of contents", "\x00\x00", 0, 0, "it: tag 0x00 is not allowed"),
    BAD("high tag, universal", "\x1f\x20", 40, 0, "it: tag 0x1f is not allowed"),
    BAD("high tag, constructed", "\x3f\x20", 40, 0, "it: tag 0x3f is not allowed"),
    BAD("high tag, private", "\xff\x20", 40, 0, "it: tag 0xff is not allowed"),
    BAD("indefinite", "\x30\x80", 2, 1, "it: indefinite length"),
    BAD("value beyond the end", "\x04\x01", 0, 1, "it: length leaves its parent"),
    BAD("value one beyond the end", "\x04\x05", 4, 1, "it: length leaves its parent"),
    BAD("81 cut", "\x04\x81", 0, 1, "it: input ends inside a length"),
    BAD("82 cut", "\x04\x82\x01", 0, 1, "it: input ends inside a length"),
    BAD("84 cut", "\x04\x84\x01\x01\x01", 0, 1, "it: input ends inside a length"),
    BAD("81 for 0", "\x04\x81\x00", 0, 1, "it: length is not in its shortest form"),
    BAD("81 for 127", "\x04\x81\x7f", 127, 1, "it: length is not in its shortest form"),
    BAD("82 for 128", "\x04\x82\x00\x80", 128, 1, "it: length is not in its shortest form"),
    BAD("82 for 255", "\x04\x82\x00\xff", 255, 1, "it: length is not in its shortest form"),
    BAD("83 for 256", "\x04\x83\x00\x01\x00", 256, 1, "it: length is not in its shortest form"),
    BAD("84 for 256", "\x04\x84\x00\x00\x01\x00", 256, 1, "it: length is not in its shortest form"),
    BAD("81 beyond the end", "\x04\x81\x80", 127, 1, "it: length leaves its parent"),
    BAD("84 all ones", "\x04\x84\xff\xff\xff\xff", 300, 1, "it: length leaves its parent"),
    BAD("84 sign bit", "\x04\x84\x80\x00\x00\x00", 300, 1, "it: length leaves its parent"),
    BAD("85", "\x04\x85\x00\x00\x00\x00\x01", 300, 1, "it: length of more than 4 bytes"),
    BAD("85 that would wrap around to 5", "\x04\x85\x01\x00\x00\x00\x05", 40, 1,
        "it: length of more than 4 bytes"),
    BAD("88 that would wrap around to 5", "\x04\x88\x01\x00\x00\x00\x00\x00\x00\x05", 40, 1,
        "it: length of more than 4 bytes"),
    BAD("88 all ones", "\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff", 300, 1,
        "it: length of more than 4 bytes"),
    BAD("reserved", "\x04\xff", 300, 1, "it: length of more than 4 bytes"),
};

static void elements_at_fault_are_refused_where_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_elements) / sizeof(bad_elements[0]); i++) {
        const struct bad_element *row = &bad_elements[i];
        uint8_t bytes[512] = {0};
        struct pintle_view view = {bytes, row->header_len + row->tail};
        struct pintle__der der = pintle__der_init(view);
        struct pintle__der_element element = {{NULL, 0}, {NULL, 0}};
        struct pintle_error err;
        memcpy(bytes, row->header, row->header_len);
        print_message("# %s\n", row->name);
        assert_false(pintle__der_next(&der, "it", &element, &err));
        assert_int_equal(err.status, PINTLE_E_DER);
        assert_string_equal(err.text, row->text);
        assert_int_equal(err.offset, row->offset);
        assert_int_equal(pintle__der_offset(&der), 0);
    }
}

static void lengths_in_their_shortest_form_are_read(void **state)
{
    static const struct {
        const char *header;
        size_t header_len;
        size_t len;
    } rows[] = {
        {"\x04\x00", 2, 0},
        {"\x04\x01", 2, 1},
        {"\x04\x7f", 2, 127},
        {"\x04\x81\x80", 3, 128},
        {"\x04\x81\xff", 3, 255},
        {"\x04\x82\x01\x00", 4, 256},
        {"\x04\x82\xff\xff", 4, 65535},
        {"\x04\x83\x01\x00\x00", 5, 65536},
    };
    static uint8_t bytes[70000];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pintle_view view = {bytes, rows[i].header_len + rows[i].len + 1};
        struct pintle__der der = pintle__der_init(view);
        struct pintle__der_element element;
        memcpy(bytes, rows[i].header, rows[i].header_len);
        assert_true(pintle__der_next(&der, "it", &element, NULL));
        assert_ptr_equal(element.all.data, bytes);
        assert_int_equal(element.all.len, rows[i].header_len + rows[i].len);
        assert_ptr_equal(element.value.data, bytes + rows[i].header_len);
        assert_int_equal(element.value.len, rows[i].len);
        assert_int_equal(pintle__der_offset(&der), element.all.len);
        assert_false(pintle__der_at_end(&der));
    }
}

static void no_bytes_at_all_are_an_end(void **state)
{
    struct pintle_view view = {NULL, 0};
    struct pintle__der der = pintle__der_init(view);
    struct pintle__der_element element;
    struct pintle_error err;

    (void)state;
    assert_true(pintle__der_at_end(&der));
    assert_false(pintle__der_peek(&der, 0));
    assert_int_equal(pintle__der_offset(&der), 0);
    assert_true(pintle__der_finish(&der, "it", &err));
    assert_false(pintle__der_next(&der, "it", &element, &err));
    assert_int_equal(err.status, PINTLE_E_DER);
    assert_int_equal(err.offset, 0);
}

static void a_child_may_not_leave_its_parent(void **state)
{
    /* The inner length fits into the input, but not into the sequence around it. */
    static const uint8_t bytes[] = {0x30, 0x03, 0x04, 0x02, 0x01, 0x02, 0x03};
    struct pintle_view view = {bytes, sizeof(bytes)};
    struct pintle__der der = pintle__der_init(view);
    struct pintle__der inner;
    struct pintle__der_element element;
    struct pintle_error err;

    (void)state;
    assert_true(pintle__der_expect(&der, 0x30, "outer", &element, &err));
    inner = pintle__der_inside(bytes, element.value);
    assert_false(pintle__der_next(&inner, "inner", &element, &err));
    assert_int_equal(err.offset, 3);
    assert_string_equal(err.text, "inner: length leaves its parent");
    assert_int_equal(pintle__der_offset(&der), 5);
}

static void offsets_inside_count_from_the_whole_input(void **state)
{
    static const uint8_t bytes[] = {0x05, 0x00, 0x30, 0x04, 0x31, 0x02, 0x05, 0x00};
    struct pintle_view view = {bytes, sizeof(bytes)};
    struct pintle__der der = pintle__der_init(view);
    struct pintle__der sequence, set;
    struct pintle__der_element element;
    struct pintle_error err;

    (void)state;
    assert_true(pintle__der_expect(&der, PINTLE__DER_NULL, "null", &element, &err));
    assert_true(pintle__der_expect(&der, PINTLE__DER_SEQUENCE, "sequence", &element, &err));
    sequence = pintle__der_inside(bytes, element.value);
    assert_true(pintle__der_expect(&sequence, PINTLE__DER_SET, "set", &element, &err));
    set = pintle__der_inside(bytes, element.value);
    assert_int_equal(pintle__der_offset(&set), 6);
    assert_false(pintle__der_finish(&set, "set", &err));
    assert_int_equal(err.offset, 6);
    assert_string_equal(err.text, "bytes after the end of set");
    assert_false(pintle__der_expect(&set, PINTLE__DER_OID, "name", &element, &err));
    assert_int_equal(err.status, PINTLE_E_DER);
    assert_int_equal(err.offset, 6);
    assert_string_equal(err.text, "name is missing");
    assert_true(pintle__der_expect(&set, PINTLE__DER_NULL, "null", &element, &err));
    assert_true(pintle__der_finish(&set, "set", &err));
}

static void peeking_does_not_move(void **state)
{
    static const uint8_t bytes[] = {0x05, 0x00};
    struct pintle_view view = {bytes, sizeof(bytes)};
    struct pintle__der der = pintle__der_init(view);

    (void)state;
    assert_true(pintle__der_peek(&der, 0x05));
    assert_false(pintle__der_peek(&der, 0x30));
    assert_int_equal(pintle__der_offset(&der), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_at_fault_are_refused_where_they_are),
        cmocka_unit_test(lengths_in_their_shortest_form_are_read),
        cmocka_unit_test(no_bytes_at_all_are_an_end),
        cmocka_unit_test(a_child_may_not_leave_its_parent),
        cmocka_unit_test(offsets_inside_count_from_the_whole_input),
        cmocka_unit_test(peeking_does_not_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
