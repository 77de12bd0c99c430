/* SPDX-License-Identifier: Apache-2.0 */
/* A STARTTLS dialogue over a socket. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "os/starttls.h"

/* "[IPv6:" address "]" and the terminating NUL. */
#define SELF_SIZE 80

static enum pintle_status failed(struct pintle_error *err, const char *what)
{
    pintle__error_set(err, PINTLE_E_TLS, "STARTTLS: %s", what);
    return PINTLE_E_TLS;
}

/* Our own address as an SMTP client says it: RFC 5321, section 4.1.3. */
static void name_self(int fd, char out[SELF_SIZE])
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    char text[SELF_SIZE - 8];

    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0 ||
        getnameinfo((const struct sockaddr *)&sa, len, text, sizeof text, NULL, 0,
                    NI_NUMERICHOST) != 0)
        snprintf(text, sizeof text, "127.0.0.1");
    text[strcspn(text, "%")] = '\0';
    snprintf(out, SELF_SIZE, strchr(text, ':') != NULL ? "[IPv6:%s]" : "[%s]", text);
}

static enum pintle_status send_all(int fd, const uint8_t *data, size_t len,
                                   struct os_deadline *deadline, struct pintle_error *err)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        enum pintle_status status;

        if (n >= 0) {
            data += n;
            len -= (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return failed(err, strerror(errno));
        status = os_wait(deadline, fd, PINTLE_WAIT_WRITE, err);
        if (status != PINTLE_OK)
            return status;
    }
    return PINTLE_OK;
}

static enum pintle_status receive(int fd, uint8_t *data, size_t size, size_t *len,
                                  struct os_deadline *deadline, struct pintle_error *err)
{
    for (;;) {
        enum pintle_status status = os_wait(deadline, fd, PINTLE_WAIT_READ, err);
        ssize_t n;

        if (status != PINTLE_OK)
            return status;
        n = recv(fd, data, size, MSG_DONTWAIT);
        if (n == 0)
            return failed(err, "the server hung up");
        if (n > 0) {
            *len = (size_t)n;
            return PINTLE_OK;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return failed(err, strerror(errno));
    }
}

/*
 * A TLS server never speaks first: what waits in the socket behind the go-ahead was put there to be
 * taken for the server's protected words.
 */
static enum pintle_status nothing_waits(int fd, struct pintle_error *err)
{
    uint8_t byte;

    if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
        return failed(err, "plain text behind the server's go-ahead");
    return PINTLE_OK;
}

enum pintle_status os_starttls(int fd, enum os_starttls_protocol protocol, const char *host,
                               struct os_deadline *deadline, struct pintle_error *err)
{
    struct os_starttls s;
    enum os_starttls_step step = OS_STARTTLS_MORE;
    enum pintle_status status;
    char self[SELF_SIZE];
    uint8_t data[512];
    size_t len = 0;

    name_self(fd, self);
    os_starttls_init(&s, protocol, host, self);
    for (;;) {
        status = send_all(fd, s.out, s.out_len, deadline, err);
        if (status != PINTLE_OK || step == OS_STARTTLS_READY)
            return status;
        status = receive(fd, data, sizeof data, &len, deadline, err);
        if (status == PINTLE_OK)
            status = os_starttls_feed(&s, &step, data, len, err);
        if (status == PINTLE_OK && step == OS_STARTTLS_READY)
            status = nothing_waits(fd, err);
        if (status != PINTLE_OK)
            return status;
    }
}
