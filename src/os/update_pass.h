/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over one source: everything that it has for us, step by step, judged by its signatures. */
#ifndef PINTLE_SRC_OS_UPDATE_PASS_H
#define PINTLE_SRC_OS_UPDATE_PASS_H

#include <pintle/bundle.h>

#include "os/update_source.h"

/*
 * source         what to read
 * crypto         as the trust state has it
 * end_ms, ca_file, stop
 *                as in struct pintle__http_options, for all files together
 * now            the clock, read once
 * ignore_unpin   ask for no unpin
 * stale_ok       what is not known to be the newest is no failure: for publishers
 * etag           in: of the last pass, or "": then the pointer is asked for whatever it was.
 *                out: of this pass, or ""
 * unchanged      out: the pointer is the one of that etag
 */
struct pintle__update_pass {
    const struct pintle__update_source *source;
    const struct pintle_crypto *crypto;
    int64_t end_ms;
    const char *ca_file;
    const atomic_bool *stop;
    int64_t now;
    bool ignore_unpin;
    bool stale_ok;
    char etag[PINTLE__ETAG_SIZE];
    bool unchanged;
};

/*
 * Bring `trusted` up to what the source has. What was accepted stays accepted if a later step is
 * refused. E_EXPIRED also if all was accepted but the result is not known to be the newest: then the
 * source is frozen, and another may not be. err->text begins with the source.
 */
PINTLE_MUST_USE enum pintle_status pintle__update_pass(struct pintle_trusted *trusted,
                                                       struct pintle__update_pass *pass,
                                                       struct pintle_error *err);

/* First second in which what is believed is not known to be the newest; INT64_MIN without pins. */
int64_t pintle__update_fresh_until(const struct pintle_trusted *trusted);

#endif
