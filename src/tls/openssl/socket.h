/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BIO over a connected socket that stays its owner's. Unlike BIO_s_socket() it raises no SIGPIPE
 * when the peer is gone, and it keeps the error number.
 */
#ifndef PINTLE_SRC_TLS_OPENSSL_SOCKET_H
#define PINTLE_SRC_TLS_OPENSSL_SOCKET_H

#include <openssl/bio.h>

/* error is that of the last call that failed for good, or 0. */
struct pintle__socket {
    int fd;
    int error;
    BIO_METHOD *method;
};

/* A new BIO, to which *s is lent; NULL if memory runs out. */
BIO *pintle__socket_open(struct pintle__socket *s, int fd);

/* Call it when the BIO is gone. */
void pintle__socket_clear(struct pintle__socket *s);

#endif
