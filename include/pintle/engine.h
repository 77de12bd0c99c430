/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/engine.h: the live pin-set, and the one place where a connection is decided.
 *
 * A `struct pintle` is made once per application and shared by all its threads and connections:
 * every function here is thread-safe. It joins a pin-set, a crypto provider, a clock and a report
 * queue. Most programs use it through an adapter (pintle/openssl.h, pintle/curl.h) and never call
 * pintle_decide() themselves; it is public so that any TLS stack can be served.
 */
#ifndef PINTLE_ENGINE_H
#define PINTLE_ENGINE_H

#include <pintle/bundle.h>
#include <pintle/pinset.h>
#include <pintle/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pintle; /* opaque, reference-counted */

/* --- memory: keys learned from the hosts themselves ------------------------------------------- */

#define PINTLE_LEARNED_PINS_MAX 16

/* Bytes of a key type's name ("RSA", "EC P-256", "Ed25519", or an OID), the NUL included. */
#define PINTLE_KEY_TYPE_SIZE 48

enum pintle_learned_from {
    PINTLE_LEARNED_TOFU = 0, /* under a rule with trust "tofu" or "tofu-key" */
    PINTLE_LEARNED_HPKP = 1, /* from a Public-Key-Pins header (RFC 7469) */
    PINTLE_LEARNED_HPKP_REPORT_ONLY = 2
};

/*
 * What is held about a host.
 *
 * host                 the host it was learned from; with include_subdomains it may be a parent of
 *                      the one asked about (HPKP only)
 * port                 the port (tofu); 0 is any (HPKP: RFC 7469 section 2.2.1)
 * at                   which keys of the chain were learned: LEAF or CA; ANY for HPKP
 * pins, pin_count      any one suffices
 * key_type             of the key learned (tofu)
 * learned, seen        first and last time
 * expires              first second in which it no longer holds
 * report_uri           where reports of violations go, or ""
 */
struct pintle_learned {
    enum pintle_learned_from from;
    struct pintle_host host;
    uint16_t port;
    enum pintle_position at;
    bool include_subdomains;
    uint32_t pin_count;
    struct pintle_pin pins[PINTLE_LEARNED_PINS_MAX];
    char key_type[PINTLE_KEY_TYPE_SIZE];
    int64_t learned;
    int64_t seen;
    int64_t expires;
    char report_uri[256];
};

/* What a memory answers. An error, also a damaged entry, is never "none". */
enum pintle_recall {
    PINTLE_RECALL_ERROR = 0,
    PINTLE_RECALL_NONE = 1, /* nothing was ever learned, or it was forgotten on purpose */
    PINTLE_RECALL_FOUND = 2,
    PINTLE_RECALL_EXPIRED = 3 /* *out is what was held */
};

/*
 * Where learned keys are kept; pintle/update.h brings one. Called on the threads of handshakes, any
 * number at once; it may do file I/O, only for hosts that need it.
 *
 * recall  what is held of this kind for host and port. For HPKP the nearest of the host itself and
 *         its parents that include subdomains
 * learn   keep `entry`, durably, before it returns. With `replace` it takes the place of what was
 *         held for its host, port and kind; without it FOUND says that somebody else was quicker,
 *         and *held is theirs. NONE: it is kept now. An HPKP entry that has expired already takes
 *         back what was held (max-age=0), and need not be kept
 */
struct pintle_memory {
    enum pintle_recall (*recall)(void *ctx, enum pintle_learned_from from,
                                 const struct pintle_host *host, uint16_t port, int64_t now,
                                 struct pintle_learned *out);
    enum pintle_recall (*learn)(void *ctx, const struct pintle_learned *entry, bool replace,
                                int64_t now, struct pintle_learned *held);
    void *ctx;
};

/* Seconds since 1970-01-01T00:00:00Z. Called from any thread. */
typedef int64_t pintle_clock_fn(void *ctx);

