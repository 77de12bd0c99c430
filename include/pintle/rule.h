/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pintle/rule.h: the two things that are matched: a rule (which pins, where, and what is demanded),
 * and the certificate path a handshake showed. Plain data, lent by its owner.
 */
#ifndef PINTLE_RULE_H
#define PINTLE_RULE_H

#include <pintle/pin.h>
#include <pintle/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A time that never comes: the rule or document has no such bound. */
#define PINTLE_NEVER INT64_MAX

enum pintle_trust {
    PINTLE_TRUST_PKIX = 0, /* a valid path and name, and a pin */
    PINTLE_TRUST_KEY = 1,  /* the leaf's pinned key is enough: no CA, name or date is asked for */
    PINTLE_TRUST_TOFU = 2, /* a valid path and name, and a pin or the key learned on first use */
    PINTLE_TRUST_TOFU_KEY = 3 /* as KEY, with the leaf's key learned on first use */
};

enum pintle_position {
    PINTLE_AT_ANY = 0,
    PINTLE_AT_LEAF = 1, /* only as the server's own key */
    PINTLE_AT_CA = 2    /* only above the leaf */
};

/*
 * until  first second in which the pin no longer matches, or PINTLE_NEVER: how a key that is being
 *        retired is still accepted while clients and servers change over
 */
struct pintle_rule_pin {
    struct pintle_pin pin;
    const char *label; /* "" when there is none */
    int64_t until;
    enum pintle_position at;
    bool backup;
};

/*
 * One rule. Strings are NUL-terminated UTF-8 without control
 * characters; all pointers live as long as their owner.
 *
 * ports          port_count ports the rule is for; none means all
 * mode, after    what is demanded until `ends`, and what from then on
 * enforce_until  as written in the document, or PINTLE_NEVER
 * ends           first second in which `after` holds: enforce_until or the end of the document's
 *                hard_ttl, whichever comes first; PINTLE_NEVER without either. hard_ttl does not
 *                count where `after` is harder than `mode`: it only softens
 * learn_at       LEAF or CA: which keys a tofu rule learns
 * learn_days     for how many days they are held after they were last seen; 0 in other rules
 * unpin_until    until then an unpin softens the mode to unpin_mode, if that is softer; 0 without
 */
struct pintle_rule {
    const char *id;
    const char *const *match;
    const uint16_t *ports;
    const struct pintle_rule_pin *pins;
    const struct pintle_pin *deny;
    const char *const *report;
    int64_t enforce_until;
    int64_t ends;
    int64_t unpin_until;
    uint32_t match_count;
    uint32_t port_count;
    uint32_t pin_count;
    uint32_t deny_count;
    uint32_t report_count;
    uint32_t learn_days;
    enum pintle_mode mode;
    enum pintle_mode after;
    enum pintle_trust trust;
    enum pintle_position learn_at;
    enum pintle_mode unpin_mode;
};

/*
 * A certificate path, leaf first.
 *
 * get  lends certificate `index` as DER, valid until the next call; false if it cannot. Called
 *      only as far as needed, from the leaf upwards.
 */
struct pintle_chain {
    size_t count;
    bool (*get)(void *ctx, size_t index, struct pintle_view *der);
    void *ctx;
};

/* A chain over an array of DER views, which must outlive it. */
PINTLE_API struct pintle_chain pintle_chain_from_views(const struct pintle_view *views,
                                                       size_t count);

/* The mode of a rule at a time: softened by `ends` and by an unpin in force. */
PINTLE_API enum pintle_mode pintle_rule_get_mode(const struct pintle_rule *rule, int64_t now);

/* True if the mode of a rule at a time is softer than it would be without an unpin. */
PINTLE_API bool pintle_rule_is_unpinned(const struct pintle_rule *rule, int64_t now);

#ifdef __cplusplus
}
#endif
#endif
