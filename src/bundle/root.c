/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of role root. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "bundle/ed25519.h"
#include "bundle/envelope.h"
#include "bundle/payload.h"

#define LABEL_MAX_LEN 128
#define ALG_MAX_LEN 64
#define UNPIN_MIN_THRESHOLD 2

enum root_member {
    MEMBER_VERSION = PINTLE__PAYLOAD_OWN,
    MEMBER_KEYS,
    MEMBER_ROLES,
    MEMBERS
};
static const char *const members[MEMBERS + 1] = {
    "pintle_root", PINTLE__PAYLOAD_COMMON_MEMBERS, "version", "keys", "roles", NULL};
_Static_assert(MEMBERS <= PINTLE__PAYLOAD_MEMBERS_MAX, "there is a place for each");

enum key_member {
    KEY_ID,
    KEY_ALG,
    KEY_PUBLIC,
    KEY_LABEL,
    KEY_MEMBERS
};
static const char *const key_members[KEY_MEMBERS + 1] = {"id", "alg", "public", "label", NULL};

enum role_member {
    ROLE_THRESHOLD,
    ROLE_KEYS,
    ROLE_MEMBERS
};
static const char *const role_members[ROLE_MEMBERS + 1] = {"threshold", "keys", NULL};

/* A root that is being read. keys and text lie behind it in its allocation; text is what is left
 * for strings. */
struct reader {
    struct pintle__payload payload;
    const struct pintle_crypto *crypto;
    struct pintle_root *root;
    struct pintle_root_key *keys;
    char *text;
};

static const char *keep_string(struct reader *reader, struct pintle__string string)
{
    char *out = reader->text;

    memcpy(out, string.text, string.len + 1);
    reader->text += string.len + 1;
    return out;
}

/* --- keys --------------------------------------------------------------------------------------- */

static enum pintle_status read_public(struct reader *reader, const struct pintle__at *at,
                                      const json_t *json, struct pintle_root_key *key)
{
    struct pintle__at member = pintle__at_key(at, "public");
    struct pintle__at id_member = pintle__at_key(at, "id");
    struct pintle__string text;
    char id[PINTLE_KEY_ID_SIZE];
    size_t bad;
    enum pintle_status status =
        pintle__get_string(&reader->payload.source, &member, json, 0, SIZE_MAX, &text);

    if (status != PINTLE_OK)
        return status;
    if (text.len != PINTLE__B64_DIGEST_LEN ||
        !pintle__base64_to_digest(key->public_key, text.text, &bad))
        return pintle__payload_refuse(&reader->payload, &member,
                                      "is not the canonical base64 of 32 bytes");
    if (pintle__ed25519_is_weak(key->public_key)) /* whatever the crypto at hand makes of it */
        return pintle__payload_refuse(&reader->payload, &member,
                                      "is of small order: anybody can sign for it");
    status = pintle_key_id(id, key->public_key, reader->crypto, reader->payload.source.err);
    if (status == PINTLE_OK && strcmp(id, key->id) != 0)
        status = pintle__payload_refuse(&reader->payload, &id_member, "is not the id of this key");
    return status;
}

/* The public key of an algorithm that is not known is not looked at. */
static enum pintle_status read_algorithm(struct reader *reader, const struct pintle__at *at,
                                         json_t *const *known, struct pintle_root_key *key)
{
    struct pintle__at member = pintle__at_key(at, "alg");
    struct pintle__string alg;
    enum pintle_status status =
        pintle__get_string(&reader->payload.source, &member, known[KEY_ALG], 1, ALG_MAX_LEN, &alg);

    if (status != PINTLE_OK)
        return status;
    key->usable = strcmp(alg.text, "ed25519") == 0;
    return key->usable ? read_public(reader, at, known[KEY_PUBLIC], key) : PINTLE_OK;
}

static enum pintle_status read_label(struct reader *reader, const struct pintle__at *at,
                                     const json_t *json, struct pintle_root_key *key)
{
    struct pintle__at member = pintle__at_key(at, "label");
    struct pintle__string label = {"", 0};
    enum pintle_status status = PINTLE_OK;

    if (json != NULL)
        status =
            pintle__get_string(&reader->payload.source, &member, json, 1, LABEL_MAX_LEN, &label);
    if (status == PINTLE_OK)
        key->label = keep_string(reader, label);
    return status;
}

