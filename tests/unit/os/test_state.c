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
#include <sqlite3.h>

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

/* --- whose it is ------------------------------------------------------------------------------------ */

static size_t count_learned(struct pintle__state *state)
{
    static const enum pintle_learned_from kinds[] = {PINTLE_LEARNED_TOFU, PINTLE_LEARNED_HPKP};
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    struct pintle_learned out;
    struct pintle_host host;
    size_t count = 0;

    assert_int_equal(pintle_host_parse(&host, "a.example.com", 13, NULL), PINTLE_OK);
    for (size_t i = 0; i < 2; i++) {
        enum pintle_recall found =
            memory->recall(memory->ctx, kinds[i], &host, 443, TEST_NOW, &out);

        assert_true(found == PINTLE_RECALL_FOUND || found == PINTLE_RECALL_NONE);
        count += found == PINTLE_RECALL_FOUND ? 1 + i : 0;
    }
    return count;
}

/* One of each kind: count_learned() is 3. */
static void learn(struct pintle__state *state)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    struct pintle_learned entry = {.at = PINTLE_AT_LEAF, .port = 443, .pin_count = 1};
    struct pintle_learned held;

    entry.expires = TEST_NOW + TEST_DAY;
    assert_int_equal(pintle_host_parse(&entry.host, "a.example.com", 13, NULL), PINTLE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(memory->learn(memory->ctx, &entry, false, TEST_NOW, &held),
                         PINTLE_RECALL_NONE);
        entry.from = PINTLE_LEARNED_HPKP;
        entry.at = PINTLE_AT_ANY;
        entry.port = 0;
    }
    assert_int_equal(count_learned(state), 3);
}

/* Its version numbers mean nothing here, and its pins are not believed though a key of ours signed. */
static void what_another_first_root_came_to_makes_way(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_trusted *old = believer_of(7);
    struct pintle_trusted *ours = believer_with_other_root(60);
    struct pintle_error err;
    struct stat st;

    believer_learn_root(old, 2);
    save(kept, old);
    learn(kept);
    believer_learn(ours, 1);
    assert_int_equal(pintle__state_restore(kept, ours, NULL, &err), PINTLE_E_MISMATCH);
    assert_non_null(strstr(err.text, "is the state of another first root; begun anew"));
    assert_int_equal(believer_version(ours), 1);
    assert_int_equal(pintle_trusted_get_marks(ours).version, 1);
    save(kept, ours);
    assert_int_equal(stat(folder_path(folder, "app.db.former"), &st), 0);
    assert_int_equal(count_learned(kept), 2); /* what the host announced itself */
    believer_learn(ours, 2);
    save(kept, ours);
    pintle__state_close(kept);
    kept = open_state(folder, false);
    assert_int_equal(pintle__state_restore(kept, ours, NULL, NULL), PINTLE_OK);
    /* a program of the former release leaves it alone */
    assert_int_equal(pintle__state_restore(kept, old, NULL, &err), PINTLE_E_STORAGE);
    assert_non_null(strstr(err.text, "is the state of a later first root; left alone"));
    assert_int_equal(pintle__state_save(kept, old, NULL), PINTLE_E_STORAGE);
    assert_int_equal(pintle__state_restore(kept, ours, NULL, NULL), PINTLE_OK);
    pintle_trusted_free(old);
    pintle_trusted_free(ours);
    pintle__state_close(kept);
}

static void the_state_of_another_app_is_left_alone(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_trusted *other = believer_of_app("com.example.other");
    struct pintle_error err;

    save_version(kept, 3);
    learn(kept);
    assert_int_equal(pintle__state_restore(kept, other, NULL, &err), PINTLE_E_APP);
    assert_non_null(
        strstr(err.text, "is the state of app \"com.example.shop\", not of \"com.example.other\""));
    assert_int_equal(pintle__state_save(kept, other, NULL), PINTLE_E_APP);
    assert_int_equal(pintle_trusted_get_marks(other).version, 0);
    assert_int_equal(count_learned(kept), 3);
    assert_restores(kept, 3, 0);
    pintle_trusted_free(other);
    pintle__state_close(kept);
}

