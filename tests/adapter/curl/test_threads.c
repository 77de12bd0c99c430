/* SPDX-License-Identifier: Apache-2.0 */
/* Handles on several threads that share sessions, and the pin-set replaced meanwhile. */
#include <stdio.h>

#include "adapter/curl/stage.h"

#define THREADS 2
#define TRANSFERS 20

struct shared {
    struct stage stage;
    struct web web, wrong;
    CURLSH *common;
    pthread_mutex_t locks[CURL_LOCK_DATA_LAST];
    atomic_bool over;
    atomic_uint accepted, refused, faults;
};

static void lock(CURL *easy, curl_lock_data what, curl_lock_access access, void *user)
{
    struct shared *shared = user;

    (void)easy;
    (void)access;
    pthread_mutex_lock(&shared->locks[what]);
}

static void unlock(CURL *easy, curl_lock_data what, void *user)
{
    struct shared *shared = user;

    (void)easy;
    pthread_mutex_unlock(&shared->locks[what]);
}

/* A resumed handshake during which the pin-set changes is refused as UNCHECKED: no fault. */
static void transfer(struct shared *shared, CURL *easy, const struct pintle_curl *guard, bool good)
{
    const struct pintle_verdict *verdict = pintle_curl_get_verdict(guard);
    struct web *web = good ? &shared->web : &shared->wrong;
    char url[64];
    CURLcode code;

    (void)snprintf(url, sizeof(url), "https://" HOST ":%u/", web->listener.port);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    code = curl_easy_perform(easy);
    if (code == CURLE_OK && good && verdict->decision == PINTLE_ACCEPT)
        atomic_fetch_add(&shared->accepted, 1);
    else if (code != CURLE_OK && !good && verdict->reason == PINTLE_REASON_MISMATCH)
        atomic_fetch_add(&shared->refused, 1);
    else if (verdict->reason != PINTLE_REASON_UNCHECKED)
        atomic_fetch_add(&shared->faults, 1);
}

static void *work(void *arg)
{
    struct shared *shared = arg;
    struct pintle_curl *guard = NULL;
    CURL *easy = curl_easy_init();

    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &shared->stage.ca);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, shared->stage.resolve);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, stage_swallow);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_SHARE, shared->common);
    if (pintle_curl_attach(&guard, easy, shared->stage.engine, NULL, NULL) != PINTLE_OK) {
        atomic_fetch_add(&shared->faults, 1);
        curl_easy_cleanup(easy);
        return NULL;
    }
    for (int i = 0; i < TRANSFERS; i++)
        transfer(shared, easy, guard, i % 4 != 3);
    curl_easy_cleanup(easy);
    pintle_curl_free(guard);
    return NULL;
}

static void *replace(void *arg)
{
    struct shared *shared = arg;
    struct stage *stage = &shared->stage;
    const struct stage_rule both[] = {{HOST, .pins = {&stage->host, &stage->backup}}, {0}};

    while (!atomic_load(&shared->over)) {
        stage_pin(stage, &stage->host);
        stage_rules(stage, both);
    }
    return NULL;
}

static void begin(struct shared *shared)
{
    for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
        assert_int_equal(pthread_mutex_init(&shared->locks[i], NULL), 0);
    shared->common = curl_share_init();
    curl_share_setopt(shared->common, CURLSHOPT_LOCKFUNC, lock);
    curl_share_setopt(shared->common, CURLSHOPT_UNLOCKFUNC, unlock);
    curl_share_setopt(shared->common, CURLSHOPT_USERDATA, shared);
    curl_share_setopt(shared->common, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_share_setopt(shared->common, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    stage_init(&shared->stage);
    web_start(&shared->web, &shared->stage.host);
    web_start(&shared->wrong, &shared->stage.odd);
    stage_resolve(&shared->stage, shared->web.listener.port);
    stage_resolve(&shared->stage, shared->wrong.listener.port);
    stage_pin(&shared->stage, &shared->stage.host);
}

static void end(struct shared *shared)
{
    stage_clear(&shared->stage);
    web_stop(&shared->web);
    web_stop(&shared->wrong);
    assert_int_equal(curl_share_cleanup(shared->common), CURLSHE_OK);
    for (size_t i = 0; i < CURL_LOCK_DATA_LAST; i++)
        pthread_mutex_destroy(&shared->locks[i]);
}

static void threads_share_sessions_while_the_pin_set_is_replaced(void **state)
{
    static struct shared shared;
    pthread_t threads[THREADS], replacer;

    (void)state;
    begin(&shared);
    assert_int_equal(pthread_create(&replacer, NULL, replace, &shared), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &shared), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    atomic_store(&shared.over, true);
    assert_int_equal(pthread_join(replacer, NULL), 0);
    end(&shared);
    assert_int_equal(atomic_load(&shared.faults), 0);
    assert_true(atomic_load(&shared.accepted) > 0);
    assert_true(atomic_load(&shared.refused) > 0);
    assert_int_equal(atomic_load(&shared.wrong.bytes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_sessions_while_the_pin_set_is_replaced),
    };

    assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    return cmocka_run_group_tests_name("libcurl: threads", tests, NULL, NULL);
}
