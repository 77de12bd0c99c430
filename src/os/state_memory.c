/* SPDX-License-Identifier: Apache-2.0 */
/* Keys learned from hosts: the memory of pintle/engine.h, and what the program does with it. */
#include <string.h>

#include "os/state_db.h"

/* --- one entry ------------------------------------------------------------------------------------ */

/* Nothing is made of a row that is not as it was written: ERROR, and the database is suspect. */
static enum pintle_recall find(struct pintle__state *state, enum pintle_learned_from from,
                               const char *host, uint16_t port, struct pintle_learned *out)
{
    struct pintle__query query =
        pintle__query_new(state->db, "SELECT " PINTLE__LEARNED_COLUMNS
                                     " FROM learned WHERE host = ? AND port = ? AND kind = ?");
    bool found, good = false;
    int rc;

    pintle__query_text(&query, host);
    pintle__query_int(&query, port);
    pintle__query_int(&query, (int64_t)from);
    found = pintle__query_step(&query);
    if (found)
        good = pintle__learned_read(&query, out);
    rc = pintle__query_end(&query);
    if (rc == SQLITE_OK && !found)
        return PINTLE_RECALL_NONE;
    if (rc == SQLITE_OK && good)
        return PINTLE_RECALL_FOUND;
    (void)pintle__state_error(state, rc == SQLITE_OK ? SQLITE_CORRUPT : rc, NULL);
    return PINTLE_RECALL_ERROR;
}

/* That nothing was found means something only if nothing is missing. Seen once for each change. */
static bool is_whole(struct pintle__state *state)
{
    int64_t at = 0;
    int rc = pintle__query_number(state->db, "PRAGMA data_version", &at);

    if (rc == SQLITE_OK && at == state->whole_at)
        return true;
    if (rc == SQLITE_OK)
        rc = pintle__learned_verify(state->db);
    if (rc != SQLITE_OK) {
        (void)pintle__state_error(state, rc, NULL);
        return false;
    }
    state->whole_at = at;
    return true;
}

/* Was this host forgotten on purpose, when what was known of it might be lost? */
static bool is_forgotten(struct pintle__state *state, const char *host, uint16_t port)
{
    struct pintle__query query = pintle__query_new(
        state->db, "SELECT 1 FROM forgotten WHERE host = ? AND (port = 0 OR port = ?)");
    bool found;

    pintle__query_text(&query, host);
    pintle__query_int(&query, port);
    found = pintle__query_step(&query);
    return pintle__query_end(&query) == SQLITE_OK && found;
}

/* Does it still matter? Nothing that is learned lives longer than so. */
static bool matters(int64_t lost_at, int64_t now)
{
    return lost_at != 0 && now - PINTLE__LEARNED_LOST_S < lost_at;
}

/* Might something have been known of this host that was lost? */
static enum pintle_recall none_of(struct pintle__state *state, const struct pintle_host *host,
                                  uint16_t port, int64_t now)
{
    struct pintle__ledger ledger;
    int rc;

    if (!is_whole(state))
        return PINTLE_RECALL_ERROR;
    rc = pintle__ledger_read(state->db, &ledger);
    if (rc != SQLITE_OK) {
        (void)pintle__state_error(state, rc, NULL);
        return PINTLE_RECALL_ERROR;
    }
    if (!matters(ledger.lost_at, now) || is_forgotten(state, host->text, port))
        return PINTLE_RECALL_NONE;
    return PINTLE_RECALL_ERROR;
}

static enum pintle_recall by_time(enum pintle_recall found, const struct pintle_learned *entry,
                                  int64_t now)
{
    return found == PINTLE_RECALL_FOUND && entry->expires <= now ? PINTLE_RECALL_EXPIRED : found;
}

/* --- recall ------------------------------------------------------------------------------------------ */

static enum pintle_recall recall_tofu(struct pintle__state *state, const struct pintle_host *host,
                                      uint16_t port, int64_t now, struct pintle_learned *out)
{
    enum pintle_recall found = find(state, PINTLE_LEARNED_TOFU, host->text, port, out);

    return found == PINTLE_RECALL_NONE ? none_of(state, host, port, now) : by_time(found, out, now);
}

/* The parent's name, if it has a dot: nobody speaks for a whole top-level domain. */
static const char *parent_of(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot != NULL && strchr(dot + 1, '.') != NULL ? dot + 1 : NULL;
}

/*
 * The nearest that holds (RFC 7469 section 2.6; a host that has its own pins does not ask its
 * parent's). One that has expired is to be treated as not there (section 2.3.3): a parent's is looked
 * for, and it is the answer if there is none.
 */
static enum pintle_recall recall_hpkp(struct pintle__state *state, enum pintle_learned_from from,
                                      const struct pintle_host *host, int64_t now,
                                      struct pintle_learned *out)
{
    enum pintle_recall answer = PINTLE_RECALL_NONE;
    struct pintle_learned entry;

