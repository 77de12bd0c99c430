/* SPDX-License-Identifier: Apache-2.0 */
/* Reports that wait, and how tries went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "os/state.h"
#include "unit/os/folder.h"

#define NOW ((int64_t)1795219200)
#define HOUR ((int64_t)3600)

static struct pintle__state *open_state(const struct folder *folder)
{
    struct pintle__state *state;

    assert_int_equal(pintle__state_open(&state, folder_path(folder, "app.db"), NULL, NULL),
                     PINTLE_OK);
    return state;
}

static struct pintle__spooled report_of(const char *host, const char *cause)
{
    const struct pintle__spooled report = {.uri = "https://reports.example.net/r",
                                           .host = host,
                                           .port = 443,
                                           .cause = cause,
                                           .json = "{\"a\": 1}",
                                           .created = NOW};

    return report;
}

static void spool(struct pintle__state *state, const char *host, int64_t now)
{
    struct pintle__spooled report = report_of(host, "mismatch");
    struct pintle_error err;

    report.created = now;
    if (pintle__state_spool(state, &report, now, &err) != PINTLE_OK)
        fail_msg("%s", err.text);
}

/* What is listed, as text, and the last one's id. */
struct list {
    char text[512];
    size_t count;
    size_t stop_after;
    int64_t id;
};

static bool add(void *ctx, const struct pintle__spooled *report)
{
    struct list *list = ctx;
    size_t len = strlen(list->text);

    (void)snprintf(list->text + len, sizeof(list->text) - len, "%s+%llu/%u ", report->host,
                   (unsigned long long)report->repeats, report->tries);
    assert_string_equal(report->uri, "https://reports.example.net/r");
    assert_int_equal(report->port, 443);
    list->id = report->id;
    list->count++;
    return list->count < list->stop_after;
}

static int64_t assert_listed(struct pintle__state *state, int64_t now, const char *wanted)
{
    struct list list = {.stop_after = SIZE_MAX};

    assert_int_equal(pintle__state_list_spool(state, now, add, &list, NULL), PINTLE_OK);
    assert_string_equal(list.text, wanted);
    return list.id;
}

static size_t count_of(struct pintle__state *state)
{
    struct list list = {.stop_after = SIZE_MAX};

    assert_int_equal(pintle__state_list_spool(state, INT64_MAX, add, &list, NULL), PINTLE_OK);
    return list.count;
}

/* --- the spool ------------------------------------------------------------------------------------ */

static void equal_reports_are_spooled_once_a_day(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct pintle__spooled other = report_of("a.com", "denied");

    spool(kept, "a.com", NOW);
    spool(kept, "a.com", NOW + HOUR);
    spool(kept, "a.com", NOW + 24 * HOUR - 1);
    spool(kept, "b.com", NOW + 1);
    assert_listed(kept, NOW + 24 * HOUR, "a.com+2/0 b.com+0/0 ");
    other.port = 443;
    other.created = NOW + 2;
    assert_int_equal(pintle__state_spool(kept, &other, NOW + 2, NULL), PINTLE_OK);
    assert_listed(kept, NOW + 24 * HOUR, "a.com+2/0 b.com+0/0 a.com+0/0 ");
    spool(kept, "a.com", NOW + 24 * HOUR);
    assert_listed(kept, NOW + 24 * HOUR, "a.com+2/0 b.com+0/0 a.com+0/0 a.com+0/0 ");
    pintle__state_close(kept);
}

static void one_that_is_done_is_remembered_for_its_day(void **state)
{
    struct pintle__state *kept = open_state(*state);
    int64_t id;

    spool(kept, "a.com", NOW);
    id = assert_listed(kept, NOW, "a.com+0/0 ");
    assert_int_equal(pintle__state_spool_done(kept, id, NULL), PINTLE_OK);
    assert_listed(kept, INT64_MAX, "");
    spool(kept, "a.com", NOW + HOUR);
    assert_listed(kept, INT64_MAX, "");
    spool(kept, "a.com", NOW + 24 * HOUR);
    assert_listed(kept, INT64_MAX, "a.com+0/0 ");
    assert_int_equal(pintle__state_spool_done(kept, 12345, NULL), PINTLE_OK);
    pintle__state_close(kept);
}

