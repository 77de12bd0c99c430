/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/bundle.h: signed bundles: what a client believes, and how that may change.
 *
 * A bundle is a few signed envelopes (DSSE, secure-systems-lab/dsse protocol 1.0), each of one role:
 *
 *   root   names the keys and thresholds of all roles; root N+1 is signed by the old and the new ones
 *   pins   a pin-set document
 *   fresh  "the newest pin-set is this one", short-lived; optional
 *   unpin  softens rules in an emergency; optional
 *
 * `struct pintle_trusted` is the state of a client. It starts from a root that the program was built
 * with and changes only by pintle_trusted_apply(): (state, bytes, time) -> new state or an exact
 * refusal, which leaves the state as it was. Nothing here does I/O, reads a clock or waits. The
 * format and its rules are docs/spec/bundle.md.
 */
#ifndef PINTLE_BUNDLE_H
#define PINTLE_BUNDLE_H

#include <pintle/pin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PINTLE_ED25519_KEY_LEN 32
#define PINTLE_ED25519_SIGNATURE_LEN 64

/* A key id: 64 lower-case hex digits, the SHA-256 of the key's DER SubjectPublicKeyInfo (RFC 8410),
 * and the terminating NUL. */
#define PINTLE_KEY_ID_SIZE 65

/* Limits. Larger input is E_LIMIT, unread. */
#define PINTLE_ROOT_PAYLOAD_MAX_LEN ((size_t)64 * 1024)
#define PINTLE_PINS_PAYLOAD_MAX_LEN ((size_t)1024 * 1024)
#define PINTLE_SMALL_PAYLOAD_MAX_LEN ((size_t)16 * 1024) /* fresh, unpin */
#define PINTLE_ENVELOPE_MAX_LEN ((size_t)1536 * 1024)
#define PINTLE_SEED_MAX_LEN ((size_t)4 * 1024 * 1024)
#define PINTLE_SIGNATURES_MAX 32
#define PINTLE_ROOT_KEYS_MAX 64
#define PINTLE_ROLE_KEYS_MAX 16
#define PINTLE_ROOT_CHAIN_MAX 256
#define PINTLE_UNPIN_RULES_MAX 256
#define PINTLE_UNPIN_MAX_S ((int64_t)14 * 24 * 3600)
#define PINTLE_BUNDLE_NESTING_MAX 32

enum pintle_role {
    PINTLE_ROLE_ROOT = 0,
    PINTLE_ROLE_PINS = 1,
    PINTLE_ROLE_FRESH = 2,
    PINTLE_ROLE_UNPIN = 3
};
#define PINTLE_ROLES 4

/* "root", "pins", "fresh", "unpin"; "unknown" for other values. Static storage. */
PINTLE_API const char *pintle_role_name(enum pintle_role role);

/* The payload type of a role: "application/vnd.pintle.root+json", … Static storage. */
PINTLE_API const char *pintle_role_payload_type(enum pintle_role role);

/* --- envelopes -------------------------------------------------------------------------------- */

struct pintle_envelope; /* opaque */

/*
 * One signature. key_id is only a hint and may be "": which key made it is found by trying those of
 * the role.
 */
struct pintle_signature {
    char key_id[PINTLE_KEY_ID_SIZE];
    uint8_t bytes[PINTLE_ED25519_SIGNATURE_LEN];
};

/*
 * Read an envelope. No signature is checked. E_ENVELOPE (no DSSE envelope: a member missing or of
 * the wrong type, bad base64, a signature that has not 64 bytes), E_JSON, E_LIMIT, E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_envelope_parse(struct pintle_envelope **out,
                                                                    const char *text, size_t len,
                                                                    struct pintle_error *err);

/* An envelope without signatures around a copy of `payload`. E_LIMIT, E_NOMEM. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_envelope_new(struct pintle_envelope **out,
                                                                  enum pintle_role role,
                                                                  struct pintle_view payload,
                                                                  struct pintle_error *err);
PINTLE_API void pintle_envelope_free(struct pintle_envelope *envelope);

/* The payload's bytes and type, as signed. Lent. */
PINTLE_API struct pintle_view pintle_envelope_get_payload(const struct pintle_envelope *envelope);
PINTLE_API const char *pintle_envelope_get_type(const struct pintle_envelope *envelope);

/* The role that its payload type stands for. False if it is none of ours. */
PINTLE_API bool pintle_envelope_get_role(const struct pintle_envelope *envelope,
                                         enum pintle_role *out);

