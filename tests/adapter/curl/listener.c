/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L

#include "adapter/curl/listener.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>

struct visit {
    struct listener *listener;
    size_t index;
    int fd;
};

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void block_sigpipe(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* of this thread alone */
}

static void *run_visit(void *arg)
{
    struct visit *visit = arg;
    struct listener *listener = visit->listener;
    const int on = 1;

    block_sigpipe();
    setsockopt(visit->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    listener->serve(listener->ctx, visit->fd);
    pthread_mutex_lock(&listener->lock);
    listener->peers[visit->index] = -1;
    close(visit->fd);
    pthread_mutex_unlock(&listener->lock);
    free(visit);
    OPENSSL_thread_stop();
    return NULL;
}

static bool receive(struct listener *listener, int fd)
{
    struct visit *visit = malloc(sizeof(*visit));
    size_t index = listener->count;

    if (visit == NULL || index == LISTENER_MAX) {
        free(visit);
        return false;
    }
    *visit = (struct visit){listener, index, fd};
    pthread_mutex_lock(&listener->lock);
    listener->peers[index] = fd;
    pthread_mutex_unlock(&listener->lock);
    if (pthread_create(&listener->threads[index], NULL, run_visit, visit) != 0) {
        free(visit);
        return false;
    }
    listener->count++;
    return true;
}

static void *run(void *arg)
{
    struct listener *listener = arg;
    int fd;

    while ((fd = accept(listener->fd, NULL, NULL)) >= 0) {
        if (!receive(listener, fd))
            close(fd);
    }
    return NULL;
}

void listener_start(struct listener *listener)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);

    listener->count = 0;
    listener->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener->fd >= 0);
    assert_int_equal(bind(listener->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener->fd, 8), 0);
    assert_int_equal(getsockname(listener->fd, (struct sockaddr *)&address, &len), 0);
    listener->port = ntohs(address.sin_port);
    assert_int_equal(pthread_mutex_init(&listener->lock, NULL), 0);
    assert_int_equal(pthread_create(&listener->thread, NULL, run, listener), 0);
}

void listener_stop(struct listener *listener)
{
    shutdown(listener->fd, SHUT_RDWR); /* wakes accept() */
    assert_int_equal(pthread_join(listener->thread, NULL), 0);
    close(listener->fd);
    pthread_mutex_lock(&listener->lock);
    for (size_t i = 0; i < listener->count; i++) {
        if (listener->peers[i] >= 0)
            shutdown(listener->peers[i], SHUT_RDWR);
    }
    pthread_mutex_unlock(&listener->lock);
    for (size_t i = 0; i < listener->count; i++)
        assert_int_equal(pthread_join(listener->threads[i], NULL), 0);
    pthread_mutex_destroy(&listener->lock);
}

int listener_dial(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* --- streams ---------------------------------------------------------------------------------- */

int stream_read(struct stream *stream, void *data, size_t size)
{
    if (stream->ssl != NULL)
        return SSL_read(stream->ssl, data, (int)size);
    return (int)recv(stream->fd, data, size, 0);
}

bool stream_write(struct stream *stream, const void *data, size_t len)
{
    if (stream->ssl != NULL)
        return SSL_write(stream->ssl, data, (int)len) == (int)len;
    return send(stream->fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

bool stream_say(struct stream *stream, const char *text)
{
    return stream_write(stream, text, strlen(text));
}

/* Until the other side hangs up, so that no reset overtakes the alert. */
static void drain(int fd)
{
    char buf[4096];

    while (recv(fd, buf, sizeof(buf), 0) > 0)
        ;
}

bool stream_accept(struct stream *stream, SSL_CTX *ctx)
{
    SSL *ssl = SSL_new(ctx);

    if (ssl == NULL)
        return false;
    SSL_set_fd(ssl, stream->fd);
    if (SSL_accept(ssl) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        drain(stream->fd);
        return false;
    }
    stream->ssl = ssl;
    return true;
}

void stream_close(struct stream *stream)
{
    if (stream->ssl != NULL)
        (void)SSL_shutdown(stream->ssl);
    SSL_free(stream->ssl);
    stream->ssl = NULL;
    ERR_clear_error();
}
