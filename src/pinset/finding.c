/* SPDX-License-Identifier: Apache-2.0 */
#include "pinset/finding.h"

#include <string.h>

#include <pintle/pinset.h>

static const struct pintle_finding_kind kinds[PINTLE__FINDINGS] = {
#define PINTLE_FINDING(name, id, severity, title, explanation, fix)                                \
    [PINTLE__FINDING_##name] = {id, PINTLE_##severity, title, explanation, fix},
#include "pinset/findings.def"
#undef PINTLE_FINDING
};

const struct pintle_finding_kind *pintle_finding_kind_get(size_t index)
{
    return index < PINTLE__FINDINGS ? &kinds[index] : NULL;
}

const struct pintle_finding_kind *pintle_finding_kind_find(const char *id)
{
    for (size_t i = 0; i < PINTLE__FINDINGS; i++) {
        if (strcmp(kinds[i].id, id) == 0)
            return &kinds[i];
    }
    return NULL;
}
