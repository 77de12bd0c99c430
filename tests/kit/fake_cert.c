/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/fake_cert.h"

#include <stdbool.h>
#include <string.h>

#include "kit/test_crypto.h"

#define SIGNATURE_LEN 64

/* AlgorithmIdentifier of Ed25519 (RFC 8410, section 3). */
static const uint8_t ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

/* Bytes written so far; `full` once something did not fit. */
struct output {
    uint8_t *bytes;
    size_t size;
    size_t len;
    bool full;
};

static void put(struct output *output, const void *bytes, size_t len)
{
    if (output->full || output->size - output->len < len) {
        output->full = true;
        return;
    }
    memcpy(output->bytes + output->len, bytes, len);
    output->len += len;
}

/* Make all from `start` on the value of an element with this tag. */
static void wrap(struct output *output, size_t start, uint8_t tag)
{
    uint8_t header[2 + sizeof(size_t)] = {tag};
    size_t len = output->len - start;
    size_t header_len = 2;

    if (len < 0x80) {
        header[1] = (uint8_t)len;
    } else {
        unsigned octets = 1;

        while (octets < sizeof(len) && len >> (8 * octets) != 0)
            octets++;
        header[1] = (uint8_t)(0x80 | octets);
        for (unsigned i = 0; i < octets; i++)
            header[2 + i] = (uint8_t)(len >> (8 * (octets - 1 - i)) & 0xff);
        header_len += octets;
    }
    put(output, header, header_len); /* makes room, or finds that there is none */
    if (output->full)
        return;
    memmove(output->bytes + start + header_len, output->bytes + start, len);
    memcpy(output->bytes + start, header, header_len);
}

static void put_tbs(struct output *output, struct pintle_view spki)
{
    static const uint8_t version_serial[] = {0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01};
    static const uint8_t validity[] = "\x30\x1e\x17\x0d"
                                      "260101000000Z"
                                      "\x17\x0d"
                                      "270101000000Z";
    static const uint8_t no_name[] = {0x30, 0x00};
    size_t start = output->len;

    put(output, version_serial, sizeof(version_serial));
    put(output, ed25519, sizeof(ed25519));
    put(output, no_name, sizeof(no_name));
    put(output, validity, sizeof(validity) - 1);
    put(output, no_name, sizeof(no_name));
    put(output, spki.data, spki.len);
    wrap(output, start, 0x30);
}

size_t fake_cert_write(uint8_t *out, size_t size, struct pintle_view spki)
{
    static const uint8_t signature[1 + SIGNATURE_LEN] = {0};
    struct output output = {out, size, 0, false};
    size_t start;

    put_tbs(&output, spki);
    put(&output, ed25519, sizeof(ed25519));
    start = output.len;
    put(&output, signature, sizeof(signature));
    wrap(&output, start, 0x03);
    wrap(&output, 0, 0x30);
    return output.full ? 0 : output.len;
}

static void make_spki(uint8_t out[FAKE_SPKI_LEN], uint32_t key)
{
    static const uint8_t key_header[] = {0x03, 0x21, 0x00};

    memset(out, 0, FAKE_SPKI_LEN);
    out[0] = 0x30;
    out[1] = FAKE_SPKI_LEN - 2;
    memcpy(out + 2, ed25519, sizeof(ed25519));
    memcpy(out + 2 + sizeof(ed25519), key_header, sizeof(key_header));
    for (size_t i = 0; i < sizeof(key); i++)
        out[FAKE_SPKI_LEN - 1 - i] = (uint8_t)(key >> (8 * i) & 0xff);
}

void fake_cert_make(struct fake_cert *cert, uint32_t key)
{
    struct pintle_view spki = {cert->spki, FAKE_SPKI_LEN};

    make_spki(cert->spki, key);
    cert->len = fake_cert_write(cert->der, sizeof(cert->der), spki);
}

struct pintle_view fake_cert_der(const struct fake_cert *cert)
{
    struct pintle_view der = {cert->der, cert->len};

    return der;
}

struct pintle_pin fake_cert_pin(uint32_t key)
{
    struct pintle_pin pin = {{0}};
    uint8_t spki[FAKE_SPKI_LEN];

    make_spki(spki, key);
    if (!test_crypto()->sha256(test_crypto()->ctx, spki, sizeof(spki), pin.digest))
        memset(pin.digest, 0, sizeof(pin.digest));
    return pin;
}
