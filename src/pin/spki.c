/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a certificate, request or key to its SubjectPublicKeyInfo. The way there is checked field by
 * field, so that what is found is the key the issuer signed for and no look-alike elsewhere; what
 * is inside names, algorithm parameters and extensions is not read.
 *
 * Functions that return bool set E_DER in *err when they return false. Those that move a cursor are
 * inline, so that it stays in registers.
 */
#include <string.h>

#include <pintle/pin.h>

#include "base/der.h"
#include "base/error.h"

/* Tags of the optional fields of TBSCertificate (RFC 5280 section 4.1). */
#define TAG_VERSION 0xa0
#define TAG_ISSUER_UNIQUE_ID 0x81
#define TAG_SUBJECT_UNIQUE_ID 0x82
#define TAG_EXTENSIONS 0xa3
/* attributes [0] IMPLICIT SET OF (RFC 2986 section 4.1) */
#define TAG_ATTRIBUTES 0xa0
/* Time ::= CHOICE (RFC 5280 section 4.1.2.5) */
#define TAG_UTC_TIME 0x17
#define TAG_GENERALIZED_TIME 0x18

enum {
    V1 = 0,
    V2 = 1,
    V3 = 2
};

/* What stands at `at` is not what it should be. */
__attribute__((cold)) static void blame(const uint8_t *base, const uint8_t *at, const char *what,
                                        const char *why, struct pintle_error *err)
{
    pintle__error_at(err, PINTLE_E_DER, (size_t)(at - base), "%s %s", what, why);
}

/* A non-empty integer in its shortest form (X.690 section 8.3.2); its sign is free. */
static bool check_integer(const uint8_t *base, struct pintle_view value, const char *what,
                          struct pintle_error *err)
{
    const uint8_t *bytes = value.data;

    if (value.len > 1 &&
        ((bytes[0] == 0x00 && bytes[1] < 0x80) || (bytes[0] == 0xff && bytes[1] >= 0x80))) {
        blame(base, bytes, what, "is not in its shortest form", err);
        return false;
    }
    if (value.len == 0) {
        blame(base, bytes, what, "is empty", err);
        return false;
    }
    return true;
}

/* The length of what is sound in an object identifier (X.690 section 8.19.2). */
static size_t sound_oid_len(struct pintle_view oid)
{
    bool first = true;

    for (size_t i = 0; i < oid.len; i++) {
        if (first && oid.data[i] == 0x80)
            return i;
        first = oid.data[i] < 0x80;
        if (!first && i + 1 == oid.len)
            return i;
    }
    return oid.len;
}

static bool check_oid(const uint8_t *base, struct pintle_view oid, const char *what,
                      struct pintle_error *err)
{
    size_t len;

    /* As nearly all are: no padding anywhere, and the last byte ends a number. */
    if (oid.len > 0 && oid.data[oid.len - 1] < 0x80 && memchr(oid.data, 0x80, oid.len) == NULL)
        return true;
    len = sound_oid_len(oid);
    if (len == 0 || len < oid.len) {
        blame(base, oid.data + len, what, "has a malformed object identifier", err);
        return false;
    }
    return true;
}

/* AlgorithmIdentifier ::= SEQUENCE { OID, parameters ANY OPTIONAL } (RFC 5280 section 4.1.1.2) */
static bool check_algorithm(const uint8_t *base, struct pintle_view value, const char *what,
                            struct pintle_error *err)
{
    struct pintle__der fields = pintle__der_inside(base, value);
    struct pintle__der_element oid, parameters;

    if (!pintle__der_expect(&fields, PINTLE__DER_OID, "algorithm", &oid, err) ||
        !check_oid(base, oid.value, what, err))
        return false;
    if (pintle__der_at_end(&fields))
        return true;
    return pintle__der_next(&fields, "parameters", &parameters, err) &&
           pintle__der_finish(&fields, what, err);
}

/*
 * A bit string (X.690 sections 8.6.2 and 11.2): a count of unused bits, which are zero in the last
 * byte. If the count is that byte, this leaves it only zero.
 */
