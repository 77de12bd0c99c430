/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as OpenSSL holds them, lent to the core as DER. */
#ifndef PINTLE_SRC_TLS_OPENSSL_CERTS_H
#define PINTLE_SRC_TLS_OPENSSL_CERTS_H

#include <openssl/x509.h>

#include <pintle/rule.h>

/* Nearly every certificate fits; larger ones go to the heap. */
#define PINTLE__CERT_ROOM 4096

/* Where a certificate is encoded: one at a time. Begins zeroed but for `local`. */
struct pintle__cert_room {
    uint8_t *heap;
    size_t heap_size;
    uint8_t local[PINTLE__CERT_ROOM];
};

void pintle__cert_room_init(struct pintle__cert_room *room);
void pintle__cert_room_clear(struct pintle__cert_room *room);

/*
 * Encode a certificate; lent until the next call. False for want of memory, for one larger than
 * PINTLE_CERT_MAX_LEN, and if the key that our parser finds in it is not the one OpenSSL works
 * with: two parsers that disagree must not both be believed.
 */
bool pintle__cert_encode(struct pintle__cert_room *room, const X509 *cert, struct pintle_view *der);

/* A path over certificates; all are borrowed and must outlive the chain. */
struct pintle__certs {
    const STACK_OF(X509) * certs;
    struct pintle__cert_room *room;
};

struct pintle_chain pintle__certs_chain(struct pintle__certs *certs);

#endif
