/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and sessions that outlive a transfer, a handle or a pin-set. */
#include "adapter/curl/stage.h"

/* Run handles to their end beside `others` that go on; the code of one that failed. */
static CURLcode run_all(CURLM *multi, CURL *const *easies, size_t count, int others)
{
    CURLcode worst = CURLE_OK;
    int running = 0;
    int left;
    CURLMsg *message;

    for (size_t i = 0; i < count; i++)
        assert_int_equal(curl_multi_add_handle(multi, easies[i]), CURLM_OK);
    do {
        assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
        if (running > others)
            assert_int_equal(curl_multi_poll(multi, NULL, 0, 1000, NULL), CURLM_OK);
    } while (running > others);
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        if (message->data.result != CURLE_OK)
            worst = message->data.result;
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(curl_multi_remove_handle(multi, easies[i]), CURLM_OK);
    return worst;
}

static CURLcode run(CURLM *multi, CURL *const *easies, size_t count)
{
    return run_all(multi, easies, count, 0);
}

/* One handle, while one other waits. */
static CURLcode run_beside(CURLM *multi, CURL *easy)
{
    return run_all(multi, &easy, 1, 1);
}

static void begin(struct stage *stage, struct web *web, bool h2)
{
    *web = (struct web){.h2 = h2};
    stage_init(stage);
    web_start(web, &stage->host);
    stage_pin(stage, &stage->host);
}

/* --- the pin-set changes ---------------------------------------------------------------------- */

static void expect_cut_after_replace(bool h2)
{
    struct stage stage;
    struct web web;

    begin(&stage, &web, h2);
    stage_guard(&stage, web.listener.port);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_pin(&stage, &stage.backup);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    assert_int_equal(atomic_load(&web.requests), 1);
    assert_int_equal(atomic_load(&web.connections), 1);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    assert_int_equal(atomic_load(&web.connections), 2);
    stage_pin(&stage, &stage.host);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_expect_accepted(&stage);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 3);
    assert_int_equal(atomic_load(&web.handshakes), 2);
}

static void a_reused_connection_is_refused_under_a_new_pin_set(void **state)
{
    (void)state;
    expect_cut_after_replace(false);
}

static void a_reused_http2_connection_is_refused_and_closed(void **state)
{
    (void)state;
    expect_cut_after_replace(true);
}

static void a_reused_connection_goes_on_under_a_set_that_still_matches(void **state)
{
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, false);
    stage_guard(&stage, web.listener.port);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    const struct stage_rule rules[] = {{HOST, .pins = {&stage.host, &stage.backup}}, {0}};
    stage_rules(&stage, rules);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_expect_accepted(&stage);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 2);
    assert_int_equal(atomic_load(&web.connections), 1);
}

static void a_session_is_not_resumed_under_a_new_pin_set(void **state)
{
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, false);
    stage_guard(&stage, web.listener.port);
    curl_easy_setopt(stage.easy, CURLOPT_FORBID_REUSE, 1L);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    assert_true(pintle_curl_get_verdict(stage.guard)->resumed);
    stage_pin(&stage, &stage.backup);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.resumed), 1);
    assert_int_equal(atomic_load(&web.requests), 2);
}

/* --- strangers' connections and sessions ------------------------------------------------------ */

/* An unguarded handle's connection in the pool of `multi`; then a guarded one's two transfers. */
static void expect_stranger_refused(bool h2)
{
    CURLM *multi = curl_multi_init();
    struct stage stage;
    struct web web;
    CURL *stranger;

    begin(&stage, &web, h2);
    stranger = stage_easy(&stage, web.listener.port);
    stage_url(stranger, "https", HOST, web.listener.port, "/");
    assert_int_equal(run(multi, &stranger, 1), CURLE_OK);
    stage_guard(&stage, web.listener.port);
    stage_url(stage.easy, "https", HOST, web.listener.port, "/");
    assert_int_equal(run(multi, &stage.easy, 1), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    assert_int_equal(atomic_load(&web.requests), 1);
    assert_int_equal(run(multi, &stage.easy, 1), CURLE_OK);
    stage_expect_accepted(&stage);
    assert_int_equal(atomic_load(&web.connections), 2);
    curl_easy_cleanup(stranger);
    curl_multi_cleanup(multi);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 2);
}

static void a_connection_of_an_unguarded_handle_is_refused(void **state)
{
    (void)state;
    expect_stranger_refused(false);
}

static void an_http2_connection_of_an_unguarded_handle_is_refused(void **state)
{
    (void)state;
    expect_stranger_refused(true);
}

