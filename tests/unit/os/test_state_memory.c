/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that were learned from hosts: found, not found, run out, lost, or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "os/http.h"
#include "os/state_db.h"
#include "unit/os/folder.h"

#define NOW ((int64_t)1795219200)
#define LATER (NOW + 1000)

static struct pintle__state *open_state(const struct folder *folder)
{
    struct pintle__state *state;
    struct pintle_error err;

    if (pintle__state_open(&state, folder_path(folder, "app.db"), NULL, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
    return state;
}

static struct pintle_host host_of(const char *text)
{
    struct pintle_host host;

    assert_int_equal(pintle_host_parse(&host, text, strlen(text), NULL), PINTLE_OK);
    return host;
}

static struct pintle_learned tofu(const char *host, uint16_t port, char key)
{
    struct pintle_learned entry;

    memset(&entry, 0, sizeof(entry));
    entry.host = host_of(host);
    entry.port = port;
    entry.at = PINTLE_AT_LEAF;
    entry.pin_count = 1;
    memset(&entry.pins[0], key, sizeof(entry.pins[0]));
    (void)snprintf(entry.key_type, sizeof(entry.key_type), "Ed25519");
    entry.learned = NOW - 5;
    entry.seen = NOW;
    entry.expires = LATER;
    return entry;
}

static struct pintle_learned hpkp(const char *host, bool subdomains, char key)
{
    struct pintle_learned entry = tofu(host, 0, key);

    entry.from = PINTLE_LEARNED_HPKP;
    entry.at = PINTLE_AT_ANY;
    entry.include_subdomains = subdomains;
    entry.pin_count = 2;
    entry.key_type[0] = '\0';
    memset(&entry.pins[1], key + 1, sizeof(entry.pins[1]));
    (void)snprintf(entry.report_uri, sizeof(entry.report_uri), "https://example.net/r");
    return entry;
}

static enum pintle_recall learn(struct pintle__state *state, const struct pintle_learned *entry,
                                bool replace)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    struct pintle_learned held;

    return memory->learn(memory->ctx, entry, replace, NOW, &held);
}

static enum pintle_recall recall_at(struct pintle__state *state, enum pintle_learned_from from,
                                    const char *host, uint16_t port, int64_t now,
                                    struct pintle_learned *out)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    const struct pintle_host name = host_of(host);

    return memory->recall(memory->ctx, from, &name, port, now, out);
}

static enum pintle_recall recall(struct pintle__state *state, const char *host, uint16_t port)
{
    struct pintle_learned out;

    return recall_at(state, PINTLE_LEARNED_TOFU, host, port, NOW, &out);
}

static void assert_equal(const struct pintle_learned *a, const struct pintle_learned *b)
{
    assert_int_equal(a->from, b->from);
    assert_string_equal(a->host.text, b->host.text);
    assert_int_equal(a->host.is_ip, b->host.is_ip);
    assert_int_equal(a->port, b->port);
    assert_int_equal(a->at, b->at);
    assert_int_equal(a->include_subdomains, b->include_subdomains);
    assert_int_equal(a->pin_count, b->pin_count);
    assert_memory_equal(a->pins, b->pins, a->pin_count * sizeof(a->pins[0]));
    assert_string_equal(a->key_type, b->key_type);
    assert_int_equal(a->learned, b->learned);
    assert_int_equal(a->seen, b->seen);
    assert_int_equal(a->expires, b->expires);
    assert_string_equal(a->report_uri, b->report_uri);
}

