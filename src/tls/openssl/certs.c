/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/certs.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>

void pintle__cert_room_init(struct pintle__cert_room *room)
{
    room->heap = NULL;
    room->heap_size = 0;
}

void pintle__cert_room_clear(struct pintle__cert_room *room)
{
    OPENSSL_free(room->heap);
    pintle__cert_room_init(room);
}

static uint8_t *make_room(struct pintle__cert_room *room, size_t len)
{
    if (len <= sizeof(room->local))
        return room->local;
    if (len > room->heap_size) {
        pintle__cert_room_clear(room);
        room->heap = OPENSSL_malloc(len);
        room->heap_size = room->heap != NULL ? len : 0;
    }
    return room->heap;
}

/* Is the subjectPublicKey that OpenSSL parsed the end of the one that we found? */
static bool is_same_key(const X509 *cert, struct pintle_view spki)
{
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(cert);
    size_t len;

    if (key == NULL || ASN1_STRING_length(key) <= 0)
        return false;
    len = (size_t)ASN1_STRING_length(key);
    return len < spki.len &&
           memcmp(spki.data + spki.len - len, ASN1_STRING_get0_data(key), len) == 0;
}

bool pintle__cert_encode(struct pintle__cert_room *room, const X509 *cert, struct pintle_view *der)
{
    int len = i2d_X509(cert, NULL);
    struct pintle_view spki;
    uint8_t *out;

    if (len <= 0 || (size_t)len > PINTLE_CERT_MAX_LEN)
        return false;
    out = make_room(room, (size_t)len);
    if (out == NULL)
        return false;
    der->data = out;
    der->len = (size_t)len;
    if (i2d_X509(cert, &out) != len)
        return false;
    /* What our parser cannot read, the core refuses in its own words. */
    return pintle_spki_from_certificate(&spki, *der, NULL) != PINTLE_OK || is_same_key(cert, spki);
}

static bool get(void *ctx, size_t index, struct pintle_view *der)
{
    struct pintle__certs *certs = ctx;
    const X509 *cert = index <= INT_MAX ? sk_X509_value(certs->certs, (int)index) : NULL;

    return cert != NULL && pintle__cert_encode(certs->room, cert, der);
}

struct pintle_chain pintle__certs_chain(struct pintle__certs *certs)
{
    int count = certs->certs != NULL ? sk_X509_num(certs->certs) : 0;
    struct pintle_chain chain = {count > 0 ? (size_t)count : 0, get, certs};

    return chain;
}
