/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset/index.h"

#include <stdlib.h>
#include <string.h>

#include "pinset/hash.h"

/* Labels of the longest host: 127 of one letter each and their dots. */
#define LABELS_MAX ((PINTLE_HOST_MAX_LEN + 1) / 2)

/* What a slot stands for: a suffix, how it is matched, and a port or 0. */
struct key {
    const char *suffix;
    enum pintle_pattern_kind kind;
    uint16_t port;
};

static uint32_t tag_of(uint64_t suffix_hash, const struct key *key)
{
    return pintle__hash_tag(suffix_hash, (uint32_t)key->port << 2 | (uint32_t)key->kind);
}

static uint32_t label_bit(unsigned labels)
{
    return UINT32_C(1) << (labels < 31 ? labels : 31);
}

/* --- entries ---------------------------------------------------------------------------------- */

static size_t align_up(size_t size)
{
    return (size + PINTLE__ENTRY_ALIGN - 1) / PINTLE__ENTRY_ALIGN * PINTLE__ENTRY_ALIGN;
}

static size_t head_size(uint16_t port_count)
{
    return offsetof(struct pintle__entry, ports) + port_count * sizeof(uint16_t);
}

const char *pintle__entry_text(const struct pintle__entry *entry)
{
    return (const char *)&entry->ports[entry->port_count];
}

const struct pintle__entry *pintle__entry_first(const struct pintle__index *index)
{
    return (const void *)index->entries;
}

const struct pintle__entry *pintle__entry_next(const struct pintle__entry *entry)
{
    size_t size = head_size(entry->port_count) + strlen(pintle__entry_text(entry)) + 1;

    return (const void *)((const unsigned char *)entry + align_up(size));
}

static bool make_room(struct pintle__index *index, size_t size)
{
    unsigned char *grown;

    if (index->entries_size - index->entries_len >= size)
        return true;
    size = index->entries_size * 2 + size;
    grown = realloc(index->entries, size);
    if (grown == NULL)
        return false;
    index->entries = grown;
    index->entries_size = size;
    return true;
}

bool pintle__index_add(struct pintle__index *index, uint32_t rule, const struct pintle_rule *ports,
                       const char *pattern, size_t len)
{
    uint16_t port_count = (uint16_t)ports->port_count;
    size_t head = head_size(port_count);
    size_t size = align_up(head + len + 1);
    struct pintle__entry *entry;
    unsigned char *start;

    if (!make_room(index, size))
        return false;
    start = index->entries + index->entries_len;
    memset(start, 0, size);
    entry = (void *)start;
    entry->rule = rule;
    entry->port_count = port_count;
    for (uint16_t i = 0; i < port_count; i++)
        entry->ports[i] = ports->ports[i];
    memcpy(start + head, pattern, len);
    index->entries_len += size;
    index->entry_count++;
    index->key_count += port_count == 0 ? 1 : port_count;
    return true;
}

void pintle__index_seal(struct pintle__index *index)
{
    unsigned char *shrunk;

    if (index->entries_len == 0)
        return;
    shrunk = realloc(index->entries, index->entries_len);
    if (shrunk == NULL)
        return; /* what there is will do */
    index->entries = shrunk;
    index->entries_size = index->entries_len;
}

/* --- looking up ------------------------------------------------------------------------------- */

static bool has_port(const struct pintle__entry *entry, uint16_t port)
{
    if (port == 0)
        return entry->port_count == 0;
    for (uint16_t i = 0; i < entry->port_count; i++) {
        if (entry->ports[i] == port)
            return true;
    }
    return false;
}

/* The entry that a slot of the table stands for. */
static const struct pintle__entry *entry_at(const struct pintle__index *index, uint32_t position)
{
    return (const void *)(index->entries + (size_t)position * PINTLE__ENTRY_ALIGN);
}

static bool is_key(const struct pintle__entry *entry, const struct key *key)
{
    const char *text = pintle__entry_text(entry);
    const char *prefix = pintle__stars[key->kind];
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 && strcmp(text + len, key->suffix) == 0 &&
           has_port(entry, key->port);
}

static const struct pintle_rule *find_key(const struct pintle__index *index, uint64_t suffix_hash,
                                          const struct key *key)
{
    uint32_t tag = tag_of(suffix_hash, key);
    uint32_t at = pintle__table_start(&index->table, tag);
    uint32_t position;

    while (pintle__table_next(&index->table, tag, &at, &position)) {
        const struct pintle__entry *entry = entry_at(index, position);
        if (is_key(entry, key))
            return &index->rules[entry->rule];
    }
    return NULL;
}

/* A rule of one rank: first one that names the port, then one that names none. */
static const struct pintle_rule *find_rank(const struct pintle__index *index, uint64_t suffix_hash,
                                           struct key key, uint32_t labels)
{
    const uint32_t *known = index->labels[key.kind];
    const struct pintle_rule *rule = NULL;