/* Have the sqlite3 of others change the file. */
static void run_sql(const struct folder *folder, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(folder_path(folder, "app.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* --- learning ------------------------------------------------------------------------------------ */

static void what_was_learned_is_recalled(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned entry = tofu("example.com", 443, 'a'), out;

    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(recall_at(kept, PINTLE_LEARNED_TOFU, "example.com", 443, LATER - 1, &out),
                         PINTLE_RECALL_FOUND);
        assert_equal(&out, &entry);
        assert_int_equal(recall(kept, "example.com", 8443), PINTLE_RECALL_NONE);
        assert_int_equal(recall(kept, "www.example.com", 443), PINTLE_RECALL_NONE);
        assert_int_equal(recall_at(kept, PINTLE_LEARNED_HPKP, "example.com", 443, NOW, &out),
                         PINTLE_RECALL_NONE);
        pintle__state_close(kept);
        kept = open_state(folder);
    }
    pintle__state_close(kept);
}

static void what_has_run_out_is_told_apart(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct pintle_learned entry = tofu("192.0.2.1", 443, 'a'), out;

    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
    assert_int_equal(recall_at(kept, PINTLE_LEARNED_TOFU, "192.0.2.1", 443, LATER, &out),
                     PINTLE_RECALL_EXPIRED);
    assert_equal(&out, &entry);
    entry.expires = NOW;
    assert_int_equal(learn(kept, &entry, true), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_EXPIRED);
    pintle__state_close(kept);
}

static void who_was_quicker_wins(void **state)
{
    struct pintle__state *kept = open_state(*state);
    const struct pintle_memory *memory = pintle__state_get_memory(kept);
    struct pintle_learned first = tofu("example.com", 443, 'a');
    struct pintle_learned second = tofu("example.com", 443, 'b');
    struct pintle_learned held;

    assert_int_equal(memory->learn(memory->ctx, &first, false, NOW, &held), PINTLE_RECALL_NONE);
    assert_int_equal(memory->learn(memory->ctx, &second, false, NOW, &held), PINTLE_RECALL_FOUND);
    assert_equal(&held, &first);
    assert_int_equal(memory->learn(memory->ctx, &second, true, NOW, &held), PINTLE_RECALL_NONE);
    assert_int_equal(recall_at(kept, PINTLE_LEARNED_TOFU, "example.com", 443, NOW, &held),
                     PINTLE_RECALL_FOUND);
    assert_equal(&held, &second);
    pintle__state_close(kept);
}

static void what_is_no_entry_is_not_kept(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct pintle_learned bad[12];

    for (size_t i = 0; i < 12; i++)
        bad[i] = tofu("example.com", 443, 'a');
    bad[0].pin_count = 0;
    bad[1].pin_count = PINTLE_LEARNED_PINS_MAX + 1;
    bad[2].host.len = 0;
    bad[3].host.text[0] = 'E';
    bad[4].host.text[3] = '\0';
    memset(bad[5].key_type, 'x', sizeof(bad[5].key_type));
    (void)snprintf(bad[6].key_type, sizeof(bad[6].key_type), "a\nb");
    (void)snprintf(bad[7].report_uri, sizeof(bad[7].report_uri), "a b");
    bad[8].include_subdomains = true;
    bad[9].from = (enum pintle_learned_from)9;
    bad[10].at = (enum pintle_position)9;
    bad[11].from = PINTLE_LEARNED_HPKP; /* with a port */
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(learn(kept, &bad[i], true), PINTLE_RECALL_ERROR);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
}

/* --- HPKP ---------------------------------------------------------------------------------------- */

static char key_of(struct pintle__state *state, const char *host, int64_t now,
                   enum pintle_recall wanted)
{
    struct pintle_learned out;

    assert_int_equal(recall_at(state, PINTLE_LEARNED_HPKP, host, 443, now, &out), wanted);
    return (char)out.pins[0].digest[0];
}

static void the_nearest_pins_that_hold_count(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct pintle_learned top = hpkp("example.com", true, 'a');
    struct pintle_learned middle = hpkp("b.example.com", false, 'e');
    struct pintle_learned low = hpkp("c.b.example.com", true, 'm');
    struct pintle_learned tld = hpkp("com", true, 't');
    struct pintle_learned only = hpkp("example.com", true, 'x');

    only.from = PINTLE_LEARNED_HPKP_REPORT_ONLY;
    low.expires = NOW + 10;
    assert_int_equal(learn(kept, &top, false), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &middle, false), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &low, false), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &tld, false), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &only, false), PINTLE_RECALL_NONE);
    assert_int_equal(key_of(kept, "example.com", NOW, PINTLE_RECALL_FOUND), 'a');
    assert_int_equal(key_of(kept, "z.example.com", NOW, PINTLE_RECALL_FOUND), 'a');
    assert_int_equal(key_of(kept, "b.example.com", NOW, PINTLE_RECALL_FOUND), 'e');
    assert_int_equal(key_of(kept, "y.b.example.com", NOW, PINTLE_RECALL_FOUND), 'a');
    assert_int_equal(key_of(kept, "y.c.b.example.com", NOW, PINTLE_RECALL_FOUND), 'm');
    /* run out: as if it were not there, if there is another */
    assert_int_equal(key_of(kept, "y.c.b.example.com", NOW + 10, PINTLE_RECALL_FOUND), 'a');
    assert_int_equal(key_of(kept, "y.c.b.example.com", LATER, PINTLE_RECALL_EXPIRED), 'm');
    /* nobody speaks for a top-level domain, and names end at dots */
    assert_int_equal(key_of(kept, "other.com", NOW, PINTLE_RECALL_NONE), 0);
    assert_int_equal(key_of(kept, "anexample.com", NOW, PINTLE_RECALL_NONE), 0);
    assert_int_equal(key_of(kept, "com", NOW, PINTLE_RECALL_FOUND), 't');
    pintle__state_close(kept);
}

