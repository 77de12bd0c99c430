/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/signer.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/time.h>

#include "kit/test_crypto.h"

static void need(bool done, const char *what)
{
    if (done)
        return;
    (void)fprintf(stderr, "test signer: %s\n", what);
    exit(1);
}

struct pintle_view test_view(const char *text)
{
    return (struct pintle_view){(const uint8_t *)text, strlen(text)};
}

char *test_text(const char *format, ...)
{
    va_list args;
    char *out;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    need(len >= 0, format);
    out = malloc((size_t)len + 1);
    need(out != NULL, "no memory");
    va_start(args, format);
    (void)vsnprintf(out, (size_t)len + 1, format, args);
    va_end(args);
    return out;
}

/* --- keys --------------------------------------------------------------------------------------- */

static EVP_PKEY *load(const struct test_key *key)
{
    EVP_PKEY *out =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, sizeof(key->seed));

    need(out != NULL, "no Ed25519 key");
    return out;
}

/* Each is made once: random tests ask for thousands. */
struct test_key test_key_make(char name)
{
    static struct test_key known[128];
    struct test_key key;
    size_t len = sizeof(key.public_key);
    EVP_PKEY *pkey;

    if (known[name & 127].id[0] != '\0')
        return known[name & 127];
    memset(key.seed, name, sizeof(key.seed));
    pkey = load(&key);
    need(EVP_PKEY_get_raw_public_key(pkey, key.public_key, &len) == 1, "no public key");
    EVP_PKEY_free(pkey);
    need(pintle_key_id(key.id, key.public_key, test_crypto(), NULL) == PINTLE_OK, "no key id");
    known[name & 127] = key;
    return key;
}

struct pintle_signature test_key_sign(char name, struct pintle_view message)
{
    struct test_key key = test_key_make(name);
    struct pintle_signature out;
    size_t len = sizeof(out.bytes);
    EVP_PKEY *pkey = load(&key);
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    memcpy(out.key_id, key.id, sizeof(out.key_id));
    need(md != NULL && EVP_DigestSignInit(md, NULL, NULL, NULL, pkey) == 1 &&
             EVP_DigestSign(md, out.bytes, &len, message.data, message.len) == 1,
         "no signature");
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(pkey);
    return out;
}

/* --- envelopes ------------------------------------------------------------------------------------ */

char *test_sign_bytes(enum pintle_role role, struct pintle_view payload, const char *keys)
{
    struct pintle_envelope *envelope;
    char *out = NULL;
    size_t len;

    need(pintle_envelope_new(&envelope, role, payload, NULL) == PINTLE_OK, "no envelope");
    for (; *keys != '\0'; keys++) {
        struct pintle_signature signature =
            test_key_sign(*keys, pintle_envelope_get_signed_bytes(envelope));
        need(pintle_envelope_add_signature(envelope, &signature, NULL) == PINTLE_OK, "no room");
    }
    need(pintle_envelope_format(&out, &len, envelope, NULL) == PINTLE_OK, "no envelope as text");
    pintle_envelope_free(envelope);
    return out;
}

char *test_sign(enum pintle_role role, const char *payload, const char *keys)
{
    return test_sign_bytes(role, test_view(payload), keys);
}

/* --- payloads ------------------------------------------------------------------------------------- */

/* "app": … up to "expires", which every payload has. Lent until the next call. */
static const char *common(const char *app, int64_t epoch, int64_t issued, int64_t expires,
                          int64_t days)
{
    static char out[512];
    char from[PINTLE_TIME_TEXT_SIZE], to[PINTLE_TIME_TEXT_SIZE];

    issued = issued == 0 ? TEST_NOW : issued;
    expires = expires == 0 ? issued + days * TEST_DAY : expires;
    (void)snprintf(out, sizeof(out),
                   "\"app\": \"%s\", \"epoch\": %lld, \"issued\": \"%s\", \"expires\": \"%s\"",
                   app == NULL ? TEST_APP : app, (long long)(epoch == 0 ? 1 : epoch),
                   pintle_time_format(issued, from), pintle_time_format(expires, to));
    return out;
}

