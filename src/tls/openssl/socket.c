/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
static int finish(BIO *bio, ssize_t n, int flag)
{
    struct pintle__socket *s = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (n >= 0)
        return (int)n;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        BIO_set_flags(bio, flag | BIO_FLAGS_SHOULD_RETRY);
    else
        s->error = errno;
    return -1;
}

static int write_socket(BIO *bio, const char *data, int len)
{
    struct pintle__socket *s = BIO_get_data(bio);
    ssize_t n;

    do
        n = send(s->fd, data, (size_t)len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return finish(bio, n, BIO_FLAGS_WRITE);
}

static int read_socket(BIO *bio, char *data, int size)
{
    struct pintle__socket *s = BIO_get_data(bio);
    ssize_t n;

    do
        n = recv(s->fd, data, (size_t)size, 0);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return finish(bio, n, BIO_FLAGS_READ);
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
        return 0;
    }
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pintle socket");

    if (method == NULL)
        return NULL;
    BIO_meth_set_write(method, write_socket);
    BIO_meth_set_read(method, read_socket);
    BIO_meth_set_ctrl(method, control);
    return method;
}

BIO *pintle__socket_open(struct pintle__socket *s, int fd)
{
    BIO *bio;

    s->fd = fd;
    s->error = 0;
    s->method = make_method();
    bio = s->method != NULL ? BIO_new(s->method) : NULL;
    if (bio == NULL) {
        pintle__socket_clear(s);
        return NULL;
    }
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    return bio;
}

void pintle__socket_clear(struct pintle__socket *s)
{
    BIO_meth_free(s->method);
    s->method = NULL;
}
