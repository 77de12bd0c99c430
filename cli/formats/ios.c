/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iOS and macOS: NSPinnedDomains of App Transport Security. What is written is Apple's documentation
 * ("NSPinnedDomains", Information Property List); how it is read is the system's own source
 * (parseNSPinnedDomains() of SecPolicy.c, SecPolicyCheckLeafSPKISHA256() and SecPolicyCheckCAspkiSHA256() of
 * SecPolicyServer.c, Security-59754 and later):
 *
 * - an entry covers its name, and with NSIncludesSubdomains what is one label below it; case does not count;
 * - all entries that cover a host count: their leaf lists are joined, and so are their CA lists;
 * - a host with pins in both must match both. An empty list is matched by nothing;
 * - pins are looked for in the path that was validated.
 *
 * Host names are compared as text, so that an IP address would match its own entry; Apple documents domain
 * names alone, so none is written.
 */
#include <string.h>

#include "format.h"
#include "pin_text.h"
#include "plist.h"

#define OUTER "NSAppTransportSecurity"
#define INNER "NSPinnedDomains"
#define SUBDOMAINS "NSIncludesSubdomains"
#define LEAVES "NSPinnedLeafIdentities"
#define CAS "NSPinnedCAIdentities"
#define DIGEST "SPKI-SHA256-BASE64"

/* --- writing -------------------------------------------------------------------------------------- */

/* The pins of a clause stand in one position. */
static void write_clause(struct plist_writer *writer, const struct clause *clause)
{
    plist_open(writer, clause->host, "dict");
    plist_bool(writer, SUBDOMAINS, clause->reach == REACH_EXACT_OR_ONE);
    plist_open(writer, clause->pins[0].at == PINTLE_AT_CA ? CAS : LEAVES, "array");
    for (size_t i = 0; i < clause->pin_count; i++) {
        char pin[PIN_TEXT_SIZE];

        plist_open(writer, NULL, "dict");
        plist_string(writer, DIGEST, pin_text_format(&clause->pins[i].pin, "base64", pin),
                     clause->pins[i].label);
        plist_close(writer, "dict");
    }
    plist_close(writer, "array");
    plist_close(writer, "dict");
}

static enum pintle_status write_ios(struct text *out, const struct writing *writing,
                                    struct pintle_error *err)
{
    struct plist_writer writer;

    if (writing->clauses->count == 0)
        return format_refuse(err, PINTLE_E_SCHEMA, 0, 0, "no rule of the pin-set can be written");
    plist_begin(&writer, out, writing->title);
    plist_open(&writer, NULL, "dict");
    plist_open(&writer, OUTER, "dict");
    plist_open(&writer, INNER, "dict");
    for (size_t i = 0; i < writing->clauses->count; i++)
        write_clause(&writer, &writing->clauses->items[i]);
    plist_close(&writer, "dict");
    plist_close(&writer, "dict");
    plist_close(&writer, "dict");
    plist_end(&writer);
    return PINTLE_OK;
}

/* --- reading -------------------------------------------------------------------------------------- */

static void pass_over(const struct reading *reading, const struct plist *at, const char *host,
                      const char *why)
{
    notes_add(reading->notes, NOTE_UNKNOWN, at->line, "%.200s: %s", host, why);
}

/* SecBase64Decode() steps over what is no base64, above all white space. */
static enum pintle_status read_digest(struct pintle_pin *out, const char *text)
{
    char packed[PIN_TEXT_SIZE];
    size_t len = 0;

    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) != NULL)
            continue;
        if (len == sizeof(packed) - 1)
            return PINTLE_E_PIN;
        packed[len++] = *text;
    }
    packed[len] = '\0';
    return plist_pin(out, packed);
}

static enum pintle_status read_identity(const struct reading *reading, struct clause *clause,
                                        const struct plist *item, enum pintle_position at,
                                        struct pintle_error *err)
{
    struct clause_pin pin = {.at = at, .until = PINTLE_NEVER};
    const struct plist *digest = plist_get(item, DIGEST);

    if (digest == NULL || digest->kind != PLIST_STRING)
        pass_over(reading, item, clause->host, "an item without a string " DIGEST);
    else if (read_digest(&pin.pin, digest->text) != PINTLE_OK)
        notes_add(reading->notes, NOTE_OTHER_HASH, digest->line, "%.200s: %.60s", clause->host,
                  digest->text);
    else if (!clause_add_pin(reading->out, clause, &pin))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    return PINTLE_OK;
}

/* A list that is there and holds no pin is matched by no key. */
static enum pintle_status read_list(const struct reading *reading, struct clause *clause,
                                    const struct plist *list, enum pintle_position at,
                                    struct pintle_error *err)
{
    size_t before = clause->pin_count;

