/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a document: its root, and what holds for all rules together. */
#include "pinset/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "pinset/hash.h"

/* --- memory of the set ------------------------------------------------------------------------- */

void pintle__load_no_memory(const struct pintle__load *load)
{
    pintle__error_set(load->source.err, PINTLE_E_NOMEM, "out of memory");
}

void *pintle__load_array(struct pintle__load *load, size_t count, size_t size)
{
    void *out = pintle__arena_array(&load->set->arena, count, size);

    if (out == NULL)
        pintle__load_no_memory(load);
    return out;
}

const char *pintle__load_string(struct pintle__load *load, const char *text, size_t len)
{
    const char *out = pintle__arena_string(&load->set->arena, text, len);

    if (out == NULL)
        pintle__load_no_memory(load);
    return out;
}

const char *pintle__load_intern(struct pintle__load *load, const struct pintle__string *string)
{
    const char *out =
        pintle__arena_intern(&load->set->arena, &load->intern, string->text, string->len);

    if (out == NULL)
        pintle__load_no_memory(load);
    return out;
}

/* --- the root --------------------------------------------------------------------------------- */

/* Before anything else: another version may give every other member another meaning. */
static enum pintle_status check_version(const struct pintle__load *load,
                                        const struct pintle__at *root, const json_t *json)
{
    struct pintle__at at = pintle__at_key(root, "pintle");
    int64_t version;
    enum pintle_status status =
        pintle__get_integer(&load->source, &at, json, INT64_MIN, INT64_MAX, &version);

    if (status == PINTLE_OK && version != PINTLE__FORMAT_VERSION) {
        pintle__json_fail(&load->source, PINTLE_E_VERSION, &at,
                          "format version %lld is not understood, only %d", (long long)version,
                          PINTLE__FORMAT_VERSION);
        return PINTLE_E_VERSION;
    }
    return status;
}

/* An integer; *out stays what it is if the member may be absent and is. */
static enum pintle_status read_integer(const struct pintle__load *load,
                                       const struct pintle__at *root, json_t *const *known,
                                       enum pintle__root_member member, bool required, int64_t min,
                                       int64_t max, int64_t *out)
{
    struct pintle__at at = pintle__at_key(root, pintle__root_members[member]);

    if (!required && known[member] == NULL)
        return PINTLE_OK;
    return pintle__get_integer(&load->source, &at, known[member], min, max, out);
}

static enum pintle_status read_name(struct pintle__load *load, const struct pintle__at *root,
                                    json_t *const *known)
{
    struct pintle_pinset *set = load->set;
    struct pintle__at at = pintle__at_key(root, "app");
    struct pintle__string app = {"", 0};
    enum pintle_status status = pintle__get_string(&load->source, &at, known[PINTLE__ROOT_APP], 1,
                                                   PINTLE__APP_MAX_LEN, &app);

    if (status == PINTLE_OK) {
        set->app = pintle__load_string(load, app.text, app.len);
        status = set->app == NULL ? PINTLE_E_NOMEM : PINTLE_OK;
    }
    set->epoch = 1;
    if (status == PINTLE_OK)
        status =
            read_integer(load, root, known, PINTLE__ROOT_EPOCH, false, 1, INT64_MAX, &set->epoch);
    if (status == PINTLE_OK)
        status = read_integer(load, root, known, PINTLE__ROOT_VERSION, true, 1, INT64_MAX,
                              &set->version);
    return status;
}

static enum pintle_status read_times(struct pintle__load *load, const struct pintle__at *root,
                                     json_t *const *known)
{
    struct pintle_pinset *set = load->set;
    struct pintle__at issued = pintle__at_key(root, "issued");
    struct pintle__at expires = pintle__at_key(root, "expires");
    enum pintle_status status =
        pintle__get_time(&load->source, &issued, known[PINTLE__ROOT_ISSUED], &set->issued);

    if (status == PINTLE_OK)
        status =
            pintle__get_time(&load->source, &expires, known[PINTLE__ROOT_EXPIRES], &set->expires);
    if (status == PINTLE_OK && set->expires <= set->issued) {
        pintle__json_fail(&load->source, PINTLE_E_SCHEMA, &expires, "is not after issued");
        status = PINTLE_E_SCHEMA;
    }
    set->fresh_until = set->expires;
    set->hard_ttl = PINTLE_NEVER;
    if (status == PINTLE_OK)
        status = read_integer(load, root, known, PINTLE__ROOT_HARD_TTL_S, false, 1,
                              PINTLE__LAST_TIME, &set->hard_ttl);
    if (status == PINTLE_OK)
        status = read_integer(load, root, known, PINTLE__ROOT_OVERLAP_S, false, 0,
                              PINTLE__LAST_TIME, &set->overlap);
    return status;
}