/* The index of a key among the first `count`; count if it is none of them. */
static uint32_t find_key(const struct reader *reader, uint32_t count, const char *id)
{
    uint32_t i = 0;

    while (i < count && strcmp(reader->keys[i].id, id) != 0)
        i++;
    return i;
}

static enum pintle_status read_key(struct reader *reader, const struct pintle__at *at,
                                   uint32_t index, json_t *json)
{
    const struct pintle__payload *payload = &reader->payload;
    struct pintle__at member = pintle__at_key(at, "id");
    struct pintle_root_key *key = &reader->keys[index];
    json_t *known[KEY_MEMBERS];
    const char *id;
    bool unknown;
    enum pintle_status status =
        pintle__get_members(&payload->source, at, json, key_members, known, &unknown);

    if (status == PINTLE_OK)
        status = pintle__get_hex(payload, &member, known[KEY_ID], &id);
    if (status != PINTLE_OK)
        return status;
    if (find_key(reader, index, id) < index)
        return pintle__payload_refuse(payload, &member, "is the id of another key too");
    memcpy(key->id, id, PINTLE_KEY_ID_SIZE);
    status = read_algorithm(reader, at, known, key);
    if (status == PINTLE_OK)
        status = read_label(reader, at, known[KEY_LABEL], key);
    return status;
}

static enum pintle_status read_keys(struct reader *reader)
{
    const json_t *json = reader->payload.known[MEMBER_KEYS];
    struct pintle__at at = pintle__at_key(&reader->payload.root, "keys");
    enum pintle_status status = PINTLE_OK;

    for (uint32_t i = 0; status == PINTLE_OK && i < reader->root->key_count; i++) {
        struct pintle__at item = pintle__at_index(&at, i);
        status = read_key(reader, &item, i, json_array_get(json, i));
    }
    return status;
}

/* --- roles -------------------------------------------------------------------------------------- */

static enum pintle_status read_role_key(struct reader *reader, const struct pintle__at *at,
                                        const json_t *json, struct pintle_root_role *role)
{
    const char *id;
    uint32_t key;
    enum pintle_status status = pintle__get_hex(&reader->payload, at, json, &id);

    if (status != PINTLE_OK)
        return status;
    key = find_key(reader, reader->root->key_count, id);
    if (key == reader->root->key_count)
        return pintle__payload_refuse(&reader->payload, at, "is not among the keys");
    for (uint32_t i = 0; i < role->key_count; i++) {
        if (role->keys[i] == key)
            return pintle__payload_refuse(&reader->payload, at, "is there twice");
    }
    role->keys[role->key_count++] = key;
    return PINTLE_OK;
}

static enum pintle_status read_role_keys(struct reader *reader, const struct pintle__at *at,
                                         const json_t *json, struct pintle_root_role *role)
{
    struct pintle__at member = pintle__at_key(at, "keys");
    uint32_t count;
    enum pintle_status status =
        pintle__get_list(&reader->payload, &member, json, 1, PINTLE_ROLE_KEYS_MAX, &count);

    for (uint32_t i = 0; status == PINTLE_OK && i < count; i++) {
        struct pintle__at item = pintle__at_index(&member, i);
        status = read_role_key(reader, &item, json_array_get(json, i), role);
    }
    return status;
}

static enum pintle_status check_threshold(const struct reader *reader, const struct pintle__at *at,
                                          const struct pintle_root_role *role, bool is_unpin)
{
    struct pintle__at member = pintle__at_key(at, "threshold");
    uint32_t usable = 0;

    for (uint32_t i = 0; i < role->key_count; i++)
        usable += reader->keys[role->keys[i]].usable ? 1 : 0;
    if (role->threshold > usable)
        return pintle__payload_refuse(&reader->payload, &member,
                                      "is more than there are usable keys");
    if (is_unpin && role->threshold < UNPIN_MIN_THRESHOLD)
        return pintle__payload_refuse(&reader->payload, &member, "is less than 2 for unpin");
    return PINTLE_OK;
}

static enum pintle_status read_role(struct reader *reader, const struct pintle__at *roles,
                                    enum pintle_role which, json_t *json)
{
    struct pintle__at at = pintle__at_key(roles, pintle_role_name(which));
    struct pintle__at member = pintle__at_key(&at, "threshold");
    struct pintle_root_role *role = &reader->root->roles[which];
    json_t *known[ROLE_MEMBERS];
    int64_t threshold = 0;
    bool unknown;
    enum pintle_status status =
        pintle__get_members(&reader->payload.source, &at, json, role_members, known, &unknown);