/* A release that begins from a later root of the same chain, and one from an earlier root. */
static void an_anchor_further_up_the_chain_is_of_the_same(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_trusted *long_one = believer_of(4);
    struct pintle_trusted *later = believer_from_root(2);

    believer_learn_root(long_one, 2);
    save(kept, long_one);
    learn(kept);
    assert_int_equal(pintle__state_restore(kept, later, NULL, NULL), PINTLE_OK);
    believer_learn(later, 5);
    save(kept, later);
    assert_restores(kept, 5, 0); /* which has only root 1, and takes root 2 from it */
    assert_int_equal(count_learned(kept), 3);
    pintle_trusted_free(long_one);
    pintle_trusted_free(later);
    later = believer_from_root(3); /* not a root in common, and none that could be */
    assert_int_equal(pintle__state_restore(kept, later, NULL, NULL), PINTLE_OK);
    assert_int_equal(pintle_trusted_get_marks(later).version, 5);
    pintle_trusted_free(later);
    pintle__state_close(kept);
}

/* --- PATH.last and the database --------------------------------------------------------------------- */

static void either_of_them_is_enough(void **state)
{
    const struct folder *folder = *state;
    struct pintle_trusted *trusted = believer_new();
    struct pintle__state *kept = open_state(folder, false);

    save_version(kept, 3);
    pintle__state_close(kept);
    assert_int_equal(unlink(folder_path(folder, "app.db.last")), 0);
    kept = open_state(folder, false);
    assert_restores(kept, 3, 0);
    save_version(kept, 3);
    pintle__state_close(kept);
    assert_int_equal(unlink(folder_path(folder, "app.db")), 0);
    kept = open_state(folder, true);
    assert_restores(kept, 3, 0);
    pintle__state_close(kept);
    assert_int_equal(pintle__state_restore_last(folder_path(folder, "app.db"), trusted, NULL, NULL),
                     PINTLE_OK);
    assert_int_equal(believer_version(trusted), 3);
    pintle_trusted_free(trusted);
}

static void the_newer_of_them_counts(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_trusted *trusted = believer_of(8);
    size_t len;
    char *seed = believer_seed(trusted, &len);

    save_version(kept, 3);
    assert_int_equal(os_write_file(folder_path(folder, "app.db.last"), seed, len, 0600, NULL),
                     PINTLE_OK);
    assert_restores(kept, 8, 0);
    save_version(kept, 9);
    assert_int_equal(os_write_file(folder_path(folder, "app.db.last"), seed, len, 0600, NULL),
                     PINTLE_OK);
    assert_restores(kept, 9, 0);
    pintle__state_close(kept);
    pintle_trusted_free(trusted);
    free(seed);
}

static void a_spoiled_last_is_passed_over(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);

    save_version(kept, 3);
    folder_put(folder, "app.db.last", "no seed");
    assert_restores(kept, 3, 1);
    assert_int_equal(unlink(folder_path(folder, "app.db.last")), 0);
    assert_int_equal(mkdir(folder_path(folder, "app.db.last"), 0700), 0);
    assert_restores(kept, 3, 1);
    {
        struct pintle_trusted *trusted = believer_of(4);
        struct pintle_error err;

        assert_int_equal(pintle__state_save(kept, trusted, &err), PINTLE_E_STORAGE);
        assert_int_equal(err.status, PINTLE_E_STORAGE);
        assert_non_null(strstr(err.text, "app.db.last"));
        pintle_trusted_free(trusted);
    }
    assert_restores(kept, 3, 1);
    pintle__state_close(kept);
}

static void marks_outlive_the_seed(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_trusted *trusted = believer_new();
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);

    marks.version = 12;
    pintle_trusted_raise_marks(trusted, &marks);
    save(kept, trusted); /* has no pins */
    pintle_trusted_free(trusted);
    trusted = restore(kept, 0);
    assert_int_equal(believer_version(trusted), 0);
    assert_int_equal(pintle_trusted_get_marks(trusted).version, 12);
    pintle_trusted_free(trusted);
    trusted = believer_of(11);
    assert_int_equal(pintle__state_save(kept, trusted, NULL), PINTLE_E_ROLLBACK);
    pintle_trusted_free(trusted);
    pintle__state_close(kept);
}

