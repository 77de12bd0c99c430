/* SPDX-License-Identifier: Apache-2.0 */
#include "os/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"

static enum pintle_status fail(struct pintle_error *err, enum pintle_status status, const char *why)
{
    pintle__error_set(err, status, "%s", why);
    return status;
}

/* Up to the end of the line; what does not fit is read and dropped. */
static enum pintle_status read_line(int fd, char *out, size_t size, struct pintle_error *err)
{
    size_t len = 0;
    char c = '\0';

    for (;;) {
        ssize_t got = read(fd, &c, 1);
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

static enum pintle_status ask(int fd, char *out, size_t size, const char *prompt,
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
    (void)tcsetattr(fd, TCSAFLUSH, &shown);
    (void)!write(fd, "\n", 1);
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
    status = ask(fd, out, size, prompt, err);
    if (status != PINTLE_OK)
        memset(out, 0, size);
    (void)close(fd);
    return status;
}
