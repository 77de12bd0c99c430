/* SPDX-License-Identifier: Apache-2.0 */
#include "pin/match.h"

#include <stdio.h>
#include <string.h>

/* Find the pin of one certificate and write it into the trace. */
static bool hash_certificate(struct pintle_verdict *verdict, const struct pintle_chain *path,
                             size_t index, const struct pintle_crypto *crypto)
{
    struct pintle_cert_trace *trace = &verdict->chain[index];
    char *detail = verdict->detail;
    const size_t size = sizeof(verdict->detail);
    struct pintle_view der, spki;
    struct pintle_error err;

    if (!path->get(path->ctx, index, &der)) {
        (void)snprintf(detail, size, "certificate %zu cannot be read", index);
        return false;
    }
    if (pintle_spki_from_certificate(&spki, der, &err) != PINTLE_OK) {
        trace->note = PINTLE_CERT_MALFORMED;
        (void)snprintf(detail, size, "certificate %zu, byte %zu: %.64s", index, err.offset,
                       err.text);
        return false;
    }
    if (pintle_pin_from_spki(&trace->pin, spki, crypto, &err) != PINTLE_OK) {
        (void)snprintf(detail, size, "certificate %zu: %.64s", index, err.text);
        return false;
    }
    trace->note = PINTLE_CERT_NO_PIN;
    return true;
}

/* pintle_pin_equal(), compiled in place: a rule may have many pins. */
static bool is_same(const struct pintle_pin *a, const struct pintle_pin *b)
{
    return memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}

static bool is_allowed(enum pintle_position at, size_t index)
{
    switch (at) {
    case PINTLE_AT_ANY:
        return true;
    case PINTLE_AT_LEAF:
        return index == 0;
    case PINTLE_AT_CA:
        return index > 0;
    }
    return false;
}

/* Decided under `time`, a pin past its `until` is kept for the trace only. */
static bool is_retired(const struct pintle_rule_pin *pin, int64_t time)
{
    return pin->until != PINTLE_NEVER && time >= pin->until;
}

/* Look a hashed certificate up in the rule's pins; its key may be there for several positions. */
static bool find_pin(struct pintle_verdict *verdict, const struct pintle_rule *rule, size_t index)
{
    struct pintle_cert_trace *trace = &verdict->chain[index];

    for (uint32_t i = 0; i < rule->pin_count; i++) {
        if (!is_same(&rule->pins[i].pin, &trace->pin))
            continue;
        if (!is_allowed(rule->pins[i].at, index)) {
            if (trace->note == PINTLE_CERT_NO_PIN)
                trace->note = PINTLE_CERT_MISPLACED;
        } else if (is_retired(&rule->pins[i], verdict->time)) {
            trace->note = PINTLE_CERT_RETIRED;
        } else {
            trace->note = PINTLE_CERT_PINNED;
            verdict->cert_index = (int)index;
            verdict->pin_index = (int)i;
            return true;
        }
    }
    return false;
}

static bool find_denied(struct pintle_verdict *verdict, const struct pintle_rule *rule,
                        size_t index)
{
    struct pintle_cert_trace *trace = &verdict->chain[index];

    for (uint32_t i = 0; i < rule->deny_count; i++) {
        if (is_same(&rule->deny[i], &trace->pin)) {
            trace->note = PINTLE_CERT_DENIED;
            verdict->cert_index = (int)index;
            return true;
        }
    }
    return false;
}

/* Only the entries in use are cleared: this is on the way of every handshake. */
static void start_trace(struct pintle_verdict *verdict, size_t count)
{
    verdict->cert_index = -1;
    verdict->pin_index = -1;
    verdict->chain_count = count;
    memset(verdict->chain, 0, count * sizeof(verdict->chain[0]));
}

enum pintle__match pintle__match_path(struct pintle_verdict *verdict,
                                      const struct pintle_rule *rule,
                                      const struct pintle_chain *path,
                                      const struct pintle_crypto *crypto)
{
    bool hashed = rule->deny_count > 0;

    start_trace(verdict, path->count);
    for (size_t i = 0; hashed && i < path->count; i++) {
        if (!hash_certificate(verdict, path, i, crypto))
            return PINTLE__MATCH_ERROR;
        if (find_denied(verdict, rule, i))
            return PINTLE__MATCH_DENIED;
    }
    for (size_t i = 0; i < path->count; i++) {
        if (!hashed && !hash_certificate(verdict, path, i, crypto))
            return PINTLE__MATCH_ERROR;
        if (find_pin(verdict, rule, i))
            return PINTLE__MATCH_PINNED;
    }
    return PINTLE__MATCH_NONE;
}
