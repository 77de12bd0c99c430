/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that take a hook away, and handshakes that show no certificate. */
#include <string.h>

#include <openssl/err.h>

#include "adapter/openssl/scene.h"

static int always_valid(X509_STORE_CTX *ctx, void *arg)
{
    (void)arg;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

static void expect_unchecked(struct scene *scene)
{
    scene_expect_refused(scene, PINTLE_REASON_UNCHECKED, X509_V_ERR_APPLICATION_VERIFICATION,
                         TLS_NO_ALERT);
}

/* --- a replaced verification callback -------------------------------------------------------- */

static void a_replaced_verification_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    expect_unchecked(&scene);
    assert_int_equal(scene.concluded, 1);
    assert_false(SSL_is_init_finished(scene.pair.server));
    scene_clear(&scene);
}

/* SSL_write() makes the handshake and would go on to write. */
static void a_replaced_verification_sends_nothing_from_an_implicit_handshake(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    for (int i = 0; i < 20; i++) {
        assert_true(SSL_write(scene.pair.client, SECRET, sizeof(SECRET)) <= 0);
        tls_pair_serve(&scene.pair);
    }
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

static void clearing_the_shutdown_flags_does_not_help(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    expect_unchecked(&scene);
    SSL_set_shutdown(scene.pair.client, 0);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

/* The same object for another connection, which is refused in turn. */
static void a_refused_connection_can_be_used_again(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    for (unsigned i = 1; i <= 3; i++) {
        expect_unchecked(&scene);
        assert_int_equal(scene.concluded, i);
        assert_int_equal(SSL_clear(scene.pair.client), 1);
        SSL_free(scene.pair.server);
        scene.pair.server = SSL_new(scene.server_ctx);
        SSL_set_accept_state(scene.pair.server);
        SSL_set_bio(scene.pair.client, NULL, NULL); /* the next BIO may get the old one's address */
        tls_pair_rewire(&scene.pair);
    }
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
    SSL_CTX_set_cert_verify_callback(scene.server_ctx, always_valid, NULL);
    scene_dial(&scene);
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    expect_unchecked(&scene);
    assert_int_equal(scene.pair.client_certs, 0);
    pki_free(&id);
    scene_clear(&scene);
}

static void ignore(const SSL *ssl, int where, int ret)
{
    (void)ssl;
    (void)where;
    (void)ret;
}

/* The ClientHello hook takes the info callback back. */
static void replacing_both_callbacks_before_the_handshake_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    SSL_set_info_callback(scene.pair.client, ignore);
    expect_unchecked(&scene);
    scene_clear(&scene);
}

/* Both are replaced when the ClientHello is out: nothing can stop the handshake, but asking for the
 * verdict stops the connection. */
static void asking_for_the_verdict_stops_what_nobody_judged(void **state)
{
    struct scene scene;
    struct pintle_verdict verdict;

    scene_ready(&scene, scene_version(state));
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    SSL_set_info_callback(scene.pair.client, ignore);
    assert_true(tls_pair_handshake(&scene.pair));
    pintle_openssl_recheck(scene.pair.client, &verdict);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_UNCHECKED);
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    assert_int_equal(SSL_write(scene.pair.server, "!", 1), 1);
    (void)tls_pair_move(&scene.pair);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

/* A program that gives a refused connection its output back still gets no data through. */
static void putting_the_output_back_does_not_help(void **state)
{
    struct scene scene;
    BIO *output;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    output = SSL_get_wbio(scene.pair.client);
    assert_int_equal(BIO_up_ref(output), 1);
    expect_unchecked(&scene);
    SSL_set0_wbio(scene.pair.client, output);
    SSL_set_shutdown(scene.pair.client, 0);
    (void)tls_pair_handshake(&scene.pair);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

/* SSL_clear() alone, on the same BIOs: the connection gets its output back. */
static void a_cleared_connection_can_write_again(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, always_valid, NULL);
    expect_unchecked(&scene);
    assert_int_equal(SSL_clear(scene.pair.client), 1);
    (void)BIO_reset(SSL_get_rbio(scene.pair.client));
    ERR_clear_error();
    assert_int_equal(SSL_do_handshake(scene.pair.client), -1);
    assert_int_equal(SSL_get_error(scene.pair.client, -1), SSL_ERROR_WANT_READ);
    scene_clear(&scene);
}

/* --- the info callback ----------------------------------------------------------------------- */

static void without_the_info_callback_certificates_are_judged(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_set_info_callback(scene.pair.client, ignore);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    scene_dial(&scene);
    SSL_set_info_callback(scene.pair.client, ignore);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    scene_clear(&scene);
}

static unsigned started, finished;

static void count(const SSL *ssl, int where, int ret)
{
    (void)ssl;
    (void)ret;
    started += (where & SSL_CB_HANDSHAKE_START) != 0;
    finished += (where & SSL_CB_HANDSHAKE_DONE) != 0;
}

static void an_info_callback_of_the_context_is_still_called(void **state)
{
    struct scene scene;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    scene_serve_honest(&scene);
    SSL_CTX_set_info_callback(scene.client_ctx, count);
    scene_guard(&scene);
    scene_dial(&scene);
    started = finished = 0;
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(started, 1);
    assert_int_equal(finished, 1);
    scene_clear(&scene);
}

static void an_info_callback_of_the_connection_is_still_called(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_pair(&scene);
    SSL_set_info_callback(scene.pair.client, count);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, HOST, PORT, NULL), PINTLE_OK);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, HOST, PORT, NULL), PINTLE_OK);
    started = finished = 0;
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(started, 1);
    assert_int_equal(finished, 1);
    scene_clear(&scene);
}

