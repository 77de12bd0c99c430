/* SPDX-License-Identifier: Apache-2.0 */
/* What is believed: one row with the marks and a seed, and the seed again in PATH.last. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/state_db.h"

/* --- the row ------------------------------------------------------------------------------------- */

static uint64_t sum_belief(const struct pintle__belief *belief)
{
    const struct pintle_marks *marks = &belief->marks;
    uint64_t sum = pintle__sum_int(PINTLE__SUM_START, marks->epoch);

    sum = pintle__sum_int(sum, marks->version);
    sum = pintle__sum_bytes(sum, marks->digest, sizeof(marks->digest));
    sum = pintle__sum_int(sum, marks->unpin);
    sum = pintle__sum_int(sum, marks->clock_floor);
    sum = pintle__sum_int(sum, belief->root);
    return pintle__sum_bytes(sum, belief->seed, belief->seed_len);
}

static bool read_row(struct pintle__query *query, struct pintle__belief *out, const uint8_t **seed)
{
    struct pintle_marks *marks = &out->marks;
    const uint8_t *digest;
    size_t digest_len;

    if (!pintle__column_int(query, 0, 0, INT64_MAX, &marks->epoch) ||
        !pintle__column_int(query, 1, 0, INT64_MAX, &marks->version) ||
        !pintle__column_blob(query, 2, sizeof(marks->digest), &digest, &digest_len) ||
        digest_len != sizeof(marks->digest) ||
        !pintle__column_int(query, 3, 0, INT64_MAX, &marks->unpin) ||
        !pintle__column_int(query, 4, INT64_MIN, INT64_MAX, &marks->clock_floor) ||
        !pintle__column_int(query, 5, 0, INT64_MAX, &out->root) ||
        !pintle__column_blob(query, 6, PINTLE_SEED_MAX_LEN, seed, &out->seed_len))
        return false;
    memcpy(marks->digest, digest, sizeof(marks->digest));
    return true;
}

static int read_belief(struct pintle__query *query, struct pintle__belief *out)
{
    const uint8_t *seed = NULL;
    int64_t sum;

    if (!pintle__query_step(query))
        return SQLITE_CORRUPT; /* it is there from the beginning */
    if (!read_row(query, out, &seed) || !pintle__column_int(query, 7, INT64_MIN, INT64_MAX, &sum))
        return SQLITE_CORRUPT;
    out->seed = malloc(out->seed_len + 1);
    if (out->seed == NULL)
        return SQLITE_NOMEM;
    if (out->seed_len > 0)
        memcpy(out->seed, seed, out->seed_len);
    return sum_belief(out) == (uint64_t)sum ? SQLITE_OK : SQLITE_CORRUPT;
}

int pintle__belief_read(sqlite3 *db, struct pintle__belief *out)
{
    struct pintle__query query =
        pintle__query_new(db, "SELECT epoch, version, digest, unpin, clock_floor, root, seed, sum"
                              " FROM belief WHERE id = 1");
    int what, rc;

    memset(out, 0, sizeof(*out));
    what = read_belief(&query, out);
    rc = pintle__query_end(&query);
    if (rc == SQLITE_OK)
        rc = what;
    if (rc != SQLITE_OK) {
        free(out->seed);
        memset(out, 0, sizeof(*out));
    }
    return rc;
}

int pintle__belief_write(sqlite3 *db, const struct pintle__belief *belief)
{
    const struct pintle_marks *marks = &belief->marks;
    struct pintle__query query =
        pintle__query_new(db, "INSERT OR REPLACE INTO belief VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)");

    pintle__query_int(&query, marks->epoch);
    pintle__query_int(&query, marks->version);
    pintle__query_blob(&query, marks->digest, sizeof(marks->digest));
    pintle__query_int(&query, marks->unpin);
    pintle__query_int(&query, marks->clock_floor);
    pintle__query_int(&query, belief->root);
    pintle__query_blob(&query, belief->seed, belief->seed_len);
    pintle__query_int(&query, (int64_t)sum_belief(belief));
    (void)pintle__query_step(&query);
    return pintle__query_end(&query);
}

/* --- taking it back -------------------------------------------------------------------------------- */