/* --- the rules -------------------------------------------------------------------------------- */

/* Every id is there once. */
static enum pintle_status check_ids(const struct pintle__load *load, const struct pintle__at *at,
                                    struct pintle__table *ids)
{
    const struct pintle_pinset *set = load->set;

    for (uint32_t i = 0; i < set->rule_count; i++) {
        const char *id = set->rules[i].id;
        uint32_t tag = pintle__hash_tag(pintle__hash(set->index.seed, id, strlen(id)), 0);
        uint32_t slot = pintle__table_start(ids, tag);
        uint32_t other;
        while (pintle__table_next(ids, tag, &slot, &other)) {
            if (strcmp(set->rules[other].id, id) == 0) {
                struct pintle__at rule = pintle__at_index(at, i);
                struct pintle__at member = pintle__at_key(&rule, "id");
                pintle__json_fail(&load->source, PINTLE_E_SCHEMA, &member,
                                  "is the id of rule %lu too", (unsigned long)other);
                return PINTLE_E_SCHEMA;
            }
        }
        pintle__table_put(ids, slot, tag, i);
    }
    return PINTLE_OK;
}

static enum pintle_status check_unique(const struct pintle__load *load, const struct pintle__at *at)
{
    uint32_t count = load->set->rule_count;
    struct pintle__table ids = pintle__table_plan(count, count);
    enum pintle_status status;

    ids.slots = calloc(ids.size, sizeof(*ids.slots));
    if (ids.slots == NULL) {
        pintle__load_no_memory(load);
        return PINTLE_E_NOMEM;
    }
    status = check_ids(load, at, &ids);
    free(ids.slots);
    return status;
}

static enum pintle_status read_rules(struct pintle__load *load, const struct pintle__at *at,
                                     const json_t *json)
{
    struct pintle_pinset *set = load->set;
    enum pintle_status status =
        pintle__get_array(&load->source, at, json, 0, PINTLE__TABLE_MAX, &set->rule_count);

    if (status != PINTLE_OK)
        return status;
    set->rules = pintle__load_array(load, set->rule_count, sizeof(*set->rules));
    if (set->rules == NULL)
        return PINTLE_E_NOMEM;
    for (uint32_t i = 0; i < set->rule_count; i++) {
        struct pintle__at item = pintle__at_index(at, i);
        status = pintle__load_rule(load, &item, i, json_array_get(json, i));
        if (status != PINTLE_OK)
            return status;
    }
    return check_unique(load, at);
}

/* --- the index -------------------------------------------------------------------------------- */

/* Two equal patterns: a slip within one rule, a conflict between two. */
static enum pintle_status refuse_clash(const struct pintle__load *load, const struct pintle__at *at,
                                       const struct pintle__clash *clash, const char **patterns)
{
    const struct pintle_rule *rules = load->set->rules;
    uint32_t second = 0;
    size_t match = clash->second;
    struct pintle__at at_rule, at_match, item;
    char port[16] = "every port";

    while (match >= rules[second].match_count)
        match -= rules[second++].match_count;
    at_rule = pintle__at_index(at, second);
    at_match = pintle__at_key(&at_rule, "match");
    item = pintle__at_index(&at_match, match);
    if (clash->first_rule == second) {
        pintle__json_fail(&load->source, PINTLE_E_SCHEMA, &item, "the same pattern again");
        return PINTLE_E_SCHEMA;
    }
    if (clash->port != 0)
        (void)snprintf(port, sizeof(port), "port %u", (unsigned)clash->port);
    pintle__json_fail(&load->source, PINTLE_E_CONFLICT, &item,
                      "rules \"%s\" and \"%s\" have equal rank for %s: %s",
                      rules[clash->first_rule].id, rules[second].id, port, patterns[clash->second]);
    return PINTLE_E_CONFLICT;
}

/* Point the rules at the texts of their patterns, which lie in the index. */
static void share_patterns(struct pintle_pinset *set, const char **patterns)
{
    const struct pintle__entry *entry = pintle__entry_first(&set->index);
    size_t count = 0;

    for (uint32_t i = 0; i < set->rule_count; i++) {
        set->rules[i].match = patterns + count;
        for (uint32_t m = 0; m < set->rules[i].match_count; m++) {
            patterns[count++] = pintle__entry_text(entry);
            entry = pintle__entry_next(entry);
        }
    }
}