/* One that calls the callback it found, as it should: that is ours. */
static void (*found)(const SSL *ssl, int where, int ret);

static void count_and_pass_on(const SSL *ssl, int where, int ret)
{
    count(ssl, where, ret);
    found(ssl, where, ret);
}

static void an_info_callback_that_calls_ours_does_not_go_in_circles(void **state)
{
    struct scene scene;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    scene_serve_honest(&scene);
    SSL_CTX_set_info_callback(scene.client_ctx, ignore);
    scene_guard(&scene);
    found = SSL_CTX_get_info_callback(scene.client_ctx);
    SSL_CTX_set_info_callback(scene.client_ctx, count_and_pass_on);
    scene_dial(&scene);
    started = finished = 0;
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(started, 1);
    assert_int_equal(finished, 1);
    scene_clear(&scene);
}

/* --- verify callbacks ------------------------------------------------------------------------ */

static int forgive(int ok, X509_STORE_CTX *ctx)
{
    (void)ok;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

static void serve_expired(struct scene *scene, struct pki_cert *leaf)
{
    const struct pki_cert *others[] = {&scene->inter};

    *leaf = pki_issue(&(struct pki_spec){.cn = "server",
                                         .alt_names = "DNS:" HOST,
                                         .key = pki_key(PKI_P256, KEY_LEAF),
                                         .issuer = &scene->inter,
                                         .begins_s = -7200,
                                         .ends_s = -3600});
    scene_serve(scene, leaf, others, 1);
}

static void a_verify_callback_of_the_context_cannot_forgive(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    serve_expired(&scene, &leaf);
    SSL_CTX_set_verify(scene.client_ctx, SSL_VERIFY_PEER, forgive);
    scene_guard(&scene);
    scene_dial(&scene);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_CERT_HAS_EXPIRED,
                         SSL_AD_CERTIFICATE_EXPIRED);
    pki_free(&leaf);
    scene_clear(&scene);
}

static void a_verify_callback_of_the_connection_cannot_forgive(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    leaf = pki_leaf("DNS:www.example.com", pki_key(PKI_P256, KEY_LEAF), &scene.inter);
    const struct pki_cert *others[] = {&scene.inter};
    scene_serve(&scene, &leaf, others, 1);
    scene_dial(&scene);
    SSL_set_verify(scene.pair.client, SSL_VERIFY_PEER, forgive);
    scene_expect_refused(&scene, PINTLE_REASON_NAME_MISMATCH, X509_V_ERR_HOSTNAME_MISMATCH,
                         SSL_AD_BAD_CERTIFICATE);
    pki_free(&leaf);
    scene_clear(&scene);
}

