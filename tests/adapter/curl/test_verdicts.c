/* SPDX-License-Identifier: Apache-2.0 */
/* First connections and redirects. Whoever is refused hears no request. */
#include <stdio.h>

#include "adapter/curl/stage.h"

static void expect_deaf(struct web *web)
{
    web_stop(web);
    assert_int_equal(atomic_load(&web->requests), 0);
    assert_int_equal(atomic_load(&web->bytes), 0);
}

/* --- one server ------------------------------------------------------------------------------- */

static void a_pinned_server_gets_the_request(void **state)
{
    struct web web = {0};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    web_start(&web, &stage.host);
    stage_pin(&stage, &stage.host);
    stage_guard(&stage, web.listener.port);
    stage_expect_refused(&stage, PINTLE_REASON_UNCHECKED);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_expect_accepted(&stage);
    assert_string_equal(pintle_curl_get_verdict(stage.guard)->host.text, HOST);
    assert_int_equal(pintle_curl_get_verdict(stage.guard)->port, web.listener.port);
    stage_clear(&stage);
    web_stop(&web);
    assert_int_equal(atomic_load(&web.requests), 1);
}

static void a_backup_pin_is_accepted(void **state)
{
    struct web web = {0};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    web_start(&web, &stage.host);
    const struct stage_rule rules[] = {{HOST, .pins = {&stage.backup, &stage.host}}, {0}};
    stage_rules(&stage, rules);
    stage_guard(&stage, web.listener.port);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_OK);
    stage_expect_accepted(&stage);
    assert_int_equal(pintle_curl_get_verdict(stage.guard)->pin_index, 1);
    stage_clear(&stage);
    web_stop(&web);
}

/*
 * What libcurl is told to overlook does not weaken the guard. `served` picks the certificate.
 */
struct refusal {
    const char *name;
    bool verify_peer;
    bool verify_host;
    int served;
    enum pintle_reason reason;
};

enum served {
    SERVES_ODD,
    SERVES_OTHER,
    SERVES_UNTRUSTED
};

/* Without CURLOPT_SSL_VERIFYPEER libcurl loads no trust anchors, so that no path is valid. */
static const struct refusal refusals[] = {
    {"another key", true, true, SERVES_ODD, PINTLE_REASON_MISMATCH},
    {"another key, host unverified", true, false, SERVES_ODD, PINTLE_REASON_MISMATCH},
    {"another key, unverified", false, false, SERVES_ODD, PINTLE_REASON_PATH_INVALID},
    {"another name", true, true, SERVES_OTHER, PINTLE_REASON_NAME_MISMATCH},
    {"another name, host unverified", true, false, SERVES_OTHER, PINTLE_REASON_NAME_MISMATCH},
    {"another name, unverified", false, false, SERVES_OTHER, PINTLE_REASON_PATH_INVALID},
    {"an untrusted authority", true, true, SERVES_UNTRUSTED, PINTLE_REASON_PATH_INVALID},
    {"an untrusted authority, unverified", false, false, SERVES_UNTRUSTED,
     PINTLE_REASON_PATH_INVALID},
};

/* The pins hold the key of every certificate that must fail for another reason. */
static void try_refusal(const struct refusal *row)
{
    struct web web = {0};
    struct stage stage;
    struct pki_cert untrusted;

    stage_init(&stage);
    untrusted = pki_leaf("DNS:" HOST, pki_key(PKI_P256, 2), &stage.rogue);
    const struct pki_cert *served[] = {&stage.odd, &stage.other, &untrusted};
    const struct stage_rule rules[] = {{HOST, .pins = {&stage.host, &stage.other}}, {0}};
    web_start(&web, served[row->served]);
    stage_rules(&stage, rules);
    stage_guard(&stage, web.listener.port);
    curl_easy_setopt(stage.easy, CURLOPT_SSL_VERIFYPEER, row->verify_peer ? 1L : 0L);
    curl_easy_setopt(stage.easy, CURLOPT_SSL_VERIFYHOST, row->verify_host ? 2L : 0L);
    print_message("# %s\n", row->name);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, row->reason);
    stage_clear(&stage);
    expect_deaf(&web);
    pki_free(&untrusted);
}

static void a_wrong_server_gets_no_byte_of_the_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        try_refusal(&refusals[i]);
}

