/* SPDX-License-Identifier: Apache-2.0 */
/* Key ids, and whose signatures an envelope holds. */
#include <string.h>

#include "base/error.h"
#include "bundle/key.h"

/* A DER SubjectPublicKeyInfo of Ed25519 up to the key itself (RFC 8410, section 4). */
static const uint8_t spki_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

void pintle__hex_from_digest(char out[PINTLE_KEY_ID_SIZE], const uint8_t digest[PINTLE_DIGEST_LEN])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < PINTLE_DIGEST_LEN; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 0x0f];
    }
    out[PINTLE_KEY_ID_SIZE - 1] = '\0';
}

enum pintle_status pintle_key_id(char out[PINTLE_KEY_ID_SIZE],
                                 const uint8_t public_key[PINTLE_ED25519_KEY_LEN],
                                 const struct pintle_crypto *crypto, struct pintle_error *err)
{
    uint8_t spki[sizeof(spki_head) + PINTLE_ED25519_KEY_LEN];
    uint8_t digest[PINTLE_DIGEST_LEN];

    memcpy(spki, spki_head, sizeof(spki_head));
    memcpy(spki + sizeof(spki_head), public_key, PINTLE_ED25519_KEY_LEN);
    out[0] = '\0';
    if (!crypto->sha256(crypto->ctx, spki, sizeof(spki), digest)) {
        pintle__error_set(err, PINTLE_E_CRYPTO, "SHA-256 of a key failed");
        return PINTLE_E_CRYPTO;
    }
    pintle__hex_from_digest(out, digest);
    return PINTLE_OK;
}

/* --- who signed ----------------------------------------------------------------------------------- */

/* An envelope under test by the keys of a role. */
struct count {
    const struct pintle_root *root;
    const struct pintle_root_role *role;
    const struct pintle_crypto *crypto;
    struct pintle_view message;
    bool signed_by[PINTLE_ROLE_KEYS_MAX];
    size_t signers;
    bool failed; /* a check could not be made */
};

static const struct pintle_root_key *key_of(const struct count *count, size_t index)
{
    return &count->root->keys[count->role->keys[index]];
}

/* Try one key that is not counted yet. */
static bool try_key(struct count *count, size_t index, const uint8_t *signature)
{
    const struct pintle_crypto *crypto = count->crypto;
    const struct pintle_root_key *key = key_of(count, index);
    enum pintle_signature_check check = PINTLE_SIGNATURE_FAILED;

    if (!key->usable || count->signed_by[index])
        return false;
    if (crypto->verify_ed25519 != NULL)
        check = crypto->verify_ed25519(crypto->ctx, key->public_key, count->message.data,
                                       count->message.len, signature);
    if (check == PINTLE_SIGNATURE_GOOD) {
        count->signed_by[index] = true;
        count->signers++;
        return true;
    }
    if (check != PINTLE_SIGNATURE_BAD)
        count->failed = true;
    return false;
}

/* The key that the hint names comes first; it is not the only one, since the hint is not signed. */
static void try_signature(struct count *count, const struct pintle_signature *signature)
{
    size_t hinted = count->role->key_count;

    for (size_t i = 0; i < count->role->key_count; i++) {
        if (strcmp(key_of(count, i)->id, signature->key_id) == 0)
            hinted = i;
    }
    if (hinted < count->role->key_count && try_key(count, hinted, signature->bytes))
        return;
    for (size_t i = 0; i < count->role->key_count; i++) {
        if (i != hinted && try_key(count, i, signature->bytes))
            return;
    }
}

/* True if the same 64 bytes came before: they were tried by every key. */
static bool is_repeated(const struct pintle_envelope *envelope, size_t index)
{
    const struct pintle_signature *signature = pintle_envelope_get_signature(envelope, index);

    for (size_t i = 0; i < index; i++) {
        if (memcmp(pintle_envelope_get_signature(envelope, i)->bytes, signature->bytes,
                   sizeof(signature->bytes)) == 0)
            return true;
    }
    return false;
}

/* Count signers, up to `enough` of them. */
static void count_up_to(struct count *count, const struct pintle_envelope *envelope, size_t enough)
{
    size_t signatures = pintle_envelope_get_signature_count(envelope);

    count->message = pintle_envelope_get_signed_bytes(envelope);
    for (size_t i = 0; count->signers < enough && i < signatures; i++) {
        if (!is_repeated(envelope, i))
            try_signature(count, pintle_envelope_get_signature(envelope, i));
    }
}

size_t pintle_root_count_signers(const struct pintle_root *root, enum pintle_role role,
                                 const struct pintle_envelope *envelope,
                                 const struct pintle_crypto *crypto,
                                 bool signed_by[PINTLE_ROLE_KEYS_MAX])
{
    struct count count = {.root = root, .role = &root->roles[role], .crypto = crypto};

    count_up_to(&count, envelope, PINTLE_ROLE_KEYS_MAX);
    if (signed_by != NULL)
        memcpy(signed_by, count.signed_by, sizeof(count.signed_by));
    return count.signers;
}

enum pintle_status pintle__check_signers(const struct pintle_root *root, enum pintle_role role,
                                         const struct pintle_envelope *envelope,
                                         const struct pintle_crypto *crypto,
                                         struct pintle_error *err)
{
    struct count count = {.root = root, .role = &root->roles[role], .crypto = crypto};
    const char *name = pintle_role_name(role);

    if (count.role->key_count == 0) {
        pintle__error_set(err, PINTLE_E_SIGNATURES, "root %lld has no keys for role %s",
                          (long long)root->version, name);
        return PINTLE_E_SIGNATURES;
    }
    count_up_to(&count, envelope, count.role->threshold);
    if (count.signers >= count.role->threshold)
        return PINTLE_OK;
    if (count.failed) {
        pintle__error_set(err, PINTLE_E_CRYPTO, "a signature could not be checked");
        return PINTLE_E_CRYPTO;
    }
    pintle__error_set(err, PINTLE_E_SIGNATURES,
                      "signed by %zu of the %lu keys that root %lld asks for in role %s",
                      count.signers, (unsigned long)count.role->threshold, (long long)root->version,
                      name);
    return PINTLE_E_SIGNATURES;
}
