/* SPDX-License-Identifier: Apache-2.0 */
/* Judging the server's certificate. */
#ifndef PINTLE_SRC_TLS_OPENSSL_VERIFY_H
#define PINTLE_SRC_TLS_OPENSSL_VERIFY_H

#include "tls/openssl/certs.h"
#include "tls/openssl/conn.h"

/* SSL_CTX_set_cert_verify_callback(); arg is the guard. */
int pintle__verify(X509_STORE_CTX *ctx, void *arg);

/*
 * Run X509_verify_cert() with a verify callback that asks the program's, `callback`, and lets it
 * refuse but not forgive. True if the path is valid in every respect; otherwise
 * X509_STORE_CTX_get_error() is the first error. ctx must know its connection.
 */
bool pintle__verify_path(struct pintle__conn *conn, X509_STORE_CTX *ctx,
                         X509_STORE_CTX_verify_cb callback);

/* --- paths.c ---------------------------------------------------------------------------------- */

/*
 * Other valid paths than the one ctx built, for struct pintle_peer.
 *
 * found     paths that hold a pinned key, still to be validated, from `next` on
 * lent      the validation whose chain was lent last
 */
struct pintle__paths {
    struct pintle__conn *conn;
    X509_STORE_CTX *ctx;
    X509_STORE_CTX_verify_cb callback;
    struct pintle__cert_room *room;
    STACK_OF(X509) * found[PINTLE_PATHS_MAX];
    size_t found_count;
    size_t next;
    bool searched;
    X509_STORE_CTX *lent;
    struct pintle__certs chain;
};

void pintle__paths_init(struct pintle__paths *paths, struct pintle__conn *conn, X509_STORE_CTX *ctx,
                        X509_STORE_CTX_verify_cb callback, struct pintle__cert_room *room);

/* next_path of struct pintle_peer; ctx is the struct pintle__paths. */
bool pintle__paths_next(void *ctx, const struct pintle_rule *rule, struct pintle_chain *chain);

/* reset of struct pintle_peer. */
void pintle__paths_reset(void *ctx);

/* If a path was lent, make it the verified chain of ctx. False for want of memory. */
bool pintle__paths_adopt(struct pintle__paths *paths);

void pintle__paths_clear(struct pintle__paths *paths);

#endif
