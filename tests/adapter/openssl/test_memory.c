/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of the client's, failing in turn: while it guards, sets the host, and shakes
 * hands. Whatever fails, the wrong server must not get through, nor the right one unjudged.
 */
#include <stdlib.h>

#include "adapter/openssl/scene.h"

/* Allocations to be granted before one is denied; negative: all are granted. */
static long left = -1;

/* After the first, deny all others too. */
static bool for_good;
static unsigned denied;

static bool deny(void)
{
    if (left < 0)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    denied++;
    if (!for_good)
        left = -1;
    return true;
}

static void *grant(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return deny() ? NULL : malloc(size);
}

static void *grant_more(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return deny() ? NULL : realloc(old, size);
}

static void give_up(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

/* How far the client came. */
struct attempt {
    bool guarded;
    bool named;
    int result;
};

/* Only the client's allocations are denied: `count` is what is left of them between its calls. */
static void shake(struct scene *scene, struct attempt *attempt, long count)
{
    for (int i = 0; i < 20 && !SSL_is_init_finished(scene->pair.client); i++) {
        left = count;
        attempt->result = SSL_do_handshake(scene->pair.client);
        count = left;
        left = -1;
        (void)tls_pair_move(&scene->pair);
        (void)SSL_do_handshake(scene->pair.server);
        (void)tls_pair_move(&scene->pair);
    }
}

/*
 * OpenSSL remembers in a certificate that it could not be examined, for want of memory too: each
 * attempt has its own.
 */
static SSL_CTX *new_client_ctx(struct scene *scene)
{
    struct pki_cert root = {X509_dup(scene->root.x509), NULL};
    struct pki_cert rogue = {X509_dup(scene->rogue.x509), NULL};
    const struct pki_cert *trusted[] = {&root, &rogue};
    SSL_CTX *ctx = tls_client_ctx(scene->version, trusted, 2);

    pki_free(&root);
    pki_free(&rogue);
    return ctx;
}

static struct attempt attempt(struct scene *scene, long count)
{
    struct attempt made = {false, false, -1};

    SSL_CTX_free(scene->client_ctx);
    scene->client_ctx = new_client_ctx(scene);
    left = count;
    made.guarded = pintle_openssl_guard(scene->client_ctx, scene->engine, NULL) == PINTLE_OK;
    count = left;
    left = -1;
    if (!made.guarded)
        return made;
    scene_pair(scene);
    left = count;
    made.named = pintle_openssl_set_host(scene->pair.client, HOST, PORT, NULL) == PINTLE_OK;
    count = left;
    left = -1;
    shake(scene, &made, count);
    return made;
}

/* A connection that came through must have been accepted, and only the honest server may. */
static void expect_safe(struct scene *scene, const struct attempt *made, bool is_honest)
{
    const struct pintle_verdict *verdict = NULL;
    bool writes = false;

    if (made->guarded) {
        verdict = pintle_openssl_get_verdict(scene->pair.client);
        writes = SSL_write(scene->pair.client, SECRET, sizeof(SECRET)) > 0;
        tls_pair_serve(&scene->pair);
    }
    if (!writes) {
        if (made->guarded)
            assert_int_equal(scene->pair.app_bytes, 0);
        return;
    }
    assert_true(is_honest);
    assert_true(made->named);
    assert_non_null(verdict);
    assert_int_equal(verdict->decision, PINTLE_ACCEPT);
    assert_int_equal(verdict->reason, PINTLE_REASON_MATCH);
}

/* Every `stride`th allocation in TLS 1.3, and a few in TLS 1.2. Returns how many there are. */
static long deny_in_turn(struct scene *scene, bool is_honest, long stride)
{
    if (scene->version == TLS1_2_VERSION)
        stride = 29;
    for (long count = 0;; count += count < 30 ? 1 : stride) {
        struct attempt made;

        denied = 0;
        made = attempt(scene, count);
        expect_safe(scene, &made, is_honest);
        if (denied == 0) {
            assert_int_equal(made.result == 1, is_honest);
            return count;
        }
    }
}

static void no_failed_allocation_lets_the_wrong_server_through(void **state)
{
    struct scene scene;
    struct pki_cert leaf;

    scene_ready(&scene, scene_version(state));
    leaf = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &scene.rogue);
    scene_serve(&scene, &leaf, NULL, 0);
    assert_true(deny_in_turn(&scene, false, 1) > 1000);
    for_good = true;
    assert_true(deny_in_turn(&scene, false, 7) > 1000);
    for_good = false;
    pki_free(&leaf);
    scene_clear(&scene);
}

static void no_failed_allocation_leaves_the_right_server_unjudged(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    assert_true(deny_in_turn(&scene, true, 2) > 1000);
    scene_clear(&scene);
}

/* The pin is in the other path, so that looking for it allocates too. */
static void no_failed_allocation_breaks_the_search_for_paths(void **state)
{
    struct scene scene;
    struct pki_cert crossed;

    scene_ready(&scene, scene_version(state));
    crossed = pki_intermediate("Inter", scene.inter.key, &scene.rogue);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    const struct pki_cert *others[] = {&scene.inter, &crossed};
    scene_serve(&scene, &scene.leaf, others, 2);
    assert_true(deny_in_turn(&scene, true, 2) > 1000);
    pki_free(&crossed);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(no_failed_allocation_lets_the_wrong_server_through),
        IN_BOTH(no_failed_allocation_leaves_the_right_server_unjudged),
        IN_BOTH(no_failed_allocation_breaks_the_search_for_paths),
    };

    if (CRYPTO_set_mem_functions(grant, grant_more, give_up) != 1)
        return EXIT_FAILURE;
    return cmocka_run_group_tests_name("openssl memory", tests, NULL, NULL);
}
