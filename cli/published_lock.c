/* SPDX-License-Identifier: Apache-2.0 */
#include "published_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static enum cli_exit fail(const char *dir)
{
    cli_error("%s: %s", cli_safe(dir), strerror(errno));
    return CLI_INPUT;
}

/* flock() on the directory itself: nothing to clean up, nothing that a web server would hand out. */
static enum cli_exit wait_for(int fd, const char *dir)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return CLI_OK;
    if (errno != EWOULDBLOCK)
        return fail(dir);
    cli_note("waiting for another publisher of %s", cli_safe(dir));
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return fail(dir);
        if (cli_interrupted != 0)
            return CLI_INTERNAL;
    }
    return CLI_OK;
}

enum cli_exit published_lock(int *fd, const char *dir)
{
    enum cli_exit code;

    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return errno == ENOENT ? CLI_OK : fail(dir);
    code = wait_for(*fd, dir);
    if (code != CLI_OK) {
        published_unlock(*fd);
        *fd = -1;
    }
    return code;
}

void published_unlock(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}
