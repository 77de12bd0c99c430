/* SPDX-License-Identifier: Apache-2.0 */
/* The client with an engine: data flows under an accepting verdict only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "adapter/x509/scene.h"

static struct scene scene;
static const int patience_ms = 5000;

static int set_up(void **state)
{
    (void)state;
    scene_open(&scene);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scene_close(&scene);
    return 0;
}

static void expect_exchange(struct pintle_client *client)
{
    struct pintle_error err = {.text = ""};
    uint8_t buf[16];
    size_t len = 0;

    if (pintle_client_write(client, (const uint8_t *)"GET", 3, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    if (pintle_client_read(client, buf, sizeof(buf), &len, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(len, 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(pintle_client_read(client, buf, sizeof(buf), &len, &err), PINTLE_OK);
    assert_int_equal(len, 0); /* close_notify */
    assert_int_equal(ERR_peek_error(), 0);
}

static void accept_over(enum pintle_status (*wait)(void *, int, enum pintle_wait,
                                                   struct pintle_error *),
                        enum server_manner manner)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate),
                            .manner = manner};
    struct pintle *engine = scene_engine(scene.key, "pkix");
    int patience = patience_ms;
    struct pintle_client_options o = {
        .engine = engine, .ca_file = scene.ca_file, .wait = wait, .wait_ctx = &patience};
    struct scene_connection c;
    const struct pintle_client_info *info;

    server_start(&server);
    if (scene_connect(&c, &server, SCENE_HOST, &o) != PINTLE_OK)
        fail_msg("%s: %s", pintle_status_name(c.err.status), c.err.text);
    assert_int_equal(pintle_client_get_verdict(c.client)->decision, PINTLE_ACCEPT);
    assert_int_equal(pintle_client_get_verdict(c.client)->reason, PINTLE_REASON_MATCH);
    info = pintle_client_get_info(c.client);
    assert_int_equal(info->path, PINTLE_PATH_VALID);
    assert_int_equal(info->served_count, 2);
    assert_int_equal(info->verified_count, 3);
    expect_exchange(c.client);
    pintle_client_shutdown(c.client);
    assert_int_equal(pintle_client_write(c.client, (const uint8_t *)"x", 1, NULL), PINTLE_E_STATE);
    scene_end(&c);
    server_stop(&server);
    assert_true(server.data_len > 0);
    pintle_free(engine);
}

static void a_pinned_server_is_accepted_over_a_blocking_socket(void **state)
{
    (void)state;
    accept_over(NULL, SERVER_SERVES);
}

static void a_pinned_server_is_accepted_over_one_that_does_not_block(void **state)
{
    (void)state;
    accept_over(scene_wait, SERVER_SERVES);
}

static void a_server_that_drips_is_accepted(void **state)
{
    (void)state;
    accept_over(scene_wait, SERVER_DRIPS);
}

/* --- refusals -----------------------------------------------------------------------------------
 */

static void expect_refusal(X509 *leaf, EVP_PKEY *key, EVP_PKEY *pinned, const char *host,
                           enum pintle_reason reason, enum pintle_path path)
{
    struct server server = {.ctx = server_ctx(leaf, key, scene.intermediate)};
    struct pintle *engine = scene_engine(pinned, "pkix");
    struct pintle_client_options o = {.engine = engine, .ca_file = scene.ca_file};
    struct scene_connection c;
    uint8_t buf[8];
    size_t len = 1;

    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, host, &o), PINTLE_E_REFUSED);
    assert_int_equal(c.err.status, PINTLE_E_REFUSED);
    assert_non_null(c.client);
    assert_int_equal(pintle_client_get_verdict(c.client)->decision, PINTLE_REFUSE);
    assert_int_equal(pintle_client_get_verdict(c.client)->reason, reason);
    assert_non_null(strstr(c.err.text, pintle_reason_name(reason)));
    assert_int_equal(pintle_client_get_info(c.client)->path, path);
    assert_int_equal(pintle_client_get_info(c.client)->served_count, 2);
    assert_int_equal(pintle_client_write(c.client, (const uint8_t *)"secret", 6, NULL),
                     PINTLE_E_STATE);
    assert_int_equal(pintle_client_read(c.client, buf, sizeof(buf), &len, NULL), PINTLE_E_STATE);
    assert_int_equal(ERR_peek_error(), 0);
    pintle_client_shutdown(c.client);
    scene_end(&c);
    server_stop(&server);
    assert_int_equal(server.data_len, 0);
    pintle_free(engine);
}

