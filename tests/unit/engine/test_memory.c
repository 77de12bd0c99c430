/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation and life cycle of an engine. Linked with --wrap, so that allocations made by libpintle
 * are counted and can be made to fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit/test_crypto.h"
#include "unit/engine/stage.h"

static const char rules[] =
    "{'id':'enforce','match':['enforce.test'],'mode':'enforce','pins':[{'spki':'@p'}],"
    " 'deny':['@d']},"
    "{'id':'report','match':['report.test'],'mode':'report','pins':[{'spki':'@p'}]}";

static unsigned allocations;
static bool failing;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return failing ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return failing ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return failing ? NULL : __real_realloc(old, size);
}

static bool next_path(void *ctx, const struct pintle_rule *rule, struct pintle_chain *chain)
{
    (void)rule;
    *chain = stage_chain(ctx, "45");
    return true;
}

static void deciding_and_reporting_allocate_nothing(void **state)
{
    static const char *const hosts[] = {"enforce.test", "report.test", "other.test"};
    static const char *const chains[] = {"12p", "123", "1d3", "1?3"};
    struct stage_path certs, other;
    struct stage stage;

    (void)state;
    stage_init(&stage);
    stage_open(&stage, rules);
    allocations = 0;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct pintle_host host = stage_host(hosts[i]);

        for (size_t j = 0; j < sizeof(chains) / sizeof(chains[0]); j++) {
            struct pintle_peer peer = {0};
            struct pintle_verdict verdict;

            peer.host = &host;
            peer.port = 443;
            peer.path = PINTLE_PATH_VALID;
            peer.chain = stage_chain(&certs, chains[j]);
            peer.next_path = next_path;
            peer.ctx = &other;
            pintle_decide(&verdict, stage.engine, &peer);
            pintle_decide_resumed(&verdict, stage.engine, &host, 443);
        }
    }
    assert_int_equal(allocations, 0);
    assert_true(stage.notified > 0);
    stage_close(&stage);
}

static void the_counter_counts(void **state)
{
    struct stage stage;

    (void)state;
    stage_init(&stage);
    allocations = 0;
    stage_open(&stage, rules);
    assert_true(allocations > 0);
    stage_close(&stage);
}

static void an_engine_needs_crypto_a_clock_and_a_digest(void **state)
{
    struct pintle_pinset *set = stage_pinset(rules, 7);
    struct pintle_pinset *no_digest;
    struct pintle_config config;
    struct pintle_error err;
    struct stage stage;
    struct pintle *engine;
    char *text;
    size_t len;

    (void)state;
    stage_init(&stage);
    config = stage.config;
    config.crypto = NULL;
    assert_int_equal(pintle_new(&engine, set, &config, &err), PINTLE_E_ARGUMENT);
    assert_null(engine);
    assert_int_equal(err.status, PINTLE_E_ARGUMENT);
    config = stage.config;
    config.clock = NULL;
    assert_int_equal(pintle_new(&engine, set, &config, NULL), PINTLE_E_ARGUMENT);
    assert_int_equal(pintle_pinset_format(&text, &len, set, NULL), PINTLE_OK);
    assert_int_equal(pintle_pinset_parse(&no_digest, text, len, NULL, NULL), PINTLE_OK);
    assert_int_equal(pintle_new(&engine, no_digest, &stage.config, NULL), PINTLE_E_ARGUMENT);
    stage_open(&stage, rules);
    assert_int_equal(pintle_replace(stage.engine, no_digest, &err), PINTLE_E_ARGUMENT);
    stage_close(&stage);
    free(text);
    pintle_pinset_free(no_digest); /* still the caller's, as is set */
    pintle_pinset_free(set);
}

static void without_memory_there_is_no_engine_and_the_set_stays_the_callers(void **state)
{
    struct pintle_pinset *set = stage_pinset(rules, 7);
    struct pintle_error err;
    struct pintle *engine;
    struct stage stage;
    enum pintle_status status;

    (void)state;
    stage_init(&stage);
    failing = true;
    status = pintle_new(&engine, set, &stage.config, &err);
    failing = false;
    assert_int_equal(status, PINTLE_E_NOMEM);
    assert_int_equal(err.status, PINTLE_E_NOMEM);
    assert_null(engine);
    assert_int_equal(pintle_pinset_get_version(set), 7);
    pintle_pinset_free(set);
}

static void without_memory_the_old_pin_set_stays_in_force(void **state)
{
    struct pintle_pinset *set = stage_pinset(rules, 8);
    const struct pintle_pinset *live;
    struct pintle_error err;
    struct stage stage;
    enum pintle_status status;

    (void)state;
    stage_init(&stage);
    stage_open(&stage, rules);
    failing = true;
    status = pintle_replace(stage.engine, set, &err);
    failing = false;
    assert_int_equal(status, PINTLE_E_NOMEM);
    assert_int_equal(err.status, PINTLE_E_NOMEM);
    live = pintle_get_pinset(stage.engine);
    assert_int_equal(pintle_pinset_get_version(live), 7);
    pintle_pinset_free(live);
    assert_int_equal(pintle_replace(stage.engine, set, NULL), PINTLE_OK);
    live = pintle_get_pinset(stage.engine);
    assert_int_equal(pintle_pinset_get_version(live), 8);
    pintle_pinset_free(live);
    stage_close(&stage);
}

static void an_engine_lives_until_its_last_owner_lets_go(void **state)
{
    struct stage stage;
    struct pintle *engine;
    const struct pintle_pinset *live;

    (void)state;
    stage_init(&stage);
    stage.config.allow_unlisted = true;
    stage_open(&stage, rules);
    engine = pintle_retain(stage.engine);
    assert_ptr_equal(engine, stage.engine);
    stage_close(&stage);
    assert_int_equal(pintle_get_time(engine), stage.now);
    assert_ptr_equal(pintle_get_crypto(engine), &stage.crypto);
    assert_true(pintle_get_allow_unlisted(engine));
    live = pintle_get_pinset(engine);
    pintle_free(engine);
    assert_int_equal(pintle_pinset_get_version(live), 7); /* owned by us */
    pintle_pinset_free(live);
    pintle_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deciding_and_reporting_allocate_nothing),
        cmocka_unit_test(the_counter_counts),
        cmocka_unit_test(an_engine_needs_crypto_a_clock_and_a_digest),
        cmocka_unit_test(without_memory_there_is_no_engine_and_the_set_stays_the_callers),
        cmocka_unit_test(without_memory_the_old_pin_set_stays_in_force),
        cmocka_unit_test(an_engine_lives_until_its_last_owner_lets_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
