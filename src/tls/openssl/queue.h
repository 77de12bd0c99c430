/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What OpenSSL's error queue of the calling thread says. The functions of pintle/x509.h and
 * pintle/client.h begin with an empty queue, because OpenSSL itself judges by it, and leave an
 * empty one.
 */
#ifndef PINTLE_SRC_TLS_OPENSSL_QUEUE_H
#define PINTLE_SRC_TLS_OPENSSL_QUEUE_H

#include <stdbool.h>

#include <pintle/status.h>

/*
 * Why a call failed.
 *
 * reason  the newest entry that says more than that something within failed, such as "wrong tag",
 *         or "unknown reason". Static storage
 * lib, code  library and reason of the newest entry
 * system  the system's error number, or 0
 * nomem   memory ran out
 */
struct pintle__failure {
    const char *reason;
    int lib;
    int code;
    int system;
    bool nomem;
};

/* Empty the queue and say what was in it. */
struct pintle__failure pintle__queue_drain(void);

/*
 * Empty the queue and write "what: reason" into *err. Returns `status`, or PINTLE_E_NOMEM if memory
 * ran out or nobody said anything; that is the error's status then too.
 */
PINTLE_MUST_USE enum pintle_status pintle__queue_fail(struct pintle_error *err,
                                                      enum pintle_status status, const char *what);

#endif
