/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/statement.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/envelope.h"
#include "bundle/payload.h"

#define REASON_MAX_LEN 512
#define RULE_MAX_LEN (sizeof(((struct pintle_unpin_rule *)NULL)->rule) - 1)

static const char *copy_string(char *out, struct pintle__string string)
{
    memcpy(out, string.text, string.len + 1);
    return out;
}

/* --- fresh -------------------------------------------------------------------------------------- */

enum fresh_member {
    FRESH_VERSION = PINTLE__PAYLOAD_OWN,
    FRESH_PINS,
    FRESH_MEMBERS
};
static const char *const fresh_members[FRESH_MEMBERS + 1] = {
    "pintle_fresh", PINTLE__PAYLOAD_COMMON_MEMBERS, "version", "pins", NULL};
_Static_assert(FRESH_MEMBERS <= PINTLE__PAYLOAD_MEMBERS_MAX, "there is a place for each");

static enum pintle_status read_fresh(struct pintle__fresh **out,
                                     const struct pintle__payload *payload)
{
    struct pintle__at version_at = pintle__at_key(&payload->root, "version");
    struct pintle__at pins_at = pintle__at_key(&payload->root, "pins");
    struct pintle__fresh *fresh;
    const char *pins = NULL;
    int64_t version;
    enum pintle_status status = pintle__get_integer(
        &payload->source, &version_at, payload->known[FRESH_VERSION], 1, INT64_MAX, &version);

    if (status == PINTLE_OK)
        status = pintle__get_hex(payload, &pins_at, payload->known[FRESH_PINS], &pins);
    if (status != PINTLE_OK)
        return status;
    fresh = calloc(1, sizeof(*fresh) + payload->app.len + 1);
    if (fresh == NULL)
        return pintle__no_memory(payload->source.err);
    fresh->app = copy_string((char *)(fresh + 1), payload->app);
    fresh->epoch = payload->epoch;
    fresh->version = version;
    fresh->issued = payload->issued;
    fresh->expires = payload->expires;
    memcpy(fresh->pins, pins, sizeof(fresh->pins));
    *out = fresh;
    return PINTLE_OK;
}

enum pintle_status pintle__fresh_parse(struct pintle__fresh **out, struct pintle_view payload,
                                       struct pintle_error *err)
{
    struct pintle__payload reader;
    enum pintle_status status =
        pintle__payload_read(&reader, PINTLE_ROLE_FRESH, payload, fresh_members, err);

    *out = NULL;
    if (status == PINTLE_OK)
        status = read_fresh(out, &reader);
    pintle__payload_clear(&reader);
    return status;
}

/* --- unpin -------------------------------------------------------------------------------------- */

enum unpin_member {
    UNPIN_SERIAL = PINTLE__PAYLOAD_OWN,
    UNPIN_REASON,
    UNPIN_RULES,
    UNPIN_MEMBERS
};
static const char *const unpin_members[UNPIN_MEMBERS + 1] = {
    "pintle_unpin", PINTLE__PAYLOAD_COMMON_MEMBERS, "serial", "reason", "rules", NULL};
_Static_assert(UNPIN_MEMBERS <= PINTLE__PAYLOAD_MEMBERS_MAX, "there is a place for each");

enum rule_member {
    RULE_ID,
    RULE_MODE,
    RULE_MEMBERS
};
static const char *const rule_members[RULE_MEMBERS + 1] = {"id", "mode", NULL};

enum mode {
    MODE_ENFORCE,
    MODE_REPORT,
    MODE_OFF
};
static const char *const modes[] = {"enforce", "report", "off", NULL};

/* rules[index] is not filled yet; every id is there once. */
static bool is_known_rule(const struct pintle_unpin_rule *rules, uint32_t index, const char *id)
{
    uint32_t i = 0;

    while (i < index && strcmp(rules[i].rule, id) != 0)
        i++;
    return i < index;
}

