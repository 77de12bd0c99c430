/* SPDX-License-Identifier: Apache-2.0 */
/* Linked with a libcurl that is built on another TLS library: it is refused, and told so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <pintle/curl.h>
#include <pintle/openssl.h>

static const char empty_set[] = "{\"pintle\":1,\"app\":\"com.example.test\",\"version\":1,"
                                "\"issued\":\"2020-01-01T00:00:00Z\","
                                "\"expires\":\"2099-01-01T00:00:00Z\",\"rules\":[]}";

static int64_t now(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

static struct pintle *make_engine(void)
{
    struct pintle_pinset_options options = {0, pintle_openssl_crypto()};
    struct pintle_config config = {.crypto = options.crypto, .clock = now};
    struct pintle_pinset *set = NULL;
    struct pintle *engine = NULL;

    assert_int_equal(pintle_pinset_parse(&set, empty_set, strlen(empty_set), &options, NULL),
                     PINTLE_OK);
    assert_int_equal(pintle_new(&engine, set, &config, NULL), PINTLE_OK);
    return engine;
}

static void a_libcurl_on_another_tls_library_is_refused(void **state)
{
    const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
    struct pintle_curl *guard = NULL;
    struct pintle_error err = {.text = ""};
    struct pintle *engine;
    CURL *easy;

    (void)state;
    if (tls != NULL && strncmp(tls, "OpenSSL/", 8) == 0) {
        print_message("# libcurl3-gnutls is not installed\n");
        skip();
    }
    engine = make_engine();
    easy = curl_easy_init();
    assert_non_null(easy);
    assert_int_equal(pintle_curl_attach(&guard, easy, engine, NULL, &err), PINTLE_E_UNSUPPORTED);
    assert_null(guard);
    assert_int_equal(err.status, PINTLE_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "GnuTLS"));
    assert_non_null(strstr(err.text, "one built on OpenSSL 3 is needed"));
    curl_easy_cleanup(easy);
    pintle_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_libcurl_on_another_tls_library_is_refused),
    };

    return cmocka_run_group_tests_name("libcurl: backend", tests, NULL, NULL);
}
