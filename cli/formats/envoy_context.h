/* SPDX-License-Identifier: Apache-2.0 */
/* Envoy's TLS context for connections to one host, as YAML: for Envoy itself, and inside Istio's EnvoyFilter. */
#ifndef PINTLE_CLI_FORMATS_ENVOY_CONTEXT_H
#define PINTLE_CLI_FORMATS_ENVOY_CONTEXT_H

#include "format.h"

/* The lines of a transport_socket, each behind `indent` blanks. */
void envoy_write_context(struct text *out, const struct writing *writing, int indent);

/* What of pins Envoy can say. */
#define ENVOY_SEMANTICS                                                                            \
    {                                                                                              \
        .reaches = REACH_BIT(REACH_EXACT), .positions = AT_BIT(PINTLE_AT_LEAF), .per_host = true,  \
        .addresses = true, .served_chain = true, .path = PATH_AS_TOLD, .min_pins = 1               \
    }

#endif