/*
 * Set what you need, leave the rest zero. The struct is copied; what its pointers lead to must
 * outlive the engine.
 *
 * crypto             required: pintle_openssl_crypto() or another adapter's
 * clock              required by pintle_new(); pintle_open() falls back on the system clock
 * allow_unlisted     accept hosts without a rule if their path is valid. Off: an app talks only to
 *                    the servers it was built to trust
 * report_interval_s  at most one report per host, port and reason in so many seconds; what is left
 *                    out is counted in the next one. 0 means 60; negative reports all
 * notify             called after a report was queued, on the thread of the handshake: it must not
 *                    block (sem_post, write to an eventfd). May be NULL. pintle_reporter_notify()
 *                    of pintle/app.h is one
 * memory             where learned keys are kept. NULL: rules with trust "tofu" or "tofu-key"
 *                    accept only their own pins (MEMORY for all else), and no HPKP pins hold
 * refresh            called when a handshake meets a mismatch, on its thread, with the verdict as it
 *                    stands; it may wait for an update. True if a newer pin-set is in force now.
 *                    May be NULL
 * freed              called when the engine is gone and nothing of this is needed any more; may be
 *                    NULL
 * report_certificates  let reports carry the certificates of the path, not only their hashes
 */
struct pintle_config {
    const struct pintle_crypto *crypto;
    pintle_clock_fn *clock;
    void *clock_ctx;
    bool allow_unlisted;
    int64_t report_interval_s;
    void (*notify)(void *ctx);
    void *notify_ctx;
    const struct pintle_memory *memory;
    bool (*refresh)(void *ctx, const struct pintle_verdict *verdict);
    void *refresh_ctx;
    bool report_certificates;
    void (*freed)(void *ctx);
    void *freed_ctx;
};

/*
 * Make an engine. Takes over one ownership of `set` on success only; on failure the caller keeps
 * it. E_ARGUMENT: no crypto or clock, or `set` was loaded without a digest. E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_new(struct pintle **out,
                                                         const struct pintle_pinset *set,
                                                         const struct pintle_config *config,
                                                         struct pintle_error *err);

/* One more owner of the same engine; returns it. */
PINTLE_API struct pintle *pintle_retain(struct pintle *engine);

/* Give up one ownership; the last one frees. Guarded contexts and connections own one each. */
PINTLE_API void pintle_free(struct pintle *engine);

/*
 * Put another pin-set in force, at once, for every decision that begins from now on. Takes over one
 * ownership of `set` on success only. Readers never wait: a certificate that is being judged is
 * judged under the set that was in force when that began. Sessions made under another pin-set are
 * no longer resumed; a handshake that is resuming one right now is refused (UNCHECKED), and the
 * next attempt is a full one. E_ARGUMENT if `set` has no digest.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_replace(struct pintle *engine,
                                                             const struct pintle_pinset *set,
                                                             struct pintle_error *err);

/* The pin-set in force, with an ownership of its own: pintle_pinset_free() it. Wait-free. */
PINTLE_API const struct pintle_pinset *pintle_get_pinset(struct pintle *engine);

PINTLE_API const struct pintle_crypto *pintle_get_crypto(const struct pintle *engine);
PINTLE_API int64_t pintle_get_time(const struct pintle *engine);
PINTLE_API bool pintle_get_allow_unlisted(const struct pintle *engine);

/*
 * The pin-set that a trust state stands for: its pins, softened by its unpin, stale when its fresh
 * statement ends (at once if its root wants one and there is none). E_STATE if it has no pins,
 * E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pinset_from_trusted(
    const struct pintle_pinset **out, const struct pintle_trusted *trusted,
    struct pintle_error *err);

/* The loader of struct pintle_trusted_options over pintle_pinset_parse(). Static storage. */
PINTLE_API const struct pintle_pins_loader *pintle_pinset_loader(void);

/*
 * Say what is enforced in one line, for a program's log when it starts:
 *   enforcing 12 of 14 rules, version 42, fresh until 2027-02-19T00:00:00Z
 * or "version 1 of epoch 2"; "stale since …", or "never confirmed as the newest" if the root wants a
 * statement of freshness and there is none.
 * Cut to size - 1 bytes, always NUL-terminated. Returns out. size is at least 1.
 */
PINTLE_API char *pintle_describe(struct pintle *engine, char *out, size_t size);

/* --- deciding ------------------------------------------------------------------------------ */

