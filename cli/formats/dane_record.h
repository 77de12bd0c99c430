/* SPDX-License-Identifier: Apache-2.0 */
/* The data of a TLSA record, RFC 6698 section 2. */
#ifndef PINTLE_CLI_FORMATS_DANE_RECORD_H
#define PINTLE_CLI_FORMATS_DANE_RECORD_H

#include "format.h"
#include "zone.h"

/* Usages, by their names in RFC 7218. */
enum dane_usage {
    PKIX_TA = 0,
    PKIX_EE = 1,
    DANE_TA = 2,
    DANE_EE = 3
};

struct dane_record {
    unsigned usage;
    unsigned selector;
    unsigned matching;
    uint8_t *data;
    size_t len;
    uint32_t line;
};

/* SHA-256 hashes of the certificates at hand. Begins zeroed. */
struct dane_certificates {
    uint8_t (*hashes)[PINTLE_DIGEST_LEN];
    size_t count;
};

void dane_record_clear(struct dane_record *record);
void dane_certificates_clear(struct dane_certificates *certificates);

/* Read numbers and hex digits, or what RFC 3597 writes. E_SCHEMA with line and column; E_NOMEM. To be cleared either way. */
PINTLE_MUST_USE enum pintle_status dane_record_parse(struct dane_record *out,
                                                     const struct zone_record *from,
                                                     struct pintle_error *err);

/* The pin of the key that a record is about. False, and told to the notes, if there is none. */
bool dane_record_to_pin(struct pintle_pin *out, const struct dane_record *record,
                        const struct reading *reading, struct dane_certificates *certificates);

#endif