PINTLE_API size_t pintle_envelope_get_signature_count(const struct pintle_envelope *envelope);
PINTLE_API const struct pintle_signature *pintle_envelope_get_signature(
    const struct pintle_envelope *envelope, size_t index);

/* The bytes that a signature covers: DSSE's pre-authentication encoding. Lent. */
PINTLE_API struct pintle_view pintle_envelope_get_signed_bytes(
    const struct pintle_envelope *envelope);

/* Add a signature, or replace the one with the same (not empty) key id. E_LIMIT, E_NOMEM. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_envelope_add_signature(
    struct pintle_envelope *envelope, const struct pintle_signature *signature,
    struct pintle_error *err);

/* Write as JSON with a final newline; the caller frees *out with free(). E_NOMEM. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_envelope_format(
    char **out, size_t *out_len, const struct pintle_envelope *envelope, struct pintle_error *err);

/* The id of an Ed25519 key. E_CRYPTO. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_key_id(
    char out[PINTLE_KEY_ID_SIZE], const uint8_t public_key[PINTLE_ED25519_KEY_LEN],
    const struct pintle_crypto *crypto, struct pintle_error *err);

/* --- what payloads say ------------------------------------------------------------------------- */

/*
 * A key of a root.
 *
 * usable  its algorithm is known ("ed25519"); others never count, and public_key is then all zero
 * label   "" when there is none
 */
struct pintle_root_key {
    char id[PINTLE_KEY_ID_SIZE];
    bool usable;
    uint8_t public_key[PINTLE_ED25519_KEY_LEN];
    const char *label;
};

/*
 * Who may sign for a role: any `threshold` distinct keys of `keys` (indexes into the root's keys).
 * key_count 0: the root has no such role, and nothing is accepted for it.
 */
struct pintle_root_role {
    uint32_t threshold;
    uint32_t key_count;
    uint32_t keys[PINTLE_ROLE_KEYS_MAX];
};

/*
 * The payload of role root.
 *
 * version  1 for the first, then without gaps
 * epoch    raised to recover from a version number that ran away: (epoch, version) is what orders
 *          bundles. Never goes down
 */
struct pintle_root {
    const char *app;
    int64_t version;
    int64_t epoch;
    int64_t issued;
    int64_t expires;
    uint32_t key_count;
    const struct pintle_root_key *keys;
    struct pintle_root_role roles[PINTLE_ROLES];
};

/*
 * Read a root's payload. The struct and all it leads to are one allocation: free() it. E_JSON,
 * E_SCHEMA (also: an id that is not the key's, a key of small order, a key twice, a threshold above
 * its usable keys, the unpin role with a threshold below 2), E_VERSION, E_CRIT, E_TIME, E_LIMIT, E_CRYPTO, E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_root_parse(struct pintle_root **out,
                                                                struct pintle_view payload,
                                                                const struct pintle_crypto *crypto,
                                                                struct pintle_error *err);

/*
 * How many distinct keys of a role signed an envelope. signed_by[i] tells of roles[role].keys[i];
 * it may be NULL. Does not look at the payload or its type.
 */
PINTLE_API size_t pintle_root_count_signers(const struct pintle_root *root, enum pintle_role role,
                                            const struct pintle_envelope *envelope,
                                            const struct pintle_crypto *crypto,
                                            bool signed_by[PINTLE_ROLE_KEYS_MAX]);

/* What orders pin-sets, and what the newest one seen was: the floor under rollback. */
struct pintle_marks {
    int64_t epoch;
    int64_t version;                   /* 0: none seen in this epoch */
    uint8_t digest[PINTLE_DIGEST_LEN]; /* of its payload */
    int64_t unpin;                     /* highest serial of an unpin in this epoch, 0 for none */
    int64_t clock_floor;               /* newest `issued` that was verified; of fresh and unpin no
                                          later than the clock was */
};

struct pintle_pinset; /* pintle/pinset.h */

/* What a pin-set document says of itself. app is lent by the pin-set. */
struct pintle_pins_facts {
    const char *app;
    int64_t epoch;
    int64_t version;
    int64_t issued;
    int64_t expires;
    uint8_t digest[PINTLE_DIGEST_LEN]; /* of its bytes */
};

/*
 * How a pins payload becomes a pin-set, before it is believed: a signed document that cannot be
 * enforced must not replace one that can. pintle_pinset_loader() of pintle/engine.h is the one to use.
 *
 * load    as pintle_pinset_parse(); its status is the refusal
 * retain, free
 *         one more owner, one less
 */