/* Of another app or anchor: E_APP, E_MISMATCH (of one before ours), E_STORAGE (of one after). */
static enum pintle_status check_kin(const struct pintle__state *state,
                                    const struct pintle__belief *belief,
                                    const struct pintle_trusted *trusted, struct pintle_error *err)
{
    const struct pintle_view seed = {belief->seed, belief->seed_len};
    enum pintle_kin kin = PINTLE_KIN_SAME;
    struct pintle_error whose;

    if (belief->seed_len > 0) {
        enum pintle_status status = pintle_trusted_compare_seed(&kin, trusted, seed, &whose);

        if (status != PINTLE_OK) {
            pintle__error_set(err, status, "%s", whose.text);
            return status;
        }
    }
    switch (kin) {
    case PINTLE_KIN_SAME:
        return PINTLE_OK;
    case PINTLE_KIN_FORMER:
        pintle__error_set(err, PINTLE_E_MISMATCH,
                          "%.80s: is the state of another first root; begun anew", state->path);
        return PINTLE_E_MISMATCH;
    case PINTLE_KIN_LATER:
        pintle__error_set(err, PINTLE_E_STORAGE,
                          "%.80s: is the state of a later first root; left alone", state->path);
        return PINTLE_E_STORAGE;
    case PINTLE_KIN_STRANGER:
        break;
    }
    pintle__error_set(err, PINTLE_E_APP, "%.80s: is the state %.160s", state->path, whose.text);
    return PINTLE_E_APP;
}

/* Only what is no fault of the seed is a failure. */
static enum pintle_status take_seed(struct pintle_trusted *trusted, const void *seed, size_t len,
                                    size_t *refused, struct pintle_error *err)
{
    const struct pintle_view view = {seed, len};
    enum pintle_kin kin;
    size_t left_out = 0;
    enum pintle_status status = pintle_trusted_compare_seed(&kin, trusted, view, err);

    if (status != PINTLE_OK)
        return status;
    if (kin != PINTLE_KIN_SAME) { /* signatures alone do not tell: a new root may keep old keys */
        (*refused)++;
        return PINTLE_OK;
    }
    status = pintle_trusted_restore(trusted, view, &left_out, err);
    *refused += left_out;
    if (status == PINTLE_E_ENVELOPE || status == PINTLE_E_LIMIT) {
        (*refused)++;
        return PINTLE_OK;
    }
    return status;
}