static int refuse_leaf(int ok, X509_STORE_CTX *ctx)
{
    return X509_STORE_CTX_get_error_depth(ctx) == 0 ? -1 : ok;
}

static void a_verify_callback_may_refuse(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_set_verify(scene.pair.client, SSL_VERIFY_PEER, refuse_leaf);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_APPLICATION_VERIFICATION,
                         SSL_AD_HANDSHAKE_FAILURE);
    scene_clear(&scene);
}

static int forgive_for_good(int ok, X509_STORE_CTX *ctx)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

    SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    return forgive(ok, ctx);
}

static void a_verify_callback_cannot_turn_verification_off(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    serve_expired(&scene, &leaf);
    scene_dial(&scene);
    SSL_set_verify(scene.pair.client, SSL_VERIFY_PEER, forgive_for_good);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_CERT_HAS_EXPIRED,
                         SSL_AD_CERTIFICATE_EXPIRED);
    pki_free(&leaf);
    scene_clear(&scene);
}

static int refuse_in_own_words(int ok, X509_STORE_CTX *ctx)
{
    (void)ok;
    X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REVOKED);
    return -1;
}

static void a_verify_callback_may_refuse_in_its_own_words(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_set_verify(scene.pair.client, SSL_VERIFY_PEER, refuse_in_own_words);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_CERT_REVOKED,
                         SSL_AD_CERTIFICATE_REVOKED);
    scene_clear(&scene);
}

/* --- no certificate -------------------------------------------------------------------------- */

static void an_anonymous_cipher_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(SSL_CTX_set_cipher_list(scene.server_ctx, "aNULL:@SECLEVEL=0"), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(scene.client_ctx, "aNULL:@SECLEVEL=0"), 1);
    SSL_CTX_set_dh_auto(scene.server_ctx, 1);
    scene_dial(&scene);
    expect_unchecked(&scene);
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
    SSL_set_info_callback(scene.pair.client, ignore);
    expect_unchecked(&scene);
    scene_clear(&scene);
}

static int believe(X509_STORE_CTX *ctx)
{
    (void)ctx;
    return 1;
}

/* A store that checks no signatures: a forged leaf under the pinned intermediate is refused. */
static void a_store_without_signature_checks_does_not_forgive(void **state)
{
    struct scene scene;
    struct pki_cert liar = {NULL, NULL};
    struct pki_cert forged;

    scene_ready(&scene, scene_version(state));
    liar.x509 = scene.inter.x509;
    liar.key = pki_key(PKI_P256, KEY_OTHER_CA);
    forged = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &liar);
    scene_serve(&scene, &forged, (const struct pki_cert *const[]){&scene.inter}, 1);
    scene_dial(&scene);
    X509_STORE_set_verify(SSL_CTX_get_cert_store(scene.client_ctx), believe);
    scene_expect_refused(&scene, PINTLE_REASON_PATH_INVALID, X509_V_ERR_CERT_SIGNATURE_FAILURE,
                         SSL_AD_DECRYPT_ERROR);
    pki_free(&forged);
    scene_clear(&scene);
}

static void a_connection_moved_to_another_guarded_context_is_refused(void **state)
{
    struct scene scene;
    struct pintle_error err;
    SSL_CTX *other = SSL_CTX_new(TLS_client_method());

    scene_ready(&scene, scene_version(state));
    assert_non_null(other);
    assert_int_equal(pintle_openssl_guard(other, scene.engine, NULL), PINTLE_OK);
    assert_ptr_equal(SSL_set_SSL_CTX(scene.pair.client, other), other);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, HOST, PORT, &err), PINTLE_E_STATE);
    assert_false(tls_pair_handshake(&scene.pair));
    scene_expect_mute(&scene);
    SSL_CTX_free(other);
    scene_clear(&scene);
}

