/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cargo.h"

#include <stdlib.h>
#include <string.h>

/* How many certificates fit from the leaf upwards, and how many bytes they are. */
static size_t measure(const struct pintle_chain *chain, size_t *len)
{
    struct pintle_view der;
    size_t count = 0;

    *len = 0;
    while (count < chain->count && count < PINTLE_CHAIN_MAX &&
           chain->get(chain->ctx, count, &der) &&
           der.len <= PINTLE_REPORT_CERTIFICATES_MAX_LEN - *len) {
        *len += der.len;
        count++;
    }
    return count;
}

/* What is lent may be lent anew with other bytes: nothing is believed of the first look. */
static void copy(struct pintle__cargo *cargo, const struct pintle_chain *chain, size_t count,
                 size_t len)
{
    uint8_t *next = cargo->bytes;
    struct pintle_view der;

    for (size_t i = 0; i < count; i++) {
        if (!chain->get(chain->ctx, i, &der) || der.len > len)
            return;
        memcpy(next, der.data, der.len);
        cargo->certificates[i] = (struct pintle_view){next, der.len};
        cargo->certificate_count++;
        next += der.len;
        len -= der.len;
    }
}

struct pintle__cargo *pintle__cargo_load(const struct pintle__extra *extra)
{
    struct pintle__cargo *cargo;
    size_t len = 0;
    size_t count = extra->chain != NULL ? measure(extra->chain, &len) : 0;

    if (extra->learned == NULL && count == 0)
        return NULL;
    cargo = malloc(sizeof(*cargo) + len);
    if (cargo == NULL)
        return NULL;
    cargo->certificate_count = 0;
    cargo->has_learned = extra->learned != NULL;
    if (cargo->has_learned)
        cargo->learned = *extra->learned;
    copy(cargo, extra->chain, count, len);
    return cargo;
}

void pintle__cargo_lend(const struct pintle__cargo *cargo, struct pintle_report *report)
{
    bool has_learned = cargo != NULL && cargo->has_learned;

    report->learned = has_learned ? &cargo->learned : NULL;
    report->certificates = cargo != NULL ? cargo->certificates : NULL;
    report->certificate_count = cargo != NULL ? cargo->certificate_count : 0;
}
