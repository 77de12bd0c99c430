/* SPDX-License-Identifier: Apache-2.0 */
/* However the handshake is driven, the verdict comes first. */
#include "adapter/openssl/scene.h"

static void one_byte_at_a_time(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene.pair.step = 1;
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    scene_dial(&scene);
    scene.pair.step = 1;
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    scene_clear(&scene);
}

/* Write until it works or the connection is broken; the result of the last call. */
static int write_until(struct scene *scene)
{
    int result = -1;

    for (int i = 0; i < 20 && result <= 0; i++) {
        result = SSL_write(scene->pair.client, SECRET, sizeof(SECRET));
        tls_pair_serve(&scene->pair);
    }
    return result;
}

static void a_write_makes_the_handshake(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(write_until(&scene), sizeof(SECRET));
    assert_int_equal(scene.pair.app_bytes, sizeof(SECRET));
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    scene_clear(&scene);
}

static void a_write_to_the_wrong_server_sends_nothing(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    assert_true(write_until(&scene) <= 0);
    assert_int_equal(scene.pair.app_bytes, 0);
    scene_expect_refused(&scene, PINTLE_REASON_MISMATCH, X509_V_ERR_CERT_REJECTED,
                         SSL_AD_BAD_CERTIFICATE);
    scene_clear(&scene);
}

/* The server speaks first, as in SMTP. */
static int read_until(struct scene *scene, char *byte)
{
    int result = -1;

    for (int i = 0; i < 20 && result <= 0; i++) {
        result = SSL_read(scene->pair.client, byte, 1);
        (void)tls_pair_move(&scene->pair);
        if (SSL_is_init_finished(scene->pair.server))
            (void)SSL_write(scene->pair.server, "!", 1);
        else
            (void)SSL_do_handshake(scene->pair.server);
        (void)tls_pair_move(&scene->pair);
    }
    return result;
}

static void a_read_makes_the_handshake(void **state)
{
    struct scene scene;
    char byte = 0;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(read_until(&scene, &byte), 1);
    assert_int_equal(byte, '!');
    scene_expect_talking(&scene, PINTLE_REASON_MATCH);
    scene_clear(&scene);
}

static void a_read_from_the_wrong_server_gives_nothing(void **state)
{
    struct scene scene;
    char byte = 0;

    scene_ready(&scene, scene_version(state));
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    assert_true(read_until(&scene, &byte) <= 0);
    assert_int_equal(byte, 0);
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_MISMATCH);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

/* The handshake ends inside SSL_read(), with the server's first bytes already there. */
static void a_read_without_a_check_gives_nothing(void **state)
{
    struct scene scene;
    char byte = 0;

    scene_ready(&scene, scene_version(state));
    SSL_CTX_set_cert_verify_callback(scene.client_ctx, scene_always_valid, NULL);
    assert_true(read_until(&scene, &byte) <= 0);
    assert_int_equal(byte, 0);
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    scene_expect_mute(&scene);
    scene_clear(&scene);
}

/* A second ClientHello (RFC 8446 section 4.1.4) passes the hooks again. */
static void a_hello_retry_is_survived(void **state)
{
    static char wanted[] = "P-384", offered[] = "X25519:P-384"; /* OpenSSL's macro drops const */
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(SSL_CTX_set1_groups_list(scene.server_ctx, wanted), 1);
    assert_int_equal(SSL_CTX_set1_groups_list(scene.client_ctx, offered), 1);
    scene_dial(&scene);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_int_equal(scene.concluded, 1);
    scene_clear(&scene);
}

static void a_handshake_that_breaks_off_has_no_verdict(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    assert_int_equal(BIO_write(scene.pair.client_in, "HTTP/1.1 400 Bad Request\r\n", 26), 26);
    assert_true(SSL_do_handshake(scene.pair.client) <= 0);
    assert_int_equal(scene_verdict(&scene)->decision, PINTLE_REFUSE);
    assert_int_equal(scene_verdict(&scene)->reason, PINTLE_REASON_UNCHECKED);
    assert_string_equal(scene_verdict(&scene)->host.text, HOST);
    assert_int_equal(scene.concluded, 0);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(one_byte_at_a_time),
        IN_BOTH(a_write_makes_the_handshake),
        IN_BOTH(a_write_to_the_wrong_server_sends_nothing),
        IN_BOTH(a_read_makes_the_handshake),
        IN_BOTH(a_read_from_the_wrong_server_gives_nothing),
        IN_BOTH(a_read_without_a_check_gives_nothing),
        IN_TLS13(a_hello_retry_is_survived),
        IN_BOTH(a_handshake_that_breaks_off_has_no_verdict),
    };

    return cmocka_run_group_tests_name("openssl io", tests, NULL, NULL);
}
