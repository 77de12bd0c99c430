/* SPDX-License-Identifier: Apache-2.0 */
/* latest.json of a source: which files to ask for, and nothing to be believed. */
#ifndef PINTLE_SRC_OS_UPDATE_LATEST_H
#define PINTLE_SRC_OS_UPDATE_LATEST_H

#include <pintle/status.h>

#define PINTLE__LATEST_MAX_LEN ((size_t)4096)

/* Bytes of a digest in hex with its NUL. */
#define PINTLE__DIGEST_TEXT_SIZE 65

/* pins, fresh, unpin: digests of payloads in lower-case hex; fresh and unpin are "" if absent. */
struct pintle__latest {
    int64_t root;
    char pins[PINTLE__DIGEST_TEXT_SIZE];
    char fresh[PINTLE__DIGEST_TEXT_SIZE];
    char unpin[PINTLE__DIGEST_TEXT_SIZE];
};

/* E_JSON, E_SCHEMA, E_VERSION, E_NOMEM. */
PINTLE_MUST_USE enum pintle_status pintle__latest_parse(struct pintle__latest *out,
                                                        const char *text, size_t len,
                                                        struct pintle_error *err);

#endif