static void a_clock_that_was_wrong_holds_nothing_up(void **state)
{
    struct pintle__state *kept = open_state(*state);
    int64_t id;

    spool(kept, "a.com", NOW + 10 * 365 * 24 * HOUR);
    spool(kept, "a.com", NOW);
    assert_int_equal(count_of(kept), 2);
    id = assert_listed(kept, NOW, "a.com+0/0 ");
    assert_int_equal(pintle__state_spool_done(kept, id, NULL), PINTLE_OK);
    spool(kept, "b.com", INT64_MAX);
    spool(kept, "b.com", INT64_MIN);
    pintle__state_close(kept);
}

static void one_that_could_not_be_sent_is_tried_again_and_given_up(void **state)
{
    struct pintle__state *kept = open_state(*state);
    int64_t id;

    spool(kept, "a.com", NOW);
    id = assert_listed(kept, NOW, "a.com+0/0 ");
    for (unsigned i = 1; i < PINTLE__SPOOL_TRIES_MAX; i++) {
        char text[32];

        assert_int_equal(pintle__state_spool_failed(kept, id, NOW + i, NULL), PINTLE_OK);
        (void)snprintf(text, sizeof(text), "a.com+0/%u ", i);
        assert_listed(kept, NOW + i - 1, "");
        assert_listed(kept, NOW + i, text);
    }
    assert_int_equal(pintle__state_spool_failed(kept, id, NOW + 50, NULL), PINTLE_OK);
    assert_listed(kept, INT64_MAX, "");
    spool(kept, "a.com", NOW + HOUR); /* still remembered */
    assert_listed(kept, INT64_MAX, "");
    spool(kept, "b.com", NOW);
    id = assert_listed(kept, NOW, "b.com+0/0 ");
    assert_int_equal(pintle__state_spool_failed(kept, id, NOW + PINTLE__SPOOL_KEEP_S, NULL),
                     PINTLE_OK);
    assert_listed(kept, INT64_MAX, "");
    pintle__state_close(kept);
}

static void one_that_is_too_old_goes(void **state)
{
    struct pintle__state *kept = open_state(*state);

    spool(kept, "a.com", NOW);
    spool(kept, "b.com", NOW + PINTLE__SPOOL_KEEP_S);
    assert_listed(kept, INT64_MAX, "b.com+0/0 ");
    pintle__state_close(kept);
}

static void a_full_spool_lets_the_oldest_go(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct list list = {.stop_after = 1};
    char host[32];

    for (int i = 0; i < PINTLE__SPOOL_MAX_COUNT + 3; i++) {
        (void)snprintf(host, sizeof(host), "host-%d", i);
        spool(kept, host, NOW + i);
    }
    assert_int_equal(count_of(kept), PINTLE__SPOOL_MAX_COUNT);
    assert_int_equal(pintle__state_list_spool(kept, INT64_MAX, add, &list, NULL), PINTLE_OK);
    assert_string_equal(list.text, "host-3+0/0 ");
    pintle__state_close(kept);
}

static void large_reports_let_more_go(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct pintle__spooled report = report_of("big.com", "mismatch");
    size_t len = PINTLE__SPOOL_MAX_LEN - 120;
    char *json = malloc(PINTLE__SPOOL_MAX_LEN + 2);
    struct pintle_error err;

    assert_non_null(json);
    memset(json, ' ', PINTLE__SPOOL_MAX_LEN + 1);
    json[len] = '\0';
    report.json = json;
    report.created = NOW + 2;
    spool(kept, "a.com", NOW);
    spool(kept, "b.com", NOW + 1);
    assert_int_equal(pintle__state_spool(kept, &report, NOW + 2, NULL), PINTLE_OK);
    assert_listed(kept, INT64_MAX, "b.com+0/0 big.com+0/0 ");
    spool(kept, "c.com", NOW + 3);
    assert_listed(kept, INT64_MAX, "big.com+0/0 c.com+0/0 ");
    spool(kept, "d.com", NOW + 4);
    assert_listed(kept, INT64_MAX, "c.com+0/0 d.com+0/0 ");
    json[len] = ' ';
    json[PINTLE__SPOOL_MAX_LEN + 1] = '\0';
    report.host = "toobig.com";
    assert_int_equal(pintle__state_spool(kept, &report, NOW + 5, &err), PINTLE_E_LIMIT);
    assert_int_equal(err.status, PINTLE_E_LIMIT);
    assert_int_equal(count_of(kept), 2);
    free(json);
    pintle__state_close(kept);
}

