/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "engine/state.h"

/* Another layout needs another label: sessions of an older pintle are then not resumed. */
static const char label[] = "pintle session binding 1";

#define BINDING_MAX_LEN                                                                            \
    (sizeof(label) + 1 + PINTLE_HOST_MAX_LEN + 2 + PINTLE_DIGEST_LEN + 4 + PINTLE_RULE_ID_SIZE)

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

static void add_rule(struct binding *binding, const struct pintle_rule *rule, int64_t now)
{
    size_t id_len = strlen(rule->id);

    if (id_len >= PINTLE_RULE_ID_SIZE)
        id_len = PINTLE_RULE_ID_SIZE - 1;
    add_byte(binding, (unsigned)pintle_rule_get_mode(rule, now));
    add_byte(binding, (unsigned)rule->trust);
    add_byte(binding, (unsigned)id_len);
    add(binding, rule->id, id_len);
}

enum pintle_status pintle_session_binding(uint8_t out[PINTLE_DIGEST_LEN], struct pintle *engine,
                                          const struct pintle_host *host, uint16_t port,
                                          struct pintle_error *err)
{
    const struct pintle_crypto *crypto = engine->config.crypto;
    const struct pintle_pinset *set = pintle__live_get(&engine->live);
    const struct pintle_rule *rule = pintle_pinset_find(set, host, port);
    struct binding binding;
    bool hashed;

    binding.len = 0;
    add(&binding, label, sizeof(label));
    add_byte(&binding, host->len);
    add(&binding, host->text, host->len);
    add_byte(&binding, (unsigned)port >> 8);
    add_byte(&binding, port);
    add(&binding, pintle_pinset_get_digest(set), PINTLE_DIGEST_LEN);
    add_byte(&binding, rule != NULL);
    if (rule != NULL)
        add_rule(&binding, rule, pintle_get_time(engine));
    pintle_pinset_free(set);
    hashed = crypto->sha256(crypto->ctx, binding.bytes, binding.len, out);
    if (!hashed) {
        memset(out, 0, PINTLE_DIGEST_LEN);
        pintle__error_set(err, PINTLE_E_CRYPTO, "the crypto provider cannot hash");
        return PINTLE_E_CRYPTO;
    }
    return PINTLE_OK;
}
