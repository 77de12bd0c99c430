/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and writing when memory runs out. Linked with --wrap, and jansson allocates through the
 * same functions, so that every allocation can be made to fail in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "kit/files.h"
#include "kit/test_crypto.h"
#include "unit/pinset/doc.h"

/* Which allocations fail, counted from 1: those of at least min_size bytes from `first` to `last`.
 */
static struct {
    size_t count;
    size_t first;
    size_t last;
    size_t min_size;
    size_t live;
} memory;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *old);
void __wrap_free(void *old);

static bool refuses(size_t size)
{
    if (size < memory.min_size)
        return false;
    memory.count++;
    return memory.count >= memory.first && memory.count <= memory.last;
}

void *__wrap_malloc(size_t size)
{
    if (refuses(size))
        return NULL;
    memory.live++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    if (refuses(count * size))
        return NULL;
    memory.live++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    if (refuses(size))
        return NULL;
    memory.live += old == NULL ? 1 : 0;
    return __real_realloc(old, size);
}

void __wrap_free(void *old)
{
    memory.live -= old == NULL ? 0 : 1;
    __real_free(old);
}

static void let_fail(size_t first, size_t last, size_t min_size)
{
    memory.count = 0;
    memory.first = first;
    memory.last = last;
    memory.min_size = min_size;
}

static void let_all_succeed(void)
{
    let_fail(SIZE_MAX, 0, 0);
}

/* A document that uses everything, and the pin-set it means. */
struct fixture {
    char *text;
    size_t len;
    struct pintle_pinset *set;
};

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    let_all_succeed();
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
    fixture.text =
        (char *)test_file_read("vectors/pinset/accept/unknown-members.json", &fixture.len);
    fixture.set = doc_load_vector("accept", "unknown-members");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pintle_pinset_free(fixture.set);
    free(fixture.text);
    return 0;
}

static enum pintle_status parse(struct pintle_pinset **out, struct pintle_error *err)
{
    struct pintle_pinset_options options = {0, test_crypto()};

    return pintle_pinset_parse(out, fixture.text, fixture.len, &options, err);
}

static void parsing_survives_each_single_failure(void **state)
{
    enum pintle_status status = PINTLE_E_NOMEM;
    struct pintle_pinset *set = NULL;
    struct pintle_error err;
    size_t n = 0;

    (void)state;
    while (status != PINTLE_OK) {
        size_t live = memory.live;
        n++;
        let_fail(n, n, 0);
        status = parse(&set, &err);
        let_all_succeed();
        if (status == PINTLE_OK)
            break;
        assert_int_equal(status, PINTLE_E_NOMEM);
        assert_int_equal(err.status, PINTLE_E_NOMEM);
        assert_null(set);
        assert_int_equal(memory.live, live);
    }
    assert_true(n > 100);
    doc_assert_equal(set, fixture.set);
    pintle_pinset_free(set);
}

/* Either memory ran out, or all is as it should be. */
static void assert_refused_or_equal(enum pintle_status status, struct pintle_pinset *set)
{
    if (status == PINTLE_OK) {
        doc_assert_equal(set, fixture.set);
        pintle_pinset_free(set);
        return;
    }
    assert_int_equal(status, PINTLE_E_NOMEM);
    assert_null(set);
}

static void parsing_survives_that_nothing_is_left(void **state)
{
    struct pintle_pinset *set;
    struct pintle_error err;
    enum pintle_status status = PINTLE_E_NOMEM;

    (void)state;
    for (size_t n = 1; status != PINTLE_OK; n++) {
        size_t live = memory.live;
        let_fail(n, SIZE_MAX, 0);
        status = parse(&set, &err);
        let_all_succeed();
        assert_refused_or_equal(status, set);
        assert_int_equal(memory.live, live);
    }
}

static void parsing_survives_that_only_small_blocks_are_left(void **state)
{
    static const size_t sizes[] = {17, 32, 33, 64, 65, 128, 129, 256, 257, 512, 513, 1024};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        enum pintle_status status = PINTLE_E_NOMEM;
        for (size_t n = 1; status != PINTLE_OK; n++) {
            struct pintle_pinset *set;
            struct pintle_error err;
            size_t live = memory.live;
            let_fail(n, SIZE_MAX, sizes[i]);
            status = parse(&set, &err);
            let_all_succeed();
            assert_refused_or_equal(status, set);
            assert_int_equal(memory.live, live);
        }
    }
}

static void formatting_survives_each_single_failure(void **state)
{
    enum pintle_status status = PINTLE_E_NOMEM;
    struct pintle_error err;
    char *text, *expected;
    size_t len, n = 0;

    (void)state;
    assert_int_equal(pintle_pinset_format(&expected, &len, fixture.set, &err), PINTLE_OK);
    while (status != PINTLE_OK) {
        size_t live = memory.live;
        n++;
        let_fail(n, n, 0);
        status = pintle_pinset_format(&text, &len, fixture.set, &err);
        let_all_succeed();
        if (status == PINTLE_OK)
            break;
        assert_int_equal(status, PINTLE_E_NOMEM);
        assert_int_equal(err.status, PINTLE_E_NOMEM);
        assert_null(text);
        assert_int_equal(len, 0);
        assert_int_equal(memory.live, live);
    }
    assert_true(n > 50);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

static void deriving_survives_each_single_failure(void **state)
{
    const struct pintle_softening soften = {"api", true};
    const struct pintle_pinset_terms terms = {0, &soften, 1, INT64_MAX};
    enum pintle_status status = PINTLE_E_NOMEM;
    const struct pintle_pinset *derived;
    struct pintle_error err;
    size_t n = 0;

    (void)state;
    while (status != PINTLE_OK) {
        size_t live = memory.live;
        n++;
        let_fail(n, n, 0);
        status = pintle_pinset_derive(&derived, fixture.set, &terms, &err);
        let_all_succeed();
        if (status == PINTLE_OK)
            break;
        assert_int_equal(status, PINTLE_E_NOMEM);
        assert_int_equal(err.status, PINTLE_E_NOMEM);
        assert_null(derived);
        assert_int_equal(memory.live, live);
    }
    assert_int_equal(n, 4);
    doc_assert_equal(derived, fixture.set);
    pintle_pinset_free(derived);
}

static void ignore(void *ctx, const struct pintle_finding *finding)
{
    (void)ctx;
    (void)finding;
}

static void looking_up_and_linting_allocate_nothing(void **state)
{
    struct pintle_lint_options options = {0, 0, NULL, NULL};
    struct pintle_host host;

    (void)state;
    assert_int_equal(pintle_host_parse(&host, "api.example.com", 15, NULL), PINTLE_OK);
    let_fail(1, SIZE_MAX, 0);
    assert_non_null(pintle_pinset_find(fixture.set, &host, 443));
    assert_true(pintle_pinset_lint(fixture.set, &options, ignore, NULL) > 0);
    assert_int_equal(memory.count, 0);
    let_all_succeed();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing_survives_each_single_failure),
        cmocka_unit_test(parsing_survives_that_nothing_is_left),
        cmocka_unit_test(parsing_survives_that_only_small_blocks_are_left),
        cmocka_unit_test(formatting_survives_each_single_failure),
        cmocka_unit_test(deriving_survives_each_single_failure),
        cmocka_unit_test(looking_up_and_linting_allocate_nothing),
    };

    return cmocka_run_group_tests_name("pinset memory", tests, set_up, tear_down);
}
