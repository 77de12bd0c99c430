/* SPDX-License-Identifier: Apache-2.0 */
/* Guards that come and go: detached, freed, reset, duplicated, attached twice, out of memory. */
#include <stdio.h>

#include "adapter/curl/stage.h"
#include "adapter/x509/failing.h"

/* A server with `cert`, HOST pinned to `host`, and a guarded handle for the server. */
static void begin(struct stage *stage, struct web *web, bool matches)
{
    *web = (struct web){.h2 = false};
    stage_init(stage);
    web_start(web, matches ? &stage->host : &stage->odd);
    stage_pin(stage, &stage->host);
    stage_guard(stage, web->listener.port);
}

static void end(struct stage *stage, struct web *web, unsigned requests)
{
    stage_clear(stage);
    web_stop(web);
    assert_int_equal(atomic_load(&web->requests), requests);
}

static struct pintle_curl *attach(struct stage *stage, CURL *easy,
                                  const struct pintle_curl_options *options)
{
    struct pintle_curl *guard = NULL;

    assert_int_equal(pintle_curl_attach(&guard, easy, stage->engine, options, NULL), PINTLE_OK);
    return guard;
}

/* --- the end of a guard ----------------------------------------------------------------------- */

static void a_detached_handle_is_free(void **state)
{
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, false);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    pintle_curl_detach(stage.guard);
    pintle_curl_free(stage.guard);
    stage.guard = NULL;
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage.guard = attach(&stage, stage.easy, NULL);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    end(&stage, &web, 1);
}

static void nothing_is_detached_and_freed(void **state)
{
    (void)state;
    pintle_curl_detach(NULL);
    pintle_curl_free(NULL);
}

static CURLcode run(CURLM *multi, CURL *easy)
{
    CURLcode code = CURLE_FAILED_INIT;
    int running = 0;
    int left;
    CURLMsg *message;

    assert_int_equal(curl_multi_add_handle(multi, easy), CURLM_OK);
    do {
        assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
        if (running > 0)
            assert_int_equal(curl_multi_poll(multi, NULL, 0, 1000, NULL), CURLM_OK);
    } while (running > 0);
    message = curl_multi_info_read(multi, &left);
    if (message != NULL)
        code = message->data.result;
    assert_int_equal(curl_multi_remove_handle(multi, easy), CURLM_OK);
    return code;
}

static void a_pooled_connection_outlives_its_guard(void **state)
{
    CURLM *multi = curl_multi_init();
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, true);
    stage_url(stage.easy, "https", HOST, web.listener.port, "/");
    assert_int_equal(run(multi, stage.easy), CURLE_OK);
    curl_easy_cleanup(stage.easy);
    pintle_curl_free(stage.guard);
    stage_guard(&stage, web.listener.port);
    stage_url(stage.easy, "https", HOST, web.listener.port, "/");
    assert_int_equal(run(multi, stage.easy), CURLE_OK);
    stage_expect_accepted(&stage);
    curl_easy_cleanup(stage.easy);
    stage.easy = NULL;
    pintle_curl_free(stage.guard);
    stage.guard = NULL;
    pintle_free(stage.engine);
    stage.engine = NULL;
    curl_multi_cleanup(multi);
    end(&stage, &web, 2);
    assert_int_equal(atomic_load(&web.connections), 1);
}

/* A transfer given up in its handshake: the connection goes before the handle does. */
static void a_transfer_given_up_leaves_nothing(void **state)
{
    CURLM *multi = curl_multi_init();
    struct stage stage;
    struct web web;
    int running;

    (void)state;
    begin(&stage, &web, true);
    for (int steps = 1; steps < 6; steps++) {
        stage_url(stage.easy, "https", HOST, web.listener.port, "/");
        assert_int_equal(curl_multi_add_handle(multi, stage.easy), CURLM_OK);
        for (int i = 0; i < steps; i++)
            assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
        assert_int_equal(curl_multi_remove_handle(multi, stage.easy), CURLM_OK);
    }
    curl_multi_cleanup(multi);
    stage_clear(&stage);
    web_stop(&web);
}

