/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TLS client and a TLS server in one thread, over memory BIOs, with all that crosses the wire
 * kept. The contexts and connections are the test's to configure as it likes.
 */
#ifndef PINTLE_TESTS_KIT_TLS_PAIR_H
#define PINTLE_TESTS_KIT_TLS_PAIR_H

#include <openssl/ssl.h>

#include "kit/pki.h"

/* No alert was received. */
#define TLS_NO_ALERT (-1)

/* Bytes that crossed the wire in one direction. */
struct tls_capture {
    uint8_t *data;
    size_t len;
};

/*
 * step             bytes that cross the wire at once; 0 for all there are
 * client_result    last value of the client's handshake call
 * server_result    the server's
 * alert_at_server  description of the last alert that the server received
 * alert_at_client  and the client
 * app_bytes        bytes of application data that the server decrypted, early data included
 * client_certs     Certificate messages that the server received
 */
struct tls_pair {
    SSL *client;
    SSL *server;
    size_t step;
    int client_result;
    int server_result;
    int alert_at_server;
    int alert_at_client;
    size_t app_bytes;
    unsigned client_certs;
    struct tls_capture from_client;
    struct tls_capture from_server;
    BIO *client_in, *client_out;
    BIO *server_in, *server_out;
};

/* A server context for one TLS version (0: any) that serves a certificate and what comes with it,
 * in this order. */
SSL_CTX *tls_server_ctx(int version, const struct pki_cert *leaf,
                        const struct pki_cert *const *others, size_t count);

/* Have a server or a connection of it serve another certificate, alone. */
void tls_server_swap(SSL *server, const struct pki_cert *leaf);

/* A client context for one TLS version (0: any) that trusts these certificates. */
SSL_CTX *tls_client_ctx(int version, const struct pki_cert *const *trusted, size_t count);

/* Connect a new pair; its connections are not yet set up for a handshake. */
void tls_pair_init(struct tls_pair *pair, SSL_CTX *client_ctx, SSL_CTX *server_ctx);
void tls_pair_clear(struct tls_pair *pair);

/* New BIOs for both ends, as a new TCP connection would bring. */
void tls_pair_rewire(struct tls_pair *pair);

/* Move what waits, once in each direction. True if anything moved. */
bool tls_pair_move(struct tls_pair *pair);

/* Drive both ends until neither gets on. True if both handshakes are complete. */
bool tls_pair_handshake(struct tls_pair *pair);

/* Have the server read (and handshake) all it can, counting application bytes. */
void tls_pair_serve(struct tls_pair *pair);

/* Let both ends read until nothing moves: session tickets, alerts. The client discards data. */
void tls_pair_settle(struct tls_pair *pair);

/* True if bytes that crossed the wire contain these. */
bool tls_capture_contains(const struct tls_capture *capture, const void *bytes, size_t len);

#endif
