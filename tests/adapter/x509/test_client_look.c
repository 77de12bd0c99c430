/* SPDX-License-Identifier: Apache-2.0 */
/* The client without an engine: it sees everything and sends nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "adapter/x509/scene.h"

static struct scene scene;

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

static struct pintle_client_options options(void)
{
    return (struct pintle_client_options){.ca_file = scene.ca_file};
}

static void expect_view(struct pintle_view view, X509 *cert)
{
    struct bytes der = fx_cert_der(cert);

    assert_int_equal(view.len, der.len);
    assert_memory_equal(view.data, der.data, der.len);
    fx_free(&der);
}

/* Look at a server for a host; the caller ends it. */
static const struct pintle_client_info *look(struct scene_connection *c, struct server *server,
                                             const char *host)
{
    struct pintle_client_options o = options();

    server_start(server);
    if (scene_connect(c, server, host, &o) != PINTLE_OK)
        fail_msg("%s: %s", pintle_status_name(c->err.status), c->err.text);
    assert_int_equal(ERR_peek_error(), 0);
    return pintle_client_get_info(c->client);
}

static void finish(struct scene_connection *c, struct server *server)
{
    scene_end(c);
    server_stop(server);
    assert_int_equal(server->data_len, 0);
}

/* --- paths --------------------------------------------------------------------------------------
 */

static void a_valid_server_is_seen_whole(void **state)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct scene_connection c;
    const struct pintle_client_info *info = look(&c, &server, "Server.TEST.");

    (void)state;
    assert_string_equal(info->protocol, "TLSv1.3");
    assert_memory_equal(info->cipher, "TLS_", 4);
    assert_string_equal(info->alpn, "");
    assert_int_equal(info->path, PINTLE_PATH_VALID);
    assert_string_equal(info->path_detail, "");
    assert_int_equal(info->served_count, 2);
    expect_view(info->served[0], scene.leaf);
    expect_view(info->served[1], scene.intermediate);
    assert_int_equal(info->verified_count, 3);
    expect_view(info->verified[0], scene.leaf);
    expect_view(info->verified[1], scene.intermediate);
    expect_view(info->verified[2], scene.root);
    assert_null(pintle_client_get_verdict(c.client));
    finish(&c, &server);
    assert_string_equal(server.sni, SCENE_HOST);
}

static void expect_path(X509 *leaf, EVP_PKEY *key, const char *host, enum pintle_path path,
                        const char *detail)
{
    struct server server = {.ctx = server_ctx(leaf, key, scene.intermediate)};
    struct scene_connection c;
    const struct pintle_client_info *info = look(&c, &server, host);

    assert_int_equal(info->path, path);
    assert_string_equal(info->path_detail, detail);
    assert_int_equal(info->served_count, 2);
    assert_int_equal(info->verified_count, path == PINTLE_PATH_INVALID ? 0 : 3);
    finish(&c, &server);
}

static void an_expired_certificate_makes_the_path_invalid(void **state)
{
    X509 *leaf = fx_cert(&(struct cert_spec){.cn = SCENE_HOST,
                                             .san = "DNS:" SCENE_HOST,
                                             .key = scene.key,
                                             .issuer = scene.intermediate,
                                             .issuer_key = scene.ca_key,
                                             .before = "200101000000Z",
                                             .after = "200201000000Z"});

    (void)state;
    expect_path(leaf, scene.key, SCENE_HOST, PINTLE_PATH_INVALID,
                "certificate has expired (certificate 0)");
    X509_free(leaf);
}

static void a_self_signed_certificate_makes_the_path_invalid(void **state)
{
    X509 *leaf =
        fx_cert(&(struct cert_spec){.cn = SCENE_HOST, .san = "DNS:" SCENE_HOST, .key = scene.key});

    (void)state;
    expect_path(leaf, scene.key, SCENE_HOST, PINTLE_PATH_INVALID,
                "self-signed certificate (certificate 0)");
    X509_free(leaf);
}

static void a_weak_key_makes_the_path_invalid_and_is_still_seen(void **state)
{
    EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    X509 *leaf = scene_leaf(&scene, weak, "DNS:" SCENE_HOST);

    (void)state;
    expect_path(leaf, weak, SCENE_HOST, PINTLE_PATH_INVALID,
                "EE certificate key too weak (certificate 0)");
    X509_free(leaf);
    EVP_PKEY_free(weak);
}

static void another_host_is_a_wrong_name(void **state)
{
    (void)state;
    expect_path(scene.leaf, scene.key, "other.test", PINTLE_PATH_WRONG_NAME, "hostname mismatch");
    expect_path(scene.leaf, scene.key, "127.0.0.2", PINTLE_PATH_WRONG_NAME, "IP address mismatch");
}

static void a_common_name_alone_is_no_name(void **state)
{
    X509 *leaf = scene_leaf(&scene, scene.key, NULL);

    (void)state;
    expect_path(leaf, scene.key, SCENE_HOST, PINTLE_PATH_WRONG_NAME, "hostname mismatch");
    X509_free(leaf);
}

static void an_address_is_checked_and_sends_no_server_name(void **state)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct scene_connection c;
    const struct pintle_client_info *info = look(&c, &server, "127.0.0.1");

    (void)state;
    assert_int_equal(info->path, PINTLE_PATH_VALID);
    finish(&c, &server);
    assert_string_equal(server.sni, "");
}

