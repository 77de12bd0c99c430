/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of root, fresh and unpin: whatever is read keeps the promises of its header. */
#include "bundle/statement.h"
#include "bundle_kit.h"

static void check_refused(const struct pintle_error *err, enum pintle_status status)
{
    check_refusal(err, status);
    switch (status) {
    case PINTLE_E_JSON:
    case PINTLE_E_SCHEMA:
    case PINTLE_E_VERSION:
    case PINTLE_E_CRIT:
    case PINTLE_E_TIME:
    case PINTLE_E_LIMIT:
        return;
    default:
        abort();
    }
}

static void check_text(const char *text, size_t max_len)
{
    require(text != NULL && strlen(text) <= max_len);
    for (; *text != '\0'; text++)
        require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_role(const struct pintle_root *root, enum pintle_role which)
{
    const struct pintle_root_role *role = &root->roles[which];
    uint32_t usable = 0;

    require(role->key_count <= PINTLE_ROLE_KEYS_MAX);
    require(role->key_count > 0 || which > PINTLE_ROLE_PINS);
    for (uint32_t i = 0; i < role->key_count; i++) {
        require(role->keys[i] < root->key_count);
        usable += root->keys[role->keys[i]].usable ? 1 : 0;
        for (uint32_t k = 0; k < i; k++)
            require(role->keys[i] != role->keys[k]);
    }
    require(role->threshold <= usable);
    require(role->key_count == 0 || role->threshold >= (which == PINTLE_ROLE_UNPIN ? 2 : 1));
}

static void check_root(const struct pintle_root *root)
{
    require(root->version >= 1 && root->epoch >= 1 && root->issued < root->expires);
    require(root->key_count >= 1 && root->key_count <= PINTLE_ROOT_KEYS_MAX);
    check_text(root->app, 255);
    for (uint32_t i = 0; i < root->key_count; i++) {
        char id[PINTLE_KEY_ID_SIZE];
        check_text(root->keys[i].label, 128);
        require(strlen(root->keys[i].id) == PINTLE_KEY_ID_SIZE - 1);
        require(pintle_key_id(id, root->keys[i].public_key, &bundle_crypto, NULL) == PINTLE_OK);
        require(!root->keys[i].usable || strcmp(id, root->keys[i].id) == 0);
    }
    for (int role = 0; role < PINTLE_ROLES; role++)
        check_role(root, (enum pintle_role)role);
}

static void check_unpin(const struct pintle__unpin *unpin)
{
    const struct pintle_unpin *said = &unpin->unpin;

    require(said->serial >= 1 && unpin->epoch >= 1 && said->issued < said->expires);
    require(said->rule_count <= PINTLE_UNPIN_RULES_MAX);
    check_text(unpin->app, 255);
    check_text(said->reason, 512);
    for (uint32_t i = 0; i < said->rule_count; i++)
        check_text(said->rules[i].rule, 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pintle_view payload = {data, size};
    struct pintle_root *root;
    struct pintle__fresh *fresh;
    struct pintle__unpin *unpin;
    struct pintle_error err;
    enum pintle_status status = pintle_root_parse(&root, payload, &bundle_crypto, &err);

    if (status == PINTLE_OK)
        check_root(root);
    else
        check_refused(&err, status);
    status = pintle__fresh_parse(&fresh, payload, &err);
    if (status == PINTLE_OK)
        require(fresh->version >= 1 && fresh->epoch >= 1 && fresh->issued < fresh->expires);
    else
        check_refused(&err, status);
    status = pintle__unpin_parse(&unpin, payload, &err);
    if (status == PINTLE_OK)
        check_unpin(unpin);
    else
        check_refused(&err, status);
    free(root);
    free(fresh);
    free(unpin);
    return 0;
}
