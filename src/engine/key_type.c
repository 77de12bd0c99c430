/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/key_type.h"

#include <stdio.h>
#include <string.h>

#include "base/der.h"

struct name {
    const char *oid; /* as in DER */
    size_t len;
    const char *text;
};

#define NAME(oid, text)                                                                            \
    {                                                                                              \
        oid, sizeof(oid) - 1, text                                                                 \
    }

/* id-ecPublicKey, RFC 5480 section 2.1.1: the curve is in the parameters. */
static const struct name ec = NAME("\x2a\x86\x48\xce\x3d\x02\x01", "EC");

static const struct name algorithms[] = {
    NAME("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "RSA"),     /* RFC 3279 section 2.3.1 */
    NAME("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "RSA-PSS"), /* RFC 4055 section 1.2 */
    NAME("\x2b\x65\x70", "Ed25519"),                         /* RFC 8410 section 3 */
    NAME("\x2b\x65\x71", "Ed448"),
};

/* RFC 5480 section 2.1.1.1 */
static const struct name curves[] = {
    NAME("\x2a\x86\x48\xce\x3d\x03\x01\x07", "EC P-256"),
    NAME("\x2b\x81\x04\x00\x22", "EC P-384"),
    NAME("\x2b\x81\x04\x00\x23", "EC P-521"),
};

static bool is_name(const struct name *name, struct pintle_view oid)
{
    return oid.len == name->len && memcmp(oid.data, name->oid, oid.len) == 0;
}

static const char *find(const struct name *names, size_t count, struct pintle_view oid)
{
    for (size_t i = 0; i < count; i++) {
        if (is_name(&names[i], oid))
            return names[i].text;
    }
    return NULL;
}

/* Behind what *out holds, as far as there is room. */
static void append(char out[PINTLE_KEY_TYPE_SIZE], const char *before, uint64_t number)
{
    size_t len = strlen(out);

    (void)snprintf(out + len, PINTLE_KEY_TYPE_SIZE - len, "%s%llu", before,
                   (unsigned long long)number);
}

/* X.690 section 8.19: base 128, and the first two numbers in one. */
static void write_oid(char out[PINTLE_KEY_TYPE_SIZE], const char *before, struct pintle_view oid)
{
    uint64_t number = 0;
    bool first = true;

    (void)snprintf(out, PINTLE_KEY_TYPE_SIZE, "%s", before);
    for (size_t i = 0; i < oid.len; i++) {
        number = number << 7 | (oid.data[i] & 0x7fu);
        if (oid.data[i] >= 0x80)
            continue;
        if (first) {
            uint64_t root = number < 80 ? number / 40 : 2;

            append(out, "", root);
            number -= root * 40;
        }
        append(out, ".", number);
        first = false;
        number = 0;
    }
}

static void write_ec(char out[PINTLE_KEY_TYPE_SIZE], struct pintle__der *algorithm)
{
    struct pintle__der_element curve;
    const char *text;

    if (!pintle__der_expect(algorithm, PINTLE__DER_OID, "curve", &curve, NULL)) {
        (void)snprintf(out, PINTLE_KEY_TYPE_SIZE, "EC"); /* explicit parameters */
        return;
    }
    text = find(curves, sizeof(curves) / sizeof(curves[0]), curve.value);
    if (text != NULL)
        (void)snprintf(out, PINTLE_KEY_TYPE_SIZE, "%s", text);
    else
        write_oid(out, "EC ", curve.value);
}

void pintle__key_type(char out[PINTLE_KEY_TYPE_SIZE], struct pintle_view spki)
{
    struct pintle__der all = pintle__der_init(spki);
    struct pintle__der fields, algorithm;
    struct pintle__der_element outer, inner, oid;
    const char *text;

    (void)snprintf(out, PINTLE_KEY_TYPE_SIZE, "unknown");
    if (!pintle__der_expect(&all, PINTLE__DER_SEQUENCE, "key", &outer, NULL))
        return;
    fields = pintle__der_inside(spki.data, outer.value);
    if (!pintle__der_expect(&fields, PINTLE__DER_SEQUENCE, "algorithm", &inner, NULL))
        return;
    algorithm = pintle__der_inside(spki.data, inner.value);
    if (!pintle__der_expect(&algorithm, PINTLE__DER_OID, "algorithm", &oid, NULL))
        return;
    text = find(algorithms, sizeof(algorithms) / sizeof(algorithms[0]), oid.value);
    if (text != NULL)
        (void)snprintf(out, PINTLE_KEY_TYPE_SIZE, "%s", text);
    else if (is_name(&ec, oid.value))
        write_ec(out, &algorithm);
    else
        write_oid(out, "", oid.value);
}
