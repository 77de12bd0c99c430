/* SPDX-License-Identifier: Apache-2.0 */
/* TLS between a client and a server of this process over memory BIOs, the client's CPU timed. */
#ifndef PINTLE_BENCH_PIPE_H
#define PINTLE_BENCH_PIPE_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* The host that every connection is for: rule 2 of bench_document(). */
#define PIPE_HOST "host000002.example.test"

/* A client that trusts DIR/root.pem and verifies; a server with DIR/chain.pem, one ticket. */
SSL_CTX *pipe_client_context(const char *dir, int version);
SSL_CTX *pipe_server_context(const char *dir);

/*
 * One connection: handshake, the server's ticket read. Resumes `session` if given, and dies if that
 * or the handshake fails. Returns the CPU nanoseconds of the client's calls, SSL_new() and
 * SSL_free() among them.
 */
double pipe_connect(SSL_CTX *client, SSL_CTX *server, bool guarded, SSL_SESSION *session);

/* The session of one more connection, for resuming; the caller frees it. */
SSL_SESSION *pipe_session(SSL_CTX *client, SSL_CTX *server, bool guarded);

#endif
