/* SPDX-License-Identifier: Apache-2.0 */
/* Early data (RFC 8446 section 2.3): it leaves before the server has shown anything. */

#include "adapter/openssl/scene.h"

#define EARLY_MAX 16384

/* An accepted session that allows early data. */
static SSL_SESSION *earn_session(struct scene *scene, uint16_t port)
{
    SSL_SESSION *session;

    scene_init(scene, TLS1_3_VERSION);
    scene_pin_inter(scene);
    scene_serve_honest(scene);
    SSL_CTX_set_max_early_data(scene->server_ctx, EARLY_MAX);
    SSL_CTX_set_options(scene->server_ctx, SSL_OP_NO_ANTI_REPLAY);
    scene_guard(scene);
    scene_pair(scene);
    assert_int_equal(pintle_openssl_set_host(scene->pair.client, HOST, port, NULL), PINTLE_OK);
    scene_expect_accepted(scene, PINTLE_REASON_MATCH);
    tls_pair_settle(&scene->pair);
    session = SSL_get1_session(scene->pair.client);
    assert_int_equal(SSL_SESSION_get_max_early_data(session), EARLY_MAX);
    SSL_shutdown(scene->pair.client);
    return session;
}

/* The server reads the early data there is; true once there will be no more. */
static bool serve_early(struct scene *scene)
{
    char bytes[256];
    size_t len = 0;
    int result;

    (void)tls_pair_move(&scene->pair);
    do {
        result = SSL_read_early_data(scene->pair.server, bytes, sizeof(bytes), &len);
        if (result == SSL_READ_EARLY_DATA_SUCCESS)
            scene->pair.app_bytes += len;
    } while (result == SSL_READ_EARLY_DATA_SUCCESS);
    return result == SSL_READ_EARLY_DATA_FINISH;
}

