/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that were spoiled, cut short, mixed up or deleted: nothing older is believed, nobody known
 * becomes unknown, and nothing crashes.
 */
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

#define HOSTS 40
#define VERSION 7

/* How a file is spoiled is drawn from a number: the same one does the same. */
static uint64_t dice;

static uint64_t draw(uint64_t below)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice % below;
}

/* --- a state in use -------------------------------------------------------------------------------- */

static struct pintle_learned entry_of(int number)
{
    struct pintle_learned entry;
    char host[64];

    memset(&entry, 0, sizeof(entry));
    (void)snprintf(host, sizeof(host), "host-%d.example.com", number);
    assert_int_equal(pintle_host_parse(&entry.host, host, strlen(host), NULL), PINTLE_OK);
    entry.port = 443;
    entry.at = PINTLE_AT_LEAF;
    entry.pin_count = 1;
    memset(&entry.pins[0], number + 1, sizeof(entry.pins[0]));
    (void)snprintf(entry.key_type, sizeof(entry.key_type), "EC P-256");
    entry.learned = entry.seen = TEST_NOW;
    entry.expires = TEST_NOW + 90 * TEST_DAY;
    return entry;
}

static void fill(struct pintle__state *state)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    struct pintle_trusted *trusted = believer_of(VERSION);
    const struct pintle__tries tries = {1, 2, 3, "\"v1\""};

    assert_int_equal(pintle__state_save(state, trusted, NULL), PINTLE_OK);
    pintle_trusted_free(trusted);
    for (int i = 0; i < HOSTS; i++) {
        struct pintle_learned entry = entry_of(i), held;

        assert_int_equal(memory->learn(memory->ctx, &entry, false, TEST_NOW, &held),
                         PINTLE_RECALL_NONE);
    }
    for (int i = 0; i < 5; i++) {
        const struct pintle__spooled report = {.uri = "https://reports.example.com/",
                                               .host = entry_of(i).host.text,
                                               .port = 443,
                                               .cause = "mismatch",
                                               .json = "{}",
                                               .created = TEST_NOW};

        assert_int_equal(pintle__state_spool(state, &report, TEST_NOW, NULL), PINTLE_OK);
    }
    assert_int_equal(pintle__state_put_tries(state, "https://pins.example.com", &tries, NULL),
                     PINTLE_OK);
}

static char *read_name(const struct folder *folder, const char *name, size_t *len)
{
    char *text;

    assert_int_equal(pintle__os_read_file(&text, len, folder_path(folder, name), 1 << 26, NULL),
                     PINTLE_OK);
    return text;
}

