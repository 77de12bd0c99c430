/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes without a certificate, other ways to trust one, and certificates of the client. */
#include <string.h>

#include "adapter/openssl/scene.h"

/* --- no certificate ------------------------------------------------------------------------------ */

static void an_anonymous_cipher_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(SSL_CTX_set_cipher_list(scene.server_ctx, "aNULL:@SECLEVEL=0"), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(scene.client_ctx, "aNULL:@SECLEVEL=0"), 1);
    SSL_CTX_set_dh_auto(scene.server_ctx, 1);
    scene_dial(&scene);
    scene_expect_unchecked(&scene);
    assert_false(SSL_is_init_finished(scene.pair.server));
    scene_clear(&scene);
}

/* Then no callback of certificates is ever called, and the info callback must have been kept. */
static void an_anonymous_cipher_is_refused_without_the_info_callback(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(SSL_CTX_set_cipher_list(scene.server_ctx, "aNULL:@SECLEVEL=0"), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(scene.client_ctx, "aNULL:@SECLEVEL=0"), 1);
    SSL_CTX_set_dh_auto(scene.server_ctx, 1);
    scene_dial(&scene);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    scene_expect_unchecked(&scene);
    scene_clear(&scene);
}

static unsigned give_client_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_size,
                                unsigned char *psk, unsigned psk_size)
{
    (void)ssl;
    (void)hint;
    assert_true(identity_size > 2 && psk_size >= 32);
    memcpy(identity, "me", 3);
    memset(psk, 0x5a, 32);
    return 32;
}

static unsigned give_server_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned size)
{
    (void)ssl;
    (void)identity;
    assert_true(size >= 32);
    memset(psk, 0x5a, 32);
    return 32;
}

/* A server that has a key of the client's, and no certificate. */
static void an_external_psk_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_serve(&scene, NULL, NULL, 0);
    SSL_CTX_set_psk_server_callback(scene.server_ctx, give_server_psk);
    SSL_CTX_set_psk_client_callback(scene.client_ctx, give_client_psk);
    if (scene.version == TLS1_2_VERSION) {
        assert_int_equal(SSL_CTX_set_cipher_list(scene.server_ctx, "PSK"), 1);
        assert_int_equal(SSL_CTX_set_cipher_list(scene.client_ctx, "ALL"), 1);
    }
    scene_dial(&scene);
    assert_false(tls_pair_handshake(&scene.pair));
    assert_int_equal(scene.pair.client_result, -1);
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

/* Set behind our back, when the ClientHello's ciphers are already chosen. */
static void a_psk_set_during_the_handshake_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_serve(&scene, NULL, NULL, 0);
    SSL_CTX_set_psk_server_callback(scene.server_ctx, give_server_psk);
    if (scene.version == TLS1_2_VERSION) {
        assert_int_equal(SSL_CTX_set_cipher_list(scene.server_ctx, "PSK"), 1);
        assert_int_equal(SSL_CTX_set_cipher_list(scene.client_ctx, "ALL"), 1);
    }
    scene_dial(&scene);
    SSL_set_psk_client_callback(scene.pair.client, give_client_psk);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    assert_false(tls_pair_handshake(&scene.pair));
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

/* With a certificate beside it, the certificate is what counts. */
static void a_psk_does_not_keep_a_certificate_from_being_judged(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_psk_server_callback(scene.server_ctx, give_server_psk);
    SSL_CTX_set_psk_client_callback(scene.client_ctx, give_client_psk);
    SSL_CTX_set_options(scene.server_ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    assert_int_equal(SSL_CTX_set_cipher_list(scene.server_ctx, "kPSK:kECDHE"), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(scene.client_ctx, "ALL"), 1);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene_verdict(&scene)->chain_count, 3);
    scene_clear(&scene);
}

/* --- DANE ---------------------------------------------------------------------------------------- */

/* DANE-EE would do without a path: here it decides nothing. */
static void enable_dane(struct scene *scene, const X509 *leaf)
{
    struct pintle_pin pin = pki_pin(leaf);

    assert_int_equal(SSL_CTX_dane_enable(scene->client_ctx), 1);
    scene_dial(scene);
    assert_int_equal(SSL_dane_enable(scene->pair.client, HOST), 1);
    assert_int_equal(SSL_dane_tlsa_add(scene->pair.client, 3, 1, 1, pin.digest, PINTLE_DIGEST_LEN),
                     1);
}

static void dane_does_not_replace_a_pin(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    enable_dane(&scene, scene.leaf.x509);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    scene_clear(&scene);
}

static void dane_does_not_replace_a_path(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_LEAF), NULL);
    scene_rule(&scene, &(struct scene_rule){.pins = {&leaf}});
    scene_serve(&scene, &leaf, NULL, 0);
    enable_dane(&scene, leaf.x509);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                         SSL_AD_UNKNOWN_CA);
    pki_free(&leaf);
    scene_clear(&scene);
}

/* --- client certificates ------------------------------------------------------------------------- */

static void ask_for_client_certificate(struct scene *scene, struct pki_cert *id)
{
    *id = pki_leaf("DNS:client", pki_key(PKI_P256, KEY_CLIENT), &scene->inter);
    assert_int_equal(SSL_CTX_use_certificate(scene->client_ctx, id->x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(scene->client_ctx, id->key), 1);
    SSL_CTX_set_verify(scene->server_ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(scene->server_ctx, scene_always_valid, NULL);
    scene_dial(scene);
}

static void an_accepted_server_sees_the_client_certificate(void **state)
{
    struct scene scene;
    struct pki_cert id;

    scene_ready(&scene, scene_version(state));
    ask_for_client_certificate(&scene, &id);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene.pair.client_certs, 1);
    pki_free(&id);
    scene_clear(&scene);
}

static void a_refused_server_does_not_see_the_client_certificate(void **state)
{
    struct scene scene;
    struct pki_cert id;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    ask_for_client_certificate(&scene, &id);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    assert_int_equal(scene.pair.client_certs, 0);
    pki_free(&id);
    scene_clear(&scene);
}

/* The client's certificate says who it is: not to a server that nobody checked. */
static void a_replaced_verification_shows_no_client_certificate(void **state)
{
    struct scene scene;
    struct pki_cert id;

    scene_ready(&scene, scene_version(state));
    id = pki_leaf("DNS:client", pki_key(PKI_P256, KEY_CLIENT), &scene.inter);
    assert_int_equal(SSL_CTX_use_certificate(scene.client_ctx, id.x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(scene.client_ctx, id.key), 1);
    SSL_CTX_set_verify(scene.server_ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(scene.server_ctx, scene_always_valid, NULL);
    scene_dial(&scene);
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    scene_expect_unchecked(&scene);
    assert_int_equal(scene.pair.client_certs, 0);
    pki_free(&id);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TLS12(an_anonymous_cipher_is_refused),
        IN_TLS12(an_anonymous_cipher_is_refused_without_the_info_callback),
        IN_BOTH(an_external_psk_is_refused),
        IN_BOTH(a_psk_set_during_the_handshake_is_refused),
        IN_BOTH(a_psk_does_not_keep_a_certificate_from_being_judged),
        IN_BOTH(dane_does_not_replace_a_pin),
        IN_BOTH(dane_does_not_replace_a_path),
        IN_BOTH(an_accepted_server_sees_the_client_certificate),
        IN_BOTH(a_refused_server_does_not_see_the_client_certificate),
        IN_BOTH(a_replaced_verification_shows_no_client_certificate),
    };

    return cmocka_run_group_tests_name("openssl keyless", tests, NULL, NULL);
}