    if ((known[1] & labels) != 0)
        rule = find_key(index, suffix_hash, &key);
    key.port = 0;
    if (rule == NULL && (known[0] & labels) != 0)
        rule = find_key(index, suffix_hash, &key);
    return rule;
}

/* The suffix of a host that begins at `start`. */
struct suffix {
    size_t start;
    uint64_t hash;
};

/* All suffixes at label boundaries, shortest first. */
static unsigned split(const struct pintle_host *host, uint64_t seed, struct suffix out[LABELS_MAX])
{
    uint64_t hash = seed;
    unsigned count = 0;

    for (size_t i = host->len; i > 0 && count < LABELS_MAX; i--) {
        hash = pintle__hash_step(hash, host->text[i - 1]);
        if (i == 1 || host->text[i - 2] == '.') {
            out[count].start = i - 1;
            out[count].hash = hash;
            count++;
        }
    }
    return count;
}

/* The rule of the most specific pattern with this suffix; removed is how many labels of the host
 * stand in front of it. No pattern with stars has an address as its suffix. */
static const struct pintle_rule *find_suffix(const struct pintle__index *index,
                                             const struct suffix *suffix, struct key key,
                                             unsigned labels, unsigned removed)
{
    const bool fits[PINTLE__KINDS] = {
        [PINTLE_PATTERN_EXACT] = removed == 0,
        [PINTLE_PATTERN_ONE] = removed == 1,
        [PINTLE_PATTERN_ANY] = true,
    };

    for (unsigned kind = 0; kind < PINTLE__KINDS; kind++) {
        const struct pintle_rule *rule = NULL;
        key.kind = (enum pintle_pattern_kind)kind;
        if (fits[kind])
            rule = find_rank(index, suffix->hash, key, label_bit(labels));
        if (rule != NULL)
            return rule;
    }
    return NULL;
}

const struct pintle_rule *pintle__index_find(const struct pintle__index *index,
                                             const struct pintle_host *host, uint16_t port)
{
    struct suffix suffixes[LABELS_MAX];
    unsigned count = split(host, index->seed, suffixes);

    for (unsigned labels = count; labels > 0; labels--) {
        const struct suffix *suffix = &suffixes[labels - 1];
        struct key key = {host->text + suffix->start, PINTLE_PATTERN_EXACT, port};
        const struct pintle_rule *rule = find_suffix(index, suffix, key, labels, count - labels);
        if (rule != NULL)
            return rule;
    }
    return NULL;
}

/* --- filling ---------------------------------------------------------------------------------- */

static enum pintle_pattern_kind kind_of(const char *pattern)
{
    if (pattern[0] != '*')
        return PINTLE_PATTERN_EXACT;
    return pattern[1] == '*' ? PINTLE_PATTERN_ANY : PINTLE_PATTERN_ONE;
}

static unsigned count_labels(const char *suffix)
{
    unsigned labels = 1;

    for (const char *dot = strchr(suffix, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        labels++;
    return labels;
}

/* Give one key of an entry its slot; false if another entry has it. */
static bool put(struct pintle__index *index, const struct pintle__entry *entry,
                uint64_t suffix_hash, const struct key *key, struct pintle__clash *clash)
{
    uint32_t tag = tag_of(suffix_hash, key);
    uint32_t at = pintle__table_start(&index->table, tag);
    size_t position = (size_t)((const unsigned char *)entry - index->entries);
    uint32_t other;

    while (pintle__table_next(&index->table, tag, &at, &other)) {
        if (is_key(entry_at(index, other), key)) {
            clash->first_rule = entry_at(index, other)->rule;
            clash->port = key->port;
            return false;
        }
    }
    pintle__table_put(&index->table, at, tag, (uint32_t)(position / PINTLE__ENTRY_ALIGN));
    return true;
}

static bool put_entry(struct pintle__index *index, const struct pintle__entry *entry,
                      struct pintle__clash *clash)
{
    const char *text = pintle__entry_text(entry);
    struct key key = {text, kind_of(text), 0};
    uint64_t hash;

    key.suffix = text + strlen(pintle__stars[key.kind]);
    hash = pintle__hash(index->seed, key.suffix, strlen(key.suffix));
    index->labels[key.kind][entry->port_count > 0] |= label_bit(count_labels(key.suffix));
    if (entry->port_count == 0)
        return put(index, entry, hash, &key, clash);
    for (uint16_t i = 0; i < entry->port_count; i++) {
        key.port = entry->ports[i];
        if (!put(index, entry, hash, &key, clash))
            return false;
    }
    return true;
}

bool pintle__index_fill(struct pintle__index *index, struct pintle__clash *clash)
{
    const struct pintle__entry *entry = pintle__entry_first(index);

    for (size_t i = 0; i < index->entry_count; i++) {
        if (!put_entry(index, entry, clash)) {
            clash->second = i;
            return false;
        }
        entry = pintle__entry_next(entry);
    }
    return true;
}
