/* SPDX-License-Identifier: Apache-2.0 */
/* The state database: what is believed, kept and taken back. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/signer.h"
#include "os/file.h"
#include "os/state.h"
#include "unit/os/believer.h"
#include "unit/os/folder.h"

static struct pintle__state *open_state(const struct folder *folder, bool wanted)
{
    struct pintle__state *state;
    struct pintle_error err;
    bool recovered = !wanted;

    if (pintle__state_open(&state, folder_path(folder, "app.db"), &recovered, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(recovered, wanted);
    return state;
}

static void save(struct pintle__state *state, const struct pintle_trusted *trusted)
{
    struct pintle_error err;

    if (pintle__state_save(state, trusted, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
}

static struct pintle_trusted *restore(struct pintle__state *state, size_t wanted)
{
    struct pintle_trusted *trusted = believer_new();
    struct pintle_error err;
    size_t refused = 99;

    if (pintle__state_restore(state, trusted, &refused, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(refused, wanted);
    return trusted;
}

static void assert_restores(struct pintle__state *state, int64_t version, size_t refused)
{
    struct pintle_trusted *trusted = restore(state, refused);

    assert_int_equal(believer_version(trusted), version);
    pintle_trusted_free(trusted);
}

static void save_version(struct pintle__state *state, int64_t version)
{
    struct pintle_trusted *trusted = believer_of(version);

    save(state, trusted);
    pintle_trusted_free(trusted);
}

/* --- keeping and taking back --------------------------------------------------------------------- */

static void what_is_saved_is_taken_back(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);

    assert_restores(kept, 0, 0);
    save_version(kept, 3);
    assert_restores(kept, 3, 0);
    save_version(kept, 5);
    pintle__state_close(kept);
    kept = open_state(folder, false);
    assert_restores(kept, 5, 0);
    pintle__state_close(kept);
}

static void a_slower_process_rolls_nothing_back(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *one = open_state(folder, false);
    struct pintle__state *other = open_state(folder, false);
    struct pintle_trusted *slow = believer_of(4);
    struct pintle_error err;

    save_version(one, 5);
    assert_int_equal(pintle__state_save(other, slow, &err), PINTLE_E_ROLLBACK);
    assert_int_equal(err.status, PINTLE_E_ROLLBACK);
    assert_int_equal(pintle__state_restore(other, slow, NULL, NULL), PINTLE_OK);
    assert_int_equal(believer_version(slow), 5);
    save(other, slow);
    believer_learn(slow, 6);
    save(other, slow);
    assert_restores(one, 6, 0);
    pintle_trusted_free(slow);
    pintle__state_close(one);
    pintle__state_close(other);
}

static void a_newer_root_is_not_rolled_back(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_trusted *ahead = believer_of(4);
    struct pintle_trusted *behind = believer_of(4);

    believer_learn_root(ahead, 2);
    save(kept, ahead);
    believer_learn(behind, 5);
    assert_int_equal(pintle__state_save(kept, behind, NULL), PINTLE_E_ROLLBACK);
    assert_int_equal(pintle__state_restore(kept, behind, NULL, NULL), PINTLE_OK);
    assert_int_equal(pintle_trusted_get_root(behind)->version, 2);
    save(kept, behind);
    pintle_trusted_free(ahead);
    pintle_trusted_free(behind);
    pintle__state_close(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_saved_is_taken_back, folder_set_up,
                                        folder_tear_down),
        cmocka_unit_test_setup_teardown(a_slower_process_rolls_nothing_back, folder_set_up,
                                        folder_tear_down),
        cmocka_unit_test_setup_teardown(a_newer_root_is_not_rolled_back, folder_set_up,
                                        folder_tear_down),
    };

    return cmocka_run_group_tests_name("os state", tests, NULL, NULL);
}
