/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learned entries as rows, and the ledger that says what they come to: a row that vanished, or
 * whose host was garbled, must not look like a host that was never met.
 */
#include <string.h>

#include "os/state_db.h"

/* --- what an entry may be --------------------------------------------------------------------------- */

/* Printable ASCII, ended within its array. */
static bool is_plain_text(const char *text, size_t size, char first)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0')
            return true;
        if (text[i] < first || text[i] > '~')
            return false;
    }
    return false;
}

static bool is_normal_host(const struct pintle_host *host)
{
    struct pintle_host again;

    return host->len > 0 && host->len <= PINTLE_HOST_MAX_LEN && host->text[host->len] == '\0' &&
           pintle_host_parse(&again, host->text, host->len, NULL) == PINTLE_OK &&
           again.is_ip == host->is_ip && again.len == host->len &&
           memcmp(again.text, host->text, host->len) == 0;
}

bool pintle__learned_is_valid(const struct pintle_learned *entry)
{
    bool tofu = entry->from == PINTLE_LEARNED_TOFU;

    return (tofu || entry->from == PINTLE_LEARNED_HPKP ||
            entry->from == PINTLE_LEARNED_HPKP_REPORT_ONLY) &&
           (entry->at == PINTLE_AT_ANY || entry->at == PINTLE_AT_LEAF ||
            entry->at == PINTLE_AT_CA) &&
           (tofu ? !entry->include_subdomains : entry->port == 0) && entry->pin_count >= 1 &&
           entry->pin_count <= PINTLE_LEARNED_PINS_MAX && is_normal_host(&entry->host) &&
           is_plain_text(entry->key_type, sizeof(entry->key_type), ' ') &&
           is_plain_text(entry->report_uri, sizeof(entry->report_uri), '!');
}

uint64_t pintle__learned_sum(const struct pintle_learned *entry)
{
    uint64_t sum = pintle__sum_int(PINTLE__SUM_START, (int64_t)entry->from);

    sum = pintle__sum_text(sum, entry->host.text);
    sum = pintle__sum_int(sum, entry->port);
    sum = pintle__sum_int(sum, (int64_t)entry->at);
    sum = pintle__sum_int(sum, entry->include_subdomains ? 1 : 0);
    sum = pintle__sum_int(sum, entry->pin_count);
    for (uint32_t i = 0; i < entry->pin_count; i++)
        sum = pintle__sum_bytes(sum, entry->pins[i].digest, sizeof(entry->pins[i].digest));
    sum = pintle__sum_text(sum, entry->key_type);
    sum = pintle__sum_int(sum, entry->learned);
    sum = pintle__sum_int(sum, entry->seen);
    sum = pintle__sum_int(sum, entry->expires);
    return pintle__sum_text(sum, entry->report_uri);
}

/* --- rows ---------------------------------------------------------------------------------------------- */

static bool read_pins(struct pintle__query *query, int column, struct pintle_learned *out)
{
    const uint8_t *pins;
    size_t len;

    if (!pintle__column_blob(query, column, sizeof(out->pins), &pins, &len) || len == 0 ||
        len % PINTLE_DIGEST_LEN != 0)
        return false;
    out->pin_count = (uint32_t)(len / PINTLE_DIGEST_LEN);
    for (uint32_t i = 0; i < out->pin_count; i++)
        memcpy(out->pins[i].digest, pins + (size_t)i * PINTLE_DIGEST_LEN, PINTLE_DIGEST_LEN);
    return true;
}

static bool read_numbers(struct pintle__query *query, struct pintle_learned *out)
{
    int64_t kind, port, at, subdomains;

    if (!pintle__column_int(query, 0, PINTLE_LEARNED_TOFU, PINTLE_LEARNED_HPKP_REPORT_ONLY,
                            &kind) ||
        !pintle__column_int(query, 2, 0, UINT16_MAX, &port) ||
        !pintle__column_int(query, 3, PINTLE_AT_ANY, PINTLE_AT_CA, &at) ||
        !pintle__column_int(query, 4, 0, 1, &subdomains) ||
        !pintle__column_int(query, 7, INT64_MIN, INT64_MAX, &out->learned) ||
        !pintle__column_int(query, 8, INT64_MIN, INT64_MAX, &out->seen) ||
        !pintle__column_int(query, 9, INT64_MIN, INT64_MAX, &out->expires))
        return false;
    out->from = (enum pintle_learned_from)kind;
    out->port = (uint16_t)port;
    out->at = (enum pintle_position)at;
    out->include_subdomains = subdomains == 1;
    return true;
}

