/* SPDX-License-Identifier: Apache-2.0 */
/* Where updates come from: what is a source, what is read of one, and what latest.json may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/update_latest.h"
#include "os/update_send.h"
#include "os/update_source.h"
#include "unit/os/folder.h"

/* --- names ------------------------------------------------------------------------------------ */

static void assert_base(const char *name, const char *base, bool http)
{
    struct pintle__update_source source;

    assert_int_equal(pintle__update_source_init(&source, name, NULL), PINTLE_OK);
    assert_string_equal(source.name, name);
    assert_string_equal(source.base, base);
    assert_int_equal(source.http, http);
    pintle__update_source_clear(&source);
}

static void paths_and_urls_are_sources(void **state)
{
    (void)state;
    assert_base("/srv/pins", "/srv/pins", false);
    assert_base("/srv/pins///", "/srv/pins", false);
    assert_base("pins", "pins", false);
    assert_base("./a:b", "./a:b", false);
    assert_base("/", "", false);
    assert_base("C:", "C:", false);
    assert_base("file:///srv/my%20pins/", "/srv/my pins", false);
    assert_base("file:/srv/pins", "/srv/pins", false);
    assert_base("FILE://LOCALHOST/srv", "/srv", false);
    assert_base("https://pins.example.com/app/", "https://pins.example.com/app", true);
    assert_base("HTTP://[::1]:8080", "HTTP://[::1]:8080", true);
}

static void what_is_no_source_is_refused(void **state)
{
    static const char *const names[] = {
        "",
        "ftp://example.com/pins",
        "https:",
        "https://",
        "https:///pins",
        "http:/pins",
        "https://user@example.com/",
        "https://example.com/?a=b",
        "https://example.com/#a",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "file://example.com/pins",
        "file:pins",
        "file://",
        "file:///a%2",
        "file:///a%zz",
        "file:///a%00b",
        "data:,x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct pintle__update_source source;
        struct pintle_error err = {0};

        if (pintle__update_source_init(&source, names[i], &err) != PINTLE_E_ARGUMENT)
            fail_msg("taken for a source: '%s'", names[i]);
        assert_int_equal(err.status, PINTLE_E_ARGUMENT);
        assert_null(source.base);
    }
}

/* --- directories ------------------------------------------------------------------------------- */

static enum pintle_status read_of(const struct folder *folder, const char *path, size_t max_len,
                                  struct pintle__update_file *file, struct pintle_error *err)
{
    struct pintle__http_options options = {.max_len = max_len};
    struct pintle__update_source source;
    enum pintle_status status;

    assert_int_equal(pintle__update_source_init(&source, folder->path, NULL), PINTLE_OK);
    status = pintle__update_source_read(file, &source, path, &options, err);
    pintle__update_source_clear(&source);
    return status;
}

static void a_file_of_a_directory_is_read(void **state)
{
    const struct folder *folder = *state;
    struct pintle__update_file file;

    folder_put(folder, "latest.json", "hello");
    assert_int_equal(read_of(folder, "latest.json", 5, &file, NULL), PINTLE_OK);
    assert_int_equal(file.len, 5);
    assert_string_equal(file.text, "hello");
    assert_false(file.unchanged);
    free(file.text);
}

static void what_is_too_large_is_not_read(void **state)
{
    const struct folder *folder = *state;
    struct pintle__update_file file;

    folder_put(folder, "latest.json", "hello!");
    assert_int_equal(read_of(folder, "latest.json", 5, &file, NULL), PINTLE_E_LIMIT);
    assert_null(file.text);
}

/* Neither of them may keep us waiting. */
static void pipes_devices_and_directories_are_no_files(void **state)
{
    const struct folder *folder = *state;
    struct pintle__update_file file;
    struct pintle_error err;

    assert_int_equal(mkfifo(folder_path(folder, "latest.json"), 0600), 0);
    assert_int_equal(read_of(folder, "latest.json", 100, &file, &err), PINTLE_E_IO);
    assert_int_equal(symlink("/dev/zero", folder_path(folder, "zero")), 0);
    assert_int_equal(read_of(folder, "zero", 100, &file, &err), PINTLE_E_IO);
    assert_int_equal(read_of(folder, ".", 100, &file, &err), PINTLE_E_IO);
    assert_int_equal(read_of(folder, "missing", 100, &file, &err), PINTLE_E_IO);
    assert_non_null(strstr(err.text, "missing"));
}

static void who_is_told_to_stop_does_not_begin(void **state)
{
    const struct folder *folder = *state;
    struct pintle__update_source source;
    struct pintle__update_file file;
    atomic_bool stop;
    struct pintle__http_options options = {.max_len = 100, .stop = &stop};

    atomic_init(&stop, true);
    folder_put(folder, "latest.json", "hello");
    assert_int_equal(pintle__update_source_init(&source, folder->path, NULL), PINTLE_OK);
    assert_int_equal(pintle__update_source_read(&file, &source, "latest.json", &options, NULL),
                     PINTLE_E_TIMEOUT);
    assert_null(file.text);
    pintle__update_source_clear(&source);
}

