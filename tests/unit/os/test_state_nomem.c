/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state when memory runs out, SQLite's and ours: nothing is lost, nobody known becomes unknown, and
 * a database that could not be read for want of memory is not taken for a damaged one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "kit/signer.h"
#include "os/state.h"
#include "unit/os/believer.h"
#include "unit/os/folder.h"

/* Allocation number `at` fails, counted from 1, and `count` from it on. 0: none. */
static struct {
    long seen;
    long at;
    long count;
} memory;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool must_fail(void)
{
    memory.seen++;
    return memory.at > 0 && memory.seen >= memory.at && memory.seen - memory.at < memory.count;
}

void *__wrap_malloc(size_t size)
{
    return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : __real_calloc(count, size);
}

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int size)
{
    return must_fail() ? NULL : sqlite_memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return must_fail() ? NULL : sqlite_memory.xRealloc(old, size);
}

static void let_fail(long at, long count)
{
    memory.seen = 0;
    memory.at = at;
    memory.count = count;
}

static bool has_failed(void)
{
    bool failed = memory.at > 0 && memory.seen >= memory.at;

    let_fail(0, 0);
    return failed;
}

static int set_up_all(void **state)
{
    sqlite3_mem_methods ours;

    (void)state;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory), SQLITE_OK);
    ours = sqlite_memory;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
    return 0;
}

/* --- what is done ---------------------------------------------------------------------------------- */

static struct pintle_learned entry_of(const char *host)
{
    struct pintle_learned entry;

    memset(&entry, 0, sizeof(entry));
    assert_int_equal(pintle_host_parse(&entry.host, host, strlen(host), NULL), PINTLE_OK);
    entry.port = 443;
    entry.pin_count = 1;
    entry.expires = TEST_NOW;
    return entry;
}

static enum pintle_recall recall(struct pintle__state *state, const char *host)
{
    const struct pintle_memory *learned = pintle__state_get_memory(state);
    struct pintle_learned entry = entry_of(host), out;

    return learned->recall(learned->ctx, PINTLE_LEARNED_TOFU, &entry.host, 443, 0, &out);
}

static enum pintle_recall learn(struct pintle__state *state, const char *host)
{
    const struct pintle_memory *learned = pintle__state_get_memory(state);
    struct pintle_learned entry = entry_of(host), held;

    return learned->learn(learned->ctx, &entry, false, 0, &held);
}

static void assert_out_of_memory(enum pintle_status status)
{
    /* SQLite may say that it cannot open a file when it could not remember its name */
    assert_true(status == PINTLE_E_NOMEM || status == PINTLE_E_STORAGE);
}

/* One with a version and a host. */
static struct pintle__state *make(const struct folder *folder)
{
    struct pintle_trusted *trusted = believer_of(3);
    struct pintle__state *state;

    assert_int_equal(pintle__state_open(&state, folder_path(folder, "app.db"), NULL, NULL),
                     PINTLE_OK);
    assert_int_equal(pintle__state_save(state, trusted, NULL), PINTLE_OK);
    assert_int_equal(learn(state, "known.com"), PINTLE_RECALL_NONE);
    pintle_trusted_free(trusted);
    return state;
}

static void opening_survives_it(void **state)
{
    const struct folder *folder = *state;

    pintle__state_close(make(folder));
    for (long count = 1; count <= 100000; count += 99999) {
        bool failed;
        long at = 0;

        do {
            struct pintle__state *kept;
            bool recovered = false;
            enum pintle_status status;

            let_fail(++at, count);
            status = pintle__state_open(&kept, folder_path(folder, "app.db"), &recovered, NULL);
            failed = has_failed();
            assert_false(recovered);
            if (status != PINTLE_OK)
                assert_out_of_memory(status);
            if (status == PINTLE_OK)
                assert_int_equal(recall(kept, "known.com"), PINTLE_RECALL_FOUND);
            pintle__state_close(kept);
        } while (failed);
        assert_true(at > 50);
    }
    assert_int_equal(access(folder_path(folder, "app.db.bad"), F_OK), -1);
    assert_int_equal(access(folder_path(folder, "app.db.damaged"), F_OK), -1);
}

