/* SPDX-License-Identifier: Apache-2.0 */
/* Envoy: the transport socket of the cluster for one host. */
#include <string.h>

#include "envoy_context.h"
#include "yaml_file.h"

#define BASE64_LEN 44

/* --- writing -------------------------------------------------------------------------------------- */

static enum pintle_status write_envoy(struct text *out, const struct writing *writing,
                                      struct pintle_error *err)
{
    (void)err;
    text_printf(out,
                "# Made by pintle export from %s.\n# For the cluster of %s alone: Envoy compares "
                "the pins whatever the host.\ntransport_socket:\n",
                writing->title, writing->host->text);
    envoy_write_context(out, writing, 2);
    return PINTLE_OK;
}

/* --- reading -------------------------------------------------------------------------------------- */

/*
 * list     the number of the sequence that the pins stand in: Envoy has one for each cluster, and hosts are not named here
 * context  the number of the mapping around it, 0 while there is none
 * last_ca  that of the mapping around the trusted_ca seen last
 */
struct envoy {
    struct reading *reading;
    struct clause clause;
    size_t list;
    size_t context;
    size_t last_ca;
    bool has_ca;
};

static enum pintle_status read_pin(struct envoy *envoy, const struct yaml_scalar *scalar,
                                   struct pintle_error *err)
{
    struct clause_pin pin = {.at = PINTLE_AT_LEAF, .until = PINTLE_NEVER};

    if (envoy->context != 0 && scalar->sequence != envoy->list)
        return format_refuse(err, PINTLE_E_CONFLICT, scalar->line, scalar->column,
                             "another list of pins: import the part of one cluster at a time");
    if (scalar->len != BASE64_LEN ||
        pintle_pin_parse(&pin.pin, scalar->value, scalar->len, NULL) != PINTLE_OK)
        return format_refuse(err, PINTLE_E_PIN, scalar->line, scalar->column,
                             "Envoy refuses what is not the base64 of 32 bytes: %.60s",
                             scalar->value);
    envoy->list = scalar->sequence;
    envoy->context = yaml_file_mapping(scalar, "verify_certificate_spki");
    envoy->has_ca = envoy->has_ca || envoy->last_ca == envoy->context;
    if (clause_add_pin(envoy->reading->out, &envoy->clause, &pin))
        return PINTLE_OK;
    return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

static enum pintle_status read_scalar(void *ctx, const struct yaml_scalar *scalar,
                                      struct pintle_error *err)
{
    struct envoy *envoy = ctx;
    size_t ca = yaml_file_mapping(scalar, "trusted_ca");

    if (yaml_file_is(scalar, "verify_certificate_spki"))
        return read_pin(envoy, scalar, err);
    if (yaml_file_is(scalar, "verify_certificate_hash"))
        notes_add(envoy->reading->notes, NOTE_OTHER_HASH, scalar->line, "%.100s", scalar->value);
    if (ca == 0)
        return PINTLE_OK;
    envoy->last_ca = ca;
    envoy->has_ca = envoy->has_ca || ca == envoy->context;
    return PINTLE_OK;
}

static enum pintle_status finish(struct envoy *envoy, struct pintle_error *err)
{
    struct reading *reading = envoy->reading;
    struct clause *clause;

    if (envoy->clause.pin_count == 0)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "no verify_certificate_spki");
    clause = clauses_add(reading->out);
    if (clause == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    clause->pins = envoy->clause.pins;
    clause->pin_count = envoy->clause.pin_count;
    clause->port = reading->port;
    clause->key_alone = !envoy->has_ca;
    clause->host = clauses_text(reading->out, reading->host->text, reading->host->len);
    if (clause->key_alone)
        notes_add(reading->notes, NOTE_NO_PATH, 0, "there is no trusted_ca");
    if (clause->host == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return PINTLE_OK;
}

static enum pintle_status read_envoy(struct reading *reading, const char *text, size_t len,
                                     struct pintle_error *err)
{
    struct envoy envoy = {.reading = reading};
    enum pintle_status status = yaml_file_scan(text, len, read_scalar, &envoy, err);

    return status == PINTLE_OK ? finish(&envoy, err) : status;
}

const struct format format_envoy = {
    .name = "envoy",
    .title = "Envoy transport socket (YAML)",
    .place = "in the cluster of the host: static_resources.clusters[].transport_socket",
    .semantics = ENVOY_SEMANTICS,
    .write = write_envoy,
    .read = read_envoy,
};
