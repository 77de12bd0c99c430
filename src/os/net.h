/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets with a deadline: names to addresses, addresses to connected sockets, waiting. Sockets
 * made here are non-blocking and closed on exec.
 */
#ifndef PINTLE_SRC_OS_NET_H
#define PINTLE_SRC_OS_NET_H

#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <pintle/client.h>

/* Addresses of one name that are looked at; a name with more is E_LIMIT. */
#define OS_ADDRS_MAX 64

/* "[" IPv6 with zone "]:65535" and the terminating NUL. */
#define OS_ADDR_TEXT_SIZE 72

struct os_addr {
    struct sockaddr_storage sa;
    socklen_t len;
    char text[OS_ADDR_TEXT_SIZE]; /* "192.0.2.1:443", "[2001:db8::1]:443" */
};

struct os_addrs {
    size_t count;
    struct os_addr items[OS_ADDRS_MAX];
};

/*
 * When to give up.
 *
 * end_ms       in the time of os_now_ms(); INT64_MAX is never
 * interrupted  gives up at once when it is not 0, as after SIGINT; may be NULL
 */
struct os_deadline {
    int64_t end_ms;
    const volatile sig_atomic_t *interrupted;
};

/* Milliseconds of a clock that only goes forward. */
int64_t os_now_ms(void);

/* A deadline in timeout_ms from now. */
struct os_deadline os_deadline_in(int64_t timeout_ms, const volatile sig_atomic_t *interrupted);

/*
 * All addresses of a host, in the system's order (RFC 6724), each once. The look-up runs on a
 * thread of its own, so that the deadline holds whatever the resolver does.
 *
 * host  a name or an IP address without brackets; an IPv6 zone is understood
 *
 * E_RESOLVE, E_TIMEOUT, E_LIMIT, E_NOMEM; E_IO when interrupted or without a thread.
 */
PINTLE_MUST_USE enum pintle_status os_resolve(struct os_addrs *out, const char *host, uint16_t port,
                                              const struct os_deadline *deadline,
                                              struct pintle_error *err);

/*
 * Connect to the first of the addresses that answers. A new attempt joins those under way when one
 * fails or after 250 ms (RFC 8305, section 5). There is at least one. *fd is the socket, *used the
 * index of its address (may be NULL).
 *
 * E_CONNECT with the last address and reason, E_TIMEOUT, E_IO when interrupted or out of sockets.
 */
PINTLE_MUST_USE enum pintle_status os_connect(int *fd, size_t *used, const struct os_addrs *addrs,
                                              const struct os_deadline *deadline,
                                              struct pintle_error *err);

/* False if this machine has no way to the address's network, as without IPv6. Sends nothing. */
bool os_has_route(const struct os_addr *addr);

/*
 * Wait until fd can be read or written (or has failed: the next call on it says how). `deadline` is
 * a struct os_deadline: fits `wait` of struct pintle_client_options.
 *
 * E_TIMEOUT; E_IO when interrupted.
 */
PINTLE_MUST_USE enum pintle_status os_wait(void *deadline, int fd, enum pintle_wait what,
                                           struct pintle_error *err);

#endif
