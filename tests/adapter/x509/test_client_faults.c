/* SPDX-License-Identifier: Apache-2.0 */
/* Servers, files and arguments that are at fault: each gets its own status and words. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "adapter/x509/scene.h"

static struct scene scene;
static struct pintle *engine;

static int set_up(void **state)
{
    (void)state;
    scene_open(&scene);
    engine = scene_engine(scene.key, "pkix");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pintle_free(engine);
    scene_close(&scene);
    return 0;
}

static struct server make_server(enum server_manner manner)
{
    return (struct server){.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate),
                           .manner = manner};
}

/* Guarded and looking alike. */
static void expect_failure(enum server_manner manner, int patience, enum pintle_status status,
                           const char *words)
{
    for (int guarded = 0; guarded < 2; guarded++) {
        struct server server = make_server(manner);
        struct pintle_client_options o = {.engine = guarded ? engine : NULL,
                                          .ca_file = scene.ca_file,
                                          .wait = scene_wait,
                                          .wait_ctx = &patience};
        struct scene_connection c;

        server_start(&server);
        assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), status);
        assert_null(c.client);
        if (strstr(c.err.text, words) == NULL)
            fail_msg("'%s' is not in '%s'", words, c.err.text);
        assert_int_equal(ERR_peek_error(), 0);
        scene_end(&c);
        server_stop(&server);
    }
}

/* --- servers ------------------------------------------------------------------------------------
 */

static void a_silent_server_times_out(void **state)
{
    (void)state;
    expect_failure(SERVER_IS_SILENT, 20, PINTLE_E_TIMEOUT, "the test's patience");
}

static void a_silent_server_times_out_on_a_blocking_socket(void **state)
{
    struct server server = make_server(SERVER_IS_SILENT);
    const struct pintle_client_options o = {.ca_file = scene.ca_file};
    const struct timeval patience = {0, 20000};
    struct pintle_client *client;
    int fd;

    (void)state;
    server_start(&server);
    fd = server_connect(&server);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(pintle_client_new(&client, fd, SCENE_HOST, server.port, &o, NULL),
                     PINTLE_E_TIMEOUT);
    assert_null(client);
    close(fd);
    server_stop(&server);
}

static enum pintle_status wait_50_times(void *ctx, int fd, enum pintle_wait what,
                                        struct pintle_error *err)
{
    int *left = ctx;
    int patience = 5000;

    if (--*left < 0)
        return PINTLE_E_TIMEOUT;
    return scene_wait(&patience, fd, what, err);
}

static void a_server_that_drips_for_too_long_times_out(void **state)
{
    struct server server = make_server(SERVER_DRIPS);
    int left = 50;
    struct pintle_client_options o = {
        .ca_file = scene.ca_file, .wait = wait_50_times, .wait_ctx = &left};
    struct scene_connection c;

    (void)state;
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_E_TIMEOUT);
    scene_end(&c);
    server_stop(&server);
}

static void a_server_that_hangs_up_is_told(void **state)
{
    (void)state;
    expect_failure(SERVER_HANGS_UP, 5000, PINTLE_E_TLS, "closed the connection");
    expect_failure(SERVER_BREAKS_OFF, 5000, PINTLE_E_TLS, "closed the connection");
}

static void a_server_without_tls_is_told(void **state)
{
    (void)state;
    expect_failure(SERVER_IS_PLAIN, 5000, PINTLE_E_TLS, "the server does not speak TLS");
}

static void an_old_server_is_told(void **state)
{
    struct server server = make_server(SERVER_SERVES);
    const struct pintle_client_options o = {.ca_file = scene.ca_file};
    struct scene_connection c;

    (void)state;
    assert_int_equal(SSL_CTX_set_min_proto_version(server.ctx, TLS1_VERSION), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(server.ctx, TLS1_1_VERSION), 1);
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_E_TLS);
    assert_non_null(strstr(c.err.text, "protocol"));
    scene_end(&c);
    server_stop(&server);
}

/* Read until the end; returns how that came. */
static enum pintle_status read_all(struct pintle_client *client, size_t *total,
                                   struct pintle_error *err)
{
    enum pintle_status status;
    uint8_t buf[4];
    size_t len;

    *total = 0;
    do {
        status = pintle_client_read(client, buf, sizeof(buf), &len, err);
        *total += len;
    } while (status == PINTLE_OK && len > 0);
    return status;
}

