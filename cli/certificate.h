/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as people and programs want to see them. */
#ifndef PINTLE_CLI_CERTIFICATE_H
#define PINTLE_CLI_CERTIFICATE_H

#include <pintle/x509.h>

#include "cli.h"

/* Less than so many days left is shown as a warning. */
#define CERTIFICATE_SOON_DAYS 30

/*
 * A certificate that was looked at.
 *
 * described  info is filled in: OpenSSL could read it
 * pinned     pin is filled in: its key could be read
 */
struct certificate {
    struct pintle_view der;
    bool described;
    bool pinned;
    struct pintle_certificate_info info;
    struct pintle_pin pin;
};

void certificate_read(struct certificate *out, struct pintle_view der);

bool certificate_equal(struct pintle_view a, struct pintle_view b);

/* True if `der` is one of the views. */
bool certificate_in(struct pintle_view der, const struct pintle_view *views, size_t count);

/* Whole days until `time`, rounded down: 0 on the last day, negative afterwards. */
int64_t certificate_days_left(int64_t time, int64_t now);

/* "RSA 2048", "EC P-256", … */
const char *certificate_key_text(const struct pintle_certificate_info *info, char out[64]);

/* Several indented lines on stdout. label may be NULL: it stands behind the subject. */
void certificate_print(const struct certificate *certificate, size_t index, const char *label,
                       int64_t now);

/* {"subject": …}, or NULL without memory. with_pem adds "pem". */
json_t *certificate_json(const struct certificate *certificate, int64_t now, bool with_pem);

/* Print it in PEM behind a comment with subject and pin. False without memory. */
bool certificate_print_pem(const struct certificate *certificate);

#endif
