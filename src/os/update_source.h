/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where updates come from: a directory or a URL of one. Nothing that is read here is believed; it is
 * only bounded in size and time.
 */
#ifndef PINTLE_SRC_OS_UPDATE_SOURCE_H
#define PINTLE_SRC_OS_UPDATE_SOURCE_H

#include "os/http.h"

/*
 * name  as it was configured
 * base  path of a directory or URL, without a final '/'
 */
struct pintle__update_source {
    char *name;
    char *base;
    bool http;
};

/*
 * A path, or a file:, http: or https: URL. E_ARGUMENT for anything else (also a URL with a query, a
 * fragment or a user, or a host in file:), E_NOMEM.
 */
PINTLE_MUST_USE enum pintle_status pintle__update_source_init(struct pintle__update_source *out,
                                                              const char *name,
                                                              struct pintle_error *err);
void pintle__update_source_clear(struct pintle__update_source *source);

/* What one file of a source was. text is NUL-terminated, to be freed; NULL if it is `unchanged`. */
struct pintle__update_file {
    char *text;
    size_t len;
    bool unchanged;
    char etag[PINTLE__ETAG_SIZE];
};

/*
 * Read a file by its path in the source ("pins/….json"). options as for HTTP; of them a directory
 * heeds max_len and stop. E_HTTP for another answer than 200 (or 304 to an etag); E_IO; E_LIMIT and
 * others as of pintle__http_get(). err->text begins with the source.
 */
PINTLE_MUST_USE enum pintle_status pintle__update_source_read(
    struct pintle__update_file *out, const struct pintle__update_source *source, const char *path,
    const struct pintle__http_options *options, struct pintle_error *err);

#endif
