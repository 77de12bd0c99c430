/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as text (RFC 7468). */
#ifndef PINTLE_SRC_ENGINE_PEM_H
#define PINTLE_SRC_ENGINE_PEM_H

#include <pintle/status.h>

/* A certificate in PEM, NUL-terminated; free() it. NULL without memory. */
char *pintle__pem_certificate(struct pintle_view der);

#endif
