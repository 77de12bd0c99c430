/* SPDX-License-Identifier: Apache-2.0 */
/* Host names as people write them. The library itself takes A-labels only. */
#ifndef PINTLE_CLI_IDN_H
#define PINTLE_CLI_IDN_H

#include <pintle/host.h>

/*
 * Normalise a host: U-labels become A-labels (IDNA 2008, RFC 5891, with the non-transitional
 * mapping of UTS #46), the rest as pintle_host_parse(). E_HOST.
 */
PINTLE_MUST_USE enum pintle_status idn_host_parse(struct pintle_host *out, const char *text,
                                                  size_t len, struct pintle_error *err);

#endif
