/* SPDX-License-Identifier: Apache-2.0 */
/* Owners on several threads. Meant for ThreadSanitizer. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/pinset/doc.h"

#define THREADS 4
#define ROUNDS 5000

/* Takes over one ownership; gives all back. Returns how often the rule was not found. */
static void *own_and_let_go(void *arg)
{
    const struct pintle_pinset *set = arg;
    size_t misses = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const struct pintle_pinset *again = pintle_pinset_retain(set);
        if (doc_find(again, "h.test", 443)[0] != 'a')
            misses++;
        pintle_pinset_free(again);
    }
    pintle_pinset_free(set);
    return misses == 0 ? NULL : arg;
}

static void the_last_of_many_owners_frees(void **state)
{
    struct pintle_pinset *set = doc_load("{'id':'a','match':['h.test'],'pins':[{'spki':'@1'}]}");
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        (void)pintle_pinset_retain(set);
        assert_int_equal(pthread_create(&threads[i], NULL, own_and_let_go, set), 0);
    }
    pintle_pinset_free(set);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed = set;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

/* Derives and lets go, over and over, while others own the same pin-set. */
static void *derive_and_let_go(void *arg)
{
    const struct pintle_softening soften = {"a", true};
    const struct pintle_pinset_terms terms = {0, &soften, 1, 1000};
    const struct pintle_pinset *set = arg;
    size_t misses = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const struct pintle_pinset *derived = NULL;
        if (pintle_pinset_derive(&derived, set, &terms, NULL) != PINTLE_OK) {
            misses++;
            continue;
        }
        misses += pintle_pinset_count_enforced(derived, 999);
        misses += 1 - pintle_pinset_count_enforced(derived, 1000);
        pintle_pinset_free(set);
        set = derived;
    }
    pintle_pinset_free(set);
    return misses == 0 ? NULL : arg;
}

static void derived_pin_sets_keep_the_origin_alive(void **state)
{
    struct pintle_pinset *set = doc_load("{'id':'a','match':['h.test'],'pins':[{'spki':'@1'}]}");
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        (void)pintle_pinset_retain(set);
        assert_int_equal(pthread_create(&threads[i], NULL, derive_and_let_go, set), 0);
    }
    pintle_pinset_free(set);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed = set;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_many_owners_frees),
        cmocka_unit_test(derived_pin_sets_keep_the_origin_alive),
    };

    return cmocka_run_group_tests_name("pinset threads", tests, NULL, NULL);
}
