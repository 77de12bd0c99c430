/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports that wait to be sent. One that is done leaves its row without the report, so that equal
 * ones are known for the rest of the 24 hours.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/state_db.h"

#define URI_MAX_LEN 2048
#define CAUSE_MAX_LEN 2048

/* What a report counts for when room is made. */
static size_t size_of(const struct pintle__spooled *report)
{
    return strlen(report->uri) + strlen(report->host) + strlen(report->cause) +
           strlen(report->json);
}

static bool is_text(const char *text, size_t max_len)
{
    size_t len = strnlen(text, max_len + 1);

    return len <= max_len && pintle__is_utf8(text, len);
}

static enum pintle_status check(const struct pintle__spooled *report, struct pintle_error *err)
{
    if (!is_text(report->uri, URI_MAX_LEN) || !is_text(report->host, PINTLE_HOST_MAX_LEN) ||
        !is_text(report->cause, CAUSE_MAX_LEN) || !is_text(report->json, PINTLE__SPOOL_MAX_LEN) ||
        size_of(report) > PINTLE__SPOOL_MAX_LEN) {
        pintle__error_set(err, PINTLE_E_LIMIT, "a report that is too long, or no UTF-8");
        return PINTLE_E_LIMIT;
    }
    return PINTLE_OK;
}

static int64_t add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t subtract(int64_t a, int64_t b)
{
    return a < INT64_MIN + b ? INT64_MIN : a - b;
}

static int finish(struct pintle__query *query)
{
    (void)pintle__query_step(query);
    return pintle__query_end(query);
}

/* --- spooling ---------------------------------------------------------------------------------------- */

/* What is from the future was spooled under a clock that was wrong. */
static int drop_old(sqlite3 *db, int64_t now)
{
    struct pintle__query query = pintle__query_new(
        db, "DELETE FROM spool WHERE (done = 1 AND (spooled <= ?1 OR spooled >= ?2))"
            " OR spooled <= ?3");

    pintle__query_int(&query, subtract(now, PINTLE__SPOOL_DEDUPE_S));
    pintle__query_int(&query, add(now, PINTLE__SPOOL_DEDUPE_S));
    pintle__query_int(&query, subtract(now, PINTLE__SPOOL_KEEP_S));
    return finish(&query);
}

static int count_repeat(sqlite3 *db, const struct pintle__spooled *report, int64_t now,
                        bool *repeated)
{
    struct pintle__query query = pintle__query_new(
        db, "UPDATE spool SET repeats = min(repeats + 1, 1000000000) WHERE id ="
            " (SELECT max(id) FROM spool WHERE uri = ? AND host = ? AND port = ? AND cause = ?"
            " AND spooled > ? AND spooled < ?)");
    int rc;

    pintle__query_text(&query, report->uri);
    pintle__query_text(&query, report->host);
    pintle__query_int(&query, report->port);
    pintle__query_text(&query, report->cause);
    pintle__query_int(&query, subtract(now, PINTLE__SPOOL_DEDUPE_S));
    pintle__query_int(&query, add(now, PINTLE__SPOOL_DEDUPE_S));
    rc = finish(&query);
    *repeated = rc == SQLITE_OK && sqlite3_changes(db) > 0;
    return rc;
}

static int make_room(sqlite3 *db, size_t size)
{
    int rc;

    for (;;) {
        int64_t count = 0, len = 0;

        rc = pintle__query_number(db, "SELECT count(*) FROM spool", &count);
        if (rc == SQLITE_OK)
            rc = pintle__query_number(db, "SELECT coalesce(sum(size), 0) FROM spool", &len);
        if (rc != SQLITE_OK || count == 0 ||
            (count < PINTLE__SPOOL_MAX_COUNT &&
             len <= (int64_t)PINTLE__SPOOL_MAX_LEN - (int64_t)size))
            return rc;
        rc = pintle__query_run(db,
                               "DELETE FROM spool WHERE id ="
                               " (SELECT id FROM spool ORDER BY done DESC, spooled, id LIMIT 1)");
        if (rc != SQLITE_OK)
            return rc;
    }
}