static void without_trust_anchors_of_ones_own_the_systems_hold(void **state)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct pintle_client_options o = {.ca_file = NULL};

    (void)state;
    server_start(&server);
    for (int i = 0; i < 2; i++) { /* the second time from the cache */
        struct scene_connection c;
        assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
        assert_int_equal(pintle_client_get_info(c.client)->path, PINTLE_PATH_INVALID);
        assert_string_equal(pintle_client_get_info(c.client)->path_detail,
                            "unable to get local issuer certificate (certificate 1)");
        scene_end(&c);
    }
    server_stop(&server);
}

/* --- what is asked for --------------------------------------------------------------------------
 */

static void a_server_name_replaces_sni_and_not_the_name_checked(void **state)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct pintle_client_options o = options();
    struct scene_connection c;

    (void)state;
    o.server_name = "front.test";
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
    assert_int_equal(pintle_client_get_info(c.client)->path, PINTLE_PATH_VALID);
    finish(&c, &server);
    assert_string_equal(server.sni, "front.test");
}

static int choose_http(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl;
    (void)arg;
    assert_int_equal(in_len, 9);
    assert_memory_equal(in, "\x08http/1.1", 9);
    *out = in + 1;
    *out_len = 8;
    return SSL_TLSEXT_ERR_OK;
}

static void alpn_is_offered_and_told(void **state)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct pintle_client_options o = options();
    struct scene_connection c;

    (void)state;
    SSL_CTX_set_alpn_select_cb(server.ctx, choose_http, NULL);
    o.alpn = "http/1.1";
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
    assert_string_equal(pintle_client_get_info(c.client)->alpn, "http/1.1");
    finish(&c, &server);
}

/* Ask a server for one kind of key; returns the leaf that came, or NULL. */
static bool serves(struct server *server, enum pintle_key_kind keys, X509 *leaf)
{
    struct pintle_client_options o = options();
    struct scene_connection c;
    enum pintle_status status;

    o.keys = keys;
    status = scene_connect(&c, server, SCENE_HOST, &o);
    if (status == PINTLE_OK) {
        expect_view(pintle_client_get_info(c.client)->served[0], leaf);
        assert_int_equal(pintle_client_get_info(c.client)->path, PINTLE_PATH_VALID);
    } else {
        assert_int_equal(status, PINTLE_E_TLS);
        assert_null(c.client);
    }
    scene_end(&c);
    return status == PINTLE_OK;
}

static void a_server_with_both_kinds_of_key_shows_each(void **state)
{
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
        assert_int_equal(SSL_CTX_use_certificate(server.ctx, scene.rsa_leaf), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(server.ctx, scene.rsa), 1);
        assert_int_equal(SSL_CTX_add1_chain_cert(server.ctx, scene.intermediate), 1);
        assert_int_equal(SSL_CTX_set_max_proto_version(server.ctx, versions[i]), 1);
        server_start(&server);
        assert_true(serves(&server, PINTLE_KEYS_RSA, scene.rsa_leaf));
        assert_true(serves(&server, PINTLE_KEYS_ECDSA, scene.leaf));
        server_stop(&server);
    }
}

static void a_server_without_the_kind_of_key_fails(void **state)
{
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server ecdsa = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
        struct server rsa = {.ctx = server_ctx(scene.rsa_leaf, scene.rsa, scene.intermediate)};
        SSL_CTX_set_max_proto_version(ecdsa.ctx, versions[i]);
        SSL_CTX_set_max_proto_version(rsa.ctx, versions[i]);
        server_start(&ecdsa);
        server_start(&rsa);
        assert_false(serves(&ecdsa, PINTLE_KEYS_RSA, scene.leaf));
        assert_true(serves(&ecdsa, PINTLE_KEYS_ANY, scene.leaf));
        assert_false(serves(&rsa, PINTLE_KEYS_ECDSA, scene.rsa_leaf));
        assert_true(serves(&rsa, PINTLE_KEYS_ANY, scene.rsa_leaf));
        server_stop(&rsa);
        server_stop(&ecdsa);
    }
}

static void no_data_flows(void **state)
{
    struct server server = {.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate)};
    struct scene_connection c;
    struct pintle_error err;
    uint8_t buf[8];
    size_t len = 1;

    (void)state;
    (void)look(&c, &server, SCENE_HOST);
    assert_int_equal(pintle_client_write(c.client, (const uint8_t *)"secret", 6, &err),
                     PINTLE_E_STATE);
    assert_int_equal(pintle_client_read(c.client, buf, sizeof(buf), &len, &err), PINTLE_E_STATE);
    assert_int_equal(len, 0);
    assert_int_equal(pintle_client_pending(c.client), 0);
    pintle_client_shutdown(c.client);
    finish(&c, &server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_server_is_seen_whole),
        cmocka_unit_test(an_expired_certificate_makes_the_path_invalid),
        cmocka_unit_test(a_self_signed_certificate_makes_the_path_invalid),
        cmocka_unit_test(a_weak_key_makes_the_path_invalid_and_is_still_seen),
        cmocka_unit_test(another_host_is_a_wrong_name),
        cmocka_unit_test(a_common_name_alone_is_no_name),
        cmocka_unit_test(an_address_is_checked_and_sends_no_server_name),
        cmocka_unit_test(without_trust_anchors_of_ones_own_the_systems_hold),
        cmocka_unit_test(a_server_name_replaces_sni_and_not_the_name_checked),
        cmocka_unit_test(alpn_is_offered_and_told),
        cmocka_unit_test(a_server_with_both_kinds_of_key_shows_each),
        cmocka_unit_test(a_server_without_the_kind_of_key_fails),
        cmocka_unit_test(no_data_flows),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
