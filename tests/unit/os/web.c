/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/os/web.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Until the empty line, or the beginning of a TLS handshake. */
static void read_request(int fd, char *text)
{
    size_t len = 0;

    while (len < WEB_REQUEST_SIZE - 1 && text[0] != 0x16 && strstr(text, "\r\n\r\n") == NULL) {
        ssize_t got = recv(fd, text + len, WEB_REQUEST_SIZE - 1 - len, 0);

        if (got <= 0)
            return;
        len += (size_t)got;
        text[len] = '\0';
    }
}

/* What is still coming is read, or closing would cut off what was sent. */
static void hang_up(int fd)
{
    char rest[4096];
    struct timeval patience = {5, 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, rest, sizeof(rest), 0) > 0)
        continue;
    (void)close(fd);
}

static void *serve(void *ctx)
{
    struct web *web = ctx;

    for (;;) {
        int fd = accept(web->listener, NULL, NULL);
        int request;

        if (fd < 0 || atomic_load(&web->over)) {
            if (fd >= 0)
                (void)close(fd);
            return NULL;
        }
        request = atomic_load(&web->count);
        if (request < WEB_REQUESTS_MAX) {
            if (!web->silent)
                read_request(fd, web->requests[request]);
            atomic_store(&web->count, request + 1);
            web->answer(web, fd, request, web->requests[request]);
        }
        hang_up(fd);
    }
}

static void start(struct web *web,
                  void (*answer)(struct web *web, int fd, int request, const char *text),
                  const void *ctx, bool silent)
{
    struct sockaddr_in sa = {.sin_family = AF_INET};
    socklen_t len = sizeof(sa);

    memset(web, 0, sizeof(*web));
    web->answer = answer;
    web->silent = silent;
    web->ctx = ctx;
    web->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(web->listener >= 0);
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(web->listener, (const struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(listen(web->listener, 16), 0);
    assert_int_equal(getsockname(web->listener, (struct sockaddr *)&sa, &len), 0);
    web->port = ntohs(sa.sin_port);
    (void)snprintf(web->url, sizeof(web->url), "http://127.0.0.1:%u/file", web->port);
    assert_int_equal(pthread_create(&web->thread, NULL, serve, web), 0);
}

void web_start(struct web *web,
               void (*answer)(struct web *web, int fd, int request, const char *text),
               const void *ctx)
{
    start(web, answer, ctx, false);
}

void web_start_silent(struct web *web,
                      void (*answer)(struct web *web, int fd, int request, const char *text),
                      const void *ctx)
{
    start(web, answer, ctx, true);
}

void web_stop(struct web *web)
{
    struct sockaddr_in sa = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    atomic_store(&web->over, true);
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sa.sin_port = htons((uint16_t)web->port);
    (void)connect(fd, (const struct sockaddr *)&sa, sizeof(sa)); /* wakes accept() */
    (void)close(fd);
    assert_int_equal(pthread_join(web->thread, NULL), 0);
    (void)close(web->listener);
}

bool web_send(int fd, const void *data, size_t len)
{
    const char *next = data;

    while (len > 0) {
        ssize_t sent = send(fd, next, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        next += sent;
        len -= (size_t)sent;
    }
    return true;
}

bool web_say(int fd, const char *text)
{
    return web_send(fd, text, strlen(text));
}

void web_pause(struct web *web)
{
    const struct timespec delay = {0, 20 * 1000000L};

    if (!atomic_load(&web->over))
        (void)nanosleep(&delay, NULL);
}
