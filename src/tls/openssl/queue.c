/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/openssl/queue.h"

#include <openssl/err.h>

#include "base/error.h"

struct pintle__failure pintle__queue_drain(void)
{
    struct pintle__failure failure = {.reason = "unknown reason"};
    unsigned long code;

    while ((code = ERR_get_error()) != 0) {
        const char *reason = ERR_reason_error_string(code);

        failure.lib = ERR_GET_LIB(code);
        failure.code = ERR_GET_REASON(code);
        if (ERR_SYSTEM_ERROR(code))
            failure.system = failure.code;
        else if (failure.code == ERR_R_MALLOC_FAILURE || failure.code == ERR_R_INIT_FAIL)
            failure.nomem = true;
        else if (reason != NULL && failure.code != ERR_R_NESTED_ASN1_ERROR)
            failure.reason = reason;
    }
    return failure;
}

enum pintle_status pintle__queue_fail(struct pintle_error *err, enum pintle_status status,
                                      const char *what)
{
    struct pintle__failure failure = pintle__queue_drain();

    /* OpenSSL finds a word for every failure but that of some allocations. */
    if (failure.nomem || failure.lib == 0) {
        pintle__error_set(err, PINTLE_E_NOMEM, "%s: out of memory", what);
        return PINTLE_E_NOMEM;
    }
    pintle__error_set(err, status, "%s: %s", what, failure.reason);
    return status;
}