static void a_key_is_trusted_without_an_authority(void **state)
{
    struct web web = {0};
    struct stage stage;

    (void)state;
    for (int matches = 0; matches < 2; matches++) {
        stage_init(&stage);
        struct pki_cert own = pki_leaf("DNS:device", pki_key(PKI_P256, 8), NULL);
        const struct pki_cert *pin = matches == 1 ? &own : &stage.host;
        const struct stage_rule rules[] = {{HOST, .pins = {pin, NULL}, .trust = "key"}, {0}};
        web_start(&web, &own);
        stage_rules(&stage, rules);
        stage_guard(&stage, web.listener.port);
        curl_easy_setopt(stage.easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(stage.easy, CURLOPT_SSL_VERIFYHOST, 0L);
        assert_int_equal(stage_get(&stage, web.listener.port),
                         matches == 1 ? CURLE_OK : CURLE_PEER_FAILED_VERIFICATION);
        stage_expect(&stage, matches == 1 ? PINTLE_ACCEPT : PINTLE_REFUSE,
                     matches == 1 ? PINTLE_REASON_MATCH : PINTLE_REASON_PATH_INVALID);
        stage_clear(&stage);
        web_stop(&web);
        pki_free(&own);
        assert_int_equal(atomic_exchange(&web.requests, 0), matches);
    }
}

static void a_rule_for_another_port_does_not_count(void **state)
{
    struct web web = {0};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    web_start(&web, &stage.host);
    const struct stage_rule rules[] = {
        {HOST, .port = web.listener.port, .pins = {&stage.backup, NULL}},
        {HOST, .port = 443, .pins = {&stage.host, NULL}},
        {0}};
    stage_rules(&stage, rules);
    stage_guard(&stage, web.listener.port);
    assert_int_equal(stage_get(&stage, web.listener.port), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    stage_clear(&stage);
    expect_deaf(&web);
}

/* --- redirects -------------------------------------------------------------------------------- */

/* Follow HOST's redirect to `url` with `format`'s port, under rules for HOST and perhaps OTHER. */
static CURLcode follow(struct stage *stage, const char *scheme, const char *host,
                       const struct pki_cert *other_pin, struct web *to)
{
    struct web from = {0};
    CURLcode code;
    const struct stage_rule rules[] = {
        {HOST, .pins = {&stage->host, NULL}},
        {other_pin != NULL ? OTHER : NULL, .pins = {other_pin, NULL}},
        {0}};

    (void)snprintf(from.location, sizeof(from.location), "%s://%s:%u/", scheme, host,
                   to->listener.port);
    web_start(&from, &stage->host);
    stage_rules(stage, rules);
    stage_resolve(stage, to->listener.port);
    stage_guard(stage, from.listener.port);
    curl_easy_setopt(stage->easy, CURLOPT_FOLLOWLOCATION, 1L);
    stage_url(stage->easy, "https", HOST, from.listener.port, "/go");
    code = curl_easy_perform(stage->easy);
    curl_easy_cleanup(stage->easy);
    stage->easy = NULL;
    web_stop(&from);
    assert_int_equal(atomic_load(&from.requests), 1);
    return code;
}

static void a_redirect_is_decided_by_its_own_rule(void **state)
{
    struct web to = {0};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    web_start(&to, &stage.other);
    assert_int_equal(follow(&stage, "https", OTHER, &stage.other, &to), CURLE_OK);
    stage_expect_accepted(&stage);
    assert_string_equal(pintle_curl_get_verdict(stage.guard)->host.text, OTHER);
    stage_clear(&stage);
    web_stop(&to);
    assert_int_equal(atomic_load(&to.requests), 1);
}

static void a_redirect_to_a_mismatch_is_refused(void **state)
{
    struct web to = {0};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    web_start(&to, &stage.other);
    assert_int_equal(follow(&stage, "https", OTHER, &stage.host, &to),
                     CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_MISMATCH);
    stage_clear(&stage);
    expect_deaf(&to);
}

static void a_redirect_to_an_unlisted_host_is_refused(void **state)
{
    struct web to = {0};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    web_start(&to, &stage.other);
    assert_int_equal(follow(&stage, "https", OTHER, NULL, &to), CURLE_PEER_FAILED_VERIFICATION);
    stage_expect_refused(&stage, PINTLE_REASON_NO_RULE);
    stage_clear(&stage);
    expect_deaf(&to);
}

static void a_redirect_away_from_tls_is_refused(void **state)
{
    struct web to = {0};
    struct stage stage;

    (void)state;
    stage_init(&stage);
    web_start(&to, NULL);
    assert_int_equal(follow(&stage, "http", HOST, NULL, &to), CURLE_ABORTED_BY_CALLBACK);
    stage_expect_refused(&stage, PINTLE_REASON_PLAINTEXT);
    stage_clear(&stage);
    expect_deaf(&to);
}

/* --- without TLS ------------------------------------------------------------------------------ */

static void plaintext_to_an_unlisted_host_needs_leave(void **state)
{
    struct web web = {0};
    struct stage stage;

    (void)state;
    for (int allow = 0; allow < 2; allow++) {
        stage_init(&stage);
        stage.allow_unlisted = allow == 1;
        web_start(&web, NULL);
        stage_pin(&stage, &stage.host);
        stage_guard(&stage, web.listener.port);
        stage_url(stage.easy, "http", "unlisted.example.com", web.listener.port, "/");
        assert_int_equal(curl_easy_perform(stage.easy),
                         allow == 1 ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK);
        assert_int_equal(pintle_curl_get_verdict(stage.guard)->decision,
                         allow == 1 ? PINTLE_ACCEPT : PINTLE_REFUSE);
        stage_clear(&stage);
        web_stop(&web);
        assert_int_equal(atomic_exchange(&web.requests, 0), allow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pinned_server_gets_the_request),
        cmocka_unit_test(a_backup_pin_is_accepted),
        cmocka_unit_test(a_wrong_server_gets_no_byte_of_the_request),
        cmocka_unit_test(a_key_is_trusted_without_an_authority),
        cmocka_unit_test(a_rule_for_another_port_does_not_count),
        cmocka_unit_test(a_redirect_is_decided_by_its_own_rule),
        cmocka_unit_test(a_redirect_to_a_mismatch_is_refused),
        cmocka_unit_test(a_redirect_to_an_unlisted_host_is_refused),
        cmocka_unit_test(a_redirect_away_from_tls_is_refused),
        cmocka_unit_test(plaintext_to_an_unlisted_host_needs_leave),
    };

    return cmocka_run_group_tests_name("libcurl: verdicts", tests, NULL, NULL);
}
