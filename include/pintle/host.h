/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/host.h: host names as identities, and the patterns that match them.
 *
 * The identity of a server is the host that was dialled, never a name found in a certificate.
 * Nothing here allocates, resolves names or does I/O. All functions are thread-safe.
 */
#ifndef PINTLE_HOST_H
#define PINTLE_HOST_H

#include <stdbool.h>

#include <pintle/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest host name in bytes (RFC 1035, section 2.3.4, without the root's dot). */
#define PINTLE_HOST_MAX_LEN 253

/*
 * A normalised host.
 *
 * text   lower-case A-labels without a trailing dot, or an IP address in canonical form
 *        (RFC 5952 for IPv6, no brackets); NUL-terminated
 * len    bytes in text
 * is_ip  true for an IP address
 */
struct pintle_host {
    char text[PINTLE_HOST_MAX_LEN + 1];
    uint8_t len;
    bool is_ip;
};

/*
 * Normalise a host.
 *
 * Upper case becomes lower case, one trailing dot goes. E_HOST with err->offset for: an empty
 * name or label, a label over 63 or a name over 253 bytes, NUL, non-ASCII (convert U-labels
 * before, RFC 5891), characters other than letters, digits, '-' and '_', a label that begins or
 * ends with '-', a port, brackets, IPv6 zones (RFC 6874), a dot behind an address, and names whose
 * last label is a number but that are no canonical IPv4 address ("127.1", "0x7f.1", "010.0.0.1").
 * An IPv4-mapped IPv6 address is not the IPv4 address in it. *out is empty on failure, and an
 * empty host matches nothing.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_host_parse(struct pintle_host *out,
                                                                const char *text, size_t len,
                                                                struct pintle_error *err);

enum pintle_pattern_kind {
    PINTLE_PATTERN_EXACT = 0, /* host      that host or IP address */
    PINTLE_PATTERN_ONE = 1,   /* *.host    exactly one more label */
    PINTLE_PATTERN_ANY = 2    /* **.host   zero or more labels more */
};

/* A parsed pattern: its kind and the literal suffix behind the stars. */
struct pintle_pattern {
    enum pintle_pattern_kind kind;
    struct pintle_host suffix;
};

/*
 * Read a pattern: "host", "*.host" or "**.host". Everything else is E_PATTERN: stars elsewhere,
 * stars before an IP address, and every reason pintle_host_parse() has (err->offset says where).
 * The suffix is empty on failure, and such a pattern matches nothing.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pattern_parse(struct pintle_pattern *out,
                                                                   const char *text, size_t len,
                                                                   struct pintle_error *err);

/* True if the pattern covers the host. IP addresses match only an equal exact pattern. */
PINTLE_API bool pintle_pattern_matches(const struct pintle_pattern *pattern,
                                       const struct pintle_host *host);

#ifdef __cplusplus
}
#endif
#endif
