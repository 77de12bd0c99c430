/* SPDX-License-Identifier: Apache-2.0 */
/* What rules ask for: denied keys, modes and their end, trust in a key alone. */
#include "adapter/openssl/scene.h"

#define PAST "2021-01-01T00:00:00Z"
#define FUTURE "2098-01-01T00:00:00Z"

static void rule_and_dial(struct scene *scene, const struct scene_rule *rule)
{
    scene_rule(scene, rule);
    scene_dial(scene);
}

/* --- denied keys ----------------------------------------------------------------------------- */

static void expect_denied(struct scene *scene, const char *mode, const struct pki_cert *denied,
                          int index)
{
    rule_and_dial(scene, &(struct scene_rule){.mode = mode,
                                              .pins = {&scene->leaf, &scene->inter, &scene->root},
                                              .deny = {denied}});
    scene_expect_refused(scene, PINTLE_REASON_DENIED, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    assert_int_equal(scene_verdict(scene)->cert_index, index);
}

static void a_denied_key_is_refused_wherever_it_is(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    expect_denied(&scene, "enforce", &scene.leaf, 0);
    expect_denied(&scene, "enforce", &scene.inter, 1);
    expect_denied(&scene, "enforce", &scene.root, 2);
    scene_clear(&scene);
}

static void a_denied_key_is_refused_in_every_mode(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    expect_denied(&scene, "report", &scene.inter, 1);
    expect_denied(&scene, "off", &scene.inter, 1);
    scene_clear(&scene);
}

/* --- modes ----------------------------------------------------------------------------------- */

static unsigned reports;

static void count_report(void *ctx, const struct pintle_report *report)
{
    enum pintle_reason *reason = ctx;

    reports++;
    *reason = report->verdict.reason;
}

static void report_mode_softens_and_reports_a_mismatch(void **state)
{
    enum pintle_reason reason = PINTLE_REASON_INTERNAL;
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    rule_and_dial(&scene, &(struct scene_rule){.mode = "report", .pins = {&scene.rogue}});
    scene_expect_accepted(&scene, PINTLE_REASON_MISMATCH);
    assert_true(scene_verdict(&scene)->softened);
    reports = 0;
    (void)pintle_take_reports(scene.engine, count_report, &reason);
    assert_int_equal(reports, 1);
    assert_int_equal(reason, PINTLE_REASON_MISMATCH);
    scene_clear(&scene);
}

static void expect_path_error_kept(struct scene *scene, const char *mode)
{
    const struct pki_cert *others[] = {&scene->inter};
    struct pki_cert leaf = pki_issue(&(struct pki_spec){.cn = "server",
                                                        .alt_names = "DNS:" HOST,
                                                        .key = pki_key(PKI_P256, KEY_LEAF),
                                                        .issuer = &scene->inter,
                                                        .begins_s = -7200,
                                                        .ends_s = -3600});

    scene_serve(scene, &leaf, others, 1);
    rule_and_dial(scene, &(struct scene_rule){.mode = mode, .pins = {&scene->inter}});
    scene_expect_refused(scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_CERT_HAS_EXPIRED,
                         SSL_AD_CERTIFICATE_EXPIRED);
    pki_free(&leaf);
}

static void no_mode_softens_a_path_error(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    expect_path_error_kept(&scene, "enforce");
    expect_path_error_kept(&scene, "report");
    expect_path_error_kept(&scene, "off");
    scene_clear(&scene);
}

static void expect_name_error_kept(struct scene *scene, const char *mode)
{
    const struct pki_cert *others[] = {&scene->inter};
    struct pki_cert leaf =
        pki_leaf("DNS:www.example.com", pki_key(PKI_P256, KEY_LEAF), &scene->inter);

    scene_serve(scene, &leaf, others, 1);
    rule_and_dial(scene, &(struct scene_rule){.mode = mode, .pins = {&scene->inter}});
    scene_expect_refused(scene, PINTLE_REASON_NAME_MISMATCH, X509_V_ERR_HOSTNAME_MISMATCH,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
}

static void no_mode_softens_a_name_error(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    expect_name_error_kept(&scene, "enforce");
    expect_name_error_kept(&scene, "report");
    expect_name_error_kept(&scene, "off");
    scene_clear(&scene);
}

static void mode_off_asks_for_a_path_only(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    rule_and_dial(&scene, &(struct scene_rule){.mode = "off", .pins = {&scene.rogue}});
    scene_expect_accepted(&scene, PINTLE_REASON_OFF);
    scene_clear(&scene);
}

/* --- the end of enforcement ------------------------------------------------------------------ */

static void enforcement_holds_until_its_end(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    rule_and_dial(&scene,
                  &(struct scene_rule){.until = FUTURE, .after = "off", .pins = {&scene.rogue}});
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    scene_clear(&scene);
}

static void after_its_end_a_rule_reports(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    rule_and_dial(&scene,
                  &(struct scene_rule){.until = PAST, .after = "report", .pins = {&scene.rogue}});
    scene_expect_accepted(&scene, PINTLE_REASON_MISMATCH);
    assert_true(scene_verdict(&scene)->softened);
    assert_int_equal(scene_verdict(&scene)->mode, PINTLE_MODE_REPORT);
    scene_clear(&scene);
}

static void after_its_end_a_rule_may_be_off(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    rule_and_dial(&scene,
                  &(struct scene_rule){.until = PAST, .after = "off", .pins = {&scene.rogue}});
    scene_expect_accepted(&scene, PINTLE_REASON_OFF);
    scene_clear(&scene);
}

static void after_its_end_a_rule_may_go_on_enforcing(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    rule_and_dial(&scene,
                  &(struct scene_rule){.until = PAST, .after = "enforce", .pins = {&scene.rogue}});
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    scene_clear(&scene);
}

/* --- trust in a key -------------------------------------------------------------------------- */

/* A device: its own certificate, long expired, for no name we would know. */
static struct pki_cert device(void)
{
    return pki_issue(&(struct pki_spec){
        .cn = "device", .key = pki_key(PKI_P256, KEY_OTHER), .begins_s = -7200, .ends_s = -3600});
}

static void a_trusted_key_needs_no_path_name_or_date(void **state)
{
    struct scene scene;
    struct pki_cert leaf = device();
    struct pintle_verdict verdict;

    scene_ready(&scene, scene_version(state));
    scene_serve(&scene, &leaf, NULL, 0);
    rule_and_dial(&scene, &(struct scene_rule){.trust = "key", .pins = {&leaf}, .at = {"leaf"}});
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    pintle_openssl_recheck(scene.pair.client, &verdict);
    assert_int_equal(verdict.decision, PINTLE_ACCEPT);
    scene_rule(&scene, &(struct scene_rule){.pins = {&leaf}, .at = {"leaf"}});
    pintle_openssl_recheck(scene.pair.client, &verdict);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_PATH_INVALID);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_trusted_key_is_resumed(void **state)
{
    struct scene scene;
    struct pki_cert leaf = device();
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    scene_serve(&scene, &leaf, NULL, 0);
    rule_and_dial(&scene, &(struct scene_rule){.trust = "key", .pins = {&leaf}, .at = {"leaf"}});
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    tls_pair_settle(&scene.pair);
    session = SSL_get1_session(scene.pair.client);
    SSL_shutdown(scene.pair.client);
    scene_dial(&scene);
    assert_int_equal(SSL_set_session(scene.pair.client, session), 1);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_true(SSL_session_reused(scene.pair.client));
    SSL_SESSION_free(session);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void another_key_is_not_trusted(void **state)
{
    struct scene scene;
    struct pki_cert leaf = device();

    scene_ready(&scene, scene_version(state));
    scene_serve(&scene, &leaf, NULL, 0);
    rule_and_dial(&scene,
                  &(struct scene_rule){.trust = "key", .pins = {&scene.leaf}, .at = {"leaf"}});
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                         SSL_AD_UNKNOWN_CA);
    pki_free(&leaf);
    scene_clear(&scene);
}

/* The pinned key above another leaf proves nothing. */
static void a_trusted_key_does_not_vouch_for_others(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    rule_and_dial(&scene, &(struct scene_rule){.trust = "key", .pins = {&scene.inter}});
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    scene_clear(&scene);
}

/* --- unlisted hosts, and a provider that fails ----------------------------------------------- */

static bool broken;

static bool sha256(void *ctx, const uint8_t *data, size_t len, uint8_t out[PINTLE_DIGEST_LEN])
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();

    (void)ctx;
    return !broken && crypto->sha256(crypto->ctx, data, len, out);
}

static void use_breakable(struct scene *scene, int version)
{
    static const struct pintle_crypto crypto = {"breakable", sha256, NULL, NULL};

    broken = false;
    scene_init(scene, version);
    scene->crypto = &crypto;
    scene_pin_inter(scene);
    scene_guard(scene);
    scene_serve_honest(scene);
    scene_dial(scene);
}

static void an_unlisted_host_may_be_allowed(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_init(&scene, scene_version(state));
    scene.allow_unlisted = true;
    scene_rule(&scene, &(struct scene_rule){.match = "www.example.com", .pins = {&scene.inter}});
    scene_guard(&scene);
    scene_serve_honest(&scene);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_NO_RULE);
    leaf = pki_leaf("DNS:other.example.com", pki_key(PKI_P256, KEY_LEAF), &scene.rogue);
    scene_serve(&scene, &leaf, NULL, 0);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_NO_RULE, X509_V_ERR_APPLICATION_VERIFICATION,
                         SSL_AD_HANDSHAKE_FAILURE);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_provider_that_fails_refuses_before_a_byte_is_sent(void **state)
{
    struct scene scene;

    use_breakable(&scene, scene_version(state));
    broken = true;
    scene_expect_refused(&scene, PINTLE_REASON_INTERNAL, X509_V_ERR_UNSPECIFIED, TLS_NO_ALERT);
    assert_int_equal(scene.pair.from_client.len, 0);
    scene_clear(&scene);
}

