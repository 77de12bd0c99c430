/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that take a hook away, and connections that are not what they seem. */
#include <openssl/err.h>

#include "adapter/openssl/scene.h"

/* --- a replaced verification callback ------------------------------------------------------------ */

static void a_replaced_verification_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    scene_expect_unchecked(&scene);
    assert_int_equal(scene.concluded, 1);
    assert_false(SSL_is_init_finished(scene.pair.server));
    scene_clear(&scene);
}

/* SSL_write() makes the handshake and would go on to write. */
static void a_replaced_verification_sends_nothing_from_an_implicit_handshake(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
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
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    scene_expect_unchecked(&scene);
    SSL_set_shutdown(scene.pair.client, 0);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

/* The same object for another connection, which is refused in turn. */
static void a_refused_connection_can_be_used_again(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    for (unsigned i = 1; i <= 3; i++) {
        scene_expect_unchecked(&scene);
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

/* The ClientHello hook takes the info callback back. */
static void replacing_both_callbacks_before_the_handshake_is_refused(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    scene_expect_unchecked(&scene);
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
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
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
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    output = SSL_get_wbio(scene.pair.client);
    assert_int_equal(BIO_up_ref(output), 1);
    scene_expect_unchecked(&scene);
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
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    scene_expect_unchecked(&scene);
    assert_int_equal(SSL_clear(scene.pair.client), 1);
    (void)BIO_reset(SSL_get_rbio(scene.pair.client));
    ERR_clear_error();
    assert_int_equal(SSL_do_handshake(scene.pair.client), -1);
    assert_int_equal(SSL_get_error(scene.pair.client, -1), SSL_ERROR_WANT_READ);
    scene_clear(&scene);
}

/* --- connections that are not what they seem ----------------------------------------------------- */

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
    scene_expect_unchecked(&scene);
    assert_int_equal(scene.pair.from_client.len, 0);
    SSL_CTX_free(other);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_replaced_verification_is_refused),
        IN_BOTH(a_replaced_verification_sends_nothing_from_an_implicit_handshake),
        IN_BOTH(clearing_the_shutdown_flags_does_not_help),
        IN_BOTH(a_refused_connection_can_be_used_again),
        IN_BOTH(replacing_both_callbacks_before_the_handshake_is_refused),
        IN_BOTH(asking_for_the_verdict_stops_what_nobody_judged),
        IN_BOTH(putting_the_output_back_does_not_help),
        IN_BOTH(a_cleared_connection_can_write_again),
        IN_BOTH(the_servers_role_is_refused),
        IN_BOTH(a_duplicate_has_no_host),
        IN_BOTH(a_duplicate_can_be_given_a_host),
        IN_BOTH(a_connection_older_than_the_guard_is_refused),
        IN_BOTH(a_connection_moved_to_an_unguarded_context_is_refused),
        IN_BOTH(a_connection_moved_to_another_guarded_context_is_refused),
        IN_BOTH(a_connection_with_a_host_moved_to_another_guarded_context_is_refused),
    };

    return cmocka_run_group_tests_name("openssl tripwire", tests, NULL, NULL);
}
