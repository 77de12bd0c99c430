/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An updater for which memory runs out, at every place in turn: it says so, or goes on with what is
 * in force; and what it needs before it begins. Linked with --wrap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pintle/app.h>

#include "kit/test_crypto.h"
#include "unit/os/published.h"

/* Counted down; the allocation that meets 0 fails, and all behind it do not. */
static atomic_long left;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

static bool fails(void)
{
    return atomic_fetch_sub(&left, 1) == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* True if the countdown was met, so that there may be more places behind it. */
static bool was_met(void)
{
    return atomic_exchange(&left, -1) < 0;
}

static void opening_without_memory_opens_nothing(void **state)
{
    struct pintle_update_config config = published_config(*state);
    char *seed = published_seed(1, &config.seed.len);
    bool more = true;
    long places = 0;

    config.seed.data = (const uint8_t *)seed;
    config.app = "com.example.shop";
    config.ca_file = "ca.pem";
    for (; more; places++) {
        struct pintle_updater *updater;
        enum pintle_status status;

        atomic_store(&left, places);
        status = pintle_updater_open(&updater, &config, NULL);
        more = was_met();
        if (status == PINTLE_OK) { /* it can do without some of it */
            assert_int_equal(
                published_decide(pintle_updater_get_engine(updater), published_key(1)).decision,
                PINTLE_ACCEPT);
        } else {
            assert_int_equal(status, PINTLE_E_NOMEM);
            assert_null(updater);
        }
        pintle_updater_close(updater);
    }
    assert_true(places > 10);
    free(seed);
}

/* Whatever fails: one of the two versions is in force, and another update brings the new one. */
static void updating_without_memory_keeps_what_is_in_force(void **state)
{
    struct pintle_update_config config = published_config(*state);
    char *seed = published_seed(1, &config.seed.len);
    bool more = true;
    long places = 0;

    published_write(*state, 2);
    config.seed.data = (const uint8_t *)seed;
    for (; more; places++) {
        enum pintle_update_result result;
        struct pintle_updater *updater;
        struct pintle_verdict verdict;
        enum pintle_status status;

        assert_int_equal(pintle_updater_open(&updater, &config, NULL), PINTLE_OK);
        atomic_store(&left, places);
        status = pintle_updater_run(updater, &result, NULL);
        more = was_met();
        assert_int_equal(status == PINTLE_OK, result != PINTLE_UPDATE_FAILED);
        verdict = published_decide(pintle_updater_get_engine(updater), published_key(1));
        assert_int_equal(verdict.set_version, result == PINTLE_UPDATE_NEW ? 2 : 1);
        if (status != PINTLE_OK) {
            assert_int_equal(status, PINTLE_E_NOMEM);
            assert_int_equal(pintle_updater_run(updater, &result, NULL), PINTLE_OK);
        }
        verdict = published_decide(pintle_updater_get_engine(updater), published_key(2));
        assert_int_equal(verdict.decision, PINTLE_ACCEPT);
        pintle_updater_close(updater);
    }
    assert_true(places > 10);
    free(seed);
}

static void what_cannot_be_opened(void **state)
{
    const char *many[PINTLE_SOURCES_MAX + 1];
    const char *odd[] = {"ftp://example.com/"};
    struct pintle_update_config good = published_config(*state);
    char *seed = published_seed(1, &good.seed.len);
    struct pintle_update_config config;
    struct pintle_updater *updater;

    good.seed.data = (const uint8_t *)seed;
    for (size_t i = 0; i < PINTLE_SOURCES_MAX + 1; i++)
        many[i] = "x";
#define REFUSED(status)                                                                            \
    assert_int_equal(pintle_updater_open(&updater, &config, NULL), (status));                      \
    assert_null(updater)
    config = good;
    config.engine.crypto = NULL;
    REFUSED(PINTLE_E_ARGUMENT);
    config = good;
    config.sources = many;
    config.source_count = PINTLE_SOURCES_MAX + 1;
    REFUSED(PINTLE_E_ARGUMENT);
    config = good;
    config.sources = odd;
    REFUSED(PINTLE_E_ARGUMENT);
    config = good;
    config.reports = true;
    config.engine.notify = pintle_reporter_notify;
    REFUSED(PINTLE_E_ARGUMENT);
    config = good;
    config.seed.len = 0;
    REFUSED(PINTLE_E_ENVELOPE);
    config = good;
    config.app = "com.example.other";
    REFUSED(PINTLE_E_APP);
#undef REFUSED
    free(seed);
}

static void without_a_source_there_is_nothing_to_run(void **state)
{
    struct pintle_update_config config = published_config(*state);
    char *seed = published_seed(1, &config.seed.len);
    enum pintle_update_result result;
    struct pintle_updater *updater;

    config.seed.data = (const uint8_t *)seed;
    config.source_count = 0;
    assert_int_equal(pintle_updater_open(&updater, &config, NULL), PINTLE_OK);
    assert_int_equal(pintle_updater_run(updater, &result, NULL), PINTLE_E_ARGUMENT);
    assert_int_equal(result, PINTLE_UPDATE_FAILED);
    assert_int_equal(published_decide(pintle_updater_get_engine(updater), 99).decision,
                     PINTLE_REFUSE);
    pintle_updater_close(updater);
    free(seed);
}

/* --- pintle_open_seed() ------------------------------------------------------------------------ */

static void an_engine_opens_from_a_seed(void **state)
{
    struct pintle_config config = {.crypto = test_crypto()};
    struct pintle_view view;
    char *seed = published_seed(5, &view.len);
    struct pintle *engine;

    (void)state;
    view.data = (const uint8_t *)seed;
    assert_int_equal(pintle_open_seed(&engine, view, &config, NULL), PINTLE_OK);
    assert_int_equal(published_decide(engine, published_key(5)).decision, PINTLE_ACCEPT);
    assert_int_equal(published_decide(engine, 99).decision, PINTLE_REFUSE);
    pintle_free(engine);
    view.len -= 1;
    assert_int_equal(pintle_open_seed(&engine, view, &config, NULL), PINTLE_E_ENVELOPE);
    assert_null(engine);
    config.crypto = NULL;
    assert_int_equal(pintle_open_seed(&engine, view, &config, NULL), PINTLE_E_ARGUMENT);
    assert_null(engine);
    free(seed);
}

static void opening_a_seed_without_memory_opens_nothing(void **state)
{
    struct pintle_config config = {.crypto = test_crypto()};
    struct pintle_view view;
    char *seed = published_seed(5, &view.len);
    long refused = 0;
    bool more = true;

    (void)state;
    view.data = (const uint8_t *)seed;
    for (long places = 0; more; places++) {
        struct pintle *engine;
        enum pintle_status status;

        atomic_store(&left, places);
        status = pintle_open_seed(&engine, view, &config, NULL);
        more = was_met();
        if (status == PINTLE_OK) {
            assert_int_equal(published_decide(engine, published_key(5)).decision, PINTLE_ACCEPT);
        } else {
            assert_int_equal(status, PINTLE_E_NOMEM);
            assert_true(more);
        }
        pintle_free(engine);
        refused += status != PINTLE_OK;
    }
    assert_true(refused > 10);
    free(seed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, published_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(opening_without_memory_opens_nothing),
        TEST(updating_without_memory_keeps_what_is_in_force),
        TEST(what_cannot_be_opened),
        TEST(without_a_source_there_is_nothing_to_run),
        TEST(an_engine_opens_from_a_seed),
        TEST(opening_a_seed_without_memory_opens_nothing),
    };

    atomic_init(&left, -1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
