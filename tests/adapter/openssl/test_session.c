/* SPDX-License-Identifier: Apache-2.0 */
/* Resumption: only of sessions that were accepted for the same host, port and pin-set. */

#include "adapter/openssl/scene.h"

static const uint8_t nothing[PINTLE_DIGEST_LEN];

/* As it would come from a file. */
static SSL_SESSION *through_bytes(SSL_SESSION *session)
{
    unsigned char *bytes = NULL;
    const unsigned char *next;
    SSL_SESSION *copy;
    int len = i2d_SSL_SESSION(session, &bytes);

    assert_true(len > 0);
    next = bytes;
    copy = d2i_SSL_SESSION(NULL, &next, len);
    assert_non_null(copy);
    OPENSSL_free(bytes);
    return copy;
}

static void expect_resumed(struct scene *scene)
{
    scene_expect_accepted(scene, PINTLE_REASON_MATCH);
    assert_true(SSL_session_reused(scene->pair.client));
    assert_true(SSL_session_reused(scene->pair.server));
    assert_true(scene_verdict(scene)->resumed);
    assert_int_equal(scene_verdict(scene)->chain_count, 0);
}

static void expect_full(struct scene *scene)
{
    scene_expect_accepted(scene, PINTLE_REASON_MATCH);
    assert_false(SSL_session_reused(scene->pair.client));
    assert_false(scene_verdict(scene)->resumed);
}

/* --- must accept ----------------------------------------------------------------------------- */

static void a_session_of_the_same_host_is_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_dial_with(&scene, session);
    expect_resumed(&scene);
    assert_int_equal(scene.concluded, 2);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void a_session_set_before_the_host_is_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_pair(&scene);
    assert_int_equal(SSL_set_session(scene.pair.client, session), 1);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, HOST, PORT, NULL), PINTLE_OK);
    expect_resumed(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void a_session_from_a_file_is_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session, *copy;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    copy = through_bytes(session);
    scene_dial_with(&scene, copy);
    expect_resumed(&scene);
    SSL_SESSION_free(copy);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* The ticket that a resumed connection brings is as good as the first. */
static void a_session_of_a_resumed_connection_is_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *first, *second;

    scene_ready(&scene, scene_version(state));
    first = scene_earn_session(&scene);
    scene_dial_with(&scene, first);
    second = scene_earn_session(&scene);
    assert_true(scene_verdict(&scene)->resumed);
    scene_dial_with(&scene, second);
    expect_resumed(&scene);
    SSL_SESSION_free(second);
    SSL_SESSION_free(first);
    scene_clear(&scene);
}

/* SSL_clear() and another connection on the same object. */
static void a_cleared_connection_is_judged_again(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_SESSION_free(scene_earn_session(&scene));
    assert_int_equal(SSL_clear(scene.pair.client), 1);
    SSL_free(scene.pair.server);
    scene.pair.server = SSL_new(scene.server_ctx);
    SSL_set_accept_state(scene.pair.server);
    tls_pair_rewire(&scene.pair);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene.concluded, 2);
    scene_clear(&scene);
}