    if (list == NULL)
        return PINTLE_OK;
    for (const struct plist *item = list->first; list->kind == PLIST_ARRAY && item != NULL;
         item = item->next) {
        enum pintle_status status = read_identity(reading, clause, item, at, err);

        if (status != PINTLE_OK)
            return status;
    }
    if (clause->pin_count == before)
        return plist_refuse(err, PINTLE_E_PIN, list,
                            "%.100s: %s holds no pin: iOS refuses every server there", clause->host,
                            list->key);
    return PINTLE_OK;
}

/* Both lists are asked for: the leaf alone says it more narrowly than the CA. */
static enum pintle_status read_pins(const struct reading *reading, struct clause *clause,
                                    const struct plist *entry, struct pintle_error *err)
{
    struct clause cas = *clause;
    enum pintle_status status =
        read_list(reading, clause, plist_get(entry, LEAVES), PINTLE_AT_LEAF, err);

    if (status == PINTLE_OK)
        status = read_list(reading, &cas, plist_get(entry, CAS), PINTLE_AT_CA, err);
    if (status != PINTLE_OK)
        return status;
    if (clause->pin_count == 0) {
        clause->pins = cas.pins;
        clause->pin_count = cas.pin_count;
    } else if (cas.pin_count > 0)
        notes_add(reading->notes, NOTE_BOTH_LISTS, entry->line, "%.200s", clause->host);
    return PINTLE_OK;
}

static bool includes_subdomains(const struct reading *reading, const struct plist *entry)
{
    const struct plist *value = plist_get(entry, SUBDOMAINS);

    if (value != NULL && value->kind != PLIST_TRUE && value->kind != PLIST_FALSE)
        pass_over(reading, value, entry->key, SUBDOMAINS " is no boolean, and counts as false");
    return value != NULL && value->kind == PLIST_TRUE;
}

static void tell_unknown(const struct reading *reading, const struct plist *entry)
{
    for (const struct plist *m = entry->first; m != NULL; m = m->next)
        if (strcmp(m->key, SUBDOMAINS) != 0 && strcmp(m->key, LEAVES) != 0 &&
            strcmp(m->key, CAS) != 0)
            pass_over(reading, m, entry->key, m->key);
}

/* What no host is equal to pins nothing: the system compares text. */
static bool is_name(struct pintle_host *out, const char *key)
{
    size_t len = strlen(key);

    return pintle_host_parse(out, key, len, NULL) == PINTLE_OK && key[len - 1] != '.';
}

static enum pintle_status read_entry(const struct reading *reading, const struct plist *entry,
                                     struct pintle_error *err)
{
    struct pintle_host host;
    struct clause *clause;

    if (!is_name(&host, entry->key))
        pass_over(reading, entry, entry->key, "is no host name, and matches none");
    else if (entry->kind != PLIST_DICT)
        pass_over(reading, entry, entry->key, "is no dictionary");
    else if (plist_get(entry, LEAVES) == NULL && plist_get(entry, CAS) == NULL)
        pass_over(reading, entry, entry->key, "has neither " LEAVES " nor " CAS);
    else {
        clause = clauses_add(reading->out);
        if (clause == NULL)
            return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
        clause->group = reading->out->count;
        clause->line = entry->line;
        clause->host = clauses_text(reading->out, host.text, host.len);
        if (clause->host == NULL)
            return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
        tell_unknown(reading, entry);
        clause->reach =
            includes_subdomains(reading, entry) && !host.is_ip ? REACH_EXACT_OR_ONE : REACH_EXACT;
        return read_pins(reading, clause, entry, err);
    }
    return PINTLE_OK;
}

static enum pintle_status read_ios(struct reading *reading, const char *text, size_t len,
                                   struct pintle_error *err)
{
    static const char *const marks[] = {LEAVES, CAS, NULL};
    const struct plist *root = NULL;
    const struct plist *domains = NULL;
    enum pintle_status status = plist_parse(&root, reading->out, reading->notes, text, len, err);

    if (status == PINTLE_OK)
        status = plist_find(&domains, root, OUTER, INNER, marks, err);
    if (status != PINTLE_OK)
        return status;
    for (const struct plist *entry = domains->first; entry != NULL; entry = entry->next) {
        status = read_entry(reading, entry, err);
        if (status != PINTLE_OK)
            return status;
    }
    if (reading->out->count == 0)
        return plist_refuse(err, PINTLE_E_SCHEMA, domains, INNER " pins no host");
    return PINTLE_OK;
}

const struct format format_ios = {
    .name = "ios",
    .title = "iOS and macOS NSPinnedDomains",
    .place = "the Info.plist of the app's target in Xcode",
    .semantics = {.reaches = REACH_BIT(REACH_EXACT) | REACH_BIT(REACH_EXACT_OR_ONE),
                  .positions = AT_BIT(PINTLE_AT_LEAF) | AT_BIT(PINTLE_AT_CA),
                  .one_position = true,
                  .one_per_host = true,
                  .every_match = true,
                  .path = PATH_ALWAYS,
                  .min_pins = 1},
    .write = write_ios,
    .read = read_ios,
};
