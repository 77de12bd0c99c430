/* SPDX-License-Identifier: Apache-2.0 */
/* From the clauses of a file that was read to a pin-set. */
#ifndef PINTLE_CLI_FORMATS_DRAFT_H
#define PINTLE_CLI_FORMATS_DRAFT_H

#include "clause.h"

/* Largest pin-set that is made or read here, beyond what programs take by default. */
#define DRAFT_MAX_LEN ((size_t)64 * 1024 * 1024)

/*
 * app         whom the pin-set is for
 * now         when it is issued
 * expires     when it expires
 * hard_ttl_s  how long its rules are enforced at most; 0 without
 */
struct draft_options {
    const char *app;
    int64_t now;
    int64_t expires;
    int64_t hard_ttl_s;
};

/*
 * The document, as pintle_pinset_format() lays it out. Clauses of one group, which are neighbours,
 * become one rule; its id is theirs or made of the first host. The caller frees *out with free().
 *
 * What pintle_pinset_parse() may say, above all E_CONFLICT where two groups have a host in common;
 * err->line is 0 and err->text begins with a pointer into the document that would have been made.
 */
PINTLE_MUST_USE enum pintle_status draft_pinset(char **out, size_t *out_len,
                                                const struct clauses *clauses,
                                                const struct draft_options *options,
                                                const struct pintle_crypto *crypto,
                                                struct pintle_error *err);

#endif
