/* SPDX-License-Identifier: Apache-2.0 */
/* Sending spooled reports. Used by the updater's thread and by `pintle report send`. */
#ifndef PINTLE_SRC_OS_UPDATE_SEND_H
#define PINTLE_SRC_OS_UPDATE_SEND_H

#include "os/http.h"
#include "os/state.h"

enum pintle__sent {
    PINTLE__SENT_DONE = 0,     /* the server took it (2xx) */
    PINTLE__SENT_GIVEN_UP = 1, /* it will never take it (4xx), or nobody may be asked again */
    PINTLE__SENT_LATER = 2     /* it is tried again */
};

/*
 * now         the clock, which back-offs are counted from
 * all         send what is not due too
 * timeout_ms  for one report
 * ca_file, stop
 *             as in struct pintle__http_options
 * sent        told of each; http_status is 0 without an answer, and err says why. May be NULL
 */
struct pintle__send_options {
    int64_t now;
    bool all;
    int64_t timeout_ms;
    const char *ca_file;
    const atomic_bool *stop;
    void (*sent)(void *ctx, const struct pintle__spooled *report, enum pintle__sent how,
                 long http_status, const struct pintle_error *err);
    void *ctx;
};

/*
 * Send what is due, oldest first. A report is put off before it is sent: whatever happens meanwhile,
 * it is not sent again at once, and another process passes it over. That a server does not take one
 * is no failure. E_STORAGE, E_NOMEM.
 */
PINTLE_MUST_USE enum pintle_status pintle__send_reports(struct pintle__state *state,
                                                        const struct pintle__send_options *options,
                                                        struct pintle_error *err);

/* True if a report about this host would be sent to that very host. */
bool pintle__send_is_to_itself(const char *uri, const char *host);

#endif