static bool check_bits(const uint8_t *base, struct pintle_view value, const char *what,
                       struct pintle_error *err)
{
    const uint8_t *bytes = value.data;

    if (value.len == 0 || bytes[0] > 7 || (bytes[value.len - 1] & ((1u << bytes[0]) - 1)) != 0) {
        blame(base, bytes, what, "is not a bit string in DER", err);
        return false;
    }
    return true;
}

/* SubjectPublicKeyInfo ::= SEQUENCE { AlgorithmIdentifier, BIT STRING } (RFC 5280 section 4.1) */
static bool check_spki(const uint8_t *base, struct pintle_view value, struct pintle_error *err)
{
    struct pintle__der fields = pintle__der_inside(base, value);
    struct pintle__der_element algorithm, key;

    if (!pintle__der_expect(&fields, PINTLE__DER_SEQUENCE, "key algorithm", &algorithm, err) ||
        !check_algorithm(base, algorithm.value, "key algorithm", err) ||
        !pintle__der_expect(&fields, PINTLE__DER_BIT_STRING, "public key", &key, err))
        return false;
    /* Keys are whole bytes, and one of no bytes would give every holder the same pin. */
    if (key.value.len < 2 || key.value.data[0] != 0) {
        blame(base, key.value.data, "public key", "is empty or not of whole bytes", err);
        return false;
    }
    return pintle__der_finish(&fields, "SubjectPublicKeyInfo", err);
}

/* --- TBSCertificate ------------------------------------------------------------------------- */

/* version [0] EXPLICIT Version DEFAULT v1. DER leaves out defaults (X.690 section 11.5). */
static inline bool read_version(struct pintle__der *tbs, int *version, struct pintle_error *err)
{
    struct pintle__der inner;
    struct pintle__der_element outer, number;

    *version = V1;
    if (!pintle__der_peek(tbs, TAG_VERSION))
        return true;
    if (!pintle__der_expect(tbs, TAG_VERSION, "version", &outer, err))
        return false;
    inner = pintle__der_inside(tbs->base, outer.value);
    if (!pintle__der_expect(&inner, PINTLE__DER_INTEGER, "version", &number, err) ||
        !check_integer(tbs->base, number.value, "version", err))
        return false;
    *version = number.value.data[0];
    if (number.value.len != 1 || (*version != V2 && *version != V3)) {
        blame(tbs->base, number.value.data, "version", "is not 2 or 3, or 1 by default", err);
        return false;
    }
    return pintle__der_finish(&inner, "version", err);
}

/* The signed copy of the signature's algorithm equals the outer one (RFC 5280 section 4.1.1.2). */
static bool check_same(const uint8_t *base, const struct pintle__der_element *inner,
                       const struct pintle__der_element *outer, struct pintle_error *err)
{
    if (inner->all.len == outer->all.len &&
        memcmp(inner->all.data, outer->all.data, inner->all.len) == 0)
        return true;
    if (check_algorithm(base, inner->value, "signature algorithm", err))
        blame(base, outer->all.data, "signature algorithm",
              "differs from the one in TBSCertificate", err);
    return false;
}

static inline bool read_time(struct pintle__der *validity, const char *what,
                             struct pintle_error *err)
{
    struct pintle__der_element time;

    return pintle__der_expect(
        validity,
        pintle__der_peek(validity, TAG_GENERALIZED_TIME) ? TAG_GENERALIZED_TIME : TAG_UTC_TIME,
        what, &time, err);
}

/* Validity ::= SEQUENCE { notBefore Time, notAfter Time } (RFC 5280 section 4.1.2.5) */
static bool check_validity(const uint8_t *base, struct pintle_view value, struct pintle_error *err)
{
    struct pintle__der times = pintle__der_inside(base, value);

    return read_time(&times, "notBefore", err) && read_time(&times, "notAfter", err) &&
           pintle__der_finish(&times, "validity", err);
}

/* issuerUniqueID [1] or subjectUniqueID [2] IMPLICIT BIT STRING OPTIONAL */
static inline bool read_unique_id(struct pintle__der *tbs, uint8_t tag, const char *what,
                                  struct pintle_error *err)
{
    struct pintle__der_element id;