static void append(char **text, const char *more)
{
    char *out = test_text("%s%s", *text, more);

    free(*text);
    *text = out;
}

/* A key once, however many roles it has. */
static void add_key(char **text, const char *done, char name)
{
    struct test_key key = test_key_make(name);
    char public_key[48], *item;

    if (strchr(done, name) != NULL)
        return;
    (void)EVP_EncodeBlock((unsigned char *)public_key, key.public_key, sizeof(key.public_key));
    item = test_text("%s\n  {\"id\": \"%s\", \"alg\": \"ed25519\", \"public\": \"%s\", "
                     "\"label\": \"%c\"}",
                     done[0] == '\0' ? "" : ",", key.id, public_key, name);
    append(text, item);
    free(item);
}

static void add_keys(char **text, const struct test_root *root)
{
    char done[PINTLE_ROOT_KEYS_MAX + 2] = ""; /* the tests go one beyond the limit */

    for (int role = 0; role < PINTLE_ROLES; role++) {
        const char *keys = root->roles[role].keys;
        for (; keys != NULL && *keys != '\0'; keys++) {
            add_key(text, done, *keys);
            if (strchr(done, *keys) == NULL)
                done[strlen(done)] = *keys;
        }
    }
}

static void add_role(char **text, const struct test_root *root, enum pintle_role role)
{
    const char *keys = root->roles[role].keys;
    unsigned threshold = root->roles[role].threshold;
    char *head;

    if (keys == NULL)
        return;
    head = test_text("%s\n  \"%s\": {\"threshold\": %u, \"keys\": [",
                     role == PINTLE_ROLE_ROOT ? "" : ",", pintle_role_name(role),
                     threshold == 0 ? (unsigned)strlen(keys) : threshold);
    append(text, head);
    free(head);
    for (size_t i = 0; keys[i] != '\0'; i++) {
        struct test_key key = test_key_make(keys[i]);
        append(text, i == 0 ? "\"" : ", \"");
        append(text, key.id);
        append(text, "\"");
    }
    append(text, "]}");
}

char *test_root_payload(const struct test_root *root)
{
    char *text = test_text("{\"pintle_root\": 1, \"version\": %lld, %s,\n \"keys\": [",
                           (long long)(root->version == 0 ? 1 : root->version),
                           common(root->app, root->epoch, root->issued, root->expires, 365));

    add_keys(&text, root);
    append(&text, "],\n \"roles\": {");
    for (int role = 0; role < PINTLE_ROLES; role++)
        add_role(&text, root, (enum pintle_role)role);
    append(&text, "}}\n");
    return text;
}

char *test_pins_payload(const struct test_doc *doc)
{
    return test_text("{\"pintle\": 1, \"version\": %lld, %s, \"rules\": []}\n",
                     (long long)(doc->version == 0 ? 1 : doc->version),
                     common(doc->app, doc->epoch, doc->issued, doc->expires, 30));
}

char *test_fresh_payload(const struct test_doc *doc, const char *pins_payload)
{
    struct pintle_view pins = test_view(pins_payload);
    uint8_t digest[PINTLE_DIGEST_LEN];
    char hex[PINTLE_KEY_ID_SIZE];

    need(test_crypto()->sha256(NULL, pins.data, pins.len, digest), "no digest");
    for (size_t i = 0; i < sizeof(digest); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return test_text("{\"pintle_fresh\": 1, \"version\": %lld, \"pins\": \"%s\", %s}\n",
                     (long long)(doc->version == 0 ? 1 : doc->version), hex,
                     common(doc->app, doc->epoch, doc->issued, doc->expires, 30));
}

char *test_unpin_payload(const struct test_doc *doc, const char *rules)
{
    return test_text("{\"pintle_unpin\": 1, \"serial\": %lld, %s, \"reason\": \"lost key\", "
                     "\"rules\": %s}\n",
                     (long long)(doc->version == 0 ? 1 : doc->version),
                     common(doc->app, doc->epoch, doc->issued, doc->expires, 7), rules);
}
