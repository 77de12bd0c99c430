/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* ".pintle-PID-NUMBER.tmp" */
#define TEMPORARY_SIZE 48

/* Left-overs of killed programs with our process id that are stepped over. */
#define TEMPORARY_TRIES 100

/*
 * dir        descriptor of the directory the file is made in; -1 when written to as it is
 * fd         what is written to
 * path       as the caller said it, for errors
 * name       of the file in dir; NULL when written to as it is
 * temporary  its name until it is in place; "" when there is none
 * is_new     nothing may have that name before
 */
struct os_output {
    int dir;
    int fd;
    char *path;
    char *name;
    char temporary[TEMPORARY_SIZE];
    bool is_new;
};

enum pintle_status os_read_file(char **out, size_t *out_len, const char *path, size_t max_len,
                                struct pintle_error *err)
{
    if (strcmp(path, "-") == 0)
        return pintle__os_read_fd(out, out_len, STDIN_FILENO, "standard input", max_len, err);
    return pintle__os_read_file(out, out_len, path, max_len, err);
}

/* Open the directory of `path` and remember the name in it. */
static enum pintle_status open_directory(struct os_output *output, const char *path,
                                         struct pintle_error *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char *directory;

    if (name[0] == '\0') {
        pintle__os_error(err, output->path, path[0] == '\0' ? ENOENT : EISDIR);
        return PINTLE_E_IO;
    }
    directory = slash == NULL ? strdup(".") : strndup(path, (size_t)(name - path));
    output->name = strdup(name);
    if (directory == NULL || output->name == NULL) {
        free(directory);
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    output->dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (output->dir < 0) {
        pintle__os_error(err, output->path, errno);
        return PINTLE_E_IO;
    }
    return PINTLE_OK;
}

/* O_EXCL follows no link and opens nothing that somebody else put there. */
static enum pintle_status create_temporary(struct os_output *output, mode_t mode,
                                           struct pintle_error *err)
{
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        (void)snprintf(output->temporary, sizeof(output->temporary), ".pintle-%ld-%d.tmp",
                       (long)getpid(), i);
        output->fd = openat(output->dir, output->temporary,
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (output->fd >= 0)
            return PINTLE_OK;
        if (errno != EEXIST)
            break;
    }
    output->temporary[0] = '\0';
    pintle__os_error(err, output->path, errno);
    return PINTLE_E_IO;
}

static enum pintle_status open_beside(struct os_output *output, const char *path, mode_t mode,
                                      struct pintle_error *err)
{
    enum pintle_status status = open_directory(output, path, err);

    if (status != PINTLE_OK)
        return status;
    return create_temporary(output, mode, err);
}

static enum pintle_status open_as_it_is(struct os_output *output, const char *path,
                                        struct pintle_error *err)
{
    do {
        output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    } while (output->fd < 0 && errno == EINTR);
    if (output->fd < 0) {
        pintle__os_error(err, output->path, errno);
        return PINTLE_E_IO;
    }
    return PINTLE_OK;
}

/* A link stays a link: the file it leads to is the one to replace. */
static enum pintle_status open_target(struct os_output *output, const char *path, mode_t mode,
                                      struct pintle_error *err)
{
    enum pintle_status status;
    char *target = realpath(path, NULL);

    if (target == NULL) {
        pintle__os_error(err, output->path, errno);
        return PINTLE_E_IO;
    }
    status = open_beside(output, target, mode, err);
    free(target);
    return status;
}

static enum pintle_status open_any(struct os_output *output, const char *path, mode_t mode,
                                   struct pintle_error *err)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        if (errno != ENOENT) {
            pintle__os_error(err, output->path, errno);
            return PINTLE_E_IO;
        }
        return open_beside(output, path, mode, err);
    }
    if (stat(path, &st) != 0) {
        /* a link to nowhere */
        pintle__os_error(err, output->path, errno);
        return PINTLE_E_IO;
    }
    if (!S_ISREG(st.st_mode))
        return open_as_it_is(output, path, err); /* fails for a directory */
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0) {
        /* a rename would not ask */
        pintle__os_error(err, output->path, errno);
        return PINTLE_E_IO;
    }
    return open_target(output, path, mode & st.st_mode & 0777, err);
}

/* Anything at all, links to nowhere too. */
static enum pintle_status open_new(struct os_output *output, const char *path, mode_t mode,
                                   struct pintle_error *err)
{
    struct stat st;

    if (lstat(path, &st) == 0)
        errno = EEXIST;
    if (errno != ENOENT) {
        pintle__os_error(err, output->path, errno);
        return PINTLE_E_IO;
    }
    output->is_new = true;
    return open_beside(output, path, mode, err);
}

