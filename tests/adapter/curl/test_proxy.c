/* SPDX-License-Identifier: Apache-2.0 */
/* Through proxies: the server by its rule, and an HTTPS proxy by its own. */
#include <stdio.h>

#include "adapter/curl/proxy.h"
#include "adapter/curl/stage.h"

#define PROXY "proxy.example.com"

struct trip {
    struct stage stage;
    struct web web;
    struct proxy *proxy;
    struct pki_cert proxy_cert;
};

/* A server for HOST, and a proxy that is known as PROXY. */
static void trip_begin(struct trip *trip, struct proxy *proxy, bool tls)
{
    trip->web = (struct web){.h2 = false};
    trip->proxy = proxy;
    stage_init(&trip->stage);
    trip->proxy_cert = pki_leaf("DNS:" PROXY ",DNS:" HOST, pki_key(PKI_P256, 6), &trip->stage.root);
    web_start(&trip->web, &trip->stage.host);
    proxy_start(proxy, tls ? &trip->proxy_cert : NULL);
    stage_resolve(&trip->stage, proxy->listener.port);
}

static void trip_end(struct trip *trip)
{
    stage_clear(&trip->stage);
    proxy_stop(trip->proxy);
    web_stop(&trip->web);
    pki_free(&trip->proxy_cert);
}

static void set_proxy(struct trip *trip, const char *scheme, const char *host)
{
    char url[128];

    (void)snprintf(url, sizeof(url), "%s://%s:%u", scheme, host, trip->proxy->listener.port);
    assert_int_equal(curl_easy_setopt(trip->stage.easy, CURLOPT_PROXY, url), CURLE_OK);
}

/* A rule for HOST, and one for PROXY at `port` unless proxy_pin is NULL. */
static void set_rules(struct trip *trip, const struct pki_cert *host_pin,
                      const struct pki_cert *proxy_pin, uint16_t port)
{
    const struct stage_rule rules[] = {
        {HOST, .pins = {host_pin, NULL}},
        {proxy_pin != NULL ? PROXY : NULL, .port = port, .pins = {proxy_pin, NULL}},
        {0}};

    stage_rules(&trip->stage, rules);
}

/* --- proxies that see only bytes -------------------------------------------------------------- */

static const struct pass {
    const char *scheme;
    const char *host;
    bool socks;
} passes[] = {
    {"http", PROXY, false},
    {"http", "127.0.0.1", false},
    {"socks5h", PROXY, true},
};

static void expect_through(const struct pass *pass, bool matches)
{
    struct proxy proxy = {.socks = pass->socks};
    struct trip trip;

    trip_begin(&trip, &proxy, false);
    set_rules(&trip, matches ? &trip.stage.host : &trip.stage.backup, NULL, 0);
    stage_guard(&trip.stage, trip.web.listener.port);
    set_proxy(&trip, pass->scheme, pass->host);
    curl_easy_setopt(trip.stage.easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    assert_int_equal(stage_get(&trip.stage, trip.web.listener.port),
                     matches ? CURLE_OK : CURLE_PEER_FAILED_VERIFICATION);
    stage_expect(&trip.stage, matches ? PINTLE_ACCEPT : PINTLE_REFUSE,
                 matches ? PINTLE_REASON_MATCH : PINTLE_REASON_MISMATCH);
    if (matches)
        assert_int_equal(stage_get(&trip.stage, trip.web.listener.port), CURLE_OK);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 1);
    assert_int_equal(atomic_load(&trip.web.requests), matches ? 2 : 0);
    if (!matches)
        assert_int_equal(atomic_load(&trip.web.bytes), 0);
}

static void a_server_behind_a_proxy_is_decided_by_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
        expect_through(&passes[i], true);
        expect_through(&passes[i], false);
    }
}

static void a_plain_request_through_a_proxy_is_refused(void **state)
{
    struct proxy proxy = {.socks = false};
    struct trip trip;

    (void)state;
    trip_begin(&trip, &proxy, false);
    set_rules(&trip, &trip.stage.host, NULL, 0);
    stage_guard(&trip.stage, trip.web.listener.port);
    set_proxy(&trip, "http", PROXY);
    stage_url(trip.stage.easy, "http", HOST, 80, "/");
    assert_int_equal(curl_easy_perform(trip.stage.easy), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&trip.stage, PINTLE_REASON_PLAINTEXT);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 0);
}

/* --- HTTPS proxies ---------------------------------------------------------------------------- */

/* A transfer through an HTTPS proxy at `host` under rules that were set; what it must come to. */
static void expect_https_proxy(struct trip *trip, const char *host, CURLcode code,
                               enum pintle_reason reason)
{
    stage_guard(&trip->stage, trip->web.listener.port);
    set_proxy(trip, "https", host);
    curl_easy_setopt(trip->stage.easy, CURLOPT_PROXY_SSL_VERIFYHOST, 0L); /* changes nothing */
    assert_int_equal(stage_get(&trip->stage, trip->web.listener.port), code);
    stage_expect(&trip->stage, code == CURLE_OK ? PINTLE_ACCEPT : PINTLE_REFUSE, reason);
}

