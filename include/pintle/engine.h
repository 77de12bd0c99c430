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

#include <pintle/pinset.h>
#include <pintle/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pintle; /* opaque, reference-counted */

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
 */
struct pintle_config {
    const struct pintle_crypto *crypto;
    pintle_clock_fn *clock;
    void *clock_ctx;
    bool allow_unlisted;
    int64_t report_interval_s;
    void (*notify)(void *ctx);
    void *notify_ctx;
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
 *            at most PINTLE_PATHS_MAX times, not for trust "key". `rule` says which pins are
 *            looked for. A path with a denied key does not count
 * ctx        passed to next_path
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
};

/*
 * Decide. *verdict is made a refusal before anything else, so a caller that forgets every other
 * check refuses.
 *
 * 1. No rule: NO_RULE; accepted only with allow_unlisted and a valid path.
 * 2. A denied key anywhere in the chain: DENIED, in every mode.
 * 3. trust "key": the leaf's pinned key accepts. Otherwise the path must be valid, in every mode:
 *    PATH_INVALID, NAME_MISMATCH.
 * 4. mode "off" accepts: OFF.
 * 5. A pinned key at an allowed position in this path, or in one that next_path finds: MATCH.
 * 6. Otherwise MISMATCH; accepted as `softened` in report mode.
 *
 * A certificate that cannot be had, read or hashed on the way is INTERNAL, in every mode. On a
 * failed path pins decide nothing without trust "key", but the trace shows which keys were met.
 *
 * Refusals and softened verdicts are queued as reports. Allocates nothing, takes no lock, does no
 * I/O.
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
 * digest      SHA-256 over host, port, the pin-set's digest and what its rule demands at this time
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
 * accepted, not softened, and by a verdict with this set_digest and mode. E_CRYPTO; *out is then
 * all zero.
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

/*
 * A refusal or a softened mismatch.
 *
 * verdict     the complete account
 * set         the pin-set it was decided under (known pins, report URIs); lent for the call
 * rule        the rule, or NULL; lent for the call
 * suppressed  equal ones left out since the last report for this host, port and reason
 * dropped     reports of any kind lost since the last one taken: to a full queue, or left out as
 *             equal ones and then crowded out of the rate limit's table by other hosts
 */
struct pintle_report {
    struct pintle_verdict verdict;
    const struct pintle_pinset *set;
    const struct pintle_rule *rule;
    uint64_t suppressed;
    uint64_t dropped;
};

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