/* --- files ------------------------------------------------------------------------------------------- */

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void nobody_else_may_read_it(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept;
    char path[FOLDER_PATH_SIZE + 32];
    mode_t mask = umask(0);

    (void)snprintf(path, sizeof(path), "%s/a/b/app.db", folder->path);
    assert_int_equal(pintle__state_open(&kept, path, NULL, NULL), PINTLE_OK);
    save_version(kept, 1);
    assert_int_equal(mode_of(folder_path(folder, "a")), 0700);
    assert_int_equal(mode_of(folder_path(folder, "a/b")), 0700);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(mode_of(folder_path(folder, "a/b/app.db.last")), 0600);
    assert_int_equal(mode_of(folder_path(folder, "a/b/app.db.lock")), 0600);
    assert_int_equal(mode_of(folder_path(folder, "a/b/app.db-journal")), 0600);
    pintle__state_close(kept);
    (void)umask(mask);
    (void)unlink(path);
    (void)unlink(folder_path(folder, "a/b/app.db.last"));
    (void)unlink(folder_path(folder, "a/b/app.db.lock"));
    (void)unlink(folder_path(folder, "a/b/app.db-journal"));
    assert_int_equal(rmdir(folder_path(folder, "a/b")), 0);
}

static void make_old(const char *path, bool old)
{
    const struct timespec times[2] = {{old ? 1000000000 : 0, old ? 0 : UTIME_NOW},
                                      {old ? 1000000000 : 0, old ? 0 : UTIME_NOW}};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void what_the_killed_left_behind_goes(void **state)
{
    static const char *const names[] = {".pintle-7-0.tmp", ".pintle-8-0.tmp", "pintle-7-0.tmp",
                                        ".pintle-.txt"};
    const struct folder *folder = *state;

    for (size_t i = 0; i < 4; i++) {
        folder_put(folder, names[i], "half");
        make_old(folder_path(folder, names[i]), i != 1);
    }
    pintle__state_close(open_state(folder, false));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(access(folder_path(folder, names[i]), F_OK), i == 0 ? -1 : 0);
}

static void a_link_leads_to_the_files(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle__state *linked;

    save_version(kept, 2);
    assert_int_equal(symlink("app.db", folder_path(folder, "link.db")), 0);
    assert_int_equal(pintle__state_open(&linked, folder_path(folder, "link.db"), NULL, NULL),
                     PINTLE_OK);
    assert_restores(linked, 2, 0);
    save_version(linked, 3);
    assert_restores(kept, 3, 0);
    assert_int_equal(access(folder_path(folder, "link.db.last"), F_OK), -1);
    pintle__state_close(linked);
    pintle__state_close(kept);
    assert_int_equal(symlink("nowhere/x.db", folder_path(folder, "bad.db")), 0);
    assert_int_equal(pintle__state_open(&linked, folder_path(folder, "bad.db"), NULL, NULL),
                     PINTLE_E_STORAGE);
}

static void assert_unusable(const char *path, const char *words)
{
    struct pintle__state *kept;
    struct pintle_error err;

    assert_int_equal(pintle__state_open(&kept, path, NULL, &err), PINTLE_E_STORAGE);
    assert_null(kept);
    assert_int_equal(err.status, PINTLE_E_STORAGE);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void what_is_no_place_for_it_is_refused(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "file", "text");
    assert_unusable("", "No such file");
    assert_unusable(folder_path(folder, "file/app.db"), "unable to open");
    assert_unusable(folder->path, "unable to open");
    assert_unusable(folder_path(folder, ""), "Is a directory");
    assert_unusable("/dev/null", "");
    assert_unusable("/dev/full", "");
    folder_assert_text(folder, "file", "text");
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void another_programs_database_is_left_alone(void **state)
{
    static const char *const others[] = {
        "PRAGMA journal_mode = WAL; CREATE TABLE bookmarks(a); INSERT INTO bookmarks VALUES (1)",
        "PRAGMA user_version = 1; CREATE TABLE bookmarks(a)",
        "PRAGMA application_id = 7; PRAGMA user_version = 2; CREATE TABLE learned(a)",
        ("PRAGMA application_id = 1886678066; PRAGMA user_version = 2; CREATE TABLE belief(a);"
         "CREATE TABLE ledger(a); CREATE TABLE learned(a)"), /* a later schema */
    };
    const struct folder *folder = *state;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        size_t before_len, after_len;
        char *before, *after;

        (void)unlink(folder_path(folder, "other.db"));
        run_sql(folder_path(folder, "other.db"), others[i]);
        assert_int_equal(pintle__os_read_file(&before, &before_len, folder_path(folder, "other.db"),
                                              1 << 20, NULL),
                         PINTLE_OK);
        assert_unusable(folder_path(folder, "other.db"), "another program's");
        assert_int_equal(pintle__os_read_file(&after, &after_len, folder_path(folder, "other.db"),
                                              1 << 20, NULL),
                         PINTLE_OK);
        assert_int_equal(before_len, after_len);
        assert_memory_equal(before, after, before_len);
        free(before);
        free(after);
    }
    assert_int_equal(access(folder_path(folder, "other.db.bad"), F_OK), -1);
}

static void one_that_is_locked_is_left_alone(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_trusted *trusted = believer_of(4);
    sqlite3 *db;

    save_version(kept, 3);
    assert_int_equal(sqlite3_open(folder_path(folder, "app.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_unusable(folder_path(folder, "app.db"), "locked");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(access(folder_path(folder, "app.db.bad"), F_OK), -1);
    assert_restores(kept, 3, 0);
    save(kept, trusted);
    pintle_trusted_free(trusted);
    pintle__state_close(kept);
}

/* --- permissions ------------------------------------------------------------------------------------- */

#define NOBODY 65534

/* Run as somebody whom permissions bind. */
static void become_nobody(const struct folder *folder)
{
    static const char *const names[] = {"", "app.db", "app.db.last", "app.db.lock",
                                        "app.db-journal"};

    if (geteuid() != 0)
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)!chown(folder_path(folder, names[i]), NOBODY, NOBODY);
    assert_int_equal(seteuid(NOBODY), 0);
}

static void become_oneself(void)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
}

static void assert_reads_only(const struct folder *folder)
{
    struct pintle__tries tries = {1, 0, 0, ""};
    struct pintle_trusted *trusted = believer_of(4);
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_error err;

    assert_restores(kept, 3, 0);
    assert_int_equal(pintle__state_save(kept, trusted, &err), PINTLE_E_STORAGE);
    assert_int_equal(pintle__state_put_tries(kept, "a", &tries, &err), PINTLE_E_STORAGE);
    assert_int_equal(pintle__state_get_tries(kept, "a", &tries, &err), PINTLE_OK);
    assert_true(pintle__state_lock(kept, 0));
    pintle__state_unlock(kept);
    assert_restores(kept, 3, 0);
    pintle_trusted_free(trusted);
    pintle__state_close(kept);
}

static void on_a_read_only_disk_it_is_read(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);

    save_version(kept, 3);
    pintle__state_close(kept);
    assert_int_equal(unlink(folder_path(folder, "app.db-journal")), 0);
    become_nobody(folder);
    assert_int_equal(chmod(folder->path, 0500), 0);
    assert_reads_only(folder); /* the directory is */
    assert_int_equal(chmod(folder_path(folder, "app.db"), 0400), 0);
    assert_int_equal(chmod(folder_path(folder, "app.db.lock"), 0400), 0);
    assert_reads_only(folder); /* the files are, too */
    become_oneself();
}

static void what_may_not_be_read_is_left_alone(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);

    save_version(kept, 3);
    pintle__state_close(kept);
    become_nobody(folder);
    assert_int_equal(chmod(folder_path(folder, "app.db"), 0), 0);
    assert_unusable(folder_path(folder, "app.db"),
                    "unable to open database file: Permission denied");
    assert_int_equal(chmod(folder_path(folder, "app.db"), 0600), 0);
    assert_int_equal(chmod(folder->path, 0), 0);
    assert_unusable(folder_path(folder, "app.db"),
                    "unable to open database file: Permission denied");
    assert_int_equal(chmod(folder->path, 0700), 0);
    kept = open_state(folder, false);
    assert_restores(kept, 3, 0);
    pintle__state_close(kept);
    become_oneself();
}

