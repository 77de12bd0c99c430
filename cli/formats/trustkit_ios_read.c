/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plist.h"
#include "public_name.h"
#include "trustkit_ios.h"

/*
 * One entry.
 *
 * at      the entry
 * clause  what is made of it
 */
struct entry {
    const struct reading *reading;
    struct pintle_error *err;
    const struct plist *at;
    struct clause *clause;
};

static enum pintle_status no_memory(const struct entry *entry)
{
    return format_refuse(entry->err, PINTLE_E_NOMEM, 0, 0, "out of memory");
}

/* --- values ---------------------------------------------------------------------------------------- */

/* -[NSString boolValue]: after blanks, a sign and zeros, a digit or one of these letters is true. */
static bool string_is_true(const char *text)
{
    text += strspn(text, " \t\r\n");
    text += strspn(text, "+-");
    text += strspn(text, "0");
    return *text != '\0' && strchr("YyTt123456789", *text) != NULL;
}

/* Numbers have a boolValue, and so have strings; for the rest of the kinds the app ends. */
static enum pintle_status read_bool(const struct entry *entry, const char *key, bool *out)
{
    const struct plist *value = plist_get(entry->at, key);

    if (value == NULL)
        return PINTLE_OK;
    if (value->kind == PLIST_TRUE || value->kind == PLIST_FALSE)
        *out = value->kind == PLIST_TRUE;
    else if (value->kind == PLIST_INTEGER)
        *out = strtoll(value->text, NULL, 0) != 0;
    else if (value->kind == PLIST_STRING)
        *out = string_is_true(value->text);
    else
        return plist_refuse(entry->err, PINTLE_E_SCHEMA, value, "%.100s: %s is %s, not a boolean",
                            entry->at->key, key, plist_kind_name(value));
    return PINTLE_OK;
}

/* NULL if it is absent. */
static enum pintle_status read_array(const struct entry *entry, const char *key,
                                     const struct plist **out)
{
    *out = plist_get(entry->at, key);
    if (*out == NULL || (*out)->kind == PLIST_ARRAY)
        return PINTLE_OK;
    return plist_refuse(entry->err, PINTLE_E_SCHEMA, *out, "%.100s: %s is %s, not an array",
                        entry->at->key, key, plist_kind_name(*out));
}

static enum pintle_status check_string(const struct entry *entry, const struct plist *value,
                                       const char *key)
{
    if (value->kind == PLIST_STRING)
        return PINTLE_OK;
    return plist_refuse(entry->err, PINTLE_E_SCHEMA, value, "%.100s: %s holds %s, not a string",
                        entry->at->key, key, plist_kind_name(value));
}

/* --- the members of an entry ------------------------------------------------------------------------ */

static enum pintle_status read_pins(const struct entry *entry)
{
    const struct plist *list = NULL;
    enum pintle_status status = read_array(entry, TSK_HASHES, &list);
    size_t least = entry->clause->enforce ? 2 : 1;

    for (const struct plist *p = list != NULL ? list->first : NULL;
         status == PINTLE_OK && p != NULL; p = p->next) {
        struct clause_pin pin = {.at = PINTLE_AT_ANY, .until = PINTLE_NEVER};

        status = check_string(entry, p, TSK_HASHES);
        if (status == PINTLE_OK && plist_pin(&pin.pin, p->text) != PINTLE_OK)
            return plist_refuse(
                entry->err, PINTLE_E_PIN, p,
                "%.100s: \"%.60s\" is no SHA-256 in base64: TrustKit refuses to start",
                entry->at->key, p->text);
        if (status == PINTLE_OK && !clause_add_pin(entry->reading->out, entry->clause, &pin))
            return no_memory(entry);
    }
    if (status == PINTLE_OK && entry->clause->pin_count < least)
        return plist_refuse(entry->err, PINTLE_E_PIN, entry->at,
                            "%.100s: has %zu pins of %zu: TrustKit refuses to start",
                            entry->at->key, entry->clause->pin_count, least);
    return status;
}

/* One or two digits of a month or day as two. False for anything else. */
static bool pad(char out[3], const char *digits, size_t len)
{
    if (len < 1 || len > 2)
        return false;
    out[0] = '0';
    memcpy(out + 2 - len, digits, len);
    out[2] = '\0';
    return true;
}