    for (const char *name = host->text; name != NULL; name = host->is_ip ? NULL : parent_of(name)) {
        enum pintle_recall found = find(state, from, name, 0, &entry);

        found = by_time(found, &entry, now);
        if (found == PINTLE_RECALL_ERROR)
            return found;
        if (found == PINTLE_RECALL_NONE || (name != host->text && !entry.include_subdomains))
            continue;
        if (found == PINTLE_RECALL_FOUND || answer == PINTLE_RECALL_NONE) {
            *out = entry;
            answer = found;
        }
        if (found == PINTLE_RECALL_FOUND)
            return found;
    }
    return answer == PINTLE_RECALL_NONE && !is_whole(state) ? PINTLE_RECALL_ERROR : answer;
}

static enum pintle_recall recall(void *ctx, enum pintle_learned_from from,
                                 const struct pintle_host *host, uint16_t port, int64_t now,
                                 struct pintle_learned *out)
{
    struct pintle__state *state = ctx;
    enum pintle_recall answer;

    memset(out, 0, sizeof(*out));
    if (host->len == 0 || pintle__state_begin(state, false, NULL) != PINTLE_OK)
        return PINTLE_RECALL_ERROR;
    answer = from == PINTLE_LEARNED_TOFU ? recall_tofu(state, host, port, now, out)
                                         : recall_hpkp(state, from, host, now, out);
    if (pintle__state_end(state, PINTLE_OK, NULL) != PINTLE_OK)
        answer = PINTLE_RECALL_ERROR;
    if (answer == PINTLE_RECALL_ERROR)
        memset(out, 0, sizeof(*out));
    return answer;
}

/* --- learn -------------------------------------------------------------------------------------------- */

/* NONE: put there. With `replace` it does not matter what was there, or may have been. */
static enum pintle_recall learn_in(struct pintle__state *state, const struct pintle_learned *entry,
                                   bool replace, int64_t now, struct pintle_learned *held)
{
    enum pintle_recall found = find(state, entry->from, entry->host.text, entry->port, held);
    bool is_new = found == PINTLE_RECALL_NONE;
    int rc;

    if (is_new && !is_whole(state))
        return PINTLE_RECALL_ERROR;
    if (is_new && !replace && entry->from == PINTLE_LEARNED_TOFU)
        found = none_of(state, &entry->host, entry->port, now);
    if (found == PINTLE_RECALL_ERROR)
        return found;
    if (found == PINTLE_RECALL_FOUND && !replace)
        return by_time(found, held, now);
    rc = pintle__learned_put(state->db, entry, is_new ? NULL : held, now);
    if (rc != SQLITE_OK) {
        (void)pintle__state_error(state, rc, NULL);
        return PINTLE_RECALL_ERROR;
    }
    return PINTLE_RECALL_NONE;
}

static enum pintle_recall learn(void *ctx, const struct pintle_learned *entry, bool replace,
                                int64_t now, struct pintle_learned *held)
{
    struct pintle__state *state = ctx;
    enum pintle_recall answer;

    memset(held, 0, sizeof(*held));
    if (!pintle__learned_is_valid(entry) || pintle__state_begin(state, true, NULL) != PINTLE_OK)
        return PINTLE_RECALL_ERROR;
    answer = learn_in(state, entry, replace, now, held);
    if (pintle__state_end(state, answer == PINTLE_RECALL_NONE ? PINTLE_OK : PINTLE_E_STATE, NULL) !=
            PINTLE_OK &&
        answer == PINTLE_RECALL_NONE)
        answer = PINTLE_RECALL_ERROR;
    if (answer == PINTLE_RECALL_ERROR || answer == PINTLE_RECALL_NONE)
        memset(held, 0, sizeof(*held));
    return answer;
}

void pintle__state_set_memory(struct pintle__state *state)
{
    state->memory = (struct pintle_memory){recall, learn, state};
}

const struct pintle_memory *pintle__state_get_memory(struct pintle__state *state)
{
    return &state->memory;
}

/* --- what the program does with it ------------------------------------------------------------------------ */

/* The entry behind `after`, which it replaces, or the first. *found: there is one. */
static enum pintle_status next_entry(struct pintle__state *state, struct pintle_learned *after,
                                     bool *found, struct pintle_error *err)
{
    struct pintle__query query;
    enum pintle_status status = pintle__state_begin(state, false, err);
    bool good = true;
    int rc;

    *found = false;
    if (status != PINTLE_OK)
        return status;
    query = pintle__query_new(state->db, "SELECT " PINTLE__LEARNED_COLUMNS
                                         " FROM learned WHERE (host, port, kind) > (?, ?, ?)"
                                         " ORDER BY host, port, kind LIMIT 1");
    pintle__query_text(&query, after->host.text);
    pintle__query_int(&query, after->port);
    pintle__query_int(&query, (int64_t)after->from);
    *found = pintle__query_step(&query);
    if (*found)
        good = pintle__learned_read(&query, after);
    rc = pintle__query_end(&query);
    if (rc != SQLITE_OK || !good)
        status = pintle__state_error(state, rc != SQLITE_OK ? rc : SQLITE_CORRUPT, err);
    return pintle__state_end(state, status, err);
}

