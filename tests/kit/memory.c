/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct pintle_learned *memory_find(struct memory *memory, enum pintle_learned_from from,
                                   const char *host, uint16_t port)
{
    for (size_t i = 0; i < memory->count; i++) {
        struct pintle_learned *entry = &memory->entries[i];

        if (entry->from == from && strcmp(entry->host.text, host) == 0 &&
            (entry->port == port || entry->port == 0))
            return entry;
    }
    return NULL;
}

static enum pintle_recall recall(void *ctx, enum pintle_learned_from from,
                                 const struct pintle_host *host, uint16_t port, int64_t now,
                                 struct pintle_learned *out)
{
    struct memory *memory = ctx;
    const char *name = host->text;
    const struct pintle_learned *entry = memory_find(memory, from, name, port);

    memory->recalls++;
    if (memory->fails_recall)
        return PINTLE_RECALL_ERROR;
    while (entry == NULL && from != PINTLE_LEARNED_TOFU && strchr(name, '.') != NULL) {
        name = strchr(name, '.') + 1;
        entry = memory_find(memory, from, name, port);
        if (entry != NULL && !entry->include_subdomains)
            entry = NULL;
    }
    if (entry == NULL)
        return PINTLE_RECALL_NONE;
    *out = *entry;
    return now >= entry->expires ? PINTLE_RECALL_EXPIRED : PINTLE_RECALL_FOUND;
}

static enum pintle_recall learn(void *ctx, const struct pintle_learned *entry, bool replace,
                                int64_t now, struct pintle_learned *held)
{
    struct memory *memory = ctx;
    struct pintle_learned *old;

    memory->learns++;
    if (memory->fails_learn)
        return PINTLE_RECALL_ERROR;
    if (memory->quicker != NULL) {
        memory->entries[memory->count++] = *memory->quicker;
        memory->quicker = NULL;
    }
    old = memory_find(memory, entry->from, entry->host.text, entry->port);
    if (old != NULL && !replace) {
        *held = *old;
        return memory->expires_on_learn && now >= old->expires ? PINTLE_RECALL_EXPIRED
                                                               : PINTLE_RECALL_FOUND;
    }
    assert_true(memory->count < MEMORY_MAX);
    if (old == NULL)
        old = &memory->entries[memory->count++];
    *old = *entry;
    return PINTLE_RECALL_NONE;
}

void memory_init(struct memory *memory)
{
    memset(memory, 0, sizeof(*memory));
    memory->calls.recall = recall;
    memory->calls.learn = learn;
    memory->calls.ctx = memory;
}

struct pintle_learned *memory_add(struct memory *memory, enum pintle_learned_from from,
                                  const char *host, struct pintle_pin pin, int64_t now,
                                  int64_t expires)
{
    struct pintle_learned *entry = &memory->entries[memory->count++];

    assert_true(memory->count <= MEMORY_MAX);
    memset(entry, 0, sizeof(*entry));
    entry->from = from;
    assert_int_equal(pintle_host_parse(&entry->host, host, strlen(host), NULL), PINTLE_OK);
    entry->port = from == PINTLE_LEARNED_TOFU ? 443 : 0;
    entry->at = from == PINTLE_LEARNED_TOFU ? PINTLE_AT_LEAF : PINTLE_AT_ANY;
    entry->pin_count = 1;
    entry->pins[0] = pin;
    strcpy(entry->key_type, "Ed25519");
    entry->learned = now;
    entry->seen = now;
    entry->expires = expires;
    return entry;
}
