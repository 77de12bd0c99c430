/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fingerprints for WultraSSLPinning (GetFingerprintResponse of ssl-pinning-android; Public-REST-API.md of mobile-utility-server). A
 * fingerprint is the SHA-256 of a whole certificate: only with the certificate at hand is it a pin. What is imported is not
 * authenticated here: the signatures are for the app, which knows the key.
 */
#include <stdlib.h>
#include <string.h>

#include "json_file.h"

/* Of 32 bytes. */
#define BASE64_LEN 44

/* The digests of the certificates at hand, sorted. */
struct known {
    uint8_t digest[PINTLE_DIGEST_LEN];
    const struct pintle_object *object;
};

struct wultra {
    struct reading *reading;
    struct known *known;
    size_t known_count;
};

static int compare_known(const void *a, const void *b)
{
    const struct known *one = a;
    const struct known *other = b;

    return memcmp(one->digest, other->digest, sizeof(one->digest));
}

static enum pintle_status hash_certificates(struct wultra *wultra, struct pintle_error *err)
{
    const struct pintle_objects *objects = wultra->reading->certificates;
    const struct pintle_crypto *crypto = wultra->reading->crypto;
    size_t count = objects != NULL ? pintle_objects_get_count(objects) : 0;

    wultra->known = calloc(count + 1, sizeof(*wultra->known));
    if (wultra->known == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct known *known = &wultra->known[wultra->known_count];

        known->object = pintle_objects_get(objects, i);
        if (known->object->kind != PINTLE_OBJECT_CERTIFICATE)
            continue;
        if (!crypto->sha256(crypto->ctx, known->object->der.data, known->object->der.len,
                            known->digest))
            return format_refuse(err, PINTLE_E_CRYPTO, 0, 0, "a certificate could not be hashed");
        wultra->known_count++;
    }
    qsort(wultra->known, wultra->known_count, sizeof(*wultra->known), compare_known);
    return PINTLE_OK;
}

/* --- one fingerprint ------------------------------------------------------------------------------ */

static enum pintle_status find_certificate(const struct pintle_object **out,
                                           const struct wultra *wultra, const json_t *fingerprint,
                                           const char *where, struct pintle_error *err)
{
    struct known sought = {.object = NULL};
    const struct known *found;
    struct pintle_pin digest; /* of a certificate, but written as a bare pin is */

    if (json_string_length(fingerprint) != BASE64_LEN ||
        pintle_pin_parse(&digest, json_string_value(fingerprint), BASE64_LEN, NULL) != PINTLE_OK)
        return format_refuse(err, PINTLE_E_PIN, 0, 0, "%.80s/fingerprint: is no base64 of 32 bytes",
                             where);
    memcpy(sought.digest, digest.digest, sizeof(sought.digest));
    found = bsearch(&sought, wultra->known, wultra->known_count, sizeof(sought), compare_known);
    if (found == NULL)
        return format_refuse(err, PINTLE_E_PIN, 0, 0,
                             "%.80s: a fingerprint of a whole certificate; that certificate is not "
                             "among those of --certificate",
                             where);
    *out = found->object;
    return PINTLE_OK;
}

/* The clause of a host: it may have several fingerprints, anywhere in the list. */
static struct clause *clause_of(struct wultra *wultra, const struct pintle_host *host,
                                json_t *indices)
{
    struct clauses *out = wultra->reading->out;
    const json_t *index = json_object_get(indices, host->text);
    struct clause *clause;

    if (index != NULL)
        return &out->items[json_integer_value(index)];
    clause = clauses_add(out);
    if (clause == NULL ||
        json_object_set_new(indices, host->text, json_integer((json_int_t)out->count - 1)) != 0)
        return NULL;
    clause->group = out->count;
    clause->host = clauses_text(out, host->text, host->len);
    return clause->host != NULL ? clause : NULL;
}

/* A time that a pin-set can hold. */
static bool is_time(json_int_t seconds)
{
    return seconds > 0 && seconds < INT64_C(253402300800);
}

static enum pintle_status read_entry(struct wultra *wultra, const json_t *entry, const char *where,
                                     json_t *indices, struct pintle_error *err)
{
    struct clause_pin pin = {.at = PINTLE_AT_LEAF};
    const struct pintle_object *object = NULL;
    struct clause *clause;
    struct pintle_host host;
    enum pintle_status status;
    json_t *name;
    json_t *fingerprint;
    json_t *expires = NULL;

    status = json_file_member(&name, entry, "name", JSON_STRING, where, err);
    if (status == PINTLE_OK)
        status = json_file_member(&fingerprint, entry, "fingerprint", JSON_STRING, where, err);
    if (status == PINTLE_OK)
        status = json_file_member(&expires, entry, "expires", JSON_INTEGER, where, err);
    if (status == PINTLE_OK && !is_time(json_integer_value(expires)))
        status = format_refuse(err, PINTLE_E_TIME, 0, 0, "%.80s/expires: is no time", where);
    if (status == PINTLE_OK)
        status = find_certificate(&object, wultra, fingerprint, where, err);
    if (status != PINTLE_OK || object == NULL)
        return status;
    if (pintle_host_parse(&host, json_string_value(name), json_string_length(name), NULL) !=
        PINTLE_OK)
        return format_refuse(err, PINTLE_E_HOST, 0, 0, "%.80s/name: is no host: %.80s", where,
                             json_string_value(name));
    clause = clause_of(wultra, &host, indices);
    pin.pin = object->pin;
    pin.until = json_integer_value(expires);
    if (clause == NULL || !clause_add_pin(wultra->reading->out, clause, &pin))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return PINTLE_OK;
}

/* --- all of them ---------------------------------------------------------------------------------- */

static enum pintle_status read_entries(struct wultra *wultra, const json_t *list,
                                       struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;
    json_t *indices = json_object();

    if (indices == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    for (size_t i = 0; status == PINTLE_OK && i < json_array_size(list); i++) {
        char where[48];

        (void)snprintf(where, sizeof(where), "/fingerprints/%zu", i);
        status = read_entry(wultra, json_array_get(list, i), where, indices, err);
    }
    json_decref(indices);
    return status;
}

static enum pintle_status read_root(struct wultra *wultra, const json_t *root,
                                    struct pintle_error *err)
{
    json_t *list;
    enum pintle_status status = json_file_member(&list, root, "fingerprints", JSON_ARRAY, "", err);

    if (status == PINTLE_OK)
        status = hash_certificates(wultra, err);
    if (status == PINTLE_OK)
        status = read_entries(wultra, list, err);
    if (status == PINTLE_OK && wultra->reading->out->count > 0)
        notes_add(wultra->reading->notes, NOTE_ASKS_MORE, 0, "signatures of the fingerprints");
    free(wultra->known);
    return status;
}

static enum pintle_status read_wultra(struct reading *reading, const char *text, size_t len,
                                      struct pintle_error *err)
{
    struct wultra wultra = {.reading = reading};
    json_t *root;
    enum pintle_status status = json_file_parse(&root, reading, text, len, err);

    if (status == PINTLE_OK)
        status = read_root(&wultra, root, err);
    json_decref(root);
    return status;
}

const struct format format_wultra = {
    .name = "wultra",
    .title = "WultraSSLPinning fingerprints (JSON)",
    .place = "the answer of the fingerprint service, or the app's fallback",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT),
                  .positions = AT_BIT(PINTLE_AT_LEAF),
                  .one_per_host = true,
                  .pin_until = true,
                  .path = PATH_ALWAYS},
    .read = read_wultra,
};