static bool count_entry(void *ctx, const struct pintle_learned *entry)
{
    size_t *count = ctx;

    (void)entry;
    (*count)++;
    return true;
}

static void pins_that_were_taken_back_are_not_kept(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct pintle_learned pins = hpkp("b.example.com", false, 'a');
    struct pintle_learned parent = hpkp("example.com", true, 'p');
    struct pintle_learned first = tofu("b.example.com", 443, 't');
    size_t count = 0;

    assert_int_equal(learn(kept, &parent, true), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &first, false), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &pins, true), PINTLE_RECALL_NONE);
    assert_int_equal(key_of(kept, "b.example.com", NOW, PINTLE_RECALL_FOUND), 'a');
    pins.expires = NOW;
    for (int i = 0; i < 2; i++) /* also what is not there */
        assert_int_equal(learn(kept, &pins, true), PINTLE_RECALL_NONE);
    assert_int_equal(pintle__state_list_learned(kept, count_entry, &count, NULL), PINTLE_OK);
    assert_int_equal(count, 2);
    assert_int_equal(key_of(kept, "b.example.com", NOW, PINTLE_RECALL_FOUND), 'p');
    assert_int_equal(recall(kept, "b.example.com", 443), PINTLE_RECALL_FOUND);
    pintle__state_close(kept);
    kept = open_state(*state); /* and the ledger says so */
    assert_int_equal(recall(kept, "c.example.com", 443), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
}

/* --- damage and loss ----------------------------------------------------------------------------- */

/* Each is done to a row of the file; none makes an unknown host of a known one. */
static void a_row_that_was_changed_is_an_error(void **state)
{
    static const char *const changes[] = {
        "DELETE FROM learned",
        "UPDATE learned SET host = 'axample.com'",
        "UPDATE learned SET port = 444",
        "UPDATE learned SET kind = 1",
        "UPDATE learned SET pins = zeroblob(32)",
        "UPDATE learned SET pins = zeroblob(31)",
        "UPDATE learned SET pins = zeroblob(32 * 17)",
        "UPDATE learned SET pins = 'text'",
        "UPDATE learned SET expires = 0",
        "UPDATE learned SET expires = 'never'",
        "UPDATE learned SET position = 7",
        "UPDATE learned SET key_type = NULL",
        "UPDATE learned SET key_type = zeroblob(300)",
        "UPDATE learned SET report_uri = CAST(x'ff' AS TEXT)",
        "UPDATE learned SET host = 'Example.com'",
        "UPDATE learned SET sum = sum + 1",
        "UPDATE ledger SET count = 0, total = 0",
        "UPDATE ledger SET lost_at = 1",
        "DELETE FROM ledger",
        "DROP TABLE learned",
    };
    const struct folder *folder = *state;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct pintle__state *kept = open_state(folder);
        struct pintle_learned entry = tofu("example.com", 443, 'a');
        enum pintle_recall first;

        assert_int_equal(learn(kept, &entry, true), PINTLE_RECALL_NONE);
        run_sql(folder, changes[i]);
        first = recall(kept, "example.com", 443);
        if (first != PINTLE_RECALL_FOUND) /* a ledger is not asked when the row is there */
            assert_int_equal(first, PINTLE_RECALL_ERROR);
        assert_int_not_equal(recall(kept, "example.com", 443), PINTLE_RECALL_NONE);
        assert_int_not_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
        pintle__state_close(kept);
        kept = open_state(folder);
        assert_int_not_equal(recall(kept, "example.com", 443), PINTLE_RECALL_NONE);
        assert_int_not_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
        pintle__state_close(kept);
        (void)unlink(folder_path(folder, "app.db"));
        (void)unlink(folder_path(folder, "app.db.bad"));
        (void)unlink(folder_path(folder, "app.db.lock"));
    }
}

