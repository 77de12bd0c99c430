/* SPDX-License-Identifier: Apache-2.0 */
#include "dane_record.h"

#include <stdlib.h>
#include <string.h>

#define SHA512_LEN 64
#define HEADER_LEN 3

enum selector {
    SELECTOR_CERTIFICATE = 0,
    SELECTOR_KEY = 1
};

enum matching {
    MATCHING_FULL = 0,
    MATCHING_SHA256 = 1,
    MATCHING_SHA512 = 2
};

void dane_record_clear(struct dane_record *record)
{
    free(record->data);
    *record = (struct dane_record){0};
}

void dane_certificates_clear(struct dane_certificates *certificates)
{
    free(certificates->hashes);
    *certificates = (struct dane_certificates){0};
}

/* --- the words ------------------------------------------------------------------------------------ */

static enum pintle_status refuse(const struct zone_word *word, const char *why,
                                 struct pintle_error *err)
{
    return format_refuse(err, PINTLE_E_SCHEMA, word->line, word->column, "%s: %.*s", why,
                         (int)(word->len > 60 ? 60 : word->len), word->text);
}

static enum pintle_status read_number(unsigned *out, const struct zone_word *word, unsigned most,
                                      struct pintle_error *err)
{
    *out = 0;
    for (size_t i = 0; i < word->len; i++) {
        if (word->text[i] < '0' || word->text[i] > '9' || *out > most)
            return refuse(word, "no number", err);
        *out = *out * 10 + (unsigned)(word->text[i] - '0');
    }
    if (word->len == 0 || word->quoted || *out > most)
        return refuse(word, "no number", err);
    return PINTLE_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Blanks may stand between the digits, and even within a byte. */
static enum pintle_status read_hex(struct dane_record *out, const struct zone_word *words,
                                   size_t count, struct pintle_error *err)
{
    size_t digits = 0;
    size_t room = 0;

    for (size_t i = 0; i < count; i++)
        room += words[i].len;
    if (room == 0 || room % 2 != 0)
        return refuse(&words[count - 1], "no whole bytes in hex", err);
    out->data = calloc(room / 2, 1);
    if (out->data == NULL)
        return format_refuse(err, PINTLE_E_NOMEM, 0, 0, "out of memory");
    out->len = room / 2;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < words[i].len; j++, digits++) {
            int value = words[i].quoted ? -1 : hex_value(words[i].text[j]);

            if (value < 0)
                return refuse(&words[i], "no hex", err);
            out->data[digits / 2] = (uint8_t)(out->data[digits / 2] * 16 + value);
        }
    return PINTLE_OK;
}

static enum pintle_status read_plain(struct dane_record *out, const struct zone_record *from,
                                     struct pintle_error *err)
{
    enum pintle_status status;

    if (from->count < HEADER_LEN + 1)
        return refuse(&from->type, "a record of fewer than four fields", err);
    status = read_number(&out->usage, &from->data[0], UINT8_MAX, err);
    if (status == PINTLE_OK)
        status = read_number(&out->selector, &from->data[1], UINT8_MAX, err);
    if (status == PINTLE_OK)
        status = read_number(&out->matching, &from->data[2], UINT8_MAX, err);
    if (status == PINTLE_OK)
        status = read_hex(out, from->data + HEADER_LEN, from->count - HEADER_LEN, err);
    return status;
}

/* "\# 35 030101…": length and bytes of the whole data, RFC 3597 section 5. */
static enum pintle_status read_generic(struct dane_record *out, const struct zone_record *from,
                                       struct pintle_error *err)
{
    unsigned len;
    enum pintle_status status;

    if (from->count < 3)
        return refuse(&from->type, "a record of fewer than four fields", err);
    status = read_number(&len, &from->data[1], UINT16_MAX, err);
    if (status == PINTLE_OK)
        status = read_hex(out, from->data + 2, from->count - 2, err);
    if (status != PINTLE_OK)
        return status;
    if (out->len != len || len <= HEADER_LEN)
        return refuse(&from->data[1], "another length than that of the data", err);
    out->usage = out->data[0];
    out->selector = out->data[1];
    out->matching = out->data[2];
    out->len -= HEADER_LEN;
    memmove(out->data, out->data + HEADER_LEN, out->len);
    return PINTLE_OK;
}