static void the_same_pins_again_keep_a_session(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_pin_inter(&scene); /* the same document, loaded again */
    scene_dial_with(&scene, session);
    expect_resumed(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* --- must not be resumed --------------------------------------------------------------------- */

static void another_pin_set_makes_a_full_handshake(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    scene_dial_with(&scene, session);
    expect_full(&scene);
    assert_int_equal(scene_verdict(&scene)->cert_index, 0);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void another_pin_set_judges_instead_of_the_session(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    scene_dial_with(&scene, session);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void another_pin_set_drops_a_session_from_a_file(void **state)
{
    struct scene scene;
    SSL_SESSION *session, *copy;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    copy = through_bytes(session);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    scene_dial_with(&scene, copy);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    SSL_SESSION_free(copy);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* The pin-set changes between set_host and the handshake. */
static void the_pin_set_at_the_handshake_counts(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_dial_with(&scene, session);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    expect_full(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* It changes while the ClientHello with the session is on its way. */
static void a_resumption_overtaken_by_another_pin_set_is_refused(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_dial_with(&scene, session);
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    scene_expect_refused(&scene, PINTLE_REASON_UNCHECKED, X509_V_ERR_APPLICATION_VERIFICATION,
                         TLS_NO_ALERT);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* Neither hook could know it, when the ClientHello was built. */
static void a_session_that_loses_its_mark_meanwhile_is_refused(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_dial_with(&scene, session);
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    assert_int_equal(SSL_SESSION_set1_ticket_appdata(session, NULL, 0), 1);
    scene_expect_refused(&scene, PINTLE_REASON_UNCHECKED, X509_V_ERR_APPLICATION_VERIFICATION,
                         TLS_NO_ALERT);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* Judged by the new pin-set, but bound to the old one: of use under neither. */
static void a_session_overtaken_by_another_pin_set_is_not_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    session = scene_earn_session(&scene);
    scene_dial_with(&scene, session);
    expect_full(&scene);
    scene_pin_inter(&scene);
    scene_dial_with(&scene, session);
    expect_full(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* Enforcement ends between the ClientHello and the certificate; then the clock is set right. */
static void a_session_overtaken_by_the_end_of_enforcement_is_not_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.until = "2090-01-01T00:00:00Z",
                                            .after = "report",
                                            .pins = {&scene.inter}});
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    scene.ahead_s = INT64_C(80) * 366 * 86400;
    session = scene_earn_session(&scene);
    assert_int_equal(scene_verdict(&scene)->mode, PINTLE_MODE_REPORT);
    scene.ahead_s = 0;
    scene_dial_with(&scene, session);
    expect_full(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* The server has a session for www.example.com and would gladly resume it for HOST. */
static SSL_SESSION *earn_other_host_session(struct scene *scene, int version)
{
    struct scene_rule rule = {.match = "**.example.com", .pins = {NULL}};
    SSL_SESSION *session;
    struct pki_cert leaf;

    scene_init(scene, version);
    rule.pins[0] = &scene->inter;
    scene_rule(scene, &rule);
    leaf = pki_leaf("DNS:www.example.com,DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), &scene->inter);
    const struct pki_cert *others[] = {&scene->inter};
    scene_serve(scene, &leaf, others, 1);
    scene_guard(scene);
    scene_pair(scene);
    assert_int_equal(pintle_openssl_set_host(scene->pair.client, "www.example.com", PORT, NULL),
                     PINTLE_OK);
    session = scene_earn_session(scene);
    pki_free(&leaf);
    return session;
}

static void a_session_of_another_host_makes_a_full_handshake(void **state)
{
    struct scene scene;
    SSL_SESSION *session = earn_other_host_session(&scene, scene_version(state));

    scene_dial_with(&scene, session);
    expect_full(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void a_session_of_another_host_from_a_file_makes_a_full_handshake(void **state)
{
    struct scene scene;
    SSL_SESSION *session = earn_other_host_session(&scene, scene_version(state));
    SSL_SESSION *copy = through_bytes(session);

    scene_dial_with(&scene, copy);
    expect_full(&scene);
    SSL_SESSION_free(copy);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void a_session_of_another_port_makes_a_full_handshake(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_pair(&scene);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, HOST, 8443, NULL), PINTLE_OK);
    assert_int_equal(SSL_set_session(scene.pair.client, session), 1);
    expect_full(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* A session of an unguarded context: nobody checked it. */
static SSL_SESSION *unchecked_session(struct scene *scene)
{
    const struct pki_cert *trusted[] = {&scene->root};
    SSL_CTX *ctx = tls_client_ctx(scene->version, trusted, 1);
    SSL_SESSION *session;
    struct tls_pair pair;

    tls_pair_init(&pair, ctx, scene->server_ctx);
    assert_true(tls_pair_handshake(&pair));
    tls_pair_settle(&pair);
    session = SSL_get1_session(pair.client);
    SSL_shutdown(pair.client);
    tls_pair_clear(&pair);
    SSL_CTX_free(ctx);
    return session;
}

static void an_unchecked_session_makes_a_full_handshake(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = unchecked_session(&scene);
    scene_dial_with(&scene, session);
    expect_full(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* With the session id context that OpenSSL would ask for, but without the mark of an acceptance:
 * that is how a session looks whose handshake broke off. */
static void a_session_with_only_the_right_context_makes_a_full_handshake(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    assert_int_equal(SSL_SESSION_set1_ticket_appdata(session, NULL, 0), 1);
    scene_dial_with(&scene, session);
    expect_full(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void a_session_with_only_the_right_mark_makes_a_full_handshake(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    assert_int_equal(SSL_SESSION_set1_id_context(session, nothing, sizeof(nothing)), 1);
    scene_dial_with(&scene, session);
    expect_full(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void a_softened_session_is_not_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session;
    unsigned context_len = 1;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.mode = "report", .pins = {&scene.rogue}});
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MISMATCH);
    assert_true(scene_verdict(&scene)->softened);
    tls_pair_settle(&scene.pair);
    session = SSL_get1_session(scene.pair.client);
    (void)SSL_SESSION_get0_id_context(session, &context_len);
    assert_int_equal(context_len, 0); /* OpenSSL itself would not resume it */
    scene_dial_with(&scene, session);
    scene_expect_accepted(&scene, PINTLE_REASON_MISMATCH);
    assert_false(SSL_session_reused(scene.pair.client));
    assert_true(scene_verdict(&scene)->softened);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* The session of a refused handshake, as a program would find it with SSL_get1_session(). */
static void a_refused_session_is_not_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    assert_false(tls_pair_handshake(&scene.pair));
    session = SSL_get1_session(scene.pair.client);
    assert_non_null(session);
    scene_dial_with(&scene, session);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* --- without the info callback --------------------------------------------------------------- */

static void a_foreign_session_without_the_info_callback_is_refused(void **state)
{
    struct scene scene;
    SSL_SESSION *session = earn_other_host_session(&scene, scene_version(state));

    scene_dial_with(&scene, session);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    scene_expect_refused(&scene, PINTLE_REASON_UNCHECKED, X509_V_ERR_APPLICATION_VERIFICATION,
                         TLS_NO_ALERT);
    assert_int_equal(scene.pair.from_client.len, 0);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void an_own_session_without_the_info_callback_is_resumed(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_dial_with(&scene, session);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    expect_resumed(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void a_session_without_the_info_callback_dies_with_its_pin_set(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    scene_dial_with(&scene, session);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    scene_expect_refused(&scene, PINTLE_REASON_UNCHECKED, X509_V_ERR_APPLICATION_VERIFICATION,
                         TLS_NO_ALERT);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_session_of_the_same_host_is_resumed),
        IN_BOTH(a_session_set_before_the_host_is_resumed),
        IN_BOTH(a_session_from_a_file_is_resumed),
        IN_BOTH(a_session_of_a_resumed_connection_is_resumed),
        IN_BOTH(a_cleared_connection_is_judged_again),
        IN_BOTH(the_same_pins_again_keep_a_session),
        IN_BOTH(another_pin_set_makes_a_full_handshake),
        IN_BOTH(another_pin_set_judges_instead_of_the_session),
        IN_BOTH(another_pin_set_drops_a_session_from_a_file),
        IN_BOTH(the_pin_set_at_the_handshake_counts),
        IN_BOTH(a_resumption_overtaken_by_another_pin_set_is_refused),
        IN_BOTH(a_session_overtaken_by_the_end_of_enforcement_is_not_resumed),
        IN_BOTH(a_session_that_loses_its_mark_meanwhile_is_refused),
        IN_BOTH(a_session_overtaken_by_another_pin_set_is_not_resumed),
        IN_BOTH(a_session_of_another_host_makes_a_full_handshake),
        IN_BOTH(a_session_of_another_host_from_a_file_makes_a_full_handshake),
        IN_BOTH(a_session_of_another_port_makes_a_full_handshake),
        IN_BOTH(an_unchecked_session_makes_a_full_handshake),
        IN_BOTH(a_session_with_only_the_right_context_makes_a_full_handshake),
        IN_BOTH(a_session_with_only_the_right_mark_makes_a_full_handshake),
        IN_BOTH(a_softened_session_is_not_resumed),
        IN_BOTH(a_refused_session_is_not_resumed),
        IN_BOTH(a_foreign_session_without_the_info_callback_is_refused),
        IN_BOTH(an_own_session_without_the_info_callback_is_resumed),
        IN_BOTH(a_session_without_the_info_callback_dies_with_its_pin_set),
    };

    return cmocka_run_group_tests_name("openssl session", tests, NULL, NULL);
}
