/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/payload.h"

#include <string.h>

#include "base/error.h"
#include "bundle/envelope.h"
#include "bundle/scan.h"
#include "json/strict.h"

enum pintle_status pintle__payload_refuse(const struct pintle__payload *payload,
                                          const struct pintle__at *at, const char *why)
{
    pintle__json_fail(&payload->source, PINTLE_E_SCHEMA, at, "%s", why);
    return PINTLE_E_SCHEMA;
}

enum pintle_status pintle__get_hex(const struct pintle__payload *payload,
                                   const struct pintle__at *at, const json_t *json,
                                   const char **out)
{
    struct pintle__string text = {"", 0};
    enum pintle_status status = pintle__get_string(&payload->source, at, json, 0, SIZE_MAX, &text);

    *out = text.text;
    if (status == PINTLE_OK && !pintle__is_key_id(text.text))
        status = pintle__payload_refuse(payload, at, "is not 64 lower-case hex digits");
    return status;
}

enum pintle_status pintle__get_list(const struct pintle__payload *payload,
                                    const struct pintle__at *at, const json_t *json, size_t min,
                                    size_t max, uint32_t *out_count)
{
    *out_count = 0;
    if (json_array_size(json) > max) {
        pintle__json_fail(&payload->source, PINTLE_E_LIMIT, at, "holds more than %zu items", max);
        return PINTLE_E_LIMIT;
    }
    return pintle__get_array(&payload->source, at, json, min, max, out_count);
}

/* --- before any meaning --------------------------------------------------------------------------- */

/* Before anything else: another version may give every other member another meaning. */
static enum pintle_status check_format(const struct pintle__payload *payload, const char *name)
{
    struct pintle__at at = pintle__at_key(&payload->root, name);
    int64_t version;
    enum pintle_status status =
        pintle__get_integer(&payload->source, &at, payload->known[PINTLE__PAYLOAD_FORMAT_MEMBER],
                            INT64_MIN, INT64_MAX, &version);

    if (status == PINTLE_OK && version != PINTLE__PAYLOAD_FORMAT) {
        pintle__json_fail(&payload->source, PINTLE_E_VERSION, &at,
                          "format version %lld is not understood, only %d", (long long)version,
                          PINTLE__PAYLOAD_FORMAT);
        return PINTLE_E_VERSION;
    }
    return status;
}

static enum pintle_status check_crit(const struct pintle__payload *payload,
                                     const char *const *names)
{
    const json_t *crit = payload->known[PINTLE__PAYLOAD_CRIT];
    struct pintle__at at = pintle__at_key(&payload->root, "crit");

    if (crit == NULL)
        return PINTLE_OK;
    return pintle__check_crit(&payload->source, &at, crit, PINTLE__PAYLOAD_CRIT_MAX, names);
}

/* --- what all have -------------------------------------------------------------------------------- */

static enum pintle_status read_common(struct pintle__payload *payload)
{
    const struct pintle__source *source = &payload->source;
    json_t *const *known = payload->known;
    struct pintle__at app = pintle__at_key(&payload->root, "app");
    struct pintle__at epoch = pintle__at_key(&payload->root, "epoch");
    struct pintle__at issued = pintle__at_key(&payload->root, "issued");
    struct pintle__at expires = pintle__at_key(&payload->root, "expires");
    enum pintle_status status = pintle__get_string(source, &app, known[PINTLE__PAYLOAD_APP], 1,
                                                   PINTLE__PAYLOAD_APP_MAX_LEN, &payload->app);

    if (status == PINTLE_OK)
        status = pintle__get_integer(source, &epoch, known[PINTLE__PAYLOAD_EPOCH], 1, INT64_MAX,
                                     &payload->epoch);
    if (status == PINTLE_OK)
        status = pintle__get_time(source, &issued, known[PINTLE__PAYLOAD_ISSUED], &payload->issued);
    if (status == PINTLE_OK)
        status =
            pintle__get_time(source, &expires, known[PINTLE__PAYLOAD_EXPIRES], &payload->expires);
    if (status == PINTLE_OK && payload->expires <= payload->issued)
        status = pintle__payload_refuse(payload, &expires, "is not after issued");
    return status;
}

enum pintle_status pintle__payload_read(struct pintle__payload *payload, enum pintle_role role,
                                        struct pintle_view bytes, const char *const *names,
                                        struct pintle_error *err)
{
    const char *text = (const char *)bytes.data;
    bool unknown;
    enum pintle_status status;

    memset(payload, 0, sizeof(*payload));
    payload->source = (struct pintle__source){text, bytes.len, err};
    if (bytes.len > pintle__payload_max_len(role)) {
        pintle__error_set(err, PINTLE_E_LIMIT, "the payload is longer than %zu bytes",
                          pintle__payload_max_len(role));
        return PINTLE_E_LIMIT;
    }
    status = pintle__scan(text, bytes.len, NULL, NULL, err);
    if (status == PINTLE_OK)
        status = pintle__json_read(&payload->json, text, bytes.len, err);
    if (status == PINTLE_OK)
        status = pintle__get_members(&payload->source, &payload->root, payload->json, names,
                                     payload->known, &unknown);
    if (status == PINTLE_OK)
        status = check_format(payload, names[0]);
    if (status == PINTLE_OK)
        status = pintle__refuse_reals(&payload->source, &payload->root, payload->json);
    if (status == PINTLE_OK)
        status = check_crit(payload, names);
    if (status == PINTLE_OK)
        status = read_common(payload);
    return status;
}

void pintle__payload_clear(struct pintle__payload *payload)
{
    json_decref(payload->json);
    payload->json = NULL;
}
