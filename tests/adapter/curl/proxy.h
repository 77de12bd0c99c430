/* SPDX-License-Identifier: Apache-2.0 */
/* A proxy on loopback: whatever host it is asked for, it dials 127.0.0.1. */
#ifndef PINTLE_TESTS_ADAPTER_CURL_PROXY_H
#define PINTLE_TESTS_ADAPTER_CURL_PROXY_H

#include <stdatomic.h>

#include "adapter/curl/listener.h"
#include "kit/pki.h"

/*
 * socks   SOCKS5 (RFC 1928), otherwise HTTP: CONNECT, and GET answered by itself
 * asked   requests it understood, over all connections
 */
struct proxy {
    struct listener listener;
    SSL_CTX *ctx;
    bool socks;
    atomic_uint asked;
};

/* Serve over TLS with a certificate; NULL: without TLS. */
void proxy_start(struct proxy *proxy, const struct pki_cert *cert);
void proxy_stop(struct proxy *proxy);

#endif
