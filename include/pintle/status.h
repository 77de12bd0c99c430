/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/status.h: how functions of libpintle answer.
 *
 * Contracts shared by every public function, stated once:
 *
 * - Fallible functions return `enum pintle_status`; zero is success. Ignoring
 *   it is a compiler warning.
 * - A status says whether the question could be answered. A *verdict*
 *   (pintle/verdict.h) is the answer. They never share a value.
 * - Detail goes into an optional `struct pintle_error` that the caller owns:
 *   pass NULL to do without. It is written only on failure.
 * - Out-parameters come first. On failure `_new`, `_parse` and `_load`
 *   functions set the owned out-pointer to NULL.
 * - Pointers are not NULL unless the function says so. `_free` functions take
 *   NULL. `_new/_parse` hand out ownership, `_get_` functions lend.
 * - Times are seconds since 1970-01-01T00:00:00Z in an int64_t. `len` counts
 *   bytes, `count` counts items.
 * - The library never prints, never exits and never aborts. It keeps no
 *   thread-local state visible to the caller. Unless a function says more, different
 *   objects may be used on different threads at once, one object may not;
 *   objects lent as `const` may be read from any number of threads.
 */
#ifndef PINTLE_STATUS_H
#define PINTLE_STATUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PINTLE_API __attribute__((visibility("default")))
#define PINTLE_MUST_USE __attribute__((warn_unused_result))
#else
#define PINTLE_API
#define PINTLE_MUST_USE
#endif

/*
 * Every status: name, value, text. The high byte is the class:
 * 1 the caller's mistake, 2 bad input, 3 the environment, 4 internal.
 * Values are stable.
 */
#define PINTLE_STATUS_MAP(X)                                                                       \
    X(E_ARGUMENT, 0x0101, "invalid argument")                                                      \
    X(E_STATE, 0x0102, "call out of order")                                                        \
    X(E_UNSUPPORTED, 0x0103, "not supported by this build or peer")                                \
    X(E_DER, 0x0201, "malformed DER")                                                              \
    X(E_PEM, 0x0202, "malformed PEM")                                                              \
    X(E_PIN, 0x0203, "malformed pin")                                                              \
    X(E_HOST, 0x0204, "malformed host name or address")                                            \
    X(E_PATTERN, 0x0205, "malformed host pattern")                                                 \
    X(E_TIME, 0x0206, "malformed RFC 3339 time")                                                   \
    X(E_JSON, 0x0207, "malformed JSON")                                                            \
    X(E_SCHEMA, 0x0208, "does not fit the pin-set schema")                                         \
    X(E_CONFLICT, 0x0209, "two rules of equal rank for one host")                                  \
    X(E_CRIT, 0x020a, "critical member not understood")                                            \
    X(E_VERSION, 0x020b, "unknown major version")                                                  \
    X(E_LIMIT, 0x020c, "larger than the limit")                                                    \
    X(E_KEY, 0x020d, "unusable key")                                                               \
    X(E_ENVELOPE, 0x020e, "malformed envelope")                                                    \
    X(E_PAYLOAD_TYPE, 0x020f, "signed for another purpose")                                        \
    X(E_SIGNATURES, 0x0210, "not signed by enough keys")                                           \
    X(E_APP, 0x0211, "for another app")                                                            \
    X(E_ROOT_VERSION, 0x0212, "not the next root")                                                 \
    X(E_EPOCH, 0x0213, "of another epoch")                                                         \
    X(E_ROLLBACK, 0x0214, "older than what is known")                                              \
    X(E_EQUIVOCATION, 0x0215, "another document of the same version")                              \
    X(E_EXPIRED, 0x0216, "expired")                                                                \
    X(E_MISMATCH, 0x0217, "about another document")                                                \
    X(E_UNPIN, 0x0218, "more than an unpin may do")                                                \
    X(E_HPKP, 0x0219, "malformed or unusable HPKP header")                                         \
    X(E_PASSPHRASE, 0x021a, "needs a passphrase, or another one")                                  \
    X(E_NOMEM, 0x0301, "out of memory")                                                            \
    X(E_IO, 0x0302, "input or output failed")                                                      \
    X(E_RESOLVE, 0x0303, "name could not be resolved")                                             \
    X(E_CONNECT, 0x0304, "could not connect")                                                      \
    X(E_TIMEOUT, 0x0305, "timed out")                                                              \
    X(E_TLS, 0x0306, "TLS failed")                                                                 \
    X(E_REFUSED, 0x0307, "refused: see the verdict")                                               \
    X(E_STORAGE, 0x0308, "the state database failed")                                              \
    X(E_HTTP, 0x0309, "the server's answer is of no use")                                          \
    X(E_CRYPTO, 0x0401, "crypto provider failed")                                                  \
    X(E_INTERNAL, 0x0402, "internal error")

enum pintle_status {
    PINTLE_OK = 0,
#define PINTLE_STATUS_ENUM(name, value, text) PINTLE_##name = (value),
    PINTLE_STATUS_MAP(PINTLE_STATUS_ENUM)
#undef PINTLE_STATUS_ENUM
};

/* Bytes of the longest error text, its terminating NUL included. */
#define PINTLE_ERROR_TEXT_SIZE 192

/*
 * Where and why a call failed.
 *
 * status  the value the call returned
 * index   which item of a list (certificate of a chain, object of a file), from 0
 * offset  byte offset in the input, from 0
 * line    line and column in text input, from 1; 0 when they do not apply
 * column  in bytes
 * text    one line, no final full stop, NUL-terminated; may quote public input, with control
 *         characters escaped; never a secret
 */
struct pintle_error {
    enum pintle_status status;
    size_t index;
    size_t offset;
    uint32_t line;
    uint32_t column;
    char text[PINTLE_ERROR_TEXT_SIZE];
};

/* The name of a status ("E_DER"), or "E_UNKNOWN". Static storage. Thread-safe. */
PINTLE_API const char *pintle_status_name(enum pintle_status status);

/* One line of English for a status, or "unknown status". Static storage. Thread-safe. */
PINTLE_API const char *pintle_status_text(enum pintle_status status);

/* Borrowed bytes. data may be NULL only when len is 0. */
struct pintle_view {
    const uint8_t *data;
    size_t len;
};

#ifdef __cplusplus
}
#endif
#endif
