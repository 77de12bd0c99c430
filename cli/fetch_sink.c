/* SPDX-License-Identifier: Apache-2.0 */
/* The answer on its way to a file or to standard output. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "os/file.h"

/* Larger heads are cut off: nobody reads them. */
#define HEAD_MAX ((size_t)256 * 1024)

enum pintle_status fetch_sink_open(struct fetch_sink *sink, const char *path, bool include,
                                   struct pintle_error *err)
{
    *sink = (struct fetch_sink){.include = include};
    if (path == NULL || strcmp(path, "-") == 0)
        return PINTLE_OK;
    sink->path = path;
    return os_output_open(&sink->output, path, 0666, err);
}

bool fetch_sink_restart(struct fetch_sink *sink)
{
    if (sink->written == 0)
        return true;
    if (sink->path == NULL)
        return false;
    os_output_discard(sink->output);
    sink->output = NULL;
    sink->written = 0;
    return os_output_open(&sink->output, sink->path, 0666, &sink->err) == PINTLE_OK;
}

/* Not through stdio, which main reports on at the end: a failure is told here, once. */
static bool write_stdout(struct fetch_sink *sink, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, data, len);

        if (n < 0 && errno == EINTR && cli_interrupted == 0)
            continue;
        if (n < 0) {
            sink->err = (struct pintle_error){.status = PINTLE_E_IO};
            if (errno != EPIPE)
                (void)snprintf(sink->err.text, sizeof(sink->err.text), "standard output: %s",
                               strerror(errno));
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_out(struct fetch_sink *sink, const char *data, size_t len)
{
    if (sink->broken)
        return false;
    sink->written += len;
    sink->broken = sink->output != NULL
                       ? os_output_write(sink->output, data, len, &sink->err) != PINTLE_OK
                       : !write_stdout(sink, data, len);
    return !sink->broken;
}

bool fetch_sink_head(struct fetch_sink *sink, const char *line, size_t len)
{
    char *grown;

    if (!sink->include)
        return true;
    if (len >= 5 && strncmp(line, "HTTP/", 5) == 0)
        sink->head_len = 0;
    if (len > HEAD_MAX - sink->head_len)
        return true;
    grown = realloc(sink->head, sink->head_len + len);
    if (grown == NULL)
        return false;
    memcpy(grown + sink->head_len, line, len);
    sink->head = grown;
    sink->head_len += len;
    return true;
}

bool fetch_sink_flush_head(struct fetch_sink *sink)
{
    size_t len = sink->head_len;

    sink->head_len = 0;
    return sink->dropped || len == 0 || write_out(sink, sink->head, len);
}

bool fetch_sink_body(struct fetch_sink *sink, const char *data, size_t len)
{
    return sink->dropped || (fetch_sink_flush_head(sink) && write_out(sink, data, len));
}

enum pintle_status fetch_sink_commit(struct fetch_sink *sink, struct pintle_error *err)
{
    struct os_output *output = sink->output;

    sink->output = NULL;
    return output != NULL ? os_output_commit(output, err) : PINTLE_OK;
}

void fetch_sink_clear(struct fetch_sink *sink)
{
    os_output_discard(sink->output);
    free(sink->head);
    *sink = (struct fetch_sink){0};
}
