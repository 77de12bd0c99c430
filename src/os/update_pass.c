/* SPDX-License-Identifier: Apache-2.0 */
#include "os/update_pass.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/update_latest.h"

#define PATH_SIZE 96

/* An envelope is its payload in base64, and signatures and names beside it. */
#define WRAPPING_LEN ((size_t)16 * 1024)
#define ENVELOPE_LEN(payload) ((payload) / 3 * 4 + WRAPPING_LEN)

/* Before anything is read: a file is no longer than what its role may hold. */
static size_t max_len_of(enum pintle_role role)
{
    switch (role) {
    case PINTLE_ROLE_ROOT:
        return ENVELOPE_LEN(PINTLE_ROOT_PAYLOAD_MAX_LEN);
    case PINTLE_ROLE_PINS:
        return PINTLE_ENVELOPE_MAX_LEN;
    default:
        return ENVELOPE_LEN(PINTLE_SMALL_PAYLOAD_MAX_LEN);
    }
}

static enum pintle_status read_file(struct pintle__update_file *out,
                                    const struct pintle__update_pass *pass, const char *path,
                                    size_t max_len, const char *etag, struct pintle_error *err)
{
    struct pintle__http_options options = {.end_ms = pass->end_ms,
                                           .ca_file = pass->ca_file,
                                           .stop = pass->stop,
                                           .max_len = max_len,
                                           .etag = etag};

    return pintle__update_source_read(out, pass->source, path, &options, err);
}

/* What is wrong with a file, behind the names of source and file. */
static void tell(struct pintle_error *err, const struct pintle__update_pass *pass, const char *path,
                 enum pintle_status status, const struct pintle_error *why)
{
    const char *text = why->text[0] != '\0' ? why->text : pintle_status_text(status);

    pintle__error_set(err, status, "%.96s/%.24s%s: %s", pass->source->name, path,
                      strlen(path) > 24 ? "..." : "", text);
}

/* Read an envelope and judge it. */
static enum pintle_status take(struct pintle_trusted *trusted,
                               const struct pintle__update_pass *pass, enum pintle_role role,
                               const char *path, struct pintle_error *err)
{
    struct pintle__update_file file;
    struct pintle_error why = {0};
    enum pintle_status status = read_file(&file, pass, path, max_len_of(role), NULL, err);

    if (status != PINTLE_OK)
        return status;
    status = pintle_trusted_apply(
        trusted, role, (struct pintle_view){(const uint8_t *)file.text, file.len}, pass->now, &why);
    if (status != PINTLE_OK)
        tell(err, pass, path, status, &why);
    free(file.text);
    return status;
}

static enum pintle_status take_digest(struct pintle_trusted *trusted,
                                      const struct pintle__update_pass *pass, enum pintle_role role,
                                      const char *digest, struct pintle_error *err)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s/%s.json", pintle_role_name(role), digest);
    return take(trusted, pass, role, path, err);
}

/* --- what is held already ---------------------------------------------------------------------- */

static bool same_digest(const char *text, const uint8_t digest[PINTLE_DIGEST_LEN])
{
    char own[PINTLE__DIGEST_TEXT_SIZE];

    for (size_t i = 0; i < PINTLE_DIGEST_LEN; i++)
        (void)snprintf(own + 2 * i, 3, "%02x", digest[i]);
    return strcmp(text, own) == 0;
}

/* Not if something newer was seen: then the source is behind, and judging its file says so. */
static bool holds_pins(const struct pintle_trusted *trusted, const char *digest)
{
    struct pintle_marks marks = pintle_trusted_get_marks(trusted);
    struct pintle_trusted_pins pins;

    if (!pintle_trusted_get_pins(trusted, &pins) || !same_digest(digest, pins.facts.digest))
        return false;
    return pins.facts.epoch != marks.epoch || pins.facts.version >= marks.version;
}

static bool holds(const struct pintle_trusted *trusted, const struct pintle__update_pass *pass,
                  enum pintle_role role, const char *digest)
{
    const struct pintle_envelope *envelope = pintle_trusted_get_envelope(trusted, role, 0);
    uint8_t own[PINTLE_DIGEST_LEN];
    struct pintle_view payload;