static enum pintle_status read_rule(struct pintle__unpin *out, struct pintle_unpin_rule *rules,
                                    uint32_t index, const struct pintle__payload *payload,
                                    const struct pintle__at *at)
{
    json_t *json = json_array_get(payload->known[UNPIN_RULES], index);
    struct pintle__at id_at = pintle__at_key(at, "id");
    struct pintle__at mode_at = pintle__at_key(at, "mode");
    json_t *known[RULE_MEMBERS];
    struct pintle__string id = {"", 0};
    unsigned mode;
    bool unknown;
    enum pintle_status status =
        pintle__get_members(&payload->source, at, json, rule_members, known, &unknown);

    if (status == PINTLE_OK)
        status = pintle__get_string(&payload->source, &id_at, known[RULE_ID], 1, RULE_MAX_LEN, &id);
    if (status == PINTLE_OK && is_known_rule(rules, index, id.text))
        status = pintle__payload_refuse(payload, &id_at, "is there twice");
    if (status == PINTLE_OK)
        status = pintle__get_word(&payload->source, &mode_at, known[RULE_MODE], modes, &mode);
    if (status != PINTLE_OK)
        return status;
    (void)copy_string(rules[index].rule, id);
    rules[index].off = mode == MODE_OFF;
    out->tightens = out->tightens || mode == MODE_ENFORCE;
    return PINTLE_OK;
}

/* What is left behind the struct is for the rules, then the reason, then app. */
static enum pintle_status fill_unpin(struct pintle__unpin *out, uint32_t rule_count,
                                     struct pintle__string reason,
                                     const struct pintle__payload *payload)
{
    struct pintle__at at = pintle__at_key(&payload->root, "rules");
    struct pintle_unpin_rule *rules = (struct pintle_unpin_rule *)(out + 1);
    char *text = (char *)(rules + rule_count);
    enum pintle_status status = PINTLE_OK;

    out->unpin.issued = payload->issued;
    out->unpin.expires = payload->expires;
    out->unpin.reason = copy_string(text, reason);
    out->unpin.rule_count = rule_count;
    out->unpin.rules = rules;
    out->app = copy_string(text + reason.len + 1, payload->app);
    out->epoch = payload->epoch;
    for (uint32_t i = 0; status == PINTLE_OK && i < rule_count; i++) {
        struct pintle__at item = pintle__at_index(&at, i);
        status = read_rule(out, rules, i, payload, &item);
    }
    return status;
}

static enum pintle_status read_reason(const struct pintle__payload *payload,
                                      struct pintle__string *out)
{
    struct pintle__at at = pintle__at_key(&payload->root, "reason");
    const json_t *json = payload->known[UNPIN_REASON];

    *out = (struct pintle__string){"", 0};
    if (json == NULL)
        return PINTLE_OK;
    return pintle__get_string(&payload->source, &at, json, 0, REASON_MAX_LEN, out);
}

static enum pintle_status read_unpin(struct pintle__unpin **out,
                                     const struct pintle__payload *payload)
{
    struct pintle__at serial_at = pintle__at_key(&payload->root, "serial");
    struct pintle__at rules_at = pintle__at_key(&payload->root, "rules");
    struct pintle__string reason = {"", 0};
    uint32_t count = 0;
    int64_t serial = 0;
    enum pintle_status status = pintle__get_integer(
        &payload->source, &serial_at, payload->known[UNPIN_SERIAL], 1, INT64_MAX, &serial);

    if (status == PINTLE_OK)
        status = read_reason(payload, &reason);
    if (status == PINTLE_OK)
        status = pintle__get_list(payload, &rules_at, payload->known[UNPIN_RULES], 0,
                                  PINTLE_UNPIN_RULES_MAX, &count);
    if (status != PINTLE_OK)
        return status;
    *out = calloc(1, sizeof(**out) + count * sizeof(struct pintle_unpin_rule) + reason.len + 1 +
                         payload->app.len + 1);
    if (*out == NULL)
        return pintle__no_memory(payload->source.err);
    (*out)->unpin.serial = serial;
    return fill_unpin(*out, count, reason, payload);
}

enum pintle_status pintle__unpin_parse(struct pintle__unpin **out, struct pintle_view payload,
                                       struct pintle_error *err)
{
    struct pintle__payload reader;
    enum pintle_status status =
        pintle__payload_read(&reader, PINTLE_ROLE_UNPIN, payload, unpin_members, err);

    *out = NULL;
    if (status == PINTLE_OK)
        status = read_unpin(out, &reader);
    if (status != PINTLE_OK) {
        free(*out);
        *out = NULL;
    }
    pintle__payload_clear(&reader);
    return status;
}
