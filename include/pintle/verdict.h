/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/verdict.h: the answer to "may this connection go on?", and why.
 *
 * Zero refuses: a verdict that nobody wrote is a refusal.
 */
#ifndef PINTLE_VERDICT_H
#define PINTLE_VERDICT_H

#include <pintle/host.h>
#include <pintle/pin.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pintle_decision {
    PINTLE_REFUSE = 0,
    PINTLE_ACCEPT = 1
};

/*
 * Why: name, value, text of one line. The names in lower case with '-' for '_' are what the CLI,
 * reports and JSON say. Values are stable.
 *
 * MATCH          accepted: a pinned key is in the verified chain
 * OFF            accepted: the rule is off, or its enforcement ended with "after": "off"; the
 *                path is valid
 * NO_RULE        no rule covers the host. Refused, unless unlisted hosts are allowed and the
 *                path is valid
 * NO_HOST        refused: nobody said which host was dialled
 * MISMATCH       no pinned key in any valid path. Refused, or softened in report mode
 * DENIED         refused: a denied key is in the chain
 * PATH_INVALID   refused: no valid certificate path to a trust anchor
 * NAME_MISMATCH  refused: the certificate is for another host
 * PLAINTEXT      refused: the host has a rule and the connection has no TLS
 * UNCHECKED      refused: the handshake ended without a check by pintle (a certificate-less
 *                cipher, a replaced verification callback, a connection made elsewhere)
 * FIRST_USE      accepted: the first contact with a host whose rule says "tofu"; its keys were
 *                learned. Reported
 * MEMORY         refused: what was learned about the host on earlier contacts cannot be read or
 *                written
 * INTERNAL       refused: memory, hashing or a malformed certificate stopped the check
 */
#define PINTLE_REASON_MAP(X)                                                                       \
    X(INTERNAL, 0, "the check could not be made")                                                  \
    X(MATCH, 1, "a pinned key is in the verified chain")                                           \
    X(OFF, 2, "the rule asks for no pin")                                                          \
    X(NO_RULE, 3, "no rule covers this host")                                                      \
    X(NO_HOST, 4, "nobody said which host was dialled")                                            \
    X(MISMATCH, 5, "no pinned key in any valid path")                                              \
    X(DENIED, 6, "a denied key is in the chain")                                                   \
    X(PATH_INVALID, 7, "no valid certificate path")                                                \
    X(NAME_MISMATCH, 8, "the certificate is for another host")                                     \
    X(PLAINTEXT, 9, "the connection has no TLS")                                                   \
    X(UNCHECKED, 10, "the handshake ended without a check")                                        \
    X(FIRST_USE, 11, "the first contact")                                                          \
    X(MEMORY, 12, "what was learned before cannot be read or written")

enum pintle_reason {
#define PINTLE_REASON_ENUM(name, value, text) PINTLE_REASON_##name = (value),
    PINTLE_REASON_MAP(PINTLE_REASON_ENUM)
#undef PINTLE_REASON_ENUM
};

/* What a rule demands. `report` softens only a pin mismatch, never a path or name error. */
enum pintle_mode {
    PINTLE_MODE_ENFORCE = 0,
    PINTLE_MODE_REPORT = 1,
    PINTLE_MODE_OFF = 2
};

/* What became of one certificate in the search for a pin. */
enum pintle_cert_note {
    PINTLE_CERT_UNCHECKED = 0, /* not looked at: an earlier one decided */
    PINTLE_CERT_NO_PIN = 1,    /* its key is not in the rule */
    PINTLE_CERT_PINNED = 2,    /* its key is pinned here: this one decided */
    PINTLE_CERT_MISPLACED = 3, /* its key is pinned, but for another position (leaf, ca) */
    PINTLE_CERT_DENIED = 4,    /* its key is denied */
    PINTLE_CERT_MALFORMED = 5, /* no SubjectPublicKeyInfo could be read */
    PINTLE_CERT_RETIRED = 6    /* its key was pinned here: that pin's `until` has passed */
};

/* Longest verified chain that is looked at; a longer one is refused (PATH_INVALID). */
#define PINTLE_CHAIN_MAX 16

/* Bytes of the longest rule id, its terminating NUL included. */
#define PINTLE_RULE_ID_SIZE 65

#define PINTLE_VERDICT_DETAIL_SIZE 128

struct pintle_cert_trace {
    struct pintle_pin pin; /* all zero unless the certificate was hashed */
    enum pintle_cert_note note;
};

/*
 * A verdict with its trace. Plain data: copy it freely.
 *
 * decision      REFUSE until everything that must hold was seen to hold
 * reason        why
 * mode          the rule's mode in force at `time` (after `enforce_until` that is `after`)
 * softened      accepted only because the rule is in report mode
 * stale         the pin-set was past its `expires` or not known to be the newest: it still holds, but
 *               fetch a new one
 * unpinned      the mode was softened by an emergency unpin. Always reported
 * learned       the pins compared were learned from the host (trust on first use, HPKP), not signed
 * pending       accepted so far: the peer has yet to prove that it holds its key, and there is
 *               something to learn. The decision is taken again then (struct pintle_peer)
 * resumed       a resumed session, checked in full when it was made (host, port and pin-set are
 *               the same); there is then no chain to show
 * host, port    what was dialled
 * time          when it was decided
 * rule          id of the rule that decided, or ""
 * set_version   `version` of the pin-set, set_digest the SHA-256 of its document
 * cert_index    which certificate of the chain decided (match, denied), or -1
 * pin_index     which pin of the rule (or, if `learned`, of what was learned) matched, or -1
 * path_count    how many valid paths were looked at; the trace shows the one that decided, or the
 *               first
 * chain_count   entries in chain, leaf first
 * detail        the TLS library's words or the parser's, or ""
 */
struct pintle_verdict {
    enum pintle_decision decision;
    enum pintle_reason reason;
    enum pintle_mode mode;
    bool softened;
    bool stale;
    bool unpinned;
    bool learned;
    bool pending;
    bool resumed;
    struct pintle_host host;
    uint16_t port;
    int64_t time;
    char rule[PINTLE_RULE_ID_SIZE];
    int64_t set_version;
    uint8_t set_digest[PINTLE_DIGEST_LEN];
    int cert_index;
    int pin_index;
    unsigned path_count;
    size_t chain_count;
    struct pintle_cert_trace chain[PINTLE_CHAIN_MAX];
    char detail[PINTLE_VERDICT_DETAIL_SIZE];
};

/* Make *v a refusal for REASON_INTERNAL with nothing else known. */
PINTLE_API void pintle_verdict_init(struct pintle_verdict *v);

/* "mismatch", "path-invalid", …; "unknown" for other values. Static storage. */
PINTLE_API const char *pintle_reason_name(enum pintle_reason reason);

/* One line of English. Static storage. */
PINTLE_API const char *pintle_reason_text(enum pintle_reason reason);

/* "enforce", "report", "off". Static storage. */
PINTLE_API const char *pintle_mode_name(enum pintle_mode mode);

/*
 * Say a verdict in one line, such as
 *
 *   refused api.example.com:443: denied: a denied key is in the chain (rule "api", 3 certificates)
 *
 * Cut to size - 1 bytes, always NUL-terminated. Returns out. size is at least 1.
 */
PINTLE_API char *pintle_verdict_format(const struct pintle_verdict *v, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
