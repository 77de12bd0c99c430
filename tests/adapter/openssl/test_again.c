/* SPDX-License-Identifier: Apache-2.0 */
/* Renegotiation (RFC 5246 section 7.4.1.1): the same connection, judged again. TLS 1.2 only. */
#include "adapter/openssl/scene.h"

/* The server asks for another full handshake; both ends read until nothing moves. */
static void renegotiate(struct scene *scene)
{
    SSL_set_options(scene->pair.server, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    assert_int_equal(SSL_renegotiate(scene->pair.server), 1);
    (void)SSL_do_handshake(scene->pair.server);
    tls_pair_settle(&scene->pair);
}

static void expect_refused_meanwhile(struct scene *scene, enum pintle_reason reason, int x509_error)
{
    size_t before = scene->pair.app_bytes;

    assert_int_equal(scene_verdict(scene)->decision, PINTLE_REFUSE);
    assert_string_equal(pintle_reason_name(scene_verdict(scene)->reason),
                        pintle_reason_name(reason));
    assert_int_equal(SSL_get_verify_result(scene->pair.client), x509_error);
    assert_true(SSL_write(scene->pair.client, SECRET, sizeof(SECRET)) <= 0);
    tls_pair_serve(&scene->pair);
    assert_int_equal(scene->pair.app_bytes, before);
}

static void renegotiation_to_the_same_certificate_is_accepted(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    renegotiate(&scene);
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene.concluded, 2);
    assert_false(scene_verdict(&scene)->resumed);
    assert_int_equal(SSL_num_renegotiations(scene.pair.client), 1);
    scene_clear(&scene);
}

static void renegotiation_by_the_client_is_judged(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_options(scene.server_ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(SSL_renegotiate(scene.pair.client), 1);
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    assert_int_equal(scene_verdict(&scene)->decision, PINTLE_REFUSE);
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    tls_pair_settle(&scene.pair);
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    assert_false(scene_verdict(&scene)->resumed);
    scene_clear(&scene);
}

static void renegotiation_to_another_certificate_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert other;

    scene_ready(&scene, scene_version(state));
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    other = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &scene.rogue);
    tls_server_swap(scene.pair.server, &other);
    renegotiate(&scene);
    expect_refused_meanwhile(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED);
    assert_int_equal(scene.pair.alert_at_server, SSL_AD_BAD_CERTIFICATE);
    pki_free(&other);
    scene_clear(&scene);
}

static void renegotiation_to_another_name_is_refused(void **state)
{
    struct scene scene;
    struct pki_cert other;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.root}});
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    other = pki_leaf("DNS:www.example.com", pki_key(PKI_P256, KEY_OTHER), &scene.root);
    tls_server_swap(scene.pair.server, &other);
    renegotiate(&scene);
    expect_refused_meanwhile(&scene, PINTLE_REASON_NAME_MISMATCH, X509_V_ERR_HOSTNAME_MISMATCH);
    pki_free(&other);
    scene_clear(&scene);
}

/* The server would resume the connection's own session: bound to pins that are gone. */
static void renegotiation_after_a_change_of_pins_is_judged_by_the_new(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    assert_int_equal(SSL_renegotiate_abbreviated(scene.pair.server), 1);
    (void)SSL_do_handshake(scene.pair.server);
    tls_pair_settle(&scene.pair);
    expect_refused_meanwhile(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED);
    scene_clear(&scene);
}

static void abbreviated_renegotiation_under_the_same_pins_is_accepted(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(SSL_renegotiate_abbreviated(scene.pair.server), 1);
    (void)SSL_do_handshake(scene.pair.server);
    tls_pair_settle(&scene.pair);
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene.concluded, 2);
    assert_true(scene_verdict(&scene)->resumed);
    scene_clear(&scene);
}

static void renegotiation_of_a_softened_connection_is_judged_in_full(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.mode = "report", .pins = {&scene.rogue}});
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MISMATCH);
    assert_int_equal(SSL_renegotiate_abbreviated(scene.pair.server), 1);
    (void)SSL_do_handshake(scene.pair.server);
    tls_pair_settle(&scene.pair);
    scene_expect_talking(&scene, PINTLE_REASON_MISMATCH);
    assert_int_equal(scene.concluded, 2);
    assert_false(SSL_session_reused(scene.pair.client));
    scene_clear(&scene);
}

/* The same with a cipher whose records stand on the session's state while it is replaced. */
static void renegotiation_over_a_cbc_cipher_is_judged_in_full(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(
        SSL_CTX_set_cipher_list(scene.client_ctx, "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"), 1);
    scene_rule(&scene, &(struct scene_rule){.mode = "report", .pins = {&scene.rogue}});
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MISMATCH);
    renegotiate(&scene);
    scene_expect_talking(&scene, PINTLE_REASON_MISMATCH);
    assert_int_equal(scene.concluded, 2);
    scene_clear(&scene);
}

/* OpenSSL announces the start and the end of a handshake that never happens. */
static void a_declined_renegotiation_changes_nothing(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_set_options(scene.pair.client, SSL_OP_NO_RENEGOTIATION);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(SSL_renegotiate(scene.pair.server), 1);
    (void)SSL_do_handshake(scene.pair.server);
    (void)tls_pair_move(&scene.pair);
    assert_true(SSL_read(scene.pair.client, &(char){0}, 1) <= 0);
    assert_int_equal(scene.concluded, 1);
    assert_int_equal(scene_verdict(&scene)->decision, PINTLE_ACCEPT);
    assert_int_equal(SSL_write(scene.pair.client, SECRET, sizeof(SECRET)), sizeof(SECRET));
    scene_clear(&scene);
}

/* The info callback is gone, and the session on offer has lost its pins. */
static void renegotiation_without_the_info_callback_is_judged(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    renegotiate(&scene);
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    renegotiate(&scene);
    expect_refused_meanwhile(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED);
    scene_clear(&scene);
}

/* TLS 1.3 has no renegotiation, but messages after the handshake: they change no verdict. */
static void messages_after_the_handshake_change_nothing(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    assert_int_equal(SSL_key_update(scene.pair.server, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(scene.pair.server), 1);
    tls_pair_settle(&scene.pair);
    assert_int_equal(SSL_key_update(scene.pair.client, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(scene.pair.client), 1);
    tls_pair_settle(&scene.pair);
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene.concluded, 1);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TLS12(renegotiation_to_the_same_certificate_is_accepted),
        IN_TLS12(renegotiation_by_the_client_is_judged),
        IN_TLS12(renegotiation_to_another_certificate_is_refused),
        IN_TLS12(renegotiation_to_another_name_is_refused),
        IN_TLS12(renegotiation_after_a_change_of_pins_is_judged_by_the_new),
        IN_TLS12(abbreviated_renegotiation_under_the_same_pins_is_accepted),
        IN_TLS12(renegotiation_of_a_softened_connection_is_judged_in_full),
        IN_TLS12(renegotiation_over_a_cbc_cipher_is_judged_in_full),
        IN_TLS12(a_declined_renegotiation_changes_nothing),
        IN_TLS12(renegotiation_without_the_info_callback_is_judged),
        IN_TLS13(messages_after_the_handshake_change_nothing),
    };

    return cmocka_run_group_tests_name("openssl renegotiation", tests, NULL, NULL);
}
