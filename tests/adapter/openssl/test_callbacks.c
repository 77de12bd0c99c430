/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks of the program beside ours, and hooks of libraries. */
#include <string.h>

#include <openssl/err.h>

#include "adapter/openssl/scene.h"

/* --- the info callback --------------------------------------------------------------------------- */

static void without_the_info_callback_certificates_are_judged(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    scene_dial(&scene);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
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
    SSL_CTX_set_info_callback(scene.client_ctx, scene_ignore_info);
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

/* --- verify callbacks ---------------------------------------------------------------------------- */

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

/* --- errors and hooks ---------------------------------------------------------------------------- */

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
        IN_BOTH(without_the_info_callback_certificates_are_judged),
        IN_BOTH(an_info_callback_of_the_context_is_still_called),
        IN_BOTH(an_info_callback_of_the_connection_is_still_called),
        IN_BOTH(an_info_callback_that_calls_ours_does_not_go_in_circles),
        IN_BOTH(a_verify_callback_of_the_context_cannot_forgive),
        IN_BOTH(a_verify_callback_of_the_connection_cannot_forgive),
        IN_BOTH(a_verify_callback_may_refuse),
        IN_BOTH(a_verify_callback_cannot_turn_verification_off),
        IN_BOTH(a_verify_callback_may_refuse_in_its_own_words),
        IN_BOTH(a_store_without_signature_checks_does_not_forgive),
        IN_BOTH(a_refusal_is_told_in_the_error_queue),
        IN_BOTH(a_refusal_told_to_a_hook_leaves_the_queue_to_openssl),
        IN_BOTH(the_engine_of_a_connection_is_told),
        IN_BOTH(a_hook_may_say_the_host),
        IN_BOTH(a_hook_without_an_answer_refuses),
        IN_BOTH(a_hook_is_not_asked_after_set_host_failed),
    };

    return cmocka_run_group_tests_name("openssl callbacks", tests, NULL, NULL);
}