static void a_damaged_one_on_a_read_only_disk_stays(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder, false);
    struct pintle_trusted *trusted = believer_new();

    save_version(kept, 3);
    pintle__state_close(kept);
    folder_put(folder, "app.db", "damaged, and of more than some bytes");
    become_nobody(folder);
    assert_int_equal(chmod(folder->path, 0500), 0);
    assert_unusable(folder_path(folder, "app.db"), "Permission denied");
    assert_int_equal(pintle__state_restore_last(folder_path(folder, "app.db"), trusted, NULL, NULL),
                     PINTLE_OK);
    assert_int_equal(believer_version(trusted), 3);
    pintle_trusted_free(trusted);
    become_oneself();
    folder_assert_text(folder, "app.db", "damaged, and of more than some bytes");
}

/* --- where it is ------------------------------------------------------------------------------------- */

static void assert_default(const char *state_home, const char *home, const char *app,
                           const char *wanted)
{
    struct pintle_error err;
    char *path;

    (void)(state_home != NULL ? setenv("XDG_STATE_HOME", state_home, 1)
                              : unsetenv("XDG_STATE_HOME"));
    (void)(home != NULL ? setenv("HOME", home, 1) : unsetenv("HOME"));
    if (wanted == NULL) {
        assert_int_equal(pintle__state_default_path(&path, app, &err), PINTLE_E_STORAGE);
        assert_null(path);
        return;
    }
    assert_int_equal(pintle__state_default_path(&path, app, &err), PINTLE_OK);
    assert_string_equal(path, wanted);
    free(path);
}

