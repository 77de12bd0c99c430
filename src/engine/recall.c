/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/judging.h"
#include "engine/scene.h"

enum pintle_recall pintle__recall_check(const struct pintle_learned *held,
                                        enum pintle_learned_from from, int64_t now)
{
    if (held->from != from || held->pin_count == 0 || held->pin_count > PINTLE_LEARNED_PINS_MAX)
        return PINTLE_RECALL_ERROR;
    return now >= held->expires ? PINTLE_RECALL_EXPIRED : PINTLE_RECALL_FOUND;
}

enum pintle_recall pintle__recall(struct pintle *engine, enum pintle_learned_from from,
                                  const struct pintle_host *host, uint16_t port, int64_t now,
                                  struct pintle_learned *out)
{
    const struct pintle_memory *memory = engine->config.memory;

    switch (memory->recall(memory->ctx, from, host, port, now, out)) {
    case PINTLE_RECALL_FOUND:
        return pintle__recall_check(out, from, now);
    case PINTLE_RECALL_NONE:
        return PINTLE_RECALL_NONE;
    case PINTLE_RECALL_EXPIRED:
        return PINTLE_RECALL_EXPIRED;
    case PINTLE_RECALL_ERROR:
        break;
    }
    return PINTLE_RECALL_ERROR;
}

void pintle__refuse_memory(struct pintle_verdict *verdict, const char *detail)
{
    verdict->decision = PINTLE_REFUSE;
    verdict->reason = PINTLE_REASON_MEMORY;
    pintle__verdict_explain(verdict, detail);
}

/* A key whose pin in the signed rule has run out is not good for having been learned. */
static bool is_usable(const struct pintle_cert_trace *trace)
{
    return trace->note != PINTLE_CERT_UNCHECKED && trace->note != PINTLE_CERT_MALFORMED &&
           trace->note != PINTLE_CERT_RETIRED;
}

static bool is_allowed(enum pintle_position at, size_t index)
{
    return at == PINTLE_AT_ANY || (at == PINTLE_AT_LEAF) == (index == 0);
}

bool pintle__find_learned(struct pintle_verdict *verdict, const struct pintle_learned *learned)
{
    for (size_t i = 0; i < verdict->chain_count; i++) {
        struct pintle_cert_trace *trace = &verdict->chain[i];

        if (!is_usable(trace) || !is_allowed(learned->at, i))
            continue;
        for (uint32_t pin = 0; pin < learned->pin_count; pin++) {
            if (!pintle_pin_equal(&trace->pin, &learned->pins[pin]))
                continue;
            trace->note = PINTLE_CERT_PINNED;
            verdict->cert_index = (int)i;
            verdict->pin_index = (int)pin;
            return true;
        }
    }
    return false;
}

void pintle__refuse_learned(struct pintle__judging *judging, const char *detail)
{
    struct pintle_verdict *verdict = judging->verdict;

    verdict->reason = PINTLE_REASON_MISMATCH;
    pintle__verdict_explain(verdict, detail);
    if (verdict->mode == PINTLE_MODE_REPORT && judging->path == PINTLE_PATH_VALID) {
        verdict->decision = PINTLE_ACCEPT;
        verdict->softened = true;
    }
}
