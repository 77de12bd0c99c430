/* SPDX-License-Identifier: Apache-2.0 */
/* The right to update, among processes: flock() on PATH.lock, which ends with its process. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/http.h"
#include "os/state_db.h"

#define POLL_MS 20

enum attempt {
    TAKEN,
    HELD_BY_ANOTHER,
    IMPOSSIBLE
};

/* Is the file we have locked still the one that others will lock? */
static bool is_in_place(int fd, const char *path)
{
    struct stat ours, theirs;

    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino &&
           ours.st_dev == theirs.st_dev;
}

static enum attempt try_file(int *fd, const char *path)
{
    enum attempt result = IMPOSSIBLE;

    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
    if (*fd < 0)
        return IMPOSSIBLE;
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0) {
        if (is_in_place(*fd, path))
            return TAKEN;
        result = HELD_BY_ANOTHER;
    } else if (errno == EWOULDBLOCK || errno == EINTR) {
        result = HELD_BY_ANOTHER;
    }
    (void)close(*fd);
    *fd = -1;
    return result;
}

static enum attempt try_once(struct pintle__state *state)
{
    enum attempt result = HELD_BY_ANOTHER;
    char *path;

    (void)pthread_mutex_lock(&state->mutex);
    if (state->lock_fd < 0) {
        path = pintle__state_beside(state->path, ".lock");
        result = path == NULL ? IMPOSSIBLE : try_file(&state->lock_fd, path);
        free(path);
    }
    (void)pthread_mutex_unlock(&state->mutex);
    return result;
}

bool pintle__state_lock(struct pintle__state *state, int64_t wait_ms)
{
    const struct timespec delay = {0, POLL_MS * 1000000L};
    int64_t now_ms = pintle__http_now_ms();
    int64_t end_ms = wait_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + wait_ms;

    for (;;) {
        switch (try_once(state)) {
        case TAKEN:
        case IMPOSSIBLE:
            return true;
        case HELD_BY_ANOTHER:
            break;
        }
        if (pintle__http_now_ms() >= end_ms)
            return false;
        (void)nanosleep(&delay, NULL);
    }
}

/* A child that was forked meanwhile has the descriptor too: that we close ours does not end it. */
void pintle__state_unlock(struct pintle__state *state)
{
    (void)pthread_mutex_lock(&state->mutex);
    if (state->lock_fd >= 0) {
        (void)flock(state->lock_fd, LOCK_UN);
        (void)close(state->lock_fd);
    }
    state->lock_fd = -1;
    (void)pthread_mutex_unlock(&state->mutex);
}