static void another_key_is_refused(void **state)
{
    (void)state;
    expect_refusal(scene.leaf, scene.key, scene.rsa, SCENE_HOST, PINTLE_REASON_MISMATCH,
                   PINTLE_PATH_VALID);
}

static void a_pinned_key_without_a_valid_path_is_refused(void **state)
{
    X509 *leaf =
        fx_cert(&(struct cert_spec){.cn = SCENE_HOST, .san = "DNS:" SCENE_HOST, .key = scene.key});

    (void)state;
    expect_refusal(leaf, scene.key, scene.key, SCENE_HOST, PINTLE_REASON_PATH_INVALID,
                   PINTLE_PATH_INVALID);
    X509_free(leaf);
}

static void a_pinned_key_under_another_name_is_refused(void **state)
{
    X509 *leaf = scene_leaf(&scene, scene.key, "DNS:other.test");

    (void)state;
    expect_refusal(leaf, scene.key, scene.key, SCENE_HOST, PINTLE_REASON_NAME_MISMATCH,
                   PINTLE_PATH_WRONG_NAME);
    X509_free(leaf);
}

static void a_host_without_a_rule_is_refused(void **state)
{
    X509 *leaf = scene_leaf(&scene, scene.key, "DNS:unlisted.test");

    (void)state;
    expect_refusal(leaf, scene.key, scene.key, "unlisted.test", PINTLE_REASON_NO_RULE,
                   PINTLE_PATH_VALID);
    X509_free(leaf);
}

static void a_server_name_does_not_change_the_rule(void **state)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct pintle *engine = scene_engine(scene.key, "pkix");
    struct pintle_client_options o = {
        .engine = engine, .ca_file = scene.ca_file, .server_name = "front.test"};
    struct scene_connection c;

    (void)state;
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
    assert_string_equal(pintle_client_get_verdict(c.client)->host.text, SCENE_HOST);
    scene_end(&c);
    server_stop(&server);
    assert_string_equal(server.sni, "front.test");
    pintle_free(engine);
}

static void a_server_that_renegotiates_to_another_key_is_refused(void **state)
{
    EVP_PKEY *other_key = fx_key("P-256");
    X509 *other_leaf = scene_leaf(&scene, other_key, "DNS:" SCENE_HOST);
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate),
                            .manner = SERVER_SWAPS,
                            .other_leaf = other_leaf,
                            .other_key = other_key};
    struct pintle *engine = scene_engine(scene.key, "pkix");
    struct pintle_client_options o = {.engine = engine, .ca_file = scene.ca_file};
    struct scene_connection c;
    uint8_t buf[16];
    size_t len = 0;

    (void)state;
    assert_int_equal(SSL_CTX_set_max_proto_version(server.ctx, TLS1_2_VERSION), 1);
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
    assert_int_equal(pintle_client_write(c.client, (const uint8_t *)"GET", 3, NULL), PINTLE_OK);
    assert_int_equal(pintle_client_read(c.client, buf, sizeof(buf), &len, NULL), PINTLE_OK);
    assert_int_equal(pintle_client_read(c.client, buf, sizeof(buf), &len, &c.err),
                     PINTLE_E_REFUSED);
    assert_int_equal(pintle_client_get_verdict(c.client)->reason, PINTLE_REASON_MISMATCH);
    assert_true(pintle_client_write(c.client, (const uint8_t *)"secret", 6, NULL) != PINTLE_OK);
    scene_end(&c);
    server_stop(&server);
    assert_int_equal(server.data_len, 3);
    pintle_free(engine);
    X509_free(other_leaf);
    EVP_PKEY_free(other_key);
}

static void a_pinned_key_that_is_trusted_alone_needs_no_path(void **state)
{
    X509 *leaf = fx_cert(&(struct cert_spec){.cn = "device", .key = scene.key});
    struct server server = {.ctx = server_ctx(leaf, scene.key, NULL)};
    struct pintle *engine = scene_engine(scene.key, "key");
    struct pintle_client_options o = {.engine = engine, .ca_file = scene.ca_file};
    struct scene_connection c;

    (void)state;
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
    assert_int_equal(pintle_client_get_verdict(c.client)->reason, PINTLE_REASON_MATCH);
    assert_int_equal(pintle_client_get_info(c.client)->path, PINTLE_PATH_INVALID);
    assert_int_equal(pintle_client_get_info(c.client)->served_count, 1);
    expect_exchange(c.client);
    scene_end(&c);
    server_stop(&server);
    pintle_free(engine);
    X509_free(leaf);
}