static bool read_row(struct pintle__query *query, struct pintle_learned *out)
{
    char host[PINTLE_HOST_MAX_LEN + 1];
    int64_t sum;

    memset(out, 0, sizeof(*out));
    return read_numbers(query, out) && pintle__column_text(query, 1, host, sizeof(host)) &&
           pintle_host_parse(&out->host, host, strlen(host), NULL) == PINTLE_OK &&
           strcmp(out->host.text, host) == 0 && read_pins(query, 5, out) &&
           pintle__column_text(query, 6, out->key_type, sizeof(out->key_type)) &&
           pintle__column_text(query, 10, out->report_uri, sizeof(out->report_uri)) &&
           pintle__column_int(query, 11, INT64_MIN, INT64_MAX, &sum) &&
           pintle__learned_is_valid(out) && pintle__learned_sum(out) == (uint64_t)sum;
}

bool pintle__learned_read(struct pintle__query *query, struct pintle_learned *out)
{
    bool good = read_row(query, out);

    if (!good)
        memset(out, 0, sizeof(*out));
    return good;
}

int pintle__learned_write(sqlite3 *db, const struct pintle_learned *entry)
{
    struct pintle__query query =
        pintle__query_new(db, "INSERT OR REPLACE INTO learned (" PINTLE__LEARNED_COLUMNS
                              ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    pintle__query_int(&query, (int64_t)entry->from);
    pintle__query_text(&query, entry->host.text);
    pintle__query_int(&query, entry->port);
    pintle__query_int(&query, (int64_t)entry->at);
    pintle__query_int(&query, entry->include_subdomains ? 1 : 0);
    pintle__query_blob(&query, entry->pins, entry->pin_count * sizeof(entry->pins[0]));
    pintle__query_text(&query, entry->key_type);
    pintle__query_int(&query, entry->learned);
    pintle__query_int(&query, entry->seen);
    pintle__query_int(&query, entry->expires);
    pintle__query_text(&query, entry->report_uri);
    pintle__query_int(&query, (int64_t)pintle__learned_sum(entry));
    (void)pintle__query_step(&query);
    return pintle__query_end(&query);
}

/* --- the ledger ------------------------------------------------------------------------------------------ */

static uint64_t sum_ledger(const struct pintle__ledger *ledger)
{
    uint64_t sum = pintle__sum_int(PINTLE__SUM_START, ledger->count);

    sum = pintle__sum_int(sum, (int64_t)ledger->total);
    return pintle__sum_int(sum, ledger->lost_at);
}

int pintle__ledger_read(sqlite3 *db, struct pintle__ledger *out)
{
    struct pintle__query query =
        pintle__query_new(db, "SELECT count, total, lost_at, sum FROM ledger WHERE id = 1");
    int64_t total = 0, sum = 0;
    bool good;
    int rc;

    memset(out, 0, sizeof(*out));
    good = pintle__query_step(&query) && pintle__column_int(&query, 0, 0, INT64_MAX, &out->count) &&
           pintle__column_int(&query, 1, INT64_MIN, INT64_MAX, &total) &&
           pintle__column_int(&query, 2, INT64_MIN, INT64_MAX, &out->lost_at) &&
           pintle__column_int(&query, 3, INT64_MIN, INT64_MAX, &sum);
    out->total = (uint64_t)total;
    good = good && sum_ledger(out) == (uint64_t)sum;
    rc = pintle__query_end(&query);
    return rc == SQLITE_OK && !good ? SQLITE_CORRUPT : rc;
}

int pintle__ledger_write(sqlite3 *db, const struct pintle__ledger *ledger)
{
    struct pintle__query query =
        pintle__query_new(db, "INSERT OR REPLACE INTO ledger VALUES (1, ?, ?, ?, ?)");

    pintle__query_int(&query, ledger->count);
    pintle__query_int(&query, (int64_t)ledger->total);
    pintle__query_int(&query, ledger->lost_at);
    pintle__query_int(&query, (int64_t)sum_ledger(ledger));
    (void)pintle__query_step(&query);
    return pintle__query_end(&query);
}

int pintle__learned_verify(sqlite3 *db)
{
    struct pintle__query query =
        pintle__query_new(db, "SELECT " PINTLE__LEARNED_COLUMNS " FROM learned");
    struct pintle__ledger ledger = {0, 0, 0}, seen = {0, 0, 0};
    struct pintle_learned entry;
    bool good = true;
    int rc;

    while (good && pintle__query_step(&query)) {
        good = pintle__learned_read(&query, &entry);
        seen.count++;
        seen.total += pintle__learned_sum(&entry);
    }
    rc = pintle__query_end(&query);
    if (rc == SQLITE_OK && good)
        rc = pintle__ledger_read(db, &ledger);
    if (rc == SQLITE_OK && (!good || seen.count != ledger.count || seen.total != ledger.total))
        rc = SQLITE_CORRUPT;
    return rc;
}

/* --- putting one there ---------------------------------------------------------------------------------- */

static int remove_entry(sqlite3 *db, const struct pintle_learned *entry,
                        struct pintle__ledger *ledger)
{
    struct pintle__query query =
        pintle__query_new(db, "DELETE FROM learned WHERE host = ? AND port = ? AND kind = ?");

    pintle__query_text(&query, entry->host.text);
    pintle__query_int(&query, entry->port);
    pintle__query_int(&query, (int64_t)entry->from);
    (void)pintle__query_step(&query);
    ledger->count--;
    ledger->total -= pintle__learned_sum(entry);
    return pintle__query_end(&query);
}

/* Announced pins that have run out are to be treated as not there (RFC 7469 section 2.3.3). */
static int drop_expired(sqlite3 *db, int64_t now, struct pintle__ledger *ledger)
{
    struct pintle__query query =
        pintle__query_new(db, "SELECT " PINTLE__LEARNED_COLUMNS " FROM learned WHERE kind <> ?"
                              " AND expires <= ? ORDER BY expires LIMIT 1");
    struct pintle_learned entry;
    bool found, good = false;
    int rc;

    pintle__query_int(&query, PINTLE_LEARNED_TOFU);
    pintle__query_int(&query, now);
    found = pintle__query_step(&query);
    if (found)
        good = pintle__learned_read(&query, &entry);
    rc = pintle__query_end(&query);
    if (rc != SQLITE_OK)
        return rc;
    if (!found)
        return SQLITE_FULL;
    return good ? remove_entry(db, &entry, ledger) : SQLITE_CORRUPT;
}

/* For a new one. */
static int make_room(sqlite3 *db, enum pintle_learned_from from, int64_t now,
                     struct pintle__ledger *ledger)
{
    bool full = ledger->count >= PINTLE__LEARNED_MAX;
    int64_t noted = 0;
    int rc = SQLITE_OK;

    if (!full && from != PINTLE_LEARNED_TOFU) {
        rc = pintle__query_number(db, "SELECT count(*) FROM learned WHERE kind <> 0", &noted);
        full = noted >= PINTLE__NOTED_MAX;
    }
    return rc == SQLITE_OK && full ? drop_expired(db, now, ledger) : rc;
}

/* Pins that a host takes back are to be forgotten (RFC 7469 section 2.3.3), not kept as expired. */
static int take_back(sqlite3 *db, const struct pintle_learned *old, struct pintle__ledger *ledger)
{
    int rc = old != NULL ? remove_entry(db, old, ledger) : SQLITE_OK;

    return rc == SQLITE_OK && old != NULL ? pintle__ledger_write(db, ledger) : rc;
}

int pintle__learned_put(sqlite3 *db, const struct pintle_learned *entry,
                        const struct pintle_learned *old, int64_t now)
{
    struct pintle__ledger ledger;
    int rc = pintle__ledger_read(db, &ledger);

    if (rc == SQLITE_OK && entry->from != PINTLE_LEARNED_TOFU && entry->expires <= now)
        return take_back(db, old, &ledger);
    if (rc == SQLITE_OK && old == NULL)
        rc = make_room(db, entry->from, now, &ledger);
    if (rc == SQLITE_OK)
        rc = pintle__learned_write(db, entry);
    if (rc != SQLITE_OK)
        return rc;
    if (old != NULL)
        ledger.total -= pintle__learned_sum(old);
    else
        ledger.count++;
    ledger.total += pintle__learned_sum(entry);
    return pintle__ledger_write(db, &ledger);
}

/* What is left is counted anew. */
int pintle__learned_clear_tofu(sqlite3 *db)
{
    struct pintle__query query;
    struct pintle__ledger ledger = {0, 0, 0};
    struct pintle_learned entry;
    bool good = true;
    int rc = pintle__query_run(db, "DELETE FROM learned WHERE kind = 0; DELETE FROM forgotten");

    if (rc != SQLITE_OK)
        return rc;
    query = pintle__query_new(db, "SELECT " PINTLE__LEARNED_COLUMNS " FROM learned");
    while (good && pintle__query_step(&query)) {
        good = pintle__learned_read(&query, &entry);
        ledger.count++;
        ledger.total += pintle__learned_sum(&entry);
    }
    rc = pintle__query_end(&query);
    if (rc == SQLITE_OK && !good)
        rc = SQLITE_CORRUPT;
    return rc == SQLITE_OK ? pintle__ledger_write(db, &ledger) : rc;
}

/* --- saving what is whole ---------------------------------------------------------------------------------- */

/* From one end until the damage. */
static int salvage_from(sqlite3 *db, sqlite3 *from, const char *sql, struct pintle__ledger *ledger)
{
    struct pintle__query query = pintle__query_new(from, sql);
    struct pintle_learned entry;
    int rc = SQLITE_OK;

    while (rc == SQLITE_OK && ledger->count < PINTLE__LEARNED_MAX && pintle__query_step(&query)) {
        int64_t before = sqlite3_total_changes64(db);
        struct pintle__query find;
        bool known;

        if (!pintle__learned_read(&query, &entry))
            continue;
        find =
            pintle__query_new(db, "SELECT 1 FROM learned WHERE host = ? AND port = ? AND kind = ?");
        pintle__query_text(&find, entry.host.text);
        pintle__query_int(&find, entry.port);
        pintle__query_int(&find, (int64_t)entry.from);
        known = pintle__query_step(&find);
        rc = pintle__query_end(&find);
        if (rc == SQLITE_OK && !known)
            rc = pintle__learned_write(db, &entry);
        if (rc == SQLITE_OK && sqlite3_total_changes64(db) > before) {
            ledger->count++;
            ledger->total += pintle__learned_sum(&entry);
        }
    }
    (void)pintle__query_end(&query);
    return rc;
}

int pintle__learned_salvage(sqlite3 *db, sqlite3 *from, struct pintle__ledger *ledger,
                            bool *complete)
{
    struct pintle__ledger held;
    int rc = salvage_from(db, from, "SELECT " PINTLE__LEARNED_COLUMNS " FROM learned", ledger);

    if (rc == SQLITE_OK)
        rc = salvage_from(db, from,
                          "SELECT " PINTLE__LEARNED_COLUMNS
                          " FROM learned ORDER BY host DESC, port DESC, kind DESC",
                          ledger);
    if (pintle__ledger_read(from, &held) == SQLITE_OK) {
        *complete = held.count == ledger->count && held.total == ledger->total;
        ledger->lost_at = held.lost_at; /* of an earlier loss, unless this is another */
    }
    return rc;
}
