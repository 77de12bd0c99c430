/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS server on a random loopback port, on a thread of its own, good or bad as asked. */
#ifndef PINTLE_TESTS_ADAPTER_X509_SERVER_H
#define PINTLE_TESTS_ADAPTER_X509_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <pthread.h>

#include <openssl/ssl.h>

enum server_manner {
    SERVER_SERVES = 0, /* takes one piece of data, answers "hello", ends in order */
    SERVER_IS_SILENT,  /* accepts the connection and says nothing */
    SERVER_DRIPS,      /* as SERVES, but its handshake comes byte by byte */
    SERVER_BREAKS_OFF, /* hangs up in the middle of its handshake */
    SERVER_HANGS_UP,   /* hangs up as soon as it has the ClientHello */
    SERVER_IS_PLAIN,   /* answers in HTTP without TLS */
    SERVER_CUTS,       /* says "hello" and hangs up without close_notify */
    SERVER_RESETS,     /* resets the connection after the handshake */
    SERVER_SWAPS       /* renegotiates after the first data, with other_leaf and other_key */
};

/*
 * Set ctx up before server_start(); it is freed by server_stop().
 *
 * data_len  bytes of application data it got so far, over all connections
 * sni       the last server name asked for, "" for none
 */
struct server {
    SSL_CTX *ctx;
    X509 *other_leaf;
    EVP_PKEY *other_key;
    enum server_manner manner;
    uint16_t port;
    int listener;
    pthread_t thread;
    atomic_size_t data_len;
    atomic_size_t handshakes;
    char sni[256];
    bool client_sent_certificate;
};

/* A server context with a certificate, its key and an intermediate, which may be NULL. */
SSL_CTX *server_ctx(X509 *leaf, EVP_PKEY *key, X509 *intermediate);

void server_start(struct server *server);

/* Waits for the connection under way; afterwards the fields may be read. */
void server_stop(struct server *server);

/* A connected socket. */
int server_connect(const struct server *server);

#endif