struct pintle_pins_loader {
    enum pintle_status (*load)(const struct pintle_pinset **out, struct pintle_pins_facts *facts,
                               struct pintle_view payload, const struct pintle_crypto *crypto,
                               struct pintle_error *err);
    const struct pintle_pinset *(*retain)(const struct pintle_pinset *set);
    void (*free)(const struct pintle_pinset *set);
};

/* The pins in force: the pin-set as its document says it, no unpin applied. Lent. */
struct pintle_trusted_pins {
    const struct pintle_pinset *set;
    struct pintle_pins_facts facts;
};

/* One rule that an unpin softens, by its id. */
struct pintle_unpin_rule {
    char rule[65];
    bool off; /* to "off"; else to "report" */
};

/* The unpin in force: from when it was believed, be `issued` past or (by a day) to come, until
 * `expires`. */
struct pintle_unpin {
    int64_t serial;
    int64_t issued;
    int64_t expires;
    const char *reason; /* "" when none is given */
    uint32_t rule_count;
    const struct pintle_unpin_rule *rules;
};

/* --- the state of a client ---------------------------------------------------------------------- */

struct pintle_trusted; /* opaque */

/*
 * crypto        sha256 and verify_ed25519; must outlive the state
 * loader        how pins are loaded; must outlive the state
 * app           the app that this client is; NULL takes the anchor's
 * ignore_unpin  never accept an unpin (E_UNSUPPORTED)
 */
struct pintle_trusted_options {
    const struct pintle_crypto *crypto;
    const struct pintle_pins_loader *loader;
    const char *app;
    bool ignore_unpin;
};

/*
 * Start from a root envelope that the program was built with. It must be signed by its own
 * threshold; its version may be any. That it has expired does not matter here. E_APP if it is for
 * another app, E_PAYLOAD_TYPE, E_SIGNATURES, and the errors of pintle_envelope_parse() and
 * pintle_root_parse().
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_trusted_new(
    struct pintle_trusted **out, struct pintle_view root,
    const struct pintle_trusted_options *options, struct pintle_error *err);

/*
 * Start from a seed: the chain of roots, pins and possibly fresh and unpin in one file, as
 * `pintle embed` and pintle_trusted_format_seed() write it (docs/spec/bundle.md, "Seeds"). As
 * pintle_trusted_new() with its first root, then every other record must hold as in
 * pintle_trusted_restore(). E_ENVELOPE if it is no seed, E_LIMIT.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_trusted_new_from_seed(
    struct pintle_trusted **out, struct pintle_view seed,
    const struct pintle_trusted_options *options, struct pintle_error *err);

/* A copy that changes on its own. E_NOMEM. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_trusted_copy(
    struct pintle_trusted **out, const struct pintle_trusted *trusted, struct pintle_error *err);
PINTLE_API void pintle_trusted_free(struct pintle_trusted *trusted);

/*
 * Judge an envelope that came from somewhere, and believe it if all of this holds.
 *
 * now  the clock, read once at the start of an update. The time that counts is the later of it and
 *      the clock floor
 *
 * In this order, the first that fails is the refusal:
 *   E_LIMIT, E_JSON, E_ENVELOPE   it is an envelope within the limits
 *   E_PAYLOAD_TYPE                its payload type is that of `role`
 *   E_SIGNATURES                  the role's threshold of distinct keys of the current root signed
 *                                 it (a root: also its own new threshold, both over root keys)
 *   E_JSON, E_SCHEMA, E_VERSION, E_CRIT, E_TIME   the payload is well-formed (pins: and all else
 *                                 that the loader asks)
 *   E_APP                         it is for this app
 *   root:  E_EQUIVOCATION         of the current one's version, it has the same bytes (it is then
 *                                 accepted and changes nothing)
 *          E_ROOT_VERSION         else its version is the current one + 1
 *          E_EPOCH                its epoch is not lower than the current root's
 *          E_LIMIT                the chain from the anchor holds PINTLE_ROOT_CHAIN_MAX roots at
 *                                 most and leaves room for the rest of a seed
 *   pins:  E_EPOCH                its epoch is that of the current root
 *          E_EXPIRED              the current root has not expired
 *          E_ROLLBACK             its version is not below the highest seen
 *          E_EQUIVOCATION         of equal version, it has the same bytes
 *          E_EXPIRED              it has not expired
 *   fresh: E_EPOCH, E_EXPIRED (root and statement), E_ROLLBACK (issued before the one in force),
 *          E_MISMATCH             it is about the pins in force: epoch, version and digest
 *   unpin: E_UNSUPPORTED          unpins are not ignored (asked before all else)
 *          E_EPOCH, E_EXPIRED (root and unpin), E_ROLLBACK (its serial is below the highest seen),
 *          E_EQUIVOCATION
 *          E_UNPIN                it lasts 14 days at most, is not issued more than a day
 *                                 ahead of our time, and only softens
 *   E_CRYPTO, E_NOMEM
 *
 * A root with a higher epoch starts the marks of that epoch anew, and takes its own `issued` for
 * clock floor. Pins that are in force stay in force until newer ones are believed, whatever the
 * root. A fresh or unpin statement ends with a root of another epoch, or one whose keys for it did
 * not sign it; a fresh statement also when other pins are believed.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_trusted_apply(struct pintle_trusted *trusted,
                                                                   enum pintle_role role,
                                                                   struct pintle_view envelope,
                                                                   int64_t now,
                                                                   struct pintle_error *err);

/*
 * Take back what this client believed before it was restarted, from a seed. Each record is judged as
 * by pintle_trusted_apply(), but expiry does not matter, roots up to the current one are passed
 * over, and the signatures of pins may be those of any root of their epoch in the chain so far.
 * The clock floor rises by roots and pins only. What is older than what is in force is passed over. A record that is refused is
 * left out and counted in *refused (may be NULL); the seed's first root need not be the anchor.
 * E_ENVELOPE if it is no seed (nothing is then taken), E_LIMIT, E_CRYPTO, E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_trusted_restore(struct pintle_trusted *trusted,
                                                                     struct pintle_view seed,
                                                                     size_t *refused,
                                                                     struct pintle_error *err);

/*
 * Whose belief does a seed hold? One that began from another anchor is neither newer nor older than
 * what this client believes: its version numbers, and its marks, mean nothing here.
 */
