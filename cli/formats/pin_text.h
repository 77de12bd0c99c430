/* SPDX-License-Identifier: Apache-2.0 */
/* Pins in the words of other tools. */
#ifndef PINTLE_CLI_FORMATS_PIN_TEXT_H
#define PINTLE_CLI_FORMATS_PIN_TEXT_H

#include <pintle/x509.h>

/* "pin-sha256=", two quotes, 44 characters of base64 and the terminating NUL; hex needs 65. */
#define PIN_TEXT_SIZE 68

/* Names of the forms, pintle's own first; NULL-terminated. pintle_pin_parse() reads all of them. */
extern const char *const pin_text_forms[];

/* Write a pin in one of pin_text_forms. Returns out. */
char *pin_text_format(const struct pintle_pin *pin, const char *form, char out[PIN_TEXT_SIZE]);

/* "certificate", "request", "public key" or "private key". */
const char *pin_text_kind(enum pintle_object_kind kind);

#endif