enum pintle_status pintle__state_list_learned(struct pintle__state *state,
                                              bool (*found)(void *ctx,
                                                            const struct pintle_learned *entry),
                                              void *ctx, struct pintle_error *err)
{
    struct pintle_learned entry;
    enum pintle_status status;
    bool more;

    memset(&entry, 0, sizeof(entry));
    do {
        status = next_entry(state, &entry, &more, err);
    } while (status == PINTLE_OK && more && found(ctx, &entry));
    return status;
}

enum pintle_status pintle__state_get_lost(struct pintle__state *state, int64_t now, int64_t *out,
                                          struct pintle_error *err)
{
    enum pintle_status status = pintle__state_begin(state, false, err);
    struct pintle__ledger ledger;
    int rc;

    *out = 0;
    if (status != PINTLE_OK)
        return status;
    rc = pintle__ledger_read(state->db, &ledger);
    if (rc != SQLITE_OK)
        status = pintle__state_error(state, rc, err);
    else if (matters(ledger.lost_at, now))
        *out = ledger.lost_at;
    return pintle__state_end(state, status, err);
}

/* Take the entries of a host out of the ledger. */
static int discount(struct pintle__state *state, const char *host, uint16_t port,
                    struct pintle__ledger *ledger, size_t *count)
{
    struct pintle__query query =
        pintle__query_new(state->db, "SELECT " PINTLE__LEARNED_COLUMNS
                                     " FROM learned WHERE host = ?1 AND (?2 = 0 OR port = ?2)");
    struct pintle_learned entry;
    bool good = true;
    int rc;

    pintle__query_text(&query, host);
    pintle__query_int(&query, port);
    while (good && pintle__query_step(&query)) {
        good = pintle__learned_read(&query, &entry);
        ledger->count--;
        ledger->total -= pintle__learned_sum(&entry);
        (*count)++;
    }
    rc = pintle__query_end(&query);
    return rc == SQLITE_OK && !good ? SQLITE_CORRUPT : rc;
}

static int run_for_host(struct pintle__state *state, const char *sql, const char *host,
                        uint16_t port)
{
    struct pintle__query query = pintle__query_new(state->db, sql);

    pintle__query_text(&query, host);
    pintle__query_int(&query, port);
    (void)pintle__query_step(&query);
    return pintle__query_end(&query);
}

static int forget_host(struct pintle__state *state, const char *host, uint16_t port, size_t *count)
{
    struct pintle__ledger ledger;
    int rc = pintle__ledger_read(state->db, &ledger);

    if (rc == SQLITE_OK)
        rc = discount(state, host, port, &ledger, count);
    if (rc == SQLITE_OK)
        rc = run_for_host(state, "DELETE FROM learned WHERE host = ?1 AND (?2 = 0 OR port = ?2)",
                          host, port);
    if (rc == SQLITE_OK && ledger.lost_at != 0)
        rc = run_for_host(state, "INSERT OR IGNORE INTO forgotten VALUES (?, ?)", host, port);
    return rc == SQLITE_OK ? pintle__ledger_write(state->db, &ledger) : rc;
}

/* All of it, and what a lost database may have held too. */
static int forget_all(struct pintle__state *state, size_t *count)
{
    const struct pintle__ledger nothing = {0, 0, 0};
    int64_t entries = 0;
    int rc = pintle__query_number(state->db, "SELECT count(*) FROM learned", &entries);

    if (rc == SQLITE_OK)
        rc = pintle__query_run(state->db, "DELETE FROM learned; DELETE FROM forgotten");
    *count = (size_t)entries;
    return rc == SQLITE_OK ? pintle__ledger_write(state->db, &nothing) : rc;
}

enum pintle_status pintle__state_forget(struct pintle__state *state, const struct pintle_host *host,
                                        uint16_t port, size_t *count, struct pintle_error *err)
{
    enum pintle_status status = pintle__state_begin(state, true, err);
    int rc;

    *count = 0;
    if (status != PINTLE_OK)
        return status;
    rc = host == NULL ? forget_all(state, count) : forget_host(state, host->text, port, count);
    if (rc != SQLITE_OK)
        status = pintle__state_error(state, rc, err);
    status = pintle__state_end(state, status, err);
    if (status != PINTLE_OK)
        *count = 0;
    return status;
}