static void a_connection_under_another_engine_is_refused(void **state)
{
    CURLM *multi = curl_multi_init();
    struct stage stage, other;
    struct web web;

    (void)state;
    begin(&stage, &web, false);
    stage_init(&other);
    stage_pin(&other, &other.host);
    stage_guard(&stage, web.listener.port);
    stage_guard(&other, web.listener.port);
    curl_easy_setopt(other.easy, CURLOPT_CAINFO_BLOB, &stage.ca);
    stage_url(stage.easy, "https", HOST, web.listener.port, "/");
    stage_url(other.easy, "https", HOST, web.listener.port, "/");
    assert_int_equal(run(multi, &stage.easy, 1), CURLE_OK);
    assert_int_equal(run(multi, &other.easy, 1), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&other, PINTLE_REASON_UNCHECKED);
    curl_easy_cleanup(other.easy);
    other.easy = NULL;
    curl_multi_cleanup(multi);
    stage_clear(&other);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 1);
    assert_int_equal(atomic_load(&web.connections), 1);
}

/* CURLOPT_PORT hides the port from the guard, but not from libcurl's choice of a connection. */
static void a_connection_decided_for_another_port_is_refused(void **state)
{
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, false);
    stage_guard(&stage, web.listener.port);
    curl_easy_setopt(stage.easy, CURLOPT_PORT, (long)web.listener.port);
    assert_int_equal(stage_get(&stage, 443), CURLE_OK);
    assert_int_equal(pintle_curl_get_verdict(stage.guard)->port, 443);
    curl_easy_setopt(stage.easy, CURLOPT_PORT, 0L);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_expect_accepted(&stage);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 2);
    assert_int_equal(atomic_load(&web.connections), 2);
}

/* What curl_share_setopt() shares between an unguarded handle and then the guarded one. */
static void share(struct stage *stage, struct web *web, curl_lock_data what, CURLcode *second)
{
    CURLSH *common = curl_share_init();
    CURL *stranger = stage_easy(stage, web->listener.port);

    assert_int_equal(curl_share_setopt(common, CURLSHOPT_SHARE, what), CURLSHE_OK);
    curl_easy_setopt(stranger, CURLOPT_SHARE, common);
    stage_url(stranger, "https", HOST, web->listener.port, "/");
    assert_int_equal(curl_easy_perform(stranger), CURLE_OK);
    stage_guard(stage, web->listener.port);
    curl_easy_setopt(stage->easy, CURLOPT_SHARE, common);
    *second = stage_get(stage, web->listener.port);
    curl_easy_cleanup(stranger);
    curl_easy_cleanup(stage->easy);
    stage->easy = NULL;
    assert_int_equal(curl_share_cleanup(common), CURLSHE_OK);
}

static void a_shared_connection_of_an_unguarded_handle_is_refused(void **state)
{
    struct stage stage;
    struct web web;
    CURLcode code;

    (void)state;
    begin(&stage, &web, false);
    share(&stage, &web, CURL_LOCK_DATA_CONNECT, &code);
    assert_int_equal(code, CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 1);
    assert_int_equal(atomic_load(&web.connections), 1);
}

static void a_shared_session_of_an_unguarded_handle_is_not_resumed(void **state)
{
    struct stage stage;
    struct web web;
    CURLcode code;

    (void)state;
    begin(&stage, &web, false);
    share(&stage, &web, CURL_LOCK_DATA_SSL_SESSION, &code);
    assert_int_equal(code, CURLE_OK);
    stage_expect_accepted(&stage);
    assert_false(pintle_curl_get_verdict(stage.guard)->resumed);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.handshakes), 2);
    assert_int_equal(atomic_load(&web.resumed), 0);
}

/* --- several transfers at once ---------------------------------------------------------------- */