enum pintle_kin {
    PINTLE_KIN_STRANGER = 0, /* of another app */
    PINTLE_KIN_SAME = 1,     /* of ours; also if nothing says otherwise */
    PINTLE_KIN_FORMER = 2,   /* of another anchor, which ours has taken the place of */
    PINTLE_KIN_LATER = 3     /* of another anchor, which was issued after ours */
};

/*
 * Tell by its roots, before pintle_trusted_restore(): one that is in our chain as well makes it ours.
 * Signatures do not tell, as another first root may name the same keys. Of a stranger *err says whose
 * it is. E_CRYPTO, E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_trusted_compare_seed(
    enum pintle_kin *out, const struct pintle_trusted *trusted, struct pintle_view seed,
    struct pintle_error *err);

/* Raise the marks to at least these, as from the state database. Never lowers them. */
PINTLE_API void pintle_trusted_raise_marks(struct pintle_trusted *trusted,
                                           const struct pintle_marks *marks);

PINTLE_API struct pintle_marks pintle_trusted_get_marks(const struct pintle_trusted *trusted);

/* The later of `now` and the clock floor. */
PINTLE_API int64_t pintle_trusted_get_time(const struct pintle_trusted *trusted, int64_t now);

/* The current root. Lent until the next change. */
PINTLE_API const struct pintle_root *pintle_trusted_get_root(const struct pintle_trusted *trusted);

/* False if there are no pins yet. What *out leads to is lent until the next change. */
PINTLE_API bool pintle_trusted_get_pins(const struct pintle_trusted *trusted,
                                        struct pintle_trusted_pins *out);

/* The end of the fresh statement about the pins in force; 0 if there is none. */
PINTLE_API int64_t pintle_trusted_get_fresh_until(const struct pintle_trusted *trusted);

/* True if the root names keys for fresh statements: pins without one are then stale. */
PINTLE_API bool pintle_trusted_wants_fresh(const struct pintle_trusted *trusted);

/* The unpin in force, or NULL; it may have expired. Lent until the next change. */
PINTLE_API const struct pintle_unpin *pintle_trusted_get_unpin(
    const struct pintle_trusted *trusted);

/*
 * The envelopes that led here: roots from the anchor (index 0) to the current one, of the other
 * roles the one in force (index 0). NULL beyond the last. Lent until the next change.
 */
PINTLE_API const struct pintle_envelope *pintle_trusted_get_envelope(
    const struct pintle_trusted *trusted, enum pintle_role role, size_t index);

/* Write a seed of all of them. The caller frees *out with free(). E_STATE without pins, E_NOMEM. */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_trusted_format_seed(
    char **out, size_t *out_len, const struct pintle_trusted *trusted, struct pintle_error *err);

#ifdef __cplusplus
}
#endif
#endif
