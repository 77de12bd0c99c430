/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding again on connections that stay open. */
#include "adapter/openssl/scene.h"

static void recheck(struct scene *scene, enum pintle_decision decision, enum pintle_reason reason)
{
    struct pintle_verdict verdict;

    pintle_openssl_recheck(scene->pair.client, &verdict);
    assert_string_equal(pintle_reason_name(verdict.reason), pintle_reason_name(reason));
    assert_int_equal(verdict.decision, decision);
}

static void recheck_follows_the_pin_set(void **state)
{
    struct scene scene;

    scene_ready(&scene, scene_version(state));
    recheck(&scene, PINTLE_REFUSE, PINTLE_REASON_UNCHECKED);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    recheck(&scene, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.root}});
    recheck(&scene, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    recheck(&scene, PINTLE_REFUSE, PINTLE_REASON_MISMATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.leaf}, .deny = {&scene.root}});
    recheck(&scene, PINTLE_REFUSE, PINTLE_REASON_DENIED);
    scene_clear(&scene);
}

static void recheck_of_a_resumed_connection_asks_its_session(void **state)
{
    struct scene scene;
    SSL_SESSION *session;

    scene_ready(&scene, scene_version(state));
    session = scene_earn_session(&scene);
    scene_dial_with(&scene, session);
    scene_expect_accepted(&scene, PINTLE_REASON_MATCH);
    assert_true(scene_verdict(&scene)->resumed);
    recheck(&scene, PINTLE_ACCEPT, PINTLE_REASON_MATCH);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.inter, &scene.leaf}});
    recheck(&scene, PINTLE_REFUSE, PINTLE_REASON_UNCHECKED);
    SSL_SESSION_free(session);
    scene_clear(&scene);
}

static void recheck_without_host_or_handshake_refuses(void **state)
{
    struct scene scene;
    struct pintle_verdict verdict;

    scene_ready(&scene, scene_version(state));
    scene_pair(&scene);
    recheck(&scene, PINTLE_REFUSE, PINTLE_REASON_NO_HOST);
    pintle_openssl_recheck(NULL, &verdict);
    assert_int_equal(verdict.decision, PINTLE_REFUSE);
    assert_int_equal(verdict.reason, PINTLE_REASON_NO_HOST);
    scene_rule(&scene, &(struct scene_rule){.pins = {&scene.rogue}});
    scene_dial(&scene);
    assert_false(tls_pair_handshake(&scene.pair));
    scene_pin_inter(&scene);
    recheck(&scene, PINTLE_REFUSE, PINTLE_REASON_UNCHECKED);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH(recheck_follows_the_pin_set),
        IN_BOTH(recheck_of_a_resumed_connection_asks_its_session),
        IN_BOTH(recheck_without_host_or_handshake_refuses),
    };

    return cmocka_run_group_tests_name("openssl recheck", tests, NULL, NULL);
}
