/* SPDX-License-Identifier: Apache-2.0 */
/* The pin-set document on its way to being published. */
#ifndef PINTLE_CLI_PUBLISH_DOCUMENT_H
#define PINTLE_CLI_PUBLISH_DOCUMENT_H

#include <pintle/bundle.h>

#include "cli.h"

/*
 * bump  one version up from what is published, issued at `now`
 * days  then: how long it is good
 */
struct publish_document_how {
    const struct pintle_trusted *trusted;
    int64_t now;
    bool bump;
    long days;
};

/*
 * Read the pin-set of -p (NULL: the default one) and make of it what is to be published: its epoch
 * is the root's, and pins that the published one has and this one has not any more stay for overlap_s,
 * unless they are denied. Tells failures.
 */
enum cli_exit publish_document_load(json_t **out, const char *pinset,
                                    const struct publish_document_how *how);

/*
 * Check a document that was signed elsewhere for what publish_document_load() would have done to it:
 * CLI_REFUSED, told, if pins are dropped before their overlap, or if its log does not say what is
 * accepted.
 */
enum cli_exit publish_document_check(struct pintle_view payload,
                                     const struct pintle_trusted *trusted, const json_t *accepted);

/* Add an entry to its log; takes `accepted`, an array. The log of what is published is carried on. */
void publish_document_log(json_t *document, const struct pintle_trusted *trusted, json_t *accepted);

#endif