/* --- client certificates ------------------------------------------------------------------------
 */

static int accept_any(int ok, X509_STORE_CTX *ctx)
{
    (void)ok;
    (void)ctx;
    return 1;
}

static void present_certificate(EVP_PKEY *pinned, enum pintle_status status, bool presented)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct pintle *engine = scene_engine(pinned, "pkix");
    char cert_file[64];
    char key_file[64];
    struct pintle_client_options o = {
        .engine = engine, .ca_file = scene.ca_file, .cert_file = cert_file, .key_file = key_file};
    struct scene_connection c;

    SSL_CTX_set_verify(server.ctx, SSL_VERIFY_PEER, accept_any);
    scene_write_cert(cert_file, scene.rsa_leaf);
    scene_write_key(key_file, scene.rsa, NULL);
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), status);
    if (status == PINTLE_OK)
        expect_exchange(c.client);
    scene_end(&c);
    server_stop(&server);
    assert_int_equal(server.client_sent_certificate, presented);
    scene_remove(key_file);
    scene_remove(cert_file);
    pintle_free(engine);
}

static void a_client_certificate_is_shown_to_an_accepted_server_only(void **state)
{
    (void)state;
    present_certificate(scene.key, PINTLE_OK, true);
    present_certificate(scene.rsa, PINTLE_E_REFUSED, false);
}

static void expect_identity_failure(const char *cert_file, const char *key_file,
                                    enum pintle_status status)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct pintle_client_options o = {
        .ca_file = scene.ca_file, .cert_file = cert_file, .key_file = key_file};
    struct scene_connection c;

    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), status);
    assert_null(c.client);
    assert_int_equal(ERR_peek_error(), 0);
    scene_end(&c);
    server_stop(&server);
    assert_int_equal(server.handshakes, 0);
}

static void an_unusable_client_certificate_is_told(void **state)
{
    char cert_file[64];
    char key_file[64];
    char encrypted_file[64];
    char other_file[64];

    (void)state;
    scene_write_cert(cert_file, scene.rsa_leaf);
    scene_write_key(key_file, scene.rsa, NULL);
    scene_write_key(encrypted_file, scene.rsa, "secret");
    scene_write_key(other_file, scene.key, NULL);
    expect_identity_failure(cert_file, NULL, PINTLE_E_ARGUMENT);
    expect_identity_failure(NULL, key_file, PINTLE_E_ARGUMENT);
    expect_identity_failure("/nonexistent/cert", key_file, PINTLE_E_IO);
    expect_identity_failure(cert_file, "/nonexistent/key", PINTLE_E_IO);
    expect_identity_failure("/tmp", key_file, PINTLE_E_IO);
    expect_identity_failure(key_file, key_file, PINTLE_E_PEM);
    expect_identity_failure(cert_file, cert_file, PINTLE_E_KEY);
    expect_identity_failure(cert_file, other_file, PINTLE_E_KEY);
    expect_identity_failure(cert_file, encrypted_file, PINTLE_E_KEY); /* and nobody is asked */
    scene_remove(other_file);
    scene_remove(encrypted_file);
    scene_remove(key_file);
    scene_remove(cert_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pinned_server_is_accepted_over_a_blocking_socket),
        cmocka_unit_test(a_pinned_server_is_accepted_over_one_that_does_not_block),
        cmocka_unit_test(a_server_that_drips_is_accepted),
        cmocka_unit_test(another_key_is_refused),
        cmocka_unit_test(a_pinned_key_without_a_valid_path_is_refused),
        cmocka_unit_test(a_pinned_key_under_another_name_is_refused),
        cmocka_unit_test(a_host_without_a_rule_is_refused),
        cmocka_unit_test(a_server_name_does_not_change_the_rule),
        cmocka_unit_test(a_server_that_renegotiates_to_another_key_is_refused),
        cmocka_unit_test(a_pinned_key_that_is_trusted_alone_needs_no_path),
        cmocka_unit_test(a_client_certificate_is_shown_to_an_accepted_server_only),
        cmocka_unit_test(an_unusable_client_certificate_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
