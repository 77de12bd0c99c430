/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request: --data from memory, --upload from a file as it is sent. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"
#include "os/file.h"

/* --data is held in memory. */
#define DATA_MAX ((size_t)64 * 1024 * 1024)

static enum cli_exit read_data(struct fetch_source *source, const char *data)
{
    struct pintle_error err = {0};

    if (data[0] != '@') {
        source->bytes = strdup(data);
        source->len = strlen(data);
        if (source->bytes == NULL)
            cli_error("out of memory");
        return source->bytes != NULL ? CLI_OK : CLI_INTERNAL;
    }
    if (os_read_file(&source->bytes, &source->len, data + 1, DATA_MAX, &err) == PINTLE_OK)
        return CLI_OK;
    cli_error("%s", err.text);
    return cli_exit_for(err.status);
}

static enum cli_exit open_upload(struct fetch_source *source, const char *path)
{
    struct stat info;

    source->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 || fstat(source->fd, &info) != 0 || S_ISDIR(info.st_mode)) {
        cli_error("%s: %s", cli_safe(path), strerror(errno != 0 ? errno : EISDIR));
        return CLI_INPUT;
    }
    source->size = S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
    return CLI_OK;
}

enum cli_exit fetch_source_open(struct fetch_source *source, const struct fetch_options *options)
{
    *source = (struct fetch_source){.fd = -1};
    errno = 0;
    if (options->data != NULL)
        return read_data(source, options->data);
    return options->upload != NULL ? open_upload(source, options->upload) : CLI_OK;
}

bool fetch_source_is_empty(const struct fetch_source *source)
{
    return source->bytes == NULL && source->fd < 0;
}

bool fetch_source_rewind(struct fetch_source *source)
{
    if (source->fd < 0 || !source->spent)
        return true;
    if (lseek(source->fd, 0, SEEK_SET) != 0)
        return false;
    source->spent = false;
    return true;
}

static size_t read_upload(char *buffer, size_t size, size_t count, void *arg)
{
    struct fetch_source *source = arg;
    ssize_t n;

    do
        n = read(source->fd, buffer, size * count);
    while (n < 0 && errno == EINTR && cli_interrupted == 0);
    if (n < 0) {
        source->broken = true;
        return CURL_READFUNC_ABORT;
    }
    source->spent = true;
    return (size_t)n;
}

/* libcurl sends a body again, as after a connection that it tried to reuse was found dead. */
static int seek_upload(void *arg, curl_off_t offset, int origin)
{
    struct fetch_source *source = arg;

    return lseek(source->fd, (off_t)offset, origin) >= 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

bool fetch_source_attach(struct fetch_source *source, CURL *easy)
{
    if (source->bytes != NULL)
        return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)source->len) ==
                   CURLE_OK &&
               curl_easy_setopt(easy, CURLOPT_POSTFIELDS, source->bytes) == CURLE_OK;
    if (source->fd < 0)
        return true;
    return curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_upload) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, source) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_upload) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKDATA, source) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)source->size) == CURLE_OK;
}

void fetch_source_clear(struct fetch_source *source)
{
    free(source->bytes);
    if (source->fd > STDERR_FILENO)
        (void)close(source->fd);
    *source = (struct fetch_source){.fd = -1};
}
