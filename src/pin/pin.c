/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <pintle/pin.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/hex.h"

#define B64_LEN PINTLE__B64_DIGEST_LEN
#define HEX_LEN 64
#define COLON_HEX_LEN (HEX_LEN + PINTLE_DIGEST_LEN - 1)

static const char sha256_slash[] = "sha256/";
static const char hpkp[] = "pin-sha256=\"";

/* A stretch of the text: `at` is where it begins in the whole. */
struct part {
    const char *text;
    size_t len;
    size_t at;
};

/* True if the text begins so; the part is then what follows. */
static bool skip(struct part *part, const char *prefix)
{
    size_t len = strlen(prefix);

    if (part->len < len || memcmp(part->text, prefix, len) != 0)
        return false;
    part->text += len;
    part->len -= len;
    part->at += len;
    return true;
}

/* True if `text` begins with a lower-case word, in whatever case. */
static bool begins_like(const char *text, size_t len, const char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++) {
        if (i == len || (text[i] | 0x20) != word[i])
            return false;
    }
    return true;
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* Base64 that is not 44 characters long: say whether it ends early, goes on, or was never any. */
static void set_length_error(const struct part *part, struct pintle_error *err)
{
    size_t i = 0;

    while (i < part->len && i < B64_LEN && is_base64(part->text[i]))
        i++;
    if (i == part->len)
        pintle__error_at(err, PINTLE_E_PIN, part->at + i, "base64 ends after %zu of %d characters",
                         i, B64_LEN);
    else if (i == B64_LEN)
        pintle__error_at(err, PINTLE_E_PIN, part->at + i, "characters after the end of the pin");
    else
        pintle__error_at(err, PINTLE_E_PIN, part->at + i, "character outside of base64");
}

static enum pintle_status parse_base64(struct pintle_pin *out, const struct part *part,
                                       struct pintle_error *err)
{
    size_t bad = 0;

    if (part->len != B64_LEN) {
        set_length_error(part, err);
        return PINTLE_E_PIN;
    }
    if (pintle__base64_to_digest(out->digest, part->text, &bad))
        return PINTLE_OK;
    if (bad == B64_LEN - 2 && is_base64(part->text[bad]) && part->text[bad] != '=')
        pintle__error_at(err, PINTLE_E_PIN, part->at + bad,
                         "base64 is not canonical: its last bits are not zero");
    else
        pintle__error_at(err, PINTLE_E_PIN, part->at + bad, "character outside of base64");
    return PINTLE_E_PIN;
}

/* 64 digits, or 32 pairs with a ':' between all of them. */
static enum pintle_status parse_hex(struct pintle_pin *out, const struct part *part,
                                    struct pintle_error *err)
{
    size_t step = part->len > 2 && part->text[2] == ':' ? 3 : 2;
    size_t wanted = step == 3 ? COLON_HEX_LEN : HEX_LEN;
    size_t i;

    for (i = 0; i < wanted && i < part->len; i++) {
        int digit = pintle__hex_digit(part->text[i]);
        if (i % step == 2 ? part->text[i] != ':' : digit < 0)
            break;
        if (i % step == 0)
            out->digest[i / step] = (uint8_t)(digit << 4);
        else if (i % step == 1)
            out->digest[i / step] |= (uint8_t)digit;
    }
    if (i == wanted && i == part->len)
        return PINTLE_OK;
    if (i == part->len)
        pintle__error_at(err, PINTLE_E_PIN, part->at + i, "hex ends after %zu of %zu characters", i,
                         wanted);
    else
        pintle__error_at(err, PINTLE_E_PIN, part->at + i,
                         i == wanted ? "characters after the end of the pin"
                                     : "character outside of hex");
    return PINTLE_E_PIN;
}

/*
 * A bare digest is hex if it could be as far as base64 would reach (base64 of a digest ends in
 * '='), or if it is as long as hex is.
 */
static bool looks_like_hex(const struct part *part)
{
    if (part->len == HEX_LEN || part->len == COLON_HEX_LEN)
        return true;
    for (size_t i = 0; i < part->len && i < B64_LEN; i++) {
        if (pintle__hex_digit(part->text[i]) < 0 && part->text[i] != ':')
            return false;
    }
    return part->len > 0;
}