enum pintle_status dane_record_parse(struct dane_record *out, const struct zone_record *from,
                                     struct pintle_error *err)
{
    *out = (struct dane_record){.line = from->type.line};
    if (from->count > 0 && zone_word_is(&from->data[0], "\\#"))
        return read_generic(out, from, err);
    return read_plain(out, from, err);
}

/* --- the key -------------------------------------------------------------------------------------- */

static bool pass_over(const struct dane_record *record, const struct reading *reading,
                      enum note_kind note, const char *why)
{
    notes_add(reading->notes, note, record->line, "%u %u %u%s%s", record->usage, record->selector,
              record->matching, why[0] != '\0' ? ": " : "", why);
    return false;
}

static bool hash_certificates(struct dane_certificates *out, const struct reading *reading)
{
    size_t count = pintle_objects_get_count(reading->certificates);

    out->hashes = calloc(count + 1, sizeof(*out->hashes));
    if (out->hashes == NULL)
        return false;
    for (; out->count < count; out->count++) {
        struct pintle_view der = pintle_objects_get(reading->certificates, out->count)->der;

        if (!reading->crypto->sha256(reading->crypto->ctx, der.data, der.len,
                                     out->hashes[out->count]))
            return false;
    }
    return true;
}

/* Only the certificate itself tells whose key it is. */
static bool find_certificate(struct pintle_pin *out, const struct dane_record *record,
                             const struct reading *reading, struct dane_certificates *certificates)
{
    if (reading->certificates == NULL)
        return pass_over(record, reading, NOTE_OTHER_HASH, "give the certificates");
    if (certificates->hashes == NULL && !hash_certificates(certificates, reading)) {
        reading->notes->failed = true;
        return false;
    }
    for (size_t i = 0; i < certificates->count; i++)
        if (memcmp(certificates->hashes[i], record->data, PINTLE_DIGEST_LEN) == 0) {
            *out = pintle_objects_get(reading->certificates, i)->pin;
            return true;
        }
    return pass_over(record, reading, NOTE_OTHER_HASH, "of none of the certificates");
}

static bool hash_whole(struct pintle_pin *out, const struct dane_record *record,
                       const struct reading *reading)
{
    struct pintle_objects *objects = NULL;
    bool done = false;

    if (pintle_objects_parse(&objects, record->data, record->len, NULL) == PINTLE_OK) {
        const struct pintle_object *object = pintle_objects_get(objects, 0);
        bool is_key = object->kind == PINTLE_OBJECT_PUBLIC_KEY;

        done = object->kind == PINTLE_OBJECT_CERTIFICATE
                   ? record->selector == SELECTOR_CERTIFICATE
                   : is_key && record->selector == SELECTOR_KEY;
        *out = object->pin;
    }
    pintle_objects_free(objects);
    return done || pass_over(record, reading, NOTE_UNKNOWN, "neither certificate nor key");
}

bool dane_record_to_pin(struct pintle_pin *out, const struct dane_record *record,
                        const struct reading *reading, struct dane_certificates *certificates)
{
    size_t len = record->matching == MATCHING_SHA256   ? PINTLE_DIGEST_LEN
                 : record->matching == MATCHING_SHA512 ? SHA512_LEN
                                                       : record->len;

    if (record->usage > DANE_EE || record->selector > SELECTOR_KEY ||
        record->matching > MATCHING_SHA512)
        return pass_over(record, reading, NOTE_UNKNOWN, "");
    if (record->len != len)
        return pass_over(record, reading, NOTE_UNKNOWN, "a digest of another length");
    if (record->matching == MATCHING_FULL)
        return hash_whole(out, record, reading);
    if (record->matching == MATCHING_SHA512)
        return pass_over(record, reading, NOTE_OTHER_HASH, "");
    if (record->selector == SELECTOR_CERTIFICATE)
        return find_certificate(out, record, reading, certificates);
    memcpy(out->digest, record->data, PINTLE_DIGEST_LEN);
    return true;
}