static void a_cut_connection_is_no_end(void **state)
{
    struct server server = make_server(SERVER_CUTS);
    const struct pintle_client_options o = {.engine = engine, .ca_file = scene.ca_file};
    struct scene_connection c;
    size_t total;

    (void)state;
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
    assert_int_equal(pintle_client_write(c.client, (const uint8_t *)"x", 1, NULL), PINTLE_OK);
    assert_int_equal(read_all(c.client, &total, &c.err), PINTLE_E_TLS);
    assert_int_equal(total, 5);
    assert_non_null(strstr(c.err.text, "without ending it"));
    scene_end(&c);
    server_stop(&server);
}

static void a_reset_is_told_and_raises_no_signal(void **state)
{
    struct server server = make_server(SERVER_RESETS);
    const struct pintle_client_options o = {.engine = engine, .ca_file = scene.ca_file};
    struct scene_connection c;
    size_t total;

    (void)state;
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
    assert_int_equal(pintle_client_write(c.client, (const uint8_t *)"x", 1, NULL), PINTLE_OK);
    server_stop(&server); /* it has reset the connection */
    assert_int_equal(read_all(c.client, &total, &c.err), PINTLE_E_TLS);
    assert_int_equal(total, 0);
    assert_int_equal(pintle_client_write(c.client, (const uint8_t *)"y", 1, NULL), PINTLE_E_TLS);
    pintle_client_shutdown(c.client);
    scene_end(&c);
}

/* A certificate of about `len` bytes, filled up with names. */
static X509 *big_leaf(size_t len)
{
    char *san = malloc(len + 256);
    size_t at = (size_t)snprintf(san, 256, "DNS:" SCENE_HOST);
    X509 *leaf;

    assert_non_null(san);
    for (size_t i = 0; at < len; i++)
        at += (size_t)snprintf(san + at, 256, ",DNS:a-rather-long-name-to-fill-up-%zu.server.test",
                               i);
    leaf = scene_leaf(&scene, scene.key, san);
    free(san);
    return leaf;
}

static void a_certificate_of_64_kib_is_handled(void **state)
{
    X509 *leaf = big_leaf((size_t)70 * 1024);
    struct server server = {.ctx = server_ctx(leaf, scene.key, scene.intermediate)};
    const struct pintle_client_options o = {.engine = engine, .ca_file = scene.ca_file};
    struct scene_connection c;

    (void)state;
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_OK);
    assert_true(pintle_client_get_info(c.client)->served[0].len > 65536);
    scene_end(&c);
    server_stop(&server);
    X509_free(leaf);
}

static void a_chain_above_100_kib_is_refused(void **state)
{
    X509 *leaf = big_leaf((size_t)120 * 1024);
    struct server server = {.ctx = server_ctx(leaf, scene.key, scene.intermediate)};
    const struct pintle_client_options o = {.ca_file = scene.ca_file};
    struct scene_connection c;

    (void)state;
    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), PINTLE_E_TLS);
    assert_non_null(strstr(c.err.text, "excessive message size"));
    scene_end(&c);
    server_stop(&server);
    X509_free(leaf);
}

/* --- files --------------------------------------------------------------------------------------
 */

