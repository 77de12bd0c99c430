/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads and processes at once, through one state and through many. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/signer.h"
#include "os/state_db.h"
#include "unit/os/believer.h"
#include "unit/os/folder.h"

#define THREADS 6
#define ROUNDS 15

static struct pintle__state *open_state(const struct folder *folder)
{
    struct pintle__state *state = NULL;

    (void)!pintle__state_open(&state, folder_path(folder, "app.db"), NULL, NULL);
    return state;
}

static struct pintle_learned entry_of(int number, int key)
{
    struct pintle_learned entry;
    char host[32];

    memset(&entry, 0, sizeof(entry));
    (void)snprintf(host, sizeof(host), "host-%d.com", number);
    (void)!pintle_host_parse(&entry.host, host, strlen(host), NULL);
    entry.port = 443;
    entry.pin_count = 1;
    memset(&entry.pins[0], key, sizeof(entry.pins[0]));
    entry.expires = 1000;
    return entry;
}

/* --- threads ------------------------------------------------------------------------------------- */

/*
 * What a thread does; failures are counted, for cmocka's assertions are for one thread.
 *
 * firsts  hosts that this thread was the first to learn
 */
struct worker {
    struct pintle__state *state;
    int number;
    atomic_int *failures;
    int firsts;
};

static void expect(struct worker *worker, bool holds)
{
    if (!holds)
        atomic_fetch_add(worker->failures, 1);
}

/* All race for the same hosts: one is first, the others see his key. */
static void race_for(struct worker *worker, int host)
{
    const struct pintle_memory *memory = pintle__state_get_memory(worker->state);
    struct pintle_learned entry = entry_of(host, worker->number + 1), held;
    enum pintle_recall answer = memory->learn(memory->ctx, &entry, false, 0, &held);

    if (answer == PINTLE_RECALL_NONE)
        worker->firsts++;
    else
        expect(worker, answer == PINTLE_RECALL_FOUND && held.pins[0].digest[0] != 0);
    expect(worker, memory->recall(memory->ctx, PINTLE_LEARNED_TOFU, &entry.host, 443, 0, &held) ==
                       PINTLE_RECALL_FOUND);
}

static bool count_one(void *ctx, const struct pintle__spooled *report)
{
    (void)report;
    (*(int *)ctx)++;
    return true;
}

static void spool_one(struct worker *worker, int round)
{
    char host[32];
    struct pintle__spooled report = {.uri = "https://r.example/",
                                     .host = host,
                                     .cause = "mismatch",
                                     .json = "{}",
                                     .created = round};
    int count = 0;

    (void)snprintf(host, sizeof(host), "host-%d-%d", worker->number, round);
    expect(worker, pintle__state_spool(worker->state, &report, 5, NULL) == PINTLE_OK);
    expect(worker,
           pintle__state_list_spool(worker->state, 5, count_one, &count, NULL) == PINTLE_OK);
    expect(worker, count > round);
}

static void *work(void *ctx)
{
    struct worker *worker = ctx;

    for (int round = 0; round < ROUNDS; round++) {
        struct pintle__tries tries = {(unsigned)round, 0, round, ""};

        race_for(worker, round);
        spool_one(worker, round);
        expect(worker, pintle__state_put_tries(worker->state, "key", &tries, NULL) == PINTLE_OK);
    }
    return NULL;
}

/* Each with a state of its own, or all with one. */
static void run_threads(const struct folder *folder, bool shared)
{
    struct pintle__state *common = open_state(folder);
    atomic_int failures = 0;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    int firsts = 0;

    assert_non_null(common);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){shared ? common : open_state(folder), i, &failures, 0};
        assert_non_null(workers[i].state);
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        firsts += workers[i].firsts;
        if (!shared)
            pintle__state_close(workers[i].state);
    }
    assert_int_equal(atomic_load(&failures), 0);
    assert_int_equal(firsts, ROUNDS);
    pintle__state_close(common);
}

static void threads_share_a_state(void **state)
{
    run_threads(*state, true);
}

static void threads_have_a_state_each(void **state)
{
    run_threads(*state, false);
}

/* --- opening ------------------------------------------------------------------------------------- */

struct opener {
    const char *path;
    atomic_int *failures;
    atomic_int *recovered;
};

static void *open_and_close(void *ctx)
{
    struct opener *opener = ctx;
    struct pintle__state *state;
    bool recovered = false;
    struct pintle__tries tries = {0, 0, 0, ""};

    if (pintle__state_open(&state, opener->path, &recovered, NULL) != PINTLE_OK) {
        atomic_fetch_add(opener->failures, 1);
        return NULL;
    }
    atomic_fetch_add(opener->recovered, recovered ? 1 : 0);
    if (pintle__state_put_tries(state, "key", &tries, NULL) != PINTLE_OK)
        atomic_fetch_add(opener->failures, 1);
    pintle__state_close(state);
    return NULL;
}

static int open_at_once(const struct folder *folder)
{
    atomic_int failures = 0, recovered = 0;
    char path[FOLDER_PATH_SIZE + 16];
    struct opener opener = {path, &failures, &recovered};
    pthread_t threads[THREADS];

    (void)snprintf(path, sizeof(path), "%s/app.db", folder->path);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, &opener), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&failures), 0);
    return atomic_load(&recovered);
}

static void all_may_begin_it_at_once(void **state)
{
    assert_int_equal(open_at_once(*state), 0);
}