static void an_https_proxy_with_a_rule_is_accepted(void **state)
{
    struct proxy proxy = {.socks = false};
    struct trip trip;

    (void)state;
    trip_begin(&trip, &proxy, true);
    set_rules(&trip, &trip.stage.host, &trip.proxy_cert, proxy.listener.port);
    expect_https_proxy(&trip, PROXY, CURLE_OK, PINTLE_REASON_MATCH);
    assert_string_equal(pintle_curl_get_verdict(trip.stage.guard)->host.text, HOST);
    assert_int_equal(pintle_curl_get_verdict(trip.stage.guard)->port, trip.web.listener.port);
    assert_int_equal(stage_get(&trip.stage, trip.web.listener.port), CURLE_OK);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 1);
    assert_int_equal(atomic_load(&trip.web.requests), 2);
}

static void an_https_proxy_with_another_key_hears_nothing(void **state)
{
    struct proxy proxy = {.socks = false};
    struct trip trip;

    (void)state;
    trip_begin(&trip, &proxy, true);
    set_rules(&trip, &trip.proxy_cert, &trip.stage.backup, proxy.listener.port);
    expect_https_proxy(&trip, PROXY, CURLE_PEER_FAILED_VERIFICATION, PINTLE_REASON_MISMATCH);
    assert_string_equal(pintle_curl_get_verdict(trip.stage.guard)->host.text, PROXY);
    assert_int_equal(pintle_curl_get_verdict(trip.stage.guard)->port, proxy.listener.port);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 0);
}

static void an_https_proxy_without_a_rule_hears_nothing(void **state)
{
    struct proxy proxy = {.socks = false};
    struct trip trip;

    (void)state;
    trip_begin(&trip, &proxy, true);
    set_rules(&trip, &trip.stage.host, &trip.proxy_cert, trip.web.listener.port);
    expect_https_proxy(&trip, PROXY, CURLE_PEER_FAILED_VERIFICATION, PINTLE_REASON_NO_RULE);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 0);
}

static void an_https_proxy_that_is_an_address_has_no_host(void **state)
{
    struct proxy proxy = {.socks = false};
    struct trip trip;

    (void)state;
    trip_begin(&trip, &proxy, true);
    set_rules(&trip, &trip.stage.host, NULL, 0);
    expect_https_proxy(&trip, "127.0.0.1", CURLE_SSL_CONNECT_ERROR, PINTLE_REASON_NO_HOST);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 0);
}

/*
 * libcurl sends the alert through the proxy's TLS and clears OpenSSL's error queue on the way: it
 * then knows only that the handshake failed.
 */
static void a_server_behind_an_https_proxy_is_decided_by_its_rule(void **state)
{
    struct proxy proxy = {.socks = false};
    struct trip trip;

    (void)state;
    trip_begin(&trip, &proxy, true);
    set_rules(&trip, &trip.proxy_cert, &trip.proxy_cert, 0);
    expect_https_proxy(&trip, PROXY, CURLE_SSL_CONNECT_ERROR, PINTLE_REASON_MISMATCH);
    assert_string_equal(pintle_curl_get_verdict(trip.stage.guard)->host.text, HOST);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 1);
    assert_int_equal(atomic_load(&trip.web.bytes), 0);
}

/* TLS with the proxy is no TLS with the server. */
static void a_plain_request_through_an_https_proxy_is_refused(void **state)
{
    struct proxy proxy = {.socks = false};
    struct trip trip;

    (void)state;
    trip_begin(&trip, &proxy, true);
    set_rules(&trip, &trip.proxy_cert, &trip.proxy_cert, 0);
    stage_guard(&trip.stage, trip.web.listener.port);
    set_proxy(&trip, "https", PROXY);
    stage_url(trip.stage.easy, "http", HOST, 80, "/");
    assert_int_equal(curl_easy_perform(trip.stage.easy), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&trip.stage, PINTLE_REASON_PLAINTEXT);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 0);
}

static void an_unlisted_plain_request_through_an_https_proxy_needs_the_proxy_alone(void **state)
{
    struct proxy proxy = {.socks = false};
    struct trip trip;

    (void)state;
    trip_begin(&trip, &proxy, true);
    trip.stage.allow_unlisted = true;
    set_rules(&trip, &trip.stage.host, &trip.proxy_cert, 0);
    stage_guard(&trip.stage, trip.web.listener.port);
    set_proxy(&trip, "https", PROXY);
    stage_url(trip.stage.easy, "http", "unlisted.example.com", 80, "/");
    assert_int_equal(curl_easy_perform(trip.stage.easy), CURLE_OK);
    stage_expect(&trip.stage, PINTLE_ACCEPT, PINTLE_REASON_NO_RULE);
    set_rules(&trip, &trip.stage.host, &trip.stage.backup, 0);
    assert_int_equal(curl_easy_perform(trip.stage.easy), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&trip.stage, PINTLE_REASON_MISMATCH);
    trip_end(&trip);
    assert_int_equal(atomic_load(&proxy.asked), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_behind_a_proxy_is_decided_by_its_rule),
        cmocka_unit_test(a_plain_request_through_a_proxy_is_refused),
        cmocka_unit_test(an_https_proxy_with_a_rule_is_accepted),
        cmocka_unit_test(an_https_proxy_with_another_key_hears_nothing),
        cmocka_unit_test(an_https_proxy_without_a_rule_hears_nothing),
        cmocka_unit_test(an_https_proxy_that_is_an_address_has_no_host),
        cmocka_unit_test(a_server_behind_an_https_proxy_is_decided_by_its_rule),
        cmocka_unit_test(a_plain_request_through_an_https_proxy_is_refused),
        cmocka_unit_test(an_unlisted_plain_request_through_an_https_proxy_needs_the_proxy_alone),
    };

    return cmocka_run_group_tests_name("libcurl: proxies", tests, NULL, NULL);
}
