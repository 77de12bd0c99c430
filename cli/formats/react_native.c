/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssl_config.json of react-native-ssl-manager (its README.md and src/config: normalizeSslConfig() and isExpired()). Keys stand
 * under "sha256Keys", everything else of a domain under "domains": includeSubdomains (true unless given), enforcePinning
 * (true), expirationDate, through the end of which pins count. TrustKit enforces it on iOS; a generated
 * network_security_config.xml and OkHttp do on Android.
 */
#include <string.h>

#include "json_file.h"
#include "pin_text.h"

#define DAY_S 86400
#define MIN_PINS 2 /* of TrustKit, on iOS */
#define PIN_PREFIX "sha256/"

/* --- writing -------------------------------------------------------------------------------------- */

static void write_keys(struct text *out, const struct clause *clause, bool last)
{
    text_add(out, "    ");
    text_add_quoted(out, clause->host, TEXT_DOLLAR_PLAIN);
    text_add(out, ": [\n");
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PINTLE_PIN_TEXT_SIZE];

        text_printf(out, "      \"%s\"%s\n", pintle_pin_format(&clause->pins[i].pin, pin),
                    i + 1 < clause->pin_count ? "," : "");
    }
    text_printf(out, "    ]%s\n", last ? "" : ",");
}

/* The last day on which pins count. */
static void write_domain(struct text *out, const struct clause *clause, bool last)
{
    char day[FORMAT_DAY_SIZE];

    text_add(out, "    ");
    text_add_quoted(out, clause->host, TEXT_DOLLAR_PLAIN);
    text_printf(out, ": {\n      \"includeSubdomains\": %s,\n      \"enforcePinning\": %s%s",
                clause->reach == REACH_ANY ? "true" : "false", clause->enforce ? "true" : "false",
                clause->until != PINTLE_NEVER ? "," : "");
    if (clause->until != PINTLE_NEVER)
        text_printf(out, "\n      \"expirationDate\": \"%s\"",
                    format_day(clause->until - DAY_S, day));
    text_printf(out, "\n    }%s\n", last ? "" : ",");
}

static enum pintle_status write_react_native(struct text *out, const struct writing *writing,
                                             struct pintle_error *err)
{
    const struct clauses *clauses = writing->clauses;

    if (clauses->count == 0)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0,
                             "the platform refuses a file without any host");
    text_add(out, "{\n  \"sha256Keys\": {\n");
    for (size_t i = 0; i < clauses->count; i++)
        write_keys(out, &clauses->items[i], i + 1 == clauses->count);
    text_add(out, "  },\n  \"domains\": {\n");
    for (size_t i = 0; i < clauses->count; i++)
        write_domain(out, &clauses->items[i], i + 1 == clauses->count);
    text_add(out, "  }\n}\n");
    return PINTLE_OK;
}

/* --- reading -------------------------------------------------------------------------------------- */

static enum pintle_status no_memory(struct pintle_error *err)
{
    return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

static enum pintle_status read_pin(struct reading *reading, struct clause *clause,
                                   const json_t *value, struct pintle_error *err)
{
    struct clause_pin pin = {.until = PINTLE_NEVER};
    struct pintle_error why = {0};

    if (!json_is_string(value))
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "/sha256Keys/%.80s: a pin is no string",
                             clause->host);
    if (strncmp(json_string_value(value), PIN_PREFIX, strlen(PIN_PREFIX)) != 0 ||
        pintle_pin_parse(&pin.pin, json_string_value(value), json_string_length(value), &why) !=
            PINTLE_OK)
        return format_refuse(err, PINTLE_E_PIN, 0, 0,
                             "/sha256Keys/%.80s: the platform refuses the pin %.52s", clause->host,
                             json_string_value(value));
    return clause_add_pin(reading->out, clause, &pin) ? PINTLE_OK : no_memory(err);
}

static enum pintle_status read_bool(bool *out, const json_t *domain, const char *name,
                                    const char *host, struct pintle_error *err)
{
    const json_t *value = json_object_get(domain, name);

    if (value == NULL)
        return PINTLE_OK;
    if (!json_is_boolean(value))
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0,
                             "/domains/%.80s/%s: is neither true nor false", host, name);
    *out = json_is_true(value);
    return PINTLE_OK;
}

static enum pintle_status read_end(struct reading *reading, struct clause *clause,
                                   const json_t *domain, struct pintle_error *err)
{
    const json_t *value = json_object_get(domain, "expirationDate");
    int64_t day;

    if (value == NULL)
        return PINTLE_OK;
    if (!json_is_string(value) ||
        !format_parse_day(&day, json_string_value(value), json_string_length(value)))
        return format_refuse(err, PINTLE_E_TIME, 0, 0,
                             "/domains/%.80s/expirationDate: is no day such as 2027-05-01",
                             clause->host);
    clause->until = day + DAY_S;
    notes_add(reading->notes, NOTE_ENDS, 0, "%s, after %s", clause->host, json_string_value(value));
    return PINTLE_OK;
}

