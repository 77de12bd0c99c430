/* SPDX-License-Identifier: Apache-2.0 */
/* What `pintle verify` found: what a client believes, who signed it, and what it refuses. */
#ifndef PINTLE_CLI_VERIFY_SHOW_H
#define PINTLE_CLI_VERIFY_SHOW_H

#include <pintle/bundle.h>

#include "cli.h"

/*
 * refused  the envelope that was refused, if it is one that was asked about; or NULL
 * why      its status is PINTLE_OK if nothing was refused
 * stale    of a directory: nothing says that what is believed is the newest
 */
struct verify_result {
    const char *path;
    const struct pintle_trusted *trusted;
    const struct pintle_envelope *refused;
    struct pintle_error why;
    int64_t now;
    bool is_directory;
    bool stale;
};

/* As text or JSON on stdout. */
enum cli_exit verify_show(const struct verify_result *result, bool json);

#endif