static int insert(sqlite3 *db, const struct pintle__spooled *report, int64_t now)
{
    struct pintle__query query = pintle__query_new(
        db, "INSERT INTO spool (uri, host, port, cause, json, created, size, spooled, next_at,"
            " tries, repeats, done) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)");

    pintle__query_text(&query, report->uri);
    pintle__query_text(&query, report->host);
    pintle__query_int(&query, report->port);
    pintle__query_text(&query, report->cause);
    pintle__query_text(&query, report->json);
    pintle__query_int(&query, report->created);
    pintle__query_int(&query, (int64_t)size_of(report));
    pintle__query_int(&query, now);
    pintle__query_int(&query, now);
    return finish(&query);
}

enum pintle_status pintle__state_spool(struct pintle__state *state,
                                       const struct pintle__spooled *report, int64_t now,
                                       struct pintle_error *err)
{
    enum pintle_status status = check(report, err);
    bool repeated = false;
    int rc;

    if (status == PINTLE_OK)
        status = pintle__state_begin(state, true, err);
    if (status != PINTLE_OK)
        return status;
    rc = drop_old(state->db, now);
    if (rc == SQLITE_OK)
        rc = count_repeat(state->db, report, now, &repeated);
    if (rc == SQLITE_OK && !repeated)
        rc = make_room(state->db, size_of(report));
    if (rc == SQLITE_OK && !repeated)
        rc = insert(state->db, report, now);
    if (rc != SQLITE_OK)
        status = pintle__state_error(state, rc, err);
    return pintle__state_end(state, status, err);
}

/* --- listing ----------------------------------------------------------------------------------------- */

/* Texts of a report, one behind the other. */
struct texts {
    char uri[URI_MAX_LEN + 1];
    char host[PINTLE_HOST_MAX_LEN + 1];
    char cause[CAUSE_MAX_LEN + 1];
    char *json;
};

static bool read_json(struct pintle__query *query, int column, struct texts *texts)
{
    size_t size = (size_t)sqlite3_column_bytes(query->stmt, column) + 1;

    if (size > PINTLE__SPOOL_MAX_LEN + 1)
        return false;
    texts->json = malloc(size);
    return texts->json != NULL && pintle__column_text(query, column, texts->json, size);
}

static bool read_report(struct pintle__query *query, struct pintle__spooled *out,
                        struct texts *texts)
{
    int64_t port, tries, repeats;

    if (!pintle__column_text(query, 0, texts->uri, sizeof(texts->uri)) ||
        !pintle__column_text(query, 1, texts->host, sizeof(texts->host)) ||
        !pintle__column_int(query, 2, 0, UINT16_MAX, &port) ||
        !pintle__column_text(query, 3, texts->cause, sizeof(texts->cause)) ||
        !pintle__column_int(query, 5, INT64_MIN, INT64_MAX, &out->created) ||
        !pintle__column_int(query, 6, INT64_MIN, INT64_MAX, &out->next_at) ||
        !pintle__column_int(query, 7, 0, PINTLE__SPOOL_TRIES_MAX, &tries) ||
        !pintle__column_int(query, 8, 0, INT64_MAX, &repeats) || !read_json(query, 4, texts))
        return false;
    out->uri = texts->uri;
    out->host = texts->host;
    out->port = (uint16_t)port;
    out->cause = texts->cause;
    out->json = texts->json;
    out->tries = (unsigned)tries;
    out->repeats = (uint64_t)repeats;
    return true;
}

/* One report; *found is false if it is gone or is not as it was written. */
static enum pintle_status read_one(struct pintle__state *state, int64_t id, bool *found,
                                   struct pintle__spooled *out, struct texts *texts,
                                   struct pintle_error *err)
{
    struct pintle__query query;
    enum pintle_status status = pintle__state_begin(state, false, err);
    int rc;

    *found = false;
    if (status != PINTLE_OK)
        return status;
    query =
        pintle__query_new(state->db, "SELECT uri, host, port, cause, json, created, next_at, tries,"
                                     " repeats FROM spool WHERE id = ? AND done = 0");
    pintle__query_int(&query, id);
    out->id = id;
    if (pintle__query_step(&query))
        *found = read_report(&query, out, texts);
    rc = pintle__query_end(&query);
    if (rc != SQLITE_OK)
        status = pintle__state_error(state, rc, err);
    return pintle__state_end(state, status, err);
}

