/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting and connecting under a deadline. */
#include "os/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

/* The interrupt flag is looked at this often: a signal that comes just before poll() is not lost.
 */
#define SLICE_MS 200

/* Connection attempt delay: RFC 8305, section 5. */
#define STAGGER_MS 250

int64_t os_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct os_deadline os_deadline_in(int64_t timeout_ms, const volatile sig_atomic_t *interrupted)
{
    struct os_deadline deadline = {os_now_ms() + timeout_ms, interrupted};

    return deadline;
}

static bool interrupted(const struct os_deadline *deadline)
{
    return deadline->interrupted != NULL && *deadline->interrupted != 0;
}

static int64_t left_ms(const struct os_deadline *deadline)
{
    int64_t left = deadline->end_ms - os_now_ms();

    return left > 0 ? left : 0;
}

static enum pintle_status fail_interrupted(struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_IO, "interrupted");
    return PINTLE_E_IO;
}

enum pintle_status os_wait(void *deadline, int fd, enum pintle_wait what, struct pintle_error *err)
{
    const struct os_deadline *d = deadline;
    struct pollfd p = {.fd = fd, .events = what == PINTLE_WAIT_READ ? POLLIN : POLLOUT};

    for (;;) {
        int64_t left = left_ms(d);
        int n;

        if (interrupted(d))
            return fail_interrupted(err);
        n = poll(&p, 1, (int)(left < SLICE_MS ? left : SLICE_MS));
        if (n > 0)
            return PINTLE_OK;
        if (n < 0 && errno != EINTR) {
            pintle__error_set(err, PINTLE_E_IO, "poll: %s", strerror(errno));
            return PINTLE_E_IO;
        }
        if (left == 0) {
            pintle__error_set(err, PINTLE_E_TIMEOUT, "timed out waiting for the server");
            return PINTLE_E_TIMEOUT;
        }
    }
}

/* Connection attempts under way, each on a socket of its own. */
struct race {
    const struct os_addrs *addrs;
    const struct os_deadline *deadline;
    struct pollfd polled[OS_ADDRS_MAX];
    size_t index[OS_ADDRS_MAX]; /* of the address that polled[i] is for */
    size_t running;
    size_t next;       /* address to try next */
    int64_t next_ms;   /* when to try it, however the others fare */
    int reason;        /* errno of the last attempt that failed */
    size_t reason_for; /* its address */
};

static void note_failure(struct race *r, size_t index, int reason)
{
    r->reason = reason;
    r->reason_for = index;
    r->next_ms = 0;
}

static int open_socket(int family)
{
    int one = 1;
    int fd = socket(family, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* only a matter of speed */
    return fd;
}

static void race_start(struct race *r)
{
    size_t index = r->next++;
    const struct os_addr *addr = &r->addrs->items[index];
    int fd = open_socket(addr->sa.ss_family);

    r->next_ms = os_now_ms() + STAGGER_MS;
    if (fd < 0) {
        note_failure(r, index, errno);
        return;
    }
    if (connect(fd, (const struct sockaddr *)&addr->sa, addr->len) != 0 && errno != EINPROGRESS) {
        note_failure(r, index, errno);
        close(fd);
        return;
    }
    r->polled[r->running] = (struct pollfd){.fd = fd, .events = POLLOUT};
    r->index[r->running++] = index;
}

static void race_remove(struct race *r, size_t at)
{
    r->running--;
    r->polled[at] = r->polled[r->running];
    r->index[at] = r->index[r->running];
}

/* The socket that is connected, or -1; sockets that failed are closed. */
static int race_winner(struct race *r, size_t *used)
{
    for (size_t i = 0; i < r->running;) {
        int reason = 0;
        socklen_t len = sizeof reason;
        int fd = r->polled[i].fd;

        if (r->polled[i].revents == 0) {
            i++;
            continue;
        }
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &len) != 0)
            reason = errno;
        *used = r->index[i];
        race_remove(r, i);
        if (reason == 0)
            return fd;
        note_failure(r, *used, reason);
        close(fd);
    }
    return -1;
}

static int race_timeout(const struct race *r)
{
    int64_t left = left_ms(r->deadline);
    int64_t until_next = r->next_ms - os_now_ms();

    if (r->next < r->addrs->count && until_next < left)
        left = until_next > 0 ? until_next : 0;
    return (int)(left < SLICE_MS ? left : SLICE_MS);
}

static enum pintle_status race_lost(const struct race *r, struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_CONNECT, "%s: %s", r->addrs->items[r->reason_for].text,
                      strerror(r->reason));
    return PINTLE_E_CONNECT;
}

static enum pintle_status race_run(struct race *r, int *fd, size_t *used, struct pintle_error *err)
{
    while (*fd < 0) {
        if (interrupted(r->deadline))
            return fail_interrupted(err);
        if (left_ms(r->deadline) == 0) {
            pintle__error_set(err, PINTLE_E_TIMEOUT, "%s: timed out connecting",
                              r->addrs->items[r->running > 0 ? r->index[0] : 0].text);
            return PINTLE_E_TIMEOUT;
        }
        if (r->next < r->addrs->count && (r->running == 0 || os_now_ms() >= r->next_ms))
            race_start(r);
        if (r->running == 0 && r->next == r->addrs->count)
            return race_lost(r, err);
        if (poll(r->polled, (nfds_t)r->running, r->running > 0 ? race_timeout(r) : 0) < 0 &&
            errno != EINTR) {
            pintle__error_set(err, PINTLE_E_IO, "poll: %s", strerror(errno));
            return PINTLE_E_IO;
        }
        *fd = race_winner(r, used);
    }
    return PINTLE_OK;
}

enum pintle_status os_connect(int *fd, size_t *used, const struct os_addrs *addrs,
                              const struct os_deadline *deadline, struct pintle_error *err)
{
    struct race r = {.addrs = addrs, .deadline = deadline};
    size_t ignored;
    enum pintle_status status;

    *fd = -1;
    status = race_run(&r, fd, used != NULL ? used : &ignored, err);
    for (size_t i = 0; i < r.running; i++)
        close(r.polled[i].fd);
    return status;
}

bool os_has_route(const struct os_addr *addr)
{
    /* Connecting a datagram socket only looks for a route. */
    int fd = socket(addr->sa.ss_family, SOCK_DGRAM, 0);
    bool found;

    if (fd < 0)
        return errno != EAFNOSUPPORT;
    found = connect(fd, (const struct sockaddr *)&addr->sa, addr->len) == 0 ||
            (errno != ENETUNREACH && errno != EHOSTUNREACH && errno != EADDRNOTAVAIL);
    close(fd);
    return found;
}
