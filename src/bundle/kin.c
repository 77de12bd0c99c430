/* SPDX-License-Identifier: Apache-2.0 */
/* Does what was kept belong to this client? */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bundle/seed.h"
#include "bundle/trusted.h"

/*
 * The chain of roots of a seed.
 *
 * first   of those that can be read; NULL if none can
 * last    version of the last of them
 * shared  one of them is one of ours
 */
struct chain {
    struct pintle_root *first;
    int64_t last;
    bool shared;
};

static bool is_ours(const struct pintle_trusted *trusted, struct pintle_view payload)
{
    for (size_t i = 0; i < trusted->root_count; i++) {
        struct pintle_view own = pintle_envelope_get_payload(trusted->roots[i]->envelope);

        if (own.len == payload.len && memcmp(own.data, payload.data, own.len) == 0)
            return true;
    }
    return false;
}

static enum pintle_status add_root(struct chain *chain, const struct pintle_trusted *trusted,
                                   struct pintle_view payload, struct pintle_error *err)
{
    struct pintle_root *root;
    struct pintle_error why;
    enum pintle_status status = pintle_root_parse(&root, payload, trusted->crypto, &why);

    if (status == PINTLE_E_NOMEM || status == PINTLE_E_CRYPTO) {
        if (err != NULL)
            *err = why;
        return status;
    }
    if (status != PINTLE_OK)
        return PINTLE_OK;
    chain->last = root->version;
    chain->shared = chain->shared || is_ours(trusted, payload);
    if (chain->first == NULL)
        chain->first = root;
    else
        free(root);
    return PINTLE_OK;
}

static enum pintle_status read_chain(struct chain *chain, const struct pintle_trusted *trusted,
                                     struct pintle_view seed, struct pintle_error *err)
{
    struct pintle__seed_record record;
    size_t offset = PINTLE__SEED_MAGIC_LEN;
    enum pintle_status status = PINTLE_OK;

    if (pintle__seed_check(seed, NULL) != PINTLE_OK)
        return PINTLE_OK;
    while (status == PINTLE_OK && !chain->shared && pintle__seed_next(seed, &offset, &record)) {
        if (record.role == PINTLE_ROLE_ROOT)
            status = add_root(chain, trusted, record.payload, err);
    }
    return status;
}

/*
 * None of its roots is ours. That of two chains with a gap between them one continues the other
 * cannot be seen: an anchor that is no first root has a predecessor, and what begins above our
 * current root, and was not issued before our anchor, may be what that came to.
 */
static enum pintle_kin judge(const struct pintle_trusted *trusted, const struct chain *chain)
{
    const struct pintle_root *anchor = trusted->roots[0]->root;
    const struct pintle_root *current = pintle__trusted_root(trusted);

    bool above = chain->first->version > current->version;

    if (chain->last < anchor->version || (above && chain->first->issued >= anchor->issued))
        return PINTLE_KIN_SAME;
    return chain->first->issued <= anchor->issued ? PINTLE_KIN_FORMER : PINTLE_KIN_LATER;
}

enum pintle_status pintle_trusted_compare_seed(enum pintle_kin *out,
                                               const struct pintle_trusted *trusted,
                                               struct pintle_view seed, struct pintle_error *err)
{
    const char *app = pintle__trusted_root(trusted)->app;
    struct chain chain = {NULL, 0, false};
    enum pintle_status status = read_chain(&chain, trusted, seed, err);

    *out = PINTLE_KIN_SAME;
    if (status == PINTLE_OK && chain.first != NULL && strcmp(chain.first->app, app) != 0) {
        *out = PINTLE_KIN_STRANGER;
        pintle__error_set(err, PINTLE_E_APP, "of app \"%.60s\", not of \"%.60s\"", chain.first->app,
                          app);
    } else if (status == PINTLE_OK && chain.first != NULL && !chain.shared) {
        *out = judge(trusted, &chain);
    }
    free(chain.first);
    return status;
}