/* A file that is missing holds nothing; one that cannot be read is passed over. */
static enum pintle_status take_last(const char *path, struct pintle_trusted *trusted,
                                    size_t *refused, struct pintle_error *err)
{
    char *last = pintle__state_beside(path, ".last");
    enum pintle_status status;
    char *seed = NULL;
    size_t len;

    if (last == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    status = pintle__os_read_file(&seed, &len, last, PINTLE_SEED_MAX_LEN, err);
    if (status == PINTLE_OK) {
        status = take_seed(trusted, seed, len, refused, err);
    } else if (status != PINTLE_E_NOMEM) {
        struct stat st;

        *refused += lstat(last, &st) == 0 ? 1 : 0;
        status = PINTLE_OK;
    }
    free(seed);
    free(last);
    return status;
}

static enum pintle_status take_belief(struct pintle__state *state, struct pintle_trusted *trusted,
                                      size_t *refused, struct pintle_error *err)
{
    struct pintle__belief belief = {.seed = NULL};
    enum pintle_status status = pintle__state_begin(state, false, err);
    int rc;

    if (status != PINTLE_OK)
        return status;
    rc = pintle__belief_read(state->db, &belief);
    if (rc != SQLITE_OK)
        status = pintle__state_error(state, rc, err);
    status = pintle__state_end(state, status, err);
    if (status == PINTLE_OK)
        status = check_kin(state, &belief, trusted, err);
    if (status == PINTLE_OK && belief.seed_len > 0)
        status = take_seed(trusted, belief.seed, belief.seed_len, refused, err);
    if (status == PINTLE_OK && belief.marks.epoch > 0)
        pintle_trusted_raise_marks(trusted, &belief.marks);
    free(belief.seed);
    return status;
}

enum pintle_status pintle__state_restore(struct pintle__state *state,
                                         struct pintle_trusted *trusted, size_t *refused,
                                         struct pintle_error *err)
{
    size_t left_out = 0;
    enum pintle_status status = take_last(state->path, trusted, &left_out, err);

    if (status == PINTLE_OK)
        status = take_belief(state, trusted, &left_out, err);
    if (refused != NULL)
        *refused = left_out;
    return status;
}

enum pintle_status pintle__state_restore_last(const char *path, struct pintle_trusted *trusted,
                                              size_t *refused, struct pintle_error *err)
{
    size_t left_out = 0;
    enum pintle_status status = take_last(path, trusted, &left_out, err);

    if (refused != NULL)
        *refused = left_out;
    return status;
}

/* --- keeping it ------------------------------------------------------------------------------------- */

/* Would writing `ours` over it lose anything that was believed? */
static bool is_ahead(const struct pintle__belief *held, const struct pintle__belief *ours)
{
    const struct pintle_marks *a = &held->marks;
    const struct pintle_marks *b = &ours->marks;

    if (held->root > ours->root || a->epoch > b->epoch)
        return true;
    if (a->epoch < b->epoch)
        return false;
    if (a->version > b->version || a->unpin > b->unpin || a->clock_floor > b->clock_floor)
        return true;
    return a->version > 0 && a->version == b->version &&
           memcmp(a->digest, b->digest, sizeof(a->digest)) != 0;
}

static enum pintle_status write_beside(const char *path, const char *suffix,
                                       const struct pintle__belief *belief,
                                       struct pintle_error *err)
{
    char *name = pintle__state_beside(path, suffix);
    enum pintle_status status;

    if (name == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    status = os_write_file(name, belief->seed, belief->seed_len, 0600, err);
    free(name);
    if (status == PINTLE_E_IO) {
        status = PINTLE_E_STORAGE;
        if (err != NULL)
            err->status = status;
    }
    return status;
}

/*
 * What was believed from another anchor makes way. So do keys learned on first use: which of them
 * the former root's pins had vouched for nobody can tell, and its keys may be why there is another.
 */
static enum pintle_status supersede(struct pintle__state *state, struct pintle__belief *held,
                                    struct pintle_error *err)
{
    enum pintle_status status = write_beside(state->path, ".former", held, err);
    int rc = SQLITE_OK;

    if (status != PINTLE_OK)
        return status;
    free(held->seed);
    memset(held, 0, sizeof(*held));
    rc = pintle__learned_clear_tofu(state->db);
    return rc == SQLITE_OK ? PINTLE_OK : pintle__state_error(state, rc, err);
}

/* What `held` says may be overwritten by ours; what belongs to a former anchor is gone. */
static enum pintle_status make_way(struct pintle__state *state, struct pintle__belief *held,
                                   const struct pintle__belief *ours,
                                   const struct pintle_trusted *trusted, struct pintle_error *err)
{
    struct pintle_error why = {0};
    enum pintle_status status = check_kin(state, held, trusted, &why);

    if (status == PINTLE_E_MISMATCH)
        return supersede(state, held, err);
    if (status != PINTLE_OK) {
        if (err != NULL)
            *err = why;
        return status;
    }
    if (!is_ahead(held, ours))
        return PINTLE_OK;
    pintle__error_set(err, PINTLE_E_ROLLBACK, "%.80s: somebody else has newer ones", state->path);
    return PINTLE_E_ROLLBACK;
}

/*
 * PATH.last is replaced while we hold the right to write, or a slower process could put an older
 * one there; and before the commit, so that a full disk changes nothing. Should only the commit
 * fail, PATH.last is ahead of the database: what was believed is believed.
 */
static enum pintle_status save(struct pintle__state *state, struct pintle__belief *ours,
                               const struct pintle_trusted *trusted, struct pintle_error *err)
{
    struct pintle__belief held;
    enum pintle_status status = PINTLE_OK;
    int rc = pintle__belief_read(state->db, &held);

    if (rc == SQLITE_OK)
        status = make_way(state, &held, ours, trusted, err);
    if (rc == SQLITE_OK && status == PINTLE_OK && ours->seed_len == 0) {
        ours->seed = held.seed; /* the one that is there is not older */
        ours->seed_len = held.seed_len;
        held.seed = NULL;
    }
    free(held.seed);
    if (status != PINTLE_OK)
        return status;
    if (rc == SQLITE_OK)
        rc = pintle__belief_write(state->db, ours);
    if (rc != SQLITE_OK)
        return pintle__state_error(state, rc, err);
    if (ours->seed_len > 0)
        status = write_beside(state->path, ".last", ours, err);
    return status;
}

/* Without pins there is no seed, only marks. */
static enum pintle_status describe(struct pintle__belief *out, const struct pintle_trusted *trusted,
                                   struct pintle_error *err)
{
    struct pintle_trusted_pins pins;
    char *seed = NULL;
    enum pintle_status status = PINTLE_OK;

    memset(out, 0, sizeof(*out));
    out->marks = pintle_trusted_get_marks(trusted);
    out->root = pintle_trusted_get_root(trusted)->version;
    if (pintle_trusted_get_pins(trusted, &pins))
        status = pintle_trusted_format_seed(&seed, &out->seed_len, trusted, err);
    out->seed = (uint8_t *)seed;
    if (status == PINTLE_OK && out->seed_len > PINTLE_SEED_MAX_LEN) {
        pintle__error_set(err, PINTLE_E_LIMIT, "the seed is too large");
        status = PINTLE_E_LIMIT;
    }
    return status;
}

enum pintle_status pintle__state_save(struct pintle__state *state,
                                      const struct pintle_trusted *trusted,
                                      struct pintle_error *err)
{
    struct pintle__belief ours;
    enum pintle_status status = describe(&ours, trusted, err);

    if (status == PINTLE_OK)
        status = pintle__state_begin(state, true, err);
    if (status == PINTLE_OK)
        status = pintle__state_end(state, save(state, &ours, trusted, err), err);
    free(ours.seed);
    return status;
}
