/* SPDX-License-Identifier: Apache-2.0 */
#include "os/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"

static enum pintle_status fail(struct pintle_error *err, enum pintle_status status, const char *why)
{
    pintle__error_set(err, status, "%s", why);
    return status;
}

/* --- signals ------------------------------------------------------------------------------------- */

/* What would end or stop us and leave a terminal that shows nothing behind. */
static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
#define FATAL_COUNT (sizeof(fatal) / sizeof(fatal[0]))

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
}

static void hold_signals(struct sigaction before[FATAL_COUNT])
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: read() returns */

    caught = 0;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FATAL_COUNT; i++) {
        (void)sigaction(fatal[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            (void)sigaction(fatal[i], &action, NULL);
    }
}

static void release_signals(const struct sigaction before[FATAL_COUNT])
{
    for (size_t i = 0; i < FATAL_COUNT; i++)
        (void)sigaction(fatal[i], &before[i], NULL);
}

static bool is_stop(int number)
{
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/* --- the question -------------------------------------------------------------------------------- */

/* Up to the end of the line; what does not fit is read and dropped. */
static enum pintle_status read_line(int fd, char *out, size_t size, struct pintle_error *err)
{
    size_t len = 0;
    char c = '\0';

    for (;;) {
        ssize_t got = caught != 0 ? -1 : read(fd, &c, 1);
        if (caught != 0)
            return fail(err, PINTLE_E_IO, "interrupted");
        if (got != 1)
            return fail(err, PINTLE_E_IO, got < 0 ? strerror(errno) : "the terminal was closed");
        if (c == '\n')
            break;
        if (len < size)
            out[len++] = c;
    }
    if (len == size)
        return fail(err, PINTLE_E_LIMIT, "that is too long");
    out[len] = '\0';
    return PINTLE_OK;
}

static enum pintle_status ask_hidden(int fd, char *out, size_t size, const char *prompt,
                                     struct pintle_error *err)
{
    struct termios shown, hidden;
    enum pintle_status status;

    if (tcgetattr(fd, &shown) != 0)
        return fail(err, PINTLE_E_IO, strerror(errno));
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ICANON | ISIG;
    if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0)
        return fail(err, PINTLE_E_IO, strerror(errno));
    if (write(fd, prompt, strlen(prompt)) < 0)
        status = fail(err, PINTLE_E_IO, strerror(errno));
    else
        status = read_line(fd, out, size, err);
    while (tcsetattr(fd, TCSAFLUSH, &shown) != 0 && errno == EINTR && caught != SIGTTOU)
        continue;
    (void)!write(fd, "\n", 1);
    return status;
}

/* One try. A signal that came meanwhile takes its effect when the terminal is as it was. */
static enum pintle_status ask(int fd, char *out, size_t size, const char *prompt,
                              struct pintle_error *err)
{
    struct sigaction before[FATAL_COUNT];
    enum pintle_status status;

    hold_signals(before);
    status = ask_hidden(fd, out, size, prompt, err);
    release_signals(before);
    if (caught != 0)
        (void)raise(caught);
    return status;
}

enum pintle_status os_terminal_ask(char *out, size_t size, const char *prompt,
                                   struct pintle_error *err)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    enum pintle_status status;

    out[0] = '\0';
    if (fd < 0)
        return fail(err, PINTLE_E_IO, "there is no terminal to ask at");
    do
        status = ask(fd, out, size, prompt, err);
    while (status != PINTLE_OK && is_stop(caught)); /* we were stopped, and go on */
    if (status != PINTLE_OK)
        memset(out, 0, size);
    (void)close(fd);
    return status;
}