static void expect_ca_failure(const char *ca_file, enum pintle_status status, size_t index,
                              const char *words)
{
    struct server server = make_server(SERVER_SERVES);
    const struct pintle_client_options o = {.ca_file = ca_file};
    struct scene_connection c;

    server_start(&server);
    assert_int_equal(scene_connect(&c, &server, SCENE_HOST, &o), status);
    assert_null(c.client);
    assert_int_equal(c.err.index, index);
    assert_non_null(strstr(c.err.text, ca_file));
    if (strstr(c.err.text, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, c.err.text);
    assert_int_equal(ERR_peek_error(), 0);
    scene_end(&c);
    server_stop(&server);
    assert_int_equal(server.handshakes, 0);
}

static void unreadable_trust_anchors_are_told(void **state)
{
    (void)state;
    expect_ca_failure("/nonexistent/ca.pem", PINTLE_E_IO, 0, "No such file or directory");
    expect_ca_failure("/tmp", PINTLE_E_IO, 0, "Is a directory");
}

static void trust_anchors_without_a_certificate_are_told(void **state)
{
    char path[64];

    (void)state;
    scene_write(path, "", 0);
    expect_ca_failure(path, PINTLE_E_PEM, 0, "no start line");
    scene_remove(path);
    scene_write(path, "no certificate\n", 15);
    expect_ca_failure(path, PINTLE_E_PEM, 0, "no start line");
    scene_remove(path);
}

static void one_bad_trust_anchor_fails_the_file(void **state)
{
    struct bytes good = fx_cert_pem(scene.root);
    struct bytes bad =
        fx_copy("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 59);
    const struct bytes *parts[] = {&good, &bad};
    struct bytes all = fx_join(parts, 2);
    char path[64];

    (void)state;
    scene_write(path, all.data, all.len);
    expect_ca_failure(path, PINTLE_E_PEM, 1, "");
    scene_remove(path);
    fx_free(&all);
    fx_free(&bad);
    fx_free(&good);
}

/* --- arguments ----------------------------------------------------------------------------------
 */

static void expect_argument_failure(const char *host, uint16_t port,
                                    const struct pintle_client_options *o,
                                    enum pintle_status status)
{
    struct pintle_client *client = (struct pintle_client *)&scene;
    struct pintle_error err;

    assert_int_equal(pintle_client_new(&client, -1, host, port, o, &err), status);
    assert_null(client);
    assert_int_equal(err.status, status);
}

static void wrong_arguments_are_told_before_anything_is_sent(void **state)
{
    struct pintle_client_options o = {.ca_file = scene.ca_file};
    char alpn[257];

    (void)state;
    expect_argument_failure(SCENE_HOST, 0, &o, PINTLE_E_ARGUMENT);
    expect_argument_failure("", 443, &o, PINTLE_E_HOST);
    expect_argument_failure("a..b", 443, &o, PINTLE_E_HOST);
    expect_argument_failure("b\xc3\xbc"
                            "cher.example",
                            443, &o, PINTLE_E_HOST);
    o.server_name = "a b";
    expect_argument_failure(SCENE_HOST, 443, &o, PINTLE_E_HOST);
    o.server_name = "192.0.2.1";
    expect_argument_failure(SCENE_HOST, 443, &o, PINTLE_E_HOST);
    o.server_name = NULL;
    o.keys = (enum pintle_key_kind)7;
    expect_argument_failure(SCENE_HOST, 443, &o, PINTLE_E_ARGUMENT);
    o.keys = PINTLE_KEYS_ANY;
    o.alpn = "";
    expect_argument_failure(SCENE_HOST, 443, &o, PINTLE_E_ARGUMENT);
    memset(alpn, 'a', sizeof(alpn) - 1);
    alpn[sizeof(alpn) - 1] = '\0';
    o.alpn = alpn;
    expect_argument_failure(SCENE_HOST, 443, &o, PINTLE_E_ARGUMENT);
}

static void a_socket_that_is_none_is_told(void **state)
{
    const struct pintle_client_options o = {.ca_file = scene.ca_file};
    struct pintle_client *client;
    struct pintle_error err;

    (void)state;
    assert_int_equal(pintle_client_new(&client, -1, SCENE_HOST, 443, &o, &err), PINTLE_E_TLS);
    assert_null(client);
    assert_string_equal(err.text, "Bad file descriptor");
    pintle_client_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_server_times_out),
        cmocka_unit_test(a_silent_server_times_out_on_a_blocking_socket),
        cmocka_unit_test(a_server_that_drips_for_too_long_times_out),
        cmocka_unit_test(a_server_that_hangs_up_is_told),
        cmocka_unit_test(a_server_without_tls_is_told),
        cmocka_unit_test(an_old_server_is_told),
        cmocka_unit_test(a_cut_connection_is_no_end),
        cmocka_unit_test(a_reset_is_told_and_raises_no_signal),
        cmocka_unit_test(a_certificate_of_64_kib_is_handled),
        cmocka_unit_test(a_chain_above_100_kib_is_refused),
        cmocka_unit_test(unreadable_trust_anchors_are_told),
        cmocka_unit_test(trust_anchors_without_a_certificate_are_told),
        cmocka_unit_test(one_bad_trust_anchor_fails_the_file),
        cmocka_unit_test(wrong_arguments_are_told_before_anything_is_sent),
        cmocka_unit_test(a_socket_that_is_none_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