static void a_provider_that_fails_at_the_certificate_refuses(void **state)
{
    struct scene scene;

    use_breakable(&scene, scene_version(state));
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    broken = true;
    scene_expect_refused(&scene, PINTLE_REASON_INTERNAL, X509_V_ERR_UNSPECIFIED,
                         SSL_AD_INTERNAL_ERROR);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_denied_key_is_refused_wherever_it_is),
        IN_BOTH(a_denied_key_is_refused_in_every_mode),
        IN_BOTH(report_mode_softens_and_reports_a_mismatch),
        IN_BOTH(no_mode_softens_a_path_error),
        IN_BOTH(no_mode_softens_a_name_error),
        IN_BOTH(mode_off_asks_for_a_path_only),
        IN_BOTH(enforcement_holds_until_its_end),
        IN_BOTH(after_its_end_a_rule_reports),
        IN_BOTH(after_its_end_a_rule_may_be_off),
        IN_BOTH(after_its_end_a_rule_may_go_on_enforcing),
        IN_BOTH(a_trusted_key_needs_no_path_name_or_date),
        IN_BOTH(a_trusted_key_is_resumed),
        IN_BOTH(another_key_is_not_trusted),
        IN_BOTH(a_trusted_key_does_not_vouch_for_others),
        IN_BOTH(an_unlisted_host_may_be_allowed),
        IN_BOTH(a_provider_that_fails_refuses_before_a_byte_is_sent),
        IN_BOTH(a_provider_that_fails_at_the_certificate_refuses),
    };

    return cmocka_run_group_tests_name("openssl rules", tests, NULL, NULL);
}