/* sha256/B64, or curl's sha256//B64. Base64 may begin with '/' too: the length tells them apart. */
static enum pintle_status parse_slash(struct pintle_pin *out, struct part *rest,
                                      struct pintle_error *err)
{
    if (rest->len != B64_LEN)
        (void)skip(rest, "/");
    return parse_base64(out, rest, err);
}

/* pin-sha256="B64" (RFC 7469 section 2.1): a quoted string, never a token. */
static enum pintle_status parse_hpkp(struct pintle_pin *out, struct part *rest,
                                     struct pintle_error *err)
{
    struct part digest = *rest;
    const char *quote = rest->len > 0 ? memchr(rest->text, '"', rest->len) : NULL;
    enum pintle_status status;

    if (quote != NULL)
        digest.len = (size_t)(quote - rest->text);
    status = parse_base64(out, &digest, err);
    if (status != PINTLE_OK)
        return status;
    if (digest.len + 1 == rest->len)
        return PINTLE_OK;
    pintle__error_at(err, PINTLE_E_PIN, rest->at + digest.len + (quote != NULL ? 1 : 0),
                     quote != NULL ? "characters after the end of the pin"
                                   : "closing quote is missing");
    return PINTLE_E_PIN;
}

static enum pintle_status parse_any(struct pintle_pin *out, struct part *part,
                                    struct pintle_error *err)
{
    if (skip(part, sha256_slash))
        return parse_slash(out, part, err);
    if (skip(part, hpkp))
        return parse_hpkp(out, part, err);
    if (skip(part, "sha256:"))
        return parse_hex(out, part, err);
    /* 44 characters may be base64 whatever they begin with. */
    if (part->len != B64_LEN &&
        (begins_like(part->text, part->len, "sha") || begins_like(part->text, part->len, "pin-"))) {
        pintle__error_at(err, PINTLE_E_PIN, 0, "unknown form of pin: write sha256/ and base64");
        return PINTLE_E_PIN;
    }
    if (looks_like_hex(part))
        return parse_hex(out, part, err);
    return parse_base64(out, part, err);
}

enum pintle_status pintle_pin_parse(struct pintle_pin *out, const char *text, size_t len,
                                    struct pintle_error *err)
{
    struct part part = {text, len, 0};
    enum pintle_status status = parse_any(out, &part, err);

    if (status != PINTLE_OK)
        memset(out, 0, sizeof(*out));
    return status;
}

char *pintle_pin_format(const struct pintle_pin *pin, char out[PINTLE_PIN_TEXT_SIZE])
{
    size_t prefix = sizeof(sha256_slash) - 1;

    memcpy(out, sha256_slash, prefix);
    pintle__base64_from_digest(out + prefix, pin->digest);
    out[PINTLE_PIN_TEXT_SIZE - 1] = '\0';
    return out;
}

bool pintle_pin_equal(const struct pintle_pin *a, const struct pintle_pin *b)
{
    return memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}

enum pintle_status pintle_pin_from_spki(struct pintle_pin *out, struct pintle_view spki,
                                        const struct pintle_crypto *crypto,
                                        struct pintle_error *err)
{
    if (crypto->sha256(crypto->ctx, spki.data, spki.len, out->digest))
        return PINTLE_OK;
    memset(out, 0, sizeof(*out));
    pintle__error_set(err, PINTLE_E_CRYPTO, "SHA-256 of the public key failed");
    return PINTLE_E_CRYPTO;
}

enum pintle_status pintle_pin_from_certificate(struct pintle_pin *out, struct pintle_view der,
                                               const struct pintle_crypto *crypto,
                                               struct pintle_error *err)
{
    struct pintle_view spki;
    enum pintle_status status = pintle_spki_from_certificate(&spki, der, err);

    if (status == PINTLE_OK)
        return pintle_pin_from_spki(out, spki, crypto, err);
    memset(out, 0, sizeof(*out));
    return status;
}
