/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No direction may hold up the other: a server that floods us while we write must be read, and a
 * reader of our output that writes to us must be written to. So no call here waits, but poll().
 */
#include "pump.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The most a TLS record holds (RFC 8446, section 5.1). */
#define RECORD_MAX 16384

/*
 * A pipe that polls as writable takes so much without blocking (POSIX PIPE_BUF). Our standard
 * output is not made non-blocking: others may share it.
 */
#define WRITE_MAX ((size_t)_POSIX_PIPE_BUF)

/* The interrupt flag is looked at this often. */
#define SLICE_MS 200

/*
 * up, down              bytes on the way to the server, and from it; down from down_at
 * up_wants, down_wants  what the last write or read waits for, in poll()'s words; 0 for nothing
 * input_ended           nothing more comes from standard input
 * shut                  the server was told so
 * ended                 the server said close_notify
 */
struct pump {
    struct dial *dial;
    const char *name;
    int64_t idle_ms;
    struct os_deadline idle;
    uint8_t up[RECORD_MAX];
    size_t up_len;
    uint8_t down[RECORD_MAX];
    size_t down_at;
    size_t down_len;
    short up_wants;
    short down_wants;
    bool input_ended;
    bool shut;
    bool ended;
};

static short wanted(const struct pump *p)
{
    return p->dial->wanted == PINTLE_WAIT_READ ? POLLIN : POLLOUT;
}

static enum cli_exit fail_errno(const char *what)
{
    cli_error("%s: %s", what, strerror(errno));
    return CLI_INPUT;
}

/* --- to the server --------------------------------------------------------------------------- */

static enum cli_exit read_input(struct pump *p)
{
    ssize_t n = read(STDIN_FILENO, p->up, sizeof(p->up));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? CLI_OK : fail_errno("standard input");
    p->input_ended = n == 0;
    p->up_len = (size_t)n;
    return CLI_OK;
}

static enum cli_exit write_server(struct pump *p)
{
    struct pintle_error err = {0};
    enum pintle_status status = pintle_client_write(p->dial->client, p->up, p->up_len, &err);

    p->up_wants = 0;
    if (status == PINTLE_E_TIMEOUT) {
        p->up_wants = wanted(p);
        return CLI_OK;
    }
    if (status != PINTLE_OK)
        return cli_fail(p->name, &err);
    p->up_len = 0;
    return CLI_OK;
}

/* Called when the socket takes bytes, so that close_notify fits. */
static void shut(struct pump *p)
{
    pintle_client_shutdown(p->dial->client);
    p->shut = true;
    p->idle = os_deadline_in(p->idle_ms, NULL);
}

/* --- from the server ------------------------------------------------------------------------- */

static enum cli_exit read_server(struct pump *p)
{
    struct pintle_error err = {0};
    enum pintle_status status =
        pintle_client_read(p->dial->client, p->down, sizeof(p->down), &p->down_len, &err);

    p->down_at = 0;
    p->down_wants = 0;
    if (status == PINTLE_E_TIMEOUT) {
        p->down_len = 0;
        p->down_wants = wanted(p);
        return CLI_OK;
    }
    if (status != PINTLE_OK)
        return cli_fail(p->name, &err);
    p->ended = p->down_len == 0;
    p->idle = os_deadline_in(p->idle_ms, NULL);
    return CLI_OK;
}

static enum cli_exit write_output(struct pump *p)
{
    size_t len = p->down_len - p->down_at;
    ssize_t n = write(STDOUT_FILENO, p->down + p->down_at, len < WRITE_MAX ? len : WRITE_MAX);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return CLI_OK;
    if (n < 0) /* as everywhere, a reader who has gone is no news */
        return errno == EPIPE ? CLI_INPUT : fail_errno("standard output");
    p->down_at += (size_t)n;
    if (p->down_at == p->down_len)
        p->down_len = 0;
    return CLI_OK;
}

/* --- both ------------------------------------------------------------------------------------ */

enum {
    AT_INPUT = 0,
    AT_OUTPUT = 1,
    AT_SERVER = 2
};

static bool shut_is_due(const struct pump *p)
{
    return p->input_ended && p->up_len == 0 && !p->shut;
}

static void set_polled(const struct pump *p, struct pollfd polled[3])
{
    bool can_take = !p->input_ended && p->up_len == 0;

    polled[AT_INPUT] = (struct pollfd){.fd = can_take ? STDIN_FILENO : -1, .events = POLLIN};
    polled[AT_OUTPUT] =
        (struct pollfd){.fd = p->down_len > 0 ? STDOUT_FILENO : -1, .events = POLLOUT};
    polled[AT_SERVER] = (struct pollfd){.fd = p->dial->fd};
    polled[AT_SERVER].events =
        (short)((p->up_len > 0 ? p->up_wants : 0) | (p->down_len == 0 ? p->down_wants : 0) |
                (shut_is_due(p) ? POLLOUT : 0));
    if (polled[AT_SERVER].events == 0)
        polled[AT_SERVER].fd = -1; /* or its hang-up would wake us for ever */
}

/* Do what can be done now. `server` is what the server's socket is ready for. */
static enum cli_exit step(struct pump *p, const struct pollfd polled[3])
{
    short server = polled[AT_SERVER].revents;
    enum cli_exit code = CLI_OK;

    if ((server & (POLLERR | POLLHUP)) != 0)
        server = POLLIN | POLLOUT;
    if (polled[AT_INPUT].revents != 0)
        code = read_input(p);
    if (code == CLI_OK && p->up_len > 0 && (p->up_wants == 0 || (p->up_wants & server) != 0))
        code = write_server(p);
    if (code == CLI_OK && shut_is_due(p) && (server & POLLOUT) != 0)
        shut(p);
    if (code == CLI_OK && polled[AT_OUTPUT].revents != 0)
        code = write_output(p);
    if (code == CLI_OK && p->down_len == 0 && (p->down_wants == 0 || (p->down_wants & server) != 0))
        code = read_server(p);
    return code;
}

static enum cli_exit fail_idle(const struct pump *p)
{
    cli_error("%s: timed out waiting for the server to end the connection", p->name);
    return CLI_UNREACHABLE;
}

static enum cli_exit run(struct pump *p)
{
    struct pollfd polled[3] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
    enum cli_exit code = step(p, polled);

    while (code == CLI_OK && !(p->ended && p->down_len == 0)) {
        if (cli_interrupted != 0)
            return CLI_INTERNAL;
        if (p->shut && p->down_len == 0 && os_now_ms() >= p->idle.end_ms)
            return fail_idle(p);
        set_polled(p, polled);
        if (poll(polled, 3, SLICE_MS) < 0) {
            if (errno != EINTR)
                return fail_errno("poll");
            continue;
        }
        code = step(p, polled);
    }
    return code;
}

enum cli_exit pump(struct dial *dial, int64_t idle_ms, const char *name)
{
    struct pump p = {.dial = dial, .name = name, .idle_ms = idle_ms};

    dial->no_wait = true;
    return run(&p);
}
