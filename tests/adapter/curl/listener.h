/* SPDX-License-Identifier: Apache-2.0 */
/* A loopback port whose connections are each served on a thread of their own. */
#ifndef PINTLE_TESTS_ADAPTER_CURL_LISTENER_H
#define PINTLE_TESTS_ADAPTER_CURL_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>

#include <openssl/ssl.h>

#define LISTENER_MAX 64

/*
 * Set serve and ctx up before listener_start().
 *
 * serve  called on the connection's thread; the descriptor is closed for it afterwards
 */
struct listener {
    void (*serve)(void *ctx, int fd);
    void *ctx;
    uint16_t port;
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    size_t count;
    int peers[LISTENER_MAX];
    pthread_t threads[LISTENER_MAX];
};

void listener_start(struct listener *listener);

/* Hang up on everybody and wait for all threads. */
void listener_stop(struct listener *listener);

/* Connect to a loopback port; -1 if nobody listens. */
int listener_dial(uint16_t port);

/* A connection with or without TLS. */
struct stream {
    int fd;
    SSL *ssl;
};

/* As read(2) and, for the whole of the data, write(2). */
int stream_read(struct stream *stream, void *data, size_t size);
bool stream_write(struct stream *stream, const void *data, size_t len);
bool stream_say(struct stream *stream, const char *text);

/* Make the handshake in the server's role. */
bool stream_accept(struct stream *stream, SSL_CTX *ctx);
void stream_close(struct stream *stream);

#endif