/* --- other handles ---------------------------------------------------------------------------- */

static void a_reset_handle_is_guarded_again(void **state)
{
    struct pintle_curl *again;
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, false);
    curl_easy_reset(stage.easy);
    pintle_curl_free(stage.guard);
    again = attach(&stage, stage.easy, NULL);
    stage.guard = again;
    curl_easy_setopt(stage.easy, CURLOPT_CAINFO_BLOB, &stage.ca);
    curl_easy_setopt(stage.easy, CURLOPT_RESOLVE, stage.resolve);
    curl_easy_setopt(stage.easy, CURLOPT_PROXY, "");
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    end(&stage, &web, 0);
}

/* Detaching the guard that was replaced leaves the one that replaced it. */
static void a_replaced_guard_takes_nothing_away(void **state)
{
    struct stage stage;
    struct web web;
    struct pintle_curl *first;

    (void)state;
    begin(&stage, &web, false);
    first = stage.guard;
    stage.guard = attach(&stage, stage.easy, NULL);
    pintle_curl_detach(first);
    pintle_curl_free(first);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    end(&stage, &web, 0);
}

static void protocols_that_cannot_be_guarded_are_refused(void **state)
{
    static const char *const schemes[] = {"gopher", "dict", "telnet", "tftp", "ldap"};
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, true);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        stage_url(stage.easy, schemes[i], HOST, web.listener.port, "/");
        assert_int_equal(curl_easy_perform(stage.easy), CURLE_UNSUPPORTED_PROTOCOL);
    }
    assert_int_equal(atomic_load(&web.connections), 0);
    end(&stage, &web, 0);
}

