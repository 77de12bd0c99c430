/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection with every allocation failing in turn: it fails, or all that it tells is right. It
 * never crashes, and data never flows without an accepting verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "adapter/x509/failing.h"
#include "adapter/x509/scene.h"

static struct scene scene;
static struct server server;

static int set_up(void **state)
{
    (void)state;
    scene_open(&scene);
    server.ctx = server_ctx(scene.leaf, scene.key, scene.intermediate);
    server_start(&server);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    server_stop(&server);
    scene_close(&scene);
    return 0;
}

static void check_info(const struct pintle_client_info *info)
{
    assert_string_equal(info->protocol, "TLSv1.3");
    assert_int_equal(info->served_count, 2);
    /* OpenSSL passes over an anchor whose key it had no memory to decode. */
    assert_true(info->path == PINTLE_PATH_VALID || has_failed());
    assert_int_equal(info->verified_count, info->path == PINTLE_PATH_VALID ? 3 : 0);
}

/* Connect once; true if it worked. */
static bool connect_once(const struct pintle_client_options *options, enum pintle_status expected,
                         long n)
{
    struct scene_connection c;
    enum pintle_status status;

    fail_after(n);
    status = scene_connect(&c, &server, SCENE_HOST, options);
    fail_never();
    if (status != expected && !has_failed())
        fail_msg("allocation %ld: %s: %s", n, pintle_status_name(status), c.err.text);
    assert_true(status == expected || status != PINTLE_OK);
    if (status == PINTLE_OK || (status == expected && !has_failed()))
        check_info(pintle_client_get_info(c.client));
    if (c.client != NULL && expected != PINTLE_OK)
        assert_int_equal(pintle_client_write(c.client, (const uint8_t *)"x", 1, NULL),
                         PINTLE_E_STATE);
    assert_int_equal(ERR_peek_error(), 0);
    scene_end(&c);
    return status == expected;
}

/*
 * A connection makes some two thousand allocations. Most are the same in all three tests, so each
 * takes its third of them: those that leave `part` when divided by three.
 */
static void fail_each_allocation(const struct pintle_client_options *options,
                                 enum pintle_status expected, long part)
{
    long n = part;

    assert_true(connect_once(options, expected, -1)); /* warms up */
    do {
        (void)connect_once(options, expected, n);
        n += 3;
    } while (has_failed());
    assert_true(n > 1000);
    assert_int_equal(server.data_len, 0);
}

static void looking_survives(void **state)
{
    const struct pintle_client_options options = {.ca_file = scene.ca_file};

    (void)state;
    fail_each_allocation(&options, PINTLE_OK, 0);
}

static void an_accepted_connection_survives(void **state)
{
    struct pintle *engine = scene_engine(scene.key, "pkix");
    const struct pintle_client_options options = {.engine = engine, .ca_file = scene.ca_file};

    (void)state;
    fail_each_allocation(&options, PINTLE_OK, 1);
    pintle_free(engine);
}

static void a_refused_connection_survives(void **state)
{
    struct pintle *engine = scene_engine(scene.rsa, "pkix");
    const struct pintle_client_options options = {.engine = engine, .ca_file = scene.ca_file};

    (void)state;
    fail_each_allocation(&options, PINTLE_E_REFUSED, 2);
    pintle_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking_survives),
        cmocka_unit_test(an_accepted_connection_survives),
        cmocka_unit_test(a_refused_connection_survives),
    };

    fail_install();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
