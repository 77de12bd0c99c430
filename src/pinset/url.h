/* SPDX-License-Identifier: Apache-2.0 */
/* As much of a URL (RFC 3986) as a report needs. */
#ifndef PINTLE_SRC_PINSET_URL_H
#define PINTLE_SRC_PINSET_URL_H

#include <pintle/host.h>

/* Why a text is no URL for reports, in a few words; NULL if it is one. */
const char *pintle__url_fault(const char *url);

struct pintle__endpoint {
    struct pintle_host host;
    uint16_t port;
    bool tls;
};

/* Where a URL without a fault leads; false if its host or port is malformed. */
bool pintle__url_endpoint(struct pintle__endpoint *out, const char *url);

#endif