static void lose(const struct folder *folder)
{
    assert_int_equal(unlink(folder_path(folder, "app.db")), 0);
}

static void after_a_loss_nobody_is_met_for_the_first_time(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned entry = tofu("example.com", 443, 'a'), out;
    struct pintle_host host = host_of("other.com");
    struct pintle_learned pins = hpkp("example.com", false, 'a');
    int64_t end = (int64_t)time(NULL) + PINTLE__LEARNED_LOST_S;
    size_t count = 9;

    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    lose(folder);
    kept = open_state(folder);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_ERROR);
    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_ERROR);
    assert_int_equal(recall(kept, "other.com", 443), PINTLE_RECALL_ERROR);
    /* HPKP: nothing that would be missed */
    assert_int_equal(recall_at(kept, PINTLE_LEARNED_HPKP, "example.com", 0, NOW, &out),
                     PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &pins, false), PINTLE_RECALL_NONE);
    /* on purpose */
    assert_int_equal(learn(kept, &entry, true), PINTLE_RECALL_NONE);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_FOUND);
    assert_int_equal(pintle__state_forget(kept, &host, 443, &count, NULL), PINTLE_OK);
    assert_int_equal(count, 0);
    assert_int_equal(recall(kept, "other.com", 443), PINTLE_RECALL_NONE);
    assert_int_equal(recall(kept, "other.com", 444), PINTLE_RECALL_ERROR);
    assert_int_equal(pintle__state_forget(kept, &host, 0, &count, NULL), PINTLE_OK);
    assert_int_equal(recall(kept, "other.com", 444), PINTLE_RECALL_NONE);
    /* until nothing that was lost could hold */
    assert_int_equal(recall_at(kept, PINTLE_LEARNED_TOFU, "third.com", 443, end - 1000, &out),
                     PINTLE_RECALL_ERROR);
    assert_int_equal(recall_at(kept, PINTLE_LEARNED_TOFU, "third.com", 443, end + 1, &out),
                     PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    kept = open_state(folder);
    assert_int_equal(recall(kept, "third.com", 443), PINTLE_RECALL_ERROR);
    assert_int_equal(pintle__state_forget(kept, NULL, 0, &count, NULL), PINTLE_OK);
    assert_int_equal(count, 2);
    assert_int_equal(recall(kept, "third.com", 443), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
}

/* The disk knows of a later time than the clock: a device without one of its own has just begun. */
static void a_loss_is_not_dated_before_the_last_write(void **state)
{
    static const char *const names[] = {"app.db.last", "app.db.bad"};
    const struct folder *folder = *state;
    const int64_t written = (int64_t)time(NULL) + 2 * PINTLE__LEARNED_LOST_S;
    const struct utimbuf times = {(time_t)written, (time_t)written};
    struct pintle_learned out;

    for (size_t i = 0; i < 2; i++) {
        struct pintle__state *kept = open_state(folder);

        pintle__state_close(kept);
        lose(folder);
        folder_put(folder, names[i], "x");
        assert_int_equal(utime(folder_path(folder, names[i]), &times), 0);
        kept = open_state(folder);
        assert_int_equal(
            recall_at(kept, PINTLE_LEARNED_TOFU, "example.com", 443, written + 1, &out),
            PINTLE_RECALL_ERROR);
        assert_int_equal(recall_at(kept, PINTLE_LEARNED_TOFU, "example.com", 443,
                                   written + PINTLE__LEARNED_LOST_S, &out),
                         PINTLE_RECALL_NONE);
        pintle__state_close(kept);
        assert_int_equal(unlink(folder_path(folder, names[i])), 0);
    }
}

static void a_loss_while_it_is_open_is_noticed(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned entry = tofu("example.com", 443, 'a');

    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
    lose(folder);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_ERROR);
    assert_int_equal(learn(kept, &entry, true), PINTLE_RECALL_NONE);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_FOUND);
    assert_int_equal(access(folder_path(folder, "app.db"), F_OK), 0);
    pintle__state_close(kept);
}

