/* SPDX-License-Identifier: Apache-2.0 */
/* Learned keys over libcurl: on first contacts, kept connections and resumed sessions. */
#include "adapter/curl/stage.h"
#include "kit/memory.h"

static struct memory memory;

static void begin(struct stage *stage, struct web *web, bool h2)
{
    const struct stage_rule rules[] = {{HOST, .trust = "tofu"}, {0}};

    *web = (struct web){.h2 = h2};
    stage_init(stage);
    memory_init(&memory);
    stage->memory = &memory.calls;
    stage->allow_unlisted = true;
    web_start(web, &stage->host);
    stage_rules(stage, rules);
    stage_guard(stage, web->listener.port);
}

static void end(struct stage *stage, struct web *web)
{
    stage_clear(stage);
    web_stop(web);
}

static void the_first_contact_is_told_and_another_key_refused(void **state)
{
    struct stage stage;
    struct web web, other;

    (void)state;
    begin(&stage, &web, false);
    other = (struct web){0};
    web_start(&other, &stage.odd);
    stage_resolve(&stage, other.listener.port);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_expect(&stage, PINTLE_ACCEPT, PINTLE_REASON_FIRST_USE);
    assert_int_equal(memory.count, 1);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_expect(&stage, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    assert_true(pintle_curl_get_verdict(stage.guard)->learned);
    memory.entries[0].port = other.listener.port; /* that of a server that was swapped */
    assert_int_equal(stage_get(&stage, other.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    end(&stage, &web);
    web_stop(&other);
    assert_int_equal(atomic_load(&web.requests), 2);
    assert_int_equal(atomic_load(&web.connections), 1);
    assert_int_equal(atomic_load(&other.bytes), 0);
}

/* What is learned while a connection waits in the pool counts for its next request. */
static void expect_pool_follows_memory(bool h2)
{
    struct stage stage;
    struct web web;
    struct pintle_pin pin;

    begin(&stage, &web, h2);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    pin = memory.entries[0].pins[0];
    memory.entries[0].pins[0] = pki_pin(stage.odd.x509);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    memory.entries[0].pins[0] = pin;
    memory.fails_recall = true;
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MEMORY);
    memory.fails_recall = false;
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    memory.fails_recall = true;
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_MEMORY);
    end(&stage, &web);
    assert_int_equal(atomic_load(&web.requests), 2);
}

static void a_kept_connection_is_held_to_what_is_learned_now(void **state)
{
    (void)state;
    expect_pool_follows_memory(false);
}

static void a_kept_http2_connection_is_held_to_what_is_learned_now(void **state)
{
    (void)state;
    expect_pool_follows_memory(true);
}

static void a_memory_that_cannot_be_written_sends_nothing(void **state)
{
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, false);
    memory.fails_learn = true;
    assert_int_not_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_expect_refused(&stage, PINTLE_REASON_MEMORY);
    end(&stage, &web);
    assert_int_equal(atomic_load(&web.requests), 0);
    assert_int_equal(atomic_load(&web.bytes), 0);
}

static void a_session_of_learned_keys_is_not_resumed(void **state)
{
    struct stage stage;
    struct web web;

    (void)state;
    begin(&stage, &web, false);
    curl_easy_setopt(stage.easy, CURLOPT_FORBID_REUSE, 1L);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    memory.entries[0].pins[0] = pki_pin(stage.odd.x509);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    end(&stage, &web);
    assert_int_equal(atomic_load(&web.resumed), 0);
    assert_int_equal(atomic_load(&web.requests), 3);
}

/* --- unlisted hosts that announce pins ---------------------------------------------------------- */

static CURLcode get_other(struct stage *stage, uint16_t port)
{
    stage_url(stage->easy, "https", OTHER, port, "/");
    return curl_easy_perform(stage->easy);
}

static void expect_announcement_obeyed(bool keeps)
{
    struct stage stage;
    struct web web, others;

    begin(&stage, &web, false);
    others = (struct web){0};
    web_start(&others, &stage.other);
    stage_resolve(&stage, others.listener.port);
    curl_easy_setopt(stage.easy, CURLOPT_FORBID_REUSE, keeps ? 0L : 1L);
    assert_int_equal(get_other(&stage, others.listener.port), CURLE_OK);
    stage_expect(&stage, PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
    assert_int_equal(get_other(&stage, others.listener.port), CURLE_OK);
    assert_int_equal(pintle_curl_get_verdict(stage.guard)->resumed, !keeps);
    (void)memory_add(&memory, PINTLE_LEARNED_HPKP, OTHER, pki_pin(stage.odd.x509), 0, INT64_MAX);
    assert_int_equal(get_other(&stage, others.listener.port),
                     keeps ? CURLE_ABORTED_BY_CALLBACK : CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    memory.entries[0].pins[0] = pki_pin(stage.root.x509);
    assert_int_equal(get_other(&stage, others.listener.port), CURLE_OK);
    stage_expect(&stage, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    end(&stage, &web);
    web_stop(&others);
    assert_int_equal(atomic_load(&others.requests), 3);
}

static void a_kept_connection_is_held_to_pins_announced_since(void **state)
{
    (void)state;
    expect_announcement_obeyed(true);
}

static void a_session_is_held_to_pins_announced_since(void **state)
{
    (void)state;
    expect_announcement_obeyed(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_contact_is_told_and_another_key_refused),
        cmocka_unit_test(a_kept_connection_is_held_to_what_is_learned_now),
        cmocka_unit_test(a_kept_http2_connection_is_held_to_what_is_learned_now),
        cmocka_unit_test(a_memory_that_cannot_be_written_sends_nothing),
        cmocka_unit_test(a_session_of_learned_keys_is_not_resumed),
        cmocka_unit_test(a_kept_connection_is_held_to_pins_announced_since),
        cmocka_unit_test(a_session_is_held_to_pins_announced_since),
    };

    return cmocka_run_group_tests_name("curl tofu", tests, NULL, NULL);
}