static void early_data_under_an_own_session_is_sent(void **state)
{
    struct scene scene;
    SSL_SESSION *session = earn_session(&scene, PORT);
    size_t len = 0;

    (void)state;
    scene_dial(&scene);
    assert_int_equal(SSL_set_session(scene.pair.client, session), 1);
    assert_int_equal(SSL_write_early_data(scene.pair.client, SECRET, sizeof(SECRET), &len), 1);
    assert_int_equal(scene_verdict(&scene)->decision, PINTLE_REFUSE);
    (void)serve_early(&scene);
    assert_int_equal(scene.pair.app_bytes, sizeof(SECRET));
    (void)SSL_do_handshake(scene.pair.client);
    (void)tls_pair_move(&scene.pair);
    assert_int_equal(SSL_do_handshake(scene.pair.client), 1);
    assert_true(serve_early(&scene));
    assert_true(tls_pair_handshake(&scene.pair));
    assert_int_equal(SSL_get_early_data_status(scene.pair.client), SSL_EARLY_DATA_ACCEPTED);
    assert_true(scene_verdict(&scene)->resumed);
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* Try to write early data: neither it nor the session's ticket may leave. */
static void expect_no_early_data(struct scene *scene, const SSL_SESSION *session)
{
    const unsigned char *ticket;
    size_t len = 0;

    SSL_SESSION_get0_ticket(session, &ticket, &len);
    assert_true(len > 0);
    for (int i = 0; i < 3; i++) {
        size_t written = 0;

        assert_int_equal(SSL_write_early_data(scene->pair.client, SECRET, sizeof(SECRET), &written),
                         0);
        (void)serve_early(scene);
    }
    assert_int_equal(scene_verdict(scene)->decision, PINTLE_REFUSE);
    assert_int_equal(scene_verdict(scene)->reason, PINTLE_REASON_UNCHECKED);
    assert_false(tls_capture_contains(&scene->pair.from_client, SECRET, sizeof(SECRET)));
    assert_false(tls_capture_contains(&scene->pair.from_client, ticket, len));
    assert_int_equal(scene->pair.app_bytes, 0);
    assert_false(tls_pair_handshake(&scene->pair));
    scene_expect_mute(scene);
}

static void early_data_under_another_ports_session_is_not_sent(void **state)
{
    struct scene scene;
    SSL_SESSION *session = earn_session(&scene, 8443);

    (void)state;
    scene_dial(&scene);
    assert_int_equal(SSL_set_session(scene.pair.client, session), 1);
    expect_no_early_data(&scene, session);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void early_data_after_a_change_of_pins_is_not_sent(void **state)
{
    struct scene scene;
    SSL_SESSION *session = earn_session(&scene, PORT);

    (void)state;
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}});
    scene_dial(&scene);
    assert_int_equal(SSL_set_session(scene.pair.client, session), 1);
    expect_no_early_data(&scene, session);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void early_data_without_the_info_callback_is_not_sent(void **state)
{
    struct scene scene;
    SSL_SESSION *session = earn_session(&scene, 8443);

    (void)state;
    scene_dial(&scene);
    assert_int_equal(SSL_set_session(scene.pair.client, session), 1);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    expect_no_early_data(&scene, session);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* With it, OpenSSL's state machine trips first. */
static void early_data_without_compatibility_mode_is_not_sent(void **state)
{
    struct scene scene;
    SSL_SESSION *session = earn_session(&scene, 8443);

    (void)state;
    scene_dial(&scene);
    SSL_clear_options(scene.pair.client, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    assert_int_equal(SSL_set_session(scene.pair.client, session), 1);
    expect_no_early_data(&scene, session);
    assert_int_equal(scene.told.reason, PINTLE_REASON_UNCHECKED);
    assert_string_equal(scene.told.detail, "early data without a bound session");
    SSL_set_shutdown(scene.pair.client, 0);
    assert_false(tls_pair_handshake(&scene.pair));
    scene_expect_mute(&scene);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

/* A pre-shared key of the program's that allows early data. */
static SSL_SESSION *psk;

static int use_psk(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *id_len,
                   SSL_SESSION **session)
{
    (void)ssl;
    (void)md;
    *id = (const unsigned char *)"me";
    *id_len = 2;
    *session = psk;
    return psk == NULL || SSL_SESSION_up_ref(psk);
}

static void early_data_under_an_external_psk_is_not_sent(void **state)
{
    struct scene scene;

    (void)state;
    psk = earn_session(&scene, PORT);
    scene_dial(&scene);
    SSL_set_psk_use_session_callback(scene.pair.client, use_psk);
    expect_no_early_data(&scene, psk);
    SSL_SESSION_free(psk);
    scene_clear(&scene);
}

static void early_data_under_an_external_psk_without_the_info_callback_is_not_sent(void **state)
{
    struct scene scene;
    size_t len = 0;

    (void)state;
    psk = earn_session(&scene, PORT);
    scene_dial(&scene);
    SSL_set_psk_use_session_callback(scene.pair.client, use_psk);
    SSL_set_info_callback(scene.pair.client, scene_ignore_info);
    assert_int_equal(SSL_write_early_data(scene.pair.client, SECRET, sizeof(SECRET), &len), 0);
    (void)serve_early(&scene);
    assert_int_equal(scene.pair.app_bytes, 0);
    assert_false(tls_capture_contains(&scene.pair.from_client, SECRET, sizeof(SECRET)));
    SSL_SESSION_free(psk);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_data_under_an_own_session_is_sent),
        cmocka_unit_test(early_data_under_another_ports_session_is_not_sent),
        cmocka_unit_test(early_data_after_a_change_of_pins_is_not_sent),
        cmocka_unit_test(early_data_without_the_info_callback_is_not_sent),
        cmocka_unit_test(early_data_without_compatibility_mode_is_not_sent),
        cmocka_unit_test(early_data_under_an_external_psk_is_not_sent),
        cmocka_unit_test(early_data_under_an_external_psk_without_the_info_callback_is_not_sent),
    };

    return cmocka_run_group_tests_name("openssl early data", tests, NULL, NULL);
}
