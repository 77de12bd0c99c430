/* SPDX-License-Identifier: Apache-2.0 */
#include "os/update_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hex.h"
#include "os/file.h"

/* A longer URL or path is refused, before anything is put behind it. */
#define NAME_MAX_LEN 2048

static enum pintle_status refuse(const char *name, const char *why, struct pintle_error *err)
{
    pintle__error_set(err, PINTLE_E_ARGUMENT, "%.120s: %s", name, why);
    return PINTLE_E_ARGUMENT;
}

/* The length of a URL's scheme with its colon (RFC 3986, section 3.1); 0 for a path. */
static size_t scheme_len(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");

    return len > 1 && name[len] == ':' && strchr("0123456789+-.", name[0]) == NULL ? len + 1 : 0;
}

static bool has_scheme(const char *name, size_t len, const char *scheme)
{
    return len == strlen(scheme) && strncasecmp(name, scheme, len) == 0;
}

/* Undo percent-encoding in place (RFC 3986, section 2.1). False for a bad one, and for NUL. */
static bool decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in != '\0'; in++) {
        if (*in == '%') {
            int high = pintle__hex_digit(in[1]);
            int low = high < 0 ? -1 : pintle__hex_digit(in[2]);

            if (low < 0 || (high == 0 && low == 0))
                return false;
            *out++ = (char)(high * 16 + low);
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return true;
}

/* The path of a file: URL (RFC 8089), whose host is this one. */
static const char *file_path(const char *rest)
{
    if (strncmp(rest, "//", 2) != 0)
        return rest[0] == '/' ? rest : NULL;
    rest += 2;
    if (strncasecmp(rest, "localhost/", 10) == 0)
        rest += 9;
    return rest[0] == '/' ? rest : NULL;
}

static bool is_http_base(const char *name, size_t scheme)
{
    const char *rest = name + scheme;
    const char *authority = rest + 2;

    return strncmp(rest, "//", 2) == 0 && authority[0] != '\0' && authority[0] != '/' &&
           strpbrk(name, "?#@\\ \t\r\n") == NULL;
}

static void strip_slashes(char *base, bool http)
{
    size_t len = strlen(base);

    while (len > 1 && base[len - 1] == '/')
        base[--len] = '\0';
    if (!http && strcmp(base, "/") == 0)
        base[0] = '\0'; /* "/" and "latest.json" again make one slash */
}

enum pintle_status pintle__update_source_init(struct pintle__update_source *out, const char *name,
                                              struct pintle_error *err)
{
    size_t scheme = scheme_len(name);
    const char *base = name;

    memset(out, 0, sizeof(*out));
    if (name[0] == '\0')
        return refuse("\"\"", "an empty source", err);
    if (strlen(name) > NAME_MAX_LEN)
        return refuse(name, "a very long source", err);
    out->http = has_scheme(name, scheme, "http:") || has_scheme(name, scheme, "https:");
    if (out->http && !is_http_base(name, scheme))
        return refuse(name, "not the URL of a directory", err);
    if (has_scheme(name, scheme, "file:")) {
        base = file_path(name + scheme);
        if (base == NULL)
            return refuse(name, "not a file URL of this host", err);
    } else if (scheme > 0 && !out->http) {
        return refuse(name, "neither a directory nor a file, http or https URL", err);
    }
    out->name = strdup(name);
    out->base = strdup(base);
    if (out->name == NULL || out->base == NULL) {
        pintle__update_source_clear(out);
        pintle__error_set(err, PINTLE_E_NOMEM, "out of memory");
        return PINTLE_E_NOMEM;
    }
    if (base != name && !decode(out->base)) {
        pintle__update_source_clear(out);
        return refuse(name, "bad percent-encoding", err);
    }
    strip_slashes(out->base, out->http);
    return PINTLE_OK;
}

void pintle__update_source_clear(struct pintle__update_source *source)
{
    free(source->name);
    free(source->base);
    memset(source, 0, sizeof(*source));
}

/* --- reading -------------------------------------------------------------------------------- */

/* A pipe or device in a directory must not keep us: neither opening nor reading waits. */
static enum pintle_status read_path(struct pintle__update_file *out, const char *path,
                                    size_t max_len, struct pintle_error *err)
{
    enum pintle_status status = PINTLE_E_IO;
    struct stat st;
    int fd;

    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0 || fstat(fd, &st) != 0)
        pintle__os_error(err, path, errno);
    else if (!S_ISREG(st.st_mode))
        pintle__os_error(err, path, S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
    else
        status = pintle__os_read_fd(&out->text, &out->len, fd, path, max_len, err);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

static enum pintle_status read_url(struct pintle__update_file *out, const char *url,
                                   const struct pintle__http_options *options,
                                   struct pintle_error *err)
{
    bool conditional = options->etag != NULL && options->etag[0] != '\0';
    struct pintle__http_answer answer = {0};
    enum pintle_status status = pintle__http_get(&answer, url, options, err);

    if (status != PINTLE_OK)
        return status;
    if (answer.status == 304 && conditional) {
        free(answer.body);
        out->unchanged = true;
        return PINTLE_OK;
    }
    if (answer.status != 200 || answer.body == NULL) {
        free(answer.body);
        pintle__error_set(err, PINTLE_E_HTTP, "%.140s: the server answers %ld", url, answer.status);
        return PINTLE_E_HTTP;
    }
    out->text = answer.body;
    out->len = answer.len;
    memcpy(out->etag, answer.etag, sizeof(out->etag));
    return PINTLE_OK;
}

enum pintle_status pintle__update_source_read(struct pintle__update_file *out,
                                              const struct pintle__update_source *source,
                                              const char *path,
                                              const struct pintle__http_options *options,
                                              struct pintle_error *err)
{
    char full[NAME_MAX_LEN + 256];
    int len = snprintf(full, sizeof(full), "%s/%s", source->base, path);

    memset(out, 0, sizeof(*out));
    if (len < 0 || (size_t)len >= sizeof(full))
        return refuse(source->name, "a very long path", err);
    if (options->stop != NULL && atomic_load(options->stop)) {
        pintle__error_set(err, PINTLE_E_TIMEOUT, "%.140s: told to stop", source->name);
        return PINTLE_E_TIMEOUT;
    }
    return source->http ? read_url(out, full, options, err)
                        : read_path(out, full, options->max_len, err);
}