static void write_name(const struct folder *folder, const char *name, const char *text, size_t len)
{
    FILE *file = fopen(folder_path(folder, name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* The files of a state in use, to be spoiled again and again. */
struct files {
    char *db;
    size_t db_len;
    char *last;
    size_t last_len;
};

static void make_files(struct files *files, const struct folder *folder)
{
    struct pintle__state *state;

    assert_int_equal(pintle__state_open(&state, folder_path(folder, "app.db"), NULL, NULL),
                     PINTLE_OK);
    fill(state);
    pintle__state_close(state);
    files->db = read_name(folder, "app.db", &files->db_len);
    files->last = read_name(folder, "app.db.last", &files->last_len);
}

static void free_files(struct files *files)
{
    free(files->db);
    free(files->last);
}

static void remove_name(const struct folder *folder, const char *name)
{
    (void)unlink(folder_path(folder, name));
}

static void reset(const struct folder *folder, const struct files *files)
{
    static const char *const names[] = {"app.db.bad", "app.db.damaged", "app.db-journal",
                                        "app.db.damaged-journal"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        remove_name(folder, names[i]);
    write_name(folder, "app.db", files->db, files->db_len);
    write_name(folder, "app.db.last", files->last, files->last_len);
}

/* --- what must hold ---------------------------------------------------------------------------------- */

/* Whoever was known is known with his key, or nobody can tell. */
static void assert_nobody_is_new(struct pintle__state *state)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);

    for (int i = 0; i < HOSTS; i++) {
        struct pintle_learned wanted = entry_of(i), got;
        enum pintle_recall found =
            memory->recall(memory->ctx, PINTLE_LEARNED_TOFU, &wanted.host, 443, TEST_NOW, &got);

        if (found == PINTLE_RECALL_FOUND) {
            assert_memory_equal(&got.pins[0], &wanted.pins[0], sizeof(got.pins[0]));
            assert_int_equal(got.expires, wanted.expires);
            continue;
        }
        assert_int_equal(found, PINTLE_RECALL_ERROR);
        assert_int_equal(memory->learn(memory->ctx, &wanted, false, TEST_NOW, &got),
                         PINTLE_RECALL_ERROR);
    }
}

static void assert_believes(struct pintle__state *state, const struct folder *folder,
                            int64_t version)
{
    struct pintle_trusted *trusted = believer_new();
    enum pintle_status status =
        state != NULL
            ? pintle__state_restore(state, trusted, NULL, NULL)
            : pintle__state_restore_last(folder_path(folder, "app.db"), trusted, NULL, NULL);

    assert_true(status == PINTLE_OK || status == PINTLE_E_STORAGE);
    assert_int_equal(believer_version(trusted), version);
    pintle_trusted_free(trusted);
}

/* An older bundle must not get in by way of a spoiled database. */
static void assert_not_rolled_back(struct pintle__state *state)
{
    struct pintle_trusted *trusted = believer_new();
    const struct test_doc doc = {.version = VERSION - 1};
    char *payload = test_pins_payload(&doc);
    char *envelope = test_sign(PINTLE_ROLE_PINS, payload, "b");

    (void)!pintle__state_restore(state, trusted, NULL, NULL);
    assert_int_equal(
        pintle_trusted_apply(trusted, PINTLE_ROLE_PINS, test_view(envelope), TEST_NOW, NULL),
        PINTLE_E_ROLLBACK);
    free(envelope);
    free(payload);
    pintle_trusted_free(trusted);
}

static bool go_on(void *ctx, const struct pintle__spooled *report)
{
    (void)ctx;
    return strlen(report->json) < 1000;
}

static bool go_on_learned(void *ctx, const struct pintle_learned *entry)
{
    (void)ctx;
    return entry->pin_count > 0;
}

/* Whatever is asked is answered somehow, and the next version can be kept. */
static void assert_of_use(struct pintle__state *state)
{
    struct pintle_trusted *trusted = believer_of(VERSION + 1);
    struct pintle__tries tries;
    enum pintle_status status;

    (void)!pintle__state_get_tries(state, "https://pins.example.com", &tries, NULL);
    (void)!pintle__state_list_spool(state, INT64_MAX, go_on, NULL, NULL);
    (void)!pintle__state_list_learned(state, go_on_learned, NULL, NULL);
    status = pintle__state_save(state, trusted, NULL);
    if (status ==
        PINTLE_E_STORAGE) /* what is found damaged on the way is mended at the next turn */
        status = pintle__state_save(state, trusted, NULL);
    assert_int_equal(status, PINTLE_OK);
    pintle_trusted_free(trusted);
    assert_believes(state, NULL, VERSION + 1);
}

/* --- damage at random ---------------------------------------------------------------------------------- */

static void spoil(char *bytes, size_t *len)
{
    size_t start = (size_t)draw(*len);
    size_t count = 1 + (size_t)draw(draw(3) == 0 ? 5000 : 4);

    if (draw(8) == 0) {
        *len = start;
        return;
    }
    for (size_t i = start; i < *len && i < start + count; i++)
        bytes[i] = (char)(draw(4) == 0 ? 0 : draw(256));
    if (draw(2) == 0)
        bytes[draw(*len)] ^= (char)(1U << draw(8));
}

static void spoil_name(const struct folder *folder, const char *name, const char *bytes, size_t len)
{
    char *copy = malloc(len + 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    spoil(copy, &len);
    write_name(folder, name, copy, len);
    free(copy);
}

static void a_database_spoiled_at_random_rolls_nothing_back(void **state)
{
    const struct folder *folder = *state;
    struct files files;
    int recovered = 0, foreign = 0;

    make_files(&files, folder);
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct pintle__state *kept;
        bool was_recovered = false;

        dice = seed * UINT64_C(0x9e3779b97f4a7c15);
        reset(folder, &files);
        spoil_name(folder, "app.db", files.db, files.db_len);
        if (pintle__state_open(&kept, folder_path(folder, "app.db"), &was_recovered, NULL) !=
            PINTLE_OK) {
            assert_believes(NULL, folder, VERSION);
            foreign++;
            continue;
        }
        recovered += was_recovered ? 1 : 0;
        assert_believes(kept, folder, VERSION);
        assert_not_rolled_back(kept);
        assert_nobody_is_new(kept);
        assert_of_use(kept);
        pintle__state_close(kept);
    }
    assert_true(recovered > 100);
    assert_int_equal(foreign, 0); /* it takes both marks to be spoiled, and all else whole */
    free_files(&files);
}

static void both_spoiled_at_random_is_no_crash_and_no_older_version(void **state)
{
    const struct folder *folder = *state;
    struct files files;

    make_files(&files, folder);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct pintle_trusted *trusted = believer_new();
        struct pintle__state *kept;

        dice = seed * UINT64_C(0xbf58476d1ce4e5b9);
        reset(folder, &files);
        spoil_name(folder, "app.db", files.db, files.db_len);
        spoil_name(folder, "app.db.last", files.last, files.last_len);
        assert_int_equal(pintle__state_open(&kept, folder_path(folder, "app.db"), NULL, NULL),
                         PINTLE_OK);
        assert_int_equal(pintle__state_restore(kept, trusted, NULL, NULL), PINTLE_OK);
        assert_true(believer_version(trusted) == VERSION || believer_version(trusted) == 0);
        assert_nobody_is_new(kept);
        assert_of_use(kept);
        pintle__state_close(kept);
        pintle_trusted_free(trusted);
    }
    free_files(&files);
}

/* While it is open, and the page is not in the cache any more. */
static void damage_under_an_open_database_is_no_crash(void **state)
{
    const struct folder *folder = *state;
    struct files files;

    make_files(&files, folder);
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct pintle__state *kept;

        dice = seed * UINT64_C(0x94d049bb133111eb);
        reset(folder, &files);
        assert_int_equal(pintle__state_open(&kept, folder_path(folder, "app.db"), NULL, NULL),
                         PINTLE_OK);
        spoil_name(folder, "app.db", files.db, files.db_len);
        assert_nobody_is_new(kept);
        assert_believes(kept, folder, VERSION);
        assert_not_rolled_back(kept);
        pintle__state_close(kept);
    }
    free_files(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_database_spoiled_at_random_rolls_nothing_back,
                                        folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(both_spoiled_at_random_is_no_crash_and_no_older_version,
                                        folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(damage_under_an_open_database_is_no_crash, folder_set_up,
                                        folder_tear_down),
    };

    return cmocka_run_group_tests_name("os state damage", tests, NULL, NULL);
}