/* How the TLS library's own path validation ended. */
enum pintle_path {
    PINTLE_PATH_INVALID = 0,
    PINTLE_PATH_WRONG_NAME = 1,
    PINTLE_PATH_VALID = 2
};

/*
 * What a handshake showed.
 *
 * host       what was dialled; NULL or empty refuses with NO_HOST
 * port       what was dialled
 * path       how path validation for that host ended
 * chain      the path that validation built (when it failed: as far as it got), never the list of
 *            certificates as served. More than PINTLE_CHAIN_MAX certificates are no valid path; a
 *            valid path without any is INTERNAL
 * detail     the TLS library's words on a failed path; may be NULL
 * next_path  tries another complete, fully valid path that holds none of those seen before; true
 *            if *chain is set to one. May be NULL. Called only after a mismatch on a valid path,
 *            at most PINTLE_PATHS_MAX times in one search, not for trust "key". `rule` says which
 *            pins are looked for. A path with a denied key does not count
 * ctx        passed to next_path and reset
 * reset      a search ended and none of its paths decided: they are of no use any more, and another
 *            search (for learned keys, or under a newer pin-set) may begin, in which they count as
 *            not seen. May be NULL
 * unproven   the peer has not yet proved that it holds the leaf's private key, as in most libraries'
 *            certificate callbacks. Nothing is then learned: whoever shows a certificate that is
 *            not his could have keys learned that he does not hold. A verdict under which there is
 *            something to learn is `pending`: decide again once the proof was seen
 */
#define PINTLE_PATHS_MAX 8

struct pintle_peer {
    const struct pintle_host *host;
    uint16_t port;
    enum pintle_path path;
    struct pintle_chain chain;
    const char *detail;
    bool (*next_path)(void *ctx, const struct pintle_rule *rule, struct pintle_chain *chain);
    void *ctx;
    void (*reset)(void *ctx);
    bool unproven;
};

/*
 * Decide. *verdict is made a refusal before anything else, so a caller that forgets every other
 * check refuses.
 *
 * 1. No rule: NO_RULE; accepted only with allow_unlisted and a valid path. If the memory holds HPKP
 *    pins for the host, one of them must be in that path: MATCH or MISMATCH, `learned`.
 * 2. A denied key anywhere in the chain: DENIED, in every mode.
 * 3. trust "key": the leaf's pinned key accepts. Otherwise the path must be valid, in every mode:
 *    PATH_INVALID, NAME_MISMATCH.
 * 4. mode "off" accepts: OFF.
 * 5. A pinned key at an allowed position in this path, or in one that next_path finds: MATCH.
 * 6. trust "tofu", "tofu-key": a key learned on an earlier contact accepts as well: MATCH,
 *    `learned`. Nothing learned yet, or its time is over: the keys are learned now, FIRST_USE. A
 *    memory that fails, or none: MEMORY. A pin of the rule accepts whatever was learned, and
 *    replaces it. For "tofu-key" this comes before 3 asks for a path, as the pin does for "key";
 *    but a mismatch on a path that is not valid is never softened. If the memory holds HPKP pins
 *    for the host, one of them must be met besides: a host that is known has no first use.
 * 7. Otherwise MISMATCH; if `refresh` brings a newer pin-set, all of this once more under that.
 *    Accepted as `softened` in report mode.
 *
 * A certificate that cannot be had, read or hashed on the way is INTERNAL, in every mode. On a
 * failed path pins decide nothing without trust "key", but the trace shows which keys were met.
 *
 * Refusals, first uses, softened and unpinned verdicts are queued as reports. Allocates nothing,
 * takes no lock and does no I/O, but for what `memory`, `refresh` and report_certificates cost: in
 * handshakes of hosts without a tofu rule, and of unlisted hosts in an engine without a memory,
 * nothing.
 */
PINTLE_API void pintle_decide(struct pintle_verdict *verdict, struct pintle *engine,
                              const struct pintle_peer *peer);

/*
 * For adapters: record a refusal that needs no chain (NO_HOST, PLAINTEXT, UNCHECKED, INTERNAL) and
 * queue its report. host may be NULL.
 */