    if (envelope == NULL)
        return false;
    payload = pintle_envelope_get_payload(envelope);
    return pass->crypto->sha256(pass->crypto->ctx, payload.data, payload.len, own) &&
           same_digest(digest, own);
}

/* --- the steps ------------------------------------------------------------------------------- */

static enum pintle_status read_latest(struct pintle__latest *out, struct pintle__update_pass *pass,
                                      struct pintle_error *err)
{
    struct pintle__update_file file;
    struct pintle_error why = {0};
    enum pintle_status status =
        read_file(&file, pass, "latest.json", PINTLE__LATEST_MAX_LEN, pass->etag, err);

    if (status != PINTLE_OK)
        return status;
    pass->unchanged = file.unchanged;
    if (file.unchanged)
        return PINTLE_OK;
    memcpy(pass->etag, file.etag, sizeof(pass->etag));
    status = pintle__latest_parse(out, file.text, file.len, &why);
    if (status != PINTLE_OK)
        tell(err, pass, "latest.json", status, &why);
    free(file.text);
    return status;
}

static enum pintle_status take_roots(struct pintle_trusted *trusted,
                                     const struct pintle__update_pass *pass, int64_t latest,
                                     struct pintle_error *err)
{
    int64_t version = pintle_trusted_get_root(trusted)->version;

    for (size_t i = 0; version < latest && i < PINTLE_ROOT_CHAIN_MAX; i++) {
        char path[PATH_SIZE];
        enum pintle_status status;

        version++;
        (void)snprintf(path, sizeof(path), "root/%" PRId64 ".json", version);
        status = take(trusted, pass, PINTLE_ROLE_ROOT, path, err);
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

/* An unpin that is over softens nothing: that it still lies there is no reason to refuse. */
static enum pintle_status take_unpin(struct pintle_trusted *trusted,
                                     const struct pintle__update_pass *pass, const char *digest,
                                     struct pintle_error *err)
{
    enum pintle_status status;

    if (digest[0] == '\0' || pass->ignore_unpin || holds(trusted, pass, PINTLE_ROLE_UNPIN, digest))
        return PINTLE_OK;
    status = take_digest(trusted, pass, PINTLE_ROLE_UNPIN, digest, err);
    return status == PINTLE_E_EXPIRED ? PINTLE_OK : status;
}

static enum pintle_status take_all(struct pintle_trusted *trusted,
                                   const struct pintle__update_pass *pass,
                                   const struct pintle__latest *latest, struct pintle_error *err)
{
    enum pintle_status status = take_roots(trusted, pass, latest->root, err);

    if (status == PINTLE_OK && !holds_pins(trusted, latest->pins))
        status = take_digest(trusted, pass, PINTLE_ROLE_PINS, latest->pins, err);
    if (status == PINTLE_OK && latest->fresh[0] != '\0' &&
        !holds(trusted, pass, PINTLE_ROLE_FRESH, latest->fresh))
        status = take_digest(trusted, pass, PINTLE_ROLE_FRESH, latest->fresh, err);
    if (status == PINTLE_OK)
        status = take_unpin(trusted, pass, latest->unpin, err);
    return status;
}

int64_t pintle__update_fresh_until(const struct pintle_trusted *trusted)
{
    int64_t until = pintle_trusted_get_fresh_until(trusted);
    struct pintle_trusted_pins pins;

    if (!pintle_trusted_get_pins(trusted, &pins))
        return INT64_MIN;
    if (until == 0 && pintle_trusted_wants_fresh(trusted))
        return INT64_MIN;
    return until > 0 && until < pins.facts.expires ? until : pins.facts.expires;
}

enum pintle_status pintle__update_pass(struct pintle_trusted *trusted,
                                       struct pintle__update_pass *pass, struct pintle_error *err)
{
    struct pintle__latest latest;
    enum pintle_status status = read_latest(&latest, pass, err);

    if (status == PINTLE_OK && !pass->unchanged)
        status = take_all(trusted, pass, &latest, err);
    if (status != PINTLE_OK)
        return status;
    if (!pass->stale_ok &&
        pintle_trusted_get_time(trusted, pass->now) >= pintle__update_fresh_until(trusted)) {
        pintle__error_set(err, PINTLE_E_EXPIRED, "%.120s: nothing says that this is the newest",
                          pass->source->name);
        return PINTLE_E_EXPIRED;
    }
    return PINTLE_OK;
}