static void a_duplicate_is_refused(void **state)
{
    struct stage stage;
    struct web web;
    CURL *twin;

    (void)state;
    begin(&stage, &web, true);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    twin = curl_easy_duphandle(stage.easy);
    assert_non_null(twin);
    assert_int_equal(curl_easy_perform(twin), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    curl_easy_cleanup(twin);
    end(&stage, &web, 1);
}

/* A handle whose transfers need no TLS: to an unlisted host, through a proxy. */
static void begin_plain(struct stage *stage, struct web *proxy)
{
    char url[64];

    *proxy = (struct web){.h2 = false};
    stage_init(stage);
    stage->allow_unlisted = true;
    web_start(proxy, NULL);
    stage_pin(stage, &stage->host);
    stage_guard(stage, proxy->listener.port);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", proxy->listener.port);
    curl_easy_setopt(stage->easy, CURLOPT_PROXY, url);
}

/*
 * The duplicate's host has a rule. On the very connection that the original used last, the
 * original's URL must not speak for it.
 */
static void a_duplicate_is_not_judged_by_an_idle_original(void **state)
{
    CURLM *multi = curl_multi_init();
    struct web proxy;
    struct stage stage;
    CURL *twin;

    (void)state;
    begin_plain(&stage, &proxy);
    curl_easy_setopt(stage.easy, CURLOPT_URL, "http://unlisted.example.com/");
    assert_int_equal(run(multi, stage.easy), CURLE_OK);
    twin = curl_easy_duphandle(stage.easy);
    curl_easy_setopt(twin, CURLOPT_URL, "http://" HOST "/");
    assert_int_equal(run(multi, twin), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    curl_easy_cleanup(twin);
    curl_multi_cleanup(multi);
    end(&stage, &proxy, 1);
    assert_int_equal(atomic_load(&proxy.connections), 1);
}

/* Nor beside it, while the original waits for its answer on another connection. */
static void a_duplicate_is_not_judged_by_a_busy_original(void **state)
{
    CURLM *multi = curl_multi_init();
    struct web proxy;
    struct stage stage;
    int running;
    CURL *twin;

    (void)state;
    begin_plain(&stage, &proxy);
    curl_easy_setopt(stage.easy, CURLOPT_URL, "http://unlisted.example.com/wait");
    assert_int_equal(curl_multi_add_handle(multi, stage.easy), CURLM_OK);
    while (atomic_load(&proxy.requests) == 0) {
        assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
        assert_int_equal(curl_multi_poll(multi, NULL, 0, 10, NULL), CURLM_OK);
    }
    twin = curl_easy_duphandle(stage.easy);
    curl_easy_setopt(twin, CURLOPT_URL, "http://" HOST "/");
    assert_int_equal(curl_multi_add_handle(multi, twin), CURLM_OK);
    do {
        assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
        assert_int_equal(curl_multi_poll(multi, NULL, 0, 10, NULL), CURLM_OK);
    } while (running == 2);
    assert_int_equal(curl_multi_info_read(multi, &running)->data.result, CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    assert_int_equal(curl_multi_remove_handle(multi, stage.easy), CURLM_OK);
    assert_int_equal(curl_multi_remove_handle(multi, twin), CURLM_OK);
    curl_easy_cleanup(twin);
    curl_multi_cleanup(multi);
    end(&stage, &proxy, 1);
    assert_int_equal(atomic_load(&proxy.connections), 2);
}

/* A wrong server is refused in the handshake already, by the rule for the duplicate's own port. */
static void a_duplicates_handshake_is_judged_by_its_own_url(void **state)
{
    struct web elsewhere = {0};
    struct stage stage;
    struct web web;
    CURL *twin;

    (void)state;
    begin(&stage, &web, true);
    web_start(&elsewhere, &stage.host);
    const struct stage_rule rules[] = {
        {HOST, .port = web.listener.port, .pins = {&stage.host, NULL}},
        {HOST, .port = elsewhere.listener.port, .pins = {&stage.backup, NULL}},
        {0}};
    stage_rules(&stage, rules);
    stage_resolve(&stage, elsewhere.listener.port);
    curl_easy_setopt(stage.easy, CURLOPT_RESOLVE, stage.resolve);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    twin = curl_easy_duphandle(stage.easy);
    stage_url(twin, "https", HOST, elsewhere.listener.port, "/");
    assert_int_equal(curl_easy_perform(twin), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    assert_int_equal(pintle_curl_get_verdict(stage.guard)->port, elsewhere.listener.port);
    curl_easy_cleanup(twin);
    end(&stage, &web, 1);
    web_stop(&elsewhere);
    assert_int_equal(atomic_load(&elsewhere.bytes), 0);
}

static void a_duplicate_with_a_guard_is_accepted(void **state)
{
    struct pintle_curl *guard;
    struct stage stage;
    struct web web;
    CURL *twin;

    (void)state;
    begin(&stage, &web, true);
    twin = curl_easy_duphandle(stage.easy);
    guard = attach(&stage, twin, NULL);
    stage_url(twin, "https", HOST, web.listener.port, "/");
    assert_int_equal(curl_easy_perform(twin), CURLE_OK);
    assert_int_equal(pintle_curl_get_verdict(guard)->reason, PINTLE_REASON_MATCH);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    curl_easy_cleanup(twin);
    pintle_curl_free(guard);
    end(&stage, &web, 1);
}

/* --- the program's own callbacks -------------------------------------------------------------- */

struct own {
    CURLcode context_code;
    int prereq_code;
    unsigned contexts;
    unsigned prereqs;
};

static CURLcode own_context(CURL *easy, void *ssl_ctx, void *user)
{
    struct own *own = user;

    (void)easy;
    own->contexts++;
    assert_non_null(ssl_ctx);
    return own->context_code;
}

static int own_prereq(void *user, char *address, char *local, int port, int local_port)
{
    struct own *own = user;

    (void)local;
    (void)local_port;
    own->prereqs++;
    assert_string_equal(address, "127.0.0.1");
    assert_int_not_equal(port, 0);
    return own->prereq_code;
}

static void expect_own(struct own own, bool matches, CURLcode code, unsigned prereqs,
                       unsigned requests)
{
    struct pintle_curl_options options = {own_context, &own, own_prereq, &own};
    struct stage stage;
    struct web web;

    begin(&stage, &web, matches);
    pintle_curl_detach(stage.guard);
    pintle_curl_free(stage.guard);
    stage.guard = attach(&stage, stage.easy, &options);
    assert_int_equal(stage_get(&stage, web.listener.port), code);
    assert_int_equal(own.contexts, 1);
    assert_int_equal(own.prereqs, prereqs);
    end(&stage, &web, requests);
}

static void own_callbacks_are_called_and_obeyed(void **state)
{
    (void)state;
    expect_own((struct own){0}, true, CURLE_OK, 1, 1);
    expect_own((struct own){0}, false, CURLE_PEER_FAILED_VERIFICATION, 0, 0);
    expect_own((struct own){.context_code = CURLE_SSL_CIPHER}, true, CURLE_SSL_CIPHER, 0, 0);
    expect_own((struct own){.prereq_code = CURL_PREREQFUNC_ABORT}, true, CURLE_ABORTED_BY_CALLBACK,
               1, 0);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void attach_survives_every_failing_allocation(void **state)
{
    struct pintle_curl *guard = NULL;
    struct pintle_error err;
    struct stage stage;
    enum pintle_status status = PINTLE_E_NOMEM;
    long count = 0;

    (void)state;
    stage_init(&stage);
    stage_pin(&stage, &stage.host);
    stage.easy = stage_easy(&stage, 443);
    while (status == PINTLE_E_NOMEM) {
        fail_after(count);
        status = pintle_curl_attach(&guard, stage.easy, stage.engine, NULL, &err);
        fail_never();
        if (status == PINTLE_E_NOMEM) {
            assert_null(guard);
            assert_string_equal(err.text, "no memory for the guard");
            count++;
        }
    }
    assert_int_equal(status, PINTLE_OK);
    assert_int_equal(count, 2);
    stage.guard = guard;
    stage_clear(&stage);
}

/* Allocations of the guard's and OpenSSL's in a transfer: none lets the wrong server through. */
static void no_failing_allocation_lets_a_wrong_server_through(void **state)
{
    struct stage stage;
    struct web web;
    bool failed = true;

    (void)state;
    begin(&stage, &web, false);
    curl_easy_setopt(stage.easy, CURLOPT_FORBID_REUSE, 1L);
    for (long count = 0; failed; count += 17) {
        struct listener *listener = &web.listener;

        fail_after(count);
        assert_int_not_equal(stage_get(&stage, listener->port), CURLE_OK);
        failed = has_failed();
        fail_never();
        assert_int_equal(pintle_curl_get_verdict(stage.guard)->decision, PINTLE_REFUSE);
        web_stop(&web);
        assert_int_equal(atomic_load(&web.bytes), 0);
        web_start(&web, &stage.odd);
        stage_resolve(&stage, web.listener.port);
        curl_easy_setopt(stage.easy, CURLOPT_RESOLVE, stage.resolve);
    }
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    end(&stage, &web, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_detached_handle_is_free),
        cmocka_unit_test(nothing_is_detached_and_freed),
        cmocka_unit_test(a_pooled_connection_outlives_its_guard),
        cmocka_unit_test(a_transfer_given_up_leaves_nothing),
        cmocka_unit_test(a_reset_handle_is_guarded_again),
        cmocka_unit_test(a_replaced_guard_takes_nothing_away),
        cmocka_unit_test(protocols_that_cannot_be_guarded_are_refused),
        cmocka_unit_test(a_duplicate_is_refused),
        cmocka_unit_test(a_duplicate_is_not_judged_by_an_idle_original),
        cmocka_unit_test(a_duplicate_is_not_judged_by_a_busy_original),
        cmocka_unit_test(a_duplicates_handshake_is_judged_by_its_own_url),
        cmocka_unit_test(a_duplicate_with_a_guard_is_accepted),
        cmocka_unit_test(own_callbacks_are_called_and_obeyed),
        cmocka_unit_test(attach_survives_every_failing_allocation),
        cmocka_unit_test(no_failing_allocation_lets_a_wrong_server_through),
    };

    fail_install();
    return cmocka_run_group_tests_name("libcurl: lives", tests, NULL, NULL);
}