static void transfers_of_a_multi_are_each_decided(void **state)
{
    CURLM *multi = curl_multi_init();
    struct stage good, bad;
    struct web web, wrong = {0};
    CURL *easies[2];

    (void)state;
    begin(&good, &web, false);
    stage_init(&bad);
    web_start(&wrong, &good.odd);
    stage_pin(&bad, &bad.host);
    stage_guard(&good, web.listener.port);
    stage_guard(&bad, wrong.listener.port);
    curl_easy_setopt(bad.easy, CURLOPT_CAINFO_BLOB, &good.ca);
    stage_url(good.easy, "https", HOST, web.listener.port, "/");
    stage_url(bad.easy, "https", HOST, wrong.listener.port, "/");
    easies[0] = good.easy;
    easies[1] = bad.easy;
    assert_int_equal(run(multi, easies, 2), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_accepted(&good);
    stage_expect_refused(&bad, PINTLE_REASON_MISMATCH);
    curl_multi_cleanup(multi);
    stage_clear(&good);
    stage_clear(&bad);
    web_stop(&web);
    web_stop(&wrong);
    assert_int_equal(atomic_load(&web.requests), 1);
    assert_int_equal(atomic_load(&wrong.bytes), 0);
}

static void http2_transfers_share_a_connection(void **state)
{
    CURLM *multi = curl_multi_init();
    struct pintle_curl *second = NULL;
    struct stage stage;
    struct web web;
    CURL *easies[2];

    (void)state;
    begin(&stage, &web, true);
    stage_guard(&stage, web.listener.port);
    easies[0] = stage.easy;
    easies[1] = stage_easy(&stage, web.listener.port);
    assert_int_equal(pintle_curl_attach(&second, easies[1], stage.engine, NULL, NULL), PINTLE_OK);
    for (size_t i = 0; i < 2; i++) {
        curl_easy_setopt(easies[i], CURLOPT_PIPEWAIT, 1L);
        stage_url(easies[i], "https", HOST, web.listener.port, "/");
    }
    assert_int_equal(run(multi, easies, 2), CURLE_OK);
    stage_expect_accepted(&stage);
    assert_int_equal(pintle_curl_get_verdict(second)->reason, PINTLE_REASON_MATCH);
    curl_easy_cleanup(easies[1]);
    curl_multi_cleanup(multi);
    pintle_curl_free(second);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 2);
    assert_int_equal(atomic_load(&web.connections), 1);
}

/* Another transfer under way keeps the connection open; the next one makes a connection of its own. */
static void a_busy_http2_connection_is_refused_once(void **state)
{
    CURLM *multi = curl_multi_init();
    struct pintle_curl *guard = NULL;
    struct stage stage;
    struct web web;
    CURL *waiting;
    int running;

    (void)state;
    begin(&stage, &web, true);
    atomic_store(&web.silent, true);
    waiting = stage_easy(&stage, web.listener.port);
    assert_int_equal(pintle_curl_attach(&guard, waiting, stage.engine, NULL, NULL), PINTLE_OK);
    stage_url(waiting, "https", HOST, web.listener.port, "/");
    assert_int_equal(curl_multi_add_handle(multi, waiting), CURLM_OK);
    while (atomic_load(&web.requests) == 0) {
        assert_int_equal(curl_multi_perform(multi, &running), CURLM_OK);
        assert_int_equal(curl_multi_poll(multi, NULL, 0, 10, NULL), CURLM_OK);
    }
    stage_pin(&stage, &stage.backup);
    stage_guard(&stage, web.listener.port);
    stage_url(stage.easy, "https", HOST, web.listener.port, "/");
    assert_int_equal(run_beside(multi, stage.easy), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    assert_int_equal(run_beside(multi, stage.easy), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    atomic_store(&web.silent, false);
    stage_pin(&stage, &stage.host);
    assert_int_equal(run_beside(multi, stage.easy), CURLE_OK);
    stage_expect_accepted(&stage);
    assert_int_equal(curl_multi_remove_handle(multi, waiting), CURLM_OK);
    curl_easy_cleanup(waiting);
    pintle_curl_free(guard);
    curl_multi_cleanup(multi);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reused_connection_is_refused_under_a_new_pin_set),
        cmocka_unit_test(a_reused_http2_connection_is_refused_and_closed),
        cmocka_unit_test(a_reused_connection_goes_on_under_a_set_that_still_matches),
        cmocka_unit_test(a_session_is_not_resumed_under_a_new_pin_set),
        cmocka_unit_test(a_connection_of_an_unguarded_handle_is_refused),
        cmocka_unit_test(an_http2_connection_of_an_unguarded_handle_is_refused),
        cmocka_unit_test(a_connection_under_another_engine_is_refused),
        cmocka_unit_test(a_connection_decided_for_another_port_is_refused),
        cmocka_unit_test(a_shared_connection_of_an_unguarded_handle_is_refused),
        cmocka_unit_test(a_shared_session_of_an_unguarded_handle_is_not_resumed),
        cmocka_unit_test(transfers_of_a_multi_are_each_decided),
        cmocka_unit_test(http2_transfers_share_a_connection),
        cmocka_unit_test(a_busy_http2_connection_is_refused_once),
    };

    return cmocka_run_group_tests_name("libcurl: reuse", tests, NULL, NULL);
}
