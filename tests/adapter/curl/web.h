/* SPDX-License-Identifier: Apache-2.0 */
/* Servers on loopback that count what they are told: HTTP with or without TLS, and SMTP. */
#ifndef PINTLE_TESTS_ADAPTER_CURL_WEB_H
#define PINTLE_TESTS_ADAPTER_CURL_WEB_H

#include <stdatomic.h>

#include "adapter/curl/listener.h"
#include "kit/pki.h"

/*
 * Set up before web_start().
 *
 * h2        talk HTTP/2 and nothing else
 * silent    answer no request of HTTP/2
 * location  where the path /go leads; /wait is never answered
 *
 * Counted over all connections:
 *
 * connections  that were accepted, before any TLS
 * handshakes   completed; `resumed` of them without a certificate
 * requests     received whole
 * bytes        of application data
 */
struct web {
    struct listener listener;
    SSL_CTX *ctx;
    bool h2;
    atomic_bool silent;
    char location[128];
    atomic_uint connections;
    atomic_uint handshakes;
    atomic_uint resumed;
    atomic_uint requests;
    atomic_size_t bytes;
};

/* Serve a certificate, which NULL leaves out, and TLS with it. */
void web_start(struct web *web, const struct pki_cert *cert);
void web_stop(struct web *web);

/*
 * An SMTP server that speaks TLS after STARTTLS.
 *
 * strip     does not offer STARTTLS and refuses it, as one in the middle does
 * heard     the verbs it was told with TLS and without, as "EHLO STARTTLS | EHLO AUTH"; read it
 *           after mail_stop()
 */
struct mail {
    struct listener listener;
    SSL_CTX *ctx;
    bool strip;
    char heard[256];
};

void mail_start(struct mail *mail, const struct pki_cert *cert);
void mail_stop(struct mail *mail);

#endif
