/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a transfer is for: the host of its URL, however it is written and wherever it is dialled. */
#include <locale.h>
#include <stdio.h>

#include "adapter/curl/stage.h"

/* A certificate and a rule for one name, and a URL that means it, or does not. */
static const struct name {
    const char *alt_name;
    const char *match;
    const char *url_host;
} names[] = {
    {"IP:127.0.0.1", "127.0.0.1", "127.0.0.1"},
    {"IP:::1", "::1", "[::1]"},
    {"DNS:" HOST, HOST, "API.Example.COM"},
    {"DNS:" HOST, HOST, HOST "."},
    {"DNS:" HOST, HOST, "user@" HOST},
    {"DNS:xn--bcher-kva.example", "xn--bcher-kva.example",
     "b\xc3\xbc"
     "cher.example"},
};

/* Dial 127.0.0.1 instead of ::1, which not every machine has. */
static struct curl_slist *detour_to(CURL *easy, uint16_t port)
{
    struct curl_slist *detour;
    char text[64];

    (void)snprintf(text, sizeof(text), "[::1]::127.0.0.1:%u", port);
    detour = curl_slist_append(NULL, text);
    assert_int_equal(curl_easy_setopt(easy, CURLOPT_CONNECT_TO, detour), CURLE_OK);
    return detour;
}

static void expect_name(const struct name *name, bool matches)
{
    struct web web = {0};
    struct stage stage;
    struct curl_slist *detour;
    struct pki_cert cert;

    stage_init(&stage);
    cert = pki_leaf(name->alt_name, pki_key(PKI_P256, 7), &stage.root);
    web_start(&web, &cert);
    const struct stage_rule rules[] = {
        {name->match, .port = web.listener.port, .pins = {matches ? &cert : &stage.backup, NULL}},
        {0}};
    stage_rules(&stage, rules);
    stage_guard(&stage, web.listener.port);
    detour = detour_to(stage.easy, web.listener.port);
    stage_url(stage.easy, "https", name->url_host, web.listener.port, "/");
    print_message("# %s\n", name->url_host);
    assert_int_equal(curl_easy_perform(stage.easy),
                     matches ? CURLE_OK : CURLE_PEER_FAILED_VERIFICATION);
    stage_expect(&stage, matches ? PINTLE_ACCEPT : PINTLE_REFUSE,
                 matches ? PINTLE_REASON_MATCH : PINTLE_REASON_MISMATCH);
    assert_string_equal(pintle_curl_get_verdict(stage.guard)->host.text, name->match);
    stage_clear(&stage);
    web_stop(&web);
    curl_slist_free_all(detour);
    pki_free(&cert);
    assert_int_equal(atomic_load(&web.requests), matches ? 1 : 0);
}

static void the_host_of_the_url_picks_the_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        expect_name(&names[i], true);
        expect_name(&names[i], false);
    }
}

/* The connection goes to OTHER's name and to another port; the identity stays HOST at port 443. */
static void connect_to_keeps_the_identity(void **state)
{
    struct web web = {0};
    struct stage stage;
    struct curl_slist *detour;
    char text[128];

    (void)state;
    for (int matches = 0; matches < 2; matches++) {
        stage_init(&stage);
        web_start(&web, &stage.host);
        (void)snprintf(text, sizeof(text), HOST ":443:" OTHER ":%u", web.listener.port);
        detour = curl_slist_append(NULL, text);
        const struct pki_cert *pin = matches == 1 ? &stage.host : &stage.backup;
        const struct stage_rule rules[] = {
            {HOST, .port = 443, .pins = {pin, NULL}}, {OTHER, .pins = {&stage.host, NULL}}, {0}};
        stage_rules(&stage, rules);
        stage_guard(&stage, web.listener.port);
        curl_easy_setopt(stage.easy, CURLOPT_CONNECT_TO, detour);
        assert_int_equal(stage_get(&stage, 443),
                         matches == 1 ? CURLE_OK : CURLE_PEER_FAILED_VERIFICATION);
        assert_string_equal(pintle_curl_get_verdict(stage.guard)->host.text, HOST);
        assert_int_equal(pintle_curl_get_verdict(stage.guard)->port, 443);
        stage_clear(&stage);
        web_stop(&web);
        curl_slist_free_all(detour);
        assert_int_equal(atomic_exchange(&web.requests, 0), matches);
    }
}

