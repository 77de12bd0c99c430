/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP server that does as it is told, byte for byte: for each connection it reads the header of
 * one request, lets the test's function answer on the bare socket, and hangs up.
 */
#ifndef PINTLE_TESTS_UNIT_OS_WEB_H
#define PINTLE_TESTS_UNIT_OS_WEB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define WEB_REQUESTS_MAX 16
#define WEB_REQUEST_SIZE 4096

/*
 * answer    called with the socket, which request this is (from 0), and its text
 * requests  how often it was asked, and what
 * silent    requests are not read
 * over      tells answers that take their time to end
 */
struct web {
    int listener;
    unsigned port;
    char url[64]; /* "http://127.0.0.1:PORT/file" */
    void (*answer)(struct web *web, int fd, int request, const char *text);
    const void *ctx;
    pthread_t thread;
    bool silent;
    atomic_int count;
    atomic_bool over;
    char requests[WEB_REQUESTS_MAX][WEB_REQUEST_SIZE];
};

void web_start(struct web *web,
               void (*answer)(struct web *web, int fd, int request, const char *text),
               const void *ctx);

/* The same, but the request is left to the answer to read. */
void web_start_silent(struct web *web,
                      void (*answer)(struct web *web, int fd, int request, const char *text),
                      const void *ctx);
void web_stop(struct web *web);

/* Send text, or bytes. False when the other side has gone. */
bool web_say(int fd, const char *text);
bool web_send(int fd, const void *data, size_t len);

/* Wait a moment, not beyond the end of the test. */
void web_pause(struct web *web);

#endif
