/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that are well-formed and nothing else: for tests that look at keys alone. */
#ifndef PINTLE_TESTS_KIT_FAKE_CERT_H
#define PINTLE_TESTS_KIT_FAKE_CERT_H

#include <pintle/pin.h>

/*
 * Write a certificate (RFC 5280, section 4.1) around a SubjectPublicKeyInfo. Its names are empty,
 * its signature is zero. Returns its length, or 0 if it is more than `size`.
 */
size_t fake_cert_write(uint8_t *out, size_t size, struct pintle_view spki);

#define FAKE_SPKI_LEN 44
#define FAKE_CERT_SIZE 256

struct fake_cert {
    uint8_t spki[FAKE_SPKI_LEN];
    uint8_t der[FAKE_CERT_SIZE];
    size_t len;
};

/* Make the certificate of Ed25519 key number `key`: equal numbers are equal keys. */
void fake_cert_make(struct fake_cert *cert, uint32_t key);

struct pintle_view fake_cert_der(const struct fake_cert *cert);

/* The pin of key number `key`. */
struct pintle_pin fake_cert_pin(uint32_t key);

#endif
