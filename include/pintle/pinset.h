/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/pinset.h: the pin-set document, compiled to an immutable index.
 *
 * A pin-set is loaded once and never changes; it may be read from any number of threads. To change
 * the pins of a running program, load a new pin-set and give it to pintle_replace(). The document
 * format is docs/spec/pin-set.md.
 */
#ifndef PINTLE_PINSET_H
#define PINTLE_PINSET_H

#include <pintle/host.h>
#include <pintle/pin.h>
#include <pintle/rule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Default limit on the size of a document. */
#define PINTLE_PINSET_MAX_LEN ((size_t)256 * 1024)

struct pintle_pinset; /* opaque, immutable, reference-counted */

/*
 * max_len  largest document accepted; 0 means PINTLE_PINSET_MAX_LEN
 * crypto   hashes the document for pintle_pinset_get_digest(); may be NULL, but a pin-set without a
 *          digest cannot be enforced
 */
struct pintle_pinset_options {
    size_t max_len;
    const struct pintle_crypto *crypto;
};

/*
 * Load a document from memory. `text` is not kept. options may be NULL.
 *
 * What is malformed or ambiguous is refused: E_JSON (syntax, duplicate members, bad UTF-8, nesting
 * deeper than 2047, a number that is no integer), E_SCHEMA (missing member, wrong type, unknown
 * word, bad URL, too many items), E_VERSION, E_CRIT, E_PIN, E_PATTERN, E_TIME, E_CONFLICT, E_LIMIT,
 * E_NOMEM, E_CRYPTO. err->line, err->column and err->offset are the position of the value at fault
 * (of the object that lacks it, if it is missing), and err->text begins with its JSON pointer (RFC
 * 6901), as in
 *   /rules/3/pins/0/spki: base64 ends after 43 of 44 characters
 * For bad syntax they are the position at which reading stopped, and there is no pointer.
 *
 * What is only dangerous loads: see pintle_pinset_lint().
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pinset_parse(
    struct pintle_pinset **out, const char *text, size_t len,
    const struct pintle_pinset_options *options, struct pintle_error *err);

/* A rule that an emergency statement softens; see struct pintle_unpin of pintle/bundle.h. */
struct pintle_softening {
    const char *rule; /* its id; ids that the document does not have are passed over */
    bool off;         /* to "off"; else to "report" */
};

/*
 * What is true of a pin-set beside its document.
 *
 * fresh_until  verdicts are stale from this second on, or from the document's `expires` if that is
 *              earlier; PINTLE_NEVER: only `expires` counts
 * soften, soften_count, soften_until
 *              rules that an unpin softens, and until when. Not kept
 */
struct pintle_pinset_terms {
    int64_t fresh_until;
    const struct pintle_softening *soften;
    size_t soften_count;
    int64_t soften_until;
};

/*
 * The same pin-set under other terms. It shares the memory of `set`, which stays as it is, and owns
 * one reference on it; its digest is the same. If `set` was derived itself, its terms are replaced,
 * not added to. Costs O(rules) if something is softened. E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pinset_derive(
    const struct pintle_pinset **out, const struct pintle_pinset *set,
    const struct pintle_pinset_terms *terms, struct pintle_error *err);

/* One more owner of the same pin-set; returns it. Thread-safe, lock-free. */
PINTLE_API const struct pintle_pinset *pintle_pinset_retain(const struct pintle_pinset *set);

/* Give up one ownership; the last one frees. NULL is allowed. Thread-safe, lock-free. */
PINTLE_API void pintle_pinset_free(const struct pintle_pinset *set);

PINTLE_API const char *pintle_pinset_get_app(const struct pintle_pinset *set);
PINTLE_API int64_t pintle_pinset_get_epoch(const struct pintle_pinset *set);
PINTLE_API int64_t pintle_pinset_get_version(const struct pintle_pinset *set);
PINTLE_API int64_t pintle_pinset_get_issued(const struct pintle_pinset *set);
PINTLE_API int64_t pintle_pinset_get_expires(const struct pintle_pinset *set);

/* First second in which verdicts are stale: `expires` or the end of a fresh statement. */
PINTLE_API int64_t pintle_pinset_get_fresh_until(const struct pintle_pinset *set);