static void what_is_no_text_is_not_spooled(void **state)
{
    struct pintle__state *kept = open_state(*state);
    static char long_text[4096];
    struct pintle__spooled bad[6];

    memset(long_text, 'x', sizeof(long_text) - 1);
    for (size_t i = 0; i < 6; i++)
        bad[i] = report_of("a.com", "mismatch");
    bad[0].json = "\xff";
    bad[1].cause = "\xc3";
    bad[2].uri = "\xed\xa0\x80";
    bad[3].uri = long_text;
    bad[4].host = long_text;
    bad[5].cause = long_text;
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pintle__state_spool(kept, &bad[i], NOW, NULL), PINTLE_E_LIMIT);
    assert_int_equal(count_of(kept), 0);
    pintle__state_close(kept);
}

/* Done from within the list, as a sender does. */
static bool finish(void *ctx, const struct pintle__spooled *report)
{
    assert_int_equal(pintle__state_spool_done(ctx, report->id, NULL), PINTLE_OK);
    return true;
}

static void reports_are_finished_while_they_are_listed(void **state)
{
    struct pintle__state *kept = open_state(*state);

    spool(kept, "a.com", NOW);
    spool(kept, "b.com", NOW);
    assert_int_equal(pintle__state_list_spool(kept, NOW, finish, kept, NULL), PINTLE_OK);
    assert_int_equal(count_of(kept), 0);
    pintle__state_close(kept);
}