static void it_has_its_place(void **state)
{
    (void)state;
    assert_default("/x", "/h", "com.example.shop", "/x/pintle/com.example.shop.db");
    assert_default(NULL, "/h", "com.example.shop", "/h/.local/state/pintle/com.example.shop.db");
    assert_default("", "/h", "a", "/h/.local/state/pintle/a.db");
    assert_default("relative", "/h", "a", "/h/.local/state/pintle/a.db");
    assert_default("/x", NULL, "../../etc/passwd", "/x/pintle/_._.._etc_passwd.db");
    assert_default("/x", NULL, "..", "/x/pintle/_..db");
    assert_default("/x", NULL, "a b\n\xc3\xa4-_Z9",
                   "/x/pintle/a_b___"
                   "-_Z9.db");
    assert_default(NULL, NULL, "a", NULL);
    assert_default(NULL, "h", "a", NULL);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_saved_is_taken_back),
        IN_FOLDER(a_slower_process_rolls_nothing_back),
        IN_FOLDER(a_newer_root_is_not_rolled_back),
        IN_FOLDER(what_another_first_root_came_to_makes_way),
        IN_FOLDER(the_state_of_another_app_is_left_alone),
        IN_FOLDER(an_anchor_further_up_the_chain_is_of_the_same),
        IN_FOLDER(either_of_them_is_enough),
        IN_FOLDER(the_newer_of_them_counts),
        IN_FOLDER(a_spoiled_last_is_passed_over),
        IN_FOLDER(marks_outlive_the_seed),
        IN_FOLDER(nobody_else_may_read_it),
        IN_FOLDER(what_the_killed_left_behind_goes),
        IN_FOLDER(a_link_leads_to_the_files),
        IN_FOLDER(what_is_no_place_for_it_is_refused),
        IN_FOLDER(another_programs_database_is_left_alone),
        IN_FOLDER(one_that_is_locked_is_left_alone),
        IN_FOLDER(on_a_read_only_disk_it_is_read),
        IN_FOLDER(what_may_not_be_read_is_left_alone),
        IN_FOLDER(a_damaged_one_on_a_read_only_disk_stays),
        cmocka_unit_test(it_has_its_place),
    };

    return cmocka_run_group_tests_name("os state", tests, NULL, NULL);
}