/* Which are due; at most PINTLE__SPOOL_MAX_COUNT. */
static enum pintle_status list_due(struct pintle__state *state, int64_t now, int64_t *ids,
                                   size_t *count, struct pintle_error *err)
{
    struct pintle__query query;
    enum pintle_status status = pintle__state_begin(state, false, err);
    int rc;

    *count = 0;
    if (status != PINTLE_OK)
        return status;
    query = pintle__query_new(state->db, "SELECT id FROM spool WHERE done = 0 AND next_at <= ?"
                                         " ORDER BY created, id");
    pintle__query_int(&query, now);
    while (*count < PINTLE__SPOOL_MAX_COUNT && pintle__query_step(&query)) {
        if (pintle__column_int(&query, 0, INT64_MIN, INT64_MAX, &ids[*count]))
            (*count)++;
    }
    rc = pintle__query_end(&query);
    if (rc != SQLITE_OK)
        status = pintle__state_error(state, rc, err);
    return pintle__state_end(state, status, err);
}

static enum pintle_status tell_each(struct pintle__state *state, const int64_t *ids, size_t count,
                                    bool (*found)(void *ctx, const struct pintle__spooled *report),
                                    void *ctx, struct pintle_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct pintle__spooled report;
        struct texts texts = {.json = NULL};
        bool there;
        enum pintle_status status = read_one(state, ids[i], &there, &report, &texts, err);
        bool go_on = status == PINTLE_OK && (!there || found(ctx, &report));

        free(texts.json);
        if (!go_on)
            return status;
    }
    return PINTLE_OK;
}

enum pintle_status pintle__state_list_spool(struct pintle__state *state, int64_t now,
                                            bool (*found)(void *ctx,
                                                          const struct pintle__spooled *report),
                                            void *ctx, struct pintle_error *err)
{
    int64_t *ids = calloc(PINTLE__SPOOL_MAX_COUNT, sizeof(*ids));
    enum pintle_status status;
    size_t count;

    if (ids == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    status = list_due(state, now, ids, &count, err);
    if (status == PINTLE_OK)
        status = tell_each(state, ids, count, found, ctx, err);
    free(ids);
    return status;
}

/* --- what became of one ---------------------------------------------------------------------------------- */

static int run_for(sqlite3 *db, const char *sql, int64_t id, int64_t next_at)
{
    struct pintle__query query = pintle__query_new(db, sql);

    pintle__query_int(&query, id);
    if (next_at != INT64_MIN)
        pintle__query_int(&query, next_at);
    return finish(&query);
}

/* Numbered parameters: the same in both statements. */
#define FINISHED "UPDATE spool SET done = 1, json = '', size = 0 WHERE id = ?1"

static enum pintle_status change(struct pintle__state *state, int64_t id, int64_t next_at,
                                 bool failed, struct pintle_error *err)
{
    enum pintle_status status = pintle__state_begin(state, true, err);
    int rc;

    if (status != PINTLE_OK)
        return status;
    if (failed) {
        rc = run_for(state->db,
                     "UPDATE spool SET tries = tries + 1, next_at = ?2 WHERE id = ?1 AND done = 0",
                     id, next_at);
        if (rc == SQLITE_OK)
            rc = run_for(state->db, FINISHED " AND (tries >= 12 OR next_at - spooled >= 2592000)",
                         id, INT64_MIN);
    } else {
        rc = run_for(state->db, FINISHED, id, INT64_MIN);
    }
    if (rc != SQLITE_OK)
        status = pintle__state_error(state, rc, err);
    return pintle__state_end(state, status, err);
}

enum pintle_status pintle__state_spool_done(struct pintle__state *state, int64_t id,
                                            struct pintle_error *err)
{
    return change(state, id, 0, false, err);
}

enum pintle_status pintle__state_spool_failed(struct pintle__state *state, int64_t id,
                                              int64_t next_at, struct pintle_error *err)
{
    return change(state, id, next_at, true, err);
}