    if (!pintle__der_peek(tbs, tag))
        return true;
    return pintle__der_expect(tbs, tag, what, &id, err) &&
           check_bits(tbs->base, id.value, what, err);
}

/* extensions [3] EXPLICIT Extensions OPTIONAL: one sequence, not read. */
static inline bool read_extensions(struct pintle__der *tbs, struct pintle_error *err)
{
    static const char what[] = "extensions";
    struct pintle__der_element outer, list;
    struct pintle__der inner;

    if (!pintle__der_peek(tbs, TAG_EXTENSIONS))
        return true;
    if (!pintle__der_expect(tbs, TAG_EXTENSIONS, what, &outer, err))
        return false;
    inner = pintle__der_inside(tbs->base, outer.value);
    return pintle__der_expect(&inner, PINTLE__DER_SEQUENCE, what, &list, err) &&
           pintle__der_finish(&inner, what, err);
}

/* What may follow the key: unique identifiers from version 2, extensions in version 3. */
static inline bool read_optional_fields(struct pintle__der *tbs, int version,
                                        struct pintle_error *err)
{
    if (version >= V2 && (!read_unique_id(tbs, TAG_ISSUER_UNIQUE_ID, "issuerUniqueID", err) ||
                          !read_unique_id(tbs, TAG_SUBJECT_UNIQUE_ID, "subjectUniqueID", err)))
        return false;
    return version < V3 || read_extensions(tbs, err);
}

/* TBSCertificate (RFC 5280 section 4.1.2) of a certificate signed with this algorithm. */
static inline bool read_tbs(struct pintle__der tbs, const struct pintle__der_element *algorithm,
                            struct pintle__der_element *spki, struct pintle_error *err)
{
    struct pintle__der_element serial, signature, name, validity;
    int version;

    return read_version(&tbs, &version, err) &&
           pintle__der_expect(&tbs, PINTLE__DER_INTEGER, "serialNumber", &serial, err) &&
           check_integer(tbs.base, serial.value, "serialNumber", err) &&
           pintle__der_expect(&tbs, PINTLE__DER_SEQUENCE, "signature algorithm", &signature, err) &&
           check_same(tbs.base, &signature, algorithm, err) &&
           pintle__der_expect(&tbs, PINTLE__DER_SEQUENCE, "issuer", &name, err) &&
           pintle__der_expect(&tbs, PINTLE__DER_SEQUENCE, "validity", &validity, err) &&
           check_validity(tbs.base, validity.value, err) &&
           pintle__der_expect(&tbs, PINTLE__DER_SEQUENCE, "subject", &name, err) &&
           pintle__der_expect(&tbs, PINTLE__DER_SEQUENCE, "SubjectPublicKeyInfo", spki, err) &&
           check_spki(tbs.base, spki->value, err) && read_optional_fields(&tbs, version, err) &&
           pintle__der_finish(&tbs, "TBSCertificate", err);
}

/* --- other objects -------------------------------------------------------------------------- */

/* CertificationRequestInfo (RFC 2986 section 4.1). Attributes are there even if they are empty. */
static inline bool read_request_info(struct pintle__der info, struct pintle__der_element *spki,
                                     struct pintle_error *err)
{
    struct pintle__der_element version, name, attributes;

    if (!pintle__der_expect(&info, PINTLE__DER_INTEGER, "version", &version, err) ||
        !check_integer(info.base, version.value, "version", err))
        return false;
    if (version.value.len != 1 || version.value.data[0] != V1) {
        blame(info.base, version.value.data, "version", "of the request is not 1", err);
        return false;
    }
    return pintle__der_expect(&info, PINTLE__DER_SEQUENCE, "subject", &name, err) &&
           pintle__der_expect(&info, PINTLE__DER_SEQUENCE, "SubjectPublicKeyInfo", spki, err) &&
           check_spki(info.base, spki->value, err) &&
           pintle__der_expect(&info, TAG_ATTRIBUTES, "attributes", &attributes, err) &&
           pintle__der_finish(&info, "CertificationRequestInfo", err);
}