/* NSDateFormatter is content with single digits where it is told of two. */
static bool parse_day(int64_t *out, const char *text)
{
    const char *month = strchr(text, '-');
    const char *day = month != NULL ? strchr(month + 1, '-') : NULL;
    char whole[FORMAT_DAY_SIZE];
    char two[2][3];

    if (day == NULL || month - text != 4 || !pad(two[0], month + 1, (size_t)(day - month - 1)) ||
        !pad(two[1], day + 1, strlen(day + 1)))
        return false;
    (void)snprintf(whole, sizeof(whole), "%.4s-%.2s-%.2s", text, two[0], two[1]);
    return format_parse_day(out, whole, FORMAT_DAY_SIZE - 1);
}

/* A day that the formatter cannot read becomes nil, and nil is no member of the configuration. */
static enum pintle_status read_end(const struct entry *entry)
{
    const struct plist *value = plist_get(entry->at, TSK_EXPIRES);
    int64_t day;

    if (value == NULL)
        return PINTLE_OK;
    if (value->kind != PLIST_STRING)
        return plist_refuse(entry->err, PINTLE_E_SCHEMA, value,
                            "%.100s: " TSK_EXPIRES " is %s, not a string", entry->at->key,
                            plist_kind_name(value));
    if (!parse_day(&day, value->text)) {
        notes_add(entry->reading->notes, NOTE_UNKNOWN, value->line,
                  "%.200s: " TSK_EXPIRES " \"%.40s\" is no day: the pins never end", entry->at->key,
                  value->text);
        return PINTLE_OK;
    }
    entry->clause->until = day;
    if (day > 0)
        notes_add(entry->reading->notes, NOTE_ENDS, value->line, "%.200s: %.40s", entry->at->key,
                  value->text);
    return PINTLE_OK;
}

/* What a pin-set takes: https or http. */
static bool is_web(const char *url)
{
    return strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
}

static enum pintle_status read_reports(const struct entry *entry)
{
    const struct plist *list = NULL;
    enum pintle_status status = read_array(entry, TSK_REPORTS, &list);

    for (const struct plist *p = list != NULL ? list->first : NULL;
         status == PINTLE_OK && p != NULL; p = p->next) {
        status = check_string(entry, p, TSK_REPORTS);
        if (status != PINTLE_OK)
            return status;
        if (!is_web(p->text))
            notes_add(entry->reading->notes, NOTE_UNKNOWN, p->line, "%.200s: report to %.80s",
                      entry->at->key, p->text);
        else if (!clause_add_report(entry->reading->out, entry->clause, p->text, strlen(p->text)))
            return no_memory(entry);
    }
    return status;
}

static enum pintle_status read_default_report(const struct entry *entry)
{
    bool disabled = false;
    enum pintle_status status = read_bool(entry, TSK_NO_DEFAULT_REPORT, &disabled);

    if (status == PINTLE_OK && !disabled && !entry->clause->exempt)
        notes_add(entry->reading->notes, NOTE_DEFAULT_REPORTS, entry->at->line,
                  "%.200s: " TSK_NO_DEFAULT_REPORT " is not true", entry->at->key);
    return status;
}

static void tell_unknown(const struct entry *entry)
{
    static const char *const known[] = {TSK_HASHES,  TSK_SUBDOMAINS, TSK_ENFORCE,
                                        TSK_EXPIRES, TSK_REPORTS,    TSK_NO_DEFAULT_REPORT,
                                        NULL};

    for (const struct plist *m = entry->at->first; m != NULL; m = m->next) {
        size_t i = 0;

        while (known[i] != NULL && strcmp(known[i], m->key) != 0)
            i++;
        if (known[i] == NULL)
            notes_add(entry->reading->notes,
                      strcmp(m->key, TSK_ANCHORS) == 0 ? NOTE_DEBUG_ONLY : NOTE_UNKNOWN, m->line,
                      "%.200s: %.80s", entry->at->key, m->key);
    }
}

/* --- entries --------------------------------------------------------------------------------------- */