static void a_connection_with_a_host_moved_to_another_guarded_context_is_refused(void **state)
{
    struct scene scene;
    SSL_CTX *other;

    scene_ready(&scene, scene_version(state));
    const struct pki_cert *trusted[] = {&scene.root};
    other = tls_client_ctx(scene.version, trusted, 1);
    assert_int_equal(pintle_openssl_guard(other, scene.engine, NULL), PINTLE_OK);
    assert_ptr_equal(SSL_set_SSL_CTX(scene.pair.client, other), other);
    expect_unchecked(&scene);
    assert_int_equal(scene.pair.from_client.len, 0);
    SSL_CTX_free(other);
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
    SSL_set_info_callback(scene.pair.client, ignore);
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

/* --- connections that are not what they seem ------------------------------------------------- */

static void the_servers_role_is_refused(void **state)
{
    struct scene scene;
    const struct pki_cert *trusted[1];
    SSL_CTX *ctx;
    char byte;

    scene_ready(&scene, scene_version(state));
    trusted[0] = &scene.root;
    ctx = tls_client_ctx(scene.version, trusted, 1);
    assert_int_equal(pintle_openssl_guard(scene.server_ctx, scene.engine, NULL), PINTLE_OK);
    tls_pair_clear(&scene.pair);
    tls_pair_init(&scene.pair, ctx, scene.server_ctx);
    assert_false(tls_pair_handshake(&scene.pair));
    assert_true(scene.pair.server_result <= 0);
    assert_int_equal(scene.pair.alert_at_client, SSL_AD_PROTOCOL_VERSION);
    assert_true(SSL_write(scene.pair.server, "x", 1) <= 0);
    assert_true(SSL_read(scene.pair.server, &byte, 1) <= 0);
    SSL_CTX_free(ctx);
    scene_clear(&scene);
}

static void a_duplicate_has_no_host(void **state)
{
    struct scene scene;
    SSL *copy;

    scene_ready(&scene, scene_version(state));
    copy = SSL_dup(scene.pair.client);
    assert_non_null(copy);
    assert_ptr_not_equal(copy, scene.pair.client);
    SSL_free(scene.pair.client);
    scene.pair.client = copy;
    tls_pair_rewire(&scene.pair);
    assert_false(tls_pair_handshake(&scene.pair));
    assert_null(pintle_openssl_get_verdict(copy));
    assert_int_equal(scene.told.reason, PINTLE_REASON_NO_HOST);
    assert_int_equal(scene.pair.from_client.len, 0);
    scene_clear(&scene);
}

static void a_duplicate_can_be_given_a_host(void **state)
{
    struct scene scene;
    SSL *copy;

    scene_ready(&scene, scene_version(state));
    copy = SSL_dup(scene.pair.client);
    assert_non_null(copy);
    SSL_free(scene.pair.client);
    scene.pair.client = copy;
    tls_pair_rewire(&scene.pair);
    assert_int_equal(pintle_openssl_set_host(copy, HOST, PORT, NULL), PINTLE_OK);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    scene_clear(&scene);
}

static void a_connection_older_than_the_guard_is_refused(void **state)
{
    struct scene scene;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    scene_serve_honest(&scene);
    scene_pair(&scene);
    scene_guard(&scene);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, HOST, PORT, NULL), PINTLE_OK);
    scene_expect_refused(&scene, PINTLE_REASON_UNCHECKED, X509_V_ERR_APPLICATION_VERIFICATION,
                         SSL_AD_HANDSHAKE_FAILURE);
    scene_clear(&scene);
}

static void a_connection_moved_to_an_unguarded_context_is_refused(void **state)
{
    struct scene scene;
    const struct pki_cert *trusted[1];
    SSL_CTX *ctx;

    scene_ready(&scene, scene_version(state));
    trusted[0] = &scene.root;
    ctx = tls_client_ctx(scene.version, trusted, 1);
    assert_ptr_equal(SSL_set_SSL_CTX(scene.pair.client, ctx), ctx);
    assert_false(tls_pair_handshake(&scene.pair));
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    scene_expect_mute(&scene);
    SSL_CTX_free(ctx);
    scene_clear(&scene);
}

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

/* --- client certificates --------------------------------------------------------------------- */