/*
 * What certificates and requests share: SEQUENCE { body SEQUENCE, AlgorithmIdentifier, signature
 * BIT STRING } and nothing behind it.
 */
static inline bool read_signed(struct pintle_view der, const char *what, struct pintle__der *body,
                               struct pintle__der_element *algorithm, struct pintle_error *err)
{
    struct pintle__der all = pintle__der_init(der);
    struct pintle__der fields;
    struct pintle__der_element outer, inner, signature;

    if (!pintle__der_expect(&all, PINTLE__DER_SEQUENCE, what, &outer, err) ||
        !pintle__der_finish(&all, what, err))
        return false;
    fields = pintle__der_inside(all.base, outer.value);
    if (!pintle__der_expect(&fields, PINTLE__DER_SEQUENCE, "signed part", &inner, err))
        return false;
    *body = pintle__der_inside(all.base, inner.value);
    return pintle__der_expect(&fields, PINTLE__DER_SEQUENCE, "signature algorithm", algorithm,
                              err) &&
           check_algorithm(all.base, algorithm->value, "signature algorithm", err) &&
           pintle__der_expect(&fields, PINTLE__DER_BIT_STRING, "signature", &signature, err) &&
           check_bits(all.base, signature.value, "signature", err) &&
           pintle__der_finish(&fields, what, err);
}

static bool is_too_large(size_t len, size_t max, size_t offset, const char *what,
                         struct pintle_error *err)
{
    if (len <= max)
        return false;
    pintle__error_at(err, PINTLE_E_LIMIT, offset, "%s of more than %zu bytes", what, max);
    return true;
}

/* Lend a key that was found, unless it is too large. */
static enum pintle_status lend(struct pintle_view *out, struct pintle_view der,
                               struct pintle_view spki, struct pintle_error *err)
{
    size_t offset = (size_t)(spki.data - der.data);

    if (is_too_large(spki.len, PINTLE_SPKI_MAX_LEN, offset, "public key", err))
        return PINTLE_E_LIMIT;
    *out = spki;
    return PINTLE_OK;
}

enum pintle_status pintle_spki_from_certificate(struct pintle_view *out, struct pintle_view der,
                                                struct pintle_error *err)
{
    struct pintle__der tbs;
    struct pintle__der_element algorithm, spki;

    *out = (struct pintle_view){NULL, 0};
    if (is_too_large(der.len, PINTLE_CERT_MAX_LEN, 0, "certificate", err))
        return PINTLE_E_LIMIT;
    if (!read_signed(der, "certificate", &tbs, &algorithm, err) ||
        !read_tbs(tbs, &algorithm, &spki, err))
        return PINTLE_E_DER;
    return lend(out, der, spki.all, err);
}

enum pintle_status pintle_spki_from_request(struct pintle_view *out, struct pintle_view der,
                                            struct pintle_error *err)
{
    struct pintle__der info;
    struct pintle__der_element algorithm, spki;

    *out = (struct pintle_view){NULL, 0};
    if (is_too_large(der.len, PINTLE_CERT_MAX_LEN, 0, "certificate request", err))
        return PINTLE_E_LIMIT;
    if (!read_signed(der, "certificate request", &info, &algorithm, err) ||
        !read_request_info(info, &spki, err))
        return PINTLE_E_DER;
    return lend(out, der, spki.all, err);
}

enum pintle_status pintle_spki_from_public_key(struct pintle_view *out, struct pintle_view der,
                                               struct pintle_error *err)
{
    struct pintle__der all = pintle__der_init(der);
    struct pintle__der_element spki;

    *out = (struct pintle_view){NULL, 0};
    if (is_too_large(der.len, PINTLE_SPKI_MAX_LEN, 0, "public key", err))
        return PINTLE_E_LIMIT;
    if (!pintle__der_expect(&all, PINTLE__DER_SEQUENCE, "SubjectPublicKeyInfo", &spki, err) ||
        !check_spki(all.base, spki.value, err) ||
        !pintle__der_finish(&all, "SubjectPublicKeyInfo", err))
        return PINTLE_E_DER;
    *out = spki.all;
    return PINTLE_OK;
}
