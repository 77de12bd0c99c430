/* SPDX-License-Identifier: Apache-2.0 */
/* Whom libcurl is talking to, asked at the moments when it matters. */
#ifndef PINTLE_SRC_TLS_CURL_IDENTITY_H
#define PINTLE_SRC_TLS_CURL_IDENTITY_H

#include <stdbool.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <pintle/host.h>

/* Host and port of the URL that the handle transfers now, after redirects. False if it has none. */
bool pintle__curl_url_host(CURL *easy, struct pintle_host *host, uint16_t *port);

/*
 * Host and port that the handshake about to begin on `ssl` is for: those of the URL, or, if libcurl
 * has set another name as SNI, those of an HTTPS proxy on the way. False if that cannot be told, as
 * for a proxy that is an IP address.
 */
bool pintle__curl_peer(CURL *easy, SSL *ssl, struct pintle_host *host, uint16_t *port);

/* The two ends of a connection, as CURLOPT_PREREQFUNCTION is told them. */
struct pintle__curl_ends {
    const char *address;
    int port;
    const char *local_address;
    int local_port;
};

/*
 * True if the handle is in a transfer over this connection; *ssl is then the TLS connection with
 * the server of the URL, or with the HTTPS proxy if that is the only one, or NULL.
 */
bool pintle__curl_is_connected(CURL *easy, const struct pintle__curl_ends *ends, SSL **ssl);

/*
 * True if the transfer's protocol never has TLS with the server of the URL: what TLS there is, is
 * an HTTPS proxy's.
 */
bool pintle__curl_is_plain(CURL *easy);

#endif