/* RFC 6874: what follows '%' is no part of anyone's identity. */
static void an_address_with_a_zone_is_refused(void **state)
{
    struct web web = {0};
    struct stage stage;
    struct curl_slist *detour;
    char text[64];

    (void)state;
    stage_init(&stage);
    web_start(&web, &stage.host);
    (void)snprintf(text, sizeof(text), "::127.0.0.1:%u", web.listener.port);
    detour = curl_slist_append(NULL, text);
    const struct stage_rule rules[] = {{"fe80::1", .pins = {&stage.host, NULL}}, {0}};
    stage_rules(&stage, rules);
    stage_guard(&stage, web.listener.port);
    curl_easy_setopt(stage.easy, CURLOPT_CONNECT_TO, detour);
    curl_easy_setopt(stage.easy, CURLOPT_URL, "https://[fe80::1%25lo]/");
    assert_int_equal(curl_easy_perform(stage.easy), CURLE_SSL_CONNECT_ERROR);
    stage_expect_refused(&stage, PINTLE_REASON_NO_HOST);
    curl_easy_setopt(stage.easy, CURLOPT_URL, "http://[fe80::1%25lo]/");
    assert_int_equal(curl_easy_perform(stage.easy), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    stage_clear(&stage);
    web_stop(&web);
    curl_slist_free_all(detour);
    assert_int_equal(atomic_load(&web.bytes), 0);
}

static void a_connection_alone_is_checked(void **state)
{
    struct web web = {0};
    struct stage stage;

    (void)state;
    for (int matches = 0; matches < 2; matches++) {
        stage_init(&stage);
        web_start(&web, &stage.host);
        stage_pin(&stage, matches == 1 ? &stage.host : &stage.backup);
        stage_guard(&stage, web.listener.port);
        curl_easy_setopt(stage.easy, CURLOPT_CONNECT_ONLY, 1L);
        assert_int_equal(stage_get(&stage, web.listener.port),
                         matches == 1 ? CURLE_OK : CURLE_PEER_FAILED_VERIFICATION);
        stage_expect(&stage, matches == 1 ? PINTLE_ACCEPT : PINTLE_REFUSE,
                     matches == 1 ? PINTLE_REASON_MATCH : PINTLE_REASON_MISMATCH);
        stage_clear(&stage);
        web_stop(&web);
    }
}

/* libcurl's own look-ups ask nobody whom the rules do not know. */
static void a_dns_over_https_server_needs_a_rule(void **state)
{
    struct web web = {0};
    struct stage stage;
    char url[64];

    (void)state;
    for (int listed = 0; listed < 2; listed++) {
        stage_init(&stage);
        web_start(&web, &stage.other);
        const struct stage_rule rules[] = {{HOST, .pins = {&stage.host, NULL}},
                                           {listed == 1 ? OTHER : NULL, .pins = {&stage.other}},
                                           {0}};
        stage_rules(&stage, rules);
        stage_guard(&stage, web.listener.port);
        (void)snprintf(url, sizeof(url), "https://" OTHER ":%u/", web.listener.port);
        curl_easy_setopt(stage.easy, CURLOPT_DOH_URL, url);
        curl_easy_setopt(stage.easy, CURLOPT_URL, "https://nowhere.example.com/");
        assert_int_equal(curl_easy_perform(stage.easy), CURLE_COULDNT_RESOLVE_HOST);
        stage_expect(&stage, listed == 1 ? PINTLE_ACCEPT : PINTLE_REFUSE,
                     listed == 1 ? PINTLE_REASON_MATCH : PINTLE_REASON_NO_RULE);
        stage_clear(&stage);
        web_stop(&web);
        assert_int_equal(atomic_exchange(&web.bytes, 0) > 0, listed == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_of_the_url_picks_the_rule),
        cmocka_unit_test(connect_to_keeps_the_identity),
        cmocka_unit_test(an_address_with_a_zone_is_refused),
        cmocka_unit_test(a_dns_over_https_server_needs_a_rule),
        cmocka_unit_test(a_connection_alone_is_checked),
    };

    /* libcurl reads U-labels in the locale's character set. */
    (void)setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests_name("libcurl: names", tests, NULL, NULL);
}
