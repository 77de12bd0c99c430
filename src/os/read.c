/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/file.h"

/* What a pipe or a file of unknown size gets first. */
#define FIRST_SIZE ((size_t)16 * 1024)

/* More of a path than this would leave no room for the reason. */
#define PATH_SHOWN 96

void pintle__os_error(struct pintle_error *err, const char *path, int code)
{
    size_t len = strlen(path);
    const char *dots = len > PATH_SHOWN ? "..." : "";
    const char *tail = len > PATH_SHOWN ? path + len - PATH_SHOWN : path;
    char reason[64];

    if (strerror_r(code, reason, sizeof(reason)) != 0)
        reason[0] = '\0';
    pintle__error_set(err, PINTLE_E_IO, "%s%s: %s", dots, tail, reason);
}

/* Bytes read so far; `size` holds one more for the NUL. */
struct buffer {
    char *bytes;
    size_t len;
    size_t size;
};

static enum pintle_status grow(struct buffer *buffer, size_t size, struct pintle_error *err)
{
    char *bytes = realloc(buffer->bytes, size);

    if (bytes == NULL) {
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    buffer->bytes = bytes;
    buffer->size = size;
    return PINTLE_OK;
}

static void too_large(struct pintle_error *err, const char *name, size_t max_len)
{
    pintle__error_set(err, PINTLE_E_LIMIT, "%.100s: larger than %zu bytes", name, max_len);
}

/* Look before reading: room for what is too large anyway is not even asked for. */
static enum pintle_status first_size(size_t *size, int fd, const char *name, size_t max_len,
                                     struct pintle_error *err)
{
    struct stat st;

    *size = 0;
    if (fstat(fd, &st) != 0) {
        pintle__os_error(err, name, errno);
        return PINTLE_E_IO;
    }
    if (S_ISREG(st.st_mode) && st.st_size > 0) {
        if ((uintmax_t)st.st_size > max_len) {
            too_large(err, name, max_len);
            return PINTLE_E_LIMIT;
        }
        *size = (size_t)st.st_size;
    }
    if (*size == 0)
        *size = max_len < FIRST_SIZE ? max_len : FIRST_SIZE;
    *size += 2; /* one byte to find the end, or too much, and the NUL */
    return PINTLE_OK;
}

/* Read once; *end is set at the end of the file. */
static enum pintle_status read_some(struct buffer *buffer, int fd, const char *name, bool *end,
                                    struct pintle_error *err)
{
    ssize_t got = read(fd, buffer->bytes + buffer->len, buffer->size - 1 - buffer->len);

    if (got < 0) {
        if (errno == EINTR)
            return PINTLE_OK;
        pintle__os_error(err, name, errno);
        return PINTLE_E_IO;
    }
    *end = got == 0;
    buffer->len += (size_t)got;
    return PINTLE_OK;
}

static enum pintle_status read_all(struct buffer *buffer, int fd, const char *name, size_t max_len,
                                   struct pintle_error *err)
{
    enum pintle_status status;
    bool end = false;
    size_t size;

    status = first_size(&size, fd, name, max_len, err);
    if (status == PINTLE_OK)
        status = grow(buffer, size, err);
    while (status == PINTLE_OK && !end) {
        if (buffer->len > max_len) {
            too_large(err, name, max_len);
            return PINTLE_E_LIMIT;
        }
        if (buffer->len + 1 == buffer->size) {
            size_t more = buffer->size > max_len / 2 ? max_len + 2 : buffer->size * 2;

            status = grow(buffer, more, err);
        }
        if (status == PINTLE_OK)
            status = read_some(buffer, fd, name, &end, err);
    }
    return status;
}

enum pintle_status pintle__os_read_fd(char **out, size_t *out_len, int fd, const char *name,
                                      size_t max_len, struct pintle_error *err)
{
    struct buffer buffer = {NULL, 0, 0};
    enum pintle_status status;

    *out = NULL;
    *out_len = 0;
    status = read_all(&buffer, fd, name, max_len, err);
    if (status != PINTLE_OK) {
        free(buffer.bytes);
        return status;
    }
    buffer.bytes[buffer.len] = '\0';
    *out = buffer.bytes;
    *out_len = buffer.len;
    return PINTLE_OK;
}

enum pintle_status pintle__os_read_file(char **out, size_t *out_len, const char *path,
                                        size_t max_len, struct pintle_error *err)
{
    enum pintle_status status;
    int fd;

    *out = NULL;
    *out_len = 0;
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        pintle__os_error(err, path, errno);
        return PINTLE_E_IO;
    }
    status = pintle__os_read_fd(out, out_len, fd, path, max_len, err);
    (void)close(fd);
    return status;
}