/* The spelling that TrustKit's releases read, and the documented one, which means the same here. */
static enum pintle_status read_exclusion(const struct entry *entry, const char *key, bool *excluded)
{
    enum pintle_status status = read_bool(entry, key, excluded);

    if (status != PINTLE_OK || !*excluded)
        return status;
    if (entry->at->first->next != NULL)
        return plist_refuse(entry->err, PINTLE_E_SCHEMA, entry->at,
                            "%.100s: has other keys beside %s: TrustKit refuses to start",
                            entry->at->key, key);
    if (strcmp(key, TSK_EXCLUDE) == 0)
        notes_add(entry->reading->notes, NOTE_NO_PINS, entry->at->line,
                  "%.100s: " TSK_EXCLUDE
                  ", which TrustKit's sources up to 1.7.0 read as " TSK_EXCLUDE_CODE " only",
                  entry->at->key);
    else
        notes_add(entry->reading->notes, NOTE_NO_PINS, entry->at->line, "%.200s", entry->at->key);
    return PINTLE_OK;
}

static enum pintle_status read_policy(const struct entry *entry)
{
    bool subdomains = false;
    enum pintle_status status = read_bool(entry, TSK_SUBDOMAINS, &subdomains);

    entry->clause->reach = subdomains ? REACH_ANY : REACH_EXACT;
    if (status == PINTLE_OK && subdomains && !public_name_fits(entry->clause->host, REACH_ANY))
        return plist_refuse(entry->err, PINTLE_E_HOST, entry->at,
                            "%.100s: is a public suffix, and " TSK_SUBDOMAINS
                            " is set: TrustKit refuses to start",
                            entry->at->key);
    if (status == PINTLE_OK)
        status = read_bool(entry, TSK_ENFORCE, &entry->clause->enforce);
    if (status == PINTLE_OK)
        status = read_end(entry);
    if (status == PINTLE_OK)
        status = read_pins(entry);
    if (status == PINTLE_OK)
        status = read_reports(entry);
    if (status == PINTLE_OK)
        tell_unknown(entry);
    return status;
}

/* What has ended at the beginning of time takes hosts out of a wider entry, and is nothing else. */
static void make_exempt(const struct entry *entry)
{
    struct clause *clause = entry->clause;

    *clause = (struct clause){.host = clause->host,
                              .id = clause->id,
                              .reach = clause->reach,
                              .exempt = true,
                              .enforce = true,
                              .until = PINTLE_NEVER,
                              .group = clause->group,
                              .line = clause->line};
}

static enum pintle_status read_members(const struct entry *entry)
{
    bool excluded = false;
    enum pintle_status status = read_exclusion(entry, TSK_EXCLUDE_CODE, &excluded);

    if (status == PINTLE_OK && !excluded)
        status = read_exclusion(entry, TSK_EXCLUDE, &excluded);
    if (status != PINTLE_OK)
        return status;
    if (excluded) {
        make_exempt(entry);
        return PINTLE_OK;
    }
    status = read_policy(entry);
    if (status == PINTLE_OK && entry->clause->until <= 0) {
        notes_add(entry->reading->notes, NOTE_NO_PINS, entry->at->line, "%.200s", entry->at->key);
        make_exempt(entry);
    }
    return status == PINTLE_OK ? read_default_report(entry) : status;
}

static bool has_upper_case(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            return true;
    return false;
}

static enum pintle_status refuse_name(const struct entry *entry, const char *why)
{
    return plist_refuse(entry->err, PINTLE_E_HOST, entry->at,
                        "\"%.100s\" %s: TrustKit refuses to start", entry->at->key, why);
}

static enum pintle_status read_entry(const struct reading *reading, const struct plist *at,
                                     struct pintle_error *err)
{
    struct entry entry = {.reading = reading, .err = err, .at = at};
    struct pintle_host host;
    size_t len = strlen(at->key);