PINTLE_API void pintle_decide_refusal(struct pintle_verdict *verdict, struct pintle *engine,
                                      const struct pintle_host *host, uint16_t port,
                                      enum pintle_reason reason, const char *detail);

/*
 * For adapters: what a session is bound to.
 *
 * digest      SHA-256 over host, port, the pin-set's digest and what its rule demands at this time;
 *             without a rule also whether the host has announced pins (HPKP)
 * set_digest  that pin-set's digest alone
 * mode        the mode of the rule at this time; ENFORCE if there is none
 */
struct pintle_binding {
    uint8_t digest[PINTLE_DIGEST_LEN];
    uint8_t set_digest[PINTLE_DIGEST_LEN];
    enum pintle_mode mode;
};

/*
 * For adapters: the binding under the pin-set in force, all of it from one look at that. A session
 * may be resumed without a new check only under an equal digest, and only if its own handshake was
 * accepted by a verdict with this set_digest and mode, by nothing that may be forgotten: not
 * softened, FIRST_USE, `learned` or `pending`. E_CRYPTO; *out is then all zero.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_session_binding(struct pintle_binding *out,
                                                                     struct pintle *engine,
                                                                     const struct pintle_host *host,
                                                                     uint16_t port,
                                                                     struct pintle_error *err);

/*
 * For adapters: the verdict on a session that was resumed under its binding: accepted, `resumed`.
 * Refused all the same without a host (NO_HOST), or without a rule where unlisted hosts are not
 * allowed (NO_RULE).
 */
PINTLE_API void pintle_decide_resumed(struct pintle_verdict *verdict, struct pintle *engine,
                                      const struct pintle_host *host, uint16_t port);

/*
 * For adapters: the verdict on a connection without TLS: refused as PLAINTEXT, in report mode too,
 * unless the rule is off or unlisted hosts are allowed.
 */
PINTLE_API void pintle_decide_plaintext(struct pintle_verdict *verdict, struct pintle *engine,
                                        const struct pintle_host *host, uint16_t port);

/* --- reports --------------------------------------------------------------------------------- */

/* Reports that can wait to be taken; when the queue is full the newest is dropped and counted. */
#define PINTLE_REPORT_QUEUE 64

/* Bytes of certificates that one report carries at most; what does not fit is left out whole. */
#define PINTLE_REPORT_CERTIFICATES_MAX_LEN ((size_t)32 * 1024)

/*
 * A refusal, a softened mismatch, a first use, or any connection under an unpin.
 *
 * verdict     the complete account
 * set         the pin-set it was decided under (known pins, report URIs); lent for the call
 * rule        the rule, or NULL; lent for the call
 * suppressed  equal ones left out since the last report for this host, port and reason
 * dropped     reports of any kind lost since the last one taken: to a full queue, or left out as
 *             equal ones and then crowded out of the rate limit's table by other hosts
 * learned     what it was compared with (verdict.learned), or what was learned (FIRST_USE); NULL
 *             for all else, and if there was no memory for it. Lent
 * certificates, certificate_count
 *             the path as DER, leaf first, with report_certificates; else none. Lent
 * backend     name of the crypto provider, or NULL
 */
struct pintle_report {
    struct pintle_verdict verdict;
    const struct pintle_pinset *set;
    const struct pintle_rule *rule;
    uint64_t suppressed;
    uint64_t dropped;
    const struct pintle_learned *learned;
    const struct pintle_view *certificates;
    size_t certificate_count;
    const char *backend;
};

/*
 * Write a report as JSON: a superset of RFC 7469 section 3 (docs/spec/report.md). The caller frees
 * *out with free(). E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_report_format(
    char **out, size_t *out_len, const struct pintle_report *report, struct pintle_error *err);

/*
 * Take the waiting reports, calling `reported` for each, oldest first. Returns how many: at most
 * PINTLE_REPORT_QUEUE, so that it ends under a flood. May be called from any thread; calls on
 * several threads share the reports between them. Handshakes never wait for it.
 */
PINTLE_API size_t pintle_take_reports(struct pintle *engine,
                                      void (*reported)(void *ctx,
                                                       const struct pintle_report *report),
                                      void *ctx);

#ifdef __cplusplus
}
#endif
#endif
