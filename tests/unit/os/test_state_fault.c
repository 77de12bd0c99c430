/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disks that fail: at every write of every change, once or from then on, whole or half-way. Either a
 * change is acknowledged and there, or it is refused and the old state is.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/signer.h"
#include "os/state.h"
#include "unit/os/believer.h"
#include "unit/os/fault_vfs.h"
#include "unit/os/folder.h"

static struct pintle__state *open_state(const struct folder *folder)
{
    struct pintle__state *state;
    struct pintle_error err;

    if (pintle__state_open(&state, folder_path(folder, "app.db"), NULL, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    return state;
}

static enum pintle_status save(struct pintle__state *state, int64_t version)
{
    struct pintle_trusted *trusted = believer_of(version);
    struct pintle_error err;
    enum pintle_status status = pintle__state_save(state, trusted, &err);

    if (status != PINTLE_OK)
        assert_int_equal(err.status, status);
    pintle_trusted_free(trusted);
    return status;
}

static int64_t restored(struct pintle__state *state)
{
    struct pintle_trusted *trusted = believer_new();
    int64_t version;
    struct pintle_error err;

    if (pintle__state_restore(state, trusted, NULL, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    version = believer_version(trusted);
    pintle_trusted_free(trusted);
    return version;
}

static struct pintle_learned entry_of(int number)
{
    struct pintle_learned entry;
    char host[32];

    memset(&entry, 0, sizeof(entry));
    (void)snprintf(host, sizeof(host), "host-%d.com", number);
    assert_int_equal(pintle_host_parse(&entry.host, host, strlen(host), NULL), PINTLE_OK);
    entry.port = 443;
    entry.pin_count = 1;
    entry.expires = TEST_NOW;
    return entry;
}

static bool learn(struct pintle__state *state, int number)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    struct pintle_learned entry = entry_of(number), held;
    enum pintle_recall answer = memory->learn(memory->ctx, &entry, false, 0, &held);

    assert_true(answer == PINTLE_RECALL_NONE || answer == PINTLE_RECALL_ERROR);
    return answer == PINTLE_RECALL_NONE;
}

static enum pintle_recall recall(struct pintle__state *state, int number)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    struct pintle_learned entry = entry_of(number), out;

    return memory->recall(memory->ctx, PINTLE_LEARNED_TOFU, &entry.host, 443, 0, &out);
}

/* --- a failing disk -------------------------------------------------------------------------------- */

/* Fail one operation of a save after the other, or from it on, until there are no more. */
static void fail_saves(const struct folder *folder, enum fault fault, long count, bool reopen)
{
    struct pintle__state *state = open_state(folder);
    int64_t version = restored(state);
    long at = 0;
    bool failed;

    if (version == 0)
        assert_int_equal(save(state, version = 1), PINTLE_OK);
    do {
        enum pintle_status status;
        int64_t now;

        fault_vfs_set(fault, ++at, count);
        status = save(state, version + 1);
        failed = fault_vfs_count() >= at;
        assert_true(failed || status == PINTLE_OK);
        if (reopen) {
            pintle__state_close(state); /* which cannot write either */
            fault_vfs_set(fault, 0, 0);
            state = open_state(folder);
        }
        fault_vfs_set(fault, 0, 0);
        now = restored(state);
        /* what was refused may be there, for PATH.last comes before the commit */
        assert_true(now == version + 1 || (now == version && status == PINTLE_E_STORAGE));
        version = now;
    } while (failed);
    assert_true(at > 5 && at < 100);
    pintle__state_close(state);
}

static void a_save_that_fails_anywhere_loses_nothing(void **state)
{
    fault_vfs_set(FAULT_FULL, 0, 0);
    for (int fault = FAULT_FULL; fault <= FAULT_IO; fault++) {
        fail_saves(*state, (enum fault)fault, 1, false);
        fail_saves(*state, (enum fault)fault, 1, true);
        fail_saves(*state, (enum fault)fault, 1000, false);
        fail_saves(*state, (enum fault)fault, 1000, true);
    }
}

static void learning_that_fails_anywhere_is_not_learned(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);

    for (int fault = FAULT_FULL; fault <= FAULT_IO; fault++) {
        for (long at = 1; at < 30; at++) {
            int number = fault * 100 + (int)at;
            bool done;

            fault_vfs_set((enum fault)fault, at, 1000);
            done = learn(kept, number);
            fault_vfs_set(FAULT_FULL, 0, 0);
            if (at % 2 == 0) {
                pintle__state_close(kept);
                kept = open_state(folder);
            }
            if (done)
                assert_int_equal(recall(kept, number), PINTLE_RECALL_FOUND);
            else /* or a commit went through whose end could not be seen */
                assert_true(recall(kept, number) == PINTLE_RECALL_NONE ||
                            recall(kept, number) == PINTLE_RECALL_FOUND);
        }
    }
    pintle__state_close(kept);
}

static void beginning_that_fails_anywhere_can_be_begun_again(void **state)
{
    const struct folder *folder = *state;

    for (int fault = FAULT_FULL; fault <= FAULT_IO; fault++) {
        enum pintle_status status = PINTLE_E_STORAGE;

        for (long at = 1; status != PINTLE_OK; at++) {
            struct pintle__state *kept;
            struct pintle_error err;
            bool recovered = true;

            fault_vfs_set((enum fault)fault, at, 1000);
            status = pintle__state_open(&kept, folder_path(folder, "app.db"), NULL, &err);
            fault_vfs_set(FAULT_FULL, 0, 0);
            if (status == PINTLE_OK) {
                pintle__state_close(kept);
            } else {
                assert_int_equal(status, PINTLE_E_STORAGE);
                assert_null(kept);
                assert_int_equal(err.status, PINTLE_E_STORAGE);
            }
            assert_int_equal(
                pintle__state_open(&kept, folder_path(folder, "app.db"), &recovered, NULL),
                PINTLE_OK);
            assert_false(recovered); /* an unfinished beginning is no loss */
            assert_int_equal(recall(kept, 1), PINTLE_RECALL_NONE);
            pintle__state_close(kept);
            assert_int_equal(unlink(folder_path(folder, "app.db")), 0);
            assert_int_equal(unlink(folder_path(folder, "app.db.lock")), 0);
            assert_true(at < 200);
        }
    }
}

/* Moving aside and saving what is whole, on a disk that fails meanwhile. */
static void mending_that_fails_anywhere_can_be_done_again(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    enum pintle_status status = PINTLE_E_STORAGE;

    assert_int_equal(save(kept, 5), PINTLE_OK);
    assert_true(learn(kept, 1));
    pintle__state_close(kept);
    for (long at = 1; status != PINTLE_OK; at++) {
        FILE *file = fopen(folder_path(folder, "app.db"), "r+");

        assert_non_null(file);
        assert_int_equal(fseek(file, 60, SEEK_SET), 0); /* user_version */
        assert_int_equal(fwrite("\1\2\3\4", 1, 4, file), 4);
        assert_int_equal(fclose(file), 0);
        fault_vfs_set(FAULT_FULL, at, 1000);
        status = pintle__state_open(&kept, folder_path(folder, "app.db"), NULL, NULL);
        if (status == PINTLE_OK)
            pintle__state_close(kept);
        fault_vfs_set(FAULT_FULL, 0, 0);
        kept = open_state(folder);
        assert_int_equal(restored(kept), 5);
        assert_int_equal(recall(kept, 1), PINTLE_RECALL_FOUND);
        assert_int_equal(recall(kept, 2), PINTLE_RECALL_NONE);
        pintle__state_close(kept);
        assert_true(at < 200);
    }
}

/* --- a full disk, for all files ---------------------------------------------------------------------- */

static void limit_file_size(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_changes_nothing(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept;

    fault_vfs_set(FAULT_FULL, 0, 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    kept = open_state(folder);
    assert_int_equal(save(kept, 1), PINTLE_OK);
    for (rlim_t size = 0; size < 3000; size += 500) { /* PATH.last does not fit, nor a journal */
        enum pintle_status status;

        limit_file_size(size);
        status = save(kept, 2);
        limit_file_size(RLIM_INFINITY);
        assert_int_equal(status, PINTLE_E_STORAGE);
        assert_int_equal(restored(kept), 1);
        assert_int_equal(access(folder_path(folder, "app.db.bad"), F_OK), -1);
    }
    assert_int_equal(save(kept, 2), PINTLE_OK);
    assert_int_equal(restored(kept), 2);
    pintle__state_close(kept);
}

static int set_up_all(void **state)
{
    (void)state;
    fault_vfs_install();
    return 0;
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_save_that_fails_anywhere_loses_nothing),
        IN_FOLDER(learning_that_fails_anywhere_is_not_learned),
        IN_FOLDER(beginning_that_fails_anywhere_can_be_begun_again),
        IN_FOLDER(mending_that_fails_anywhere_can_be_done_again),
        IN_FOLDER(a_full_disk_changes_nothing),
    };

    return cmocka_run_group_tests_name("os state fault", tests, set_up_all, NULL);
}