static void all_may_find_it_damaged_at_once(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_trusted *trusted = believer_of(9);

    assert_int_equal(pintle__state_save(kept, trusted, NULL), PINTLE_OK);
    pintle_trusted_free(trusted);
    pintle__state_close(kept);
    for (int i = 0; i < 10; i++) {
        folder_put(folder, "app.db", "this is no database, and it is not an empty file either");
        assert_true(open_at_once(folder) >= 1);
        kept = open_state(folder);
        trusted = believer_new();
        assert_int_equal(pintle__state_restore(kept, trusted, NULL, NULL), PINTLE_OK);
        assert_int_equal(believer_version(trusted), 9);
        pintle_trusted_free(trusted);
        pintle__state_close(kept);
    }
}

/* --- processes ----------------------------------------------------------------------------------- */

/* Save every version from 1 on that nobody was quicker with. Returns how many it saved. */
static int climb(struct pintle__state *state, int64_t top)
{
    struct pintle_trusted *trusted = believer_new();
    int saved = 0;

    for (;;) {
        enum pintle_status status;

        if (pintle__state_restore(state, trusted, NULL, NULL) != PINTLE_OK)
            return -1;
        if (believer_version(trusted) >= top)
            break;
        believer_learn(trusted, believer_version(trusted) + 1);
        status = pintle__state_save(state, trusted, NULL);
        if (status != PINTLE_OK && status != PINTLE_E_ROLLBACK)
            return -1;
        saved += status == PINTLE_OK ? 1 : 0;
    }
    pintle_trusted_free(trusted);
    return saved;
}

static void processes_roll_each_other_back_never(void **state)
{
    const struct folder *folder = *state;
    pid_t children[3];
    int status;

    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            struct pintle__state *kept = open_state(folder);

            _exit(kept != NULL && climb(kept, 40) >= 0 ? 0 : 1);
        }
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

static void a_child_does_not_use_its_parents_state(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle__tries tries = {1, 0, 0, ""};
    int status;
    pid_t child;

    assert_non_null(kept);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool refused = pintle__state_put_tries(kept, "a", &tries, NULL) == PINTLE_E_STORAGE;
        struct pintle__state *own = open_state(folder);

        pintle__state_close(kept);
        _exit(refused && pintle__state_put_tries(own, "b", &tries, NULL) == PINTLE_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(pintle__state_put_tries(kept, "a", &tries, NULL), PINTLE_OK);
    pintle__state_close(kept);
}

/* Behind a fork() nobody is left to give a mutex back. */
static void a_child_can_close_what_a_thread_of_its_parent_uses(void **state)
{
    struct pintle__state *kept = open_state(*state);
    int status;
    pid_t child;

    assert_int_equal(pthread_mutex_lock(&kept->mutex), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(10);
        pintle__state_close(kept);
        _exit(0);
    }
    assert_int_equal(pthread_mutex_unlock(&kept->mutex), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pintle__state_close(kept);
}

/* --- the right to update ----------------------------------------------------------------------------- */

static void one_at_a_time_has_the_right_to_update(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *one = open_state(folder);
    struct pintle__state *other = open_state(folder);

    assert_true(pintle__state_lock(one, 0));
    assert_false(pintle__state_lock(other, 0));
    assert_false(pintle__state_lock(other, 50));
    assert_false(pintle__state_lock(one, 0));
    pintle__state_unlock(one);
    assert_true(pintle__state_lock(other, 0));
    pintle__state_close(other);
    assert_true(pintle__state_lock(one, 0));
    pintle__state_unlock(one);
    pintle__state_unlock(one);
    pintle__state_close(one);
}

static void the_right_to_update_dies_with_its_process(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    int pipes[2], status;
    char byte;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct pintle__state *own = open_state(folder);

        if (own != NULL && pintle__state_lock(own, 0))
            (void)!write(pipes[1], "x", 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    assert_false(pintle__state_lock(kept, 0));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(pintle__state_lock(kept, 20000));
    pintle__state_close(kept);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

/* A child has a copy of the descriptor: that it lives, or closes the state, is no reason to wait. */
static void the_right_to_update_is_not_a_childs(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle__state *other = open_state(folder);
    int up[2], down[2], status;
    char byte;
    pid_t child;

    assert_int_equal(pipe(up), 0);
    assert_int_equal(pipe(down), 0);
    assert_true(pintle__state_lock(kept, 0));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(30);
        (void)!read(down[0], &byte, 1);
        pintle__state_close(kept);
        (void)!write(up[1], "x", 1);
        for (;;)
            (void)pause();
    }
    pintle__state_unlock(kept);
    assert_true(pintle__state_lock(other, 0));
    pintle__state_unlock(other);
    assert_true(pintle__state_lock(kept, 0));
    assert_int_equal(write(down[1], "x", 1), 1);
    assert_int_equal(read(up[0], &byte, 1), 1);
    assert_false(pintle__state_lock(other, 0));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    pintle__state_close(kept);
    pintle__state_close(other);
    for (int i = 0; i < 2; i++) {
        (void)close(up[i]);
        (void)close(down[i]);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(threads_share_a_state),
        IN_FOLDER(threads_have_a_state_each),
        IN_FOLDER(all_may_begin_it_at_once),
        IN_FOLDER(all_may_find_it_damaged_at_once),
        IN_FOLDER(processes_roll_each_other_back_never),
        IN_FOLDER(a_child_does_not_use_its_parents_state),
        IN_FOLDER(one_at_a_time_has_the_right_to_update),
        IN_FOLDER(a_child_can_close_what_a_thread_of_its_parent_uses),
        IN_FOLDER(the_right_to_update_dies_with_its_process),
        IN_FOLDER(the_right_to_update_is_not_a_childs),
    };

    return cmocka_run_group_tests_name("os state threads", tests, NULL, NULL);
}
