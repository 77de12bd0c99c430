/* SPDX-License-Identifier: Apache-2.0 */
/* Pin-set files and the system clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <pintle/app.h>

#include "kit/test_crypto.h"
#include "unit/os/folder.h"

#define PIN "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

#define DOCUMENT(version)                                                                          \
    "{\"pintle\":1,\"app\":\"com.example.test\",\"version\":" version                              \
    ",\"issued\":\"2026-01-01T00:00:00Z\",\"expires\":\"2027-01-01T00:00:00Z\","                   \
    "\"rules\":[{\"id\":\"api\",\"match\":[\"api.test\"],\"mode\":\"enforce\","                    \
    "\"pins\":[{\"spki\":\"" PIN "\"}]}]}"

static int64_t version_in_force(struct pintle *engine)
{
    const struct pintle_pinset *set = pintle_get_pinset(engine);
    int64_t version = pintle_pinset_get_version(set);

    pintle_pinset_free(set);
    return version;
}

static struct pintle *open_engine(const struct folder *folder)
{
    struct pintle_config config = {0};
    struct pintle_error err;
    struct pintle *engine;

    config.crypto = test_crypto();
    folder_put(folder, "pintle.json", DOCUMENT("1"));
    if (pintle_open(&engine, folder_path(folder, "pintle.json"), &config, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    return engine;
}

static void a_pin_set_file_is_loaded(void **state)
{
    const struct folder *folder = *state;
    struct pintle_pinset_options options = {0, test_crypto()};
    struct pintle_pinset *set;

    folder_put(folder, "pintle.json", DOCUMENT("3"));
    assert_int_equal(pintle_pinset_load(&set, folder_path(folder, "pintle.json"), &options, NULL),
                     PINTLE_OK);
    assert_int_equal(pintle_pinset_get_version(set), 3);
    assert_non_null(pintle_pinset_get_digest(set));
    pintle_pinset_free(set);
    assert_int_equal(pintle_pinset_load(&set, folder_path(folder, "pintle.json"), NULL, NULL),
                     PINTLE_OK);
    assert_null(pintle_pinset_get_digest(set));
    pintle_pinset_free(set);
}

static void what_cannot_be_loaded_says_why(void **state)
{
    const struct folder *folder = *state;
    struct pintle_pinset_options small = {16, NULL};
    struct pintle_pinset *set;
    struct pintle_error err;

    assert_int_equal(pintle_pinset_load(&set, folder_path(folder, "none"), NULL, &err),
                     PINTLE_E_IO);
    assert_non_null(strstr(err.text, "none: No such file"));
    assert_null(set);
    assert_int_equal(pintle_pinset_load(&set, folder->path, NULL, &err), PINTLE_E_IO);
    assert_null(set);
    folder_put(folder, "pintle.json", DOCUMENT("3"));
    assert_int_equal(pintle_pinset_load(&set, folder_path(folder, "pintle.json"), &small, &err),
                     PINTLE_E_LIMIT);
    assert_null(set);
    folder_put(folder, "bad.json", "{\n  \"pintle\": 1,\n");
    assert_int_equal(pintle_pinset_load(&set, folder_path(folder, "bad.json"), NULL, &err),
                     PINTLE_E_JSON);
    assert_int_equal(err.status, PINTLE_E_JSON);
    assert_null(set);
}

static void the_default_limit_is_256_kib(void **state)
{
    struct pintle_pinset *set;
    struct pintle_error err;

    (void)state;
    assert_int_equal(pintle_pinset_load(&set, "/dev/zero", NULL, &err), PINTLE_E_LIMIT);
    assert_string_equal(err.text, "/dev/zero: larger than 262144 bytes");
}

static void an_engine_is_opened_with_the_clock_of_the_system(void **state)
{
    time_t before = time(NULL);
    struct pintle *engine = open_engine(*state);

    assert_int_equal(version_in_force(engine), 1);
    assert_true(pintle_get_time(engine) >= before);
    assert_true(pintle_get_time(engine) <= pintle_clock_system(NULL));
    pintle_free(engine);
}

static int64_t stopped_clock(void *ctx)
{
    (void)ctx;
    return 42;
}

static void a_clock_of_ones_own_is_kept(void **state)
{
    const struct folder *folder = *state;
    struct pintle_config config = {0};
    struct pintle *engine;

    config.crypto = test_crypto();
    config.clock = stopped_clock;
    folder_put(folder, "pintle.json", DOCUMENT("1"));
    assert_int_equal(pintle_open(&engine, folder_path(folder, "pintle.json"), &config, NULL),
                     PINTLE_OK);
    assert_int_equal(pintle_get_time(engine), 42);
    pintle_free(engine);
}

static void no_engine_is_opened_without_a_file_or_crypto(void **state)
{
    const struct folder *folder = *state;
    struct pintle_config config = {0};
    struct pintle_error err;
    struct pintle *engine;

    folder_put(folder, "pintle.json", DOCUMENT("1"));
    assert_int_equal(pintle_open(&engine, folder_path(folder, "pintle.json"), &config, &err),
                     PINTLE_E_ARGUMENT);
    assert_int_equal(err.status, PINTLE_E_ARGUMENT);
    assert_null(engine);
    config.crypto = test_crypto();
    assert_int_equal(pintle_open(&engine, folder_path(folder, "none"), &config, &err), PINTLE_E_IO);
    assert_null(engine);
    config.crypto = test_crypto_failing();
    assert_int_equal(pintle_open(&engine, folder_path(folder, "pintle.json"), &config, &err),
                     PINTLE_E_CRYPTO);
    assert_null(engine);
}

static void a_good_file_comes_into_force_on_reload(void **state)
{
    const struct folder *folder = *state;
    struct pintle *engine = open_engine(folder);

    folder_put(folder, "pintle.json", DOCUMENT("2"));
    assert_int_equal(pintle_reload(engine, folder_path(folder, "pintle.json"), NULL), PINTLE_OK);
    assert_int_equal(version_in_force(engine), 2);
    pintle_free(engine);
}

static void a_bad_file_leaves_the_old_pin_set_in_force(void **state)
{
    static const struct {
        const char *text;
        enum pintle_status status;
    } rows[] = {
        {"", PINTLE_E_JSON},
        {"{", PINTLE_E_JSON},
        {"[]", PINTLE_E_SCHEMA},
        {DOCUMENT("\"2\""), PINTLE_E_SCHEMA},
    };
    const struct folder *folder = *state;
    struct pintle *engine = open_engine(folder);
    struct pintle_error err;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        folder_put(folder, "pintle.json", rows[i].text);
        assert_int_equal(pintle_reload(engine, folder_path(folder, "pintle.json"), &err),
                         rows[i].status);
        assert_int_equal(err.status, rows[i].status);
        assert_int_equal(version_in_force(engine), 1);
    }
    assert_int_equal(pintle_reload(engine, folder_path(folder, "none"), &err), PINTLE_E_IO);
    assert_int_equal(version_in_force(engine), 1);
    pintle_free(engine);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_pin_set_file_is_loaded),
        TEST(what_cannot_be_loaded_says_why),
        TEST(the_default_limit_is_256_kib),
        TEST(an_engine_is_opened_with_the_clock_of_the_system),
        TEST(a_clock_of_ones_own_is_kept),
        TEST(no_engine_is_opened_without_a_file_or_crypto),
        TEST(a_good_file_comes_into_force_on_reload),
        TEST(a_bad_file_leaves_the_old_pin_set_in_force),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