static enum pintle_status build_index(struct pintle__load *load, const struct pintle__at *at)
{
    struct pintle__index *index = &load->set->index;
    struct pintle__clash clash;
    const char **patterns;

    if (index->key_count > PINTLE__TABLE_MAX) {
        pintle__json_fail(&load->source, PINTLE_E_LIMIT, at, "too many patterns and ports");
        return PINTLE_E_LIMIT;
    }
    pintle__index_seal(index);
    index->rules = load->set->rules;
    index->table = pintle__table_plan(index->key_count, index->entries_len / PINTLE__ENTRY_ALIGN);
    index->table.slots = pintle__load_array(load, index->table.size, sizeof(*index->table.slots));
    patterns = pintle__load_array(load, index->entry_count, sizeof(*patterns));
    if (index->table.slots == NULL || patterns == NULL)
        return PINTLE_E_NOMEM;
    share_patterns(load->set, patterns);
    if (!pintle__index_fill(index, &clash))
        return refuse_clash(load, at, &clash, patterns);
    return PINTLE_OK;
}

/* --- the document ----------------------------------------------------------------------------- */

static enum pintle_status compile(struct pintle__load *load, json_t *json)
{
    struct pintle__at root = {NULL, NULL, 0};
    struct pintle__at rules = pintle__at_key(&root, "rules");
    json_t *known[PINTLE__MEMBERS_MAX];
    bool unknown;
    enum pintle_status status =
        pintle__get_members(&load->source, &root, json, pintle__root_members, known, &unknown);

    if (status == PINTLE_OK)
        status = check_version(load, &root, known[PINTLE__ROOT_PINTLE]);
    if (status == PINTLE_OK && (unknown || known[PINTLE__ROOT_CRIT] != NULL))
        status = pintle__keep_extras(load, &root, json, pintle__root_members, PINTLE__NO_INDEX,
                                     PINTLE__NO_INDEX);
    if (status == PINTLE_OK)
        status = read_name(load, &root, known);
    if (status == PINTLE_OK)
        status = read_times(load, &root, known);
    if (status == PINTLE_OK)
        status = read_rules(load, &rules, known[PINTLE__ROOT_RULES]);
    if (status == PINTLE_OK)
        status = build_index(load, &rules);
    return status;
}

/* The digest of the document's bytes; it also seeds the hashes. */
static enum pintle_status digest(struct pintle__load *load, const struct pintle_crypto *crypto)
{
    struct pintle_pinset *set = load->set;

    if (crypto == NULL)
        return PINTLE_OK;
    if (!crypto->sha256(crypto->ctx, (const uint8_t *)load->source.text, load->source.len,
                        set->digest)) {
        pintle__error_set(load->source.err, PINTLE_E_CRYPTO, "SHA-256 of the document failed");
        return PINTLE_E_CRYPTO;
    }
    set->has_digest = true;
    memcpy(&set->index.seed, set->digest, sizeof(set->index.seed));
    return PINTLE_OK;
}

enum pintle_status pintle_pinset_parse(struct pintle_pinset **out, const char *text, size_t len,
                                       const struct pintle_pinset_options *options,
                                       struct pintle_error *err)
{
    struct pintle__load load = {.source = {text, len, err}};
    size_t max_len =
        options == NULL || options->max_len == 0 ? PINTLE_PINSET_MAX_LEN : options->max_len;
    json_t *json = NULL;
    enum pintle_status status;

    *out = NULL;
    if (len > max_len) {
        pintle__error_set(err, PINTLE_E_LIMIT, "the document is longer than %zu bytes", max_len);
        return PINTLE_E_LIMIT;
    }
    status = pintle__json_read(&json, text, len, err);
    if (status != PINTLE_OK)
        return status;
    load.set = pintle__pinset_new();
    if (load.set == NULL) {
        pintle__load_no_memory(&load);
        status = PINTLE_E_NOMEM;
        goto out;
    }
    status = digest(&load, options == NULL ? NULL : options->crypto);
    if (status == PINTLE_OK)
        status = compile(&load, json);
    if (status == PINTLE_OK) {
        *out = load.set;
        load.set = NULL;
    }
out:
    pintle_pinset_free(load.set);
    json_decref(json);
    return status;
}