/* Seconds after `issued` in which every rule's `after` holds, PINTLE_NEVER if not bounded; and for
 * how many seconds after `issued` the pins of the version before are to be kept. */
PINTLE_API int64_t pintle_pinset_get_hard_ttl(const struct pintle_pinset *set);
PINTLE_API int64_t pintle_pinset_get_overlap(const struct pintle_pinset *set);

/* Rules whose mode is ENFORCE at a time. */
PINTLE_API size_t pintle_pinset_count_enforced(const struct pintle_pinset *set, int64_t now);

/* SHA-256 of the document's bytes, or NULL if it was loaded without a crypto provider. */
PINTLE_API const uint8_t *pintle_pinset_get_digest(const struct pintle_pinset *set);

PINTLE_API size_t pintle_pinset_get_rule_count(const struct pintle_pinset *set);

/* Rule `index` in document order; NULL beyond the last. They are one array, from rule 0 on. */
PINTLE_API const struct pintle_rule *pintle_pinset_get_rule(const struct pintle_pinset *set,
                                                            size_t index);

/*
 * The one rule for a host and port, or NULL. The most specific pattern wins whole: longest literal
 * suffix first, then exact before *. before **., then a rule naming the port before one that names
 * none. Costs O(length of the host), whatever the number of rules; allocates nothing.
 */
PINTLE_API const struct pintle_rule *pintle_pinset_find(const struct pintle_pinset *set,
                                                        const struct pintle_host *host,
                                                        uint16_t port);

/*
 * Serialise: JSON, two-space indent, members in the order of docs/spec/pin-set.md, unknown members
 * kept behind the known ones. The caller frees *out with free(). Parsing the result gives an equal
 * pin-set. E_NOMEM.
 */
PINTLE_API PINTLE_MUST_USE enum pintle_status pintle_pinset_format(char **out, size_t *out_len,
                                                                   const struct pintle_pinset *set,
                                                                   struct pintle_error *err);

/* --- lint --------------------------------------------------------------------------------- */

enum pintle_severity {
    PINTLE_INFO = 0,
    PINTLE_WARNING = 1,
    PINTLE_ERROR = 2
};

/*
 * One kind of finding. Ids are stable: PIN0xx are found in the document alone, PIN1xx by comparing
 * it with live servers (`pintle check`). The table is src/pinset/findings.def.
 */
struct pintle_finding_kind {
    const char *id;
    enum pintle_severity severity;
    const char *title;       /* a few words */
    const char *explanation; /* what goes wrong */
    const char *fix;         /* what to do */
};

/*
 * rule_index  the rule, or SIZE_MAX for the whole document
 * pin_index   the pin in that rule, or SIZE_MAX
 * detail      this case in one line: the pattern, pin or date. Lent for the call.
 */
struct pintle_finding {
    const struct pintle_finding_kind *kind;
    size_t rule_index;
    size_t pin_index;
    const char *detail;
};

/*
 * now               judges dates
 * within_s          also tell of what ends within so many seconds; 0 for what has ended only
 * is_public_suffix  true if the A-label name is a public suffix ("co.uk"), false for a name that no
 *                   list knows ("localhost"); NULL skips that check
 * psl_ctx           passed to is_public_suffix
 */
struct pintle_lint_options {
    int64_t now;
    int64_t within_s;
    bool (*is_public_suffix)(void *psl_ctx, const char *name);
    void *psl_ctx;
};

/* Kinds of findings in table order; NULL beyond the last. */
PINTLE_API const struct pintle_finding_kind *pintle_finding_kind_get(size_t index);

/* The kind with that id, or NULL. */
PINTLE_API const struct pintle_finding_kind *pintle_finding_kind_find(const char *id);

/* Tell `found` of every dangerous thing in the document, in document order. Returns how many.
 * Allocates nothing. */
PINTLE_API size_t pintle_pinset_lint(const struct pintle_pinset *set,
                                     const struct pintle_lint_options *options,
                                     void (*found)(void *ctx, const struct pintle_finding *finding),
                                     void *ctx);

#ifdef __cplusplus
}
#endif
#endif
