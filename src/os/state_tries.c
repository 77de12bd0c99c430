/* SPDX-License-Identifier: Apache-2.0 */
/* How tries went. */
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "os/state_db.h"

#define KEY_MAX_LEN 4096

/* The one that was tried longest ago gives way. */
#define TRIES_MAX_COUNT 1000

/* As an HTTP header may hold it. */
static bool is_etag(const char *etag, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (etag[i] == '\0')
            return true;
        if ((unsigned char)etag[i] <= ' ' || etag[i] == 0x7f)
            return false;
    }
    return false;
}

static bool read_row(struct pintle__query *query, struct pintle__tries *out)
{
    int64_t failures;

    if (!pintle__column_int(query, 0, 0, UINT_MAX, &failures) ||
        !pintle__column_int(query, 1, INT64_MIN, INT64_MAX, &out->next_at) ||
        !pintle__column_int(query, 2, INT64_MIN, INT64_MAX, &out->last_at) ||
        !pintle__column_text(query, 3, out->etag, sizeof(out->etag)) ||
        !is_etag(out->etag, sizeof(out->etag)))
        return false;
    out->failures = (unsigned)failures;
    return true;
}

enum pintle_status pintle__state_get_tries(struct pintle__state *state, const char *key,
                                           struct pintle__tries *out, struct pintle_error *err)
{
    struct pintle__query query;
    enum pintle_status status;
    bool good = true;
    int rc;

    memset(out, 0, sizeof(*out));
    status = pintle__state_begin(state, false, err);
    if (status != PINTLE_OK)
        return status;
    query = pintle__query_new(state->db,
                              "SELECT failures, next_at, last_at, etag FROM tries WHERE key = ?");
    pintle__query_text(&query, key);
    if (pintle__query_step(&query))
        good = read_row(&query, out);
    rc = pintle__query_end(&query);
    if (rc != SQLITE_OK || !good)
        status = pintle__state_error(state, rc != SQLITE_OK ? rc : SQLITE_CORRUPT, err);
    status = pintle__state_end(state, status, err);
    if (status != PINTLE_OK)
        memset(out, 0, sizeof(*out));
    return status;
}

static int put_row(sqlite3 *db, const char *key, const struct pintle__tries *tries)
{
    struct pintle__query query =
        pintle__query_new(db, "INSERT OR REPLACE INTO tries VALUES (?, ?, ?, ?, ?)");
    int rc;

    pintle__query_text(&query, key);
    pintle__query_int(&query, tries->failures);
    pintle__query_int(&query, tries->next_at);
    pintle__query_int(&query, tries->last_at);
    pintle__query_text(&query, tries->etag);
    (void)pintle__query_step(&query);
    rc = pintle__query_end(&query);
    if (rc != SQLITE_OK)
        return rc;
    query = pintle__query_new(db, "DELETE FROM tries WHERE key IN (SELECT key FROM tries"
                                  " ORDER BY last_at DESC, key LIMIT -1 OFFSET ?)");
    pintle__query_int(&query, TRIES_MAX_COUNT);
    (void)pintle__query_step(&query);
    return pintle__query_end(&query);
}

enum pintle_status pintle__state_put_tries(struct pintle__state *state, const char *key,
                                           const struct pintle__tries *tries,
                                           struct pintle_error *err)
{
    enum pintle_status status;
    size_t len = strlen(key);
    int rc;

    if (len > KEY_MAX_LEN) {
        pintle__error_set(err, PINTLE_E_LIMIT, "the key is too long");
        return PINTLE_E_LIMIT;
    }
    if (!pintle__is_utf8(key, len) || !is_etag(tries->etag, sizeof(tries->etag)) ||
        !pintle__is_utf8(tries->etag, strlen(tries->etag))) {
        pintle__error_set(err, PINTLE_E_ARGUMENT, "no key or no ETag");
        return PINTLE_E_ARGUMENT;
    }
    status = pintle__state_begin(state, true, err);
    if (status != PINTLE_OK)
        return status;
    rc = put_row(state->db, key, tries);
    if (rc != SQLITE_OK)
        status = pintle__state_error(state, rc, err);
    return pintle__state_end(state, status, err);
}
