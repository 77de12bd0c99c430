/* SPDX-License-Identifier: Apache-2.0 */
/* One guarded context, connections on several threads, and the pin-set replaced meanwhile. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "adapter/openssl/scene.h"

#define THREADS 3
#define HANDSHAKES 40

/*
 * Both pin-sets accept the honest server, and refuse the other one.
 */
struct shared {
    struct scene scene;
    SSL_CTX *other_ctx;
    atomic_bool over;
    atomic_uint accepted, resumed, refused, wrong;
};

/* One connection; returns its session if there is one to resume. */
static SSL_SESSION *connect_once(struct shared *shared, SSL_CTX *server_ctx, SSL_SESSION *session,
                                 bool is_honest)
{
    const struct pintle_verdict *verdict;
    struct tls_pair pair;
    bool connected;

    tls_pair_init(&pair, shared->scene.client_ctx, server_ctx);
    if (pintle_openssl_set_host(pair.client, HOST, PORT, NULL) != PINTLE_OK)
        atomic_fetch_add(&shared->wrong, 1);
    if (session != NULL)
        (void)SSL_set_session(pair.client, session);
    SSL_SESSION_free(session);
    session = NULL;
    connected = tls_pair_handshake(&pair);
    verdict = pintle_openssl_get_verdict(pair.client);
    if (connected != is_honest || verdict == NULL ||
        (verdict->decision == PINTLE_ACCEPT) != is_honest)
        atomic_fetch_add(&shared->wrong, 1);
    else if (is_honest)
        atomic_fetch_add(verdict->resumed ? &shared->resumed : &shared->accepted, 1);
    else
        atomic_fetch_add(&shared->refused, 1);
    if (connected && is_honest) {
        tls_pair_settle(&pair);
        session = SSL_get1_session(pair.client);
        SSL_shutdown(pair.client);
    }
    tls_pair_clear(&pair);
    return session;
}

/* A resumed handshake during which the pin-set changed is refused: that is no error here. */
static void *connect_again_and_again(void *arg)
{
    struct shared *shared = arg;
    SSL_SESSION *session = NULL;

    for (int i = 0; i < HANDSHAKES; i++) {
        bool resumes = i % 4 == 3;
        unsigned before = atomic_load(&shared->wrong);

        if (!resumes) {
            SSL_SESSION_free(session);
            session = NULL;
        }
        session = connect_once(shared, shared->scene.server_ctx, session, true);
        if (resumes && atomic_load(&shared->wrong) > before)
            atomic_fetch_sub(&shared->wrong, 1);
        SSL_SESSION_free(connect_once(shared, shared->other_ctx, NULL, false));
    }
    SSL_SESSION_free(session);
    return NULL;
}

static void *replace_again_and_again(void *arg)
{
    struct shared *shared = arg;
    struct scene *scene = &shared->scene;

    for (unsigned i = 0; !atomic_load(&shared->over); i++) {
        scene_rule(scene, &(struct scene_rule){.pins = {i % 2 == 0 ? &scene->leaf : &scene->root}});
        (void)sched_yield();
    }
    return NULL;
}

static void a_pin_set_is_replaced_while_threads_connect(void **state)
{
    static struct shared shared;
    pthread_t threads[THREADS], replacer;
    struct pki_cert other;

    scene_init(&shared.scene, scene_version(state));
    scene_pin_inter(&shared.scene);
    scene_serve_honest(&shared.scene);
    assert_int_equal(pintle_openssl_guard(shared.scene.client_ctx, shared.scene.engine, NULL),
                     PINTLE_OK);
    other = pki_leaf("DNS:" HOST, pki_key(PKI_P256, KEY_OTHER), &shared.scene.rogue);
    shared.other_ctx = tls_server_ctx(shared.scene.version, &other, NULL, 0);
    atomic_store(&shared.over, false);
    assert_int_equal(pthread_create(&replacer, NULL, replace_again_and_again, &shared), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, connect_again_and_again, &shared), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    atomic_store(&shared.over, true);
    assert_int_equal(pthread_join(replacer, NULL), 0);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    assert_true(atomic_load(&shared.accepted) > 0);
    assert_int_equal(atomic_exchange(&shared.refused, 0), THREADS * HANDSHAKES);
    SSL_CTX_free(shared.other_ctx);
    pki_free(&other);
    scene_clear(&shared.scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(a_pin_set_is_replaced_while_threads_connect),
    };

    return cmocka_run_group_tests_name("openssl threads", tests, NULL, NULL);
}
