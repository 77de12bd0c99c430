/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of one state, made, changed and freed on several threads at once: they share records. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bundle/trusted.h"
#include "unit/bundle/client.h"

#define THREADS 4
#define ROUNDS 50

/* Pins that are counted, as those of the library are, so that threads may share them. */
static atomic_int owners;

static const struct pintle_pinset *retain(const struct pintle_pinset *set)
{
    atomic_fetch_add(&owners, 1);
    return set;
}

static void let_go(const struct pintle_pinset *set)
{
    (void)set;
    atomic_fetch_sub(&owners, 1);
}

static enum pintle_status load(const struct pintle_pinset **out, struct pintle_pins_facts *facts,
                               struct pintle_view payload, const struct pintle_crypto *crypto,
                               struct pintle_error *err)
{
    static const char set;

    (void)err;
    *out = retain((const struct pintle_pinset *)(const void *)&set);
    *facts = (struct pintle_pins_facts){.app = TEST_APP, .epoch = 1, .expires = INT64_MAX};
    facts->version = (int64_t)payload.len;
    return crypto->sha256(crypto->ctx, payload.data, payload.len, facts->digest) ? PINTLE_OK
                                                                                 : PINTLE_E_CRYPTO;
}

static const struct pintle_pins_loader loader = {load, retain, let_go};

/* What the threads read. */
static struct {
    const struct pintle_trusted *trusted;
    char *pins;
    char *root;
} shared;

static void *change_copies(void *arg)
{
    size_t *failures = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct pintle_trusted *copy;
        bool done = pintle_trusted_copy(&copy, shared.trusted, NULL) == PINTLE_OK;
        done = done && pintle_trusted_apply(copy, PINTLE_ROLE_PINS, test_view(shared.pins),
                                            TEST_NOW, NULL) == PINTLE_OK;
        done = done && pintle_trusted_apply(copy, PINTLE_ROLE_ROOT, test_view(shared.root),
                                            TEST_NOW, NULL) == PINTLE_OK;
        *failures += done ? 0 : 1;
        pintle_trusted_free(copy);
    }
    return NULL;
}

static void copies_change_on_threads_of_their_own(void **state)
{
    struct pintle_trusted *trusted = client_new();
    struct test_root root = usual_root;
    char *payload;
    pthread_t threads[THREADS];
    size_t failures[THREADS] = {0};

    (void)state;
    trusted->loader = &loader;
    assert_int_equal(
        client_apply(trusted, PINTLE_ROLE_PINS, test_sign(PINTLE_ROLE_PINS, "pins", "op"), 0),
        PINTLE_OK);
    assert_int_equal(client_unpin(trusted, &(struct test_doc){0}, "[]", "uv"), PINTLE_OK);
    root.version = 2;
    payload = test_root_payload(&root);
    shared.trusted = trusted;
    shared.pins = test_sign(PINTLE_ROLE_PINS, "newer pins", "op");
    shared.root = test_sign(PINTLE_ROLE_ROOT, payload, "rs");
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, change_copies, &failures[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(failures[i], 0);
    }
    assert_int_equal(client_version(trusted), 4);
    assert_int_equal(atomic_load(&owners), 1);
    pintle_trusted_free(trusted);
    assert_int_equal(atomic_load(&owners), 0);
    free(shared.pins);
    free(shared.root);
    free(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(copies_change_on_threads_of_their_own)};

    return cmocka_run_group_tests_name("bundle threads", tests, NULL, NULL);
}