static void damage_elsewhere_loses_nobody(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned entry = tofu("example.com", 443, 'a');
    bool recovered = false;

    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    run_sql(folder, "DROP TABLE spool");
    assert_int_equal(pintle__state_open(&kept, folder_path(folder, "app.db"), &recovered, NULL),
                     PINTLE_OK);
    assert_true(recovered);
    assert_int_equal(access(folder_path(folder, "app.db.bad"), F_OK), 0);
    assert_int_equal(access(folder_path(folder, "app.db.damaged"), F_OK), -1);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_FOUND);
    assert_int_equal(recall(kept, "other.com", 443), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
}

static void a_loss_is_not_forgotten_by_another_damage(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_host host = host_of("other.com");
    size_t count;

    pintle__state_close(kept);
    lose(folder);
    kept = open_state(folder);
    assert_int_equal(pintle__state_forget(kept, &host, 0, &count, NULL), PINTLE_OK);
    pintle__state_close(kept);
    run_sql(folder, "DROP TABLE spool");
    kept = open_state(folder);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_ERROR);
    assert_int_equal(recall(kept, "other.com", 443), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
}

/* Forgotten after a loss and met again since: of the next loss it is one like all others. */
static void who_was_forgotten_and_met_again_can_be_lost_again(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned entry = tofu("example.com", 443, 'a');
    size_t count;

    pintle__state_close(kept);
    lose(folder);
    kept = open_state(folder);
    assert_int_equal(pintle__state_forget(kept, &entry.host, 0, &count, NULL), PINTLE_OK);
    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    run_sql(folder, "DELETE FROM learned");
    kept = open_state(folder);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_ERROR);
    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_ERROR);
    pintle__state_close(kept);
}

