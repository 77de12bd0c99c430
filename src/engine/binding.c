/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "engine/judging.h"

/* Another layout needs another label: sessions of an older pintle are then not resumed. */
static const char label[] = "pintle session binding 2";

#define BINDING_MAX_LEN                                                                            \
    (sizeof(label) + 1 + PINTLE_HOST_MAX_LEN + 2 + PINTLE_DIGEST_LEN + 8 + PINTLE_RULE_ID_SIZE)

/* Bytes to be hashed. Every part has a fixed length or says its own, so no two inputs are equal. */
struct binding {
    size_t len;
    uint8_t bytes[BINDING_MAX_LEN];
};

static void add(struct binding *binding, const void *bytes, size_t len)
{
    memcpy(binding->bytes + binding->len, bytes, len);
    binding->len += len;
}

static void add_byte(struct binding *binding, unsigned byte)
{
    binding->bytes[binding->len++] = (uint8_t)(byte & 0xff);
}

/* A session may rest on a key whose pin is retired by now. Which pins are retired follows from how
 * many are, as they go in the order of their `until`. */
static void add_retired(struct binding *binding, const struct pintle_rule *rule, int64_t now)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < rule->pin_count; i++)
        count += rule->pins[i].until != PINTLE_NEVER && now >= rule->pins[i].until ? 1 : 0;
    for (unsigned shift = 0; shift < 32; shift += 8)
        add_byte(binding, count >> shift);
}

static void add_rule(struct binding *binding, const struct pintle_rule *rule, enum pintle_mode mode)
{
    size_t id_len = strlen(rule->id);

    if (id_len >= PINTLE_RULE_ID_SIZE)
        id_len = PINTLE_RULE_ID_SIZE - 1;
    add_byte(binding, (unsigned)mode);
    add_byte(binding, (unsigned)rule->trust);
    add_byte(binding, (unsigned)id_len);
    add(binding, rule->id, id_len);
}

static void add_rule_of(struct binding *bytes, struct pintle_binding *out,
                        const struct pintle_rule *rule, int64_t now)
{
    add_byte(bytes, rule != NULL);
    if (rule == NULL)
        return;
    out->mode = pintle_rule_get_mode(rule, now);
    add_rule(bytes, rule, out->mode);
    add_retired(bytes, rule, now);
}

/* Sessions of an unlisted host must not outlive the moment at which it announces pins. */
static void add_noted(struct binding *bytes, struct pintle *engine, const struct pintle_host *host,
                      uint16_t port)
{
    struct pintle_learned noted;
    enum pintle_recall found = PINTLE_RECALL_NONE;

    if (engine->config.memory != NULL && engine->config.allow_unlisted)
        found = pintle__recall_noted(engine, host, port, pintle_get_time(engine), &noted);
    add_byte(bytes, found != PINTLE_RECALL_NONE && found != PINTLE_RECALL_EXPIRED);
}

enum pintle_status pintle_session_binding(struct pintle_binding *out, struct pintle *engine,
                                          const struct pintle_host *host, uint16_t port,
                                          struct pintle_error *err)
{
    const struct pintle_crypto *crypto = engine->config.crypto;
    const struct pintle_pinset *set = pintle__live_get(&engine->live);
    const struct pintle_rule *rule = pintle_pinset_find(set, host, port);
    struct binding bytes;

    memset(out, 0, sizeof(*out));
    memcpy(out->set_digest, pintle_pinset_get_digest(set), PINTLE_DIGEST_LEN);
    bytes.len = 0;
    add(&bytes, label, sizeof(label));
    add_byte(&bytes, host->len);
    add(&bytes, host->text, host->len);
    add_byte(&bytes, (unsigned)port >> 8);
    add_byte(&bytes, port);
    add(&bytes, out->set_digest, PINTLE_DIGEST_LEN);
    add_rule_of(&bytes, out, rule, pintle_get_time(engine));
    if (rule == NULL)
        add_noted(&bytes, engine, host, port);
    pintle_pinset_free(set);
    if (!crypto->sha256(crypto->ctx, bytes.bytes, bytes.len, out->digest)) {
        memset(out, 0, sizeof(*out));
        pintle__error_set(err, PINTLE_E_CRYPTO, "the crypto provider cannot hash");
        return PINTLE_E_CRYPTO;
    }
    return PINTLE_OK;
}