    if (status == PINTLE_OK)
        status = pintle__get_integer(&reader->payload.source, &member, known[ROLE_THRESHOLD], 1,
                                     INT64_MAX, &threshold);
    if (status == PINTLE_OK)
        status = read_role_keys(reader, &at, known[ROLE_KEYS], role);
    if (status != PINTLE_OK)
        return status;
    role->threshold = threshold > UINT32_MAX ? UINT32_MAX : (uint32_t)threshold;
    return check_threshold(reader, &at, role, which == PINTLE_ROLE_UNPIN);
}

static enum pintle_status read_roles(struct reader *reader)
{
    static const char *const names[PINTLE_ROLES + 1] = {"root", "pins", "fresh", "unpin", NULL};
    struct pintle__at at = pintle__at_key(&reader->payload.root, "roles");
    json_t *known[PINTLE_ROLES];
    bool unknown;
    enum pintle_status status = pintle__get_members(
        &reader->payload.source, &at, reader->payload.known[MEMBER_ROLES], names, known, &unknown);

    for (int i = 0; status == PINTLE_OK && i < PINTLE_ROLES; i++) {
        if (known[i] != NULL || i <= PINTLE_ROLE_PINS)
            status = read_role(reader, &at, (enum pintle_role)i, known[i]);
    }
    return status;
}

/* --- the document ------------------------------------------------------------------------------- */

/* Bytes of the labels and of app, with their NULs. */
static size_t text_size(const struct reader *reader)
{
    const json_t *keys = reader->payload.known[MEMBER_KEYS];
    size_t size = reader->payload.app.len + 1;

    for (size_t i = 0; i < json_array_size(keys); i++)
        size += json_string_length(json_object_get(json_array_get(keys, i), "label")) + 1;
    return size;
}

static enum pintle_status alloc_root(struct reader *reader, uint32_t key_count)
{
    size_t keys_size = key_count * sizeof(struct pintle_root_key);
    struct pintle_root *root = calloc(1, sizeof(*root) + keys_size + text_size(reader));

    if (root == NULL)
        return pintle__no_memory(reader->payload.source.err);
    reader->root = root;
    reader->keys = (struct pintle_root_key *)(void *)(root + 1);
    reader->text = (char *)(void *)(reader->keys + key_count);
    root->keys = reader->keys;
    root->key_count = key_count;
    root->app = keep_string(reader, reader->payload.app);
    root->epoch = reader->payload.epoch;
    root->issued = reader->payload.issued;
    root->expires = reader->payload.expires;
    return PINTLE_OK;
}

static enum pintle_status read_root(struct reader *reader)
{
    const struct pintle__payload *payload = &reader->payload;
    struct pintle__at version_at = pintle__at_key(&payload->root, "version");
    struct pintle__at keys_at = pintle__at_key(&payload->root, "keys");
    int64_t version = 0;
    uint32_t key_count = 0;
    enum pintle_status status = pintle__get_integer(
        &payload->source, &version_at, payload->known[MEMBER_VERSION], 1, INT64_MAX, &version);

    if (status == PINTLE_OK)
        status = pintle__get_list(payload, &keys_at, payload->known[MEMBER_KEYS], 1,
                                  PINTLE_ROOT_KEYS_MAX, &key_count);
    if (status == PINTLE_OK)
        status = alloc_root(reader, key_count);
    if (status != PINTLE_OK)
        return status;
    reader->root->version = version;
    status = read_keys(reader);
    if (status == PINTLE_OK)
        status = read_roles(reader);
    return status;
}

enum pintle_status pintle_root_parse(struct pintle_root **out, struct pintle_view payload,
                                     const struct pintle_crypto *crypto, struct pintle_error *err)
{
    struct reader reader = {.crypto = crypto};
    enum pintle_status status =
        pintle__payload_read(&reader.payload, PINTLE_ROLE_ROOT, payload, members, err);

    *out = NULL;
    if (status == PINTLE_OK)
        status = read_root(&reader);
    if (status == PINTLE_OK)
        *out = reader.root;
    else
        free(reader.root);
    pintle__payload_clear(&reader.payload);
    return status;
}
