/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a seed that was kept belongs to the roots that a program is built with today. */
#include <stdlib.h>
#include <string.h>

#include "bundle/envelope.h"
#include "bundle/seed.h"
#include "bundle/trusted.h"

static bool has_root(const struct pintle_trusted *trusted, struct pintle_view payload)
{
    for (size_t i = 0; i < trusted->root_count; i++) {
        struct pintle_view own = pintle_envelope_get_payload(trusted->roots[i]->envelope);

        if (own.len == payload.len && memcmp(own.data, payload.data, own.len) == 0)
            return true;
    }
    return false;
}

/* A root that says nothing tells nothing. */
static enum pintle_seed_kin compare_app(const struct pintle_trusted *trusted,
                                        struct pintle_view payload)
{
    struct pintle_root *root = NULL;
    enum pintle_seed_kin kin = PINTLE_SEED_KIN;

    if (pintle_root_parse(&root, payload, trusted->crypto, NULL) == PINTLE_OK)
        kin = strcmp(root->app, pintle__trusted_root(trusted)->app) == 0 ? PINTLE_SEED_STRANGER
                                                                         : PINTLE_SEED_OTHER_APP;
    free(root);
    return kin;
}

enum pintle_seed_kin pintle_trusted_compare_seed(const struct pintle_trusted *trusted,
                                                 struct pintle_view seed)
{
    struct pintle__seed_record record;
    struct pintle_view first = {NULL, 0};
    size_t offset = PINTLE__SEED_MAGIC_LEN;

    if (pintle__seed_check(seed, NULL) != PINTLE_OK)
        return PINTLE_SEED_KIN;
    while (pintle__seed_next(seed, &offset, &record)) {
        if (record.role != PINTLE_ROLE_ROOT)
            continue;
        if (has_root(trusted, record.payload))
            return PINTLE_SEED_KIN;
        if (first.data == NULL)
            first = record.payload;
    }
    return first.data != NULL ? compare_app(trusted, first) : PINTLE_SEED_KIN;
}