    if (pintle_host_parse(&host, at->key, len, NULL) != PINTLE_OK || host.is_ip ||
        at->key[len - 1] == '.')
        return refuse_name(&entry, "is no domain name");
    if (!public_name_fits(host.text, REACH_EXACT))
        return refuse_name(&entry, "has no known public suffix");
    if (at->kind != PLIST_DICT)
        return plist_refuse(err, PINTLE_E_SCHEMA, at, "%.100s: is %s, not a dictionary", at->key,
                            plist_kind_name(at));
    if (has_upper_case(at->key)) {
        notes_add(reading->notes, NOTE_UNKNOWN, at->line,
                  "%.200s: TrustKit compares case, and hosts come in lower case", at->key);
        return PINTLE_OK;
    }
    entry.clause = clauses_add(reading->out);
    if (entry.clause == NULL)
        return no_memory(&entry);
    entry.clause->group = reading->out->count;
    entry.clause->line = at->line;
    entry.clause->host = clauses_text(reading->out, host.text, host.len);
    return entry.clause->host != NULL ? read_members(&entry) : no_memory(&entry);
}

/* --- all of them ------------------------------------------------------------------------------------ */

static void note_found(void *ctx, const struct clause *clause)
{
    bool *found = ctx;

    (void)clause;
    *found = true;
}

/* One that is read has no other key. */
static bool is_exclusion(const struct plist *entry)
{
    return (plist_get(entry, TSK_EXCLUDE) != NULL || plist_get(entry, TSK_EXCLUDE_CODE) != NULL) &&
           entry->first->next == NULL;
}

/* The name above: TrustKit looks for a policy of "a" and the name. */
static bool has_parent(const struct clause_index *index, const char *name)
{
    char text[PINTLE_HOST_MAX_LEN + 2];
    struct pintle_host host;
    bool found = false;

    (void)snprintf(text, sizeof(text), "a%.*s", (int)sizeof(text) - 2, name);
    if (pintle_host_parse(&host, text, strlen(text), NULL) != PINTLE_OK)
        return true; /* longer than a name can be */
    clause_index_find(index, CLAUSE_MOST_SPECIFIC, &host, 0, note_found, &found);
    return found;
}

static enum pintle_status check_parents(const struct reading *reading, const struct plist *domains,
                                        struct pintle_error *err)
{
    enum pintle_status status = PINTLE_OK;
    struct clause_index index;

    if (!clause_index_init(&index, reading->out))
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    for (const struct plist *entry = domains->first; status == PINTLE_OK && entry != NULL;
         entry = entry->next)
        if (is_exclusion(entry) && !has_upper_case(entry->key) && !has_parent(&index, entry->key))
            status = plist_refuse(err, PINTLE_E_SCHEMA, entry,
                                  "%.100s: is excluded from a policy that there is not: TrustKit "
                                  "refuses to start",
                                  entry->key);
    clause_index_clear(&index);
    return status;
}

/* On macOS pins give way to trust anchors that the user has added. */
static void tell_user_anchors(const struct reading *reading, const struct plist *root)
{
    const struct plist *value = plist_get(plist_get(root, TSK_OUTER), TSK_USER_ANCHORS);

    if (value != NULL && value->kind == PLIST_TRUE)
        notes_add(reading->notes, NOTE_USER_CAS, value->line, TSK_USER_ANCHORS ", on macOS alone");
}

enum pintle_status trustkit_ios_read(struct reading *reading, const char *text, size_t len,
                                     struct pintle_error *err)
{
    static const char *const marks[] = {TSK_HASHES, TSK_EXCLUDE, TSK_EXCLUDE_CODE, NULL};
    const struct plist *root = NULL;
    const struct plist *domains = NULL;
    enum pintle_status status = plist_parse(&root, reading->out, reading->notes, text, len, err);

    if (status == PINTLE_OK)
        status = plist_find(&domains, root, TSK_OUTER, TSK_INNER, marks, err);
    if (status != PINTLE_OK)
        return status;
    tell_user_anchors(reading, root);
    for (const struct plist *entry = domains->first; status == PINTLE_OK && entry != NULL;
         entry = entry->next)
        status = read_entry(reading, entry, err);
    if (status == PINTLE_OK && reading->out->count == 0)
        return plist_refuse(err, PINTLE_E_SCHEMA, domains, TSK_INNER " pins no host");
    return status == PINTLE_OK ? check_parents(reading, domains, err) : status;
}
