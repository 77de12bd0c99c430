/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of other platforms' files: whatever the bytes are, they are refused or become clauses; clauses become a
 * pin-set or are refused; and what is exported of that pin-set is read again as the same clauses.
 */
#ifndef PINTLE_FUZZ_FORMAT_KIT_H
#define PINTLE_FUZZ_FORMAT_KIT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>

#include "draft.h"
#include "drift.h"
#include "format.h"
#include "lower.h"

#define FORMAT_KIT_NOW INT64_C(1800000000)

static void format_kit_note(void *ctx, const struct drift *drift)
{
    (void)ctx;
    (void)drift;
}

static enum pintle_status format_kit_read(const struct format *format, struct clauses *out,
                                          const struct pintle_objects *certificates,
                                          const char *text, size_t len)
{
    struct pintle_host host;
    struct notes notes = {0};
    struct reading reading = {.out = out,
                              .notes = &notes,
                              .port = 443,
                              .certificates = certificates,
                              .crypto = pintle_openssl_crypto()};
    struct pintle_error err = {0};
    enum pintle_status status;

    if (pintle_host_parse(&host, "fuzz.example", 12, NULL) != PINTLE_OK)
        abort();
    reading.host = format->semantics.per_host ? &host : NULL;
    status = format->read(&reading, text, len, &err);
    if (status != PINTLE_OK && (err.status != status || strlen(err.text) >= sizeof(err.text)))
        abort();
    notes_clear(&notes);
    return status;
}

/* What the pin-set is written as must be read as the clauses that it was written of. */
static void format_kit_again(const struct format *format, const char *document, size_t len)
{
    struct pintle_pinset_options how = {.max_len = DRAFT_MAX_LEN,
                                        .crypto = pintle_openssl_crypto()};
    struct pintle_pinset *set = NULL;
    struct pintle_host host;
    struct lower_options options = {.now = FORMAT_KIT_NOW, .port = 443};
    struct clauses clauses = {0};
    struct clauses there = {0};
    struct losses losses;
    struct text text = {0};

    if (pintle_pinset_parse(&set, document, len, &how, NULL) != PINTLE_OK ||
        !losses_init(&losses, pintle_pinset_get_rule_count(set)) ||
        pintle_host_parse(&host, "fuzz.example", 12, NULL) != PINTLE_OK)
        abort();
    options.host = format->semantics.per_host ? &host : NULL;
    if (lower_pinset(&clauses, &losses, set, &format->semantics, &options, NULL) == PINTLE_OK) {
        struct writing writing = {.clauses = &clauses,
                                  .title = "fuzz, version 1",
                                  .json = document,
                                  .host = options.host,
                                  .port = 443};

        if (format->write(&text, &writing, NULL) == PINTLE_OK) {
            if (format_kit_read(format, &there, NULL, text.data, text.len) != PINTLE_OK)
                abort();
            if (drift_clauses(&clauses, &there, &format->semantics, format_kit_note, NULL) != 0)
                abort();
        }
    }
    text_clear(&text);
    clauses_clear(&clauses);
    clauses_clear(&there);
    losses_clear(&losses);
    pintle_pinset_free(set);
}

static void format_kit_run(const struct format *format, const struct pintle_objects *certificates,
                           const uint8_t *data, size_t size)
{
    struct draft_options options = {
        .app = "fuzz", .now = FORMAT_KIT_NOW, .expires = FORMAT_KIT_NOW + 1};
    struct clauses clauses = {0};
    char *text = malloc(size + 1);
    char *document = NULL;
    size_t len = 0;

    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (format_kit_read(format, &clauses, certificates, text, size) == PINTLE_OK &&
        draft_pinset(&document, &len, &clauses, &options, pintle_openssl_crypto(), NULL) ==
            PINTLE_OK &&
        format->write != NULL)
        format_kit_again(format, document, len);
    free(document);
    free(text);
    clauses_clear(&clauses);
}

#endif
