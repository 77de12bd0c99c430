/* SPDX-License-Identifier: Apache-2.0 */
#include "os/state_query.h"

#include <string.h>

struct pintle__query pintle__query_new(sqlite3 *db, const char *sql)
{
    struct pintle__query query = {NULL, 0, SQLITE_OK};

    query.rc = sqlite3_prepare_v2(db, sql, -1, &query.stmt, NULL);
    return query;
}

/* Where the next value goes; 0 after a failure. */
static int next(struct pintle__query *query)
{
    return query->rc == SQLITE_OK ? ++query->bound : 0;
}

void pintle__query_int(struct pintle__query *query, int64_t value)
{
    int at = next(query);

    if (at > 0)
        query->rc = sqlite3_bind_int64(query->stmt, at, value);
}

void pintle__query_text(struct pintle__query *query, const char *text)
{
    int at = next(query);

    if (at > 0)
        query->rc =
            sqlite3_bind_text64(query->stmt, at, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8);
}

void pintle__query_blob(struct pintle__query *query, const void *data, size_t len)
{
    int at = next(query);

    if (at > 0 && len == 0)
        query->rc = sqlite3_bind_zeroblob(query->stmt, at, 0); /* not NULL, as for a NULL pointer */
    else if (at > 0)
        query->rc = sqlite3_bind_blob64(query->stmt, at, data, len, SQLITE_STATIC);
}

bool pintle__query_step(struct pintle__query *query)
{
    if (query->rc != SQLITE_OK && query->rc != SQLITE_ROW)
        return false;
    query->rc = sqlite3_step(query->stmt);
    return query->rc == SQLITE_ROW;
}

int pintle__query_end(struct pintle__query *query)
{
    int rc = query->rc;

    (void)sqlite3_finalize(query->stmt);
    query->stmt = NULL;
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

int pintle__query_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int pintle__query_number(sqlite3 *db, const char *sql, int64_t *out)
{
    struct pintle__query query = pintle__query_new(db, sql);
    bool found =
        pintle__query_step(&query) && pintle__column_int(&query, 0, INT64_MIN, INT64_MAX, out);
    int rc = pintle__query_end(&query);

    return rc == SQLITE_OK && !found ? SQLITE_MISMATCH : rc;
}

bool pintle__column_int(struct pintle__query *query, int column, int64_t min, int64_t max,
                        int64_t *out)
{
    if (sqlite3_column_type(query->stmt, column) != SQLITE_INTEGER)
        return false;
    *out = sqlite3_column_int64(query->stmt, column);
    return *out >= min && *out <= max;
}

bool pintle__column_text(struct pintle__query *query, int column, char *out, size_t size)
{
    const unsigned char *text;
    size_t len;

    if (sqlite3_column_type(query->stmt, column) != SQLITE_TEXT)
        return false;
    text = sqlite3_column_text(query->stmt, column);
    len = (size_t)sqlite3_column_bytes(query->stmt, column);
    if (text == NULL || len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return pintle__is_utf8(out, len);
}

bool pintle__column_blob(struct pintle__query *query, int column, size_t max_len,
                         const uint8_t **out, size_t *len)
{
    if (sqlite3_column_type(query->stmt, column) != SQLITE_BLOB)
        return false;
    *out = sqlite3_column_blob(query->stmt, column);
    *len = (size_t)sqlite3_column_bytes(query->stmt, column);
    return *len <= max_len && (*out != NULL || *len == 0);
}

/* How many bytes a lead byte announces, or 0 if it is none. */
static size_t announced(unsigned char lead)
{
    if (lead < 0x80)
        return lead == 0 ? 0 : 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Longer than need be, surrogates, above U+10FFFF. */
static bool is_forbidden(unsigned char first, unsigned char second)
{
    return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
           (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
}

bool pintle__is_utf8(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;

    for (size_t i = 0; i < len;) {
        size_t more = announced(s[i]);

        if (more == 0 || more > len - i || (more > 1 && is_forbidden(s[i], s[i + 1])))
            return false;
        for (size_t k = 1; k < more; k++) {
            if ((s[i + k] & 0xc0) != 0x80)
                return false;
        }
        i += more;
    }
    return true;
}

bool pintle__is_damage(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our statements are right: a table is missing, or not what it should be */
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_EMPTY:
    case SQLITE_FORMAT:
        return true;
    default:
        return false;
    }
}

uint64_t pintle__sum_bytes(uint64_t sum, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

uint64_t pintle__sum_int(uint64_t sum, int64_t value)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
    return pintle__sum_bytes(sum, bytes, sizeof(bytes));
}

uint64_t pintle__sum_text(uint64_t sum, const char *text)
{
    size_t len = strlen(text);

    return pintle__sum_bytes(pintle__sum_int(sum, (int64_t)len), text, len);
}