static void run_sql(const struct folder *folder, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(folder_path(folder, "app.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_damaged_report_holds_no_other_up(void **state)
{
    static const char *const changes[] = {
        "UPDATE spool SET uri = x'00' WHERE host = 'a.com'",
        "UPDATE spool SET json = CAST(x'ff' AS TEXT) WHERE host = 'a.com'",
        "UPDATE spool SET port = 70000 WHERE host = 'a.com'",
        "UPDATE spool SET tries = -1 WHERE host = 'a.com'",
        "UPDATE spool SET cause = hex(zeroblob(3000)) WHERE host = 'a.com'",
        "UPDATE spool SET json = hex(zeroblob(2100000)) WHERE host = 'a.com'",
        "UPDATE spool SET repeats = 'many' WHERE host = 'a.com'",
    };
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        spool(kept, "a.com", NOW);
        spool(kept, "b.com", NOW);
        run_sql(folder, changes[i]);
        assert_listed(kept, INT64_MAX, "b.com+0/0 ");
        run_sql(folder, "DELETE FROM spool");
    }
    pintle__state_close(kept);
}

/* --- tries ------------------------------------------------------------------------------------------ */

static void tries_are_kept(void **state)
{
    const struct pintle__tries tries = {3, NOW + 60, NOW, "W/\"v1\""};
    const struct folder *folder = *state;
    struct pintle__state *kept = open_state(folder);
    struct pintle__tries got = {9, 9, 9, "x"};

    assert_int_equal(pintle__state_get_tries(kept, "https://a/", &got, NULL), PINTLE_OK);
    assert_int_equal(got.failures, 0);
    assert_int_equal(got.next_at, 0);
    assert_int_equal(got.last_at, 0);
    assert_string_equal(got.etag, "");
    assert_int_equal(pintle__state_put_tries(kept, "https://a/", &tries, NULL), PINTLE_OK);
    pintle__state_close(kept);
    kept = open_state(folder);
    assert_int_equal(pintle__state_get_tries(kept, "https://a/", &got, NULL), PINTLE_OK);
    assert_int_equal(got.failures, 3);
    assert_int_equal(got.next_at, NOW + 60);
    assert_int_equal(got.last_at, NOW);
    assert_string_equal(got.etag, "W/\"v1\"");
    pintle__state_close(kept);
}

static void tries_that_are_none_are_refused(void **state)
{
    struct pintle__tries tries = {0, 0, 0, "a\r\nb"};
    struct pintle__state *kept = open_state(*state);
    char *key = malloc(5000);

    assert_non_null(key);
    memset(key, 'k', 4999);
    key[4999] = '\0';
    assert_int_equal(pintle__state_put_tries(kept, "a", &tries, NULL), PINTLE_E_ARGUMENT);
    memset(tries.etag, 'x', sizeof(tries.etag));
    assert_int_equal(pintle__state_put_tries(kept, "a", &tries, NULL), PINTLE_E_ARGUMENT);
    tries.etag[0] = '\0';
    assert_int_equal(pintle__state_put_tries(kept, key, &tries, NULL), PINTLE_E_LIMIT);
    assert_int_equal(pintle__state_put_tries(kept, "\xff", &tries, NULL), PINTLE_E_ARGUMENT);
    free(key);
    pintle__state_close(kept);
}

static void damaged_tries_are_an_error_that_mends_itself(void **state)
{
    const struct folder *folder = *state;
    struct pintle__tries tries = {1, 2, 3, ""};
    struct pintle__state *kept = open_state(folder);

    assert_int_equal(pintle__state_put_tries(kept, "a", &tries, NULL), PINTLE_OK);
    run_sql(folder, "UPDATE tries SET etag = 'a b'");
    assert_int_equal(pintle__state_get_tries(kept, "a", &tries, NULL), PINTLE_E_STORAGE);
    assert_int_equal(tries.failures, 0);
    assert_int_equal(pintle__state_put_tries(kept, "a", &tries, NULL), PINTLE_OK);
    assert_int_equal(pintle__state_get_tries(kept, "a", &tries, NULL), PINTLE_OK);
    pintle__state_close(kept);
}

static void the_tries_of_long_ago_give_way(void **state)
{
    struct pintle__state *kept = open_state(*state);
    struct pintle__tries tries = {1, 0, 0, ""};
    char key[32];

    for (int i = 0; i < 1005; i++) {
        (void)snprintf(key, sizeof(key), "key-%d", i);
        tries.last_at = NOW + i;
        assert_int_equal(pintle__state_put_tries(kept, key, &tries, NULL), PINTLE_OK);
    }
    assert_int_equal(pintle__state_get_tries(kept, "key-4", &tries, NULL), PINTLE_OK);
    assert_int_equal(tries.failures, 0);
    assert_int_equal(pintle__state_get_tries(kept, "key-5", &tries, NULL), PINTLE_OK);
    assert_int_equal(tries.failures, 1);
    pintle__state_close(kept);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(equal_reports_are_spooled_once_a_day),
        IN_FOLDER(one_that_is_done_is_remembered_for_its_day),
        IN_FOLDER(a_clock_that_was_wrong_holds_nothing_up),
        IN_FOLDER(one_that_could_not_be_sent_is_tried_again_and_given_up),
        IN_FOLDER(one_that_is_too_old_goes),
        IN_FOLDER(a_full_spool_lets_the_oldest_go),
        IN_FOLDER(large_reports_let_more_go),
        IN_FOLDER(what_is_no_text_is_not_spooled),
        IN_FOLDER(reports_are_finished_while_they_are_listed),
        IN_FOLDER(a_damaged_report_holds_no_other_up),
        IN_FOLDER(tries_are_kept),
        IN_FOLDER(tries_that_are_none_are_refused),
        IN_FOLDER(damaged_tries_are_an_error_that_mends_itself),
        IN_FOLDER(the_tries_of_long_ago_give_way),
    };

    return cmocka_run_group_tests_name("os state spool", tests, NULL, NULL);
}
