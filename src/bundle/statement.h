/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of roles fresh and unpin. */
#ifndef PINTLE_SRC_BUNDLE_STATEMENT_H
#define PINTLE_SRC_BUNDLE_STATEMENT_H

#include <pintle/bundle.h>

/* "These pins are the newest." One allocation: free() it. */
struct pintle__fresh {
    const char *app;
    int64_t epoch;
    int64_t version;
    int64_t issued;
    int64_t expires;
    char pins[PINTLE_KEY_ID_SIZE]; /* digest of the payload, in hex */
};

/* tightens: it wants a rule enforced, which is not an unpin's to say. One allocation. */
struct pintle__unpin {
    struct pintle_unpin unpin;
    const char *app;
    int64_t epoch;
    bool tightens;
};

/* As pintle_root_parse(). */
PINTLE_MUST_USE enum pintle_status pintle__fresh_parse(struct pintle__fresh **out,
                                                       struct pintle_view payload,
                                                       struct pintle_error *err);
PINTLE_MUST_USE enum pintle_status pintle__unpin_parse(struct pintle__unpin **out,
                                                       struct pintle_view payload,
                                                       struct pintle_error *err);

#endif