static void ask_for_client_certificate(struct scene *scene, struct pki_cert *id)
{
    *id = pki_leaf("DNS:client", pki_key(PKI_P256, KEY_CLIENT), &scene->inter);
    assert_int_equal(SSL_CTX_use_certificate(scene->client_ctx, id->x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(scene->client_ctx, id->key), 1);
    SSL_CTX_set_verify(scene->server_ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(scene->server_ctx, always_valid, NULL);
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

/* --- errors and hooks ------------------------------------------------------------------------ */

/* Shake hands until the client fails, and leave its errors as they are. */
static void fail_handshake(struct scene *scene)
{
    scene_rule(scene, &(struct scene_rule){.pins = {&scene->rogue}});
    ERR_clear_error();
    while (SSL_do_handshake(scene->pair.client) <= 0 &&
           SSL_get_error(scene->pair.client, -1) == SSL_ERROR_WANT_READ) {
        (void)tls_pair_move(&scene->pair);
        (void)SSL_do_handshake(scene->pair.server);
        (void)tls_pair_move(&scene->pair);
    }
}

static void a_refusal_is_told_in_the_error_queue(void **state)
{
    struct scene scene;
    const char *text = NULL;
    unsigned long code;
    int flags = 0;

    scene_init(&scene, scene_version(state));
    scene_pin_inter(&scene);
    scene_serve_honest(&scene);
    assert_int_equal(pintle_openssl_guard(scene.client_ctx, scene.engine, NULL), PINTLE_OK);
    scene_dial(&scene);
    fail_handshake(&scene);
    code = ERR_peek_error_data(&text, &flags);
    assert_int_equal(ERR_GET_LIB(code), ERR_LIB_USER);
    assert_int_equal(ERR_GET_REASON(code), 100 + PINTLE_REASON_MISMATCH);
    assert_non_null(strstr(text, "refused " HOST ":443: mismatch"));
    assert_int_equal(ERR_GET_LIB(ERR_peek_last_error()), ERR_LIB_SSL);
    scene_clear(&scene);
}

/* Libraries look at the first error to say what went wrong. */
static void a_refusal_told_to_a_hook_leaves_the_queue_to_openssl(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    fail_handshake(&scene);
    assert_int_equal(scene.told.reason, PINTLE_REASON_MISMATCH);
    assert_int_equal(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_SSL);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_CERTIFICATE_VERIFY_FAILED);
    scene_clear(&scene);
}

static void the_engine_of_a_connection_is_told(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_ptr_equal(pintle_openssl_get_engine(scene.pair.client), scene.engine);
    assert_null(pintle_openssl_get_engine(scene.pair.server));
    scene_clear(&scene);
}

struct hooked {
    bool answers;
    unsigned asked, released;
};

static bool find_host(void *ctx, SSL *ssl, struct pintle_host *host, uint16_t *port)
{
    struct hooked *hooked = ctx;

    (void)ssl;
    hooked->asked++;
    *port = PORT;
    return hooked->answers && pintle_host_parse(host, HOST, strlen(HOST), NULL) == PINTLE_OK;
}

static void release(void *ctx)
{
    struct hooked *hooked = ctx;

    hooked->released++;
}

static void guard_hooked(struct scene *scene, struct hooked *hooked, int version, bool answers)
{
    struct pintle_openssl_hooks hooks = {find_host, NULL, release, hooked};

    *hooked = (struct hooked){answers, 0, 0};
    scene_init(scene, version);
    scene_pin_inter(scene);
    scene_serve_honest(scene);
    assert_int_equal(pintle_openssl_guard_with(scene->client_ctx, scene->engine, &hooks, NULL),
                     PINTLE_OK);
    scene_pair(scene);
}

static void a_hook_may_say_the_host(void **state)
{
    struct scene scene;
    struct hooked hooked;

    guard_hooked(&scene, &hooked, scene_version(state), true);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(hooked.asked, 1);
    assert_null(SSL_get_servername(scene.pair.server, TLSEXT_NAMETYPE_host_name));
    assert_int_equal(hooked.released, 0);
    scene_clear(&scene);
    assert_int_equal(hooked.released, 1);
}

static void a_hook_without_an_answer_refuses(void **state)
{
    struct scene scene;
    struct hooked hooked;

    guard_hooked(&scene, &hooked, scene_version(state), false);
    assert_false(tls_pair_handshake(&scene.pair));
    assert_true(hooked.asked > 0);
    assert_int_equal(scene.pair.from_client.len, 0);
    assert_null(pintle_openssl_get_verdict(scene.pair.client));
    scene_clear(&scene);
    assert_int_equal(hooked.released, 1);
}

static void a_hook_is_not_asked_after_set_host_failed(void **state)
{
    struct scene scene;
    struct hooked hooked;

    guard_hooked(&scene, &hooked, scene_version(state), true);
    assert_int_equal(pintle_openssl_set_host(scene.pair.client, "-", PORT, NULL), PINTLE_E_HOST);
    assert_false(tls_pair_handshake(&scene.pair));
    assert_int_equal(hooked.asked, 0);
    assert_int_equal(scene.pair.from_client.len, 0);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_replaced_verification_is_refused),
        IN_BOTH(a_replaced_verification_sends_nothing_from_an_implicit_handshake),
        IN_BOTH(clearing_the_shutdown_flags_does_not_help),
        IN_BOTH(a_refused_connection_can_be_used_again),
        IN_BOTH(a_replaced_verification_shows_no_client_certificate),
        IN_BOTH(replacing_both_callbacks_before_the_handshake_is_refused),
        IN_BOTH(asking_for_the_verdict_stops_what_nobody_judged),
        IN_BOTH(putting_the_output_back_does_not_help),
        IN_BOTH(a_cleared_connection_can_write_again),
        IN_BOTH(without_the_info_callback_certificates_are_judged),
        IN_BOTH(an_info_callback_of_the_context_is_still_called),
        IN_BOTH(an_info_callback_of_the_connection_is_still_called),
        IN_BOTH(an_info_callback_that_calls_ours_does_not_go_in_circles),
        IN_BOTH(a_verify_callback_of_the_context_cannot_forgive),
        IN_BOTH(a_verify_callback_of_the_connection_cannot_forgive),
        IN_BOTH(a_verify_callback_cannot_turn_verification_off),
        IN_BOTH(a_verify_callback_may_refuse),
        IN_BOTH(a_verify_callback_may_refuse_in_its_own_words),
        IN_TLS12(an_anonymous_cipher_is_refused),
        IN_TLS12(an_anonymous_cipher_is_refused_without_the_info_callback),
        IN_BOTH(a_store_without_signature_checks_does_not_forgive),
        IN_BOTH(a_connection_moved_to_another_guarded_context_is_refused),
        IN_BOTH(a_connection_with_a_host_moved_to_another_guarded_context_is_refused),
        IN_BOTH(an_external_psk_is_refused),
        IN_BOTH(a_psk_set_during_the_handshake_is_refused),
        IN_BOTH(a_psk_does_not_keep_a_certificate_from_being_judged),
        IN_BOTH(the_servers_role_is_refused),
        IN_BOTH(a_duplicate_has_no_host),
        IN_BOTH(a_duplicate_can_be_given_a_host),
        IN_BOTH(a_connection_older_than_the_guard_is_refused),
        IN_BOTH(a_connection_moved_to_an_unguarded_context_is_refused),
        IN_BOTH(dane_does_not_replace_a_pin),
        IN_BOTH(dane_does_not_replace_a_path),
        IN_BOTH(an_accepted_server_sees_the_client_certificate),
        IN_BOTH(a_refused_server_does_not_see_the_client_certificate),
        IN_BOTH(a_refusal_is_told_in_the_error_queue),
        IN_BOTH(a_refusal_told_to_a_hook_leaves_the_queue_to_openssl),
        IN_BOTH(the_engine_of_a_connection_is_told),
        IN_BOTH(a_hook_may_say_the_host),
        IN_BOTH(a_hook_without_an_answer_refuses),
        IN_BOTH(a_hook_is_not_asked_after_set_host_failed),
    };

    return cmocka_run_group_tests_name("openssl tripwire", tests, NULL, NULL);
}