static enum pintle_status begin(struct os_output **out, const char *path, mode_t mode,
                                enum pintle_status (*open_how)(struct os_output *output,
                                                               const char *path, mode_t mode,
                                                               struct pintle_error *err),
                                struct pintle_error *err)
{
    struct os_output *output = calloc(1, sizeof(*output));
    enum pintle_status status;

    *out = NULL;
    if (output != NULL) {
        output->dir = -1;
        output->fd = -1;
        output->path = strdup(path);
    }
    if (output == NULL || output->path == NULL) {
        os_output_discard(output);
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    status = open_how(output, path, mode, err);
    if (status != PINTLE_OK) {
        os_output_discard(output);
        return status;
    }
    *out = output;
    return PINTLE_OK;
}

enum pintle_status os_output_open(struct os_output **out, const char *path, mode_t mode,
                                  struct pintle_error *err)
{
    return begin(out, path, mode, open_any, err);
}

enum pintle_status os_output_create(struct os_output **out, const char *path, mode_t mode,
                                    struct pintle_error *err)
{
    return begin(out, path, mode, open_new, err);
}

enum pintle_status os_output_write(struct os_output *output, const void *data, size_t len,
                                   struct pintle_error *err)
{
    const char *next = data;

    while (len > 0) {
        ssize_t written = write(output->fd, next, len < SSIZE_MAX ? len : SSIZE_MAX);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            pintle__os_error(err, output->path, errno);
            return PINTLE_E_IO;
        }
        next += written;
        len -= (size_t)written;
    }
    return PINTLE_OK;
}

/* Disks say late that they are full: on fsync() or close(). */
static enum pintle_status finish(struct os_output *output, struct pintle_error *err)
{
    int fd = output->fd;

    if (output->name != NULL && fsync(fd) != 0) {
        pintle__os_error(err, output->path, errno);
        return PINTLE_E_IO;
    }
    output->fd = -1;
    if (close(fd) != 0 && errno != EINTR) {
        pintle__os_error(err, output->path, errno);
        return PINTLE_E_IO;
    }
    return PINTLE_OK;
}

/*
 * Take the name, so that the rename below replaces nothing but this. A hard link would do it in one
 * step, but the file systems of memory sticks have none, and backup keys belong there.
 */
static bool claim_name(const struct os_output *output)
{
    int fd = openat(output->dir, output->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    (mode_t)0600);

    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

static bool put_in_place(const struct os_output *output)
{
    int code;

    if (output->is_new && !claim_name(output))
        return false;
    if (renameat(output->dir, output->temporary, output->dir, output->name) == 0)
        return true;
    code = errno;
    if (output->is_new)
        (void)unlinkat(output->dir, output->name, 0);
    errno = code;
    return false;
}

enum pintle_status os_output_commit(struct os_output *output, struct pintle_error *err)
{
    enum pintle_status status = finish(output, err);

    if (status == PINTLE_OK && output->name != NULL) {
        if (!put_in_place(output)) {
            pintle__os_error(err, output->path, errno);
            status = PINTLE_E_IO;
        } else {
            output->temporary[0] = '\0';
            /* The new file is in place. Should this fail and the power too, the old one may be
             * back, whole: no reason to call the write a failure. */
            (void)fsync(output->dir);
        }
    }
    os_output_discard(output);
    return status;
}

void os_output_discard(struct os_output *output)
{
    if (output == NULL)
        return;
    if (output->fd >= 0)
        (void)close(output->fd);
    if (output->temporary[0] != '\0')
        (void)unlinkat(output->dir, output->temporary, 0);
    if (output->dir >= 0)
        (void)close(output->dir);
    free(output->path);
    free(output->name);
    free(output);
}

/* Takes `output` over. */
static enum pintle_status write_whole(struct os_output *output, const void *data, size_t len,
                                      struct pintle_error *err)
{
    enum pintle_status status = os_output_write(output, data, len, err);

    if (status == PINTLE_OK)
        return os_output_commit(output, err);
    os_output_discard(output);
    return status;
}

enum pintle_status os_write_file(const char *path, const void *data, size_t len, mode_t mode,
                                 struct pintle_error *err)
{
    struct os_output *output;
    enum pintle_status status = os_output_open(&output, path, mode, err);

    return status == PINTLE_OK ? write_whole(output, data, len, err) : status;
}

enum pintle_status os_create_file(const char *path, const void *data, size_t len, mode_t mode,
                                  struct pintle_error *err)
{
    struct os_output *output;
    enum pintle_status status;
    struct stat info;

    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return os_write_file(path, data, len, mode, err);
    status = os_output_create(&output, path, mode, err);
    return status == PINTLE_OK ? write_whole(output, data, len, err) : status;
}