static enum pintle_status read_domain(struct reading *reading, struct clause *clause,
                                      const json_t *domain, struct pintle_error *err)
{
    bool subdomains = true;
    enum pintle_status status;

    if (domain != NULL && !json_is_object(domain))
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "/domains/%.80s: is no object",
                             clause->host);
    status = read_bool(&subdomains, domain, "includeSubdomains", clause->host, err);
    if (status == PINTLE_OK)
        status = read_bool(&clause->enforce, domain, "enforcePinning", clause->host, err);
    if (status == PINTLE_OK)
        status = read_end(reading, clause, domain, err);
    clause->reach = subdomains ? REACH_ANY : REACH_EXACT;
    if (!clause->enforce)
        notes_add(reading->notes, NOTE_NOT_ENFORCED, 0, "%s", clause->host);
    return status;
}

static enum pintle_status read_host(struct reading *reading, const char *name, const json_t *pins,
                                    const json_t *domain, struct pintle_error *err)
{
    struct clause *clause = clauses_add(reading->out);
    enum pintle_status status;
    struct pintle_host host;

    if (clause == NULL)
        return no_memory(err);
    if (pintle_host_parse(&host, name, strlen(name), NULL) != PINTLE_OK)
        return format_refuse(err, PINTLE_E_HOST, 0, 0, "/sha256Keys: is no host: %.100s", name);
    clause->host = clauses_text(reading->out, host.text, host.len);
    clause->group = reading->out->count;
    if (clause->host == NULL)
        return no_memory(err);
    status = read_domain(reading, clause, domain, err);
    if (host.is_ip)
        clause->reach = REACH_EXACT;
    if (status == PINTLE_OK && (!json_is_array(pins) || json_array_size(pins) == 0))
        status = format_refuse(err, PINTLE_E_PIN, 0, 0,
                               "/sha256Keys/%.80s: the platform asks for at least one pin",
                               clause->host);
    for (size_t i = 0; status == PINTLE_OK && i < json_array_size(pins); i++)
        status = read_pin(reading, clause, json_array_get(pins, i), err);
    if (status == PINTLE_OK && clause->pin_count < MIN_PINS)
        notes_add(reading->notes, NOTE_TOO_FEW, 0, "%s, on iOS", clause->host);
    return status;
}

/* One list for all domains. */
static enum pintle_status read_reports(struct reading *reading, const json_t *list,
                                       struct pintle_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *url = json_array_get(list, i);

        if (!json_is_string(url) || strncmp(json_string_value(url), "https://", 8) != 0)
            return format_refuse(err, PINTLE_E_SCHEMA, 0, 0,
                                 "/reportUris: the platform refuses what is no https:// URL");
        for (size_t j = 0; j < reading->out->count; j++)
            if (!clause_add_report(reading->out, &reading->out->items[j], json_string_value(url),
                                   json_string_length(url)))
                return no_memory(err);
    }
    return PINTLE_OK;
}

static void note_surplus(struct reading *reading, json_t *root)
{
    static const char *const known[] = {"sha256Keys", "domains", "reportUris"};
    const char *name;
    json_t *value;

    json_object_foreach(root, name, value)
    {
        bool is_known = false;

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            is_known = is_known || strcmp(known[i], name) == 0;
        if (!is_known)
            notes_add(reading->notes, NOTE_UNKNOWN, 0, "%.200s", name);
    }
}

static enum pintle_status read_root(struct reading *reading, json_t *root, struct pintle_error *err)
{
    const json_t *domains = json_object_get(root, "domains");
    enum pintle_status status;
    const char *name;
    json_t *keys;
    json_t *pins;

    status = json_file_member(&keys, root, "sha256Keys", JSON_OBJECT, "", err);
    if (status == PINTLE_OK && json_object_size(keys) == 0)
        status = format_refuse(err, PINTLE_E_SCHEMA, 0, 0,
                               "/sha256Keys: the platform asks for at least one host");
    if (status != PINTLE_OK)
        return status;
    json_object_foreach(keys, name, pins)
    {
        status = read_host(reading, name, pins, json_object_get(domains, name), err);
        if (status != PINTLE_OK)
            return status;
    }
    note_surplus(reading, root);
    return read_reports(reading, json_object_get(root, "reportUris"), err);
}

static enum pintle_status read_react_native(struct reading *reading, const char *text, size_t len,
                                            struct pintle_error *err)
{
    json_t *root;
    enum pintle_status status = json_file_parse(&root, reading, text, len, err);

    if (status == PINTLE_OK)
        status = read_root(reading, root, err);
    json_decref(root);
    return status;
}

const struct format format_react_native = {
    .name = "react-native",
    .title = "react-native-ssl-manager (ssl_config.json)",
    .place = "ssl_config.json in the root of the project",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_ANY),
                  .positions = AT_BIT(PINTLE_AT_ANY),
                  .one_per_host = true,
                  .report_mode = true,
                  .end = END_DAY_LOCAL,
                  .path = PATH_ALWAYS,
                  .min_pins = MIN_PINS},
    .write = write_react_native,
    .read = read_react_native,
};