static void copy_file(const struct folder *folder, const char *from, const char *to)
{
    FILE *in = fopen(folder_path(folder, from), "rb");
    FILE *out = fopen(folder_path(folder, to), "wb");
    int c;

    assert_non_null(in);
    assert_non_null(out);
    while ((c = fgetc(in)) != EOF)
        assert_int_equal(fputc(c, out), c);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

/* It was killed when all was saved from a damaged one: of what is learned later that knows nothing. */
static void what_was_saved_once_is_not_saved_again(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned first = tofu("first.com", 443, 'a');
    struct pintle_learned second = tofu("second.com", 443, 'a');

    assert_int_equal(learn(kept, &first, false), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    copy_file(folder, "app.db", "app.db.damaged");
    kept = open_state(folder);
    assert_int_equal(learn(kept, &second, false), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    lose(folder);
    kept = open_state(folder);
    assert_int_equal(recall(kept, "second.com", 443), PINTLE_RECALL_ERROR);
    assert_int_equal(recall(kept, "first.com", 443), PINTLE_RECALL_ERROR);
    pintle__state_close(kept);
}

/* --- a lock of somebody else --------------------------------------------------------------------- */

static int64_t ask_while_locked(struct pintle__state *state)
{
    int64_t began_ms = pintle__http_now_ms();

    assert_int_equal(recall(state, "example.com", 443), PINTLE_RECALL_ERROR);
    return pintle__http_now_ms() - began_ms;
}

/* A process that was stopped in a transaction: each thread would wait, one after the other. */
static void a_lock_that_stays_is_waited_for_once(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned entry = tofu("example.com", 443, 'a');
    sqlite3 *db;

    assert_int_equal(learn(kept, &entry, false), PINTLE_RECALL_NONE);
    assert_int_equal(sqlite3_open(folder_path(folder, "app.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_true(ask_while_locked(kept) >= PINTLE__STATE_BUSY_MS);
    for (int i = 0; i < 3; i++)
        assert_true(ask_while_locked(kept) < PINTLE__STATE_BUSY_MS / 2);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(recall(kept, "example.com", 443), PINTLE_RECALL_FOUND);
    pintle__state_close(kept);
}

/* --- listing and forgetting ---------------------------------------------------------------------- */

struct list {
    struct pintle__state *state;
    size_t count;
    size_t stop_after;
    char text[256];
};

static bool add(void *ctx, const struct pintle_learned *entry)
{
    struct list *list = ctx;
    size_t len = strlen(list->text);
    struct pintle_learned again;

    (void)snprintf(list->text + len, sizeof(list->text) - len, "%s:%u/%d ", entry->host.text,
                   (unsigned)entry->port, (int)entry->from);
    /* it may be used meanwhile */
    (void)recall_at(list->state, entry->from, entry->host.text, entry->port, NOW, &again);
    list->count++;
    return list->count < list->stop_after;
}

static void entries_are_listed_and_forgotten(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct pintle_learned entries[] = {tofu("b.com", 443, 'a'), tofu("a.com", 8443, 'b'),
                                       tofu("a.com", 443, 'c'), hpkp("a.com", false, 'd')};
    struct list list = {.state = kept, .stop_after = 99};
    struct pintle_host host = host_of("a.com");
    size_t count = 0;

    for (size_t i = 0; i < 4; i++)
        assert_int_equal(learn(kept, &entries[i], false), PINTLE_RECALL_NONE);
    assert_int_equal(pintle__state_list_learned(kept, add, &list, NULL), PINTLE_OK);
    assert_string_equal(list.text, "a.com:0/1 a.com:443/0 a.com:8443/0 b.com:443/0 ");
    list = (struct list){.state = kept, .stop_after = 2};
    assert_int_equal(pintle__state_list_learned(kept, add, &list, NULL), PINTLE_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(pintle__state_forget(kept, &host, 443, &count, NULL), PINTLE_OK);
    assert_int_equal(count, 1);
    assert_int_equal(recall(kept, "a.com", 443), PINTLE_RECALL_NONE);
    assert_int_equal(recall(kept, "a.com", 8443), PINTLE_RECALL_FOUND);
    assert_int_equal(pintle__state_forget(kept, &host, 0, &count, NULL), PINTLE_OK);
    assert_int_equal(count, 2);
    assert_int_equal(pintle__state_forget(kept, &host, 0, &count, NULL), PINTLE_OK);
    assert_int_equal(count, 0);
    assert_int_equal(recall(kept, "b.com", 443), PINTLE_RECALL_FOUND);
    pintle__state_close(kept);
}

/* By the thousand, past the front door. */
static void put_many(const struct folder *folder, int count, bool noted)
{
    struct pintle__ledger ledger = {0, 0, 0};
    sqlite3 *db;

    assert_int_equal(sqlite3_open(folder_path(folder, "app.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < count; i++) {
        struct pintle_learned entry;
        char host[32];

        (void)snprintf(host, sizeof(host), "host-%d.com", i);
        entry = noted ? hpkp(host, false, 'a') : tofu(host, 443, 'a');
        assert_int_equal(pintle__learned_write(db, &entry), SQLITE_OK);
        ledger.count++;
        ledger.total += pintle__learned_sum(&entry);
    }
    assert_int_equal(pintle__ledger_write(db, &ledger), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void there_is_an_end_to_what_is_learned(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned known = tofu("host-7.com", 443, 'b');
    struct pintle_learned unknown = tofu("other.com", 443, 'b');
    size_t count;

    put_many(folder, PINTLE__LEARNED_MAX, false);
    assert_int_equal(learn(kept, &unknown, false), PINTLE_RECALL_ERROR);
    assert_int_equal(learn(kept, &unknown, true), PINTLE_RECALL_ERROR);
    assert_int_equal(recall(kept, "other.com", 443), PINTLE_RECALL_NONE);
    assert_int_equal(learn(kept, &known, true), PINTLE_RECALL_NONE);
    assert_int_equal(pintle__state_forget(kept, &known.host, 0, &count, NULL), PINTLE_OK);
    assert_int_equal(count, 1);
    assert_int_equal(learn(kept, &unknown, false), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    kept = open_state(folder);
    assert_int_equal(recall(kept, "other.com", 443), PINTLE_RECALL_FOUND);
    assert_int_equal(recall(kept, "host-7.com", 443), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
}

static enum pintle_recall learn_at(struct pintle__state *state, struct pintle_learned entry,
                                   int64_t now)
{
    const struct pintle_memory *memory = pintle__state_get_memory(state);
    struct pintle_learned held;

    return memory->learn(memory->ctx, &entry, false, now, &held);
}

/* Whoever has a domain has as many hosts as he likes. */
static void announced_pins_leave_room_for_others(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned later = hpkp("other.com", false, 'a');
    bool recovered = true;

    later.expires = LATER + 1;
    put_many(folder, PINTLE__NOTED_MAX, true);
    assert_int_equal(learn_at(kept, hpkp("other.com", false, 'a'), LATER - 1), PINTLE_RECALL_ERROR);
    assert_int_equal(learn_at(kept, hpkp("host-7.com", false, 'b'), LATER), PINTLE_RECALL_EXPIRED);
    assert_int_equal(learn_at(kept, tofu("first.com", 443, 'a'), LATER - 1), PINTLE_RECALL_NONE);
    /* what has run out gives way */
    assert_int_equal(learn_at(kept, later, LATER), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    assert_int_equal(pintle__state_open(&kept, folder_path(folder, "app.db"), &recovered, NULL),
                     PINTLE_OK);
    assert_false(recovered);
    assert_int_equal(recall(kept, "first.com", 443), PINTLE_RECALL_FOUND);
    (void)key_of(kept, "other.com", NOW, PINTLE_RECALL_FOUND);
    pintle__state_close(kept);
}

/* From before there was a bound of their own. */
static void announced_pins_that_have_run_out_give_way_to_a_first_use(void **state)
{
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle_learned entry = tofu("first.com", 443, 'a');
    bool recovered = true;

    put_many(folder, PINTLE__LEARNED_MAX, true);
    assert_int_equal(learn_at(kept, entry, LATER - 1), PINTLE_RECALL_ERROR);
    entry.expires = LATER + 1;
    assert_int_equal(learn_at(kept, entry, LATER), PINTLE_RECALL_NONE);
    pintle__state_close(kept);
    assert_int_equal(pintle__state_open(&kept, folder_path(folder, "app.db"), &recovered, NULL),
                     PINTLE_OK);
    assert_false(recovered);
    assert_int_equal(recall(kept, "first.com", 443), PINTLE_RECALL_FOUND);
    pintle__state_close(kept);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_was_learned_is_recalled),
        IN_FOLDER(what_has_run_out_is_told_apart),
        IN_FOLDER(who_was_quicker_wins),
        IN_FOLDER(what_is_no_entry_is_not_kept),
        IN_FOLDER(the_nearest_pins_that_hold_count),
        IN_FOLDER(pins_that_were_taken_back_are_not_kept),
        IN_FOLDER(a_row_that_was_changed_is_an_error),
        IN_FOLDER(after_a_loss_nobody_is_met_for_the_first_time),
        IN_FOLDER(a_loss_is_not_dated_before_the_last_write),
        IN_FOLDER(a_loss_while_it_is_open_is_noticed),
        IN_FOLDER(damage_elsewhere_loses_nobody),
        IN_FOLDER(a_loss_is_not_forgotten_by_another_damage),
        IN_FOLDER(who_was_forgotten_and_met_again_can_be_lost_again),
        IN_FOLDER(what_was_saved_once_is_not_saved_again),
        IN_FOLDER(a_lock_that_stays_is_waited_for_once),
        IN_FOLDER(entries_are_listed_and_forgotten),
        IN_FOLDER(there_is_an_end_to_what_is_learned),
        IN_FOLDER(announced_pins_leave_room_for_others),
        IN_FOLDER(announced_pins_that_have_run_out_give_way_to_a_first_use),
    };

    return cmocka_run_group_tests_name("os state memory", tests, NULL, NULL);
}
