/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L

#include "bundle.h"

#include <pintle/openssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char version_1[] = "\"version\": 1,";

static const struct pintle_trusted_options *options(void)
{
    static struct pintle_trusted_options made;

    made.crypto = pintle_openssl_crypto();
    made.loader = pintle_pinset_loader();
    return &made;
}

/* --- signing --------------------------------------------------------------------------------- */

static size_t sign(char **out, const struct bench_signer *signer, enum pintle_role role,
                   const char *payload)
{
    struct pintle_view view = {(const uint8_t *)payload, strlen(payload)};
    struct pintle_envelope *envelope = NULL;
    struct pintle_error err = {0};
    size_t len = 0;

    bench_must(pintle_envelope_new(&envelope, role, view, &err), "envelope", &err);
    bench_must(pintle_envelope_sign(envelope, signer->key, &err), "signature", &err);
    bench_must(pintle_envelope_format(out, &len, envelope, &err), "envelope", &err);
    pintle_envelope_free(envelope);
    return len;
}

/* 32 bytes in base64. */
static void encode(char out[45], const uint8_t bytes[32])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;

    for (size_t i = 0; i < 33; i += 3) {
        unsigned b = i + 2 < 32 ? bytes[i + 2] : 0;
        unsigned value = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | b;

        for (int shift = 18; shift >= 0; shift -= 6)
            out[at++] = digits[value >> shift & 0x3f];
    }
    out[43] = '=';
    out[44] = '\0';
}

struct bench_signer bench_signer_make(void)
{
    struct bench_signer signer = {0};
    struct pintle_error err = {0};
    char public[45];
    char payload[1024];
    const char *id;

    bench_must(pintle_signing_key_new(&signer.key, &err), "key", &err);
    id = pintle_signing_key_get_id(signer.key);
    encode(public, pintle_signing_key_get_public(signer.key));
    (void)snprintf(
        payload, sizeof(payload),
        "{\"pintle_root\": 1, \"app\": \"test.example.bench\", \"version\": 1, \"epoch\": 1, "
        "\"issued\": \"2026-01-01T00:00:00Z\", \"expires\": \"2027-01-01T00:00:00Z\", "
        "\"keys\": [{\"id\": \"%s\", \"alg\": \"ed25519\", \"public\": \"%s\"}], \"roles\": {"
        "\"root\": {\"threshold\": 1, \"keys\": [\"%s\"]}, "
        "\"pins\": {\"threshold\": 1, \"keys\": [\"%s\"]}}}",
        id, public, id, id);
    signer.root_len = sign(&signer.root, &signer, PINTLE_ROLE_ROOT, payload);
    return signer;
}

void bench_signer_clear(struct bench_signer *signer)
{
    pintle_signing_key_free(signer->key);
    free(signer->root);
}

size_t bench_sign_pins(char **out, char **payload, const struct bench_signer *signer, size_t count,
                       const struct pintle_pin *pin, int version)
{
    char *text = bench_document(count, pin, "enforce");
    char *rest = strstr(text, version_1);
    size_t size = strlen(text) + 32;
    char *numbered = malloc(size);
    size_t len;

    if (numbered == NULL || rest == NULL)
        bench_die("no document");
    (void)snprintf(numbered, size, "%.*s\"version\": %d,%s", (int)(rest - text), text, version,
                   rest + sizeof(version_1) - 1);
    free(text);
    len = sign(out, signer, PINTLE_ROLE_PINS, numbered);
    if (payload != NULL)
        *payload = numbered;
    else
        free(numbered);
    return len;
}

/* --- clients --------------------------------------------------------------------------------- */

struct pintle_trusted *bench_trusted(const struct bench_signer *signer)
{
    struct pintle_view root = {(const uint8_t *)signer->root, signer->root_len};
    struct pintle_trusted *trusted = NULL;
    struct pintle_error err = {0};

    bench_must(pintle_trusted_new(&trusted, root, options(), &err), "root", &err);
    return trusted;
}

char *bench_seed(const struct bench_signer *signer, size_t count, const struct pintle_pin *pin,
                 size_t *len)
{
    struct pintle_trusted *trusted = bench_trusted(signer);
    struct pintle_error err = {0};
    char *envelope = NULL;
    char *seed = NULL;
    struct pintle_view view;

    view.len = bench_sign_pins(&envelope, NULL, signer, count, pin, 1);
    view.data = (const uint8_t *)envelope;
    bench_must(pintle_trusted_apply(trusted, PINTLE_ROLE_PINS, view, BENCH_BUNDLE_NOW, &err),
               "pins", &err);
    bench_must(pintle_trusted_format_seed(&seed, len, trusted, &err), "seed", &err);
    pintle_trusted_free(trusted);
    free(envelope);
    return seed;
}

/* --- a source -------------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *data, size_t len)
{
    char path[512];
    char temporary[520];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    (void)snprintf(temporary, sizeof(temporary), "%s.new", path);
    file = fopen(temporary, "wb");
    if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0 ||
        rename(temporary, path) != 0)
        bench_die("cannot write %s", path);
}

static void write_digest(char out[65], const char *envelope, size_t len)
{
    const struct pintle_crypto *crypto = pintle_openssl_crypto();
    struct pintle_envelope *parsed = NULL;
    uint8_t digest[PINTLE_DIGEST_LEN];
    struct pintle_error err = {0};
    struct pintle_view payload;

    bench_must(pintle_envelope_parse(&parsed, envelope, len, &err), "envelope", &err);
    payload = pintle_envelope_get_payload(parsed);
    if (!crypto->sha256(crypto->ctx, payload.data, payload.len, digest))
        bench_die("no digest");
    for (size_t i = 0; i < sizeof(digest); i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
    pintle_envelope_free(parsed);
}

void bench_publish(const struct bench_signer *signer, const char *folder, const char *envelope,
                   size_t len)
{
    char name[128];
    char digest[65];
    char latest[256];

    for (size_t i = 0; i < 3; i++) {
        static const char *const folders[] = {"", "/root", "/pins"};

        (void)snprintf(latest, sizeof(latest), "%s%s", folder, folders[i]);
        (void)mkdir(latest, 0700); /* it may be there */
    }
    write_file(folder, "root/1.json", signer->root, signer->root_len);
    write_digest(digest, envelope, len);
    (void)snprintf(name, sizeof(name), "pins/%s.json", digest);
    write_file(folder, name, envelope, len);
    (void)snprintf(latest, sizeof(latest),
                   "{\"pintle_latest\": 1, \"app\": \"test.example.bench\", \"root\": 1, "
                   "\"epoch\": 1, \"version\": 1, \"pins\": \"%s\"}",
                   digest);
    write_file(folder, "latest.json", latest, strlen(latest));
}
