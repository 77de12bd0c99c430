/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL statements, and reading back what they find: rows are outside bytes, so that each value comes
 * with the type and range it must have.
 */
#ifndef PINTLE_SRC_OS_STATE_QUERY_H
#define PINTLE_SRC_OS_STATE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

/*
 * One statement being run. Values are bound in their order.
 *
 * rc  SQLite's last word; after a failure nothing more is done
 */
struct pintle__query {
    sqlite3_stmt *stmt;
    int bound;
    int rc;
};

struct pintle__query pintle__query_new(sqlite3 *db, const char *sql);
void pintle__query_int(struct pintle__query *query, int64_t value);
void pintle__query_text(struct pintle__query *query, const char *text);
void pintle__query_blob(struct pintle__query *query, const void *data, size_t len);

/* True if there is a(nother) row; false at the end (rc SQLITE_DONE) or after a failure. */
bool pintle__query_step(struct pintle__query *query);

/* End it. SQLITE_OK unless something failed. */
int pintle__query_end(struct pintle__query *query);

/* For a statement without values and rows. */
int pintle__query_run(sqlite3 *db, const char *sql);

/* One whole number that a statement without values finds. SQLITE_MISMATCH if it finds none. */
int pintle__query_number(sqlite3 *db, const char *sql, int64_t *out);

/* A value of the row. False unless it has this type and is within these bounds. */
bool pintle__column_int(struct pintle__query *query, int column, int64_t min, int64_t max,
                        int64_t *out);

/* UTF-8 without NUL, shorter than `size`. */
bool pintle__column_text(struct pintle__query *query, int column, char *out, size_t size);

/* Lent until the next step. */
bool pintle__column_blob(struct pintle__query *query, int column, size_t max_len,
                         const uint8_t **out, size_t *len);

/* RFC 3629, without NUL. */
bool pintle__is_utf8(const char *text, size_t len);

/* Does this failure say that the file is damaged, rather than that it could not be used now? */
bool pintle__is_damage(int rc);

/*
 * A checksum (64-bit FNV-1a) that is carried from value to value. It is against accidents: whoever
 * can write to the database can write checksums too.
 */
#define PINTLE__SUM_START UINT64_C(0xcbf29ce484222325)
uint64_t pintle__sum_bytes(uint64_t sum, const void *data, size_t len);
uint64_t pintle__sum_int(uint64_t sum, int64_t value);
uint64_t pintle__sum_text(uint64_t sum, const char *text);

#endif