/* --- latest.json ------------------------------------------------------------------------------- */

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static enum pintle_status parse(struct pintle__latest *out, const char *text)
{
    return pintle__latest_parse(out, text, strlen(text), NULL);
}

static void a_pointer_says_which_files(void **state)
{
    struct pintle__latest latest;

    (void)state;
    assert_int_equal(parse(&latest, "{\"pintle_latest\":1,\"app\":\"x\",\"root\":3,\"epoch\":1,"
                                    "\"version\":42,\"pins\":\"" HEX_A "\",\"fresh\":\"" HEX_B
                                    "\",\"later\":[]}"),
                     PINTLE_OK);
    assert_int_equal(latest.root, 3);
    assert_string_equal(latest.pins, HEX_A);
    assert_string_equal(latest.fresh, HEX_B);
    assert_string_equal(latest.unpin, "");
}

#define POINTER(root, pins) "{\"pintle_latest\":1,\"root\":" root ",\"pins\":\"" pins "\"}"

static void a_bad_pointer_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum pintle_status status;
    } cases[] = {
        {"", PINTLE_E_JSON},
        {"[]", PINTLE_E_SCHEMA},
        {"{", PINTLE_E_JSON},
        {POINTER("1", HEX_A) "x", PINTLE_E_JSON},
        {"{\"root\":1,\"root\":1}", PINTLE_E_JSON},
        {"{\"root\":1,\"pins\":\"" HEX_A "\"}", PINTLE_E_SCHEMA},
        {"{\"pintle_latest\":2,\"root\":1,\"pins\":\"" HEX_A "\"}", PINTLE_E_VERSION},
        {POINTER("0", HEX_A), PINTLE_E_SCHEMA},
        {POINTER("-1", HEX_A), PINTLE_E_SCHEMA},
        {POINTER("1.5", HEX_A), PINTLE_E_JSON},
        {POINTER("\"1\"", HEX_A), PINTLE_E_SCHEMA},
        {POINTER("1", ""), PINTLE_E_SCHEMA},
        {POINTER("1", "../../../../etc/passwd"), PINTLE_E_SCHEMA},
        {POINTER("1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
         PINTLE_E_SCHEMA},
        {POINTER("1", "../aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
         PINTLE_E_SCHEMA},
        {POINTER("1", HEX_A "a"), PINTLE_E_SCHEMA},
        {"{\"pintle_latest\":1,\"root\":1}", PINTLE_E_SCHEMA},
        {"{\"pintle_latest\":1,\"root\":1,\"pins\":\"" HEX_A "\",\"unpin\":null}", PINTLE_E_SCHEMA},
        {"{\"pintle_latest\":1,\"root\":1,\"pins\":\"" HEX_A "\",\"fresh\":\"\"}", PINTLE_E_SCHEMA},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pintle__latest latest;
        enum pintle_status status = parse(&latest, cases[i].text);

        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].text, pintle_status_name(status));
    }
}

/* --- reports about whoever gets them ------------------------------------------------------------- */

static void a_report_about_its_own_collector_is_known(void **state)
{
    static const struct {
        const char *uri;
        const char *host;
        bool same;
    } cases[] = {
        {"https://a.test/v1", "a.test", true},
        {"https://a.test", "a.test", true},
        {"https://A.Test:8443/v1", "a.test", true},
        {"https://a.test./v1", "a.test", true},
        {"https://a.test?x", "a.test", true},
        {"https://user@a.test/v1", "a.test", true},
        {"http://[::1]:80/", "::1", true},
        {"http://192.0.2.1/", "192.0.2.1", true},
        {"https://b.test/a.test", "a.test", false},
        {"https://a.test.example/", "a.test", false},
        {"https://aa.test/", "a.test", false},
        {"https://a.test@b.test/", "a.test", false},
        {"https://a.tes/", "a.test", false},
        {"a.test", "a.test", false},
        {"", "a.test", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (pintle__send_is_to_itself(cases[i].uri, cases[i].host) != cases[i].same)
            fail_msg("%s, %s", cases[i].uri, cases[i].host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_and_urls_are_sources),
        cmocka_unit_test(what_is_no_source_is_refused),
        cmocka_unit_test_setup_teardown(a_file_of_a_directory_is_read, folder_set_up,
                                        folder_tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_not_read, folder_set_up,
                                        folder_tear_down),
        cmocka_unit_test_setup_teardown(pipes_devices_and_directories_are_no_files, folder_set_up,
                                        folder_tear_down),
        cmocka_unit_test_setup_teardown(who_is_told_to_stop_does_not_begin, folder_set_up,
                                        folder_tear_down),
        cmocka_unit_test(a_pointer_says_which_files),
        cmocka_unit_test(a_bad_pointer_is_refused),
        cmocka_unit_test(a_report_about_its_own_collector_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
