/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the tools' client share. */
#ifndef PINTLE_SRC_TLS_OPENSSL_CLIENT_H
#define PINTLE_SRC_TLS_OPENSSL_CLIENT_H

#include <openssl/ssl.h>
#include <pintle/client.h>

#include "tls/openssl/socket.h"

/* Certificates as DER, one behind the other. */
struct pintle__der_list {
    uint8_t *bytes;
    struct pintle_view *views;
    size_t count;
};

/*
 * served       certificates as they came, kept by the verification callback: after a refusal
 *              OpenSSL has forgotten them
 * level        the security level paths are judged by, whatever the handshake allows
 * can_read, can_write  application data may still flow; never without an accepting verdict
 */
struct pintle_client {
    SSL_CTX *ctx;
    SSL *ssl;
    STACK_OF(X509) * served;
    struct pintle_host host;
    struct pintle__socket socket;
    enum pintle_status (*wait)(void *ctx, int fd, enum pintle_wait what, struct pintle_error *err);
    void *wait_ctx;
    int level;
    bool guarded;
    bool can_read;
    bool can_write;
    struct pintle_client_info info;
    struct pintle__der_list served_der;
    struct pintle__der_list verified_der;
    char alpn[256];
    char path_detail[160];
};

/*
 * Trust anchors for a context: those of a PEM file, or the system's if ca_file is NULL. E_IO,
 * E_PEM for a file without a certificate, E_NOMEM.
 */
PINTLE_MUST_USE enum pintle_status pintle__client_trust(SSL_CTX *ctx, const char *ca_file,
                                                        struct pintle_error *err);

/* The client's own certificate chain and key. E_IO, E_PEM, E_KEY. */
PINTLE_MUST_USE enum pintle_status pintle__client_identity(SSL_CTX *ctx, const char *cert_file,
                                                           const char *key_file,
                                                           struct pintle_error *err);

/* Ask for a kind of server certificate. E_INTERNAL if OpenSSL does not know the algorithms. */
PINTLE_MUST_USE enum pintle_status pintle__client_ask_for(SSL *ssl, enum pintle_key_kind keys,
                                                          struct pintle_error *err);

/* Have the served certificates kept. Call it once ctx and ssl are there. */
void pintle__client_watch(struct pintle_client *client);

/* Fill in what the handshake showed, and validate the path. E_NOMEM. */
PINTLE_MUST_USE enum pintle_status pintle__client_look(struct pintle_client *client,
                                                       struct pintle_error *err);

/* Free what look filled in. */
void pintle__client_forget(struct pintle_client *client);

#endif