static void asking_and_learning_survive_it(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = make(folder);

    for (long count = 1; count <= 100000; count += 99999) {
        bool failed;
        long at = 0;

        do {
            enum pintle_recall known, again;

            let_fail(++at, count);
            known = recall(kept, "known.com");
            again = learn(kept, "known.com");
            failed = has_failed();
            assert_true(known == PINTLE_RECALL_FOUND || known == PINTLE_RECALL_ERROR);
            assert_true(again == PINTLE_RECALL_FOUND || again == PINTLE_RECALL_ERROR);
        } while (failed);
        assert_true(at > 5);
    }
    assert_int_equal(recall(kept, "known.com"), PINTLE_RECALL_FOUND);
    assert_int_equal(recall(kept, "other.com"), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
}

static bool go_on(void *ctx, const struct pintle__spooled *report)
{
    (void)ctx;
    (void)report;
    return true;
}

/* Everything that has a status. Returns the first that is not OK. */
static enum pintle_status do_all(struct pintle__state *state, const struct pintle_trusted *trusted,
                                 struct pintle_trusted *fresh)
{
    const struct pintle__spooled report = {
        .uri = "https://r/", .host = "h", .cause = "c", .json = "{}"};
    const struct pintle__tries put = {1, 2, 3, ""};
    struct pintle_host host = entry_of("other.com").host;
    struct pintle__tries tries;
    size_t count;
    enum pintle_status status = pintle__state_save(state, trusted, NULL);

    if (status == PINTLE_OK)
        status = pintle__state_restore(state, fresh, NULL, NULL);
    if (status == PINTLE_OK)
        status = pintle__state_put_tries(state, "key", &put, NULL);
    if (status == PINTLE_OK)
        status = pintle__state_get_tries(state, "key", &tries, NULL);
    if (status == PINTLE_OK)
        status = pintle__state_spool(state, &report, 5, NULL);
    if (status == PINTLE_OK)
        status = pintle__state_list_spool(state, INT64_MAX, go_on, NULL, NULL);
    if (status == PINTLE_OK)
        status = pintle__state_spool_failed(state, 1, 9, NULL);
    if (status == PINTLE_OK)
        status = pintle__state_forget(state, &host, 0, &count, NULL);
    return status;
}

static void all_else_survives_it(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = make(folder);
    struct pintle_trusted *trusted = believer_of(3);
    bool failed;
    long at = 0;

    do {
        struct pintle_trusted *fresh = believer_new();
        enum pintle_status status;

        let_fail(++at, 1);
        status = do_all(kept, trusted, fresh);
        failed = has_failed();
        if (!failed)
            assert_int_equal(status, PINTLE_OK);
        else if (status != PINTLE_OK)
            assert_out_of_memory(status);
        pintle_trusted_free(fresh);
    } while (failed);
    assert_true(at > 50);
    assert_int_equal(recall(kept, "known.com"), PINTLE_RECALL_FOUND);
    pintle_trusted_free(trusted);
    pintle__state_close(kept);
    assert_int_equal(access(folder_path(folder, "app.db.bad"), F_OK), -1);
}

static void beginning_survives_it(void **state)
{
    const struct folder *folder = *state;
    bool failed;
    long at = 0;

    do {
        struct pintle__state *kept;
        bool recovered = false;
        enum pintle_status status;

        (void)unlink(folder_path(folder, "app.db"));
        (void)unlink(folder_path(folder, "app.db.lock"));
        let_fail(++at, 1);
        status = pintle__state_open(&kept, folder_path(folder, "app.db"), &recovered, NULL);
        failed = has_failed();
        if (status == PINTLE_OK)
            pintle__state_close(kept);
        else
            assert_out_of_memory(status);
        assert_int_equal(pintle__state_open(&kept, folder_path(folder, "app.db"), NULL, NULL),
                         PINTLE_OK);
        pintle__state_close(kept);
    } while (failed);
    assert_true(at > 50);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(opening_survives_it),
        IN_FOLDER(asking_and_learning_survive_it),
        IN_FOLDER(all_else_survives_it),
        IN_FOLDER(beginning_survives_it),
    };

    return cmocka_run_group_tests_name("os state nomem", tests, set_up_all, NULL);
}
